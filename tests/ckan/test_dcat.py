"""National catalogues read budgets as DCAT (dataset and catalogue), after a real deposit."""

from __future__ import annotations

import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, SKOS, XSD

DCAT = Namespace("http://www.w3.org/ns/dcat#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
SCHEMA = URIRef("https://schema.data.gouv.fr/schemas/scdl/budget/0.8.3/schema.json")
EU = "http://publications.europa.eu/resource/authority/"

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


@pytest.fixture
def published(town, publish):
    publish(town)
    return town


def read(app, path: str) -> Graph:
    answer = app.get(path)
    assert answer.status_code == 200, answer.body
    return Graph().parse(data=answer.body, format="turtle")


@pytest.fixture
def graph(app, published):
    return read(app, f"/dataset/{published.dataset_name()}.ttl")


@pytest.fixture
def dataset(graph):
    found = list(graph.subjects(RDF.type, DCAT.Dataset))
    assert len(found) == 1
    return found[0]


def test_the_strict_csv_alone_conforms_to_the_schema(graph, dataset):
    distributions = list(graph.objects(dataset, DCAT.distribution))
    conforming = [one for one in distributions if (one, DCTERMS.conformsTo, SCHEMA) in graph]
    assert len(conforming) == 1
    assert len(distributions) > 1
    assert "scdl" in str(graph.value(conforming[0], DCAT.accessURL))
    assert set(graph.objects(None, DCTERMS.conformsTo)) == {SCHEMA}


def test_identifier_period_place_and_themes(graph, dataset, published):
    assert list(graph.objects(dataset, DCTERMS.identifier)) == [Literal(f"{published.siren}/2023")]
    period = graph.value(dataset, DCTERMS.temporal)
    assert graph.value(period, DCAT.startDate) == Literal("2023-01-01", datatype=XSD.date)
    assert graph.value(period, DCAT.endDate) == Literal("2023-12-31", datatype=XSD.date)
    place = graph.value(dataset, DCTERMS.spatial)
    assert graph.value(place, SKOS.prefLabel) == Literal("Ville de Valmoselle", lang="fr")
    assert set(graph.objects(dataset, DCAT.theme)) == {
        URIRef(f"{EU}data-theme/GOVE"),
        URIRef(f"{EU}data-theme/ECON"),
    }
    assert graph.value(dataset, DCTERMS.accrualPeriodicity) == URIRef(f"{EU}frequency/ANNUAL")


def test_the_publisher_is_the_organisation_with_its_siren(graph, dataset, published):
    publisher = graph.value(dataset, DCTERMS.publisher)
    assert graph.value(publisher, FOAF.name) == Literal("Ville de Valmoselle")
    assert graph.value(publisher, DCTERMS.identifier) == Literal(published.siren)


def test_every_file_carries_the_licence(graph, dataset):
    for distribution in graph.objects(dataset, DCAT.distribution):
        assert "etalab" in str(graph.value(distribution, DCTERMS.license)).lower()


def test_harvesters_find_page_keywords_downloads_and_checksum(graph, dataset, published):
    page = URIRef(f"http://budgetod.test/budget/{published.dataset_name()}")
    assert graph.value(dataset, DCAT.landingPage) == page
    assert Literal("budget") in set(graph.objects(dataset, DCAT.keyword))
    for distribution in graph.objects(dataset, DCAT.distribution):
        download = graph.value(distribution, DCAT.downloadURL)
        assert download is not None
        assert download == graph.value(distribution, DCAT.accessURL)
    checksums = set(graph.objects(None, SPDX.checksum))
    assert checksums
    for checksum in checksums:
        assert graph.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256


def test_the_catalogue_holds_the_budget(app, published):
    catalogue = read(app, "/catalog.ttl")
    identifier = Literal(f"{published.siren}/2023")
    assert next(catalogue.subjects(DCTERMS.identifier, identifier))


def test_other_datasets_are_left_as_they_are(app):
    from ckan.tests import factories

    made = factories.Dataset(
        owner_org=factories.Organization()["id"],
        resources=[{"url": "http://x.test/a.csv", "conforms_to": "https://schema.test/x"}],
    )
    graph = read(app, f"/dataset/{made['name']}.ttl")
    dataset = next(graph.subjects(RDF.type, DCAT.Dataset))
    assert graph.value(dataset, DCTERMS.identifier) == Literal(made["id"])
    assert graph.value(dataset, DCTERMS.temporal) is None
    distribution = graph.value(dataset, DCAT.distribution)
    assert graph.value(distribution, DCTERMS.conformsTo) == URIRef("https://schema.test/x")

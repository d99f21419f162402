"""Indicators of OFGL, harvested from the stand-in: apart from budgets, never SCDL."""

from __future__ import annotations

import csv
import io

import pytest
from bs4 import BeautifulSoup
from harvesting import dataset, make_source, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ = "215403957", "215704636"
TOWNS = (NANCY, METZ)


@pytest.fixture
def territory():
    return TOWNS


@pytest.fixture
def source(region):
    config = {"territoire": {"sirens": list(TOWNS)}, "exercices": [2024]}
    return make_source("budgetod_ofgl", config, region["id"])


def rows_of(resource, download):
    return list(csv.DictReader(io.StringIO(download(resource).decode())))


def test_indicators_have_a_shape_of_their_own(source, download):
    assert run(source) == {"added": 2}
    nancy = dataset(NANCY, 2024)
    (resource,) = nancy["resources"]
    assert resource["budgetod_role"] == "indicateurs"
    assert resource["url"].endswith(f"/budget-{NANCY}-2024-ofgl-indicateurs.csv")
    assert resource["budget_origine"] == "ofgl"
    assert not resource.get("conforms_to")
    rows = rows_of(resource, download)
    assert {row["IND_SIREN"] for row in rows} == {NANCY}
    assert "Dépenses de fonctionnement" in {row["IND_AGREGAT"] for row in rows}
    assert not any(name.startswith("BGT_") for name in rows[0])
    main = next(row for row in rows if row["IND_AGREGAT"] == "Dépenses de fonctionnement")
    assert float(main["IND_STRATE_EUROS_HABITANT"]) > 0


def test_a_dataset_of_indicators_claims_no_budget(source):
    run(source)
    nancy = dataset(NANCY, 2024)
    assert nancy["budget_etapes"] == []
    assert nancy["budget_origine"] == "moissonne"
    assert nancy["private"] is False
    assert "OFGL" in nancy["notes"]


def test_nothing_new_is_not_written(source):
    run(source)
    assert run(source) == {"not modified": 2}


def test_balances_join_the_same_dataset(source, region):
    run(source)
    config = {"territoire": {"sirens": list(TOWNS)}, "exercices": [2024]}
    run(make_source("budgetod_dgfip", config, region["id"]))
    roles = [resource["budgetod_role"] for resource in dataset(NANCY, 2024)["resources"]]
    assert roles[-1] == "indicateurs"
    assert roles.count("scdl") >= 1
    assert run(source) == {"not modified": 2}


def test_the_page_of_the_dataset_tells_of_them(source, app):
    run(source)
    page = BeautifulSoup(app.get(f"/budget/budget-{NANCY}-2024").body, "html.parser")
    block = page.find(attrs={"aria-labelledby": "bod-national-title"})
    (resource,) = dataset(NANCY, 2024)["resources"]
    addresses = {link["href"] for link in block.find_all("a")}
    assert {resource["url"], resource["budget_source"]} <= addresses
    assert "additionn" in block.get_text()
    about = app.get(f"/budget/{page_name(resource)}").body
    assert "OFGL" in about
    assert "Licence" in about


def page_name(resource):
    return f"budget-{NANCY}-2024/resource/{resource['id']}"


def test_dcat_tells_the_source_and_the_licence_of_the_producer(source, app):
    from rdflib import Graph, URIRef
    from rdflib.namespace import DCTERMS

    run(source)
    answer = app.get(f"/dataset/budget-{NANCY}-2024.ttl")
    graph = Graph().parse(data=answer.body, format="turtle")
    (resource,) = dataset(NANCY, 2024)["resources"]
    (file,) = graph.subjects(DCTERMS.source, URIRef(resource["budget_source"]))
    assert "ETALAB-Licence-Ouverte" in str(graph.value(file, DCTERMS.license))
    assert list(graph.objects(None, DCTERMS.conformsTo)) == []

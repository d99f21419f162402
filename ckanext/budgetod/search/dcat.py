"""What DCAT says of a budget beyond ckanext-dcat's ``euro_dcat_ap_3``.

Name of the profile: ``budgetod``. Where ckanext-dcat is in use it is added after the profiles of
``ckanext.dcat.rdf.profiles``, so that a portal need not know of it. It says what CKAN does not
store as such but the dataset's facts tell (identifier, period, place, themes, frequency, language,
licence), and keeps ``dct:conformsTo`` to the strict SCDL files.
"""

from __future__ import annotations

import ckan.model as model
import ckan.plugins.toolkit as tk
from ckanext.dcat.profiles import DCAT, DCT, RDF, SKOS, SPDX, XSD, RDFProfile
from ckanext.dcat.profiles.base import CleanedURIRef
from ckanext.dcat.utils import catalog_uri, resource_uri
from rdflib import BNode, Literal, URIRef

from ckanext.budgetod.engine.scdl.schema import URL as SCDL_SCHEMA
from ckanext.budgetod.search.licences import ETALAB, licence_url
from ckanext.budgetod.sources.territory import territory

SCHEMA = URIRef(SCDL_SCHEMA)
"""Exact address: national harvesters recognise the schema and its version by it."""

EU = "http://publications.europa.eu/resource/authority/"
THEMES = (URIRef(f"{EU}data-theme/GOVE"), URIRef(f"{EU}data-theme/ECON"))
FREQUENCY = URIRef(f"{EU}frequency/ANNUAL")
LANGUAGE = URIRef(f"{EU}language/FRA")
KEYWORDS = ("budget", "finances locales")

SHA256_LENGTH = 64

PROFILES = "ckanext.dcat.rdf.profiles"
NAME = "budgetod"


def add_profile(config) -> None:
    """Put our profile after the ones the portal serialises with, unless it names it itself."""
    names = tk.aslist(config.get(PROFILES))
    if names and NAME not in names:
        config[PROFILES] = " ".join([*names, NAME])


class BudgetProfile(RDFProfile):
    """Serialises budgets only: other datasets, and parsing, are left to the other profiles."""

    def graph_from_dataset(self, dataset_dict, dataset_ref):
        if dataset_dict.get("type") != "budget":
            return
        siren = dataset_dict.get("budget_siren") or ""
        exercice = str(dataset_dict.get("budget_exercice") or "")
        if siren and exercice:
            self.g.set((dataset_ref, DCT.identifier, Literal(f"{siren}/{exercice}")))
        self._add_period(dataset_ref, exercice)
        self._add_place(dataset_ref, dataset_dict)
        self._add_constants(dataset_ref)
        page = f"{catalog_uri().rstrip('/')}/budget/{dataset_dict['name']}"
        self.g.set((dataset_ref, DCAT.landingPage, CleanedURIRef(page)))
        self._identify_publisher(dataset_ref, dataset_dict)
        for resource in dataset_dict.get("resources", []):
            self._describe_file(resource, dataset_dict)

    def _add_constants(self, dataset_ref) -> None:
        """What is true of every budget."""
        for theme in THEMES:
            self.g.add((dataset_ref, DCAT.theme, theme))
        for keyword in KEYWORDS:
            self.g.add((dataset_ref, DCAT.keyword, Literal(keyword)))
        self.g.set((dataset_ref, DCT.accrualPeriodicity, FREQUENCY))
        self.g.set((dataset_ref, DCT.language, LANGUAGE))

    def _add_period(self, dataset_ref, exercice: str) -> None:
        """A local budget runs from 1 January to 31 December (CGCT, L. 1612-1)."""
        if not exercice:
            return
        period = BNode()
        self.g.set((dataset_ref, DCT.temporal, period))
        self.g.add((period, RDF.type, DCT.PeriodOfTime))
        for bound, day in ((DCAT.startDate, "01-01"), (DCAT.endDate, "12-31")):
            self.g.add((period, bound, Literal(f"{exercice}-{day}", datatype=XSD.date)))

    def _add_place(self, dataset_ref, dataset_dict) -> None:
        """The territory by its official name, with its INSEE code where it has one."""
        known = territory().lookup(dataset_dict.get("budget_siren") or "")
        name = known.name if known else dataset_dict.get("budget_collectivite")
        if not name:
            return
        place = BNode()
        self.g.add((dataset_ref, DCT.spatial, place))
        self.g.add((place, RDF.type, DCT.Location))
        self.g.add((place, SKOS.prefLabel, Literal(name, lang="fr")))
        insee = known.insee if known else dataset_dict.get("budget_insee")
        if insee:
            self.g.add((place, DCT.identifier, Literal(insee)))

    def _identify_publisher(self, dataset_ref, dataset_dict) -> None:
        """The publisher's SIREN, when the organisation has one."""
        organisation = model.Group.get(dataset_dict.get("owner_org") or "")
        siren = (organisation.extras or {}).get("siren") if organisation else None
        publisher = self.g.value(dataset_ref, DCT.publisher)
        if siren and publisher is not None:
            self.g.set((publisher, DCT.identifier, Literal(siren)))

    def _describe_file(self, resource, dataset_dict) -> None:
        distribution = CleanedURIRef(resource_uri(resource))
        self.g.remove((distribution, DCT.conformsTo, None))
        if resource.get("budgetod_role") == "scdl":
            self.g.add((distribution, DCT.conformsTo, SCHEMA))
            self.g.add((SCHEMA, RDF.type, DCT.Standard))
        if resource.get("url_type") == "upload":
            self.g.set((distribution, DCAT.downloadURL, CleanedURIRef(resource["url"])))
        checksum = self.g.value(distribution, SPDX.checksum)
        if checksum is not None and len(resource.get("hash") or "") == SHA256_LENGTH:
            self.g.set((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
        if resource.get("budget_source"):
            self.g.add((distribution, DCT.source, CleanedURIRef(resource["budget_source"])))
        self._add_licence(distribution, resource, dataset_dict)

    def _add_licence(self, distribution, resource, dataset_dict) -> None:
        """National harvesters read the licence on files, CKAN has it on the dataset.

        A harvested file keeps its producer's.
        """
        own = resource.get("budget_licence")
        url = licence_url(own) if own else dataset_dict.get("license_url")
        if not (own or url) and dataset_dict.get("license_id") == ETALAB["id"]:
            url = ETALAB["url"]
        if url and self.g.value(distribution, DCT.license) is None:
            licence = CleanedURIRef(url)
            self.g.add((distribution, DCT.license, licence))
            self.g.add((licence, RDF.type, DCT.LicenseDocument))

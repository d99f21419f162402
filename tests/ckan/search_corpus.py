"""A portal's index for the search tests: 2,000 budgets of real collectivities, and other datasets.

Names and codes are those of the reference table; no figure is real. Documents go through CKAN's
own indexing (hooks included), without the cost of 2,000 rows in the database.
"""

from __future__ import annotations

import json
import uuid
from itertools import islice
from unittest import mock

import ckan.model as model
import ckan.plugins.toolkit as tk
from ckan.lib.search.common import make_connection
from ckan.lib.search.index import PackageSearchIndex

from ckanext.budgetod.deposit.description import notes
from ckanext.budgetod.model import BudgetDataset
from ckanext.budgetod.sources.profile import tranche
from ckanext.budgetod.sources.territory import Collectivity, fold, territory

YEARS = ("2021", "2022", "2023", "2024")
COLLECTIVITIES = 500
DATE = "2026-01-01T00:00:00"

STAGES = {
    "2021": ["bp", "bs", "dm", "ca"],
    "2022": ["bp", "dm", "ca"],
    "2023": ["bp", "dm", "ca"],
    "2024": ["bp"],
}

FILE_NAMES = {"scdl": "lignes au format SCDL", "xml": "document XML anonymisé"}

OTHER_TITLES = (
    "Lignes de bus",
    "Documents d'urbanisme",
    "Tableau des écoles",
    "Équipements sportifs d'Épinal",
    "Arbres remarquables de Nancy",
    "Plan de l'hôpital",
    "Budget participatif : projets lauréats",
    "Pistes cyclables 2023",
    "Menus des cantines de Saint-Dié",
    "Comptage des vélos 2023",
    "Comptes rendus du conseil de développement",
)


def collectivities() -> list[Collectivity]:
    """500 of them: those the queries ask for, their neighbours and namesakes, then every 30th."""
    table = list(territory())
    epinal = territory().lookup("218801603")
    wanted = [one for one in table if one.siren == epinal.epci or one.epci == epinal.epci]
    wanted += territory().by_postcode("88000") + territory().by_postcode("54000")
    for words in (
        {"epinal", "epinay", "thorigne", "hopital", "oeting", "die", "saint", "chalons"},
        {"champagne", "bar", "duc", "vandoeuvre", "selestat", "ecrouves", "nancy", "paris"},
    ):
        wanted += islice((one for one in table if words & _words(one)), 90)
    wanted += [one for one in table if one.name in NAMED]
    wanted += [one for one in table if one.type in ("departement", "region")][:20]
    wanted += table[::30]
    unique = {one.siren: one for one in wanted}
    return list(unique.values())[:COLLECTIVITIES]


NAMED = {
    "Épinal", "Thorigné-Fouillard", "Thorigné-d'Anjou", "L'Hôpital", "Œting",
    "Saint-Dié-des-Vosges", "Châlons-en-Champagne",
    "Bar-le-Duc", "Vandœuvre-lès-Nancy", "Sélestat", "Écrouves", "Nancy", "Paris", "Metz",
    "Métropole du Grand Nancy", "Die",
}  # fmt: skip


def _words(one: Collectivity) -> set[str]:
    return set(fold(one.name).split())


def budget(one: Collectivity, year: str) -> dict:
    """A published budget dataset, as its schema stores it."""
    name = f"budget-{one.siren}-{year}"
    stages = STAGES[year]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "name": name,
        "title": f"Budget {year} — {one.title}",
        "notes": notes(one.title, int(year), []),
        "type": "budget",
        "license_id": "etalab-2.0",
        "budget_siren": one.siren,
        "budget_collectivite": one.title,
        "budget_type_collectivite": one.type,
        "budget_insee": one.insee if one.type == "commune" else "",
        "budget_departement": one.departement,
        "budget_region": one.region,
        "budget_epci": one.epci,
        "budget_exercice": year,
        "budget_etapes": stages,
        "budget_categories": ["principal", "annexe"] if one.epci else ["principal"],
        "budget_nomenclature": "M57" if year >= "2023" else "M14",
        "budget_population": str(one.population or ""),
        "budget_tranche": tranche(one.population),
        "budget_origine": "depose",
        "resources": [_resource(name, stage, role) for stage in stages for role in ("scdl", "xml")],
    }


def _resource(dataset: str, stage: str, role: str) -> dict:
    file_name = f"{dataset}-{stage}-principal-{role}.{'csv' if role == 'scdl' else 'xml'}"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, file_name)),
        "name": f"{stage.upper()} {dataset[-4:]}, budget principal : {FILE_NAMES[role]}",
        "description": "",
        "format": "CSV" if role == "scdl" else "XML",
        "url": f"http://test.example/{file_name}",
        "budgetod_role": role,
        "budget_siret": f"{dataset[7:16]}00019",
        "hash": uuid.uuid5(uuid.NAMESPACE_URL, file_name).hex * 2,
    }


def other(title: str) -> dict:
    """A dataset that has nothing to do with budgets."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, title)),
        "name": f"autre-{uuid.uuid5(uuid.NAMESPACE_URL, title).hex[:8]}",
        "title": title,
        "notes": "Données de la ville, mises à jour chaque année.",
        "type": "dataset",
        "resources": [],
    }


def index(dataset: dict) -> None:
    """Index one dataset as CKAN does after a write."""
    fields = {key: value for key, value in dataset.items() if key.startswith("budget_")}
    common = {key: value for key, value in dataset.items() if key not in fields}
    common.update(
        state="active", private=False, organization=None, tags=[], groups=[],
        metadata_created=DATE, metadata_modified=DATE,
    )  # fmt: skip
    extras = [
        {"key": key, "value": json.dumps(value) if isinstance(value, list) else value}
        for key, value in fields.items()
    ]
    document = {**common, "extras": extras}
    if tk.check_ckan_version(min_version="2.12"):
        document["with_custom_schema"] = {**common, **fields}
    PackageSearchIndex().index_package(document, defer_commit=True)


def register(budgets: list[dict]) -> None:
    """Remember what publication wrote, as it does itself."""
    for one in budgets:
        model.Session.add(
            BudgetDataset(
                siren=one["budget_siren"],
                exercice=int(one["budget_exercice"]),
                package_id=one["id"],
                built={"notes": one["notes"]},
            )
        )
    model.Session.commit()


def forget() -> None:
    """Leave no trace of ``register``: no dataset of these exists in the database."""
    ids = [budget(one, year)["id"] for one in collectivities() for year in YEARS]
    model.Session.query(BudgetDataset).filter(BudgetDataset.package_id.in_(ids)).delete()
    model.Session.commit()


class Batch:
    """Stands where CKAN connects to Solr, gathers its documents, sends them in a few requests."""

    def __init__(self):
        self.documents: list[dict] = []

    def add(self, docs: list[dict], commit: bool) -> None:
        self.documents += docs

    def send(self) -> None:
        for start in range(0, len(self.documents), 500):
            make_connection().add(self.documents[start : start + 500], commit=False)
        PackageSearchIndex().commit()


def index_portal() -> int:
    """Index 2,000 budgets and the other datasets; how many budgets there are."""
    budgets = [budget(one, year) for one in collectivities() for year in YEARS]
    register(budgets)
    batch = Batch()
    with mock.patch("ckan.lib.search.index.make_connection", return_value=batch):
        for dataset in [*budgets, *(other(title) for title in OTHER_TITLES)]:
            index(dataset)
    batch.send()
    return len(budgets)

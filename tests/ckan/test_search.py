"""People find a budget as they write its collectivity, among 2,000, on CKAN's own Solr schema."""

from __future__ import annotations

import json

import ckan.plugins.toolkit as tk
import pytest
import search_corpus
from ckan.lib.search import clear_all
from ckan.tests import factories

from ckanext.budgetod.search.document import index_budget

_portal = {"budgets": 0}


@pytest.fixture
def portal(with_plugins):
    """The index of a portal with 2,000 budgets, made once for this module."""
    if not _portal["budgets"]:
        clear_all()
        search_corpus.forget()
        _portal["budgets"] = search_corpus.index_portal()
    return _portal["budgets"]


@pytest.fixture(scope="module", autouse=True)
def leave_no_index():
    yield
    clear_all()
    if _portal["budgets"]:
        search_corpus.forget()


def search(q: str, **more) -> dict:
    return tk.get_action("package_search")({"ignore_auth": True}, {"q": q, **more})


def first(q: str) -> dict:
    found = search(q, rows=1)["results"]
    assert found, f"nothing found for {q}"
    return found[0]


def test_the_index_holds_two_thousand_budgets(portal):
    assert search("*:*", fq="dataset_type:budget", rows=0)["count"] == portal == 2000


SPELLINGS = {
    "epinal": "88160",
    "Épinal": "88160",
    "ÉPINAL": "88160",
    "thorigne": "35334",
    "thorigne d'anjou": "49344",
    "thorigne fouillard": "35334",
    "hopital": "57336",
    "l'hopital": "57336",
    "l hopital": "57336",
    "oeting": "57521",
    "œting": "57521",
    "st die": "88413",
    "saint dié": "88413",
    "St-Dié-des-Vosges": "88413",
    "chalons en champagne": "51108",
    "bar le duc": "55029",
    "saint die des vosges": "88413",
    "vandoeuvre": "54547",
    "selestat": "67462",
    "ecrouves": "54174",
    "nancy": "54395",
    "paris": "75056",
    "88160": "88160",
}
"""What people type -> INSEE code of the commune they mean."""

QUESTIONS = {
    "budget epinal 2023": ("88160", "2023"),
    "budget Épinal 2023 compte administratif": ("88160", "2023"),
    "comptes 2023 epinal": ("88160", "2023"),
    "compte administratif 2022 épinal": ("88160", "2022"),
    "88000 budget": ("88160", None),
    "budget 54000": ("54395", None),
    "bp 2024 st die": ("88413", "2024"),
    "bp 2024 saint-dié": ("88413", "2024"),
    "le budget 2022 de la ville de nancy": ("54395", "2022"),
    "budget de la ville de Paris": ("75056", None),
    "budget 2023 l'hôpital": ("57336", "2023"),
    "budget oeting 2021 bs": ("57521", "2021"),
}
"""A question -> INSEE code and year of the dataset that answers it (None: any year)."""


def test_every_spelling_finds_its_collectivity_first(portal):
    answers = {q: first(q)["budget_insee"] for q in SPELLINGS}
    assert answers == SPELLINGS


def test_a_question_finds_the_right_dataset_first(portal):
    found = {q: first(q) for q in QUESTIONS}
    answers = {
        q: (one["budget_insee"], QUESTIONS[q][1] and one["budget_exercice"])
        for q, one in found.items()
    }
    assert answers == QUESTIONS


def test_an_epci_is_found_by_its_short_name(portal):
    assert first("budget grand nancy 2023")["budget_siren"] == "245400676"


def test_other_datasets_stay_first_under_their_own_title(portal):
    titles = list(search_corpus.OTHER_TITLES)
    assert [first(title.replace(":", ""))["title"] for title in titles] == titles


UNRELATED = (
    "pistes cyclables",
    "arbres remarquables",
    "menus cantines",
    "equipements sportifs",
    "lignes de bus",
    "lignes au format gtfs",
    "documents d'urbanisme",
    "tableau des écoles",
    "document xml",
)


def test_a_search_about_something_else_brings_no_budget(portal):
    for q in UNRELATED:
        assert {found["type"] for found in search(q)["results"]} <= {"dataset"}, q


def test_a_siret_finds_the_dataset_that_holds_its_budget(portal):
    assert first("21880160300019")["budget_siren"] == "218801603"


def test_facets_count_every_value_of_a_budget(portal):
    answer = search(
        "budget epinal",
        fq="budget_siren:218801603",
        rows=0,
        **{"facet.field": ["vocab_budget_etape", "vocab_budget_exercice"]},
    )
    counts = answer["facets"]
    assert counts["vocab_budget_exercice"] == {"2021": 1, "2022": 1, "2023": 1, "2024": 1}
    assert counts["vocab_budget_etape"] == {"bp": 4, "dm": 3, "ca": 3, "bs": 1}


@pytest.fixture
def read(app, portal):
    """A page as a sysadmin reads it: the documents of this index are in no database."""
    token = factories.APIToken(user=factories.Sysadmin()["name"])["token"]
    return lambda path: app.get(path, headers={"Authorization": token}).body


def test_the_page_of_budgets_offers_their_facets_with_labels(read):
    page = read("/fr/budget/?q=epinal")
    assert "Vosges (88)" in page
    assert "Compte administratif" in page
    assert "500 à 1 999 habitants" in page
    assert "organization=" not in page


def test_the_page_of_datasets_hides_facets_of_budgets_where_there_are_none(read):
    assert "vocab_budget_exercice" in read("/dataset/?q=epinal")
    assert "vocab_budget_exercice" not in read("/dataset/?q=pistes+cyclables")


def test_a_facet_filters(portal):
    found = search("*:*", fq='+vocab_budget_etape:"bs" +vocab_budget_departement:"88"', rows=1000)
    assert found["count"] > 10
    assert {one["budget_exercice"] for one in found["results"]} == {"2021"}
    assert {one["budget_departement"] for one in found["results"]} == {"88"}


def test_the_page_of_datasets_shows_budgets_too(portal):
    found = search("epinal", fq="+dataset_type:dataset", rows=3)["results"]
    assert found[0]["type"] == "budget"


def test_raw_fields_stay_out_of_the_full_text():
    indexed = {
        "validated_data_dict": json.dumps({"budget_siren": "218801603"}),
        "budget_siren": "218801603",
        "extras_budget_population": "32251",
        "res_extras_budget_total_fr": ["41000000.00"],
        "res_extras_budgetod_serial": ["7"],
        "res_extras_conforms_to": ["https://schema.example/"],
        "res_extras_other": ["kept"],
    }
    left = {key for key in index_budget(indexed) if "extras_" in key}
    assert left == {"extras_budget_nom", "extras_budget_recherche", "res_extras_other"}


def test_a_fielded_search_is_left_alone(portal):
    assert search('name:"budget-218801603-2023"')["count"] == 1


def test_the_page_of_an_organisation_has_facets_of_its_budgets(app, town, submit, work):
    submit(town)
    work()
    page = app.get(f"/organization/{town.organisation['name']}").body
    assert "Compte administratif" in page
    assert "vocab_budget_exercice=2023" in page


def test_anybody_finds_a_deposited_budget_at_once(with_plugins, make_town, submit, work):
    town = make_town("Ville de Sainte-Évelyne-lès-Mortœuvre")
    submit(town)
    work()
    anybody = {"user": "", "ignore_auth": False}
    for q in ("budget ste evelyne 2023", "mortoeuvre", town.siren, "comptes 2023 sainte évelyne"):
        found = tk.get_action("package_search")(anybody, {"q": q, "rows": 1})["results"]
        assert [one["name"] for one in found] == [town.dataset_name()], q
    facets = search(town.siren, rows=0, **{"facet.field": ["vocab_budget_etape"]})["facets"]
    assert facets["vocab_budget_etape"] == {"ca": 1}


def test_texts_of_a_person_and_names_of_annexes_are_found(portal):
    one = search_corpus.budget(search_corpus.collectivities()[0], "2023")
    one["notes"] = "Année de l'inondation"
    one["resources"] += [
        {"name": "Subventions versées", "budgetod_role": "annexe", "budget_libelle": "Eau potable"},
        {"name": "Délibération du conseil", "budgetod_role": "document"},
    ]
    for resource in one["resources"]:
        resource.setdefault("id", resource["name"])
    search_corpus.index(one)
    search_corpus.PackageSearchIndex().commit()
    for q in ("inondation", "subventions versées", "délibération conseil", "eau potable"):
        assert first(q)["name"] == one["name"], q

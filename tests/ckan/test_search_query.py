"""What is understood of a search, and what is sent to Solr for it: no index needed."""

from __future__ import annotations

import ckan.model as model
import pytest

from ckanext.budgetod.search import facets, licences
from ckanext.budgetod.search.document import facet_name, facet_values, normes
from ckanext.budgetod.search.forms import name_forms
from ckanext.budgetod.search.query import NAMES, SIREN, required, rewrite, understand


@pytest.mark.parametrize(
    ("text", "name", "exercice", "stage"),
    [
        ("budget epinal 2023", "Épinal", "2023", ""),
        ("comptes 2023 epinal", "Épinal", "2023", ""),
        ("compte administratif épinal", "Épinal", "", "ca"),
        ("BP 2024 St-Dié", "Saint-Dié-des-Vosges", "2024", "bp"),
        ("le budget de la ville de Paris", "Paris", "", ""),
        ("budget du département de la Moselle", "Moselle", "", ""),
        ("budget région Grand Est", "Grand Est", "", ""),
        ("budget grand nancy", "Métropole du Grand Nancy", "", ""),
        ("budget 88000", "Épinal", "", ""),
        ("budget 54395", "Nancy", "", ""),
        ("budget 215403957", "Nancy", "", ""),
        ("cfu 2024 le havre", "Le Havre", "2024", "cfu"),
        ("budget supplémentaire 2022 metz", "Metz", "2022", "bs"),
        ("dm 2023 metz", "Metz", "2023", "dm"),
    ],
)
def test_a_question_about_a_budget_is_understood(text, name, exercice, stage):
    intent = understand(text)
    assert intent.collectivity.name == name
    assert (intent.exercice, intent.stage) == (exercice, stage)


@pytest.mark.parametrize(
    ("text", "insee"),
    [
        ("budget saint-denis", "97411"),
        ("budget saint denis 93", "93066"),
    ],
)
def test_of_namesakes_the_largest_unless_the_departement_is_said(text, insee):
    assert understand(text).collectivity.insee == insee


@pytest.mark.parametrize(
    "text",
    ["epinal", "comptes de campagne", "pistes cyclables nancy", "écoles 2023", "finances", "2023"],
)
def test_a_search_that_does_not_speak_of_budgets_is_not_understood(text):
    assert understand(text) is None


@pytest.mark.parametrize("text", ["budget participatif", "budget de la ville", "budget eau 2023"])
def test_common_words_are_no_collectivity(text):
    assert understand(text).collectivity is None


def test_a_plain_search_looks_at_names_too():
    assert rewrite({"q": "epinal"})["qf"].endswith(NAMES)
    assert rewrite({"q": "epinal"})["q"] == "epinal"


def test_a_question_prefers_its_collectivity_and_asks_for_no_more_words():
    changed = rewrite({"q": "budget epinal 2023"})
    assert changed["q"] == "budget epinal 2023 218801603"
    assert changed["qf"].endswith(SIREN)
    assert changed["mm"] == "2"


@pytest.mark.parametrize(
    "search",
    [
        {"q": 'name:"budget-218801603-2023"'},
        {"q": '"budget epinal"'},
        {"q": "budget -epinal"},
        {"q": "{!knn f=x}budget epinal"},
        {"q": "*:*"},
        {"q": "budget epinal", "qf": "title"},
        {"q": "budget epinal", "mm": "1"},
        {"q": "budget epinal", "defType": "edismax"},
        {},
    ],
)
def test_searches_of_experts_are_left_alone(search):
    assert rewrite(search) == search


@pytest.mark.parametrize(
    ("fq", "changed"),
    [
        ("+dataset_type:dataset", "+dataset_type:(dataset OR budget)"),
        (' tags:"x" +dataset_type:dataset', ' tags:"x" +dataset_type:(dataset OR budget)'),
        ("+dataset_type:budget", "+dataset_type:budget"),
        ("-dataset_type:dataset", "-dataset_type:dataset"),
        ("+dataset_type:dataset_series", "+dataset_type:dataset_series"),
    ],
)
def test_the_page_of_datasets_shows_budgets(fq, changed):
    assert rewrite({"fq": fq})["fq"] == changed


@pytest.mark.parametrize(("words", "needed"), [(1, 1), (2, 2), (3, 2), (5, 4), (6, 4), (10, 8)])
def test_as_many_words_must_match_as_ckan_asks_for(words, needed):
    assert required(words) == needed


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Épinal", "Épinal epinal"),
        ("L'Hôpital", "L'Hôpital hopital"),
        ("Œting", "Œting oeting"),
        ("Saint-Dié-des-Vosges", "Saint-Dié-des-Vosges saint die des vosges st die des vosges"),
        ("Sainte-Marie", "Sainte-Marie sainte marie ste marie"),
    ],
)
def test_spellings_of_a_name(name, forms):
    assert name_forms(name) == forms


def test_a_name_borne_by_several_carries_its_departement():
    saint_denis = {"budget_siren": "219740115", "budget_collectivite": "Ville de Saint-Denis"}
    assert facet_name(saint_denis) == "Ville de Saint-Denis (974)"
    nancy = {"budget_siren": "215403957", "budget_collectivite": "Ville de Nancy"}
    assert facet_name(nancy) == "Ville de Nancy"


def test_stored_lists_and_empty_fields_become_facet_values():
    values = facet_values({"budget_etapes": '["bp", "ca"]', "budget_nomenclature": "M57-M57_A M49"})
    assert values == {
        "vocab_budget_etape": ["bp", "ca"],
        "vocab_budget_nomenclature": ["M57", "M49"],
    }
    assert normes(["m57", "M57"]) == ["M57"]


@pytest.mark.usefixtures("with_plugins")
def test_values_of_facets_have_labels_in_the_language_of_the_page(test_request_context):
    assert facets.label("vocab_budget_departement", "54") == "Meurthe-et-Moselle (54)"
    assert facets.label("vocab_budget_region", "44") == "Grand Est"
    assert facets.label("vocab_budget_exercice", "2023") == "2023"
    assert facets.label("vocab_budget_type", "inconnu") == "inconnu"
    with test_request_context(environ_overrides={"CKAN_LANG": "fr"}):
        assert facets.label("vocab_budget_etape", "ca") == "Compte administratif"
    with test_request_context(environ_overrides={"CKAN_LANG": "en"}):
        assert facets.label("vocab_budget_etape", "ca") == "Administrative account (CA)"


@pytest.mark.usefixtures("with_plugins")
def test_the_licence_is_in_the_register_once():
    licences.add_licence()
    ids = model.Package.get_license_register().keys()
    assert ids.count("etalab-2.0") == 1
    assert model.Package.get_license_register()["etalab-2.0"].isopen()

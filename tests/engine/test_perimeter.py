"""Perimeters: who is in a territory, who was before a merger, what a configuration may say."""

from __future__ import annotations

import time

import pytest

from ckanext.budgetod.sources import perimeter
from ckanext.budgetod.sources.perimeter import Perimeter, from_config
from ckanext.budgetod.sources.territory import territory

GRAND_EST = ("08", "10", "51", "52", "54", "55", "57", "67", "68", "88")
ALSACE, REGION, NANCY, GRAND_NANCY = "200094332", "200052264", "215403957", "245400676"
NEUFCHATEAU, BEFORE = "933709198", "218803211"
"""Today's commune nouvelle and the commune of the same INSEE code before it."""


def count(**criteria) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for one in Perimeter(**criteria).collectivities():
        kinds[one.type] = kinds.get(one.type, 0) + 1
    return kinds


def test_grand_est_is_all_of_its_collectivities_of_today():
    assert count(region="44") == {"commune": 5115, "epci": 150, "departement": 9, "region": 1}


def test_collectivities_are_in_a_fixed_order():
    found = Perimeter(region="44").collectivities()
    keys = [(one.departement, one.type, one.siren) for one in found]
    assert keys == sorted(keys)
    assert found[0].siren == REGION
    assert len({one.siren for one in found}) == len(found)


def test_a_region_is_found_fast():
    perimeter._members.cache_clear()
    perimeter._index.cache_clear()
    territory()
    start = time.perf_counter()
    Perimeter(region="44").collectivities()
    first = time.perf_counter() - start
    start = time.perf_counter()
    Perimeter(region="44").collectivities()
    assert time.perf_counter() - start < 0.01
    assert first < 1.5  # 0.2 s when the machine has nothing else to do


def test_alsace_counts_for_both_of_its_departements():
    for code in ("67", "68"):
        found = Perimeter(departements=(code,), types=("departement",)).collectivities()
        assert [one.siren for one in found] == [ALSACE]
    assert Perimeter(sirens=(ALSACE,)).departements_asked() == ("67", "68")
    assert Perimeter(departements=("57",)).contains(ALSACE) is False


def test_departements_asked():
    assert Perimeter(region="44").departements_asked() == GRAND_EST
    assert Perimeter(region="44", types=("region",)).departements_asked() == ()
    assert Perimeter(region="44", departements=("57", "13")).departements_asked() == ("57",)
    assert Perimeter(sirens=(NANCY,)).departements_asked() == ("54",)


def test_an_epci_is_itself_and_its_member_communes():
    found = Perimeter(epci=(GRAND_NANCY,)).collectivities()
    assert {one.type for one in found} == {"commune", "epci"}
    assert {NANCY, GRAND_NANCY} <= {one.siren for one in found}
    assert len(found) == 21
    assert all(one.epci == GRAND_NANCY for one in found if one.type == "commune")


def test_an_epci_keeps_its_communes_of_another_departement():
    table = territory()
    there = next(
        one
        for one in Perimeter(region="44", types=("commune",)).collectivities()
        if one.epci and table.lookup(one.epci).departement != one.departement
    )
    assert Perimeter(epci=(there.epci,)).contains(there.siren)


def test_criteria_narrow_each_other():
    towns = Perimeter(departements=("54",), types=("commune",), population_min=3500)
    found = towns.collectivities()
    assert found
    assert all(one.population >= 3500 and one.departement == "54" for one in found)
    assert Perimeter(departements=("57",), sirens=(NANCY,)).collectivities() == []


def test_communes_without_inhabitants_are_there_but_reach_no_minimum():
    fleury = "215501891"
    assert territory().lookup(fleury).population == 0
    assert Perimeter(region="44").contains(fleury)
    assert not Perimeter(region="44", population_min=1).contains(fleury)


def test_a_commune_nouvelle_is_there_once_under_its_siren_of_today():
    region = Perimeter(region="44")
    found = [one.siren for one in region.collectivities() if one.insee == "88321"]
    assert found == [NEUFCHATEAU]
    assert not region.contains(BEFORE)


def test_a_former_siren_is_resolved():
    region = Perimeter(region="44")
    assert region.resolve(BEFORE).siren == NEUFCHATEAU
    assert region.resolve(NEUFCHATEAU).siren == NEUFCHATEAU
    assert region.resolve("999999999") is None
    assert Perimeter(region="28").resolve(BEFORE) is None
    assert region.former()[BEFORE] == NEUFCHATEAU
    assert len(region.former()) == 5


def test_a_former_siren_that_is_named_is_taken():
    named = Perimeter(sirens=(BEFORE, NEUFCHATEAU))
    assert [one.siren for one in named.collectivities()] == [BEFORE, NEUFCHATEAU]
    assert named.former() == {}


def test_a_siren_that_the_table_lacks_is_told():
    named = Perimeter(sirens=("255400019", NANCY))
    assert named.unknown() == ("255400019",)
    assert named.contains("255400019")
    assert [one.siren for one in named.collectivities()] == [NANCY]


def test_what_is_returned_may_be_changed_without_harm():
    region = Perimeter(region="44", types=("epci",))
    region.collectivities().clear()
    assert len(region.collectivities()) == 150


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("fr", "Grand Est\u00a0: communes, 3\u00a0500 habitants et plus"),
        ("en", "Grand Est: municipalities, 3,500 inhabitants and more"),
    ],
)
def test_a_perimeter_says_what_it_is(lang, text):
    assert Perimeter(region="44", types=("commune",), population_min=3500).describe(lang) == text


def test_places_are_named():
    assert Perimeter().describe("fr") == "France entière\u00a0: toutes les collectivités"
    assert (
        Perimeter(region="44", departements=("57", "88"))
        .describe("fr")
        .startswith("Moselle, Vosges")
    )
    assert "EPCI Métropole du Grand Nancy" in Perimeter(epci=(GRAND_NANCY,)).describe("fr")


def test_a_configuration_is_read():
    config = {
        "region": "44",
        "departements": ["57", "57", "88"],
        "types": "commune, epci",
        "sirens": [],
        "population_min": "3500",
    }
    assert from_config(config) == Perimeter(
        region="44", departements=("57", "88"), types=("commune", "epci"), population_min=3500
    )
    assert from_config({}) == Perimeter()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"regions": "44"}, "unknown key of the territory: regions"),
        ({"region": "99"}, "not a known region code: 99"),
        ({"departements": ["8"]}, "not a known department code: 8"),
        ({"departements": [8]}, '"departements" must be a list of texts'),
        ({"types": ["ville"]}, "not a known type of local authority: ville (known: commune"),
        ({"epci": [NANCY]}, f"not a known SIREN of an EPCI: {NANCY}"),
        ({"sirens": ["12345"]}, "not a known SIREN (nine digits): 12345"),
        ({"population_min": -1}, '"population_min" must be a whole number'),
        ({"population_min": "²"}, '"population_min" must be a whole number'),
        ({"population_min": True}, '"population_min" must be a whole number'),
        ("44", "the territory must be a JSON object"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(config, words):
    with pytest.raises(ValueError) as error:
        from_config(config)
    assert words in str(error.value)

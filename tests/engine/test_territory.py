"""The reference table: all of France, official names, and what a document's header tells."""

from __future__ import annotations

import gzip
from importlib.resources import files

import pytest

from ckanext.budgetod.engine.document import Header, Stage
from ckanext.budgetod.engine.siret import valid_siren
from ckanext.budgetod.sources.profile import TYPES, dataset_fields, tranche, type_from
from ckanext.budgetod.sources.territory import (
    collectivity_title,
    fold,
    territory,
    without_article,
)

VALMOSELLE = "21570990800018"


def header(siret: str = VALMOSELLE, **more) -> Header:
    return Header(siret=siret, exercice=2023, stage=Stage.CA, **more)


def test_the_table_is_all_of_france_in_at_most_two_megabytes():
    data = (files("ckanext.budgetod.sources") / "data/territory.tsv.gz").read_bytes()
    assert len(data) <= 2_000_000
    assert len(gzip.decompress(data).splitlines()) == len(territory()) + 1
    kinds: dict[str, int] = {}
    for one in territory():
        if one.vintage == territory().about["vintage"]:
            kinds[one.type] = kinds.get(one.type, 0) + 1
    assert kinds == {"commune": 34875, "epci": 1266, "departement": 95, "region": 17}


def test_every_siren_is_valid_and_every_row_complete():
    for one in territory():
        assert valid_siren(one.siren), one
        assert one.name
        assert one.type in TYPES
        assert one.type == "region" or territory().region_of(one.departement), one
        assert one.type != "commune" or (one.insee and one.postcodes), one


def test_a_row_says_what_the_official_lists_say():
    nancy = territory().lookup("215403957")
    assert (nancy.insee, nancy.name, nancy.type) == ("54395", "Nancy", "commune")
    assert (nancy.departement, nancy.region) == ("54", "44")
    assert (nancy.postcodes, nancy.epci) == (("54000", "54100"), "245400676")
    assert territory().lookup(nancy.epci).name == "Métropole du Grand Nancy"
    assert 95_000 < nancy.population < 115_000


@pytest.mark.parametrize(
    ("siren", "title"),
    [
        ("215403957", "Ville de Nancy"),
        ("218801603", "Ville d'Épinal"),
        ("217603513", "Ville du Havre"),
        ("215703364", "Ville de L'Hôpital"),
        ("217501600", ""),
        ("245400676", "Métropole du Grand Nancy"),
        ("225400019", "Département de Meurthe-et-Moselle"),
        ("225700012", "Département de la Moselle"),
        ("228800017", "Département des Vosges"),
        ("226700011", ""),
        ("200094332", "Collectivité européenne d'Alsace"),
        ("200052264", "Région Grand Est"),
        ("200076958", "Collectivité de Corse"),
    ],
)
def test_titles_use_official_names(siren, title):
    assert collectivity_title(siren) == title


def test_small_communes_are_communes():
    smallest = min(
        (one for one in territory() if one.type == "commune"), key=lambda one: one.population or 0
    )
    assert smallest.title.startswith("Commune d")


def test_an_unknown_siren_takes_the_name_in_the_document():
    assert collectivity_title("215709908", " Ville  de Valmoselle ") == "Ville de Valmoselle"


def test_namesakes_come_largest_first_and_those_of_today_before_former_ones():
    found = [(one.vintage, one.population) for one in territory().by_name("saint denis")]
    assert len(found) > 3
    assert found == sorted(found, reverse=True)
    assert territory().by_postcode("88000")[0].name == "Épinal"


def test_a_name_may_be_unfinished():
    assert territory().by_start("saint die")[0].name == "Saint-Dié-des-Vosges"
    assert territory().by_start("xyz") == []


def test_an_insee_code_gives_the_commune_of_today():
    assert territory().by_insee("88160").siren == "218801603"
    assert territory().by_insee("99999") is None


def test_a_commune_that_exists_no_more_is_still_known():
    gone = [one for one in territory() if one.vintage < territory().about["vintage"]]
    assert len(gone) > 100
    assert all(one.name for one in gone)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Œting", "oeting"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("Saint-Dié-des-Vosges", "saint die des vosges"),
        ("L’Hôpital", "l hopital"),
        ("", ""),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("folded", "bare"),
    [("la rochelle", "rochelle"), ("les sables", "sables"), ("l hopital", "hopital"), ("le", "le")],
)
def test_without_article(folded, bare):
    assert without_article(folded) == bare


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("VILLE", "commune"),
        ("Commune", "commune"),
        ("Départements", "departement"),
        ("Communauté de Communes", "epci"),
        ("ETABLISSEMENT PUBLIC DE COOPERATION INTERCOMMUNALE DE", "epci"),
        ("SYNDICAT INTERCOMMUNAL DES COMMUNES", "syndicat"),
        ("SERVICE DEPARTEMENTAL D'INCENDIE ET DE SECOURS", "sdis"),
        ("C.C.A.S.", "ccas"),
        ("Centre communal d'action sociale", "ccas"),
        ("Caisse des écoles", "caisse_ecoles"),
        ("Régie des eaux", "regie"),
        ("", "autre"),
    ],
)
def test_types_of_documents_that_the_table_does_not_know(words, kind):
    unknown = "99999999900000"
    assert type_from(header(unknown, nature_cepl=words)) == kind


def test_the_table_goes_before_the_words_of_the_document():
    assert type_from(header("24540067600019", nature_cepl="Commune")) == "epci"


def test_nomenclature_and_siren_decide_last():
    assert type_from(header("99999999900000", nomenclature="M71-M71")) == "region"
    assert type_from(header("26999999900000", nomenclature="M57-M57_A")) == "ccas"


@pytest.mark.parametrize(
    ("population", "name"),
    [
        (None, ""), (0, "0k-0.5k"), (499, "0k-0.5k"), (500, "0.5k-2k"), (1_999, "0.5k-2k"),
        (99_999, "50k-100k"), (100_000, "100k+"),
    ],
)  # fmt: skip
def test_tranches(population, name):
    assert tranche(population) == name


def test_fields_of_a_known_commune():
    informations = (("PopTot", "112 864"),)
    assert dataset_fields(header("21540395700011", informations=informations)) == {
        "budget_collectivite": "Ville de Nancy",
        "budget_type_collectivite": "commune",
        "budget_insee": "54395",
        "budget_departement": "54",
        "budget_epci": "245400676",
        "budget_region": "44",
        "budget_population": "112864",
        "budget_tranche": "100k+",
    }


def test_fields_of_a_commune_that_the_table_lacks_come_from_the_document():
    fields = dataset_fields(
        header(
            nature_cepl="Commune",
            libelle_collectivite="Ville de Valmoselle",
            departement="057",
            informations=(("PopTot", "12 345"),),
        )
    )
    assert fields["budget_collectivite"] == "Ville de Valmoselle"
    assert (fields["budget_departement"], fields["budget_region"]) == ("57", "44")
    assert (fields["budget_population"], fields["budget_tranche"]) == ("12345", "10k-20k")
    assert (fields["budget_insee"], fields["budget_epci"]) == ("", "")


@pytest.mark.parametrize("declared", ["0", "", "abc", "-3"])
def test_a_population_that_says_nothing_is_the_tables(declared):
    fields = dataset_fields(header("21540395700011", informations=(("PopTot", declared),)))
    assert fields["budget_population"] == str(territory().lookup("215403957").population)


def test_a_siren_in_the_place_of_the_insee_code_is_no_insee_code():
    fields = dataset_fields(header("99999999900000", code_insee="243500782"))
    assert fields["budget_insee"] == ""

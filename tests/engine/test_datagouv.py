"""data.gouv.fr: who publishes, which files are worth a look, and what titles tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin import StandIn

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed
from ckanext.budgetod.sources import titles
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.datagouv import (
    DataGouv,
    File,
    digest_of,
    kind_of,
    speaks_of_budget,
)
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.perimeter import Perimeter
from ckanext.budgetod.sources.settings import Settings

PORTAL = "https://budgets.exemple.fr"
METZ, EPINAL, COLMAR, NANCY = "215704636", "218801603", "216800664", "245400676"
WITHOUT_SIRET = "215405472"


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(portal=PORTAL) as running:
        yield running


@pytest.fixture
def portal(standin: StandIn, tmp_path: Path) -> DataGouv:
    return made(standin, tmp_path)


def made(standin: StandIn, folder: Path, **options: Any) -> DataGouv:
    allowed = frozenset({f"127.0.0.1:{standin.port}"})
    settings = Settings(
        cache=folder, allowed_hosts=allowed, rate=1000, attempts=1, read_timeout=5, **options
    )
    return DataGouv(Client(settings), Cache(folder), standin.urls["datagouv"], PORTAL)


def of(portal: DataGouv, *sirens: str) -> list[File]:
    return [
        found
        for producer in portal.producers(Perimeter(sirens=sirens))
        for found in portal.files(producer)
    ]


def test_producers_are_matched_by_siren(portal: DataGouv, standin: StandIn) -> None:
    found = portal.producers(Perimeter(sirens=(METZ, EPINAL)))
    assert [(one.siren, one.name) for one in found] == [
        (METZ, "Ville de Metz"),
        (EPINAL, "Ville d'Épinal"),
    ]
    assert len(standin.calls("datagouv")) == 1
    assert portal.producers(Perimeter(sirens=(WITHOUT_SIRET,))) == [], "it declares no SIRET"


def test_candidates_have_a_lasting_address_and_where_they_come_from(
    portal: DataGouv, standin: StandIn
) -> None:
    declared, other = of(portal, METZ)
    assert (declared.kind, declared.licence, declared.ours) == ("csv", "etalab-2.0", False)
    assert declared.latest == f"{portal.base}/api/1/datasets/r/{declared.resource}"
    assert declared.page.startswith(f"{portal.base}/datasets/")
    assert declared.title == "Compte administratif 2024 - Metz"
    assert declared.digest != other.digest
    assert len(standin.calls("datagouv")) == 2, "a list of producers, a list of datasets"
    before = declared.digest
    standin.change(METZ, 2024)
    assert of(portal, METZ)[0].digest != before


def test_xml_is_found_by_its_words_and_other_formats_are_left(portal: DataGouv) -> None:
    assert {(one.kind, one.name) for one in of(portal, EPINAL)} == {
        ("xml", "ca-2023-epinal.xml"),
        ("xml", "bp-2024-epinal.xml"),
    }
    assert of(portal, NANCY) == [], "an archive and a PDF"


def test_what_this_portal_published_is_known(portal: DataGouv, standin: StandIn) -> None:
    (loop,) = of(portal, COLMAR)
    assert loop.ours
    elsewhere = DataGouv(
        portal._client, portal._cache, portal.base, "https://budgets.exemple.fr:81"
    )
    assert not of(elsewhere, COLMAR)[0].ours


@pytest.mark.parametrize(
    ("harvest", "url", "ours"),
    [
        (None, "https://budgets.exemple.fr/dataset/a/resource/b/download/c.csv", True),
        ({"domain": "budgets.exemple.fr"}, "https://ailleurs.fr/c.csv", True),
        ({"remote_url": "HTTPS://Budgets.Exemple.fr:443/dataset/x"}, "", True),
        ({"uri": "https://budgets.exemple.fr/dataset/x"}, "", True),
        ({"domain": "exemple.fr", "remote_url": None}, "https://budgets.exemple.fr.evil/c", False),
        (None, "https://[broken", False),
        ("text", "", False),
    ],
)
def test_the_loop_guard(portal: DataGouv, harvest: Any, url: str, ours: bool) -> None:
    assert portal.is_ours({"harvest": harvest}, {"url": url}) is ours


def test_archived_and_deleted_datasets_are_passed_over(portal: DataGouv) -> None:
    assert of(portal, "215101015") == []


def test_lists_are_read_page_by_page(
    portal: DataGouv, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.budgetod.sources import datagouv

    everyone = portal.producers(Perimeter(region="44"))
    monkeypatch.setattr(datagouv, "PAGE", 7)
    assert portal.producers(Perimeter(region="44")) == everyone
    assert len(everyone) == len({one.id for one in everyone}) > 40
    assert len(standin.calls("datagouv", "page_size=7")) == 7
    monkeypatch.setattr(datagouv, "MOST_PAGES", 2)
    with pytest.raises(RemoteFailed, match="truncated"):
        portal.producers(Perimeter(region="44"))


@pytest.mark.parametrize(
    ("fault", "code"), [("html-as-csv", "html"), ("500", "status"), ("cut", "truncated")]
)
def test_faults_are_told(portal: DataGouv, standin: StandIn, fault: str, code: str) -> None:
    standin.scenario("datagouv", fault)
    with pytest.raises(RemoteFailed) as failed:
        portal.producers(Perimeter())
    assert failed.value.code == code


def test_offline_the_last_lists_serve(standin: StandIn, tmp_path: Path) -> None:
    before = of(made(standin, tmp_path), METZ)
    standin.reset()
    offline = made(standin, tmp_path, offline=True)
    assert of(offline, METZ) == before
    assert standin.calls() == []
    with pytest.raises(Blocked, match="offline"):
        of(offline, EPINAL)


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ({"format": "CSV"}, "csv"),
        ({"format": "xml", "type": "api"}, ""),
        ({"format": "", "mime": "text/xml"}, "xml"),
        ({"format": None, "url": "https://a.fr/b/ca.XML?x=1"}, "xml"),
        ({"format": "", "title": "budget.csv"}, "csv"),
        ({"format": "xlsx", "schema": {"name": "scdl/budget"}}, "csv"),
        ({"format": "zip", "title": "budget.csv"}, ""),
        ({"format": "pdf", "schema": None}, ""),
    ],
)
def test_kinds(resource: dict[str, Any], kind: str) -> None:
    assert kind_of(resource) == kind


@pytest.mark.parametrize(
    ("kind", "text", "worth"),
    [
        ("csv", "Documents budgétaires de la ville", True),
        ("csv", "Comptes administratifs depuis 2015", True),
        ("csv", "Budget participatif : projets", False),
        ("csv", "Arbres d’alignement (CA)", False),
        ("xml", "CA 2023", True),
        ("xml", "DM n°2 2024", True),
        ("xml", "Plan du cadastre", False),
    ],
)
def test_words(kind: str, text: str, worth: bool) -> None:
    assert speaks_of_budget(kind, text) is worth


def test_digests() -> None:
    plain = {"id": "r", "last_modified": "2025-01-01", "filesize": 12, "checksum": None}
    assert digest_of(plain) != digest_of({**plain, "filesize": 13})
    summed = {**plain, "checksum": {"type": "sha1", "value": "abc"}}
    assert digest_of(summed) == digest_of({**summed, "last_modified": "2026-01-01"})
    found = {**plain, "extras": {"analysis:checksum": "def"}}
    assert digest_of(found) == digest_of({**found, "last_modified": "2026-01-01"}) == "r:def"


def test_further_words_are_looked_for(portal: DataGouv) -> None:
    dataset = {"id": "d", "title": "Les finances en clair"}
    resource = {"id": "r", "title": "x.csv", "format": "csv"}
    assert list(portal._candidate(dataset, resource, ())) == []
    (found,) = portal._candidate(dataset, resource, ("Finances",))
    assert found.page == f"{portal.base}/datasets/d/#/resources/r"


@pytest.mark.parametrize(
    ("name", "title", "stage"),
    [
        ("ca-2024-metz.csv", "Compte administratif 2024", "ca"),
        ("donnees.csv", "Budget primitif 2024 de la CA de Brume", "bp"),
        ("Budget primitif 2024", "Budgets primitifs et comptes administratifs", "bp"),
        ("donnees.csv", "Budgets primitifs et comptes administratifs", ""),
        ("ca-2024.csv", "Budget primitif 2024", ""),
        ("cfu-2024.csv", "Compte financier unique", "ca"),
        ("dm1.csv", "Finances", "dm"),
        ("x.csv", "Décision modificative n° 2 2024", "dm"),
        ("x.csv", "BP 2024", "bp"),
        ("x.csv", "Budget 2024", ""),
    ],
)
def test_stages_of_titles(name: str, title: str, stage: str) -> None:
    assert titles.stage_of(name, title) == stage


def test_numbers_and_years_of_titles() -> None:
    assert titles.decision_number("dm-02-2024.csv", "Finances") == "2"
    assert titles.decision_number("x", "Décision modificative n° 3 de 2024") == "3"
    assert titles.decision_number("x", "Décision modificative 2024") == ""
    assert titles.decision_number("dm1 et dm2", "x") == ""
    assert titles.year_of("bp-2024.csv", "Budgets 2020-2024") == 2024
    assert titles.year_of("x", "Budgets 2020-2024") == 0

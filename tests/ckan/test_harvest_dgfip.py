"""Balances of the DGFiP, harvested from the stand-in into real datasets."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from harvesting import dataset, make_source, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ, PARIS_METZ = "215403957", "215704636", "200039865"
TOWNS = [NANCY, METZ, PARIS_METZ]


@pytest.fixture
def territory():
    return TOWNS


@pytest.fixture
def source(region):
    config = {"territoire": {"sirens": TOWNS}, "exercices": [2024]}
    return make_source("budgetod_dgfip", config, region["id"])


def test_every_collectivity_becomes_a_dataset(source, region, download, standin):
    assert run(source) == {"added": 3}
    nancy = dataset(NANCY, 2024)
    assert nancy["title"] == "Budget 2024 — Ville de Nancy"
    assert nancy["budget_origine"] == "moissonne"
    assert nancy["budget_etapes"] == ["ca"]
    assert nancy["owner_org"] == region["id"]
    assert nancy["private"] is False
    main = next(r for r in nancy["resources"] if r["budget_categorie"] == "principal")
    assert main["url"].endswith(f"/budget-{NANCY}-2024-ca-principal-dgfip-scdl.csv")
    assert main["conforms_to"].endswith("0.8.3/schema.json")
    assert (main["budget_origine"], main["budget_producteur"]) == ("dgfip", "DGFiP")
    rows = list(csv.DictReader(io.StringIO(download(main).decode())))
    assert {row["BGT_NATDEC"] for row in rows} == {"compte administratif"}
    spent = sum(
        Decimal(row["BGT_MTREAL"])
        for row in rows
        if (row["BGT_SECTION"], row["BGT_CODRD"], row["BGT_OPBUDG"])
        == ("fonctionnement", "dépense", "réel")
    )
    assert str(spent) == main["budget_total_fd"]
    assert spent > 0


def test_what_did_not_change_is_not_written_again(source):
    run(source)
    before = dataset(NANCY, 2024)
    assert run(source) == {"not modified": 3}
    assert dataset(NANCY, 2024)["metadata_modified"] == before["metadata_modified"]


def test_what_changed_is_updated_in_place(source, standin):
    run(source)
    before = dataset(NANCY, 2024)
    standin.change(NANCY, 2024)
    assert run(source) == {"updated": 1, "not modified": 2}
    after = dataset(NANCY, 2024)
    assert after["id"] == before["id"]
    assert [r["id"] for r in after["resources"]] == [r["id"] for r in before["resources"]]
    assert [r["url"] for r in after["resources"]] == [r["url"] for r in before["resources"]]
    assert after["resources"][0]["budget_total_fd"] != before["resources"][0]["budget_total_fd"]


def test_what_vanished_is_marked_once(source, standin):
    run(source)
    standin.drop(NANCY)
    assert run(source) == {"deleted": 1, "not modified": 2}
    gone = dataset(NANCY, 2024)
    assert gone["state"] == "active"
    assert all(resource["budget_retire"] for resource in gone["resources"])
    assert run(source) == {"not modified": 2}


def test_the_page_says_where_the_accounts_come_from(source, app):
    run(source)
    page = app.get(f"/budget/budget-{NANCY}-2024").body
    assert "balances comptables de la DGFiP" in page
    assert "comptes définitifs" in page

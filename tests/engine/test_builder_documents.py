"""Fictional documents of every known plan, the CFU of a department, what schema V115 added.

Each converts without a surprise: chapters, sections and labels are those of the plan of its year,
the strict file is valid, and sums are those of the lines.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import frictionless
import pytest
from lxml import etree

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_department import department_cfu, department_lines
from ckanext.budgetod.engine.builder_recent import LATER, recent_document
from ckanext.budgetod.engine.document import AccountingRows
from ckanext.budgetod.engine.nomenclature import Plans
from ckanext.budgetod.engine.readers import open_document

ANSWERED = {"P01", "P02"}
"""What the fictional persons of the annexes give rise to; nothing else may be found."""
HARMLESS = {"S01", "N04"}
"""Not sealed; without functions."""
BY_FUNCTION = ("M57-M57", "M57-M57_A", "M57-M57_D", "M57-M57_P")
ADDED = {
    "tiers": ("MtCumul", "MtCredAnnul", "OperationEtAPCP"),
    "charge": ("MtSolde",),
    "flux_croises": ("CredAnnules",),
    "consolidation": ("CredAnnul",),
}
"""Of V115, in tables that the sample annexes do not have."""
DOCUMENTS = {"department": department_cfu, "recent": recent_document}


def convert(document: bytes, folder: Path, **options: Any) -> Any:
    return engine.convert(io.BytesIO(document), folder, **options)


def rows_of(done: Any, kind: str) -> list[dict[str, str]]:
    path = next(output.path for output in done.outputs if output.kind == kind)
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def total(rows: Any, name: str) -> Decimal:
    return sum((Decimal(row[name] or "0") for row in rows), Decimal(0))


def codes(done: Any) -> set[str]:
    return {finding.code for finding in done.report.findings}


def assert_resolved(done: Any, lines: int) -> None:
    """Every line has its chapter, section and labels from the plan of its own year."""
    resolution = done.report.resolution
    assert set(resolution["chapter"]) <= {"own", "role", "function"}
    assert set(resolution["nature_label"]) <= {"exact", "later_copy"}
    assert set(resolution["fonction_label"]) <= {"exact"}
    assert done.report.rows == {"read": lines, "written": lines, "valid": lines}
    for row in rows_of(done, "scdl"):
        for column in ("BGT_CONTNAT", "BGT_CONTNAT_LABEL", "BGT_SECTION", "BGT_NATURE_LABEL"):
            assert row[column]
        assert bool(row["BGT_FONCTION"]) == bool(row["BGT_FONCTION_LABEL"])


# --- every plan ----------------------------------------------------------------------------------


def last_year(name: str) -> int:
    family = Plans().family(name)
    assert family is not None
    return max(family.years)


@pytest.mark.parametrize("stage", ["BP", "BS", "DM", "CA", "CFU"])
@pytest.mark.parametrize("name", Plans().names)
def test_a_document_of_every_plan_resolves_and_is_valid(
    name: str, stage: str, tmp_path: Path
) -> None:
    build = cfu_document if stage == "CFU" else totem_document
    number = "1" if stage == "DM" else ""
    document = build(
        nomenclature=name, exercice=last_year(name), stage=stage, numero_dm=number, seal=True
    )
    done = convert(document, tmp_path)
    assert codes(done) <= HARMLESS
    assert done.report.seal == "intact"
    assert_resolved(done, document.count(b"<LigneBudget>"))
    assert done.report.rows["read"] >= 22


@pytest.mark.parametrize("name", BY_FUNCTION)
def test_a_document_voted_by_function_resolves_and_is_valid(name: str, tmp_path: Path) -> None:
    document = totem_document(nomenclature=name, exercice=last_year(name), nat_fonc="2")
    done = convert(document, tmp_path)
    assert codes(done) <= HARMLESS
    assert_resolved(done, document.count(b"<LigneBudget>"))
    assert done.report.resolution["chapter"]["function"] >= 24


# --- the department, and schema V115 -------------------------------------------------------------


@lru_cache(maxsize=2)
def document_of(kind: str) -> bytes:
    return DOCUMENTS[kind]()


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_nothing_is_found_but_the_persons(kind: str, tmp_path: Path) -> None:
    done = convert(document_of(kind), tmp_path)
    assert codes(done) == ANSWERED
    assert_resolved(done, {"department": 82, "recent": 30}[kind])
    assert done.report.seal == "intact"
    package = next(output.path for output in done.outputs if output.kind == "datapackage")
    told = frictionless.validate(str(package))
    assert told.valid, told.flatten(["name", "rowNumber", "fieldName", "type", "message"])


def test_calculated_lines_of_the_department_are_not_counted() -> None:
    document, lines = document_of("department"), department_lines()
    assert document.count(b'calculated="true"') > 30
    read = list(engine.read_lines(io.BytesIO(document)))
    assert len(read) == len(lines)
    assert sum(line.line.mt_real for line in read) == total(lines, "MtReal")


def test_the_department_has_what_departments_have(tmp_path: Path) -> None:
    rows = rows_of(convert(document_of("department"), tmp_path), "scdl")
    labels = {row["BGT_CONTNAT"]: row["BGT_CONTNAT_LABEL"] for row in rows}
    assert labels["016"] == "APA"
    assert labels["017"].startswith("RSA")
    assert labels["45441"] == "Opérations d'aménagement foncier"
    functions = {row["BGT_FONCTION_LABEL"] for row in rows}
    assert {"Collèges", "Voirie départementale", "Incendie et secours"} <= functions
    operation = [row for row in rows if row["BGT_OPERATION"]]
    assert {row["BGT_CONTNAT"] for row in operation} == {"21", "23"}
    for section in ("fonctionnement", "investissement"):
        mine = [row for row in rows if row["BGT_SECTION"] == section]
        sides = {
            side: total([row for row in mine if row["BGT_CODRD"] == side], "BGT_CREDOUV")
            for side in ("dépense", "recette")
        }
        assert sides["dépense"] == sides["recette"] > 100_000_000


def test_the_accountant_of_the_department_agrees_with_its_lines(tmp_path: Path) -> None:
    done = convert(document_of("department"), tmp_path)
    lines = [row for row in rows_of(done, "scdl") if row["BGT_NATURE"] not in ("001", "002")]
    executed = rows_of(done, "comptable:execution")
    for state, side, section in (
        ("EB_DF", "dépense", "fonctionnement"),
        ("EB_RF", "recette", "fonctionnement"),
        ("EB_DI", "dépense", "investissement"),
        ("EB_RI", "recette", "investissement"),
    ):
        mine = [row for row in executed if row["Etat"] == state]
        details = total([row for row in mine if row["Nature"]], "MtRealNettes")
        expected = [
            row for row in lines if (row["BGT_CODRD"], row["BGT_SECTION"]) == (side, section)
        ]
        assert details == total(expected, "BGT_MTREAL") > 0
        assert Decimal(mine[-1]["MtRealNettes"]) == details


def test_the_statements_of_the_department_add_up(tmp_path: Path) -> None:
    with open_document(io.BytesIO(document_of("department"))) as opened:
        runs = [event for event in opened if isinstance(event, AccountingRows)]
    rows = [row for run in runs for row in run.dicts()]
    states = Counter(row["Etat"] for row in rows)
    assert {"BI_S_A", "BI_S_P", "BI_A", "BI_P", "CR_S", "CR"} < set(states)
    totals = {}
    for state in ("BI_A", "BI_P"):
        *items, last = [row for row in rows if row["Etat"] == state and row.get("MtNet")]
        for name in ("MtNet", "MtNet-1"):
            assert total(items, name) == Decimal(last[name]) > 0
        totals[state] = last["MtNet"]
    assert totals["BI_A"] == totals["BI_P"]
    for row in rows:
        if "MtBrut" in row:
            assert Decimal(row["MtBrut"]) - Decimal(row["MtAmo"]) == Decimal(row["MtNet"])
    *items, result = [row for row in rows if row["Etat"] == "CR" and row.get("MtNet")]
    assert total(items[:3], "MtNet") - total(items[3:], "MtNet") == Decimal(result["MtNet"])


def test_all_that_v115_adds_is_published(tmp_path: Path) -> None:
    done = convert(document_of("recent"), tmp_path, profile="annexes")
    for table, later in LATER.items():
        for row in rows_of(done, f"annexe:{table.lower()}"):
            assert {name for name in later if not row[name]} == set(), table
    for table, names in ADDED.items():
        for row in rows_of(done, f"annexe:{table}"):
            assert all(row[name] for name in names)
    assert "25" in {row["CodSousTypContrib"] for row in rows_of(done, "annexe:fiscalite")}
    published = next(output.path for output in done.outputs if output.kind == "xml").read_bytes()
    assert b"NatVoteInv" in published


@pytest.mark.skipif("BUDGETOD_REAL_DATA" not in os.environ, reason="needs the official XSD")
def test_without_what_came_later_the_document_is_valid_in_v95() -> None:
    xsd = Path(os.environ["BUDGETOD_REAL_DATA"], "xsd/V95/SchemaDocBudg/DocumentBudgetaire.xsd")
    schema = etree.XMLSchema(etree.parse(str(xsd)))
    root = etree.fromstring(document_of("recent"))
    assert not schema.validate(root)
    later = {name for names in (*LATER.values(), *ADDED.values()) for name in names}
    for element in list(root.iter("{*}*")):
        name = etree.QName(element).localname
        recent = name in later | {"NatVoteInv", "NatVoteFonc"}
        if recent or element.find("{*}CodSousTypContrib[@V='25']") is not None:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    schema.assertValid(root)

"""Real public documents: what an accountant would say of them, and nothing more.

Read from ``BUDGETOD_REAL_DATA`` (see CONTRIBUTING); never copied here.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import frictionless
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.findings import Level
from ckanext.budgetod.engine.pipeline import read
from ckanext.budgetod.engine.tables import FORMATS

REAL = Path(os.environ.get("BUDGETOD_REAL_DATA", ""))
pytestmark = pytest.mark.skipif(
    not (REAL / "totem").is_dir(), reason="BUDGETOD_REAL_DATA is not set: no real documents here"
)

CONFIRM = {
    "bp-2022-m14-crach-lotissement-annexe": set(),
    "bp-2022-m14-crach": set(),
    "bp-2022-m43-transport-annexe": {"S03"},
    "ca-2013-m52-one-line": {"Q02", "Q04", "S03", "S06"},
    "ca-2016-m14-montreuil": {"S01"},
    "ca-2017-m14-montreuil": {"S06"},
    "ca-2018-m14-montreuil": {"S06"},
    "ca-2018-m57-montpellier-voted-by-function": {"S03"},
    "ca-2019-m14-montreuil": {"S06"},
    "ca-2021-m14-crach": {"S03"},
    "cfu-2023-m57a-mohon": {"S03", "N08", "Q20"},
    "dm1-2022-m14-crach-lotissement-annexe": set(),
    "dm2-2021-m14-crach": set(),
}
"""True facts to confirm: no vote date (or an impossible one), no seal, changed since it, three
accounts deleted from the plan, three « NaN » where a number stands. P01 depends on words and is
told apart."""

FAULTY = {
    "cfu-2023-m57a-mohon-mojibake": {"F14", "N08", "Q20", "S03", "S06"},
    "mauvais_siret": {"I05", "S06"},
    "mauvaise_nomenclature": {"N01", "S06"},
}
LONG = 2_000_000
"""Bytes from which no Parquet is written here: Frictionless reads it slowly."""
REFUSED = {"mauvaise_annee": "I00", "mauvaise_etape": "I00", "no-budget-element": "F05"}


def document(name: str) -> Path:
    path = REAL / "totem" / f"{name}.xml"
    return path if path.exists() else REAL / "totem" / "faulty" / f"{name}.xml"


@lru_cache(maxsize=32)
def read_once(name: str) -> Any:
    return read(document(name))


def confirm(name: str) -> set[str]:
    return set(read_once(name).report.codes(Level.CONFIRM)) - {"P01"}


@pytest.mark.parametrize("name", sorted(CONFIRM))
def test_reports_hold_true_facts_only(name: str) -> None:
    told = read_once(name).report
    assert confirm(name) == CONFIRM[name]
    assert told.counts["blocking"] == 0
    assert told.rows["valid"] == told.rows["read"] > 0


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_faulty_documents_are_flagged(name: str) -> None:
    assert confirm(name) == FAULTY[name]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_documents_without_identity_are_refused(name: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        engine.check(document(name))
    assert refused.value.code == REFUSED[name]


def test_every_document_of_the_folder_is_known() -> None:
    names = {path.stem for path in (REAL / "totem").rglob("*.xml")}
    assert names == set(CONFIRM) | set(FAULTY) | set(REFUSED)


def control_rows() -> Iterator[dict[str, str]]:
    with (REAL / "expected" / "control-totals.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def test_totals_equal_the_independent_control_sums() -> None:
    """Totals of the summary plus results carried forward = control sums, to the cent."""
    compared = 0
    for row in control_rows():
        name = row["sample"].removesuffix(".xml")
        if name not in CONFIRM:
            continue
        summary = read_once(name).summary
        kind = "ordre" if row["opbudg"] == "1" else "reel"
        told = summary["totals"][row["section"]][row["codrd"]][kind]
        done = Decimal(told["realise"]) + carried(summary, row, kind, "realise")
        assert done == Decimal(row["MtReal"]), row
        restes = Decimal(told["restes"])
        assert restes == Decimal(row["MtRAR3112"]), row
        compared += 1
    assert compared > 30


def carried(summary: dict[str, Any], row: dict[str, str], kind: str, field: str) -> Decimal:
    code = {"F": "002", "I": "001"}[row["section"]]
    if kind == "ordre":
        return Decimal(0)
    return Decimal(summary["resultat_reporte"][code][row["codrd"]][field])


@pytest.mark.parametrize("name", sorted({**CONFIRM, **FAULTY}))
def test_every_file_written_is_valid(name: str, tmp_path: Path) -> None:
    path = document(name)
    formats = FORMATS if path.stat().st_size < LONG else ("csv", "json")
    done = engine.convert(path, tmp_path, formats=formats)
    package = next(output.path for output in done.outputs if output.kind == "datapackage")
    told = frictionless.validate(str(package))
    assert told.valid, told.flatten(["title", "rowNumber", "fieldName", "type"])[:5]
    has_strict = any(output.kind == "scdl" for output in done.outputs)
    assert has_strict == (name != "mauvais_siret")


def test_the_ratios_of_a_cfu_are_those_of_its_lines() -> None:
    summary = read_once("cfu-2023-m57a-mohon").summary
    ratios = {row["code"]: row["valeur"] for row in summary["ratios"]}
    assert summary["par_habitant"]["F"]["D"] == ratios["DepRFonc"]
    assert summary["par_habitant"]["F"]["R"] == ratios["RecRFonc"]
    assert summary["par_habitant"]["equipement"] == ratios["DepEq"]
    assert summary["taux_epargne_brute"] == ratios["EparRFonc"]
    assert "Q15" not in read_once("cfu-2023-m57a-mohon").report.codes()


def test_the_result_of_a_year_opens_the_next() -> None:
    """Montreuil 2018 takes over what 2017 closed with, to the cent."""
    before = document("ca-2017-m14-montreuil")
    told = engine.check(document("ca-2018-m14-montreuil"), previous=before)
    assert not {"Q03", "Q11", "Q22"} & set(told.codes())
    closing = read_once("ca-2017-m14-montreuil").summary["resultats"]["F"]["cloture"]
    assert closing == "15104481.16"


@pytest.mark.parametrize("year", [2017, 2018, 2019])
def test_own_debt_agrees_with_the_lines_and_the_ratio_of_the_document(year: int) -> None:
    """Refinancing (2017, 2019) says loans again: counted twice, both would differ."""
    told = read_once(f"ca-{year}-m14-montreuil")
    assert "Q13" not in told.report.codes()
    summary = told.summary
    per_head = Decimal(summary["dette"]["capital_restant_du"]) / summary["population"]
    stated = next(r["valeur"] for r in summary["ratios"] if r["code"] == "EncDettePop")
    assert abs(per_head - Decimal(stated)) < Decimal(stated) * Decimal("0.02")


def test_the_regional_file_published_elsewhere_is_caught() -> None:
    """Two years without most of their revenue, and two rows said twice: nobody had seen it."""
    from ckanext.budgetod.engine.checks.of_tables import check_tables
    from ckanext.budgetod.engine.readers.scdl import open_scdl

    path = REAL / "expected" / "scdl-like-ca-region-grand-est-2016-2020.csv"
    with open_scdl(path) as table:
        told = check_tables(table.lines())
    codes = {budget.exercice: {finding.code for finding in budget.findings} for budget in told}
    assert "Q01" in codes[2016] & codes[2017]
    assert "Q03" in codes[2018]
    assert not {"Q01", "Q03"} & (codes[2019] | codes[2020])
    assert sum(f.count for budget in told for f in budget.findings if f.code == "Q16") == 2

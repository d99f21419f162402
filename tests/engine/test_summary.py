"""The summary: every figure found again in the strict CSV, no sum that must not be made."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import (
    Spec,
    budget_element,
    cfu_document,
    fictional_siret,
    totem_document,
)
from ckanext.budgetod.engine.builder_annexes import sample_annexes
from ckanext.budgetod.engine.builder_department import department_cfu
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.engine.informations import parse_number
from ckanext.budgetod.engine.pipeline import read

SECTIONS = {"F": "fonctionnement", "I": "investissement"}
SIDES = {"D": "dépense", "R": "recette"}
KINDS = {"reel": "réel", "ordre": "ordre"}
COLUMNS = {"prevu": "BGT_CREDOUV", "realise": "BGT_MTREAL", "restes": "BGT_MTRAR3112"}
RESULTS = ("001", "002")


@lru_cache(maxsize=6)
def converted(kind: str = "ca") -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The summary of a fictional document, and the rows of its strict CSV."""
    documents = {
        "ca": lambda: totem_document(annexes=True, seal=True),
        "cfu": lambda: cfu_document(annexes=True),
        "department": department_cfu,
        "function": lambda: totem_document(nat_fonc="2"),
        "bp": lambda: totem_document(stage="BP"),
        "project": lambda: totem_document(stage="BP", projet=True, lines=proposed_lines()),
    }
    document = documents[kind]()
    target = io.BytesIO()
    engine.write_scdl(io.BytesIO(document), target)
    rows = list(csv.DictReader(io.StringIO(target.getvalue().decode())))
    return read(io.BytesIO(document)).summary, rows


def proposed_lines() -> list[dict[str, str]]:
    """Lines of a project that only says what is proposed."""
    return [
        {name: text for name, text in line.items() if name not in ("MtPrev", "CredOuv")}
        | {"MtPropNouv": line["CredOuv"]}
        for line in sample_lines(stage=Stage.BP)
    ]


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column] or "0") for row in rows), Decimal("0.00"))


def of(rows: list[dict[str, str]], section: str, side: str, kind: str) -> list[dict[str, str]]:
    wanted = (SECTIONS[section], SIDES[side], KINDS[kind])
    return [
        row
        for row in rows
        if (row["BGT_SECTION"], row["BGT_CODRD"], row["BGT_OPBUDG"]) == wanted
        and row["BGT_NATURE"] not in RESULTS
    ]


@pytest.mark.parametrize("kind", ["ca", "cfu", "department", "function", "bp"])
def test_totals_are_those_of_the_rows(kind: str) -> None:
    summary, rows = converted(kind)
    for section in SECTIONS:
        for side in SIDES:
            for name in KINDS:
                mine = of(rows, section, side, name)
                told = summary["totals"][section][side][name]
                assert told["lignes"] == len(mine)
                for field, column in COLUMNS.items():
                    assert Decimal(told[field]) == total(mine, column), (section, side, field)


def matches(row: dict[str, str], trace: str, code: str) -> bool:
    """``(90|93)BGT_FONCTION*``: behind one of these, the column starts with the code."""
    behind, column, starts = re.fullmatch(r"(?:\((.*)\))?(\w+)(\*?)", trace).groups()  # type: ignore[union-attr]
    places = [f"{before}{code}" for before in (behind or "").split("|")]
    return row[column].startswith(tuple(places)) if starts else row[column] in places


@pytest.mark.parametrize("name", ["chapitres", "fonctions", "natures"])
@pytest.mark.parametrize("kind", ["ca", "cfu", "department", "function", "bp", "project"])
def test_every_group_is_found_again_by_its_trace(kind: str, name: str) -> None:
    summary, rows = converted(kind)
    traces = summary["traces"]
    assert summary[name]
    for group in summary[name]:
        same = of(rows, group["section"], group["sens"], "ordre" if group.get("ordre") else "reel")
        mine = [row for row in same if matches(row, traces[name][-1], group["code"])]
        assert group["lignes"] == len(mine) > 0
        for amount in ("prevu", "realise", "restes"):
            found = sum((total(mine, column) for column in traces[amount]), Decimal(0))
            assert Decimal(group[amount]) == found, (group, amount)


def test_a_project_is_told_by_its_propositions() -> None:
    summary, _ = converted("project")
    assert summary["traces"]["prevu"] == ["BGT_MTPROPNOUV", "BGT_MTRARPREC"]
    assert Decimal(summary["totals"]["F"]["D"]["reel"]["prevu"]) > 1_000_000


def test_groups_have_names_and_three_levels() -> None:
    summary, _ = converted()
    for name in ("chapitres", "fonctions", "natures"):
        assert all(group["libelle"] for group in summary[name]), name
    for name in ("fonctions", "natures"):
        assert {group["niveau"] for group in summary[name]} == {1, 2, 3}
        codes = {(g["section"], g["sens"], g["code"]) for g in summary[name]}
        for group in summary[name]:
            if group["parent"]:
                assert (group["section"], group["sens"], group["parent"]) in codes


def test_functions_of_a_budget_voted_by_function() -> None:
    summary, _ = converted("function")
    codes = {group["code"] for group in summary["fonctions"]}
    assert {"0", "02", "020", "2", "212"} <= codes
    assert not any(code.startswith("9") for code in codes)


def test_results_of_earlier_years_stand_apart() -> None:
    summary, rows = converted()
    carried = [row for row in rows if row["BGT_NATURE"] == "002"]
    assert Decimal(summary["resultat_reporte"]["002"]["R"]["realise"]) == total(
        carried, "BGT_MTREAL"
    )
    assert not any(group["code"] in RESULTS for group in summary["natures"])
    assert not any(group["code"] in RESULTS for group in summary["chapitres"])


def test_results_close_the_year() -> None:
    summary, rows = converted()
    for section, name in SECTIONS.items():
        mine = [row for row in rows if row["BGT_SECTION"] == name]
        signs = {"recette": 1, "dépense": -1}
        closing = sum(signs[r["BGT_CODRD"]] * Decimal(r["BGT_MTREAL"] or 0) for r in mine)
        assert Decimal(summary["resultats"][section]["cloture"]) == closing
    assert converted("bp")[0]["resultats"] == {}


def test_savings_and_figures_per_head() -> None:
    summary, _ = converted()
    real = {side: summary["totals"]["F"][side]["reel"]["realise"] for side in SIDES}
    gross = Decimal(real["R"]) - Decimal(real["D"])
    assert Decimal(summary["epargne_brute"]) == gross
    assert Decimal(summary["epargne_nette"]) == gross - Decimal(summary["remboursement_capital"])
    assert summary["population"] == 12480
    head = Decimal(summary["par_habitant"]["F"]["D"])
    assert head == (Decimal(real["D"]) / 12480).quantize(Decimal("0.01"))


def test_a_budget_speaks_of_what_is_planned() -> None:
    summary, _ = converted("bp")
    assert summary["montants"] == "prevu"
    assert summary["execution"] == {}
    planned = Decimal(summary["totals"]["F"]["D"]["reel"]["prevu"])
    assert Decimal(summary["par_habitant"]["F"]["D"]) == round(planned / 12480, 2)


def test_credits_of_a_vendor_that_only_fills_the_vote() -> None:
    """Credits = CredOuv when any line fills it, else MtPrev + MtRARPrec: never a mix."""
    bare = []
    for line in sample_lines("M57-M57_D", Stage.BP):
        bare.append({k: v for k, v in line.items() if k != "CredOuv"} | {"MtRARPrec": "1.00"})
    summary = read(io.BytesIO(totem_document(stage="BP", lines=bare))).summary
    told = summary["totals"]["F"]["D"]["reel"]
    planned = sum(
        Decimal(line["MtPrev"]) + 1
        for line in bare
        if line["ContNat"] in ("011", "012", "65", "66") and line["CodRD"] == "D"
    )
    assert Decimal(told["prevu"]) == planned


def test_ratios_and_stratum_means_with_their_source() -> None:
    informations = {
        "PopTot": "12 480",
        "ValDepRFonc": "310,50",
        "MoyNatDepRFonc": "1 151",
        "ValDepPers": "54,85 %",
        "MoyNatFin4T": "0,00",
        "SourceRatio": "DGCL 2022",
    }
    summary = read(io.BytesIO(totem_document(informations=informations))).summary
    assert summary["ratios"] == [
        {"code": "DepRFonc", "valeur": "310.50", "moyenne": "1151", "unite": "euros"},
        {"code": "DepPers", "valeur": "54.85", "moyenne": None, "unite": "pourcent"},
    ]
    assert summary["source_ratio"] == "DGCL 2022"


def test_own_debt_is_not_guaranteed_debt() -> None:
    loans = [
        {"CodTypEmpr": "01", "MtCapitalRestDu_31_12": "1000.00"},
        {"CodTypEmpr": "09", "MtCapitalRestDu_31_12": "77000.00"},
    ]
    summary = read(io.BytesIO(totem_document(annexes={"EMPRUNT": loans}))).summary
    assert Decimal(summary["dette"]["capital_restant_du"]) == 1000
    assert Decimal(summary["dette"]["garanti"]) == 77000


def test_staff_and_subsidies_come_from_the_original() -> None:
    """Staff lines are left out of everything published; their totals are not."""
    summary, _ = converted()
    assert Decimal(summary["personnel"]["effectif_pourvu"]) == Decimal("29.30")
    assert Decimal(summary["subventions"]["total"]) == 145000


def test_annexe_budgets_named_by_the_principal() -> None:
    row = {"CodTypBudAgreg": "02", "CodBudAnnex": "02", "LibBudAnnex": "Eau", "CodInvFonc": "F"}
    rows = [{**row, "CodRD": side, "MtCredOuv": "1.00"} for side in SIDES]
    document = totem_document(annexes={"CONSOLIDATION": rows})
    summary = read(io.BytesIO(document)).summary
    assert summary["budgets_annexes"] == [{"code": "02", "libelle": "Eau", "siret": ""}]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("112 864", "112864"),
        ("112\u00a0864", "112864"),
        ("3\u202f446", "3446"),
        ("1 234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("85,2 %", "85.2"),
        ("0,22€", "0.22"),
        ("500 TTC", "500"),
        ("-12,5", "-12.5"),
        ("NaN", None),
        ("", None),
        ("26/06/2003", None),
        ("environ 12", None),
        ("1e5", None),
    ],
)
def test_numbers_that_people_type(text: str, number: str | None) -> None:
    assert parse_number(text) == (None if number is None else Decimal(number))


def test_the_summary_is_plain_json(tmp_path: Path) -> None:
    summary, _ = converted()
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(summary))
    assert json.loads(path.read_text()) == summary


def test_the_page_of_the_formats_names_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats-json.md").read_text(encoding="utf-8")
    report, figures = page.split("## The figures")
    schema = Path(engine.__file__).with_name("report.schema.json").read_text(encoding="utf-8")
    for key in json.loads(schema)["properties"]:
        assert f"`{key}`" in report, key
    for key in converted()[0]:
        assert f"`{key}`" in figures, key


def loan(kind: str, capital: str, repaid: str = "0.00") -> dict[str, str]:
    return {"CodTypEmpr": kind, "MtCapitalRestDu_31_12": capital, "MtCapitalExer": repaid}


def test_the_statement_of_refinancing_counts_no_loan_twice() -> None:
    """It says again what loans of the other statements are worth (CodTypEmpr 05 to 08)."""
    rows = [
        *(loan("01", "100.00", "9.00"), loan("05", "100.00"), loan("06", "0.00", "4.00")),
        *(loan("02", "30.00"), loan("07", "30.00"), loan("08", "0.00"), loan("10", "0.00")),
    ]
    debt = read(io.BytesIO(totem_document(annexes={"EMPRUNT": rows}))).summary["dette"]
    assert debt["capital_restant_du"] == "100.00"
    assert debt["capital_exercice"] == "9.00"
    assert debt["pour_autrui"] == "30.00"


def test_each_budget_of_a_document_has_its_own_annexes() -> None:
    annexe = Spec(siret=fictional_siret("215709908", 2), annexe=True, code_budget="02")
    tables = sample_annexes()
    few = {"EMPRUNT": [loan("01", "5.00")]}
    budgets = [(Spec(), tables), (annexe, few), (annexe, {})]
    document = totem_document(
        budgets=[budget_element(spec, sample_lines(), rows) for spec, rows in budgets]
    )
    principal = read(io.BytesIO(document))
    alone = read(io.BytesIO(totem_document(annexes=True))).summary
    water, empty = (other.summary for other in principal.others)
    for name in ("dette", "personnel", "subventions", "annexes"):
        assert principal.summary[name] == alone[name], name
    assert water["dette"] == {"capital_restant_du": "5.00", "capital_exercice": "0.00"}
    assert water["annexes"] == {"EMPRUNT": 1}
    assert water["personnel"] == water["subventions"] == empty["dette"] == empty["annexes"] == {}
    told = [finding for finding in principal.report.findings if finding.code == "P01"]
    assert told
    for other in principal.others:
        assert "P01" not in other.report.codes()

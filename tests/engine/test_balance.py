"""From balances by account to SCDL lines: which amounts, which chapters, to the cent, reported."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import defaultdict
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import VALMOSELLE, fictional_siret
from ckanext.budgetod.engine.findings_render import render
from ckanext.budgetod.engine.nomenclature import plans
from ckanext.budgetod.engine.nomenclature.dgfip import nomenclature_of
from ckanext.budgetod.engine.readers.balance import euros
from ckanext.budgetod.engine.report import Report
from ckanext.budgetod.engine.scdl.schema import table_schema

SIREN = VALMOSELLE[:9]
ANNEXE = fictional_siret(SIREN, 2)
CCAS = fictional_siret(SIREN, 3)
AMOUNTS = ("bedeb", "becre", "obnetdeb", "obnetcre", "onbdeb", "onbcre", "oobdeb", "oobcre")


def row(compte: str, **changes: Any) -> dict[str, str]:
    """A row of the DGFiP's: every amount 0.0 unless given."""
    texts = {
        "exer": "2024",
        "ident": VALMOSELLE,
        "ndept": "057",
        "lbudg": "VALMOSELLE",
        "cbudg": "1",
        "ctype": "101",
        "cstyp": "00",
        "nomen": "M57",
        "siren": SIREN,
        "bal": "DEF",
        "compte": compte,
        **dict.fromkeys(AMOUNTS, "0.0"),
    }
    return texts | {name: str(value) for name, value in changes.items()}


BALANCE = [
    row("60612", obnetdeb="125000.5"),
    row("64111", obnetdeb="400000.0"),
    row("6419", obnetcre="1200.0"),
    row("6811", obnetdeb="50000.0", oobdeb="50000.0"),
    row("73111", obnetcre="700000.0"),
    row("1641", obnetdeb="30000.0", obnetcre="100000.0", becre="900000.0"),
    row("21318", obnetdeb="83131.0", oobdeb="3131.0", bedeb="2000000.0"),
    row("28188", obnetcre="50000.0", oobcre="50000.0"),
    row("2031", obnetcre="3131.0", oobcre="3131.0"),
    row("515", onbdeb="9.0", onbcre="8.0", bedeb="5.0"),
    row("4111", bedeb="5.0"),
]
EAU = [
    row("7011", obnetcre="50.5", ident=ANNEXE, lbudg="EAU - VALMOSELLE", cbudg="3", nomen="M49"),
    row("6061", obnetdeb="20.25", ident=ANNEXE, lbudg="EAU - VALMOSELLE", cbudg="3", nomen="M49"),
]


def convert(rows: list[dict[str, str]], out: Path, **options: Any) -> list[Any]:
    given = {"siren": SIREN, "exercice": 2024, "collectivite": "Valmoselle", **options}
    return engine.convert_balance(rows, out, **given)


def only(rows: list[dict[str, str]], out: Path, **options: Any) -> Any:
    (done,) = convert(rows, out, **options)
    return done


def lines(done: Any) -> list[dict[str, str]]:
    path = next(output.path for output in done.outputs if output.kind == "scdl")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def line_of(done: Any, nature: str) -> dict[str, str]:
    (found,) = (line for line in lines(done) if line["BGT_NATURE"] == nature)
    return found


def finding(done: Any, code: str) -> Any:
    (found,) = (found for found in done.report.findings if found.code == code)
    return found


# -- lines ----------------------------------------------------------------------------------------


def test_a_line_of_an_account(tmp_path: Path) -> None:
    found = line_of(only(BALANCE, tmp_path), "60612")
    assert {name: text for name, text in found.items() if text} == {
        "BGT_NATDEC": "compte administratif",
        "BGT_ANNEE": "2024",
        "BGT_SIRET": VALMOSELLE,
        "BGT_NOM": "Valmoselle",
        "BGT_CONTNAT": "011",
        "BGT_CONTNAT_LABEL": "Charges à caractère général",
        "BGT_NATURE": "60612",
        "BGT_NATURE_LABEL": "Energie - Electricité",
        "BGT_SECTION": "fonctionnement",
        "BGT_OPBUDG": "réel",
        "BGT_CODRD": "dépense",
        "BGT_MTREAL": "125000.50",
    }


def test_chapters_follow_the_side_and_the_kind(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path)
    told = [
        tuple(line[f"BGT_{name}"] for name in ("NATURE", "CONTNAT", "OPBUDG", "CODRD", "MTREAL"))
        for line in lines(done)
    ]
    assert told == [
        ("1641", "16", "réel", "dépense", "30000.00"),
        ("1641", "16", "réel", "recette", "100000.00"),
        ("2031", "040", "ordre", "recette", "3131.00"),
        ("21318", "21", "réel", "dépense", "80000.00"),
        ("21318", "040", "ordre", "dépense", "3131.00"),
        ("28188", "040", "ordre", "recette", "50000.00"),
        ("60612", "011", "réel", "dépense", "125000.50"),
        ("64111", "012", "réel", "dépense", "400000.00"),
        ("6419", "013", "réel", "recette", "1200.00"),
        ("6811", "042", "ordre", "dépense", "50000.00"),
        ("73111", "731", "réel", "recette", "700000.00"),
    ]


def test_what_is_no_execution_is_left_out_and_counted(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path)
    assert done.report.rows == {
        "read": 11,
        "written": 11,
        "valid": 11,
        "balance": 11,
        "without_movement": 2,
        "outside": 0,
    }


def test_the_strict_file_alone_and_valid(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path)
    (output,) = done.outputs
    assert output.kind == "scdl"
    assert [path.name for path in tmp_path.iterdir()] == [output.path.name]
    assert output.path.name == f"budget-{SIREN}-2024-ca-principal-scdl.csv"
    schema = frictionless.Schema.from_descriptor(table_schema())
    with frictionless.system.use_context(trusted=True):
        told = frictionless.Resource(path=str(output.path), schema=schema).validate()
    assert told.valid, told.flatten(["rowNumber", "fieldName", "message"])
    assert not done.report.absent_files


def test_extended_files_are_those_of_a_document(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path, extended=True)
    kinds = [output.kind for output in done.outputs]
    assert kinds == ["scdl", "etendu", "report_json", "report_csv", "summary", "datapackage"]
    assert {output.path for output in done.outputs} == set(tmp_path.iterdir())
    told = frictionless.validate(str(done.outputs[-1].path))
    assert told.valid, told.flatten(["name", "rowNumber", "fieldName", "message"])
    data = json.loads(done.outputs[2].path.read_text())
    jsonschema.validate(
        data, json.loads((files("ckanext.budgetod.engine") / "report.schema.json").read_text())
    )
    assert Report.from_dict(data).to_dict() == done.report.to_dict()


def test_main_budget_first_then_annexes_by_label(tmp_path: Path) -> None:
    ccas = [row("6068", obnetdeb=1, ident=CCAS, lbudg="CCAS DE VALMOSELLE", cbudg="2")]
    done = convert([*EAU, *ccas, *BALANCE], tmp_path)
    assert [(c.header.siret, c.header.type_budget) for c in done] == [
        (VALMOSELLE, "P"),
        (CCAS, "A"),
        (ANNEXE, "A"),
    ]
    assert [line["BGT_NOM"] for line in lines(done[2])] == ["EAU - VALMOSELLE"] * 2
    assert done[2].header.siret_principal == VALMOSELLE
    assert done[2].header.nomenclature == "M4-M49_D"
    assert done[2].report.document["collectivite"] == "Valmoselle"
    names = {output.path.name for c in done for output in c.outputs}
    assert f"budget-{SIREN}-2024-ca-annexe-{ANNEXE[9:]}-scdl.csv" in names
    assert len(names) == 3


def test_an_annexe_of_one_section_is_no_surprise(tmp_path: Path) -> None:
    main, annexe = convert([row("60612", obnetdeb=1), *EAU], tmp_path)
    assert "Q02" in main.report.codes()
    assert "Q02" not in annexe.report.codes()


def test_functions_and_identical_rows(tmp_path: Path) -> None:
    rows = [
        row("60612", fonction="020", obnetdeb="1.10"),
        row("60612", fonction="020", obnetdeb="2.20"),
        row("60612", fonction="311", obnetdeb="4"),
    ]
    done = only(rows, tmp_path)
    told = [(found["BGT_FONCTION"], found["BGT_MTREAL"]) for found in lines(done)]
    assert told == [("020", "3.30"), ("311", "4.00")]
    assert all(found["BGT_FONCTION_LABEL"] for found in lines(done))


def test_sums_that_cancel_are_no_line(tmp_path: Path) -> None:
    done = only([row("60612", obnetdeb="5"), row("60612", obnetdeb="-5")], tmp_path)
    assert done.report.rows["read"] == 0
    assert done.outputs == []
    assert done.report.absent_files == ({"kind": "scdl", "reason": "aucune_ligne"},)


# -- amounts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("680305.5800000001", "680305.58"),
        ("680305.5799999999", "680305.58"),
        ("1.0E7", "10000000.00"),
        ("1.33967997172E9", "1339679971.72"),
        ("12,5", "12.50"),
        ("-0.0", "0.00"),
        ("", "0.00"),
        (" 7 ", "7.00"),
        ("-3.1", "-3.10"),
    ],
)
def test_amounts_as_sources_write_them(text: str, expected: str) -> None:
    assert str(euros(text)) == expected


@pytest.mark.parametrize("text", ["NaN", "inf", "1e999999999", "abc", "1 2", "12.345", "9" * 41])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        euros(text)


def test_an_unreadable_amount_is_told_and_nothing_is_guessed(tmp_path: Path) -> None:
    done = only([*BALANCE, row("6068", obnetdeb="NaN", obnetcre="4")], tmp_path)
    assert finding(done, "Q20").count == 1
    assert line_of(done, "6068")["BGT_CODRD"] == "recette"


def test_a_negative_amount_keeps_its_sign_and_is_told(tmp_path: Path) -> None:
    done = only([row("21318", obnetdeb="10", oobdeb="25.5")], tmp_path)
    told = [(found["BGT_OPBUDG"], found["BGT_MTREAL"]) for found in lines(done)]
    assert told == [("réel", "-15.50"), ("ordre", "25.50")]
    found = finding(done, "H01")
    assert found.level.value == "info"
    assert found.params == {"n": 1, "montant": "-15.50"}
    assert "−15,50" in render(found, "fr")["what"]


def test_missing_columns_are_refused() -> None:
    rows = [{key: text for key, text in row("60612").items() if key != "oobdeb"}]
    with pytest.raises(ValueError, match="oobdeb"):
        convert(rows, Path("unused"))


# -- what cannot be a line ------------------------------------------------------------------------


def test_accounts_outside_the_budget_are_told_not_lost(tmp_path: Path) -> None:
    rows = [*BALANCE, row("8018", obnetdeb="100"), row("AB1", obnetcre="3"), row("8018")]
    done = only(rows, tmp_path)
    found = finding(done, "H02")
    assert found.params == {"n": 2, "codes": ["8018", "AB1"], "debit": "100.00", "credit": "3.00"}
    assert done.report.rows["outside"] == 2
    assert done.report.rows["read"] == 11


def test_an_account_finer_than_the_plan_is_named_after_the_one_above(tmp_path: Path) -> None:
    done = only([row("606129", obnetdeb="1")], tmp_path)
    found = line_of(done, "606129")
    assert (found["BGT_CONTNAT"], found["BGT_NATURE_LABEL"]) == ("011", "Energie - Electricité")
    assert finding(done, "H04").params == {"n": 1, "codes": ["606129"]}


def test_an_account_on_a_side_that_no_role_foresees_keeps_a_chapter(tmp_path: Path) -> None:
    done = only([row("60612", obnetcre="1")], tmp_path)
    found = line_of(done, "60612")
    assert (found["BGT_CONTNAT"], found["BGT_CODRD"]) == ("011", "recette")


def test_an_account_booked_above_the_plan_s_leaves_keeps_their_chapter(tmp_path: Path) -> None:
    """Abridged balances book on 621, where the plan gives roles to 6211, 6215… only."""
    rows = [row("621", obnetdeb="1", ident=CCAS, nomen="M14", ctype="431")]
    found = line_of(only(rows, tmp_path, exercice=2020, population=900), "621")
    assert (found["BGT_CONTNAT"], found["BGT_SECTION"]) == ("012", "fonctionnement")


def test_services_without_functions_get_none(tmp_path: Path) -> None:
    rows = [account | {"fonction": "01"} for account in EAU]
    done = only(rows, tmp_path)
    assert {line["BGT_FONCTION"] for line in lines(done)} == {""}
    assert "N05" not in done.report.codes()


def test_an_unknown_plan_gives_no_strict_file(tmp_path: Path) -> None:
    done = only([row("60612", obnetdeb="1", nomen="M22")], tmp_path)
    assert done.header.nomenclature == "M22-M22"
    assert "N01" in done.report.codes()
    assert done.outputs == []
    assert done.report.absent_files == ({"kind": "scdl", "reason": "lignes_non_conformes"},)


def test_a_wrong_siret_gives_no_strict_file(tmp_path: Path) -> None:
    done = only([row("60612", obnetdeb="1", ident=VALMOSELLE[:-1] + "9")], tmp_path)
    assert "I05" in done.report.codes()
    assert done.report.absent_files == ({"kind": "scdl", "reason": "siret_invalide"},)


# -- report and figures ---------------------------------------------------------------------------


def test_controls_that_need_a_document_are_silent(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path)
    assert set(done.report.codes()) == {"H03"}
    asked = {check.code for check in done.report.checks if check.state != "not_applicable"}
    assert not asked & {"S01", "S02", "S03", "S06", "I07", "Q01", "Q06", "Q10", "Q17", "P01"}
    assert {"I05", "N05", "N06", "Q07", "Q23"} <= asked
    assert done.report.seal == "unchecked"


def test_ordre_that_does_not_balance_is_told_without_element(tmp_path: Path) -> None:
    done = only([*BALANCE, row("6811", obnetdeb="1", oobdeb="1")], tmp_path)
    found = finding(done, "Q07")
    assert found.params["ecart"] == "1.00"
    assert found.where
    assert all(place.element == "" for place in found.where)


def test_ordre_lines_of_which_the_chapter_cannot_be_known(tmp_path: Path) -> None:
    found = finding(only(BALANCE, tmp_path), "H03")
    assert found.count == found.params["n"] == 2
    assert {place.note for place in found.where} == {
        "nature 2031, recette, ordre",
        "nature 21318, dépense, ordre",
    }


@pytest.mark.parametrize(("bal", "state"), [("DEF", "definitif"), ("PROV", "provisoire"), ("", "")])
def test_provisional_or_definitive(tmp_path: Path, bal: str, state: str) -> None:
    done = only([row("60612", obnetdeb="1", bal=bal)], tmp_path)
    assert done.report.document["etat"] == state
    assert done.report.document["origine"] == "balance"
    assert ("H05" in done.report.codes()) == (state == "provisoire")


def test_figures(tmp_path: Path) -> None:
    done = only(BALANCE, tmp_path, population=1000)
    summary = done.summary
    assert summary["totals"]["F"]["D"]["reel"]["realise"] == "525000.50"
    assert summary["totals"]["I"]["R"]["ordre"]["realise"] == "53131.00"
    assert summary["epargne_brute"] == "176199.50"
    assert summary["par_habitant"]["F"]["D"] == "525.00"
    assert summary["resultats"] == {"F": {"exercice": "126199.50"}, "I": {"exercice": "40000.00"}}
    assert summary["resultat_reporte"] == {}


@pytest.mark.parametrize(
    ("nomen", "exercice", "ctype", "population", "expected"),
    [
        ("M57", 2024, "101", None, "M57-M57_D"),
        ("M57", 2019, "405", None, "M57-M57"),
        ("M57A", 2023, "101", 300, "M57-M57_A"),
        ("m57a", 2025, "101", 300, "M57-M57_A"),
        ("M14", 2020, "101", None, "M14-M14_COM_SUP3500"),
        ("M14", 2020, "101", 499, "M14-M14_COM_INF500"),
        ("M14", 2020, "101", 500, "M14-M14_COM_500_3500"),
        ("M14", 2020, "101", 3500, "M14-M14_COM_SUP3500"),
        ("M14A", 2020, "101", 800, "M14-M14_COM_INF500"),
        ("M14", 2020, "431", 800, "M14-M14_CCAS_INF3500"),
        ("M4", 2024, "", None, "M4-M4"),
        ("M49A", 2024, "", None, "M4-M49_A"),
        ("M43", 2021, "", None, "M4-M43_D"),
        ("M43A", 2023, "", None, "M4-M43"),
        ("M52", 2022, "201", None, "M52-M52"),
        ("M71", 2022, "301", None, "M71-M71"),
        ("M22", 2024, "", None, "M22-M22"),
        ("", 2024, "", None, ""),
    ],
)
def test_plans_that_balances_name(
    nomen: str, exercice: int, ctype: str, population: int | None, expected: str
) -> None:
    assert nomenclature_of(nomen, exercice, ctype, population) == expected
    if expected not in ("M22-M22", ""):
        assert plans().family(expected) is not None


# -- properties -----------------------------------------------------------------------------------

CENTS = st.integers(-(10**11), 10**11).map(lambda cents: Decimal(cents).scaleb(-2))
WRITTEN = st.sampled_from(
    [str, lambda amount: repr(float(amount)), lambda amount: f"{float(amount):.10f}"]
)
ACCOUNTS = ("1641", "165", "2031", "21318", "28188", "4581", "60612", "6419", "6811", "706", "7788")
MOVES = st.tuples(
    st.sampled_from(ACCOUNTS), st.sampled_from(["", "020", "311"]), CENTS, CENTS, CENTS, CENTS
)


def rows_of(moves: list[tuple[Any, ...]], write: Any) -> list[dict[str, str]]:
    names = ("obnetdeb", "obnetcre", "oobdeb", "oobcre")
    return [
        row(compte, fonction=fonction, **dict(zip(names, map(write, amounts), strict=True)))
        for compte, fonction, *amounts in moves
    ]


def expected_sums(moves: list[tuple[Any, ...]]) -> dict[tuple[str, str, str], Decimal]:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for compte, _, net_debit, net_credit, debit, credit in moves:
        section = "fonctionnement" if compte[0] in "67" else "investissement"
        for side, net, ordre in (("dépense", net_debit, debit), ("recette", net_credit, credit)):
            sums[section, side, "réel"] += net - ordre
            sums[section, side, "ordre"] += ordre
    return {key: amount for key, amount in sums.items() if amount}


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(MOVES, max_size=12), write=WRITTEN, data=st.data())
def test_nothing_is_lost_to_the_cent_whatever_the_order(
    tmp_path: Path, moves: list[tuple[Any, ...]], write: Any, data: st.DataObject
) -> None:
    rows = rows_of(moves, write)
    if not rows:
        assert convert(rows, tmp_path) == []
        return
    done = only(rows, tmp_path)
    if not done.outputs:
        assert expected_sums(moves) == {}
        return
    content = done.outputs[0].path.read_bytes()
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for line in lines(done):
        key = (line["BGT_SECTION"], line["BGT_CODRD"], line["BGT_OPBUDG"])
        sums[key] += Decimal(line["BGT_MTREAL"])
        assert Decimal(line["BGT_MTREAL"]) != 0
    assert {key: amount for key, amount in sums.items() if amount} == expected_sums(moves)
    keys = [
        tuple(line[f"BGT_{name}"] for name in ("NATURE", "FONCTION", "CODRD", "OPBUDG"))
        for line in lines(done)
    ]
    assert len(keys) == len(set(keys))
    again = only(data.draw(st.permutations(rows)), tmp_path)
    assert again.outputs[0].path.read_bytes() == content


# -- real rows, speed -----------------------------------------------------------------------------


def test_real_rows_of_the_dgfip(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "national" / "dgfip" / "balances_communes_2024_extract_20_rows.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the real data")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
    done = engine.convert_balance(rows, tmp_path, siren=rows[0]["siren"], exercice=2024)
    assert sum(c.report.rows["balance"] for c in done) == len(rows) == 20
    told = [line for c in done if c.outputs for line in lines(c)]
    assert len(told) == sum(c.report.rows["written"] for c in done) == 10
    moved = sum(
        (
            Decimal(found[name]) * sign
            for found in rows
            for name, sign in (("obnetdeb", 1), ("obnetcre", -1))
        ),
        Decimal(0),
    )
    signs = {"dépense": 1, "recette": -1}
    assert sum(Decimal(f["BGT_MTREAL"]) * signs[f["BGT_CODRD"]] for f in told) == moved
    grenoble = next(c for c in done if c.header.libelle_etablissement == "GRENOBLE")
    assert line_of(grenoble, "1318")["BGT_MTREAL"] == "680305.58"


def test_a_commune_takes_milliseconds(tmp_path: Path) -> None:
    """150 accounts, plans loaded: the harvest of a region does it thousands of times."""
    plan = plans().plan("M57-M57_D", 2024)
    assert plan is not None
    accounts = [entry for entry in plan.tables["compte"].values() if any(entry.roles[:2])][:150]
    rows = [
        row(
            account.code,
            obnetdeb="12.34" if account.roles[0] else "0.0",
            obnetcre="56.78" if account.roles[1] else "0.0",
        )
        for account in accounts
    ]
    done = only(rows, tmp_path)
    assert done.report.rows["written"] > 100
    durations = []
    for _ in range(5):
        start = time.process_time()
        convert(rows, tmp_path)
        durations.append(time.process_time() - start)
    assert min(durations) < 0.05, "about 10 ms on an idle core"

"""Strict and extended rows, the only CSV writer, and the validator of rows."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.budgetod.engine.builder import VALMOSELLE
from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    LabelSource,
    ResolvedLine,
    ResolvedLines,
    Stage,
)
from ckanext.budgetod.engine.scdl import schema
from ckanext.budgetod.engine.scdl.mapping import (
    ExtendedRows,
    StrictRows,
    budget_name,
    first_level,
    stage_detail,
    supplements,
)
from ckanext.budgetod.engine.scdl.validator import BadCell, RowValidator
from ckanext.budgetod.engine.scdl.writer import CsvWriter, guarded, write_csv

SIRET = VALMOSELLE
HEADER = Header(
    siret=SIRET,
    exercice=2023,
    stage=Stage.CA,
    libelle_collectivite="Ville de Valmoselle",
    libelle_etablissement="Budget principal",
)
LINE = BudgetLine(
    index=1,
    source_line=10,
    nature="60612",
    fonction="020",
    operation="",
    cont_nat="011",
    cont_fon="",
    cont_op="",
    art_spe=False,
    cod_rd="D",
    op_budg="0",
    typ_op_budg="",
    lib_compte="",
    compte_tiers="",
    mt_real=Decimal("-12.50"),
    mt_budg_prec=None,
    mt_rar_prec=Decimal("0"),
    mt_prop_nouv=None,
    mt_prev=Decimal("1000000.00"),
    cred_ouv=Decimal("3"),
    mt_rar_3112=None,
)
RESOLVED = ResolvedLine(
    line=LINE,
    chapitre="011",
    chapitre_label="Charges à caractère général",
    section="F",
    nature_label="Énergie, électricité",
    fonction_label="Administration générale",
    chapter_origin=ChapterOrigin.OWN,
    nature_source=LabelSource.EXACT,
    fonction_source=LabelSource.EXACT,
)


def strict(header: Header = HEADER, resolved: ResolvedLine = RESOLVED) -> dict[str, str]:
    row = StrictRows(header, SIRET).row(resolved)
    return dict(zip(schema.COLUMNS, row, strict=True))


def written(columns, rows, **options) -> bytes:
    out = io.BytesIO()
    write_csv(out, columns, rows, **options)
    return out.getvalue()


# -- rows -----------------------------------------------------------------------------------------


def test_the_22_columns_in_their_order() -> None:
    assert len(schema.COLUMNS) == 22
    assert list(strict().values()) == [
        "compte administratif",
        "2023",
        SIRET,
        "Ville de Valmoselle",
        "011",
        "Charges à caractère général",
        "60612",
        "Énergie, électricité",
        "020",
        "Administration générale",
        "",
        "fonctionnement",
        "réel",
        "dépense",
        "-12.50",
        "",
        "0",
        "",
        "1000000.00",
        "3",
        "",
        "non spécialisé",
    ]


@pytest.mark.parametrize(
    ("stage", "natdec", "detail"),
    [
        (Stage.BP, "budget primitif", "budget primitif"),
        (Stage.BS, "budget supplémentaire", "budget supplémentaire"),
        (Stage.DM, "décision modificative", "décision modificative n° 2"),
        (Stage.CA, "compte administratif", "compte administratif"),
        (Stage.CFU, "compte administratif", "compte financier unique"),
    ],
)
def test_stages(stage: Stage, natdec: str, detail: str) -> None:
    header = replace(HEADER, stage=stage, numero_dm="2")
    assert strict(header)["BGT_NATDEC"] == natdec
    assert stage_detail(header) == detail


def test_name_of_principal_and_annexe() -> None:
    annexe = replace(HEADER, type_budget="A", libelle_etablissement="Eau")
    assert budget_name(HEADER) == "Ville de Valmoselle"
    assert budget_name(annexe) == "Eau"
    assert budget_name(annexe, "collectivite") == "Ville de Valmoselle"
    assert budget_name(HEADER, "etablissement") == "Budget principal"
    assert budget_name(replace(HEADER, libelle_collectivite="")) == "Budget principal"


@pytest.mark.parametrize(("art_spe", "text"), [(True, "spécialisé"), (None, "")])
def test_artspe(art_spe: bool | None, text: str) -> None:
    resolved = RESOLVED._replace(line=LINE._replace(art_spe=art_spe))
    assert strict(resolved=resolved)["BGT_ARTSPE"] == text


def test_a_line_voted_by_chapter_names_its_chapter() -> None:
    cells = strict(resolved=RESOLVED._replace(line=LINE._replace(nature=""), nature_label=""))
    assert cells["BGT_NATURE"] == "011"
    assert cells["BGT_NATURE_LABEL"] == "Charges à caractère général"


def test_extended_rows_say_what_the_schema_cannot() -> None:
    header = replace(HEADER, stage=Stage.DM, numero_dm="2", type_budget="A")
    line = LINE._replace(mt_sup=(("ICNE", "1.00"), ("icne", "2"), ("Neuf", "3"), ("Brut", "x")))
    rows = ExtendedRows(header, lambda code: {"0": "Services généraux"}.get(code, ""))
    lines = ResolvedLines.of([RESOLVED._replace(line=line)])
    row = [text for (text,) in rows.columns(lines)]
    further = schema.EXTENDED_COLUMNS[len(schema.COLUMNS) :]
    cells = dict(zip(further, row, strict=True))
    assert cells["BGT_ETAPE_DETAIL"] == "décision modificative n° 2"
    assert cells["BGT_BUDGET_TYPE"] == "annexe"
    assert cells["BGT_BUDGET_LIBELLE"] == "Budget principal"
    assert (cells["BGT_FONCTION_N1"], cells["BGT_FONCTION_N1_LABEL"]) == ("0", "Services généraux")
    assert cells["BGT_MTSUP_ICNE"] == "1.00"
    assert cells["BGT_MTSUP_AUTRES"] == "icne=2;Neuf=3;Brut=x"


@pytest.mark.parametrize(
    ("fonction", "by_function", "level"),
    [
        ("020", False, "0"),
        ("", False, ""),
        ("93020", True, "0"),
        ("92", True, ""),
        ("926", True, ""),
    ],
)
def test_first_level_of_a_function(fonction: str, by_function: bool, level: str) -> None:
    assert first_level(fonction, by_function) == level


def test_no_supplement_is_all_empty() -> None:
    assert supplements([LINE.mt_sup]) == [("",)] * (len(schema.MTSUP_COLUMNS) + 1)


# -- writer ---------------------------------------------------------------------------------------


def test_the_bytes_of_a_file() -> None:
    rows = [["a", None, Decimal("1E+3")], [True, date(2024, 1, 2), 'dit "non", ici']]
    assert (
        written(["x", "y", "é"], rows)
        == ('x,y,é\na,,1000\ntrue,2024-01-02,"dit ""non"", ici"\n').encode()
    )


def test_identical_rows_stay_apart() -> None:
    assert written(["a"], [["1"], ["1"]]).count(b"1\n") == 2


def test_no_line_break_and_no_nul_in_a_cell() -> None:
    assert written(["a"], [["x\r\ny\rz\x00\nw"]]) == b"a\nx y z w\n"


def test_guard_touches_free_text_only() -> None:
    cells = ["=1+1", "-12.50", "@x"]
    assert written(["t", "n", "u"], [cells], guard=("t", "u")) == b"t,n,u\n'=1+1,-12.50,'@x\n"
    assert written(["t", "n", "u"], [cells]) == b"t,n,u\n=1+1,-12.50,@x\n"
    assert not schema.FREE_TEXT & set(schema.AMOUNT_COLUMNS)
    assert not schema.FREE_TEXT & {"BGT_NATURE", "BGT_CONTNAT", "BGT_FONCTION", "BGT_SIRET"}


@given(st.text(max_size=12))
def test_a_guarded_text_is_no_formula(text: str) -> None:
    safe = guarded(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe in (text, f"'{text}")


def test_a_row_must_fit_its_columns() -> None:
    with (
        pytest.raises(ValueError, match="3 cells for 2 columns"),
        CsvWriter(io.BytesIO(), "ab") as w,
    ):
        w.write(["1", "2", "3"])


def test_many_rows_to_a_path(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert write_csv(path, ["n"], ([n] for n in range(1000))) == 1000
    assert path.read_text("utf-8").splitlines()[-1] == "999"


def test_a_stream_stays_open() -> None:
    out = io.BytesIO()
    write_csv(out, ["n"], [])
    assert not out.closed
    assert out.getvalue() == b"n\n"


# -- validator ------------------------------------------------------------------------------------

GOOD = StrictRows(HEADER, SIRET).row(RESOLVED)
BAD = {
    "BGT_NATDEC": [("", "empty"), ("Budget primitif", "not_listed")],
    "BGT_ANNEE": [("", "empty"), ("23", "not_a_year"), ("2023.0", "not_a_year")],
    "BGT_SIRET": [("", "empty"), ("2157099080001", "not_a_siret"), ("21570990800011", "wrong_key")],
    "BGT_NOM": [("", "empty")],
    "BGT_CONTNAT": [("", "empty"), ("1234567890", "too_long")],
    "BGT_FONCTION": [("1234567890", "too_long")],
    "BGT_SECTION": [("", "empty"), ("Fonctionnement", "not_listed")],
    "BGT_OPBUDG": [("reel", "not_listed")],
    "BGT_CODRD": [("depense", "not_listed")],
    "BGT_MTREAL": [("1,5", "not_a_number"), ("NaN", "not_a_number"), ("1 000", "not_a_number")],
    "BGT_ARTSPE": [("true", "not_listed")],
}
BAD_CELLS = [(column, *case) for column, cases in BAD.items() for case in cases]


def changed(column: str, text: str) -> list[str]:
    row = list(GOOD)
    row[schema.COLUMNS.index(column)] = text
    return row


def test_a_good_row_is_valid() -> None:
    validator = RowValidator()
    assert validator.check(GOOD) == []
    assert validator.check(GOOD) == []
    assert (validator.rows, validator.valid, validator.is_valid) == (2, 2, True)


@pytest.mark.parametrize(("column", "text", "reason"), BAD_CELLS)
def test_each_bad_cell_is_named(column: str, text: str, reason: str) -> None:
    validator = RowValidator()
    assert validator.check(GOOD) == []
    assert validator.check(changed(column, text)) == [BadCell(column, reason)]
    assert (validator.rows, validator.valid, validator.is_valid) == (2, 1, False)
    assert validator.first_row == {BadCell(column, reason): 2}


def test_no_row_is_not_valid() -> None:
    assert not RowValidator().is_valid


# The official validator takes NaN for a number; no budget holds one (see readers.values).
@pytest.mark.parametrize(
    ("column", "text"),
    [
        *[(c, t) for c, t, _ in BAD_CELLS if t != "NaN"],
        ("BGT_MTREAL", "-1.5"),
        ("BGT_MTREAL", ""),
        ("BGT_NOM", "x"),
    ],
)
def test_the_official_validator_agrees(column: str, text: str, tmp_path: Path, monkeypatch) -> None:
    frictionless = pytest.importorskip("frictionless")
    monkeypatch.chdir(tmp_path)
    write_csv("x.csv", schema.COLUMNS, [changed(column, text)])
    official = frictionless.Schema.from_descriptor(schema.table_schema())
    theirs = frictionless.Resource(path="x.csv", schema=official).validate().valid
    reasons = [bad.reason for bad in RowValidator().check(changed(column, text))]
    assert theirs is (reasons in ([], ["wrong_key"]))

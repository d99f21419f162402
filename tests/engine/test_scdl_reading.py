"""SCDL files made by others: any dialect is read, what is missing is said, the rest is repaired."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import pytest

from ckanext.budgetod.engine.builder import VALMOSELLE, totem_document
from ckanext.budgetod.engine.document import BudgetLine, Header, LabelSource
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.nomenclature import Resolver, plans
from ckanext.budgetod.engine.readers import open_document
from ckanext.budgetod.engine.readers.scdl import ScdlTable, open_scdl
from ckanext.budgetod.engine.readers.scdl_cells import number, repaired_cell
from ckanext.budgetod.engine.scdl.mapping import StrictRows
from ckanext.budgetod.engine.scdl.repair import RepairedLine, repair_scdl
from ckanext.budgetod.engine.scdl.schema import COLUMNS, FIELDS
from ckanext.budgetod.engine.scdl.validator import RowValidator


def strict_rows(**fields) -> list[list[str]]:
    """Valid rows of a fictional document."""
    rows: list[list[str]] = []
    with open_document(io.BytesIO(totem_document(**fields))) as document:
        for event in document:
            if type(event) is Header:
                resolver, maker = Resolver(plans(), event), StrictRows(event, event.siret)
            elif type(event) is BudgetLine:
                rows.append(maker.row(resolver.resolve(event)))
    return rows


ROWS = strict_rows(nomenclature="M57-M57_D", exercice=2023)


def table_of(rows: Sequence[Sequence[str]], columns=COLUMNS, separator=",", encoding="utf-8"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerows([columns, *rows])
    return io.BytesIO(out.getvalue().encode(encoding))


def read(stream: io.BytesIO, **options) -> tuple[ScdlTable, list[list[str]]]:
    with open_scdl(stream, **options) as table:
        return table, list(table)


def without(*names: str) -> tuple[list[str], list[list[str]]]:
    kept = [rank for rank, name in enumerate(COLUMNS) if name not in names]
    return [COLUMNS[rank] for rank in kept], [[row[rank] for rank in kept] for row in ROWS]


def are_valid(rows: list[list[str]]) -> bool:
    validator = RowValidator()
    for row in rows:
        validator.check(row)
    return validator.is_valid


def test_a_valid_file_is_left_alone() -> None:
    table, rows = read(table_of(ROWS))
    assert rows == ROWS
    assert not table.repairs
    assert table.missing == table.extra == []


@pytest.mark.parametrize(
    ("options", "repair"),
    [
        ({"encoding": "utf-8-sig"}, "byte_order_mark"),
        ({"encoding": "cp1252"}, "encoding"),
        ({"encoding": "utf-16"}, "encoding"),
        ({"separator": ";"}, "separator"),
        ({"separator": "\t"}, "separator"),
        ({"columns": [name.lower() for name in COLUMNS]}, "column_name"),
        ({"columns": [f" {name.title()} " for name in COLUMNS]}, "column_name"),
    ],
)
def test_dialects(options: dict, repair: str) -> None:
    table, rows = read(table_of(ROWS, **options))
    assert rows == ROWS
    assert set(table.repairs) == {repair}


def test_columns_in_another_order_and_unknown_ones() -> None:
    columns = ["Commentaire", *reversed(COLUMNS)]
    table, rows = read(table_of([["x", *reversed(row)] for row in ROWS], columns))
    assert rows == ROWS
    assert table.extra == ["Commentaire"]


@pytest.mark.parametrize(
    ("mask", "told"),
    [(True, ("[nom occulté]", "x" * 100)), (False, ("M. Zdurand", "x" * 3000))],
)
def test_names_of_unknown_columns_are_masked(mask: bool, told: tuple[str, ...]) -> None:
    columns = ["M. Zdurand", "x" * 3000, *COLUMNS]
    found = repair_scdl(table_of([["", "", *row] for row in ROWS], columns), mask=mask)
    assert found.extra == told


def test_decimal_commas_and_spreadsheet_writing() -> None:
    spoiled = []
    for row in ROWS:
        cells = dict(zip(COLUMNS, row, strict=True))
        cells["BGT_MTREAL"] = cells["BGT_MTREAL"].replace(".", ",")
        cells["BGT_NATDEC"] = "Compte Administratif"
        cells["BGT_SECTION"] = cells["BGT_SECTION"][0].upper()
        cells["BGT_OPBUDG"] = {"réel": "Reel", "ordre": "1"}[cells["BGT_OPBUDG"]]
        cells["BGT_CODRD"] = cells["BGT_CODRD"][0].upper()
        cells["BGT_ANNEE"] = "2023.0"
        cells["BGT_SIRET"] = f"{VALMOSELLE[:3]} {VALMOSELLE[3:9]} {VALMOSELLE[9:]}"
        spoiled.append(list(cells.values()))
    table, rows = read(table_of(spoiled, separator=";"))
    assert rows == ROWS
    assert {"separator", "number", "enumeration", "year", "code"} == set(table.repairs)


def test_labels_and_sections_come_from_the_plan() -> None:
    columns, kept = without(
        "BGT_CONTNAT_LABEL", "BGT_NATURE_LABEL", "BGT_FONCTION_LABEL", "BGT_SECTION"
    )
    table, rows = read(table_of(kept, columns), nomenclature="M57-M57_D")
    assert rows == ROWS
    assert table.repairs["section_from_plan"] == len(ROWS)
    assert table.missing_required == []


def test_chapters_of_real_operations_come_from_the_plan() -> None:
    columns, kept = without("BGT_CONTNAT")
    real = [n for n, row in enumerate(ROWS) if row[COLUMNS.index("BGT_OPBUDG")] == "réel"]
    _, rows = read(table_of([kept[n] for n in real], columns), nomenclature="M57-M57_D")
    assert rows == [ROWS[n] for n in real]


def test_an_article_in_place_of_the_chapter_is_replaced() -> None:
    nature = next(row for row in ROWS if row[6] == "2031" or row[6].startswith("6"))
    row = list(nature)
    row[COLUMNS.index("BGT_CONTNAT")] = row[COLUMNS.index("BGT_NATURE")]
    row[COLUMNS.index("BGT_CONTNAT_LABEL")] = ""
    _, rows = read(table_of([row]), nomenclature="M57-M57_D")
    assert rows == [nature]


@pytest.mark.parametrize("nomenclature", ["M57-M57_D", "M14-M14_COM_SUP3500", "M4-M49_A"])
def test_the_nomenclature_is_guessed(nomenclature: str) -> None:
    table, _ = read(table_of(strict_rows(nomenclature=nomenclature, exercice=2023)))
    assert table.nomenclature.partition("-")[0] == nomenclature.partition("-")[0]


def test_what_is_missing_is_said() -> None:
    columns, kept = without("BGT_NATDEC", "BGT_SIRET", "BGT_NOM", "BGT_MTREAL")
    table, rows = read(table_of(kept, columns))
    assert table.missing == ["BGT_NATDEC", "BGT_SIRET", "BGT_NOM", "BGT_MTREAL"]
    assert table.missing_required == ["BGT_NATDEC", "BGT_SIRET", "BGT_NOM"]
    assert not are_valid(rows)


def test_what_is_given_makes_the_file_valid() -> None:
    columns, kept = without("BGT_NATDEC", "BGT_SIRET", "BGT_NOM")
    given = {"BGT_NATDEC": "compte administratif", "BGT_SIRET": VALMOSELLE, "BGT_NOM": "Ville"}
    table, rows = read(table_of(kept, columns), given=given)
    assert table.missing == []
    assert table.repairs["given"] == 3 * len(ROWS)
    assert are_valid(rows)


def test_amounts_are_never_invented() -> None:
    row = list(ROWS[0])
    row[14] = "environ 12"
    _, rows = read(table_of([row]))
    assert rows[0][14] == "environ 12"
    assert not are_valid(rows)


def test_short_rows_and_blank_lines() -> None:
    stream = table_of([ROWS[0], [], [""] * 22, ROWS[0][:14]])
    _, rows = read(stream)
    assert rows == [ROWS[0], [*ROWS[0][:14], *[""] * 8]]


def test_rows_stand_for_lines() -> None:
    with open_scdl(table_of(ROWS)) as table:
        pairs = list(table.lines())
    row, resolved = pairs[0]
    assert row == ROWS[0]
    assert resolved.line.index == 1
    assert resolved.section in ("F", "I")
    assert resolved.line.cod_rd in ("R", "D")
    assert resolved.nature_source is LabelSource.DOCUMENT
    assert [str(a) if a is not None else "" for a in resolved.line.amounts] == row[14:21]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "F09"),
        (b" \n", "F09"),
        (b"\xff\xfe", "F09"),
        (b"a;b;c\n1;2;3\n", "F02"),
        (b"%PDF-1.7\n", "F02"),
        (",".join(COLUMNS).encode() + b'\n"' + b"x" * 200_000 + b'"\n', "F07"),
        (b"\xff\xfe" + b"BGT_NOM;a;b\n1;2;3", "F07"),
    ],
    ids=["empty", "blank", "mark alone", "other csv", "pdf", "endless cell", "not utf-16"],
)
def test_refusals(data: bytes, code: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        read(io.BytesIO(data))
    assert caught.value.code == code


@pytest.mark.parametrize("year", ["²", "²⁰²³", "9" * 5000], ids=["one", "four", "endless"])
@pytest.mark.parametrize("nomenclature", ["", "M57-M57_D"])
def test_a_year_that_is_no_number(year: str, nomenclature: str) -> None:
    odd = list(ROWS[0])
    odd[1], odd[COLUMNS.index("BGT_NATURE_LABEL")] = year, ""
    found = repair_scdl(table_of([odd, *ROWS[1:]]), nomenclature=nomenclature)
    assert found.valid == len(ROWS) - 1


def test_size_is_bounded() -> None:
    with pytest.raises(DocumentRefused) as caught:
        open_scdl(table_of(ROWS), max_size=100)
    assert caught.value.code == "F09"


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        ("12,5", "12.5"),
        ("1 234,50", "1234.50"),
        ("1\u202f234\u00a0567,00 €", "1234567.00"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("-0,01", "-0.01"),
        ("12.5", "12.5"),
        ("douze", "douze"),
        ("1,2,3", "1,2,3"),
        ("NaN", "NaN"),
    ],
)
def test_numbers(raw: str, right: str) -> None:
    assert number(raw) == right


def test_every_right_writing_is_kept() -> None:
    for field in FIELDS:
        for word in field.allowed:
            assert repaired_cell(field, word) == (word, "")
            assert repaired_cell(field, word.upper()) == (word, "enumeration")


# -- repair ---------------------------------------------------------------------------------------


def test_a_repaired_file_is_written_whole(tmp_path) -> None:
    columns, kept = without("BGT_SECTION", "BGT_NOM")
    target = tmp_path / "valid.csv"
    found = repair_scdl(table_of(kept, columns, ";"), target, given={"BGT_NOM": ROWS[0][3]})
    assert found.is_valid
    assert found.written
    assert found.repairs == {"given": 30, "section_from_plan": 30, "separator": 1}
    written = list(csv.reader(target.read_text("utf-8").splitlines()))
    assert written == [list(COLUMNS), *ROWS]


def test_no_file_when_it_cannot_be_valid(tmp_path) -> None:
    columns, kept = without("BGT_SIRET")
    target = tmp_path / "valid.csv"
    found = repair_scdl(table_of(kept, columns), target)
    assert not found.is_valid
    assert not target.exists()
    assert found.bad == (
        {"column": "BGT_SIRET", "reason": "empty", "count": len(ROWS), "first_row": 1},
    )
    assert found.to_dict()["missing_required"] == ("BGT_SIRET",)


@pytest.mark.parametrize("column", ["BGT_SIRET", "BGT_ANNEE", "BGT_NATDEC", "BGT_MTREAL"])
def test_what_is_no_value_is_followed_by_nobody(column: str) -> None:
    rows = [list(ROWS[0]), *ROWS[1:]]
    rows[0][COLUMNS.index(column)] = "M. Zdurand"
    seen: dict[bool, list[str]] = {}
    for mask in (True, False):

        def follow(lines: Iterable[RepairedLine], mask: bool = mask) -> None:
            seen[mask] = [row[COLUMNS.index(column)] for row, _ in lines]

        found = repair_scdl(table_of(rows), mask=mask, follow=follow)
        assert (found.valid, found.bad[0]["column"]) == (len(ROWS) - 1, column)
    assert seen[True][0] == ""
    assert seen[False][0].endswith("Zdurand")
    assert seen[True][1:] == seen[False][1:]


def test_repair_to_a_stream_and_without_target() -> None:
    out = io.BytesIO()
    assert repair_scdl(table_of(ROWS), out).written
    assert out.getvalue().count(b"\n") == len(ROWS) + 1
    assert not repair_scdl(table_of(ROWS)).written

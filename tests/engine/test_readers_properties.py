"""Properties: what is built is what is read, whatever the amounts, texts and chunk boundaries."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.document import BudgetLine, Header
from ckanext.budgetod.engine.nomenclature import Resolver, plans
from ckanext.budgetod.engine.readers import open_document, safexml, values
from ckanext.budgetod.engine.scdl.mapping import StrictRows
from ckanext.budgetod.engine.scdl.schema import AMOUNT_COLUMNS, COLUMNS
from ckanext.budgetod.engine.scdl.writer import CsvWriter, clean_cell, write_csv

amounts = st.decimals(
    min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False
).map(str)
texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f"), max_size=40
).filter(lambda text: not any("\x80" <= char <= "\x9f" for char in text))
natures = st.sampled_from(["6061", "60612", "64111", "2031", "1641", "7311", "001", "002", "99999"])
lines = st.fixed_dictionaries(
    {
        "Nature": natures,
        "LibCpte": texts,
        "CodRD": st.sampled_from("RD"),
        "MtPrev": amounts,
        "CredOuv": amounts,
        "MtReal": amounts,
        "OpBudg": st.sampled_from("01"),
    }
)
documents = st.lists(lines, min_size=1, max_size=12)


def read(data: bytes) -> list[BudgetLine]:
    with open_document(io.BytesIO(data)) as document:
        return [event for event in document if type(event) is BudgetLine]


def strict_csv(data: bytes) -> list[list[str]]:
    out = io.BytesIO()
    with open_document(io.BytesIO(data)) as document, CsvWriter(out, COLUMNS) as writer:
        for event in document:
            if type(event) is Header:
                resolver, rows = Resolver(plans(), event), StrictRows(event, event.siret)
            elif type(event) is BudgetLine:
                writer.write(rows.row(resolver.resolve(event)))
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8"), newline="")))[1:]


@given(documents, st.sampled_from(["ISO-8859-1", "UTF-8", "UTF-16"]))
@settings(max_examples=60, deadline=None)
def test_what_is_built_is_what_is_read(built: list[dict[str, str]], encoding: str) -> None:
    found = read(totem_document(lines=built, encoding=encoding))
    assert len(found) == len(built)
    for line, source in zip(found, built, strict=True):
        assert line.nature == source["Nature"]
        assert line.lib_compte == values.clean(source["LibCpte"])
        assert line.mt_prev == Decimal(source["MtPrev"])
        assert line.cred_ouv == Decimal(source["CredOuv"])
        assert line.mt_real == Decimal(source["MtReal"])


@given(documents)
@settings(max_examples=60, deadline=None)
def test_no_amount_is_lost_in_the_csv(built: list[dict[str, str]]) -> None:
    rows = strict_csv(totem_document(lines=built))
    for column, element in (("BGT_MTREAL", "MtReal"), ("BGT_CREDOUV", "CredOuv")):
        place = COLUMNS.index(column)
        written = Counter((row[13][0].upper(), Decimal(row[place])) for row in rows)
        stated = Counter((line["CodRD"], Decimal(line[element])) for line in built)
        assert written == stated


@given(documents, st.integers(1, 97))
@settings(max_examples=15, deadline=None)
def test_chunk_boundaries_do_not_matter(built: list[dict[str, str]], chunk: int) -> None:
    data = totem_document(lines=built, annexes=True)
    whole = read(data)
    usual, safexml.CHUNK = safexml.CHUNK, chunk
    try:
        assert read(data) == whole
    finally:
        safexml.CHUNK = usual


@pytest.mark.parametrize("width", [1, 3])
@given(data=st.data())
def test_the_writer_writes_what_the_csv_module_reads(width: int, data: st.DataObject) -> None:
    cell = st.text(alphabet="a,\"'\r\n é;", max_size=6)
    row = st.lists(cell, min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    out = io.BytesIO()
    with CsvWriter(out, "abc"[:width]) as writer:
        writer.write_columns(list(zip(*rows, strict=True)))
        for row in rows:
            writer.write(row)
        assert writer.rows == 2 * len(rows)
    text = out.getvalue().decode()
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [*rows, *rows]


@given(st.lists(st.lists(st.text(max_size=20), min_size=3, max_size=3), max_size=10))
def test_the_writer_round_trips(rows: list[list[str]]) -> None:
    out = io.BytesIO()
    assert write_csv(out, ["a", "b", "c"], rows) == len(rows)
    text = out.getvalue().decode("utf-8")
    assert text.count("\n") == len(rows) + 1
    assert not {"\r", "\x00"} & set(text)
    found = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert found == [[clean_cell(cell) for cell in row] for row in rows]


@given(st.text(max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = values.clean(text)
    assert values.clean(once) == once or any(c in once for c in "ÂÃâ")


@given(st.decimals(places=2, allow_nan=False, allow_infinity=False, min_value=-(10**13)))
def test_amounts_keep_their_value(value: Decimal) -> None:
    text = f"{value:f}"
    if len(text.lstrip("-").partition(".")[0]) <= 16:
        assert values.amount(text) == value


def test_amount_columns_are_the_seven_of_the_schema() -> None:
    assert COLUMNS[14:21] == AMOUNT_COLUMNS

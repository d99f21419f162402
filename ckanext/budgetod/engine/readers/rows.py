"""Leaves of an element and rows of a table: names of the file, texts put right.

A leaf with a ``Code`` becomes ``Name_Code``; a nested leaf ``Parent.Name``; a repeated name gets a
number: nothing of an unknown table is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from ckanext.budgetod.engine.document import AnnexRows, Column, ReadProblem, TextRows

from .alike import Alike, Rows
from .markup import unescape
from .safexml import Element
from .values import clean, is_repaired, trimmed


class _ShortNames(dict[str, str]):
    """Local names of tags, remembered; a document has a few hundred."""

    def __missing__(self, tag: str) -> str:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(self) < _MAX_NAMES and len(name) < _MAX_NAME:
            self[tag] = name
        return name


_MAX_NAMES, _MAX_NAME = 10_000, 100
_SHORT = _ShortNames()
short = _SHORT.__getitem__
"""The local name of a tag; "" for a comment or an instruction."""
TRUE = ("true", "1")
"""What the attribute ``calculated`` says of rows that TotEM calculated."""
Leaf = tuple[str, Mapping[str, str]]
"""Name and attributes of a leaf."""


def leaves(element: Element) -> Iterator[tuple[str, str]]:
    """Names and values (attribute ``V``) of the children of an element."""
    for child in element:
        if isinstance(child.tag, str):
            yield short(child.tag), clean(child.get("V"))


def read_runs(rows: Rows) -> Iterator[TextRows]:
    """What rows say, in the order of the file: those that follow each other with the same fields,
    then the next ones."""
    runs = [run for part in _parts(rows) for run in part.runs()]
    for run in sorted(runs, key=lambda run: run.ranks[0]):
        yield TextRows(run.columns, len(run.ranks))


def read_annex(rows: Rows, table: str, first: int) -> tuple[AnnexRows, list[ReadProblem]]:
    """Rows of an annex table, of which ``first`` is the rank of the first one, and what was wrong
    in them."""
    found = _in_order(_parts(rows))
    lines = [rows.lines[rank] for rank in found.kept]
    item = short(rows.tag)
    annex = AnnexRows(found.columns, len(lines), table, item, first, lines)
    repaired = dict.fromkeys(found.repaired)
    return annex, [ReadProblem("text_repaired", item, annex.where(n)) for n in repaired]


class _Part(NamedTuple):
    """Rows with the same fields: their ranks among the rows given, and a column per field."""

    ranks: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    repaired: Sequence[int] = ()
    """Ranks of rows with a text put right, once for each text."""

    def runs(self) -> Iterator[_Part]:
        """The same, cut where a rank is missing."""
        start = 0
        for end in range(1, len(self.ranks) + 1):
            if end == len(self.ranks) or self.ranks[end] != self.ranks[end - 1] + 1:
                columns = {name: texts[start:end] for name, texts in self.columns.items()}
                yield _Part(self.ranks[start:end], columns)
                start = end


class _Table(NamedTuple):
    """Rows as columns (see ``TextRows``). ``kept``: their ranks among the rows given; ``repaired``:
    places of those of which a text was put right, once for each text."""

    columns: Mapping[str, Column]
    kept: Sequence[int]
    repaired: Sequence[int]


def _parts(rows: Rows) -> list[_Part]:
    """What rows say, but for those that TotEM calculated, by their fields."""
    parts = [part for found in rows.alike for part in _alike(found)]
    for rank, element in rows.others.items():
        if element.get("calculated") not in TRUE:
            parts.append(_row(rank, leaves_in(element)))
    return sorted(parts, key=lambda part: part.ranks[0])


def _in_order(parts: Sequence[_Part]) -> _Table:
    """Rows of several shapes, in the order of the file."""
    kept = sorted(chain.from_iterable(part.ranks for part in parts))
    places = {rank: place for place, rank in enumerate(kept)}
    repaired = sorted(places[rank] for part in parts for rank in part.repaired)
    if len(parts) == 1:
        return _Table(parts[0].columns, kept, repaired)
    columns: dict[str, Column] = {}
    for part in parts:
        at = [places[rank] for rank in part.ranks]
        for name, texts in part.columns.items():
            column: Any = columns.setdefault(name, [None] * len(kept))
            for place, text in zip(at, texts, strict=True):
                column[place] = text
    return _Table(columns, kept, repaired)


# --- rows that are alike -------------------------------------------------------------------------


def _alike(rows: Alike) -> Iterator[_Part]:
    rows = given(rows)
    if not rows.ranks:
        return
    if rows.layout.values is not None:
        yield _columns(rows, rows.layout.values)
        return
    for place, rank in enumerate(rows.ranks):
        yield _row(rank, leaves_at(rows, place))


def given(rows: Alike) -> Alike:
    """The rows that TotEM did not calculate."""
    for slot, column in zip(rows.layout.slots, rows.columns, strict=True):
        if slot.place:
            break
        if slot.attribute == "calculated" and not set(TRUE).isdisjoint(column):
            return rows.only([n for n, text in enumerate(column) if text not in TRUE])
    return rows


def _columns(rows: Alike, ranks: Mapping[str, int]) -> _Part:
    """Leaves with nothing but a value, each with a name of its own."""
    columns: dict[str, Sequence[str]] = {}
    repaired: list[int] = []
    for name, rank in ranks.items():
        column = columns[name] = rows.columns[rank]
        if _needs_care("".join(column)):
            columns[name], places = _texts(column)
            repaired += [rows.ranks[place] for place in places]
    return _Part(rows.ranks, columns, repaired)


def _needs_care(text: str) -> bool:
    """False for texts that stand for themselves: no blank, no escape, ASCII, no control (of which
    an attribute can hold one alone)."""
    return " " in text or "&" in text or not text.isascii() or "\x7f" in text


def _texts(column: Sequence[str]) -> tuple[list[str], list[int]]:
    """The values of a column, and the places of those that were put right."""
    texts = list(map(unescape, column))
    plain = trimmed(texts)
    if plain is not None:
        return plain, []
    found: list[str] = []
    repaired: list[int] = []
    for place, raw in enumerate(texts):
        value = clean(raw)
        found.append(value)
        if _was_bad(raw, value):
            repaired.append(place)
    return found, repaired


def _was_bad(raw: str, value: str) -> bool:
    """True when a character was badly coded; blanks of all kinds are not told."""
    return not raw.isascii() and is_repaired(raw, value)


def leaves_at(rows: Alike, place: int) -> Iterator[Leaf]:
    """The leaves of one row of several."""
    for name, ranks in rows.layout.leaves:
        yield (
            name,
            {attribute: unescape(rows.columns[rank][place]) for attribute, rank in ranks.items()},
        )


# --- rows one by one -----------------------------------------------------------------------------


def leaves_in(element: Element, above: str = "") -> Iterator[Leaf]:
    """The leaves of an element, those inside leaves too."""
    for child in element:
        if isinstance(child.tag, str):
            name = f"{above}{short(child.tag)}"
            yield name, child.attrib
            code = child.get("Code")
            yield from leaves_in(child, f"{name}_{code}." if code else f"{name}.")


def _row(rank: int, found: Iterable[Leaf]) -> _Part:
    """One row whose leaves may have more than a value: a code, other attributes, the same name."""
    values: dict[str, str] = {}
    repaired = 0
    for leaf, attributes in found:
        code, raw = attributes.get("Code"), attributes.get("V")
        name = f"{leaf}_{code}" if code else leaf
        if raw is not None:
            values[_free(values, name)] = value = clean(raw)
            repaired += _was_bad(raw, value)
        for attribute, text in attributes.items():
            if attribute not in ("V", "Code"):
                values[_free(values, f"{name}@{short(attribute)}")] = clean(text)
    columns = {name: (value,) for name, value in values.items()}
    return _Part((rank,), columns, (rank,) * repaired)


def _free(found: dict[str, str], name: str) -> str:
    """``name``, or ``name_2``, ``name_3``… when it is taken."""
    if name not in found:
        return name
    rank = 2
    while f"{name}_{rank}" in found:
        rank += 1
    return f"{name}_{rank}"

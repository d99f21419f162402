"""``select`` and ``group_by``: which columns, which sums, per which groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from .odsql import Getter, Parser, Row, malformed

_AGGREGATES: dict[str, Callable[[list[float]], float | None]] = {
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
}


class Column(NamedTuple):
    """One column of an answer; ``aggregate`` is "" for plain values, else count, sum, avg…"""

    name: str
    type: str
    get: Getter
    aggregate: str = ""
    field: str = ""


def selected(text: str, types: Mapping[str, str]) -> list[Column]:
    """Columns of a ``select``; every field when it is empty or ``*``."""
    parser = Parser(text, types, "select")
    columns: list[Column] = []
    while parser.at < len(parser.tokens) or not text.strip():
        if not text.strip() or parser.accept("*"):
            columns += [_plain(parser, name) for name in types]
        else:
            columns.append(_column(parser, types))
        if not parser.accept(","):
            break
    if parser.at < len(parser.tokens):
        raise malformed(f"Unexpected {parser.tokens[parser.at][1]}.", "select")
    return columns


def _plain(parser: Parser, name: str) -> Column:
    value = parser.named(name)
    return Column(name, value.type, value.get, field=name)


def _column(parser: Parser, types: Mapping[str, str]) -> Column:
    start = parser.at
    name = parser.tokens[parser.at][1]
    function = name.lower()
    if function in ("count", *_AGGREGATES) and name not in types:
        parser.take()
        parser.expect("(")
        column = _aggregate(parser, function)
        parser.expect(")")
    else:
        value = parser.value()
        column = Column(value.field or name, value.type, value.get, field=value.field)
        if parser.at - start > 1:
            column = column._replace(name=_written(parser, start), field="")
    if parser.accept("as"):
        column = column._replace(name=parser.take()[1].strip("`"))
    return column


def _aggregate(parser: Parser, function: str) -> Column:
    if function == "count" and parser.accept("*"):
        return Column("count(*)", "int", lambda _: 1.0, "count")
    value = parser.value()
    kind = "int" if function == "count" else "double"
    return Column(f"{function}({value.field})", kind, value.get, function, value.field)


def _written(parser: Parser, start: int) -> str:
    return "".join(text for _, text in parser.tokens[start : parser.at])


def groups(text: str, types: Mapping[str, str]) -> list[Column]:
    """Columns of a ``group_by``."""
    return selected(text, types) if text.strip() else []


def typed(text: object, kind: str) -> object:
    """A value as JSON has it: number, text, or None when empty."""
    if text is None or text == "":
        return None
    if kind == "int":
        return int(float(str(text)))
    return float(str(text)) if kind == "double" else text


def objects(rows: Iterable[Row], columns: Sequence[Column]) -> Iterable[dict[str, object]]:
    return ({c.name: typed(c.get(row), c.type) for c in columns} for row in rows)


def grouped(
    rows: Iterable[tuple[Row, int]], by: Sequence[Column], columns: Sequence[Column]
) -> list[dict[str, object]]:
    """One object per group, in order of appearance.

    ``rows``: a row, and how many it stands for (blocks whose rows are alike are counted once).
    """
    asked = [c for c in columns if c.aggregate]
    held: dict[tuple, list[list[float]]] = {}
    for row, times in rows:
        key = tuple(c.get(row) for c in by)
        lists = held.setdefault(key, [[] for _ in asked])
        for values, column in zip(lists, asked, strict=True):
            value = column.get(row)
            if value is not None:
                values.append(times if column.aggregate == "count" else float(str(value)))
    return [_group(key, lists, by, asked) for key, lists in held.items()]


def _group(key: tuple, lists: list, by: Sequence[Column], asked: Sequence[Column]) -> dict:
    result = {c.name: typed(value, c.type) for c, value in zip(by, key, strict=True)}
    for column, values in zip(asked, lists, strict=True):
        if column.aggregate == "count":
            result[column.name] = int(sum(values))
        else:
            amount = _AGGREGATES[column.aggregate](values)
            result[column.name] = None if amount is None else round(amount, 2)
    return result

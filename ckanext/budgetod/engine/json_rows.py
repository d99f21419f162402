"""A CSV as a JSON array of objects: exact numbers, true and false, everything else is text."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

MAX_CELL = 1 << 24
"""Characters of a cell: more than an element of a document may have."""
NUMBERS = ("number", "integer", "year")
Writer = Callable[[str], str]


def write_json_rows(source: Path, target: Path, columns: Sequence[Mapping[str, Any]]) -> None:
    """Write one object a line; empty cells are null."""
    writers = {column["name"]: _writer(column["type"]) for column in columns}
    with (
        _long_cells(),
        source.open(encoding="utf-8", newline="") as text,
        target.open("w", encoding="utf-8", newline="\n") as out,
    ):
        _write(csv.DictReader(text), writers, out)


@contextmanager
def _long_cells() -> Iterator[None]:
    """The limit of the csv module is that of the whole process: it is put back."""
    before = csv.field_size_limit(MAX_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _writer(kind: str) -> Writer:
    if kind in NUMBERS:
        return _number
    return str if kind == "boolean" else _text


def _write(rows: csv.DictReader, writers: Mapping[str, Writer], out: TextIO) -> None:
    keys = {name: json.dumps(name) for name in writers}
    out.write("[")
    for rank, row in enumerate(rows):
        cells = (
            f"{keys[name]}: {writers[name](text) if text else 'null'}" for name, text in row.items()
        )
        out.write(f"{',' if rank else ''}\n{{{', '.join(cells)}}}")
    out.write("\n]\n")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(text: str) -> str:
    """Digits are copied, never computed again; without what JSON forbids: plus, zeros in front."""
    sign = "-" if text.startswith("-") else ""
    whole, dot, decimals = text.lstrip("+-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{dot if decimals else ''}{decimals}"

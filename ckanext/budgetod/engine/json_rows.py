"""A CSV as a JSON array of objects: amounts are exact numbers, everything else is text."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

NUMBERS = ("number", "integer", "year")


def write_json_rows(source: Path, target: Path, columns: Sequence[Mapping[str, Any]]) -> None:
    """Write one object a line; empty cells are null."""
    numbers = {column["name"] for column in columns if column["type"] in NUMBERS}
    with (
        source.open(encoding="utf-8", newline="") as text,
        target.open("w", encoding="utf-8", newline="\n") as out,
    ):
        _write(csv.DictReader(text), numbers, out)


def _write(rows: csv.DictReader, numbers: set[str], out: TextIO) -> None:
    out.write("[")
    for rank, row in enumerate(rows):
        cells = (f"{json.dumps(k)}: {_value(v, k in numbers)}" for k, v in row.items())
        out.write(f"{',' if rank else ''}\n{{{', '.join(cells)}}}")
    out.write("\n]\n")


def _value(text: str, is_number: bool) -> str:
    """A JSON value; digits of an amount are copied, never computed again."""
    if text == "":
        return "null"
    if is_number:
        return _number(text)
    return json.dumps(text, ensure_ascii=False)


def _number(text: str) -> str:
    """Without what JSON forbids: a plus sign, zeros in front."""
    sign = "-" if text.startswith("-") else ""
    whole, dot, decimals = text.lstrip("+-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{dot if decimals else ''}{decimals}"

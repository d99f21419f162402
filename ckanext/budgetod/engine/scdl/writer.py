"""The only writer of CSV: UTF-8 without BOM, commas, dots, LF, quotes where needed.

Every CSV file of the project goes out through ``CsvWriter`` or ``write_csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

from ckanext.budgetod.engine.batches import Batches

Target = str | Path | IO[bytes]
Cell = Any
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BREAK = "\r\n"
_MARKS = (",", '"', *_BREAK)
"""What makes the csv module quote a cell: the characters of its end of line do too."""


def cell(value: Cell) -> str:
    """The text of a value: "" for None, dots and no exponent, ISO dates, true and false."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


class Lines(NamedTuple):
    """Rows as they stand in a file: how many columns they have, and a line for each."""

    width: int
    texts: Sequence[str]


class CsvWriter:
    """Writes one CSV file: header first, then rows of as many cells as columns.

    ``target`` is a path (created) or a binary stream (left open). ``guard`` names the columns whose
    cells must not begin like a formula; codes and amounts never belong there.
    """

    def __init__(self, target: Target, columns: Sequence[str], guard: Collection[str] = ()) -> None:
        self._owned = isinstance(target, (str, Path))
        self._raw = open(target, "wb") if isinstance(target, (str, Path)) else target  # noqa: SIM115
        self._quoting = csv.writer(_Echo(), lineterminator=_BREAK)
        self._width = len(columns)
        self._guarded = {rank for rank, name in enumerate(columns) if name in guard}
        self._waiting: Batches[Sequence[str]] = Batches(self._write_rows)
        self.rows = 0
        """Rows given so far."""
        self.columns = tuple(columns)
        self._lines([(name,) for name in columns])

    def write(self, row: Sequence[str]) -> None:
        """Write one row of text cells."""
        if len(row) != self._width:
            raise ValueError(f"{len(row)} cells for {self._width} columns")
        self.rows += 1
        self._waiting.add(tuple(row))

    def write_columns(self, columns: Sequence[Sequence[str]], after: Lines | None = None) -> Lines:
        """Write rows given as columns of text cells, of one length. ``after``: how another file
        begins the same rows, with the first columns."""
        width, starts = after or Lines(0, ())
        if width + len(columns) != self._width:
            raise ValueError(f"{width + len(columns)} columns for {self._width}")
        self._waiting.flush()
        self.rows += len(columns[0])
        return self._put(columns, starts)

    def write_values(self, row: Iterable[Cell]) -> None:
        """Write one row of values of any kind (see ``cell``)."""
        self.write([clean_cell(value) for value in row])

    def _write_rows(self, rows: Sequence[Sequence[str]]) -> None:
        self._put(list(zip(*rows, strict=True)))

    def _put(self, columns: Sequence[Sequence[str]], starts: Sequence[str] = ()) -> Lines:
        first = self._width - len(columns)
        found = [
            list(map(guarded, column)) if rank in self._guarded else column
            for rank, column in enumerate(columns, first)
        ]
        return self._lines(found, starts)

    def _lines(self, columns: Sequence[Sequence[str]], starts: Sequence[str] = ()) -> Lines:
        cells = [*([starts] if starts else []), *map(self._cells, columns)]
        lines = [*map(",".join, zip(*cells, strict=True))]
        self._raw.write("\n".join([*lines, ""]).encode())
        return Lines(self._width, lines)

    def _cells(self, column: Sequence[str]) -> Sequence[str]:
        """The cells as they stand in the file: the csv module quotes those that need it."""
        whole = "".join(column)
        if self._width > 1 and not any(mark in whole for mark in _MARKS):
            return column
        told = {text: self._cell(text) for text in set(column)}
        return [told[text] for text in column]

    def _cell(self, text: str) -> str:
        if text and not any(mark in text for mark in _MARKS):
            return text
        quoted: Any = self._quoting.writerow([text] if self._width == 1 else [text, ""])
        return quoted.removesuffix(_BREAK).removesuffix(",")

    def close(self) -> None:
        """Write what is left; close the file when we opened it."""
        self._waiting.flush()
        if self._owned:
            self._raw.close()

    def __enter__(self) -> CsvWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Echo:
    """Makes a writer of the csv module return its lines."""

    def write(self, line: str) -> Any:
        return line


def clean_cell(value: Cell) -> str:
    """A cell on one line, without NUL: what every CSV reader takes."""
    text = cell(value)
    if text.isprintable():
        return text
    return text.replace("\x00", "").replace("\r\n", " ").replace("\r", " ").replace("\n", " ")


def write_csv(
    target: Target,
    columns: Sequence[str],
    rows: Iterable[Iterable[Cell]],
    guard: Collection[str] = (),
) -> int:
    """Write a whole CSV file; the number of rows."""
    with CsvWriter(target, columns, guard) as writer:
        for row in rows:
            writer.write_values(row)
    return writer.rows

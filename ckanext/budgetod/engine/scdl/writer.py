"""The only writer of CSV: UTF-8 without BOM, commas, dots, LF, quotes where needed.

Every CSV file of the project goes out through ``CsvWriter`` or ``write_csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any

Target = str | Path | IO[bytes]
Cell = Any
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BATCH = 256


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


class CsvWriter:
    """Writes one CSV file: header first, then rows of as many cells as columns.

    ``target`` is a path (created) or a binary stream (left open). ``guard`` names the columns whose
    cells must not begin like a formula; codes and amounts never belong there.
    """

    def __init__(self, target: Target, columns: Sequence[str], guard: Collection[str] = ()) -> None:
        self._owned = isinstance(target, (str, Path))
        raw = open(target, "wb") if isinstance(target, (str, Path)) else target  # noqa: SIM115
        unclosed: Any = _Unclosed(raw)
        self._text = io.TextIOWrapper(unclosed, encoding="utf-8", newline="")
        self._raw = raw
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._width = len(columns)
        self._guarded = [rank for rank, name in enumerate(columns) if name in guard]
        self._batch: list[list[str]] = []
        self.columns = tuple(columns)
        self.rows = 0
        self._rows.writerow(columns)

    def write(self, row: Sequence[str]) -> None:
        """Write one row of text cells."""
        if len(row) != self._width:
            raise ValueError(f"{len(row)} cells for {self._width} columns")
        if self._guarded:
            row = self._guard(row)
        self.rows += 1
        self._batch.append(list(row))
        if len(self._batch) >= _BATCH:
            self._flush()

    def write_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Write rows of text cells."""
        if any(len(row) != self._width for row in rows):
            raise ValueError(f"rows without {self._width} columns")
        self._flush()
        self._rows.writerows([self._guard(row) for row in rows] if self._guarded else rows)
        self.rows += len(rows)

    def write_values(self, row: Iterable[Cell]) -> None:
        """Write one row of values of any kind (see ``cell``)."""
        self.write([clean_cell(value) for value in row])

    def _guard(self, row: Sequence[str]) -> list[str]:
        guarded_row = list(row)
        for rank in self._guarded:
            guarded_row[rank] = guarded(guarded_row[rank])
        return guarded_row

    def _flush(self) -> None:
        self._rows.writerows(self._batch)
        self._batch.clear()

    def close(self) -> None:
        """Write what is left; close the file when we opened it."""
        self._flush()
        self._text.flush()
        self._text.detach()
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


class _Unclosed(io.RawIOBase):
    """Lets a text wrapper end without closing the stream underneath."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._raw.write(bytes(data))
        return len(data)


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

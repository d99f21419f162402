"""Is this CSV export whole? Asked of every one before a single row of it is believed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ckanext.budgetod.engine.errors import RemoteFailed

from .answers import disk_faults, looks_like_html

INTERRUPTED = b"Streaming interrupted due to the following error"
"""How Opendatasoft ends an export that failed after it had answered 200."""
TAIL = 64 * 1024


def check_table(path: Path, *, ended: bool = False) -> tuple[list[str], int]:
    """Column names and number of rows of a whole CSV (``;``, UTF-8, with or without BOM).

    ``ended`` asks for a line end after the last row: the sign of completeness that remains when
    the service did not say how long its answer is. Raises ``RemoteFailed``: ``html``,
    ``interrupted`` (message) or ``truncated`` (line).
    """
    with disk_faults(), path.open("rb") as raw:
        head = raw.read(1024)
        raw.seek(max(0, path.stat().st_size - TAIL))
        tail = raw.read()
    if looks_like_html(head):
        raise RemoteFailed("html")
    if INTERRUPTED in tail:
        told = tail[tail.rindex(INTERRUPTED) + len(INTERRUPTED) :].decode("utf-8", "replace")
        raise RemoteFailed("interrupted", message=told.strip(" :\r\n")[:300])
    if ended and not tail.endswith(b"\n"):
        raise _cut(0)
    with disk_faults(), path.open(encoding="utf-8-sig", newline="") as text:
        return _count(text)


def _count(text: IO[str]) -> tuple[list[str], int]:
    header: list[str] = []
    rows = 0
    for line, row in _read(text):
        if not header:
            header = row
        elif len(row) != len(header):
            raise _cut(line)
        else:
            rows += 1
    if not header or "" in header or len(set(header)) < len(header):
        raise _cut(1)
    return header, rows


def _read(text: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells; whatever no CSV holds is a cut."""
    reader = csv.reader(text, delimiter=";", strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except (csv.Error, UnicodeDecodeError):
        raise _cut(reader.line_num) from None


def _cut(line: int) -> RemoteFailed:
    return RemoteFailed("truncated", expected="", found="", line=line)

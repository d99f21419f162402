"""Is a strict row valid against SCDL budget 0.8.3? Counts rows and names bad cells, fast.

The same answers as the official validator for the schema's constraints and its check of SIRET keys;
tests compare both on real documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ckanext.budgetod.engine.siret import valid_siret

from .schema import FIELDS, PATTERNS, Field

_KNOWN_CELLS = 5000
_HEAD = next(rank for rank, field in enumerate(FIELDS) if field.kind == "number")
"""Cells before the amounts: rows of one account repeat them."""


class BadCell(NamedTuple):
    """``reason``: "empty", "not_listed", "too_long", "not_a_year", "not_a_siret", "not_a_number"
    or "wrong_key" (SIRET)."""

    column: str
    reason: str


class RowValidator:
    """Give it every row in order; ``rows``, ``valid`` and ``bad`` (per column and reason) count."""

    def __init__(self) -> None:
        self.rows = 0
        self.valid = 0
        self.bad: Counter[BadCell] = Counter()
        self.first_row: dict[BadCell, int] = {}
        self._good: list[set[str]] = [set() for _ in FIELDS]
        self._heads: set[tuple[str, ...]] = set()

    def check(self, row: Sequence[str]) -> list[BadCell]:
        """The bad cells of a row, [] when it is valid."""
        if len(row) != len(FIELDS):
            raise ValueError(f"{len(row)} cells for {len(FIELDS)} columns")
        self.rows += 1
        head = tuple(row[:_HEAD])
        found = [] if head in self._heads else self._bad_cells(row, 0, _HEAD)
        if not found and len(self._heads) < _KNOWN_CELLS:
            self._heads.add(head)
        found += self._bad_cells(row, _HEAD, len(FIELDS))
        if found:
            self._count(found)
        else:
            self.valid += 1
        return found

    def _bad_cells(self, row: Sequence[str], start: int, end: int) -> list[BadCell]:
        found: list[BadCell] = []
        for rank in range(start, end):
            text = row[rank]
            if (not text and not FIELDS[rank].required) or text in self._good[rank]:
                continue
            reason = fault(FIELDS[rank], text)
            if reason:
                found.append(BadCell(FIELDS[rank].name, reason))
            elif len(self._good[rank]) < _KNOWN_CELLS:
                self._good[rank].add(text)
        return found

    def _count(self, found: list[BadCell]) -> None:
        for bad in found:
            self.bad[bad] += 1
            self.first_row.setdefault(bad, self.rows)

    @property
    def is_valid(self) -> bool:
        """True when every row was valid, and there was one."""
        return 0 < self.rows == self.valid


def fault(field: Field, text: str) -> str:
    """Why a cell is bad, "" when it is good."""
    if not text:
        return "empty" if field.required else ""
    if field.allowed and text not in field.allowed:
        return "not_listed"
    if field.longest and len(text) > field.longest:
        return "too_long"
    pattern = PATTERNS.get(field.kind)
    if pattern and not pattern.fullmatch(text):
        return f"not_a_{field.kind}"
    if field.kind == "siret" and not valid_siret(text):
        return "wrong_key"
    return ""

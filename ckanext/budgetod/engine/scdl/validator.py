"""Is a strict row valid against SCDL budget 0.8.3? Counts rows and names bad cells, fast.

The same answers as the official validator for the schema's constraints and its check of SIRET keys;
tests compare both on real documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ckanext.budgetod.engine.siret import valid_siret

from .schema import FIELDS, PATTERNS, Field

_KNOWN_CELLS = 5000


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
        self._good: list[set[str]] = [set() if field.required else {""} for field in FIELDS]

    def check(self, row: Sequence[str]) -> list[BadCell]:
        """The bad cells of a row, [] when it is valid."""
        if len(row) != len(FIELDS):
            raise ValueError(f"{len(row)} cells for {len(FIELDS)} columns")
        self.rows += 1
        cells = enumerate(zip(row, self._good, strict=True))
        new = [rank for rank, (text, good) in cells if text not in good]
        found = self._bad_cells(row, new) if new else []
        if found:
            self._count(found)
        else:
            self.valid += 1
        return found

    def _bad_cells(self, row: Sequence[str], ranks: Iterable[int]) -> list[BadCell]:
        """Those of some cells of a row; the good ones are remembered: rows repeat them."""
        found: list[BadCell] = []
        for rank in ranks:
            reason = fault(FIELDS[rank], row[rank])
            if reason:
                found.append(BadCell(FIELDS[rank].name, reason))
            elif len(self._good[rank]) < _KNOWN_CELLS:
                self._good[rank].add(row[rank])
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

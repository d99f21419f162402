"""Is a strict row valid against SCDL budget 0.8.3? Counts rows and names bad cells, fast.

The same answers as the official validator for the schema's constraints and its check of SIRET keys;
tests compare both on real documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ckanext.budgetod.engine.siret import valid_siret

from .schema import COLUMNS, FIELDS, PATTERNS, Field

_KNOWN_CELLS = 5000
_NO_VALUE = frozenset({"not_listed", "not_a_year", "not_a_siret", "not_a_number"})
"""Reasons of cells that hold anything but a value of their column: a name, an address."""


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
        found = self.check_columns([(text,) for text in row])
        return found.get(0, [])

    def check_columns(self, columns: Sequence[Sequence[str]]) -> dict[int, list[BadCell]]:
        """The bad cells of some rows, given as columns: place of the row -> its bad cells."""
        if len(columns) != len(FIELDS):
            raise ValueError(f"{len(columns)} cells for {len(FIELDS)} columns")
        found: defaultdict[int, list[BadCell]] = defaultdict(list)
        for field, column, good in zip(FIELDS, columns, self._good, strict=True):
            reasons = self._reasons(field, column, good)
            for place, text in enumerate(column if reasons else ()):
                if text in reasons:
                    found[place].append(BadCell(field.name, reasons[text]))
        self._count(found)
        self.rows += len(columns[0])
        self.valid += len(columns[0]) - len(found)
        return found

    def _reasons(self, field: Field, column: Sequence[str], good: set[str]) -> dict[str, str]:
        """Why texts are bad; the good ones are remembered: rows repeat them."""
        new = set(column) - good
        reasons = {text: reason for text in new if (reason := fault(field, text))}
        if len(good) < _KNOWN_CELLS:
            good |= new - reasons.keys()
        return reasons

    def _count(self, found: Mapping[int, list[BadCell]]) -> None:
        for place in sorted(found):
            for bad in found[place]:
                self.bad[bad] += 1
                self.first_row.setdefault(bad, self.rows + place + 1)

    @property
    def is_valid(self) -> bool:
        """True when every row was valid, and there was one."""
        return 0 < self.rows == self.valid


def blank(row: list[str], bad: Sequence[BadCell]) -> None:
    """Empty the bad cells of a row that hold no value of their column; the row is changed."""
    for cell in bad:
        if cell.reason in _NO_VALUE:
            row[COLUMNS.index(cell.column)] = ""


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

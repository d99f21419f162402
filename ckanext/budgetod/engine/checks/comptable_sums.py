"""Totals of the accountant's part of a CFU (reference: LigneComptable, V113)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from ..document import AccountingRows
from ..ledger import ZERO
from .annex_sums import number

_EXECUTION = {
    "EB_DF": ("F", "D"),
    "EB_RF": ("F", "R"),
    "EB_DI": ("I", "D"),
    "EB_RI": ("I", "R"),
}
_BALANCE = {"BI_A", "BI_P"}


class ComptableSums:
    """Rows per statement; net realisations per section and side; totals of the balance sheet."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.execution: dict[tuple[str, str], Decimal] = {}
        self.balance: dict[str, Decimal] = {}

    def add(self, rows: AccountingRows) -> None:
        for row in rows.dicts():
            self._add(row.get("Etat", ""), row)

    def _add(self, etat: str, row: Mapping[str, str]) -> None:
        self.rows[etat] += 1
        if etat in _EXECUTION and row.get("Nature"):
            key = _EXECUTION[etat]
            self.execution[key] = self.execution.get(key, ZERO) + number(row.get("MtRealNettes"))
        elif etat in _BALANCE and row.get("Intitule1", "").startswith("TOTAL GÉNÉRAL"):
            self.balance[etat] = number(row.get("MtNet"))

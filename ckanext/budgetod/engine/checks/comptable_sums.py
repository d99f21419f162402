"""Totals of the accountant's part of a CFU (reference: LigneComptable, V113)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from ..document import AccountingRow
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

    def add(self, row: AccountingRow) -> None:
        self.rows[row.etat] += 1
        values = row.values
        if row.etat in _EXECUTION and values.get("Nature"):
            key = _EXECUTION[row.etat]
            self.execution[key] = self.execution.get(key, ZERO) + number(values.get("MtRealNettes"))
        elif row.etat in _BALANCE and values.get("Intitule1", "").startswith("TOTAL GÉNÉRAL"):
            self.balance[row.etat] = number(values.get("MtNet"))

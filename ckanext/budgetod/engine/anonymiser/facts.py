"""Facts of the original that no reduced copy can give: rows per annex table, numeric totals.

Sums only, of money and of posts: nothing here names or singles out a person. Rows that TotEM
calculated are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..readers.values import amount

GUARANTEED = "09"
OTHERS_DEBT = ("02", "07", "08")
NOT_DEBT = ("10",)
"""CodTypEmpr: loans for other bodies, and rows that only serve a ratio."""

_Sums = dict[str, tuple[str, str]]
_TABLES: dict[str, _Sums] = {
    "PERSONNEL": {
        "EffectifBud": ("staff", "effectif_budgetaire"),
        "EffectifPourvu": ("staff", "effectif_pourvu"),
    },
    "CONCOURS": {"MtSubv": ("subsidies", "total")},
    "PRET": {"MtCapitalRestDu_31_12": ("loans", "capital_restant_du")},
}
_OWN: _Sums = {
    "MtCapitalRestDu_31_12": ("debt", "capital_restant_du"),
    "MtCapitalRestDu_01_01": ("debt", "capital_restant_du_debut"),
    "MtCapitalExer": ("debt", "capital_exercice"),
    "MtIntExer": ("debt", "interets_exercice"),
}
_GARANTI: _Sums = {"MtCapitalRestDu_31_12": ("debt", "garanti")}
_OTHERS: _Sums = {"MtCapitalRestDu_31_12": ("debt", "pour_autrui")}
FACT_FIELDS = {
    "EMPRUNT": frozenset({"CodTypEmpr", "NomBenefEmprGaranti", *_OWN}),
    **{table: frozenset(sums) for table, sums in _TABLES.items()},
}
"""Table -> fields that are looked at."""


def sums_of(table: str, values: Mapping[str, str]) -> _Sums:
    """Field -> (group, name) to add, for one row."""
    if table != "EMPRUNT":
        return _TABLES.get(table, {})
    kind = values.get("CodTypEmpr", "")
    if kind == GUARANTEED or (not kind and values.get("NomBenefEmprGaranti")):
        return _GARANTI
    if kind in OTHERS_DEBT:
        return _OTHERS
    return {} if kind in NOT_DEBT else _OWN


_MAX_PENDING = 2000


class Facts:
    """Adds up as the rows pass."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self._totals: dict[tuple[str, str], Decimal] = {}
        self._pending: dict[tuple[tuple[str, str], str], int] = {}
        """How often each text was met: many rows say the same number."""

    def add(self, table: str, values: Mapping[str, str]) -> None:
        """One row of a table of ``FACT_FIELDS``. What is not an amount adds nothing."""
        pending = self._pending
        for name, key in sums_of(table, values).items():
            text = values.get(name)
            if text:
                met = (key, text)
                pending[met] = pending.get(met, 0) + 1
        if len(pending) > _MAX_PENDING:
            self._settle()

    def _settle(self) -> None:
        """Turn the texts that were met into sums."""
        for (key, text), times in self._pending.items():
            try:
                found = amount(text) * times
            except ValueError:
                continue
            self._totals[key] = self._totals.get(key, Decimal(0)) + found
        self._pending.clear()

    def to_dict(self) -> dict[str, Any]:
        """``{"annex_rows": {table: n}, "annex_totals": {group: {name: "euros"}}}``."""
        self._settle()
        totals: dict[str, dict[str, str]] = {}
        for (group, name), total in sorted(self._totals.items()):
            totals.setdefault(group, {})[name] = f"{total:.2f}"
        return {"annex_rows": dict(sorted(self.rows.items())), "annex_totals": totals}

"""Sums of the annexes that are compared with the lines; never a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from ..annex_cells import DECIMALS, WHOLE, cells, declared
from ..document import AnnexRows
from ..ledger import ZERO
from ..readers.values import plain_numbers

_MAX_BUDGETS = 200


class Budget(NamedTuple):
    """An annexe budget that the consolidation annex names."""

    code: str
    libelle: str
    siret: str


class AnnexSums:
    """Rows per table, the consolidation of the principal budget, the annexe budgets it names."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.consolidation: dict[tuple[str, str], list[Decimal]] = {}
        self.budgets: dict[Budget, None] = {}

    def add(self, rows: AnnexRows) -> None:
        self.rows[rows.item] += rows.size
        if rows.item == "CONSOLIDATION":
            for row in rows.dicts():
                self._consolidate(row)

    def _consolidate(self, values: Mapping[str, str]) -> None:
        kind = values.get("CodTypBudAgreg")
        if kind == "01":
            key = (values.get("CodInvFonc", ""), values.get("CodRD", ""))
            sums = self.consolidation.setdefault(key, [ZERO, ZERO, ZERO])
            sums[0] += number(values.get("MtCredOuv"))
            sums[1] += number(values.get("MtRealMandatTitre"))
            sums[2] += number(values.get("RAR"))
        elif kind == "02" and len(self.budgets) < _MAX_BUDGETS:
            budget = Budget(
                values.get("CodBudAnnex", ""),
                values.get("LibBudAnnex", "").strip(),
                values.get("SiretBudAnnexe", ""),
            )
            self.budgets.setdefault(budget)


def number(text: str | None) -> Decimal:
    """An amount of an annex; what is not a finite number counts for nothing."""
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        return ZERO
    return amount if amount.is_finite() else ZERO


_NUMERIC = DECIMALS | WHOLE


@lru_cache(maxsize=256)
def numeric_fields(table: str) -> dict[str, str]:
    """Type of each field of a known table that holds a number."""
    fields = declared()["tables"].get(table, {}).get("fields", {})
    return {name: kind for name, kind in fields.items() if kind in _NUMERIC}


def are_plain_numbers(texts: Sequence[str], kind: str) -> bool:
    """True for texts that ``is_number`` surely takes, looked at all together."""
    raw = plain_numbers(texts)
    return bool(raw) and not (kind in WHOLE and b"." in raw)


def is_number(text: str, kind: str) -> bool:
    """True for what a column of this type can hold: « NaN » cannot, an empty text can."""
    return not text or cells(text, kind, {}) != [""]

"""Facts of the original that no reduced copy can give: rows per annex table, numeric totals.

Sums only, of money and of posts: nothing here names or singles out a person. Rows that TotEM
calculated are not counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from ..readers.values import amount

GUARANTEED = "09"
OTHERS_DEBT = ("02",)
NOT_DEBT = ("05", "06", "07", "08", "10")
"""CodTypEmpr: loans for other bodies; the statement of refinancing, which says again what loans of
the other statements are worth (all real documents do), and rows that only serve a ratio."""

Columns = Mapping[str, Sequence[str]]
_Sums = dict[str, tuple[str, str]]
"""Field -> group and name of what it adds to."""
_TABLES: dict[str, _Sums] = {
    "PERSONNEL": {
        "EffectifBud": ("staff", "effectif_budgetaire"),
        "EffectifPourvu": ("staff", "effectif_pourvu"),
    },
    "CONCOURS": {"MtSubv": ("subsidies", "total")},
    "PRET": {"MtCapitalRestDu_31_12": ("loans", "capital_restant_du")},
}


class _Debtor(Enum):
    """Who owes a loan."""

    OWN = "own"
    GUARANTEED = "guaranteed"
    OTHERS = "others"
    NOBODY = "nobody"


_LOANS: dict[_Debtor, _Sums] = {
    _Debtor.OWN: {
        "MtCapitalRestDu_31_12": ("debt", "capital_restant_du"),
        "MtCapitalRestDu_01_01": ("debt", "capital_restant_du_debut"),
        "MtCapitalExer": ("debt", "capital_exercice"),
        "MtIntExer": ("debt", "interets_exercice"),
    },
    _Debtor.GUARANTEED: {"MtCapitalRestDu_31_12": ("debt", "garanti")},
    _Debtor.OTHERS: {"MtCapitalRestDu_31_12": ("debt", "pour_autrui")},
    _Debtor.NOBODY: {},
}
FACT_FIELDS = {
    "EMPRUNT": frozenset({"CodTypEmpr", "NomBenefEmprGaranti", *_LOANS[_Debtor.OWN]}),
    **{table: frozenset(sums) for table, sums in _TABLES.items()},
}
"""Table -> fields that are looked at."""


def _debtor(kind: str, guaranteed: str) -> _Debtor:
    if kind == GUARANTEED or (not kind and guaranteed):
        return _Debtor.GUARANTEED
    if kind in OTHERS_DEBT:
        return _Debtor.OTHERS
    return _Debtor.NOBODY if kind in NOT_DEBT else _Debtor.OWN


_MAX_PENDING = 2000


class Facts:
    """Adds up as the rows pass, Budget by Budget."""

    def __init__(self) -> None:
        self._before: list[dict[str, Any]] = []
        self._begun = False
        self.rows: Counter[str] = Counter()
        self._totals: dict[tuple[str, str], Decimal] = {}
        self._pending: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        """How often each text was met: many rows say the same number."""

    def begin(self) -> None:
        """A Budget begins."""
        if self._begun:
            self._before.append(self._told())
            self.rows.clear()
            self._totals.clear()
        self._begun = True

    def add(self, table: str, columns: Columns, size: int) -> None:
        """Rows of a table of ``FACT_FIELDS``: each field's text in each row, where rows have it.
        What is not an amount adds nothing."""
        if table == "EMPRUNT":
            self._add_loans(columns, size)
            return
        for name, key in _TABLES[table].items():
            self._count(key, columns.get(name, ()))

    def _add_loans(self, columns: Columns, size: int) -> None:
        absent = ("",) * size
        kinds = columns.get("CodTypEmpr", absent)
        names = columns.get("NomBenefEmprGaranti", absent)
        debtors = [_debtor(kind, name) for kind, name in zip(kinds, names, strict=True)]
        for debtor in set(debtors):
            places = [place for place, found in enumerate(debtors) if found is debtor]
            for name, key in _LOANS[debtor].items():
                texts = columns.get(name, absent)
                self._count(key, [texts[place] for place in places])

    def _count(self, key: tuple[str, str], texts: Sequence[str]) -> None:
        self._pending[key].update(texts)
        if len(self._pending[key]) > _MAX_PENDING:
            self._settle()

    def _settle(self) -> None:
        """Turn the texts that were met into sums."""
        for key, met in self._pending.items():
            for text, times in met.items():
                try:
                    found = amount(text) * times
                except ValueError:
                    continue
                self._totals[key] = self._totals.get(key, Decimal(0)) + found
        self._pending.clear()

    def to_dict(self) -> dict[str, Any]:
        """``{"annex_rows": {table: n}, "annex_totals": {group: {name: "euros"}}}`` of the first
        Budget; those of the further ones, in order, under ``others`` (see ``of_budget``)."""
        first, *others = *self._before, self._told()
        return {**first, "others": others} if others else first

    def _told(self) -> dict[str, Any]:
        self._settle()
        totals: dict[str, dict[str, str]] = {}
        for (group, name), total in sorted(self._totals.items()):
            totals.setdefault(group, {})[name] = f"{total:.2f}"
        return {"annex_rows": dict(sorted(self.rows.items())), "annex_totals": totals}


def of_budget(facts: Mapping[str, Any] | None, index: int) -> Mapping[str, Any] | None:
    """The facts of the nth Budget of a document, from 0, and what is said of the whole of it."""
    if facts is None or index == 0:
        return facts
    others = facts.get("others") or ()
    own = others[index - 1] if index <= len(others) else {"annex_rows": {}, "annex_totals": {}}
    return {**facts, **own}


def annex_rows(facts: Mapping[str, Any]) -> dict[str, int]:
    """Rows per annex table of the whole document."""
    found = Counter(facts.get("annex_rows") or {})
    for other in facts.get("others") or ():
        found.update(other["annex_rows"])
    return dict(sorted(found.items()))

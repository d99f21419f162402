"""Codes of one budget in the account plans: each is looked up once."""

from __future__ import annotations

from ckanext.budgetod.engine.document import Header

from .plan import Entry
from .plans import Found, Plans
from .rules import beginnings, remember


class Lookups:
    """``kind`` is "compte", "chapitre", "fonction", "compte_fonction" or "chapitre_fonction"."""

    def __init__(self, plans: Plans, header: Header) -> None:
        self.plans = plans
        self.nomenclature = header.nomenclature
        self.exercice = header.exercice
        self._found: dict[tuple[str, str], Found | None] = {}

    def find(self, kind: str, code: str) -> Found | None:
        """The entry of a code and where it was found."""
        if not code:
            return None
        key = (kind, code)
        if key not in self._found:
            found = self.plans.look_up(kind, code, self.nomenclature, self.exercice)
            remember(self._found, key, found)
            return found
        return self._found[key]

    def entry(self, kind: str, code: str) -> Entry | None:
        found = self.find(kind, code)
        return found.entry if found else None

    def account(self, nature: str) -> Entry | None:
        """The account of a nature, or the nearest one above it that takes operations."""
        for code in (nature, *beginnings(nature)):
            entry = self.entry("compte", code)
            if entry and entry.roles:
                return entry
        return None

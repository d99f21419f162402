"""The accountant's part of a compte financier unique: DocumentComptable.

Source: the one public CFU (V113); names of accountants and logins are never read.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from ckanext.budgetod.engine.document import AccountingRow

from .rows import leaves, short
from .safexml import Choice, Element
from .values import day

NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/doccomptable"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


BUDGET, LIGNE, ENTETE = map(_tag, ("BudgetComptable", "LigneComptable", "EnteteComptable"))
CHOICES = {
    _tag("DocumentComptable"): Choice.OPEN,
    BUDGET: Choice.OPEN,
    LIGNE: Choice.UNIT,
    ENTETE: Choice.UNIT,
}


class Comptable:
    """Facts of the accountant's part, and its rows as they pass."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.edition_date: date | None = None
        self.edition_type = ""
        self.population = ""
        self.nomenclature = ""

    def row(self, element: Element) -> AccountingRow:
        """One LigneComptable; ``index`` counts within its ``etat``."""
        found = leaves(element)
        etat = found.pop("Etat", "")
        self.rows[etat] += 1
        return AccountingRow(etat, self.rows[etat], found)

    def read_header(self, element: Element) -> None:
        """Keep what is not personal: dates and type of edition, population, nomenclature."""
        for child in element.iter():
            if not isinstance(child.tag, str):
                continue
            name = short(child.tag)
            if name == "Edition":
                self.edition_type = child.get("TypeEdition") or ""
                self.edition_date = _day(child.get("DateEdition") or "")
            elif name == "Collectivite":
                self.population = child.get("Population") or ""
            elif name == "Nomenclature":
                self.nomenclature = child.get("V") or ""


def _day(text: str) -> date | None:
    try:
        return day(text)
    except ValueError:
        return None

"""The accountant's part of a compte financier unique: DocumentComptable.

Source: the one public CFU (V113); names of accountants and logins are never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ckanext.budgetod.engine.document import AccountingRows

from .alike import Rows
from .rows import read_runs, short
from .safexml import Choice, Element
from .values import day

NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/doccomptable"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


BUDGET, LIGNE, ENTETE = map(_tag, ("BudgetComptable", "LigneComptable", "EnteteComptable"))
CHOICES = {
    _tag("DocumentComptable"): Choice.OPEN,
    BUDGET: Choice.OPEN,
    LIGNE: Choice.ROW,
    ENTETE: Choice.UNIT,
}


class Comptable:
    """Facts of the accountant's part, and its rows as they pass."""

    def __init__(self) -> None:
        self.rows = 0
        self.edition_date: date | None = None
        self.edition_type = ""
        self.population = ""
        self.nomenclature = ""

    def read_rows(self, rows: Rows) -> Iterator[AccountingRows]:
        """LigneComptable that follow each other."""
        for run in read_runs(rows):
            self.rows += run.size
            yield AccountingRows(run.columns, run.size)

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

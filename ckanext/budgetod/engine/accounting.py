"""The accountant's statements of a CFU as tables of rows, ready for a CSV (see ``annexes``)."""

from __future__ import annotations

from itertools import groupby

from .annexes import Spool, Table, Tables
from .choices import worded
from .document import AccountingRows

_STATEMENTS = {
    "bilan": ("Bilan", "Balance sheet"),
    "bilan_synthetique": ("Bilan synthétique (k€)", "Balance sheet, summary (k€)"),
    "resultat": ("Compte de résultat", "Income statement"),
    "resultat_synthetique": (
        "Compte de résultat synthétique (k€)",
        "Income statement, summary (k€)",
    ),
    "execution": ("Exécution budgétaire (comptable)", "Budget execution (accountant)"),
    "autres": ("Autres états du comptable", "Other statements of the accountant"),
}
_PREFIXES = (
    ("BI_S", "bilan_synthetique"),
    ("BI", "bilan"),
    ("CR_S", "resultat_synthetique"),
    ("CR", "resultat"),
    ("EB", "execution"),
)
_ACCOUNTING = {"Etat": "ETAT", "NumOrdre": "int", "CodeRD": "ATCodRD", "Section": "ATCodInvFonc"}
ACCOUNTING_ORDER = (
    "Etat",
    "NumOrdre",
    "Intitule1",
    "Intitule2",
    "Section",
    "CodeRD",
    "Chapitre",
    "Nature",
    "Operation",
)


class AccountingTables(Tables):
    """Collects the accountant's rows of a CFU: balance sheet, income statement, execution."""

    family = "accounting"

    def add(self, rows: AccountingRows) -> None:
        """Keep rows that all have the same fields, each with its statement."""
        etats = [_statement(etat or "") for etat in rows.columns.get("Etat", ("",) * rows.size)]
        start = 0
        for name, alike in groupby(etats):
            end = start + len(list(alike))
            columns = {field: texts[start:end] for field, texts in rows.columns.items()}
            self.spool(name).add(columns, end - start)
            start = end

    def tables(self, lang: str = "fr") -> list[Table]:
        """Statements with rows; amounts of the ``synthetique`` ones are thousands of euros.

        ``lang``: of the titles and descriptions of their columns.
        """
        return [self._statement(name, spool, lang) for name, spool in self.spools.items()]

    def _statement(self, name: str, spool: Spool, lang: str) -> Table:
        unit = "kiloeuros" if name.endswith("synthetique") else "amount"
        present = {
            key: _ACCOUNTING.get(key, unit if key.startswith(("Mt", "Variation")) else "text")
            for key in (*ACCOUNTING_ORDER, *spool.names)
            if key in spool.names
        }
        title = worded(_STATEMENTS[name], lang)
        return self.table(f"comptable:{name}", title, present, spool, lang)


def _statement(etat: str) -> str:
    return next((name for prefix, name in _PREFIXES if etat.startswith(prefix)), "autres")

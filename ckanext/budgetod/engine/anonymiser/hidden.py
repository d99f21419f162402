"""Rows of a table that a profile leaves out altogether: counted, and added up for the facts."""

from __future__ import annotations

from ..readers.rows import TRUE
from ..readers.walking import Siblings
from .elements import some_values
from .facts import FACT_FIELDS, Facts
from .ledger import Ledger
from .rules import BUDGET


class HiddenRows:
    """Tell it when a table begins and ends, and its rows in between."""

    def __init__(self, ledger: Ledger, facts: Facts) -> None:
        self._ledger, self._facts = ledger, facts
        self.begin("")

    def begin(self, table: str) -> None:
        """Rows of this table follow."""
        self._table = table
        self._wanted = {f"{{{BUDGET}}}{name}": name for name in FACT_FIELDS.get(table, ())}
        self._rows = self._calculated = 0

    def add(self, rows: Siblings) -> None:
        """Count rows."""
        given = [row for row in rows if row.get("calculated") not in TRUE]
        self._rows += len(rows)
        self._calculated += len(rows) - len(given)
        if given and self._wanted:
            found = some_values(given, self._wanted)
            told = {name: [row.get(name, "") for row in found] for name in self._wanted.values()}
            self._facts.add(self._table, told, len(found))

    def end(self) -> None:
        """The table is over: its rows are told."""
        if self._rows:
            self._ledger.masked("row", self._table, "person_table", self._rows)
            self._facts.rows[self._table] += self._rows - self._calculated
        self.begin("")

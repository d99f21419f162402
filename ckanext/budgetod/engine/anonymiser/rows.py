"""Rows of tables, budget lines and lines of the accountant: written as the rules want them.

Most go out as they are (``swift``), some with a text masked in it, some are built anew leaf by leaf
(``cleaner``), some stay out. Those that are counted and added up are counted here.
"""

from __future__ import annotations

from dataclasses import replace

from ..readers.alike import Cutter, Rows
from ..readers.rows import TRUE
from ..readers.safexml import Element
from ..readers.walking import Siblings
from .cleaner import Cleaner
from .elements import Place, place_of, values_of
from .facts import FACT_FIELDS, Columns, Facts
from .ledger import Ledger
from .output import Output
from .rules import Rule
from .swift import Aside, Mend, Swift
from .verdicts import Verdict

_BOOLEANS = (*TRUE, "false", "0")
_SOMMAIRE = frozenset({"CodeAnnexe", "Present"})


class RowWriter:
    """Writes the rows of one document. ``lines`` and ``accounting`` count budget lines and lines of
    the accountant that TotEM did not calculate; ``sommaire`` is the list of annexes."""

    def __init__(
        self, cleaner: Cleaner, ledger: Ledger, facts: Facts, out: Output, cutter: Cutter
    ) -> None:
        self.lines = self.accounting = 0
        self.sommaire: list[tuple[str, bool]] = []
        self._cleaner, self._ledger, self._facts = cleaner, ledger, facts
        self._out, self._cutter = out, cutter
        self._swifts: dict[str, Swift] = {}
        self._rank = 0

    def begin(self) -> None:
        """Rows are numbered from here on."""
        self._rank = 0

    def write(self, rule: Rule, elements: Siblings) -> Rows | None:
        """Write what may go out of rows of one name; what was written, None when nothing was."""
        first, line = self._rank + 1, self._out.line
        self._rank += len(elements)
        swift = self._swift(rule)
        cut = self._cutter.cut(elements)
        if cut.followed:
            self._ledger.unknown("#text", cut.followed)
        batch = swift.sort(cut, len(elements))
        self._count(rule, batch.counted)
        for columns, size in batch.wanted:
            self._see(rule.table, columns, size)
        careful = elements.some({rank for rank, why in batch.aside.items() if why is None})
        copies: dict[int, Element] = {}
        gone: set[int] = set()
        done = 0
        for index in sorted(batch.aside):
            why = batch.aside[index]
            place = place_of(rule, first + index, self._out.line + index - done)
            if isinstance(why, Mend):
                batch.texts[index] = swift.mend(batch, index, why, place)
                continue
            self._out.rows(batch.texts[done:index])
            done = index + 1
            copy = self._apart(rule, careful.get(index), place, why)
            if copy is None:
                gone.add(index)
            else:
                copies[index] = copy
        self._out.rows(batch.texts[done:])
        if len(gone) == len(elements):
            return None
        lines = range(line, line + len(elements) - len(gone))
        return Rows(elements.tag, lines, batch.alike, copies).closed_up(gone)

    def _swift(self, rule: Rule) -> Swift:
        if rule.name not in self._swifts:
            wanted = _SOMMAIRE if rule.table == "SOMMAIRE" else FACT_FIELDS.get(rule.table)
            self._swifts[rule.name] = Swift(
                rule, self._cleaner, self._ledger, frozenset(wanted or ())
            )
        return self._swifts[rule.name]

    def _count(self, rule: Rule, counted: int) -> None:
        """Rows that TotEM did not calculate."""
        if rule.name == "LigneBudget":
            self.lines += counted
        elif rule.name == "LigneComptable":
            self.accounting += counted
        elif counted:
            self._facts.rows[rule.table] += counted

    def _see(self, table: str, columns: Columns, size: int) -> None:
        """Rows of a table of which something is wanted."""
        if table in FACT_FIELDS:
            self._facts.add(table, columns, size)
        elif table == "SOMMAIRE":
            absent = ("",) * size
            codes, marks = (columns.get(name, absent) for name in ("CodeAnnexe", "Present"))
            rows = zip(codes, marks, strict=True)
            self.sommaire += [(code, mark in TRUE) for code, mark in rows if mark in _BOOLEANS]

    def _apart(self, rule: Rule, element: Element, place: Place, why: Aside) -> Element | None:
        """What is published of a row that is not written as text; None when it stays out."""
        if not isinstance(why, Verdict):
            return self._carefully(rule, element, place)
        self._ledger.masked("row", rule.table, why.value)
        if why is Verdict.UNKNOWN:
            self._ledger.found("P02", replace(place, source_line=None).where(""))
        return None

    def _carefully(self, rule: Rule, element: Element, place: Place) -> Element | None:
        """A row that the swift way does not know: built anew, leaf by leaf."""
        copy = self._cleaner.copy(element, rule, place)
        if element.get("calculated") not in TRUE:
            shown = copy if rule.table == "SOMMAIRE" else element
            self._count(rule, 1)
            told = {name: (value,) for name, value in values_of(shown).items()}
            self._see(rule.table, told, 1)
        if copy is not None:
            self._out.unit(copy)
        return copy

"""The gate's pass: read a document once, write what may be published of it, tell what it is.

One bounded streaming pass over ``safexml.walk``: size, DOCTYPE, root, SHA-256, header, number of
lines, facts of the annexes, and the anonymised document, element by element, into the target. The
header is read from the *anonymised* blocks: nothing that the rules hide can reach a table or a log.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import IO

from ..document import Header
from ..errors import NotABudget, Unreadable
from ..readers import check_kind, sniff
from ..readers.header import Blocks, build_header
from ..readers.safexml import BoundedStream, Element, Step, Writer, walk
from ..readers.totem import read_block
from .cleaner import Cleaner, Place, some_values, values_of
from .facts import FACT_FIELDS, Facts
from .ledger import Ledger
from .rules import BUDGET, Rule, Rules
from .sorting import Sort, Sorter
from .swift import Swift

_CALCULATED = ("true", "1")
LINE = f"{{{BUDGET}}}LigneBudget"


class HashingSink:
    """A binary target that hashes what it is given."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._target.write(data)
        return len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class Gate:
    """One document through the rules of one profile. Use ``run`` once."""

    def __init__(self, rules: Rules, profile: str, sink: HashingSink) -> None:
        self.ledger, self.facts = Ledger(), Facts()
        self.headers: list[Header] = []
        self.lines = 0
        self.seal_seen = False
        self._rules = rules
        self._cleaner = Cleaner(rules, profile, self.ledger)
        self._sorter = Sorter(rules)
        self._out = _Output(sink)
        self._blocks = Blocks()
        self._counts: Counter[str] = Counter()
        self._hidden: int | None = None
        self._table = self._row_tag = ""
        self._row_rule = rules.elements["LigneBudget"]
        self._swift: dict[str, Swift] = {}
        self._rank = 0
        self._headed = False
        self._sommaire: list[tuple[str, bool]] = []

    def run(self, stream: BoundedStream) -> None:
        """Read everything. Raises DocumentRefused; what was written before that is void."""
        root = check_kind(stream)
        for step in walk(stream, self._sorter.choose):
            self._step(step)
        if not self._counts["DocumentBudgetaire"]:
            raise sniff.no_document(root, bool(self._counts["LigneComptable"]))
        if not self._counts["Budget"]:
            raise NotABudget("F05", racine=root.name, case="no_budget")
        if not self.lines:
            raise Unreadable("F15")
        self._out.finish()

    # --- steps -----------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        kind, element, depth = step
        if self._hidden is not None:
            self._in_hidden(kind, element, depth)
        elif kind == "unit":
            self._unit(element)
        elif kind == "open":
            self._open(element, depth)
        else:
            self._close(element)

    def _in_hidden(self, kind: str, element: Element, depth: int) -> None:
        """Nothing of what is left out is written; rows of an unknown table are counted."""
        if kind == "close" and depth == self._hidden:
            self._hidden = None
            self._table = ""
        elif kind == "open" and self._table and depth == (self._hidden or 0) + 1:
            self.facts.rows[self._table] += 1

    def _open(self, element: Element, depth: int) -> None:
        name = element.tag.rpartition("}")[2]
        if depth == 0:
            self._blocks.root = name
        sort = self._sorter.sort(element)
        if sort is Sort.CONTAINER:
            self._open_container(element, self._sorter.rule_of(element))
        elif sort is Sort.TABLE:
            self._table = name.removeprefix("DATA_")
            self._rank = 0
            self._row_rule = self._sorter.rule_of(element)
            self._row_tag = f"{{{BUDGET}}}{self._row_rule.name}"
            self._out.open(self._cleaner.bare(element, Rule(name), Place(name)), lazy=True)
        elif sort is Sort.ENVELOPE:
            self._out.open(None)
        else:
            self._hide(element, name, sort, depth)

    def _hide(self, element: Element, name: str, sort: Sort, depth: int) -> None:
        self._hidden = depth
        if sort is Sort.UNKNOWN_TABLE:
            self._table = name.removeprefix("DATA_")
            self.ledger.unknown(name)
            return
        if name == "Scellement":
            self.seal_seen = True
            read_block(self._blocks, element)
        parent = element.getparent()
        self._cleaner.left_out(name, self._sorter.rule_of(parent))

    def _open_container(self, element: Element, rule: Rule) -> None:
        self._counts[rule.name] += 1
        if rule.name == "Budget":
            self._open_budget()
        elif rule.name == "Annexes":
            self._head()
        elif rule.name == "BudgetComptable":
            self._blocks.accounting_siret = element.get("SIRET") or ""
        bare = self._cleaner.bare(element, rule, Place(rule.name))
        self._out.open(bare, lazy=rule.name == "Annexes")

    def _open_budget(self) -> None:
        self._headed, self._rank, self._sommaire = False, 0, []
        self._blocks.budget, self._blocks.bloc, self._blocks.informations = {}, {}, ()

    def _head(self) -> None:
        """The header, once everything that comes before the first line was read."""
        if not self._headed:
            self._headed = True
            header, _ = build_header(self._blocks)
            self.headers.append(header)

    def _close(self, element: Element) -> None:
        if element.tag.endswith("}Budget") and self._sorter.sort(element) is Sort.CONTAINER:
            self._head()
            self.headers[-1] = replace(self.headers[-1], sommaire=tuple(self._sommaire))
        self._table = ""
        self._out.close()

    # --- units -----------------------------------------------------------------------------------

    def _unit(self, element: Element) -> None:
        tag = element.tag
        if self._table and tag == self._row_tag:
            self._row(element)
        elif tag == LINE:
            self._line(element)
        elif not isinstance(tag, str):
            self.ledger.unknown("#comment")
        else:
            self._part(element, tag.rpartition("}")[2])

    def _part(self, element: Element, name: str) -> None:
        self._counts[name] += 1
        parent = element.getparent()
        rule = self._sorter.rule_of(parent)
        if name == "LigneComptable" and self._swiftly(self._rules.elements[name], element):
            return
        place = Place(f"{rule.name}/{name}", source_line=element.sourceline)
        if name == "LigneComptable":
            place.path += f"[{self._counts[name]}]"
        for copy in self._cleaner.child(parent, element, rule, place):
            read_block(self._blocks, copy)
            self._out.unit(copy)

    def _line(self, element: Element) -> None:
        if not self._headed:
            self._head()
        self._rank += 1
        if element.get("calculated") not in _CALCULATED:
            self.lines += 1
        rule = self._rules.elements["LigneBudget"]
        if self._swiftly(rule, element):
            return
        place = Place(f"Budget/LigneBudget[{self._rank}]", self._rank, element.sourceline)
        self._out.unit(self._cleaner.copy(element, rule, place))

    def _swiftly(self, rule: Rule, element: Element) -> dict[str, str] | None:
        """Write a row that needs no change; its values for the facts, None when it needs one."""
        if element.prefix is not None:
            return None
        swift = self._swift.get(rule.name)
        if swift is None:
            swift = self._swift[rule.name] = Swift(rule, self._cleaner, self.ledger)
        answer = swift.row(element)
        if answer is None:
            return None
        self._out.raw(answer[0])
        return {"": "", **answer[1]}

    def _row(self, element: Element) -> None:
        table, rule = self._table, self._row_rule
        self._rank += 1
        counted = element.get("calculated") not in _CALCULATED
        self.facts.rows[table] += counted
        if rule.left_out and self._cleaner.leaves_tables_out:
            self.ledger.masked("row", table, "person_table")
            if counted and table in FACT_FIELDS:
                self.facts.add(table, some_values(element, FACT_FIELDS[table]))
            return
        values = None if table == "SOMMAIRE" else self._swiftly(rule, element)
        if values is None:
            values = values_of(element)
            self._carefully(element, rule)
        if counted and table in FACT_FIELDS:
            self.facts.add(table, values)

    def _carefully(self, element: Element, rule: Rule) -> None:
        path = f"Annexes/{self._table}/{rule.name}[{self._rank}]"
        copy = self._cleaner.copy(element, rule, Place(path, source_line=element.sourceline))
        if copy is not None:
            self._out.unit(copy)
            if self._table == "SOMMAIRE":
                self._add_to_sommaire(values_of(copy))

    def _add_to_sommaire(self, values: dict[str, str]) -> None:
        present = values.get("Present", "")
        if present in ("true", "1", "false", "0"):
            code = values.get("CodeAnnexe", "")
            self._sommaire.append((code, present in _CALCULATED))


class _Output:
    """Containers that are written when something is in them, and units, one a line."""

    def __init__(self, sink: HashingSink) -> None:
        self._sink = sink
        self._writer = Writer(sink)  # type: ignore[arg-type]
        self._pending: list[Element | None] = []
        self._written: list[bool] = []

    def open(self, element: Element | None, lazy: bool = False) -> None:
        """A container begins; None is one that is not written itself (an unknown envelope)."""
        self._pending.append(element)
        if not lazy:
            self._flush()

    def _flush(self) -> None:
        for element in self._pending:
            self._written.append(element is not None)
            if element is not None:
                self._writer.open(element)
                self._sink.write(b"\n")
        self._pending.clear()

    def unit(self, element: Element) -> None:
        if self._pending:
            self._flush()
        element.tail = "\n"
        self._writer.unit(element)

    def raw(self, data: bytes) -> None:
        """A unit that is bytes already."""
        if self._pending:
            self._flush()
        self._sink.write(data)

    def close(self) -> None:
        if self._pending:
            self._pending.pop()
        elif self._written.pop():
            self._writer.close()
            self._sink.write(b"\n")

    def finish(self) -> None:
        """Nothing is left open: every container was closed by the walk."""

"""The gate's pass: read a document once, write what may be published of it, tell what it is.

One bounded streaming pass over ``safexml.walk``: size, DOCTYPE, root, SHA-256, header, number of
lines, facts of the annexes, and the anonymised document, element by element, into the target. The
header is read from the *anonymised* blocks: nothing that the rules hide can reach a table or a log.
Whoever reads the document at the same time gets the steps of what is published, and no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ..document import Header
from ..errors import NotABudget, Unreadable
from ..readers import check_kind, sniff
from ..readers.alike import Cutter
from ..readers.header import Blocks, build_header
from ..readers.safexml import BoundedStream, Element, Step, walk
from ..readers.totem import read_block
from ..readers.walking import Siblings
from .cleaner import Cleaner
from .elements import Place
from .facts import Facts
from .hidden import HiddenRows
from .ledger import Ledger
from .output import HashingSink, Output
from .rows import RowWriter
from .rules import ACCOUNTING, BUDGET, Rule, Rules
from .sorting import Sort, Sorter

MANY = 10_000
"""Unknown elements of one name that are counted; the others are skipped at full speed."""
LINE = f"{{{BUDGET}}}LigneBudget"
_SIGNATURES = ("Signatures", "Signature")
_ROOTS = ("DocumentBudgetaire", "CompteFinancierUnique")
_READ = (Sort.CONTAINER, Sort.TABLE, Sort.ENVELOPE)
COMPTABLE = f"{{{ACCOUNTING}}}LigneComptable"


class Gate:
    """One document through the rules of one profile. Use ``steps`` once."""

    def __init__(self, rules: Rules, profile: str, sink: HashingSink) -> None:
        self.ledger, self.facts = Ledger(), Facts()
        self.headers: list[Header] = []
        self.seal_seen = self.signed = False
        self._rules = rules
        self._cleaner = Cleaner(rules, profile, self.ledger)
        self._sorter = Sorter(rules)
        self._out = Output(sink)
        self._open_ones: list[Element | None] = []
        self._blocks = Blocks()
        self._counts: Counter[str] = Counter()
        self._hidden: int | None = None
        self._table = ""
        self._row_rule = rules.elements["LigneBudget"]
        self._hides_rows = self._hides_table = False
        self._rows = RowWriter(self._cleaner, self.ledger, self.facts, self._out, Cutter())
        self._hidden_rows = HiddenRows(self.ledger, self.facts)
        self._headed = False

    @property
    def lines(self) -> int:
        """Budget lines that TotEM did not calculate."""
        return self._rows.lines

    def steps(self, stream: BoundedStream) -> Iterator[Step]:
        """Read everything; the steps are those of the document that is published, as it is written
        (rows as ``Rows``). Raises DocumentRefused; what was given before that is void.
        """
        root = check_kind(stream)
        for kind, element, depth in walk(stream, self._sorter.choose, root, blanks=False):
            if self._hidden is not None:
                self._in_hidden(kind, element, depth)
            elif kind == "rows":
                yield from self._siblings(element)
            elif kind == "unit":
                yield from self._unit(element)
            elif kind == "open":
                yield from self._open(element, depth)
            else:
                yield from self._close(element)
        if not self._counts["DocumentBudgetaire"]:
            accounts = self._counts["DocumentComptable"] or self._rows.accounting
            raise sniff.no_document(root, bool(accounts))
        if not self._counts["Budget"]:
            raise NotABudget("F05", racine=root.name, case="no_budget")
        if not self.lines:
            raise Unreadable("F15")

    def _in_hidden(self, kind: str, element: Element, depth: int) -> None:
        """Nothing of what is left out is written; rows of an unknown table are counted."""
        if kind == "close" and depth == self._hidden:
            self._note(element.tail)
            self._hidden = None
            if self._hides_table:
                self._table, self._hides_table = "", False
        elif kind == "open" and self._hides_table and depth == (self._hidden or 0) + 1:
            self.facts.rows[self._table] += 1

    def _open(self, element: Element, depth: int) -> Iterator[Step]:
        name = element.tag.rpartition("}")[2]
        if depth == 0:
            self._blocks.root = name
            self._note_before(element)
        sort = self._sorter.sort(element)
        if sort in _READ:
            self._note(element.text)
        if sort is Sort.CONTAINER and self._may_be_root(name, depth):
            yield self._open_container(element, self._sorter.rule_of(element))
        elif sort is Sort.CONTAINER:
            return
        elif sort is Sort.TABLE:
            self._table = name.removeprefix("DATA_")
            self._rows.begin()
            self._row_rule = self._sorter.rule_of(element)
            self._hides_rows = self._row_rule.left_out and self._cleaner.leaves_tables_out
            self._hidden_rows.begin(self._table)
            bare = self._cleaner.bare(element, Rule(name), Place(name))
            yield self._opened(bare, lazy=True)
        elif sort is Sort.ENVELOPE:
            self._out.open(None)
            self._open_ones.append(None)
        else:
            self._hide(element, name, sort, depth)

    def _may_be_root(self, name: str, depth: int) -> bool:
        """True unless an unknown envelope holds this container and it makes no document alone.

        Raises NotABudget for an envelope with several documents: one file is published.
        """
        if self._out.inside:
            return True
        if name not in _ROOTS:
            self._hidden = depth
            self._counts[name] += 1
            self.ledger.unknown(name)
            return False
        if self._out.rooted:
            raise NotABudget("F05", racine=self._blocks.root, case="several")
        return True

    def _hide(self, element: Element, name: str, sort: Sort, depth: int) -> None:
        self._hidden = depth
        if sort is Sort.UNKNOWN_TABLE:
            self._table, self._hides_table = name.removeprefix("DATA_"), True
            self.ledger.unknown(name)
            return
        if name == "Scellement":
            self.seal_seen = True
            read_block(self._blocks, element)
        elif name in _SIGNATURES:
            self.signed = self.signed or len(element) > 0
        parent = element.getparent()
        count = self._cleaner.left_out(name, self._sorter.rule_of(parent))
        if count >= MANY:
            self._sorter.skip(parent.tag, element.tag)

    def _opened(self, bare: Element, lazy: bool) -> Step:
        depth = sum(element is not None for element in self._open_ones)
        self._out.open(bare, lazy=lazy)
        self._open_ones.append(bare)
        return Step("open", bare, depth)

    def _open_container(self, element: Element, rule: Rule) -> Step:
        self._counts[rule.name] += 1
        if rule.name == "Budget":
            self._open_budget()
        elif rule.name == "Annexes":
            self._head()
        elif rule.name == "BudgetComptable":
            self._rows.begin()
            self._blocks.accounting_siret = element.get("SIRET") or ""
        bare = self._cleaner.bare(element, rule, Place(rule.name))
        return self._opened(bare, lazy=rule.name == "Annexes")

    def _open_budget(self) -> None:
        self._headed = False
        self.facts.begin()
        self._rows.begin()
        self._rows.sommaire.clear()
        self._blocks.next_budget()

    def _head(self) -> None:
        """The header, once everything that comes before the first line was read."""
        if not self._headed:
            self._headed = True
            header, _ = build_header(self._blocks)
            self.headers.append(header)
            self._cleaner.belongs_to(
                header.libelle_collectivite,
                header.libelle_etablissement,
                header.libelle_principal,
            )

    def _close(self, element: Element) -> Iterator[Step]:
        self._note(element.tail)
        if element.tag.endswith("}Budget") and self._sorter.sort(element) is Sort.CONTAINER:
            self._head()
            self.headers[-1] = replace(self.headers[-1], sommaire=tuple(self._rows.sommaire))
        if self._table:
            self._hidden_rows.end()
            self._table = ""
        self._out.close()
        bare = self._open_ones.pop()
        if bare is not None:
            yield Step("close", bare, len(self._open_ones))

    def _unit(self, element: Element) -> Iterator[Step]:
        self._note(element.tail)
        if isinstance(element.tag, str):
            yield from self._part(element, element.tag.rpartition("}")[2])
        else:
            self.ledger.unknown("#comment")

    def _note(self, text: str | None) -> None:
        """Text between elements is never published."""
        if text and text.strip():
            self.ledger.unknown("#text")

    def _note_before(self, root: Element) -> None:
        """Nor is what stands before the root; the mark of the prolog is empty."""
        if any(node.text for node in root.itersiblings(preceding=True)):
            self.ledger.unknown("#comment")

    def _siblings(self, elements: Siblings) -> Iterator[Step]:
        """Rows of a table, budget lines or lines of the accountant."""
        rule = self._row_rule
        if elements.tag in (LINE, COMPTABLE):
            rule = self._rules.elements[elements.tag.rpartition("}")[2]]
        elif self._hides_rows:
            self._hidden_rows.add(elements)
            return
        if elements.tag == LINE:
            self._head()
        rows = self._rows.write(rule, elements)
        if rows is not None:
            yield Step("rows", rows, len(self._open_ones))

    def _part(self, element: Element, name: str) -> Iterator[Step]:
        parent = element.getparent()
        rule = self._sorter.rule_of(parent)
        place = Place(f"{rule.name}/{name}", source_line=self._out.line)
        for copy in self._cleaner.child(parent, element, rule, place):
            read_block(self._blocks, copy)
            self._out.unit(copy)
            yield Step("unit", copy, len(self._open_ones))

"""A DocumentBudgetaire (TOTEM), alone or inside a CFU or any other envelope, in one pass.

Children are addressed by name: their order and number change with the schema's version. Lines and
annex rows that TotEM calculated are left out. Source: XSD V95 and documents up to V115.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ckanext.budgetod.engine.document import (
    AccountingRows,
    AnnexRows,
    BudgetLine,
    Header,
    ReadProblem,
)

from . import cfu, values
from .alike import Rows
from .header import Blocks, build_header
from .lines import read_lines
from .rows import leaves, read_annex
from .safexml import Choice, Element, Step, local_name

NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"
CFU_NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/doccfu"
Event = Header | BudgetLine | AnnexRows | AccountingRows | ReadProblem
MAX_ENVELOPE = 6
"""How deep a DocumentBudgetaire is looked for inside an unknown envelope."""


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


DOCUMENT, BUDGET, LIGNE, ANNEXES = map(
    _tag, ("DocumentBudgetaire", "Budget", "LigneBudget", "Annexes")
)
_UNITS = (
    "VersionSchema",
    "BlocEditeur",
    "Scellement",
    "EnTeteDocBudgetaire",
    "EnTeteBudget",
    "BlocBudget",
    "InformationsGenerales",
)
_CHOICES = {
    **{_tag(name): Choice.UNIT for name in _UNITS},
    **dict.fromkeys((DOCUMENT, BUDGET, ANNEXES), Choice.OPEN),
    LIGNE: Choice.ROW,
}
_OURS = (f"{{{NAMESPACE}}}", f"{{{CFU_NAMESPACE}}}", f"{{{cfu.NAMESPACE}}}")


class TotemReader:
    """Turns the steps of ``safexml.walk``, rows as ``Rows``, into events; one reader, one document.

    After the pass: ``headers`` (with their sommaire), ``lines`` (given), ``calculated`` (left out:
    lines and annex rows), ``budgets`` and ``documents`` (how many elements), ``comptable`` (facts
    of the accountant's part).
    """

    def __init__(self, annexes: bool = True, accounting: bool = True) -> None:
        self.headers: list[Header] = []
        self.lines = self.calculated = self.budgets = self.documents = 0
        self.comptable = cfu.Comptable()
        self._annexes = Choice.OPEN if annexes else Choice.SKIP
        self._accounting = accounting
        self._blocks = Blocks()
        self._in_budget = self._headed = False
        self._rank = 0
        self._table, self._rows = "", 0
        self._open: list[str] = []
        self._sommaire: list[tuple[str, bool]] = []

    # -- which elements are wanted ----------------------------------------------------------------

    def choose(self, element: Element, depth: int) -> Choice:
        """What ``walk`` does with an element (see ``safexml.walk``)."""
        tag = element.tag
        if tag == ANNEXES:
            return self._annexes
        known = _CHOICES.get(tag)
        if known is not None:
            return known
        if not isinstance(tag, str):
            return Choice.SKIP
        parent = element.getparent()
        if parent.tag == ANNEXES:
            return Choice.OPEN
        above = parent.getparent()
        if above is not None and above.tag == ANNEXES:
            return Choice.ROW
        return self._choose_outside(element, tag, depth)

    def _choose_outside(self, element: Element, tag: str, depth: int) -> Choice:
        choice = cfu.CHOICES.get(tag)
        if choice is not None:
            return choice if self._accounting or choice is Choice.OPEN else Choice.SKIP
        inside_ours = element.getparent().tag.startswith(_OURS)
        return Choice.SKIP if inside_ours or depth > MAX_ENVELOPE else Choice.OPEN

    # -- steps to events --------------------------------------------------------------------------

    def events(self, steps: Iterator[Step]) -> Iterator[Event]:
        """Headers, lines, annex rows, accounting rows and problems, in the order of the file."""
        for kind, element, depth in steps:
            if kind == "rows":
                yield from self._rows_of(element)
            elif kind == "unit":
                self._unit(element)
            elif kind == "open":
                yield from self._opened(element, element.tag, depth)
                self._open.append(element.tag)
            else:
                self._open.pop()
                yield from self._closed(element.tag)

    def _opened(self, element: Element, tag: str, depth: int) -> Iterator[Event]:
        if depth == 0:
            self._blocks.root = local_name(element)
        if tag == DOCUMENT:
            self.documents += 1
            self._blocks.next_document()
        elif tag == BUDGET:
            self._budget_opened()
        elif tag == ANNEXES:
            yield from self._head()
        elif self._in_budget and self._open[-1:] == [ANNEXES]:
            self._table = local_name(element).removeprefix("DATA_")
            self._rows = 0
        elif tag == cfu.BUDGET:
            self._blocks.accounting_siret = element.get("SIRET") or ""

    def _closed(self, tag: str) -> Iterator[Event]:
        if tag == BUDGET:
            yield from self._budget_closed()
        elif tag == ANNEXES:
            self._table = ""

    def _unit(self, element: Element) -> None:
        """A block that is kept until the header is whole."""
        if self._table:
            return
        if element.tag == cfu.ENTETE:
            self.comptable.read_header(element)
        else:
            read_block(self._blocks, element)

    def _rows_of(self, rows: Rows) -> Iterator[Event]:
        """The events of siblings of one name."""
        if self._table:
            yield from self._annex(rows)
        elif rows.tag == LIGNE:
            if self._in_budget:
                yield from self._head()
                yield from self._lines(rows)
        elif rows.tag == cfu.LIGNE:
            yield from self.comptable.read_rows(rows)

    def _budget_opened(self) -> None:
        self.budgets += 1
        self._in_budget, self._headed, self._rank = True, False, 0
        self._sommaire = []
        self._blocks.next_budget()

    def _head(self) -> Iterator[Event]:
        """The header, once everything that comes before the first line was read."""
        if not self._headed:
            self._headed = True
            header, problems = build_header(self._blocks)
            self.headers.append(header)
            yield header
            yield from problems

    def _budget_closed(self) -> Iterator[Event]:
        yield from self._head()
        self._in_budget = False
        self.headers[-1] = replace(self.headers[-1], sommaire=tuple(self._sommaire))

    def _lines(self, rows: Rows) -> Iterator[Event]:
        found = read_lines(rows, self._rank + 1)
        self._rank += len(rows)
        self.lines += len(found)
        self.calculated += len(rows) - len(found)
        for line, problems in found:
            yield line
            yield from problems

    def _annex(self, rows: Rows) -> Iterator[Event]:
        annex, problems = read_annex(rows, self._table, self._rows + 1)
        self._rows += annex.size
        self.calculated += len(rows) - annex.size
        if not annex.size:
            return
        if self._table == "SOMMAIRE":
            for row in annex.dicts():
                self._add_to_sommaire(row)
        yield annex
        yield from problems

    def _add_to_sommaire(self, row: dict[str, str]) -> None:
        try:
            present = values.boolean(row.get("Present", ""))
        except ValueError:
            return
        self._sommaire.append((row.get("CodeAnnexe", ""), present))


def _informations(element: Element) -> tuple[tuple[str, str], ...]:
    return tuple(
        (child.get("Code") or "", values.clean(child.get("V")))
        for child in element
        if local_name(child) == "Information"
    )


def _editor(element: Element) -> str:
    return dict(leaves(element)).get("CodeEditeur", "")


def _set(name: str, read: Callable[[Element], object]) -> Callable[[Blocks, Element], None]:
    return lambda blocks, element: setattr(blocks, name, read(element))


def _say(name: str) -> Callable[[Blocks, Element], None]:
    return lambda blocks, element: blocks.say(name, leaves(element))


_BLOCKS: dict[str, Callable[[Blocks, Element], None]] = {
    _tag("VersionSchema"): _set("schema_version", lambda element: (element.get("V") or "").strip()),
    _tag("BlocEditeur"): _set("editor", _editor),
    _tag("Scellement"): _set("sealed_at", lambda element: (element.get("date") or "").strip()),
    _tag("EnTeteDocBudgetaire"): _say("document"),
    _tag("EnTeteBudget"): _say("budget"),
    _tag("BlocBudget"): _say("bloc"),
    _tag("InformationsGenerales"): _set("informations", _informations),
}


def read_block(blocks: Blocks, element: Element) -> None:
    """Add to ``blocks`` what a block of the head of a document says; others say nothing."""
    read = _BLOCKS.get(element.tag)
    if read:
        read(blocks, element)

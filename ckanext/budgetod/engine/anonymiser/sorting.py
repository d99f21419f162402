"""What an element met by ``safexml.walk`` is to the anonymiser, from its name and its parent's."""

from __future__ import annotations

from enum import Enum

from ..readers.safexml import Choice, Element
from ..readers.totem import MAX_ENVELOPE
from .rules import ACCOUNTING, BUDGET, CFU, Rule, Rules

_OURS = tuple(f"{{{namespace}}}" for namespace in (BUDGET, ACCOUNTING, CFU))
ANNEXES = f"{{{BUDGET}}}Annexes"
_CONTAINERS = {
    f"{{{CFU}}}CompteFinancierUnique": "CompteFinancierUnique",
    f"{{{ACCOUNTING}}}DocumentComptable": "DocumentComptable",
    f"{{{ACCOUNTING}}}BudgetComptable": "BudgetComptable",
    f"{{{BUDGET}}}DocumentBudgetaire": "DocumentBudgetaire",
    f"{{{BUDGET}}}Budget": "Budget",
    ANNEXES: "Annexes",
}
_NESTED = {
    "CompteFinancierUnique": ("DocumentComptable", "DocumentBudgetaire"),
    "DocumentComptable": ("BudgetComptable",),
    "DocumentBudgetaire": ("Budget",),
    "Budget": ("Annexes",),
}
_LINES = (f"{{{BUDGET}}}LigneBudget", f"{{{ACCOUNTING}}}LigneComptable")
_MAX_CACHE = 5000


class Sort(Enum):
    """The parts that a document is made of."""

    CONTAINER = "container"
    TABLE = "table"
    ROW = "row"
    PART = "part"
    """A unit with a rule below a container: a block, a leaf."""
    LEFT_OUT = "left out"
    """Without rule, or with a rule that leaves it out: named, its content is skipped."""
    UNKNOWN_TABLE = "unknown table"
    UNKNOWN_ROW = "unknown row"
    ENVELOPE = "envelope"
    NODE = "node"
    """A comment, an instruction."""
    INSIDE = "inside"
    """Something inside what is left out."""


_CHOICES = {
    Sort.CONTAINER: Choice.OPEN,
    Sort.TABLE: Choice.OPEN,
    Sort.ROW: Choice.ROW,
    Sort.PART: Choice.UNIT,
    Sort.LEFT_OUT: Choice.OPEN,
    Sort.UNKNOWN_TABLE: Choice.OPEN,
    Sort.UNKNOWN_ROW: Choice.OPEN,
    Sort.ENVELOPE: Choice.OPEN,
    Sort.NODE: Choice.UNIT,
    Sort.INSIDE: Choice.SKIP,
}


class Sorter:
    """Sorts elements by the rules. A pure function of names and ancestors, remembered."""

    def __init__(self, rules: Rules) -> None:
        self._containers = {tag: rules.elements[name] for tag, name in _CONTAINERS.items()}
        self._tables = {f"{{{BUDGET}}}{name}": rule for name, rule in rules.tables.items()}
        self._known: dict[tuple[object, object], Sort] = {}
        self._parent: Element | None = None
        self._siblings: dict[object, Choice] = {}
        """Choices among the children of ``_parent``: rows of a table are all alike."""

    def choose(self, element: Element, depth: int) -> Choice:
        """For ``safexml.walk``."""
        parent = element.getparent()
        if parent is not self._parent:
            self._parent = parent
            self._siblings = {}
        choice = self._siblings.get(element.tag)
        if choice is None:
            sort = self.sort(element)
            choice = _CHOICES[sort]
            if sort is Sort.ENVELOPE and depth > MAX_ENVELOPE:
                choice = Choice.SKIP
            if len(self._siblings) < _MAX_CACHE:
                self._siblings[element.tag] = choice
        return choice

    def skip(self, above: str, tag: str) -> None:
        """Name these children no more."""
        self._known[above, tag] = Sort.INSIDE
        self._siblings = {}

    def rule_of(self, element: Element) -> Rule:
        """The rule of a container, or of the rows of a table."""
        return self._containers.get(element.tag) or self._tables[element.tag]

    def sort(self, element: Element) -> Sort:
        """What the element is."""
        parent = element.getparent()
        if parent is None:
            return Sort.CONTAINER if element.tag in self._containers else Sort.ENVELOPE
        key = (parent.tag, element.tag)
        found = self._known.get(key)
        if found is None:
            found = self._sort(parent, *key)
            if parent.tag in self._containers and len(self._known) < _MAX_CACHE:
                self._known[key] = found
        return found

    def _sort(self, parent: Element, above: str, tag: object) -> Sort:
        if not isinstance(tag, str):
            return Sort.NODE
        if above == ANNEXES:
            return Sort.TABLE if tag in self._tables else Sort.UNKNOWN_TABLE
        if above in self._containers:
            return self._below(self._containers[above], tag)
        if above in self._tables:
            item = f"{{{BUDGET}}}{self._tables[above].name}"
            return Sort.ROW if tag == item else Sort.LEFT_OUT
        if parent.getparent() is not None and parent.getparent().tag == ANNEXES:
            return Sort.UNKNOWN_ROW
        return self._elsewhere(parent, tag)

    def _below(self, rule: Rule, tag: str) -> Sort:
        if tag in self._containers:
            nested = self._containers[tag].name in _NESTED.get(rule.name, ())
            return Sort.CONTAINER if nested else Sort.LEFT_OUT
        namespace, _, name = tag.rpartition("}")
        if namespace[1:] != rule.namespace:
            return Sort.LEFT_OUT
        if tag in _LINES and name in rule.blocks:
            return Sort.ROW
        known = name in rule.blocks or name in rule.leaves or name in rule.fields
        return Sort.PART if known else Sort.LEFT_OUT

    def _elsewhere(self, parent: Element, tag: str) -> Sort:
        """Below something without rule: around our elements, or inside them."""
        around: Element | None = parent
        while around is not None:
            if around.tag.startswith(_OURS):
                return Sort.INSIDE
            around = around.getparent()
        return Sort.CONTAINER if tag in self._containers else Sort.ENVELOPE

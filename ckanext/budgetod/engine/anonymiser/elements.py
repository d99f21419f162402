"""Elements of a document as the anonymiser names and places them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UnsafeXML
from ..findings import Where
from ..readers.safexml import Element
from .rules import Rule

MAX_ATTRIBUTES = 1000
"""Of one element: lxml takes the square of the time to read them."""


@dataclass(slots=True)
class Place:
    """Where the element stands: its path, its rank among the lines, its line of the file that is
    published (None when it is not)."""

    path: str
    line: int | None = None
    source_line: int | None = None

    def where(self, field: str) -> Where:
        return Where(self.line, self.source_line, self.path, field)


def place_of(rule: Rule, rank: int, line: int | None = None) -> Place:
    """Where a row stands; ``rank`` is its place among the rows."""
    if rule.name == "LigneBudget":
        return Place(f"Budget/LigneBudget[{rank}]", rank, line)
    around = f"Annexes/{rule.table}" if rule.table else "BudgetComptable"
    return Place(f"{around}/{rule.name}[{rank}]", source_line=line)


def values_of(element: Element) -> dict[str, str]:
    """Local name -> V of the children of a row; the first wins when a name repeats."""
    values: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            values.setdefault(child.tag.rpartition("}")[2], child.get("V") or "")
    return values


def some_values(rows: Iterable[Element], names: Mapping[str, str]) -> list[dict[str, str]]:
    """As ``values_of``, for some names only (tag -> name), of rows of one container."""
    found: dict[Element, dict[str, str]] = {row: {} for row in rows}
    container = next(iter(found)).getparent()
    for leaf in container.iterdescendants(*names):
        values = found.get(leaf.getparent())
        if values is not None:
            values.setdefault(names[leaf.tag], leaf.get("V") or "")
    return list(found.values())


def local(element: Element, namespace: str) -> str:
    """Local name of an element of this namespace, "" for anything else."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    found, _, name = tag.rpartition("}")
    return name if found[1:] == namespace else ""


def shown_key(key: str) -> str:
    return key.rpartition("}")[2]


def shown_name(element: Element) -> str:
    """The name to report: local name, or what a node without name is."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else "#comment"


def attributes_of(element: Element) -> list[tuple[str, str]]:
    """Names and values. Raises UnsafeXML (F08) for more than any document has."""
    if len(element.attrib) > MAX_ATTRIBUTES:
        raise UnsafeXML("F08", reason="element")
    return element.attrib.items()

"""Leaves of an element and rows of an annex table: names of the file, texts put right."""

from __future__ import annotations

from ckanext.budgetod.engine.document import AnnexRow

from .safexml import Element
from .values import clean, is_repaired


class _ShortNames(dict[str, str]):
    """Local names of tags, remembered; a document has a few hundred."""

    def __missing__(self, tag: str) -> str:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(self) < _MAX_NAMES and len(name) < _MAX_NAME:
            self[tag] = name
        return name


_MAX_NAMES, _MAX_NAME = 10_000, 100
_SHORT = _ShortNames()
short = _SHORT.__getitem__
"""The local name of a tag; "" for a comment or an instruction."""


def leaves(element: Element) -> dict[str, str]:
    """Names and values (attribute ``V``) of the children of an element."""
    return {
        short(child.tag): clean(child.get("V")) for child in element if isinstance(child.tag, str)
    }


def read_row(element: Element, table: str, index: int) -> tuple[AnnexRow, int]:
    """One row of an annex table, and how many of its texts were repaired.

    A leaf with a ``Code`` becomes ``Name_Code``; a nested leaf ``Parent.Name``; a repeated name
    gets a number: nothing of an unknown table is lost.
    """
    found: dict[str, str] = {}
    names = _SHORT
    repaired = 0
    for child in element:
        raw = child.get("V")
        if raw is None:
            break
        if raw.isascii():
            found[names[child.tag]] = raw.strip()
        else:
            found[names[child.tag]] = value = clean(raw)
            repaired += is_repaired(raw, value)
    if len(found) != len(element) or "MtSup" in found or "CaracSup" in found:
        found, repaired = _irregular_row(element)
    return AnnexRow(table, short(element.tag), index, element.sourceline, found), repaired


def _irregular_row(element: Element) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    repaired = 0
    for child in element:
        if isinstance(child.tag, str):
            _irregular(child, short(child.tag), found)
            raw = child.get("V")
            repaired += is_repaired(raw, clean(raw))
    return found, repaired


def _irregular(child: Element, name: str, found: dict[str, str]) -> None:
    """A leaf with more than a value: its code, its other attributes, its own leaves."""
    code = child.get("Code")
    name = f"{name}_{code}" if code else name
    if child.get("V") is not None:
        found[_free(found, name)] = clean(child.get("V"))
    for attribute, value in child.attrib.items():
        if attribute not in ("V", "Code"):
            found[_free(found, f"{name}@{short(attribute)}")] = clean(value)
    for inner in child:
        if isinstance(inner.tag, str):
            _irregular(inner, f"{name}.{short(inner.tag)}", found)


def _free(found: dict[str, str], name: str) -> str:
    """``name``, or ``name_2``, ``name_3``… when it is taken."""
    if name not in found:
        return name
    rank = 2
    while f"{name}_{rank}" in found:
        rank += 1
    return f"{name}_{rank}"

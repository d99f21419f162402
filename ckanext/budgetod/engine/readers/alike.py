"""Sibling rows as text: their container is written once by lxml and cut at their end tags.

For readers of many rows that are alike: asking lxml for each leaf of each row costs much more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .safexml import Element, declarations, local_name, serialise, without


def together(rows: Sequence[Element]) -> list[bytes]:
    """The UTF-8 texts of rows, siblings of one name that follow each other, cut out of their
    container's; its namespaces are not declared again. Empty when they cannot be told apart.

    Each text is its row's *only when every text is one element*, without another of its name, a
    comment or an instruction inside: the caller must see to it, and ask ``one_by_one`` otherwise.
    """
    container, name = rows[0].getparent(), local_name(rows[0]).encode()
    if container.prefix or rows[0].prefix or container.find(rows[0].tag) is not rows[0]:
        return []
    end = b"</" + name + b">"
    *pieces, _ = serialise(container).split(end, len(rows))
    if len(pieces) != len(rows) or b"<!" in pieces[0] or b"<?" in pieces[0]:
        return []
    pieces[0] = pieces[0][pieces[0].find(b"<" + name) :]
    return [piece.lstrip() + end for piece in pieces]


def one_by_one(rows: Sequence[Element]) -> list[bytes]:
    """As ``together``, surely: each row is written on its own. Empty when they have a prefix."""
    container = rows[0].getparent()
    if container.prefix or rows[0].prefix:
        return []
    declared = declarations(container.nsmap)
    return [without(serialise(row), declared) for row in rows]


class Slot(NamedTuple):
    """Whose a quoted value of a row is: leaf ("" for the row itself), attribute, and which element
    of the row it belongs to (0 is the row itself)."""

    leaf: str
    attribute: str
    place: int


_TAG = re.compile(r"<(/?)([\w.\-]+)((?: [\w.\-:]+=\"\")*)(/?)>")
_ATTRIBUTE = re.compile(r' ([\w.\-:]+)=""')


def slots(row: str, name: str) -> list[Slot] | None:
    """Whose each quoted value of a row is, told from its text with nothing between the quotes.

    None when the row is anything but leaves in one element of this name.
    """
    found: list[Slot] = []
    end, depth, place = 0, 0, 0
    for tag in _TAG.finditer(row):
        if row[end : tag.start()].strip():
            return None
        end = tag.end()
        closing, leaf, attributes, empty = tag.groups()
        names = _ATTRIBUTE.findall(attributes)
        if depth == 0 and leaf == name and not closing and not empty:
            found += [Slot("", attribute, 0) for attribute in names]
            depth = 1
        elif depth == 1 and empty and not closing and names:
            place += 1
            found += [Slot(leaf, attribute, place) for attribute in names]
        elif depth == 1 and closing and leaf == name:
            depth = 2
        else:
            return None
    return found if depth == 2 and end == len(row) else None

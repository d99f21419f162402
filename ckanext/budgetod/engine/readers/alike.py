"""Sibling rows as text: their container is written once by lxml, cut at their end tags, then at the
quotes. What stands outside the quotes (tags, names of attributes, white space) is a row's *shape*,
what stands inside are its values; rows of one shape become columns.

For rows by the thousand that are alike: asking lxml for each leaf of each row costs much more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from .markup import declarations, without
from .safexml import Element, local_name, serialise
from .walking import Siblings, Step

Texts = Sequence[str]
Shape = tuple[str, ...]

MAX_SHAPES = 4096
"""Shapes that are understood in one document; other rows are read element by element."""
MAX_SHAPE = 20_000
"""Characters of a shape: no real row comes near."""
_KEPT_SHAPES, _KEPT_SHAPE, _KEPT_VALUES = 512, 5000, 150
"""Shapes that are remembered from a document to the next (names, never values), and how long and
wide these may be: the largest real ones have seventy values."""


class Slot(NamedTuple):
    """Whose a value of a row is: leaf ("" for the row itself), attribute, and which element of the
    row it belongs to (0 is the row itself)."""

    leaf: str
    attribute: str
    place: int


Leaf = tuple[str, dict[str, int]]
"""A leaf's name, and the rank of the value of each of its attributes."""


class Layout:
    """Whose the values of a shape are: by value (``slots``), by ``leaves``; ``values`` gives the
    rank of each leaf's value when leaves have nothing else and each a name of its own, else None.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = tuple(slots)
        self.leaves: list[Leaf] = []
        for place, members in groupby(enumerate(slots), key=lambda found: found[1].place):
            told = list(members)
            if place:
                ranks = {slot.attribute: rank for rank, slot in told}
                self.leaves.append((told[0][1].leaf, ranks))
        self.values = self._values()

    def _values(self) -> dict[str, int] | None:
        found = {name: ranks["V"] for name, ranks in self.leaves if tuple(ranks) == ("V",)}
        return found if len(found) == len(self.leaves) else None


class Alike(NamedTuple):
    """Rows of one shape: their ranks among the siblings, and a column per slot of the layout.

    Texts are escaped as in the file (see ``markup.unescape``).
    """

    shape: Shape
    layout: Layout
    ranks: Sequence[int]
    columns: list[Texts]

    def only(self, places: Sequence[int]) -> Alike:
        """Some of the rows, by their places in ``ranks``."""
        ranks = [self.ranks[place] for place in places]
        columns = [tuple([column[place] for place in places]) for column in self.columns]
        return self._replace(ranks=ranks, columns=columns)

    def narrowed(self, layout: Layout, ranks: Sequence[int]) -> Alike:
        """The rows with some of their columns, by the ranks of these."""
        return self._replace(layout=layout, columns=[self.columns[rank] for rank in ranks])


@dataclass(slots=True)
class Rows:
    """Siblings of one name: their lines of the file, those that are alike, and the elements of the
    others by rank."""

    tag: str
    lines: Sequence[int | None]
    alike: list[Alike] = field(default_factory=list)
    others: dict[int, Element] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def closed_up(self, gone: Collection[int]) -> Rows:
        """The same when some ranks are not there: the others count without them."""
        if not gone:
            return self
        left = (rank for rank in range(len(self) + len(gone)) if rank not in gone)
        new = {rank: place for place, rank in enumerate(left)}
        alike = [rows._replace(ranks=[new[rank] for rank in rows.ranks]) for rows in self.alike]
        others = {new[rank]: element for rank, element in self.others.items()}
        return Rows(self.tag, self.lines, alike, others)


class Cut(NamedTuple):
    """Rows cut into values. ``texts``: each row, without white space around; () when the
    rows have no text of their own. ``others``: ranks of rows that are more than leaves.
    ``followed``: how many rows have text behind them, which is in no row."""

    texts: Sequence[str]
    alike: list[Alike]
    others: list[int]
    followed: int = 0


class Cutter:
    """Cuts the rows of one document."""

    def __init__(self) -> None:
        self._known: dict[Shape, Layout | None] = {}

    def cut(self, rows: Siblings) -> Cut:
        """Values of rows that follow each other."""
        name = local_name(rows.first)
        texts = together(rows)
        groups = _by_shape(texts)
        followed = 0
        if not texts or any(self._layout(shape, name) is None for shape in groups):
            texts = one_by_one(rows)
            groups = _by_shape(texts)
            followed = sum(bool((row.tail or "").strip()) for row in rows)
        if not texts:
            return Cut((), [], list(range(len(rows))), followed)
        alike, others = [], []
        for shape, group in groups.items():
            layout = self._layout(shape, name)
            if layout is None:
                others += group.ranks
            else:
                columns: list[Texts] = list(zip(*group.values, strict=True))
                alike.append(Alike(shape, layout, group.ranks, columns))
        return Cut(texts, alike, sorted(others), followed)

    def rows(self, elements: Siblings) -> Rows:
        """The rows for those who read them."""
        cut = self.cut(elements)
        lines = [element.sourceline for element in elements]
        return Rows(elements.tag, lines, cut.alike, elements.some(frozenset(cut.others)))

    def _layout(self, shape: Shape, name: str) -> Layout | None:
        """Whose the values of this shape are; None when the rows are more than leaves."""
        if shape in _KEPT:
            return _KEPT[shape]
        if shape not in self._known and len(self._known) < MAX_SHAPES:
            if sum(map(len, shape)) > MAX_SHAPE:
                return None
            self._known[shape] = _understood(shape, name)
        return self._known.get(shape)


def reading(steps: Iterator[Step]) -> Iterator[Step]:
    """The steps of ``walk``, rows as ``Rows``."""
    cutter = Cutter()
    for step in steps:
        yield step._replace(element=cutter.rows(step.element)) if step.kind == "rows" else step


# --- rows as text --------------------------------------------------------------------------------


def together(rows: Siblings) -> list[str]:
    """The texts of rows, cut out of their container's; its namespaces are not declared again. Empty
    when they cannot be told apart.

    Each text is its row's *only when every text is one element*, without another of its name, a
    comment or an instruction inside: the caller must see to it, and ask ``one_by_one`` otherwise.
    """
    container, name = rows.first.getparent(), local_name(rows.first)
    if container.prefix or rows.first.prefix:
        return []
    if any(_holds(before, name) for before in rows.first.itersiblings(preceding=True)):
        return []
    end = f"</{name}>"
    *pieces, rest = serialise(container).split(end, len(rows))
    if len(pieces) != len(rows) or "<!" in pieces[0] or "<?" in pieces[0]:
        return []
    if rest[: rest.find("<")].strip():
        return []
    pieces[0] = pieces[0][pieces[0].find(f"<{name}") :]
    return [piece.lstrip() + end for piece in pieces]


def _holds(element: Element, name: str) -> bool:
    """True when an element has this local name, or holds one that has."""
    return next(element.iter(f"{{*}}{name}"), None) is not None


def one_by_one(rows: Siblings) -> list[str]:
    """As ``together``, surely: each row is written on its own. Empty when they have a prefix."""
    container = rows.first.getparent()
    if container.prefix or rows.first.prefix:
        return []
    declared = declarations(container.nsmap)
    return [without(serialise(row), declared) for row in rows]


class _Group:
    """Rows of one shape: their ranks, and the values of each."""

    def __init__(self) -> None:
        self.ranks: list[int] = []
        self.values: list[list[str]] = []


def _by_shape(texts: Sequence[str]) -> dict[Shape, _Group]:
    """The rows of each shape; those that follow each other often have the same."""
    groups: defaultdict[Shape, _Group] = defaultdict(_Group)
    last: list[str] = []
    group = _Group()
    for rank, text in enumerate(texts):
        pieces = text.split('"')
        shape = pieces[::2]
        if shape != last:
            group, last = groups[tuple(shape)], shape
        group.ranks.append(rank)
        group.values.append(pieces[1::2])
    return groups


# --- shapes --------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)([\w.\-]+)((?: [\w.\-]+=\"\")*)(/?)>")
_BLANKS = " \t\r\n"
_ATTRIBUTE = re.compile(r' ([\w.\-]+)=""')
_KEPT: dict[Shape, Layout] = {}


def _understood(shape: Shape, name: str) -> Layout | None:
    found = _slots('""'.join(shape), name)
    if found is None:
        return None
    layout = Layout(found)
    if len(shape) <= _KEPT_VALUES and sum(map(len, shape)) <= _KEPT_SHAPE:
        if len(_KEPT) >= _KEPT_SHAPES:
            _KEPT.clear()
        _KEPT[shape] = layout
    return layout


def _slots(row: str, name: str) -> list[Slot] | None:
    """Whose each quoted value of a row is, told from its text with nothing between the quotes.

    None when the row is anything but leaves, in one element of this name and in its namespace.
    """
    found: list[Slot] = []
    end, depth, place = 0, 0, 0
    for tag in _TAG.finditer(row):
        if row[end : tag.start()].strip(_BLANKS):
            return None
        end = tag.end()
        closing, leaf, attributes, empty = tag.groups()
        names = _ATTRIBUTE.findall(attributes)
        if "xmlns" in names:
            return None
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

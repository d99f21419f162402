"""Cutting an element tree into steps while a parser is still building it.

No parser here: ``safexml.walk`` feeds one and tells the ``Walker`` after each chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from itertools import chain, islice
from typing import Any, NamedTuple

from ckanext.budgetod.engine.errors import TooLarge

Element = Any
"""An element of lxml: this module does not import it."""

MAX_UNIT_BYTES = 12_000_000
"""Bytes of the file that may be read while one unit is still open: what one unit may weigh."""


class Choice(Enum):
    """What ``walk`` does with an element that it meets."""

    OPEN = "open"
    """A container: announced, then its children are met one by one, then closed."""
    UNIT = "unit"
    """A complete subtree, given whole."""
    ROW = "row"
    """A complete subtree, given with the siblings of its name that follow it."""
    SKIP = "skip"
    """Nobody wants it: freed without a word, whatever its size."""


class Siblings:
    """Complete subtrees of one name that follow each other: the first, and how many they are.

    lxml makes an object of an element that is asked for, and takes an element out of its tree much
    faster when it has none: the others are not asked for until somebody goes through them.
    """

    __slots__ = ("first", "size", "tag")

    def __init__(self, first: Element, size: int) -> None:
        self.first = first
        self.tag: str = first.tag
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Element]:
        return islice(chain((self.first,), self.first.itersiblings()), self.size)

    def some(self, ranks: Collection[int]) -> dict[int, Element]:
        """Those of these ranks, from 0."""
        if not ranks:
            return {}
        return {rank: element for rank, element in enumerate(self) if rank in ranks}


class Step(NamedTuple):
    """A step of ``walk``.

    ``kind`` is "open" (a container: attributes and the text before its first child are there),
    "unit" (a complete subtree, valid until the next step), "rows" (``Siblings``, valid until the
    next step; those who read them get ``alike.Rows`` in their place) or "close" (a container whose
    children are gone). ``depth`` is 0 for the root.
    """

    kind: str
    element: Element
    depth: int


Chooser = Callable[[Element, int], Choice]


class Walker:
    """Knows the open containers, from the root down to where the parser is.

    An element is complete once a sibling follows it. Before each advance the first child of every
    open container but the deepest is the next open container.
    """

    def __init__(self, root: Element, choose: Chooser) -> None:
        self._choose = choose
        self._root = root
        self._open: list[Element] = []
        self._stalled = 0

    def advance(self, count: int) -> Iterator[Step]:
        """The steps that ``count`` more bytes made possible."""
        self._stalled += count
        if not self._open and len(self._root):
            yield from self._enter(self._root)
        depth = 0
        while depth < len(self._open):
            yield from self._advance_level(depth)
            depth += 1
        if self._stalled > MAX_UNIT_BYTES:
            raise TooLarge("F08", reason="element")

    def _advance_level(self, depth: int) -> Iterator[Step]:
        container = self._open[depth]
        complete = len(container) - 1
        if complete < 0:
            return
        if complete:
            self._stalled = 0
            yield from self._complete(container, complete, depth)
            del container[:complete]
        if len(self._open) > depth + 1:
            return
        last = container[0]
        choice = self._choose(last, depth + 1)
        if choice is Choice.OPEN and len(last):
            yield from self._enter(last)
        elif choice is Choice.SKIP:
            self._forget(last)

    def _complete(self, container: Element, count: int, depth: int) -> Iterator[Step]:
        """Steps of the first children of the container at ``depth``; the first may be open."""
        children = islice(container, count)
        if len(self._open) > depth + 1:
            next(children)
            yield from self._leave(depth + 1)
        yield from self._each(children, depth + 1)

    def _each(self, elements: Iterable[Element], depth: int) -> Iterator[Step]:
        """Steps of complete siblings."""
        first: Element | None = None
        tag, size = None, 0
        for element in elements:
            if first is not None and element.tag == tag:
                size += 1
                continue
            if first is not None:
                yield Step("rows", Siblings(first, size), depth)
                first = None
            if self._choose(element, depth) is Choice.ROW:
                first, tag, size = element, element.tag, 1
            else:
                yield from self._whole(element, depth)
        if first is not None:
            yield Step("rows", Siblings(first, size), depth)

    def _whole(self, element: Element, depth: int) -> Iterator[Step]:
        choice = self._choose(element, depth) if depth else Choice.OPEN
        if choice is Choice.UNIT:
            yield Step("unit", element, depth)
        elif choice is Choice.OPEN:
            yield Step("open", element, depth)
            yield from self._each(element, depth + 1)
            yield Step("close", element, depth)

    def _enter(self, element: Element) -> Iterator[Step]:
        yield Step("open", element, len(self._open))
        self._open.append(element)

    def _leave(self, depth: int) -> Iterator[Step]:
        """Finish the open container at ``depth``, and those inside it."""
        container = self._open[depth]
        yield from self._complete(container, len(container), depth)
        del self._open[depth:]
        del container[:]
        yield Step("close", container, depth)

    def _forget(self, element: Element) -> None:
        """Free what is complete inside an element that nobody wants."""
        self._stalled = 0
        while len(element):
            del element[:-1]
            element = element[0]

    def finish(self) -> Iterator[Step]:
        """The steps left when the whole document was read."""
        if self._open:
            yield from self._leave(0)
        else:
            yield from self._whole(self._root, 0)

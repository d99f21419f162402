"""Cutting an element tree into steps while a parser is still building it.

No parser here: ``safexml.walk`` feeds one and tells the ``Walker`` after each chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
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


class Step(NamedTuple):
    """A step of ``walk``.

    ``kind`` is "open" (a container: attributes and the text before its first child are there),
    "unit" (a complete subtree, valid until the next step), "rows" (a list of such subtrees, all of
    one name; those who read them get ``alike.Rows`` in its place) or "close" (a container whose
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
        children = list(container)
        if not children:
            return
        *complete, last = children
        if complete:
            self._stalled = 0
            yield from self._complete(complete, depth)
            del container[: len(complete)]
        if len(self._open) > depth + 1:
            return
        choice = self._choose(last, depth + 1)
        if choice is Choice.OPEN and len(last):
            yield from self._enter(last)
        elif choice is Choice.SKIP:
            self._forget(last)

    def _complete(self, elements: list[Element], depth: int) -> Iterator[Step]:
        """Steps of complete children of the container at ``depth``; the first may be open."""
        rest = iter(elements)
        if len(self._open) > depth + 1:
            next(rest)
            yield from self._leave(depth + 1)
        yield from self._each(rest, depth + 1)

    def _each(self, elements: Iterable[Element], depth: int) -> Iterator[Step]:
        """Steps of complete siblings."""
        rows: list[Element] = []
        alike, is_row = None, False
        for element in elements:
            tag = element.tag
            if tag != alike or not is_row:  # rows of a table are all alike: asked once
                if rows:
                    yield Step("rows", rows, depth)
                    rows = []
                alike, is_row = tag, self._choose(element, depth) is Choice.ROW
            if is_row:
                rows.append(element)
            else:
                yield from self._whole(element, depth)
        if rows:
            yield Step("rows", rows, depth)

    def _whole(self, element: Element, depth: int) -> Iterator[Step]:
        choice = self._choose(element, depth) if depth else Choice.OPEN
        if choice is Choice.UNIT:
            yield Step("unit", element, depth)
        elif choice is Choice.OPEN:
            yield Step("open", element, depth)
            yield from self._each(list(element), depth + 1)
            yield Step("close", element, depth)

    def _enter(self, element: Element) -> Iterator[Step]:
        yield Step("open", element, len(self._open))
        self._open.append(element)

    def _leave(self, depth: int) -> Iterator[Step]:
        """Finish the open container at ``depth``, and those inside it."""
        container = self._open[depth]
        yield from self._complete(list(container), depth)
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

"""Readers of budget documents: one pass, event by event, in bounded memory.

    with open_document(path) as document:
        for event in document:
            match event: Header, BudgetLine, AnnexRows, AccountingRows or ReadProblem
    document.sha256, document.size, document.headers, document.lines

Order of events: accounting rows of a CFU (they come first in the file), then for each Budget its
``Header``, its lines, its annex rows. A ``ReadProblem`` follows what it is about. A refusal may
come at any moment: what was read before it is void.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from ckanext.budgetod.engine.document import Header
from ckanext.budgetod.engine.errors import NotABudget, Unreadable

from . import sniff
from .alike import reading
from .cfu import Comptable
from .safexml import BoundedStream, Root, read_root, walk
from .totem import Event, TotemReader

Source = str | Path | IO[bytes]

__all__ = ["Document", "Event", "Source", "open_document", "open_source", "read_header"]


def open_source(source: Source, max_size: int | None = None) -> tuple[BoundedStream, bool]:
    """A bounded stream on a path or a binary stream, and whether we opened it (and must close)."""
    if isinstance(source, (str, Path)):
        return BoundedStream(Path(source).open("rb"), max_size, hashed=True), True
    return BoundedStream(source, max_size, hashed=True), False


def check_kind(stream: BoundedStream) -> Root:
    """The root of an XML that may hold a budget; the stream is left as it was found.

    Raises NotABudget, UnsafeXML or Unreadable, whatever the file is.
    """
    head = _head(stream)
    stream.give_back(head)
    sniff.refuse_unless_xml(head)
    root = read_root(stream)
    sniff.check_root(root)
    return root


def _head(stream: BoundedStream) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < sniff.HEAD and (data := stream.read(sniff.HEAD - size)):
        parts.append(data)
        size += len(data)
    return b"".join(parts)


class Document:
    """A document being read: iterate once, then ask for what was counted.

    ``headers`` one per Budget, complete (with sommaire) after the pass; ``lines`` given;
    ``calculated`` left out; ``comptable`` facts of the accountant's part; ``sha256`` and ``size``
    of the bytes of the file.
    """

    def __init__(
        self, stream: BoundedStream, reader: TotemReader, close: bool, places: bool = True
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._close = close
        self._places = places

    def __enter__(self) -> Document:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._close:
            self._stream.close()

    def __iter__(self) -> Iterator[Event]:
        root = check_kind(self._stream)
        reader = self._reader
        steps = walk(self._stream, reader.choose, root, blanks=self._places)
        yield from reader.events(reading(steps))
        if not reader.documents:
            raise sniff.no_document(root, bool(reader.comptable.rows))
        if not reader.budgets:
            raise NotABudget("F05", racine=root.name, case="no_budget")
        if not reader.lines:
            raise Unreadable("F15")

    @property
    def header(self) -> Header:
        """The header of the first Budget. IndexError before it was read."""
        return self._reader.headers[0]

    @property
    def headers(self) -> list[Header]:
        return self._reader.headers

    @property
    def lines(self) -> int:
        return self._reader.lines

    @property
    def calculated(self) -> int:
        return self._reader.calculated

    @property
    def comptable(self) -> Comptable:
        return self._reader.comptable

    @property
    def sha256(self) -> str:
        return self._stream.sha256

    @property
    def size(self) -> int:
        return self._stream.size


def open_document(
    source: Source,
    *,
    annexes: bool = True,
    accounting: bool = True,
    places: bool = True,
    max_size: int | None = None,
) -> Document:
    """Open a TOTEM or CFU document (path or binary stream) for one pass.

    ``annexes`` and ``accounting`` say whether their rows are wanted, ``places`` whether the lines
    of the file are (faster without); ``max_size`` bounds the bytes.
    Iterating raises DocumentRefused (UnsafeXML, TooLarge, NotABudget, Unreadable).
    """
    stream, ours = open_source(source, max_size)
    return Document(stream, TotemReader(annexes, accounting), ours, places)


def read_header(source: Source, *, max_size: int | None = None) -> Header:
    """The header of the first Budget; reading stops there."""
    with open_document(source, annexes=False, accounting=False, max_size=max_size) as document:
        for event in document:
            if isinstance(event, Header):
                return event
    raise Unreadable("F15")

"""Where the gate writes: a hashing sink, and containers that exist when something is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import IO

from ..readers.safexml import Element, Writer

_PART = 1 << 16


class HashingSink:
    """A binary target that hashes what it is given, in large parts."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self._parts: list[bytes] = []
        self._size = 0
        self.lines = 0
        """Lines that are whole."""

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        self._size += len(data)
        self.lines += data.count(b"\n")
        if self._size > _PART:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Give the target what waits."""
        whole = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._hash.update(whole)
        self._target.write(whole)

    @property
    def sha256(self) -> str:
        """Of everything written; what waits is given to the target first."""
        self.flush()
        return self._hash.hexdigest()


class Output:
    """Containers that are written when something is in them, and units, one a line."""

    def __init__(self, sink: HashingSink) -> None:
        self._sink = sink
        self._writer = Writer(sink)  # type: ignore[arg-type]
        self._pending: list[Element | None] = []
        self._written: list[bool] = []
        self.rooted = False
        """True once a root was written."""

    @property
    def inside(self) -> bool:
        """True when a container is open that is written."""
        return any(self._written) or any(element is not None for element in self._pending)

    @property
    def line(self) -> int:
        """The line, from 1, of what is written next."""
        waiting = sum(element is not None for element in self._pending)
        return self._sink.lines + waiting + 1

    def open(self, element: Element | None, lazy: bool = False) -> None:
        """A container begins; None is one that is not written itself (an unknown envelope)."""
        self._pending.append(element)
        if not lazy:
            self._flush()

    def _flush(self) -> None:
        for element in self._pending:
            self._written.append(element is not None)
            if element is not None:
                self.rooted = True
                self._writer.open(element)
                self._sink.write(b"\n")
        self._pending.clear()

    def unit(self, element: Element) -> None:
        if self._pending:
            self._flush()
        element.tail = "\n"
        self._writer.unit(element)

    def rows(self, texts: Sequence[str]) -> None:
        """Units that are text already."""
        if texts:
            self._flush()
            self._sink.write("\n".join((*texts, "")).encode())

    def close(self) -> None:
        if self._pending:
            self._pending.pop()
        elif self._written.pop():
            self._writer.close()
            self._sink.write(b"\n")

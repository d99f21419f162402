"""What comes one by one, given on many at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
SIZE = 256
"""Lines that are looked at and written together."""


class Batches(Generic[Item]):
    """Keeps what is added until there are ``SIZE``; ``flush`` gives on what is left."""

    def __init__(self, give: Callable[[list[Item]], object]) -> None:
        self._give = give
        self._waiting: list[Item] = []

    def add(self, item: Item) -> None:
        self._waiting.append(item)
        if len(self._waiting) >= SIZE:
            self.flush()

    def flush(self) -> None:
        """Give on what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._give(waiting)

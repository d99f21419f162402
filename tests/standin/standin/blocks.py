"""What every dataset of the Explore services is made of: fields, and blocks of rows.

A block holds the rows of one budget: its ``head`` says what all of them have in common, so that
whole departments are counted and exported without reading a row.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple, Protocol


class Field(NamedTuple):
    name: str
    type: str = "text"
    """``text``, ``int``, ``double`` or ``date``, as the service declares it."""
    description: str = ""


class Block(NamedTuple):
    """``text``: lines of CSV with every field of the dataset, each ended by a line feed."""

    head: Mapping[str, str]
    text: str
    count: int


class Wanted(NamedTuple):
    """What a query allows, None when it says nothing: read from its top-level conditions."""

    sirens: set[str] | None = None
    departements: set[str] | None = None
    exercices: set[str] | None = None
    others: Mapping[str, set[str]] = {}
    """The same for every field."""

    def allows(self, departement: str, exercice: object) -> bool:
        """Whether rows of this department (as the dataset writes it) and year are asked."""
        return (self.departements is None or departement in self.departements) and (
            self.exercices is None or str(exercice) in self.exercices
        )


class Dataset(Protocol):
    """A dataset of a service."""

    id: str
    title: str
    fields: tuple[Field, ...]
    head: frozenset[str]
    """Names of the fields that a block has once for all its rows."""
    names: Mapping[str, str]
    """Which fields are the SIREN, the department and the exercice: for ``Wanted``."""

    def blocks(self, wanted: Wanted) -> Iterator[Block]: ...

    def estimate(self) -> int: ...


@dataclass
class Cache:
    """Rendered blocks, the least recently asked for leave first. Safe between threads."""

    characters: int = 500_000_000

    def __post_init__(self) -> None:
        self._kept: OrderedDict[object, list[Block]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Collectivities whose accounts of a year are ready."""
        return len(self._kept)

    def get(self, key: object, make: Callable[[], list[Block]]) -> list[Block]:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._size += sum(len(block.text) for block in found)
            while self._size > self.characters and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= sum(len(block.text) for block in gone)
        return found

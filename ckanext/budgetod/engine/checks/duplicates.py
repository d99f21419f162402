"""Lines that are said twice, word for word, found with sixteen bytes a line."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable

from ..document import BudgetLine

_BUCKETS = 64


class Duplicates:
    """Remembers a 64-bit print and the place of each line; tells the repeated ones."""

    def __init__(self) -> None:
        self._prints = [array("q") for _ in range(_BUCKETS)]
        self._places = [array("q") for _ in range(_BUCKETS)]

    def add(self, lines: Iterable[BudgetLine]) -> None:
        """Count lines. Two lines are the same when everything but their place is."""
        for line in lines:
            digest = hash(line.said)
            bucket = digest % _BUCKETS
            self._prints[bucket].append(digest)
            self._places[bucket].append((line.index << 32) | (line.source_line or 0))

    def places(self) -> list[tuple[int, int | None]]:
        """Rank and file line of every line that repeats an earlier one, in order."""
        found: list[tuple[int, int | None]] = []
        for prints, places in zip(self._prints, self._places, strict=True):
            found.extend(_repeated(prints, places))
        return sorted(found)


def _repeated(prints: array, places: array) -> list[tuple[int, int | None]]:
    if len(set(prints)) == len(prints):
        return []
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for digest, place in zip(prints, places, strict=True):
        groups[digest].append(place)
    return [
        (place >> 32, place & 0xFFFFFFFF or None)
        for group in groups.values()
        for place in group[1:]
    ]

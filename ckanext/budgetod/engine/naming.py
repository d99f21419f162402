"""Names that differ: who wants a name that is taken gets it with a number."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Names ``taken`` so far. ``joint`` stands between a name and its number."""

    def __init__(self, taken: Iterable[str] = (), joint: str = "-") -> None:
        self._taken = set(taken)
        self._joint = joint

    def free(self, wanted: str) -> str:
        """The name, or the name with the first number from 2 that makes it new; then taken."""
        name, rank = wanted, 2
        while name in self._taken:
            name, rank = f"{wanted}{self._joint}{rank}", rank + 1
        self._taken.add(name)
        return name

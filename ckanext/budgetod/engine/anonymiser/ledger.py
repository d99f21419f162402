"""What the anonymiser did, in numbers and places: never a value of the document."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ..findings import Finding, Level, Where

MAX_PLACES = 500
MAX_NAMES = 200
_NAME = re.compile(r"[^\w.:#/@\-]")


class Ledger:
    """Counts by kind, table and reason; the places of P01 and P02; names of unknown things."""

    def __init__(self) -> None:
        self._masked: Counter[tuple[str, str, str]] = Counter()
        self._dropped: Counter[str] = Counter()
        self._places: dict[str, list[Where]] = {"P01": [], "P02": []}
        self._counts: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()

    def masked(self, kind: str, table: str, reason: str, count: int = 1) -> None:
        """``kind``: row, value, element, attribute, pattern; ``reason``: a ground of the rules."""
        if count:
            self._masked[kind, table, reason] += count

    def left_out(self, table: str, name: str, reason: str, count: int = 1) -> None:
        """An element that a rule leaves out: named, since whoever reads may want a rule for it."""
        self.masked("element", f"{table}/{name}", reason, count)

    def unknown(self, what: str, count: int = 1) -> int:
        """Something without rule was left out; ``what`` is a name of element, never a value.

        Returns how many of that name there were so far.
        """
        name = _NAME.sub("", what)[:80]
        if name not in self._dropped and len(self._dropped) >= MAX_NAMES:
            name = "…"
        self._dropped[name] += count
        return self._dropped[name]

    def found(self, code: str, where: Where, kinds: list[str] | None = None) -> None:
        """P01: a text held a name or an address; P02: nothing said what the party is."""
        self._counts[code] += 1
        self._kinds.update(kinds or ())
        if len(self._places[code]) < MAX_PLACES:
            self._places[code].append(where)

    def masked_rows(self) -> list[dict[str, Any]]:
        return [
            {"kind": kind, "table": table, "reason": reason, "count": count}
            for (kind, table, reason), count in sorted(self._masked.items())
        ]

    def dropped_rows(self) -> list[dict[str, Any]]:
        return [{"what": what, "count": count} for what, count in sorted(self._dropped.items())]

    def findings(self) -> list[Finding]:
        """P01 (to confirm) and P02 (information), places included, values never."""
        levels = {"P01": Level.CONFIRM, "P02": Level.INFO}
        return [
            Finding(
                code,
                level,
                {
                    "count": self._counts[code],
                    **({"kinds": dict(self._kinds)} if code == "P01" else {}),
                },
                tuple(self._places[code]),
                self._counts[code],
            )
            for code, level in levels.items()
            if self._counts[code]
        ]

"""Sums of a document's lines, kept while they pass: what checks and summary are made of.

One entry per (section, side, ordre, chapter, account, function). Its size follows the nomenclature,
not the number of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add
from typing import Any, NamedTuple

from .document import ResolvedLine, ResolvedLines

ZERO = Decimal("0.00")
REAL, BUDG_PREC, RAR_PREC, PROP_NOUV, PREV, CRED_OUV, RAR_3112 = range(7)
"""Ranks of the seven amounts, in the order of ``document.AMOUNTS``."""

KEPT_LINES = 8
"""How many places in the file an entry remembers."""


class Key(NamedTuple):
    """``section`` F, I or ""; ``side`` R or D; ``ordre`` "1" or "0"; codes as text."""

    section: str
    side: str
    ordre: str
    chapter: str
    nature: str
    fonction: str


class Place(NamedTuple):
    """Rank of a line, line of the file, and the entry it belongs to."""

    line: int
    source_line: int | None
    key: Key


@dataclass(slots=True)
class Entry:
    """Seven sums, labels, the number of lines, the first places (line rank, line of the file)."""

    sums: list[Decimal]
    chapter_label: str = ""
    nature_label: str = ""
    fonction_label: str = ""
    equipment: bool = False
    count: int = 0
    places: list[tuple[int, int | None]] = field(default_factory=list)

    def copy(self) -> Entry:
        """The same, to be added to."""
        found = (self.chapter_label, self.nature_label, self.fonction_label, self.equipment)
        return Entry(list(self.sums), *found, self.count, list(self.places))

    def absorb(self, other: Entry) -> None:
        """Add what another entry of the same account holds."""
        self.sums = list(map(add, self.sums, other.sums))
        self.count += other.count
        self.places += other.places


Keep = Callable[[Key], bool]
"""Says whether an account is wanted."""


class Ledger:
    """Fill with ``add``; then ask for sums, credits and what was realised."""

    def __init__(self) -> None:
        self.entries: dict[Key, Entry] = {}
        self.filled = [False] * 7
        self.lines = 0
        self._accounts: dict[Key, Entry] = {}
        self._parts: dict[str, dict[Any, Ledger]] = {}

    def add(self, lines: ResolvedLines) -> None:
        """Count lines."""
        self._accounts, self._parts = {}, {}
        found, line = lines.found, lines.line
        keys = zip(
            *(found.section, line.cod_rd, line.op_budg, found.chapitre, line.nature, line.fonction),
            strict=True,
        )
        known: Mapping[tuple[str, ...], Entry] = self.entries  # type: ignore[assignment]
        entries = [
            known.get(key) or self._entered(Key(*key), resolved)
            for key, resolved in zip(keys, lines.each, strict=True)
        ]
        for entry, *place in zip(entries, line.index, line.source_line, strict=True):
            entry.count += 1
            if len(entry.places) < KEPT_LINES:
                entry.places.append(tuple(place))
        self.lines += len(lines)
        for rank, amounts in enumerate(line.amounts):
            self._sum(rank, entries, amounts)

    def _entered(self, key: Key, resolved: ResolvedLine) -> Entry:
        """The entry of a key that was not met yet."""
        entry = self.entries[key] = Entry(
            [ZERO] * 7,
            resolved.chapitre_label,
            resolved.nature_label,
            resolved.fonction_label,
            resolved.equipment,
        )
        return entry

    def _sum(self, rank: int, entries: Sequence[Entry], amounts: Sequence[Decimal | None]) -> None:
        """Add one of the seven amounts of lines to their entries."""
        if any(amounts):
            self.filled[rank] = True
            for entry, amount in zip(entries, amounts, strict=True):
                if amount:
                    entry.sums[rank] += amount

    @property
    def has_credits(self) -> bool:
        """True when any amount says what was planned."""
        return any(self.filled[rank] for rank in (CRED_OUV, PREV, RAR_PREC, PROP_NOUV))

    @property
    def has_real(self) -> bool:
        return self.filled[REAL]

    def credit(self, sums: list[Decimal]) -> Decimal:
        """Credits: CredOuv if any line of the document fills it, else MtPrev + MtRARPrec.

        Reference: vendors fill one or the other. A project that fills neither counts MtPropNouv.
        """
        if self.filled[CRED_OUV]:
            return sums[CRED_OUV]
        planned = sums[PREV] if self.filled[PREV] else sums[PROP_NOUV]
        return planned + sums[RAR_PREC]

    @property
    def accounts(self) -> dict[Key, Entry]:
        """The entries whatever their function (their keys have none): enough for most."""
        if not self._accounts:
            for key, entry in self.entries.items():
                short = Key(*key[:-1], fonction="")
                merged = self._accounts.get(short)
                if merged is None:
                    self._accounts[short] = entry.copy()
                else:
                    merged.absorb(entry)
            for account in self._accounts.values():
                account.places = sorted(account.places)[:KEPT_LINES]
        return self._accounts

    def chapter(self, code: str) -> Ledger:
        """The same, of one chapter alone."""
        return self._part("chapter", lambda key: key.chapter, code)

    def of(self, section: str, side: str) -> Ledger:
        """The same, of one section and one side alone."""
        return self._part("side", lambda key: (key.section, key.side), (section, side))

    @property
    def real(self) -> Ledger:
        """The same, of real operations of the year alone."""
        return self._part("real", is_real, True)

    def _part(self, kind: str, name_of: Callable[[Key], Any], name: Any) -> Ledger:
        """The accounts that ``name_of`` calls so; they are told apart once."""
        if kind not in self._parts:
            parts = self._parts[kind] = {}
            for key, account in self.accounts.items():
                called = name_of(key)
                if called not in parts:
                    parts[called] = Ledger()
                    parts[called].filled = self.filled
                parts[called]._accounts[key] = account
        return self._parts[kind].get(name) or Ledger()

    def select(self, keep: Keep) -> Iterator[tuple[Key, Entry]]:
        """Accounts that are wanted; ``keep`` looks at everything but the function."""
        return ((key, entry) for key, entry in self.accounts.items() if keep(key))

    def _entries(self, keep: Keep | None) -> Iterable[Entry]:
        if keep is None:
            return self.accounts.values()
        return (entry for _, entry in self.select(keep))

    def credits(self, keep: Keep | None = None) -> Decimal:
        """Sum of credits over the chosen accounts (all of them when nothing is said)."""
        return sum((self.credit(entry.sums) for entry in self._entries(keep)), ZERO)

    def amount(self, rank: int, keep: Keep | None = None) -> Decimal:
        """Sum of one of the seven amounts over the chosen accounts."""
        return sum((entry.sums[rank] for entry in self._entries(keep)), ZERO)

    def places(self, keep: Keep, limit: int = 10) -> list[Place]:
        """First places in the file of the chosen entries, in the order of the file."""
        found = (
            Place(line, source, key)
            for key, entry in self.select(keep)
            for line, source in entry.places
        )
        return sorted(found, key=lambda place: place.line)[:limit]


def is_result(key: Key) -> bool:
    """001 and 002: results of earlier years, no operation of this one.

    Function-voted documents carry them on functional chapters; their account stays 001 or 002.
    """
    return key.nature in ("001", "002") or key.chapter in ("001", "002")


def is_real(key: Key) -> bool:
    """A real (not internal) operation of the year."""
    return key.ordre != "1" and not is_result(key)

"""Sums of a document's lines, kept while they pass: what checks and summary are made of.

One entry per (section, side, ordre, chapter, account, function). Its size follows the nomenclature,
not the number of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add
from typing import NamedTuple

from .document import ResolvedLine

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


class Ledger:
    """Fill with ``add``; then ask for sums, credits and what was realised."""

    def __init__(self) -> None:
        self.entries: dict[Key, Entry] = {}
        self.filled = [False] * 7
        self.lines = 0
        self._accounts: dict[Key, Entry] = {}
        self._chapters: dict[str, Ledger] = {}

    def add(self, resolved: ResolvedLine) -> None:
        """Count one line."""
        if self._accounts:
            self._accounts, self._chapters = {}, {}
        line = resolved.line
        key = (
            resolved.section,
            line.cod_rd,
            line.op_budg,
            resolved.chapitre,
            line.nature,
            line.fonction,
        )
        entry = self.entries.get(key)  # type: ignore[call-overload] - a Key is such a tuple
        if entry is None:
            entry = self.entries[Key(*key)] = Entry(
                [ZERO] * 7,
                resolved.chapitre_label,
                resolved.nature_label,
                resolved.fonction_label,
                resolved.equipment,
            )
        entry.count += 1
        self.lines += 1
        if len(entry.places) < KEPT_LINES:
            entry.places.append((line.index, line.source_line))
        self._sum(entry.sums, line.amounts)

    def _sum(self, sums: list[Decimal], amounts: Iterable[Decimal | None]) -> None:
        for rank, amount in enumerate(amounts):
            if amount:
                sums[rank] += amount
                self.filled[rank] = True

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
        if not self._chapters:
            for key, account in self.accounts.items():
                part = self._chapters.get(key.chapter)
                if part is None:
                    part = self._chapters[key.chapter] = Ledger()
                    part.filled = self.filled
                part._accounts[key] = account
        return self._chapters.get(code) or Ledger()

    def select(self, keep: Callable[[Key], bool]) -> Iterator[tuple[Key, Entry]]:
        """Accounts that are wanted; ``keep`` looks at everything but the function."""
        return ((key, entry) for key, entry in self.accounts.items() if keep(key))

    def credits(self, keep: Callable[[Key], bool]) -> Decimal:
        """Sum of credits over the chosen entries."""
        return sum((self.credit(entry.sums) for _, entry in self.select(keep)), ZERO)

    def amount(self, rank: int, keep: Callable[[Key], bool]) -> Decimal:
        """Sum of one of the seven amounts over the chosen entries."""
        return sum((entry.sums[rank] for _, entry in self.select(keep)), ZERO)

    def places(self, keep: Callable[[Key], bool], limit: int = 10) -> list[Place]:
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

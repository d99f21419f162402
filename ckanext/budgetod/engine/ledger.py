"""Sums of a document's lines, kept while they pass: what checks and summary are made of.

One account per (section, side, ordre, chapter, nature), and in it one part per function. Its size
follows the nomenclature, not the number of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from .document import ResolvedLine, ResolvedLines

ZERO = Decimal("0.00")
REAL, BUDG_PREC, RAR_PREC, PROP_NOUV, PREV, CRED_OUV, RAR_3112 = range(7)
"""Ranks of the seven amounts, in the order of ``document.AMOUNTS``."""
PLANNED = (CRED_OUV, PREV, RAR_PREC, PROP_NOUV)
"""Those that say what was planned: a project holds MtPropNouv alone."""

KEPT_LINES = 8
"""How many places in the file an account remembers."""


class Key(NamedTuple):
    """``section`` F, I or ""; ``side`` R or D; ``ordre`` "1" or "0"; codes as text."""

    section: str
    side: str
    ordre: str
    chapter: str
    nature: str


class Place(NamedTuple):
    """Rank of a line, line of the file, and the account it belongs to."""

    line: int
    source_line: int | None
    key: Key


@dataclass(slots=True)
class Part:
    """The lines of an account that carry the same function: seven sums, its label, their number."""

    sums: list[Decimal]
    label: str
    count: int = 0


@dataclass(slots=True)
class Account:
    """Seven sums, labels, the number of lines, the first places (line rank, line of the file);
    the same by function."""

    sums: list[Decimal]
    chapter_label: str = ""
    nature_label: str = ""
    equipment: bool = False
    count: int = 0
    places: list[tuple[int, int | None]] = field(default_factory=list)
    fonctions: dict[str, Part] = field(default_factory=dict)

    def part(self, fonction: str, label: str) -> Part:
        """The part of a function."""
        found = self.fonctions.get(fonction)
        if found is None:
            found = self.fonctions[fonction] = Part([ZERO] * 7, label)
        return found


Keep = Callable[[Key], bool]
"""Says whether an account is wanted."""


class Ledger:
    """Fill with ``add``; then ask for sums, credits and what was realised."""

    def __init__(self) -> None:
        self.accounts: dict[Key, Account] = {}
        self.filled = [False] * 7
        self.lines = 0
        self._sub_ledgers: dict[str, dict[Any, Ledger]] = {}

    def add(self, lines: ResolvedLines) -> None:
        """Count lines."""
        self._sub_ledgers = {}
        found, line = lines.found, lines.line
        stated = (found.section, line.cod_rd, line.op_budg, found.chapitre, line.nature)
        known: Mapping[tuple[str, ...], Account] = self.accounts  # type: ignore[assignment]
        accounts = [
            known.get(key) or self._entered(Key(*key), resolved)
            for key, resolved in zip(zip(*stated, strict=True), lines.each, strict=True)
        ]
        parts = list(map(Account.part, accounts, line.fonction, found.fonction_label))
        for account, part, place in zip(
            accounts, parts, zip(line.index, line.source_line, strict=True), strict=True
        ):
            account.count += 1
            part.count += 1
            if account.count <= KEPT_LINES:
                account.places.append(place)
        self.lines += len(lines)
        for rank, amounts in enumerate(line.amounts):
            self._sum(rank, accounts, parts, amounts)

    def _entered(self, key: Key, resolved: ResolvedLine) -> Account:
        """An account that was not met yet."""
        labels = (resolved.chapitre_label, resolved.nature_label)
        account = self.accounts[key] = Account([ZERO] * 7, *labels, resolved.equipment)
        return account

    def _sum(
        self,
        rank: int,
        accounts: Sequence[Account],
        parts: Sequence[Part],
        amounts: Sequence[Decimal | None],
    ) -> None:
        """Add one of the seven amounts of lines."""
        if any(amounts):
            self.filled[rank] = True
            for account, part, amount in zip(accounts, parts, amounts, strict=True):
                if amount:
                    account.sums[rank] += amount
                    part.sums[rank] += amount

    @property
    def has_credits(self) -> bool:
        """True when any amount says what was planned."""
        return any(self.filled[rank] for rank in PLANNED)

    @property
    def has_real(self) -> bool:
        return self.filled[REAL]

    @property
    def credit_ranks(self) -> tuple[int, ...]:
        """Which amounts are the credits: CredOuv if any line of the document fills it, else
        MtPrev + MtRARPrec.

        Reference: vendors fill one or the other. A project that fills neither counts MtPropNouv.
        """
        if self.filled[CRED_OUV]:
            return (CRED_OUV,)
        return (PREV if self.filled[PREV] else PROP_NOUV), RAR_PREC

    def credit(self, sums: list[Decimal]) -> Decimal:
        """The credits among the sums of some lines."""
        return sum((sums[rank] for rank in self.credit_ranks), ZERO)

    def chapter(self, code: str) -> Ledger:
        """The same, of one chapter alone."""
        return self._sub_ledger("chapter", lambda key: key.chapter, code)

    def of(self, section: str, side: str) -> Ledger:
        """The same, of one section and one side alone."""
        return self._sub_ledger("side", lambda key: (key.section, key.side), (section, side))

    @property
    def results(self) -> Ledger:
        """The same, of 001 and 002 alone."""
        return self._sub_ledger("results", is_result, True)

    @property
    def real(self) -> Ledger:
        """The same, of real operations of the year alone."""
        return self._sub_ledger("real", is_real, True)

    def _sub_ledger(self, kind: str, name_of: Callable[[Key], Any], name: Any) -> Ledger:
        """The accounts that ``name_of`` calls so; they are told apart once."""
        if kind not in self._sub_ledgers:
            found = self._sub_ledgers[kind] = {}
            for key, account in self.accounts.items():
                called = name_of(key)
                if called not in found:
                    found[called] = Ledger()
                    found[called].filled = self.filled
                found[called].accounts[key] = account
        return self._sub_ledgers[kind].get(name) or Ledger()

    def select(self, keep: Keep) -> Iterator[tuple[Key, Account]]:
        """Accounts that are wanted."""
        return ((key, account) for key, account in self.accounts.items() if keep(key))

    def _chosen(self, keep: Keep | None) -> Iterable[Account]:
        if keep is None:
            return self.accounts.values()
        return (account for _, account in self.select(keep))

    def credits(self, keep: Keep | None = None) -> Decimal:
        """Sum of credits over the chosen accounts (all of them when nothing is said)."""
        return sum((self.credit(account.sums) for account in self._chosen(keep)), ZERO)

    def amount(self, rank: int, keep: Keep | None = None) -> Decimal:
        """Sum of one of the seven amounts over the chosen accounts."""
        return sum((account.sums[rank] for account in self._chosen(keep)), ZERO)

    def places(self, keep: Keep, limit: int = 10) -> list[Place]:
        """First places in the file of the chosen accounts, in the order of the file."""
        found = (
            Place(line, source, key)
            for key, account in self.select(keep)
            for line, source in account.places
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

"""Chapters, functions and accounts of a summary: real operations, one side, one section each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from .document import Header
from .ledger import RAR_3112, REAL, ZERO, Account, Key, Ledger, Part, is_result

Labels = Callable[[str, str], str]
"""``labels(kind, code)`` with kind ``fonction`` or ``nature``: a name, or ""."""

SIDES = ("D", "R")
LEVELS = 3
NATURE_ROOT = 2
"""Accounts are grouped from two digits on: 60, 606, 6061."""


class Sums:
    """Prévu, réalisé, restes à réaliser and the number of lines of a group."""

    __slots__ = ("lignes", "prevu", "realise", "restes")

    def __init__(self) -> None:
        self.prevu = self.realise = self.restes = ZERO
        self.lignes = 0

    def add(self, ledger: Ledger, entry: Account | Part) -> None:
        self.prevu += ledger.credit(entry.sums)
        self.realise += entry.sums[REAL]
        self.restes += entry.sums[RAR_3112]
        self.lignes += entry.count

    def absorb(self, other: Sums) -> None:
        self.prevu += other.prevu
        self.realise += other.realise
        self.restes += other.restes
        self.lignes += other.lignes

    def to_dict(self) -> dict[str, Any]:
        return {
            "prevu": f"{self.prevu:.2f}",
            "realise": f"{self.realise:.2f}",
            "restes": f"{self.restes:.2f}",
            "lignes": self.lignes,
        }


def chapters(ledger: Ledger) -> list[dict[str, Any]]:
    """Each chapter per section, side and kind (réel, ordre), 001 and 002 left out."""
    groups: defaultdict[tuple[str, str, bool, str], Sums] = defaultdict(Sums)
    names: dict[str, str] = {}
    for key, entry in ledger.accounts.items():
        if is_result(key) or not key.section or key.side not in SIDES:
            continue
        groups[key.section, key.side, key.ordre == "1", key.chapter].add(ledger, entry)
        names.setdefault(key.chapter, entry.chapter_label)
    return [
        {
            "section": section,
            "sens": side,
            "ordre": ordre,
            "code": code,
            "libelle": names[code],
            **sums.to_dict(),
        }
        for (section, side, ordre, code), sums in sorted(groups.items())
    ]


def functions(header: Header, ledger: Ledger, labels: Labels | None) -> list[dict[str, Any]]:
    """Functions to three levels; lines without a function are in no level.

    A document voted by function writes the chapter before the function (93020: chapter 930,
    function 020); what 90 and 93 do not head is not spread over functions.
    """

    def group(fonction: str) -> str:
        if header.nat_fonc != "2":
            return fonction
        return fonction[2:] if fonction.startswith(("90", "93")) else ""

    found = (
        (key, group(fonction), part.label, part)
        for key, account in ledger.real.accounts.items()
        for fonction, part in account.fonctions.items()
    )
    return _tree(ledger, found, 1, labels and (lambda code: labels("fonction", code)))


def natures(ledger: Ledger, labels: Labels | None) -> list[dict[str, Any]]:
    """Accounts to three levels: two, three and four digits."""
    found = (
        (key, key.nature, account.nature_label, account)
        for key, account in ledger.real.accounts.items()
    )
    return _tree(ledger, found, NATURE_ROOT, labels and (lambda code: labels("nature", code)))


def _tree(
    ledger: Ledger,
    found: Iterable[tuple[Key, str, str, Account | Part]],
    root: int,
    name: Callable[[str], str] | None,
) -> list[dict[str, Any]]:
    """``found``: whose the sums are, the code that they are grouped by, its label, the sums."""
    own_sums: defaultdict[tuple[str, str, str], Sums] = defaultdict(Sums)
    names: dict[str, str] = {}
    for key, code, label, sums in found:
        if key.section and key.side in SIDES:
            own_sums[key.section, key.side, code].add(ledger, sums)
            names.setdefault(code, label)
    groups: defaultdict[tuple[str, str, str], Sums] = defaultdict(Sums)
    for (section, side, code), own in own_sums.items():
        for prefix in _prefixes(code, root):
            groups[section, side, prefix].absorb(own)
    return [
        {
            "section": section,
            "sens": side,
            "code": code,
            "niveau": _level(code, root),
            "parent": code[:-1] if _level(code, root) > 1 else "",
            "libelle": (name(code) if name else "") or names.get(code, ""),
            **group.to_dict(),
        }
        for (section, side, code), group in sorted(groups.items())
    ]


def _level(code: str, root: int) -> int:
    return 1 if root == NATURE_ROOT and code.startswith("0") else len(code) - root + 1


def _prefixes(code: str, root: int) -> Iterable[str]:
    """A code and its groups; 020, 021, 022, 023, 024 are chapters of their own, in no group."""
    if root == NATURE_ROOT and code.startswith("0"):
        return [code]
    return (code[:length] for length in range(root, min(len(code), root + LEVELS - 1) + 1))

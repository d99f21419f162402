"""An account plan (plan de comptes) in memory: chapters, accounts, functions of one year.

Codes are text. Roles are the chapters that take an account, per side and kind of operation, in the
words of the official file: DR, RR (real), DOES, ROES (ordre, section to section), DOIS, ROIS
(ordre inside a section); "" where the account is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

ROLES: tuple[str, ...] = ("DR", "RR", "DOES", "ROES", "DOIS", "ROIS")
KINDS = ("chapitre", "compte", "chapitre_fonction", "compte_fonction", "fonction")
"""Tables of a plan: chapters and accounts by nature, the same by function, and RefFonc."""


class Entry(NamedTuple):
    """One code of a plan.

    ``section`` is F or I for chapters, "" else. ``roles`` follows ``ROLES``. ``equipment`` holds
    "D", "R" or both when the account is an equipment expense or receipt. ``deleted`` is the year
    since which the code is deleted, "0" when deleted without a year, "" when in force. ``marks``:
    "T" totals its children, "E" printed states only, "S" special chapter, and C, G or L (chapter
    by nature, global, line).
    """

    code: str
    label: str
    section: str = ""
    roles: tuple[str, ...] = ()
    equipment: str = ""
    deleted: str = ""
    marks: str = ""


class Key(NamedTuple):
    """Which plan: ``M57``, ``M57_A``, 2023."""

    norme: str
    declinaison: str
    exercice: int

    @property
    def family(self) -> str:
        """Name of the nomenclature as documents write it: ``M57-M57_A``."""
        return f"{self.norme}-{self.declinaison}"

    def __str__(self) -> str:
        return f"{self.family} {self.exercice}"


@dataclass(slots=True)
class Plan:
    """Five tables of entries by code; ``digest`` is the SHA-256 of the official file."""

    key: Key
    digest: str = ""
    tables: dict[str, dict[str, Entry]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )

    def add(self, kind: str, entry: Entry) -> None:
        """Keep an entry; the first of a code wins, as in the official file's own look-ups."""
        self.tables[kind].setdefault(entry.code, entry)

    def get(self, kind: str, code: str) -> Entry | None:
        return self.tables[kind].get(code)

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        for kind in KINDS:
            for entry in self.tables[kind].values():
                yield kind, entry

    def __len__(self) -> int:
        return sum(map(len, self.tables.values()))

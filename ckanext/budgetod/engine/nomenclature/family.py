"""All the copies of one nomenclature (``M57-M57_A``), of every year, in one small text file.

Plans change little from year to year: each different row is kept once, with the set of copies that
hold it. Format ``budgetod-plan 1``, UTF-8, one line each, fields separated by tabs::

    budgetod-plan 1
    M57-M57_A
    2022.0:9f0c…  2022.1:77ab…  2023.0:…        copies: year.rank:digest, oldest first
    kind  code  label  section  roles  equipment  deleted  marks  copies

``kind`` is the rank of the table in ``plan.KINDS``, ``roles`` are separated by blanks in ROLES'
order with ``-`` for none, ``copies`` is a bit mask in hexadecimal (bit 0: the first copy). A higher
rank of a year is a later publication of the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ckanext.budgetod.engine.errors import NomenclatureError

from .plan import KINDS, Entry, Key, Plan

MAGIC = "budgetod-plan 1"
SUFFIX = ".plan"
_KIND = {kind: str(rank) for rank, kind in enumerate(KINDS)}
Row = tuple[str, Entry]


class Copy(NamedTuple):
    """One publication of a plan: its year, its rank in that year, the start of its SHA-256."""

    exercice: int
    rank: int
    digest: str


@dataclass(slots=True)
class Family:
    """The copies of a nomenclature and its rows: ``index[kind, code]`` -> (mask, entry) list."""

    name: str
    copies: list[Copy] = field(default_factory=list)
    index: dict[tuple[str, str], list[tuple[int, Entry]]] = field(default_factory=dict)

    @property
    def years(self) -> list[int]:
        return sorted({copy.exercice for copy in self.copies})

    def bits(self, exercice: int) -> list[int]:
        """Masks of the copies of a year, the latest publication first."""
        ranked = [(c.rank, 1 << n) for n, c in enumerate(self.copies) if c.exercice == exercice]
        return [bit for _, bit in sorted(ranked, reverse=True)]

    def find(self, kind: str, code: str, bit: int) -> Entry | None:
        """The entry of a code in one copy."""
        rows = self.index.get((kind, code), ())
        return next((entry for mask, entry in rows if mask & bit), None)

    def _key(self, exercice: int) -> Key:
        norme, _, declinaison = self.name.partition("-")
        return Key(norme, declinaison, exercice)

    def plan(self, exercice: int) -> Plan | None:
        """The whole plan of a year: the latest publication, completed by earlier ones."""
        bits = self.bits(exercice)
        if not bits:
            return None
        plan = Plan(self._key(exercice))
        for bit in bits:
            for (kind, _), rows in self.index.items():
                for mask, entry in rows:
                    if mask & bit:
                        plan.add(kind, entry)
        return plan

    def add(self, plan: Plan) -> bool:
        """Add a copy (the latest of its year); False when this very publication is there."""
        digest = plan.digest[:12]
        same_year = [copy for copy in self.copies if copy.exercice == plan.key.exercice]
        if any(copy.digest == digest for copy in same_year):
            return False
        bit = 1 << len(self.copies)
        self.copies.append(Copy(plan.key.exercice, len(same_year), digest))
        for kind, entry in plan:
            rows = self.index.setdefault((kind, entry.code), [])
            for rank, (mask, known) in enumerate(rows):
                if known == entry:
                    rows[rank] = (mask | bit, known)
                    break
            else:
                rows.append((bit, entry))
        return True

    def absorb(self, other: Family) -> None:
        """Add all copies of another file of the same nomenclature, as later publications."""
        for number, copy in enumerate(other.copies):
            plan = Plan(other._key(copy.exercice), copy.digest)
            for (kind, _), rows in other.index.items():
                for mask, entry in rows:
                    if mask >> number & 1:
                        plan.add(kind, entry)
            self.add(plan)


def dump(family: Family) -> str:
    """The text of a family, rows in a stable order."""
    copies = "\t".join(f"{c.exercice}.{c.rank}:{c.digest}" for c in family.copies)
    lines = [MAGIC, family.name, copies]
    for (kind, code), rows in sorted(family.index.items(), key=_order):
        lines += ["\t".join(_fields(kind, code, entry, mask)) for mask, entry in rows]
    return "\n".join(lines) + "\n"


def _order(item: tuple[tuple[str, str], object]) -> tuple[str, str]:
    (kind, code), _ = item
    return _KIND[kind], code


def _fields(kind: str, code: str, entry: Entry, mask: int) -> Iterable[str]:
    roles = " ".join(role or "-" for role in entry.roles)
    yield from (_KIND[kind], code, entry.label.replace("\t", " "), entry.section, roles)
    yield from (entry.equipment, entry.deleted, entry.marks, f"{mask:x}")


def load(path: Path) -> Family:
    """Read a family file. NomenclatureError when it is not one."""
    try:
        magic, name, copies, *rows = path.read_text(encoding="utf-8").split("\n")
        if magic != MAGIC:
            raise NomenclatureError("plan_format", name=path.name)
        family = Family(name, [_copy(text) for text in copies.split("\t")])
        index = family.index
        for row in rows:
            if row:
                kind, entry, mask = _row(row)
                index.setdefault((kind, entry.code), []).append((mask, entry))
    except (ValueError, IndexError, UnicodeError) as error:
        raise NomenclatureError("plan_format", name=path.name) from error
    return family


def _copy(text: str) -> Copy:
    place, digest = text.split(":")
    year, rank = place.split(".")
    return Copy(int(year), int(rank), digest)


def _row(text: str) -> tuple[str, Entry, int]:
    kind, code, label, section, roles, equipment, deleted, marks, mask = text.split("\t")
    entry = Entry(code, label, section, _roles(roles), equipment, deleted, marks)
    return KINDS[int(kind)], entry, int(mask, 16)


_ROLES: dict[str, tuple[str, ...]] = {"": ()}


def _roles(text: str) -> tuple[str, ...]:
    """The roles of a row; the same text gives the same tuple (there are a few hundred)."""
    known = _ROLES.get(text)
    if known is None:
        known = tuple("" if role == "-" else role for role in text.split(" "))
        if len(_ROLES) < 4096:
            _ROLES[text] = known
    return known

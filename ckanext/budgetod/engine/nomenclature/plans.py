"""Every plan that this installation knows, and the chain of look-ups of a label.

Order (the first that knows the code answers): the plan of the year, latest publication first; the
same nomenclature in the years around, N-1, N+1, N-2…; the sibling nomenclatures of the same norm,
same year then years around. Files are read once per process, when first needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ckanext.budgetod.engine.document import LabelSource

from .family import SUFFIX, Family, load
from .plan import Entry, Plan

DATA = Path(__file__).parent / "data"
_RICHEST = ("M57_D", "M57", "M57_P", "M14_COM_SUP3500", "M14_CCAS_SUP3500", "M4", "M41")
"""The most complete nomenclatures of their norm come first among siblings."""


_MAX_NAMES = 200
_MAX_WHOLE = 12
_MAX_ANSWERS = 20_000
_MAX_LENGTH = 80
"""What is longer is no code of a plan, and is not kept in memory."""


class Standing(str, Enum):
    """How well a document's nomenclature is known."""

    EXACT = "exact"
    OTHER_YEAR = "other_year"
    SIBLING = "sibling"
    UNKNOWN = "unknown"


class Found(NamedTuple):
    """An entry and where it was found."""

    entry: Entry
    source: LabelSource


class Plans:
    """Plans shipped in the package, and those of an administrator's folder.

    A plan in ``extra`` (files of ``install_plan``) counts as a later publication of its year.
    """

    def __init__(self, extra: str | Path | None = None, data: Path = DATA) -> None:
        self._paths: dict[str, list[Path]] = {}
        for folder in (data, Path(extra) if extra else None):
            if folder is not None and folder.is_dir():
                for path in sorted(folder.glob(f"*{SUFFIX}")):
                    self._paths.setdefault(path.stem, []).append(path)
        self._families: dict[str, Family] = {}
        self._sibling_names: dict[str, list[str]] = {}
        self._answers: dict[tuple[str, str, str, int], Found | None] = {}
        self._whole: dict[tuple[str, int], Plan | None] = {}

    @property
    def names(self) -> list[str]:
        """Every nomenclature, as documents write it: ``M57-M57_A``."""
        return sorted(self._paths)

    def family(self, name: str) -> Family | None:
        """All copies of a nomenclature; None when unknown."""
        if name not in self._families and self._paths.get(name):
            first, *later = self._paths[name]
            family = load(first)
            for path in later:
                family.absorb(load(path))
            self._families[name] = family
        return self._families.get(name)

    def add(self, plan: Plan) -> bool:
        """Know one more plan, in this process only; False when it was known.

        ``compiler.compile_plan`` makes one of an official file; ``install.install_plan`` keeps it.
        """
        name = plan.key.family
        family = self.family(name) or self._families.setdefault(name, Family(name))
        self._paths.setdefault(name, [])
        self._answers.clear()
        self._whole.clear()
        self._sibling_names.clear()
        return family.add(plan)

    def plan(self, nomenclature: str, exercice: int) -> Plan | None:
        """The whole plan of a nomenclature and year, to be read only; None when there is none."""
        key = (self.name_of(nomenclature), exercice)
        if key not in self._whole:
            family = self.family(key[0])
            if family is None:
                return None
            if len(self._whole) >= _MAX_WHOLE:
                self._whole.clear()
            self._whole[key] = family.plan(exercice)
        return self._whole[key]

    def name_of(self, nomenclature: str) -> str:
        """The known name nearest to what a document says; what it says when there is none."""
        text = nomenclature.strip().upper()
        if text in self._paths:
            return text
        endings = (name for name in self._paths if name.partition("-")[2] == text)
        return next(endings, text)

    def standing(self, nomenclature: str, exercice: int) -> Standing:
        """Whether the plan of a document is known, or which other will serve."""
        family = self.family(self.name_of(nomenclature))
        if family is not None:
            return Standing.EXACT if exercice in family.years else Standing.OTHER_YEAR
        return Standing.SIBLING if self._siblings(nomenclature) else Standing.UNKNOWN

    def look_up(self, kind: str, code: str, nomenclature: str, exercice: int) -> Found | None:
        """The entry of a code in the first plan of the chain that knows it."""
        question = (kind, code, nomenclature, exercice)
        if question in self._answers:
            return self._answers[question]
        found = self._look_up(kind, code, nomenclature, exercice)
        if len(self._answers) < _MAX_ANSWERS and len(nomenclature) + len(code) < _MAX_LENGTH:
            self._answers[question] = found
        return found

    def below(self, code: str, nomenclature: str, exercice: int) -> list[Entry]:
        """Accounts under an account, by code: those of the year's plan, else of the nearest one."""
        family = self.family(self.name_of(nomenclature))
        if family is None:
            return []
        years = [exercice, *_around(family.years, exercice)]
        plan = next((p for year in years if (p := self.plan(nomenclature, year))), None)
        found = plan.tables["compte"] if plan else {}
        return [found[other] for other in sorted(found) if other[:-1].startswith(code)]

    def _look_up(self, kind: str, code: str, nomenclature: str, exercice: int) -> Found | None:
        name = self.name_of(nomenclature)
        family = self.family(name)
        if family is not None and (found := _in_family(family, kind, code, exercice)):
            return found
        for sibling in self._siblings(name):
            family = self.family(sibling)
            found = _in_family(family, kind, code, exercice) if family else None
            if found:
                return Found(found.entry, LabelSource.SIBLING)
        return None

    def _siblings(self, name: str) -> list[str]:
        """Other nomenclatures of the same norm, the most alike and complete first."""
        known = self._sibling_names.get(name)
        if known is None:
            known = self._by_likeness(name)
            if len(self._sibling_names) < _MAX_NAMES and len(name) < _MAX_LENGTH:
                self._sibling_names[name] = known
        return known

    def _by_likeness(self, name: str) -> list[str]:
        norme, _, declinaison = name.partition("-")
        others = [n for n in self._paths if n != name and n.partition("-")[0] == norme]
        return sorted(others, key=lambda n: _distance(declinaison, n.partition("-")[2]))


def _distance(wanted: str, other: str) -> tuple[int, int, str]:
    common = 0
    for ours, theirs in zip(wanted.split("_"), other.split("_"), strict=False):
        if ours != theirs:
            break
        common += 1
    rank = _RICHEST.index(other) if other in _RICHEST else len(_RICHEST)
    return -common, rank, other


def _in_family(family: Family, kind: str, code: str, exercice: int) -> Found | None:
    if (kind, code) not in family.index:
        return None
    bits = family.bits(exercice)
    for rank, bit in enumerate(bits):
        entry = family.find(kind, code, bit)
        if entry is not None:
            return Found(entry, _exact_source(family, kind, entry, bits, rank))
    for year in _around(family.years, exercice):
        for bit in family.bits(year):
            if entry := family.find(kind, code, bit):
                return Found(entry, LabelSource.OTHER_YEAR)
    return None


def _exact_source(
    family: Family, kind: str, entry: Entry, bits: list[int], rank: int
) -> LabelSource:
    """EXACT, or LATER_COPY when the first publication of the year says something else."""
    if rank == len(bits) - 1:
        return LabelSource.EXACT
    first = family.find(kind, entry.code, bits[-1])
    same = first is not None and first.label == entry.label
    return LabelSource.EXACT if same else LabelSource.LATER_COPY


def _around(years: list[int], exercice: int) -> Iterator[int]:
    """N-1, N+1, N-2… among the years that exist."""
    return iter(sorted((y for y in years if y != exercice), key=lambda y: (abs(y - exercice), y)))


@lru_cache(maxsize=4)
def cached(extra: str) -> Plans:
    """One ``Plans`` per folder and process."""
    return Plans(extra or None)

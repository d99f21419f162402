"""Chapter, section and labels of budget lines.

Chapters: see ``chapters``. Labels: see ``plans.Plans``; accounts of third-party operations are
labelled by their operation chapter, functions finer than the plan by the nearest function above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    LabelSource,
    ResolvedLine,
    ResolvedLines,
)

from .chapters import OPERATION, Chapters
from .lookups import Lookups
from .plans import Found, Plans
from .rules import beginnings, remembered, takes_both_ordres


class Label(NamedTuple):
    text: str
    source: LabelSource | None


class Resolver:
    """Resolves the lines of one budget; answers are remembered, a budget repeats its codes.

    ``nearest``, for lines that state nothing (balances): an account finer than the plan takes the
    label of the nearest one above; one of which only the accounts below have roles, or that no
    role foresees on this side, takes the chapter of these, or of the other side.
    """

    def __init__(self, plans: Plans, header: Header, nearest: bool = False) -> None:
        self._nearest = nearest
        self._by_function = header.nat_fonc == "2"
        self._lookups = Lookups(plans, header)
        self._chapters = Chapters(self._lookups, self._by_function, nearest)
        self._equipment_of: dict[str, str] = {}
        self._nature_of: dict[str, Label] = {}
        self._fonction_of: dict[str, Label] = {"": Label("", None)}

    def resolve(self, line: BudgetLine) -> ResolvedLine:
        """The line with its chapter, section and labels, and how each was found."""
        return self.resolve_all([line]).each[0]

    def resolve_all(self, lines: Sequence[BudgetLine]) -> ResolvedLines:
        """As ``resolve``, for some lines."""
        line: Any = BudgetLine._make(zip(*lines, strict=True))
        chapters = self._chapters.of(lines, line)
        codes, labels, sections, origins = zip(*chapters, strict=True)
        natures, nature_sources = zip(*self._natures(line), strict=True)
        fonctions, fonction_sources = zip(*map(self._fonction, line.fonction), strict=True)
        sides = {nature: self._equipment(nature) for nature in set(line.nature)}
        equipment = [
            side in sides[code] for code, side in zip(line.nature, line.cod_rd, strict=True)
        ]
        found = (
            *(lines, codes, labels, sections, natures, fonctions),
            *(origins, nature_sources, fonction_sources, equipment),
        )
        return ResolvedLines(ResolvedLine._make(found), line)

    def _natures(self, line: Any) -> list[Label]:
        """The label of the account of each line: the document's own where plans know none."""
        told = {code: self._nature(code) for code in set(line.nature)}
        found = [told[code] for code in line.nature]
        if all(label.text for label in told.values()) or not any(line.lib_compte):
            return found
        return [
            label if label.text or not own else Label(own, LabelSource.DOCUMENT)
            for label, own in zip(found, line.lib_compte, strict=True)
        ]

    def _nature(self, code: str) -> Label:
        """The label of an account, remembered."""
        return remembered(self._nature_of, code, self._nature_label, code)

    def deleted(self, kind: str, code: str) -> str:
        """Year since which a code is deleted ("0" unknown year), "" when it is in force."""
        found = self._lookups.find(kind, code)
        return found.entry.deleted if found else ""

    def fonction_label(self, code: str) -> str:
        """As ``nature_label``."""
        return self._fonction(code).text

    def nature_label(self, code: str) -> str:
        """The label of an account or chapter of any level, "" when unknown."""
        found = self._best(("compte", "chapitre"), code)
        return found.entry.label if found else ""

    def is_equipment(self, nature: str, side: str) -> bool:
        """True for an equipment expense or receipt, as the plan says."""
        return side in self._equipment(nature)

    def ordre_is_ambiguous(self, nature: str, side: str) -> bool:
        """True when a plan takes the account both between sections and inside its own."""
        account = self._lookups.account(nature)
        return account is not None and takes_both_ordres(account, side)

    def _equipment(self, nature: str) -> str:
        """Sides ("D", "R") on which an account is equipment."""
        return remembered(self._equipment_of, nature, self._equipment_sides, nature)

    def _equipment_sides(self, nature: str) -> str:
        account = self._lookups.account(nature)
        return account.equipment if account else ""

    # -- labels -----------------------------------------------------------------------------------

    def _nature_label(self, code: str) -> Label:
        found = self._best(("compte", "chapitre"), code)
        if found and found.entry.label:
            return Label(found.entry.label, found.source)
        if code.startswith(OPERATION):
            chapter = self._chapters.operation(code, ChapterOrigin.PREFIX)
            if chapter.label:
                return Label(chapter.label, LabelSource.PREFIX)
        for start in beginnings(code) if self._nearest else ():
            found = self._lookups.find("compte", start)
            if found and found.entry.label:
                return Label(found.entry.label, LabelSource.PREFIX)
        return Label("", LabelSource.NONE)

    def _fonction(self, code: str) -> Label:
        """The label of a function, remembered."""
        return remembered(self._fonction_of, code, self._fonction_label, code)

    def _fonction_label(self, code: str) -> Label:
        kinds = ("fonction", "compte_fonction", "chapitre_fonction")
        if self._by_function:
            kinds = ("compte_fonction", "chapitre_fonction", "fonction")
        found = self._best(kinds, code)
        if found and found.entry.label:
            return Label(found.entry.label, found.source)
        for start in beginnings(code, 1):
            found = self._best(kinds, start)
            if found and found.entry.label:
                return Label(found.entry.label, LabelSource.PREFIX)
        return Label("", LabelSource.NONE)

    def _best(self, kinds: tuple[str, ...], code: str) -> Found | None:
        """The entry of the exact year in any table, else the nearest one."""
        every = [found for kind in kinds if (found := self._lookups.find(kind, code))]
        exact = (LabelSource.EXACT, LabelSource.LATER_COPY)
        return next((f for f in every if f.source in exact), every[0] if every else None)

"""Chapter, section and labels of a budget line: the two columns that TotEM does not carry.

Chapter, in this order (the first that answers):

1. ``ContNat`` when it is a chapter by nature (own), or begins with an operation chapter
   (45411 -> 4541, 4581001 -> 4581);
2. ``ContFon`` or ``ContNat`` when it is a chapter by function (function);
3. the role of the account: DR, RR, DOES, ROES, DOIS, ROIS of its side and kind of operation, then
   the other roles of the same side (role); in a budget voted by function, of the function account
   first;
4. the section written by the editor (``CaracSup Section``), the longest known beginning of the
   account, its first digits (characteristic, prefix).

Labels: see ``plans.Plans``; accounts of third-party operations are labelled by their operation
chapter, functions finer than the plan by the nearest function above.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    LabelSource,
    ResolvedLine,
    ResolvedLines,
)

from .plan import Entry
from .plans import Found, Plans
from .rules import (
    beginnings,
    other_side,
    remember,
    role,
    section_of_start,
    stated_section,
    takes_both_ordres,
)

_OPERATION = "45"


class Chapter(NamedTuple):
    """A chapter, its section ("" unknown) and how it was found."""

    code: str
    label: str
    section: str
    origin: ChapterOrigin


_NO_CHAPTER = Chapter("", "", "", ChapterOrigin.NONE)


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
        self._plans = plans
        self._nomenclature = header.nomenclature
        self._exercice = header.exercice
        self._by_function = header.nat_fonc == "2"
        self._found: dict[tuple[str, str], Found | None] = {}
        self._stated_of: dict[tuple[str, str], Chapter] = {}
        self._chapter_of: dict[tuple[str, ...], Chapter] = {}
        self._equipment_of: dict[str, str] = {}
        self._nature_of: dict[str, Label] = {}
        self._fonction_of: dict[str, Label] = {"": Label("", None)}

    def resolve(self, line: BudgetLine) -> ResolvedLine:
        """The line with its chapter, section and labels, and how each was found."""
        return self.resolve_all([line]).each[0]

    def resolve_all(self, lines: Sequence[BudgetLine]) -> ResolvedLines:
        """As ``resolve``, for some lines."""
        line: Any = BudgetLine._make(zip(*lines, strict=True))
        chapters, chapter_labels, sections, origins = zip(*self._of(lines, line), strict=True)
        natures, nature_sources = zip(*self._natures(line), strict=True)
        fonctions, fonction_sources = zip(*map(self._fonction, line.fonction), strict=True)
        sides = {nature: self._equipment(nature) for nature in set(line.nature)}
        equipment = [
            side in sides[code] for code, side in zip(line.nature, line.cod_rd, strict=True)
        ]
        found = (
            *(lines, chapters, chapter_labels, sections, natures, fonctions),
            *(origins, nature_sources, fonction_sources, equipment),
        )
        return ResolvedLines(ResolvedLine._make(found), line)

    def _of(self, lines: Sequence[BudgetLine], line: Any) -> list[Chapter]:
        """The chapter of each line."""
        found = list(map(self._stated_of.get, zip(line.cont_nat, line.cont_fon, strict=True)))
        if all(chapter is not None and chapter.code for chapter in found):
            return cast("list[Chapter]", found)
        return list(map(self._chapter_of_line, lines))

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
        label = self._nature_of.get(code)
        if label is None:
            label = self._nature_label(code)
            remember(self._nature_of, code, label)
        return label

    def deleted(self, kind: str, code: str) -> str:
        """Year since which a code is deleted ("0" unknown year), "" when it is in force."""
        found = self._find(kind, code)
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
        account = self._account(nature)
        return account is not None and takes_both_ordres(account, side)

    def _chapter_of_line(self, line: BudgetLine) -> Chapter:
        stated = (line.cont_nat, line.cont_fon)
        chapter = self._stated_of.get(stated)
        if chapter is None:
            chapter = self._stated_chapter(line)
            remember(self._stated_of, stated, chapter)
        return chapter if chapter.code else self._derived(line)

    def _derived(self, line: BudgetLine) -> Chapter:
        """The chapter of a line that states none."""
        question = (
            line.nature,
            line.cod_rd,
            line.op_budg,
            line.typ_op_budg,
            stated_section(line) if line.carac_sup else "",
            line.fonction if self._by_function else "",
        )
        answer = self._chapter_of.get(question)
        if answer is None:
            answer = self._chapter(line)
            remember(self._chapter_of, question, answer)
        return answer

    def _equipment(self, nature: str) -> str:
        """Sides ("D", "R") on which an account is equipment."""
        sides = self._equipment_of.get(nature)
        if sides is None:
            account = self._account(nature)
            sides = account.equipment if account else ""
            remember(self._equipment_of, nature, sides)
        return sides

    # -- look-ups ---------------------------------------------------------------------------------

    def _find(self, kind: str, code: str) -> Found | None:
        if not code:
            return None
        key = (kind, code)
        if key not in self._found:
            found = self._plans.look_up(kind, code, self._nomenclature, self._exercice)
            remember(self._found, key, found)
            return found
        return self._found[key]

    def _entry(self, kind: str, code: str) -> Entry | None:
        found = self._find(kind, code)
        return found.entry if found else None

    def _account(self, nature: str) -> Entry | None:
        """The account of a nature, or the nearest one above it that takes operations."""
        for code in (nature, *beginnings(nature)):
            entry = self._entry("compte", code)
            if entry and entry.roles:
                return entry
        return None

    # -- chapter and section ----------------------------------------------------------------------

    def _stated_chapter(self, line: BudgetLine) -> Chapter:
        """The chapter that ContNat or ContFon names, none when they name an article."""
        found = self._named("chapitre", line.cont_nat, ChapterOrigin.OWN)
        if not found.code and line.cont_nat.startswith(_OPERATION):
            found = self._operation_chapter(line.cont_nat, ChapterOrigin.OWN)
        for code in (line.cont_fon, line.cont_nat):
            if not (found.code and found.section):
                found = self._named("chapitre_fonction", code, ChapterOrigin.FUNCTION)
        return found if found.section else _NO_CHAPTER

    def _chapter(self, line: BudgetLine) -> Chapter:
        for found in self._chapters(line):
            if found.code and found.section:
                return found
        return self._by_section_only(line)

    def _chapters(self, line: BudgetLine) -> Iterator[Chapter]:
        if self._by_function:
            account = self._entry("compte_fonction", line.fonction)
            yield self._by_role(account, line, "chapitre_fonction", ChapterOrigin.ROLE)
        account = self._entry("compte", line.nature)
        yield self._by_role(account, line, "chapitre", ChapterOrigin.ROLE)
        yield self._named("chapitre", line.nature, ChapterOrigin.ROLE)
        yield from self._guessed(line)

    def _guessed(self, line: BudgetLine) -> Iterator[Chapter]:
        stated = stated_section(line)
        near = self._by_role(self._account(line.nature), line, "chapitre", ChapterOrigin.PREFIX)
        if stated and near.section == stated:
            near = near._replace(origin=ChapterOrigin.CHARACTERISTIC)
        yield near
        if self._nearest and not near.code:
            accounts = [self._account(line.nature)]
            if accounts[0] is None:
                accounts = [*self._plans.below(line.nature, self._nomenclature, self._exercice)]
            for seen in (line, other_side(line)):
                for account in accounts:
                    yield self._by_role(account, seen, "chapitre", ChapterOrigin.PREFIX)
        for code in beginnings(line.nature):
            yield self._named("chapitre", code, ChapterOrigin.PREFIX)

    def _named(self, kind: str, code: str, origin: ChapterOrigin) -> Chapter:
        entry = self._entry(kind, code)
        if entry is None:
            return _NO_CHAPTER
        return Chapter(entry.code, entry.label, entry.section, origin)

    def _operation_chapter(self, code: str, origin: ChapterOrigin) -> Chapter:
        for start in beginnings(code):
            found = self._named("chapitre", start, origin)
            if found.code:
                return found
        return _NO_CHAPTER

    def _by_role(
        self, account: Entry | None, line: BudgetLine, kind: str, origin: ChapterOrigin
    ) -> Chapter:
        code = role(account, line) if account else ""
        return self._named(kind, code, origin)

    def _by_section_only(self, line: BudgetLine) -> Chapter:
        stated = stated_section(line)
        if stated:
            return Chapter("", "", stated, ChapterOrigin.CHARACTERISTIC)
        section = section_of_start(line.nature or line.cont_nat)
        return Chapter("", "", section, ChapterOrigin.PREFIX if section else ChapterOrigin.NONE)

    # -- labels -----------------------------------------------------------------------------------

    def _nature_label(self, code: str) -> Label:
        found = self._best(("compte", "chapitre"), code)
        if found and found.entry.label:
            return Label(found.entry.label, found.source)
        if code.startswith(_OPERATION):
            chapter = self._operation_chapter(code, ChapterOrigin.PREFIX)
            if chapter.label:
                return Label(chapter.label, LabelSource.PREFIX)
        for start in beginnings(code) if self._nearest else ():
            found = self._find("compte", start)
            if found and found.entry.label:
                return Label(found.entry.label, LabelSource.PREFIX)
        return Label("", LabelSource.NONE)

    def _fonction(self, code: str) -> Label:
        """The label of a function, remembered."""
        label = self._fonction_of.get(code)
        if label is None:
            label = self._fonction_label(code)
            remember(self._fonction_of, code, label)
        return label

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
        every = [found for kind in kinds if (found := self._find(kind, code))]
        exact = (LabelSource.EXACT, LabelSource.LATER_COPY)
        return next((f for f in every if f.source in exact), every[0] if every else None)

"""The chapter and the section of a budget line: the two columns that TotEM does not carry.

In this order (the first that answers):

1. ``ContNat`` when it is a chapter by nature (own), or begins with an operation chapter
   (45411 -> 4541, 4581001 -> 4581);
2. ``ContFon`` or ``ContNat`` when it is a chapter by function (function);
3. the role of the account: DR, RR, DOES, ROES, DOIS, ROIS of its side and kind of operation, then
   the other roles of the same side (role); in a budget voted by function, of the function account
   first;
4. the section written by the editor (``CaracSup Section``), the longest known beginning of the
   account, its first digits (characteristic, prefix).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from ckanext.budgetod.engine.document import BudgetLine, ChapterOrigin

from .lookups import Lookups
from .plan import Entry
from .rules import beginnings, other_side, remembered, role, section_of_start, stated_section

OPERATION = "45"


class Chapter(NamedTuple):
    """A chapter, its section ("" unknown) and how it was found."""

    code: str
    label: str
    section: str
    origin: ChapterOrigin


_NO_CHAPTER = Chapter("", "", "", ChapterOrigin.NONE)


class Chapters:
    """Finds the chapters of one budget; answers are remembered. Parameters as ``Resolver``."""

    def __init__(self, lookups: Lookups, by_function: bool, nearest: bool) -> None:
        self._lookups = lookups
        self._by_function = by_function
        self._nearest = nearest
        self._stated_of: dict[tuple[str, str], Chapter] = {}
        self._chapter_of: dict[tuple[str, ...], Chapter] = {}

    def of(self, lines: Sequence[BudgetLine], line: Any) -> list[Chapter]:
        """The chapter of each of ``lines``, which ``line`` holds as columns."""
        found = list(map(self._stated_of.get, zip(line.cont_nat, line.cont_fon, strict=True)))
        if all(chapter is not None and chapter.code for chapter in found):
            return cast("list[Chapter]", found)
        return list(map(self._chapter_of_line, lines))

    def _chapter_of_line(self, line: BudgetLine) -> Chapter:
        stated = (line.cont_nat, line.cont_fon)
        chapter = remembered(self._stated_of, stated, self._stated_chapter, line)
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
        return remembered(self._chapter_of, question, self._chapter, line)

    def _stated_chapter(self, line: BudgetLine) -> Chapter:
        """The chapter that ContNat or ContFon names, none when they name an article."""
        found = self._named("chapitre", line.cont_nat, ChapterOrigin.OWN)
        if not found.code and line.cont_nat.startswith(OPERATION):
            found = self.operation(line.cont_nat, ChapterOrigin.OWN)
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
            account = self._lookups.entry("compte_fonction", line.fonction)
            yield self._by_role(account, line, "chapitre_fonction", ChapterOrigin.ROLE)
        account = self._lookups.entry("compte", line.nature)
        yield self._by_role(account, line, "chapitre", ChapterOrigin.ROLE)
        yield self._named("chapitre", line.nature, ChapterOrigin.ROLE)
        yield from self._guessed(line)

    def _guessed(self, line: BudgetLine) -> Iterator[Chapter]:
        stated = stated_section(line)
        near = self._by_role(
            self._lookups.account(line.nature), line, "chapitre", ChapterOrigin.PREFIX
        )
        if stated and near.section == stated:
            near = near._replace(origin=ChapterOrigin.CHARACTERISTIC)
        yield near
        if self._nearest and not near.code:
            accounts = [self._lookups.account(line.nature)]
            if accounts[0] is None:
                accounts = [*self._below(line.nature)]
            for seen in (line, other_side(line)):
                for account in accounts:
                    yield self._by_role(account, seen, "chapitre", ChapterOrigin.PREFIX)
        for code in beginnings(line.nature):
            yield self._named("chapitre", code, ChapterOrigin.PREFIX)

    def _named(self, kind: str, code: str, origin: ChapterOrigin) -> Chapter:
        entry = self._lookups.entry(kind, code)
        if entry is None:
            return _NO_CHAPTER
        return Chapter(entry.code, entry.label, entry.section, origin)

    def operation(self, code: str, origin: ChapterOrigin) -> Chapter:
        """The operation chapter that a code begins with (45411 -> 4541)."""
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

    def _below(self, nature: str) -> Iterator[Entry]:
        """The accounts below one that a plan does not have."""
        found = self._lookups
        yield from found.plans.below(nature, found.nomenclature, found.exercice)

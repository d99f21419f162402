"""The same rules at the speed of a stream: rows that need no change go through as lxml writes them.

Rows of a table are alike. Their text is what lxml writes; what stands outside quoted values (tags,
names of attributes, white space) is its *shape*, and the rules are asked once per shape what they
want of each value. Rows of one shape are then looked at together, value by value. A row whose shape
or values call for anything but leaving whole leaves out goes the careful way
(``cleaner.Cleaner.copy``), which decides alone: what this module lets through is what the careful
way would have written, white space apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import chain
from typing import NamedTuple

from ..readers.alike import one_by_one, together
from ..readers.safexml import Element
from . import parties, patterns
from .cleaner import Cleaner, Verdict
from .ledger import Ledger
from .rules import Rule
from .shapes import MAX_SHAPES, Plan, Shapes, Texts

_MAX_TEXTS = 20_000
_TRUE = (b"true", b"1")
_CODES = re.compile(rb"(?:(?:[^\s@&\x80-\xff]*?(?:[\d/]|\.xsl)[^\s@&\x80-\xff]*|true|false)?\n)*")
"""Lines that are technical identifiers (see ``patterns.is_code``)."""


class Aside(NamedTuple):
    """A row that is not written as it is: its rank among the rows given, and ``verdict`` when its
    party keeps it out, None when it must go the careful way (it was not counted then)."""

    index: int
    verdict: Verdict | None


@dataclass(slots=True)
class Batch:
    """What becomes of rows: bytes to write, or ``Aside``, in their order.

    ``counted``: rows that TotEM did not calculate, careful ones apart. ``values``: what the caller
    wanted of those.
    """

    rows: list[bytes | Aside]
    counted: int = 0
    values: list[dict[str, str]] = field(default_factory=list)


class Swift:
    """Rows of one rule. ``wanted``: leaves whose values the caller needs."""

    def __init__(
        self, rule: Rule, cleaner: Cleaner, ledger: Ledger, wanted: frozenset[str] = frozenset()
    ) -> None:
        self.rule = rule
        self._cleaner = cleaner
        self._ledger = ledger
        self._shapes = Shapes(rule, wanted)
        self._plans: dict[Texts, Plan | None] = {}
        self._clean: set[bytes] = set()
        self._verdicts_known: dict[tuple[str, ...], dict[Texts, Verdict]] = {}

    def sort(self, elements: Sequence[Element]) -> Batch:
        """What becomes of these rows, siblings of one name."""
        batch = Batch([Aside(index, None) for index in range(len(elements))])
        rows = together(elements)
        groups = _by_shape(rows)
        if not rows or any(self._plan(shape) is None for shape in groups):
            rows = one_by_one(elements)
            groups = _by_shape(rows)
        for shape, members in groups.items():
            plan = self._plan(shape)
            if plan is not None:
                indexes, texts = zip(*members, strict=True)
                self._alike(plan, indexes, rows, list(zip(*texts, strict=True)), batch)
        return batch

    def _plan(self, shape: Texts) -> Plan | None:
        """What the rules want of a shape; None where only the careful way knows."""
        if shape not in self._plans and len(self._plans) < MAX_SHAPES:
            self._plans[shape] = self._shapes.plan(shape)
        return self._plans.get(shape)

    def _alike(
        self,
        plan: Plan,
        indexes: Sequence[int],
        rows: Sequence[bytes],
        columns: list[Texts],
        batch: Batch,
    ) -> None:
        """Rows of one shape: ``indexes`` among all ``rows``, ``columns`` of their values."""
        aside = self._aside(plan, indexes, columns)
        self._count(plan, columns, aside, len(indexes), batch)
        done: list[bytes] = [rows[index] + b"\n" for index in indexes]
        if plan.left_out is not None:
            without = plan.left_out.sub
            done = [without(b"", data) for data in done]
            table = self.rule.table or self.rule.name
            for name in plan.names_out:
                kept = len(indexes) - len(aside)
                self._ledger.left_out(table, name, self.rule.reasons[name], kept)
        for place, index in enumerate(indexes):
            batch.rows[index] = aside.get(place) or done[place]

    def _aside(self, plan: Plan, indexes: Sequence[int], columns: list[Texts]) -> dict[int, Aside]:
        """Rows, by their place among those of one shape, that are not written as they are."""
        aside = {place: Aside(indexes[place], None) for place in self._careful(plan, columns)}
        if plan.judged:
            for place, verdict in enumerate(self._verdicts(plan, columns)):
                if verdict is not Verdict.LEGAL:
                    out = verdict is not Verdict.SHY and self._cleaner.leaves_rows_out
                    aside[place] = Aside(indexes[place], verdict if out else None)
        return aside

    def _count(
        self, plan: Plan, columns: list[Texts], aside: dict[int, Aside], size: int, batch: Batch
    ) -> None:
        """Add the rows to the batch's counts, those apart that will be read again."""
        out = {index for index, row in aside.items() if row.verdict is None}
        if plan.calculated is not None:
            marks = columns[plan.calculated]
            out.update(index for index, mark in enumerate(marks) if mark in _TRUE)
        batch.counted += size - len(out)
        if plan.wanted:
            batch.values += [
                {name: unescape(columns[rank][index].decode()) for name, rank in plan.wanted}
                for index in range(size)
                if index not in out
            ]

    # --- the values ------------------------------------------------------------------------------

    def _careful(self, plan: Plan, columns: list[Texts]) -> set[int]:
        """Indexes of the rows in which a value needs a change."""
        rows: set[int] = set()
        for rank in plan.codes:
            column = columns[rank]
            if not _CODES.fullmatch(b"\n".join((*column, b""))):
                rows.update(
                    i for i, text in enumerate(column) if not _CODES.fullmatch(text + b"\n")
                )
        if _is_odd(b"".join(chain.from_iterable(columns[rank] for rank in plan.kept))):
            for rank in plan.kept:
                if _is_odd(b"".join(columns[rank])):
                    self._check(columns[rank], self._is_clean, rows)
        for rank in plan.scanned:
            self._check(columns[rank], self._is_clean, rows)
        for rank in plan.sober:
            self._check(columns[rank], self._is_sober, rows)
        return rows

    def _check(self, column: Texts, passes: object, rows: set[int]) -> None:
        clean = self._clean if passes == self._is_clean else frozenset()
        bad = {text for text in set(column) - clean if not passes(text)}  # type: ignore[operator]
        if bad:
            rows.update(index for index, text in enumerate(column) if text in bad)

    def _is_clean(self, raw: bytes) -> bool:
        """True when a text holds nothing to mask."""
        if patterns.suspect_raw(raw) and patterns.hits(unescape(raw.decode())):
            return False
        if len(self._clean) >= _MAX_TEXTS:
            self._clean.clear()
        self._clean.add(raw)
        return True

    def _is_sober(self, raw: bytes) -> bool:
        text = unescape(raw.decode())
        sober = parties.is_sober(text) or parties.is_legal(text)
        return sober and self._is_clean(raw)

    def _verdicts(self, plan: Plan, columns: list[Texts]) -> list[Verdict]:
        names = tuple(name for name, _ in plan.judged)
        known = self._verdicts_known.setdefault(names, {})
        keys = list(zip(*self._deciding(plan, columns), strict=True))
        if len(known) >= _MAX_TEXTS:
            known.clear()
        for key in set(keys) - known.keys():
            known[key] = self._judge(names, key)
        return [known[key] for key in keys]

    def _deciding(self, plan: Plan, columns: list[Texts]) -> list[Texts]:
        """The columns that decide; where one code decides for all rows, names are not looked at."""
        ranks = dict(plan.judged)
        found = [columns[rank] for _, rank in plan.judged]
        (only, *others) = self.rule.parties.values()
        if others or only.cautious or only.code not in ranks:
            return found
        codes = columns[ranks[only.code]]
        if not all(map(bytes.strip, codes)):
            return found
        blank = (b"x",) * len(codes)
        return [codes if name == only.code else blank for name, _ in plan.judged]

    def _judge(self, names: tuple[str, ...], key: Texts) -> Verdict:
        values = {name: unescape(t.decode()) for name, t in zip(names, key, strict=True)}
        verdict = self._cleaner.verdict(self.rule, values)
        if verdict is Verdict.LEGAL and self._shy(values):
            return Verdict.SHY
        return verdict

    def _shy(self, values: dict[str, str]) -> bool:
        cautious = (name for name, party in self.rule.parties.items() if party.cautious)
        return any(
            parties.is_person_shaped(values[name]) and not parties.is_legal(values[name])
            for name in cautious
            if values.get(name)
        )


def _by_shape(rows: Sequence[bytes]) -> dict[Texts, list[tuple[int, list[bytes]]]]:
    """Indexes and quoted values of the rows of each shape."""
    groups: defaultdict[Texts, list[tuple[int, list[bytes]]]] = defaultdict(list)
    for index, row in enumerate(rows):
        pieces = row.split(b'"')
        groups[tuple(pieces[::2])].append((index, pieces[1::2]))
    return groups


def _is_odd(text: bytes) -> bool:
    """True for what is not surely a code or a number: blanks, @, escapes, titles, not ASCII."""
    if b" " in text or b"@" in text or b"&" in text or not text.isascii():
        return True
    return patterns.may_be_titled(text)

"""The same rules at the speed of a stream: rows go through as lxml writes them, but for leaves that
are left out whole and texts that are masked in their place.

The rules are asked once per shape (see ``readers.alike``) what they want of each value. Rows of one
shape are then looked at together, value by value; the value of one text alone is decided by
``cleaner.Cleaner``. Rows whose shape nobody knows, or with a code that is none, go the careful way
(``Cleaner.copy``): what this module lets through is what the careful way would have written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from ..readers.alike import Alike, Cut, Texts
from ..readers.markup import quote, unescape
from ..readers.rows import TRUE
from . import glance, parties
from .cleaner import Cleaner
from .elements import Place
from .ledger import Ledger
from .rules import Rule
from .shapes import Plan, Shapes
from .verdicts import Verdict

_MAX_TEXTS = 20_000
_LONG = 400
"""Characters of a text that is remembered."""


class Mend(NamedTuple):
    """A row in which texts are masked: its rows and its place in ``Batch.alike``, and the ranks of
    the values."""

    rows: int
    place: int
    ranks: Sequence[int]


Aside = Verdict | Mend | None
"""Why a row is not written as it is: the verdict when its party keeps it out, what is masked in it,
None when it must go the careful way (it was not counted then)."""


@dataclass(slots=True)
class Batch:
    """What becomes of rows: their texts, by rank, and the ranks of those that are not written so
    (``aside``, see ``Aside``); the texts that are written as columns (``alike``).

    ``counted``: rows that TotEM did not calculate, careful ones apart. ``wanted``: what the caller
    wanted of those, as columns with their size.
    """

    texts: list[str]
    aside: dict[int, Aside] = field(default_factory=dict)
    alike: list[Alike] = field(default_factory=list)
    counted: int = 0
    wanted: list[tuple[dict[str, Texts], int]] = field(default_factory=list)


class Swift:
    """Rows of one rule. ``wanted``: leaves whose values the caller needs."""

    def __init__(
        self, rule: Rule, cleaner: Cleaner, ledger: Ledger, wanted: frozenset[str] = frozenset()
    ) -> None:
        self.rule = rule
        self._cleaner = cleaner
        self._ledger = ledger
        self._shapes = Shapes(rule, wanted)
        self._clean: set[str] = set()
        self._own_names: frozenset[tuple[str, ...]] = frozenset()
        self._verdicts_known: dict[tuple[str, ...], dict[tuple[str, ...], Verdict]] = {}

    def sort(self, cut: Cut, size: int) -> Batch:
        """What becomes of ``size`` rows."""
        batch = Batch(list(cut.texts) or [""] * size, dict.fromkeys(cut.others))
        for rows in cut.alike:
            plan = self._shapes.plan(rows)
            if plan is None:
                batch.aside.update(dict.fromkeys(rows.ranks))
            else:
                self._alike(plan, rows, batch)
        return batch

    def mend(self, batch: Batch, index: int, mend: Mend, place: Place) -> str:
        """The text of a row, once masked what is to be; its columns say the same from then on."""
        rows = batch.alike[mend.rows]
        pieces = batch.texts[index].split('"')
        for rank in mend.ranks:
            value = unescape(rows.columns[rank][mend.place])
            new = quote(self._cleaner.cell(value, rows.layout.slots[rank], self.rule, place))
            pieces[2 * rank + 1] = new
            column = rows.columns[rank]
            if not isinstance(column, list):
                rows.columns[rank] = column = list(column)
            column[mend.place] = new
        return '"'.join(pieces)

    def _alike(self, plan: Plan, rows: Alike, batch: Batch) -> None:
        """Rows of one shape."""
        marked = self._to_mend(plan, rows.columns)
        aside = self._aside(plan, rows, marked)
        self._count(plan, rows, aside, batch)
        left = range(len(rows.ranks))
        if aside:
            batch.aside.update((rows.ranks[place], why) for place, why in aside.items())
            left = [place for place in left if place not in aside]
            rows = rows.only(left)
        if plan.left_out is not None and plan.layout is not None:
            self._leave_out(plan, plan.left_out, rows, batch)
            rows = rows.narrowed(plan.layout, plan.kept_ranks)
        if not rows.ranks:
            return
        for place, old in enumerate(left if marked else ()):
            if old in marked:
                ranks = [plan.rank_left(rank) for rank in marked[old]]
                batch.aside[rows.ranks[place]] = Mend(len(batch.alike), place, ranks)
        batch.alike.append(rows)

    def _leave_out(self, plan: Plan, leaves: re.Pattern[str], rows: Alike, batch: Batch) -> None:
        """Take the leaves that do not go out from the texts of rows."""
        for index in rows.ranks:
            batch.texts[index] = leaves.sub("", batch.texts[index])
        table = self.rule.table or self.rule.name
        for name in plan.names_out:
            self._ledger.left_out(table, name, self.rule.reasons[name], len(rows.ranks))

    def _aside(self, plan: Plan, rows: Alike, marked: Mapping[int, list[int]]) -> dict[int, Aside]:
        """Rows, by their place among those of one shape, that are not written as text."""
        aside: dict[int, Aside] = dict.fromkeys(self._careful(plan, rows.columns))
        if self.rule.table == "SOMMAIRE":  # what is told of it is what is published of it
            aside.update(dict.fromkeys(marked))
        if plan.judged:
            for place, verdict in enumerate(self._verdicts(plan, rows.columns)):
                if verdict is not Verdict.LEGAL:
                    out = verdict is not Verdict.SHY and self._cleaner.leaves_rows_out
                    aside[place] = verdict if out else None
        return aside

    def _count(self, plan: Plan, rows: Alike, aside: dict[int, Aside], batch: Batch) -> None:
        """Add the rows to the batch's counts, those apart that will be read again."""
        out = {place for place, why in aside.items() if why is None}
        if plan.calculated is not None:
            marks = rows.columns[plan.calculated]
            out.update(place for place, mark in enumerate(marks) if mark in TRUE)
        if out:
            rows = rows.only([place for place in range(len(rows.ranks)) if place not in out])
        size = len(rows.ranks)
        batch.counted += size
        if plan.wanted and size:
            told: dict[str, Texts] = {
                name: list(map(unescape, rows.columns[rank])) for name, rank in plan.wanted
            }
            batch.wanted.append((told, size))

    # --- the values ------------------------------------------------------------------------------

    def _careful(self, plan: Plan, columns: Sequence[Texts]) -> set[int]:
        """Places of the rows that only the careful way knows."""
        rows: set[int] = set()
        for rank in plan.codes:
            column = columns[rank]
            if not glance.are_codes(column):
                rows.update(i for i, text in enumerate(column) if not glance.are_codes((text,)))
        return rows

    def _to_mend(self, plan: Plan, columns: Sequence[Texts]) -> dict[int, list[int]]:
        """Ranks of the values in which something is masked, by the place of their row."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for rank in self._looked_at(plan, columns):
            column = columns[rank]
            for place in _places(column, self._to_mask(plan, rank, set(column))):
                found[place].append(rank)
        return found

    def _looked_at(self, plan: Plan, columns: Sequence[Texts]) -> list[int]:
        """Ranks of the values that may need a mask."""
        ranks = [*plan.scanned, *plan.sober, *plan.masked]
        if not _are_plain(columns[rank] for rank in plan.kept):
            ranks += [rank for rank in plan.kept if not _are_plain((columns[rank],))]
        return sorted(ranks)

    def _to_mask(self, plan: Plan, rank: int, texts: set[str]) -> Collection[str]:
        """Those of the texts of a value that are masked, or in which something is."""
        if rank in plan.masked:
            return texts
        return self._unsober(texts) if rank in plan.sober else self._unclean(texts)

    def _unclean(self, texts: set[str]) -> set[str]:
        """Those of these texts that hold something to mask."""
        new = texts - self._clean
        bad = set(glance.unclean(list(new)))
        if len(self._clean) >= _MAX_TEXTS:
            self._clean.clear()
        self._clean |= {text for text in new - bad if len(text) <= _LONG}
        return bad

    def _unsober(self, texts: set[str]) -> set[str]:
        """Those of these texts that are not surely no person, or hold something to mask."""
        bad = {text for text in texts if not _is_sober(unescape(text))}
        return bad | self._unclean(texts - bad)

    def _verdicts(self, plan: Plan, columns: Sequence[Texts]) -> list[Verdict]:
        names = tuple(name for name, _ in plan.judged)
        if self._own_names != self._cleaner.own_names:
            self._own_names = self._cleaner.own_names
            self._verdicts_known.clear()
        known = self._verdicts_known.setdefault(names, {})
        keys = list(zip(*self._deciding(plan, columns), strict=True))
        new = {key: self._judge(names, key) for key in set(keys) - known.keys()}
        told = {key: new[key] if key in new else known[key] for key in set(keys)}
        if len(known) >= _MAX_TEXTS:
            known.clear()
        known |= {key: verdict for key, verdict in new.items() if sum(map(len, key)) <= _LONG}
        return [told[key] for key in keys]

    def _deciding(self, plan: Plan, columns: Sequence[Texts]) -> list[Texts]:
        """The columns that decide; where one code decides for all rows, names are not looked at."""
        ranks = dict(plan.judged)
        found = [columns[rank] for _, rank in plan.judged]
        (only, *others) = self.rule.parties.values()
        if others or only.cautious or only.code not in ranks:
            return found
        codes = columns[ranks[only.code]]
        if not all(unescape(code).strip() for code in set(codes)):
            return found
        if any(self._cleaner.mark in column for column in found):
            return found
        blank = ("x",) * len(codes)
        return [codes if name == only.code else blank for name, _ in plan.judged]

    def _judge(self, names: tuple[str, ...], key: Texts) -> Verdict:
        values = {name: unescape(text) for name, text in zip(names, key, strict=True)}
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


def _places(column: Texts, texts: Collection[str]) -> Iterable[int]:
    """Where a column has one of these texts."""
    return [place for place, text in enumerate(column) if text in texts] if texts else ()


def _is_sober(value: str) -> bool:
    return parties.is_sober(value) or parties.is_legal(value)


def _are_plain(columns: Iterable[Texts]) -> bool:
    return glance.are_plain("".join(chain.from_iterable(columns)).encode())

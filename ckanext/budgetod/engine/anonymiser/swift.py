"""The same rules at the speed of a stream: rows that need no change go through as lxml writes them.

Rows of a table are alike. Each is serialised by lxml; what stands outside its quoted values (tags,
names of attributes, white space) is its *shape*, and the rules are asked once per shape what they
want of each value. Rows of one shape are then looked at together, value by value. A row whose shape
or values call for anything but leaving whole leaves out goes the careful way
(``cleaner.Cleaner.copy``), which decides alone: what this module lets through is what the careful
way would have written, white space apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

from ..readers.safexml import Element, serialise
from . import parties, patterns
from .cleaner import Cleaner, Verdict
from .ledger import Ledger
from .rules import Action, Rule

_TAG = re.compile(rb"<(/?)([\w.\-]+)((?: [\w.\-:]+=\"\")*)(/?)>")
_ATTRIBUTE = re.compile(rb' ([\w.\-:]+)=""')
_ODD = re.compile(rb"[\s@&\x80-\xff]")
_MAX_SHAPES = 4096
_MAX_TEXTS = 20_000
BATCH = 256
_TRUE = (b"true", b"1")
_HIDDEN = (Verdict.NATURAL, Verdict.UNKNOWN)

Texts = tuple[bytes, ...]


class Row(NamedTuple):
    """A row that waits: its bytes, its rank among the rows, its line of the file."""

    data: bytes
    rank: int
    source_line: int | None


class Outcome(NamedTuple):
    """What becomes of a row: ``data`` when it is written as it is, ``verdict`` when its party keeps
    it out, neither when it must go the careful way. ``values``: those that facts want, None when
    the row must be read again."""

    row: Row
    data: bytes | None
    verdict: Verdict | None
    values: dict[str, str] | None
    calculated: bool


@dataclass(slots=True)
class Plan:
    """What the rules want of a shape; numbers are ranks of its quoted values."""

    constant: tuple[int, ...] = ()
    kept: list[int] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    sober: list[int] = field(default_factory=list)
    judged: tuple[tuple[str, int], ...] = ()
    wanted: tuple[tuple[str, int], ...] = ()
    calculated: int | None = None
    left_out: re.Pattern[bytes] | None = None
    reasons: list[str] = field(default_factory=list)
    first: Texts = ()
    cut: int = 0
    verdicts: dict[Texts, Verdict] = field(default_factory=dict)


class _Slot(NamedTuple):
    """Whose value: leaf ("" for the row itself) and attribute."""

    leaf: str
    attribute: str


class Swift:
    """Rows of one rule. ``wanted``: leaves whose values the caller needs."""

    def __init__(
        self, rule: Rule, cleaner: Cleaner, ledger: Ledger, wanted: frozenset[str] = frozenset()
    ) -> None:
        self.rule = rule
        self.rows: list[Row] = []
        self._cleaner = cleaner
        self._ledger = ledger
        self._wanted = wanted
        self._plans: dict[Texts, Plan | None] = {}
        self._clean: set[bytes] = set()
        self._name = rule.name.encode()

    def add(self, element: Element, rank: int) -> bool:
        """Keep a row; True when it is time to ``flush``."""
        self.rows.append(Row(serialise(element), rank, element.sourceline))
        return len(self.rows) >= BATCH

    def flush(self) -> list[Outcome]:
        """What becomes of the rows that waited, in their order."""
        rows, self.rows = self.rows, []
        groups: defaultdict[Texts, list[tuple[int, list[bytes]]]] = defaultdict(list)
        for index, row in enumerate(rows):
            pieces = row.data.split(b'"')
            groups[tuple(pieces[::2])].append((index, pieces[1::2]))
        outcomes: list[Outcome | None] = [None] * len(rows)
        for shape, members in groups.items():
            alike = [rows[index] for index, _ in members]
            done = self._alike(shape, alike, [texts for _, texts in members])
            for (index, _), outcome in zip(members, done, strict=True):
                outcomes[index] = outcome
        return outcomes  # type: ignore[return-value] - every row is in one group

    def _alike(self, shape: Texts, rows: list[Row], texts: list[list[bytes]]) -> Iterable[Outcome]:
        """Rows of one shape."""
        if shape not in self._plans:
            if len(self._plans) >= _MAX_SHAPES:
                self._plans.clear()
            self._plans[shape] = self._plan(shape, texts[0])
        plan = self._plans[shape]
        if plan is None:
            return [Outcome(row, None, None, None, False) for row in rows]
        return self._outcomes(plan, rows, texts)

    def _outcomes(self, plan: Plan, rows: list[Row], texts: list[list[bytes]]) -> Iterator[Outcome]:
        columns = list(zip(*texts, strict=True))
        careful = self._careful(plan, columns)
        verdicts = self._verdicts(plan, columns) if plan.judged else None
        start = b"<" + self._name
        for index, row in enumerate(rows):
            values = {name: unescape(columns[rank][index].decode()) for name, rank in plan.wanted}
            calculated = plan.calculated is not None and columns[plan.calculated][index] in _TRUE
            verdict = verdicts[index] if verdicts else Verdict.LEGAL
            if verdict in _HIDDEN and self._cleaner.leaves_rows_out:
                yield Outcome(row, None, verdict, values, calculated)
            elif verdict is not Verdict.LEGAL or index in careful:
                yield Outcome(row, None, None, None, calculated)
            else:
                data = start + row.data[plan.cut :] + b"\n"
                yield Outcome(row, self._shortened(plan, data), None, values, calculated)

    def _shortened(self, plan: Plan, data: bytes) -> bytes:
        if plan.left_out is None:
            return data
        for reason in plan.reasons:
            self._ledger.masked("element", self.rule.table or self.rule.name, reason)
        return plan.left_out.sub(b"", data)

    # --- the shape -------------------------------------------------------------------------------

    def _plan(self, shape: Texts, first: list[bytes]) -> Plan | None:
        slots = self._slots(shape)
        if slots is None:
            return None
        plan = Plan(first=tuple(first))
        constant, out = [], []
        for rank, slot in enumerate(slots):
            if not slot.leaf and slot.attribute.startswith("xmlns"):
                constant.append(rank)
            elif not self._place(plan, slot, rank, slots, out):
                return None
        plan.constant = tuple(constant)
        plan.cut = (
            1
            + len(self._name)
            + sum(len(f' {slots[rank].attribute}=""') + len(first[rank]) for rank in constant)
        )
        plan.judged = _ranks(slots, self._deciding())
        plan.wanted = _ranks(slots, self._wanted)
        plan.left_out = _leaves_out(out)
        return plan if self._is_ours(plan, slots, first) else None

    def _is_ours(self, plan: Plan, slots: list[_Slot], first: list[bytes]) -> bool:
        """True when names without prefix are in the namespace of the rule."""
        own = [first[r].decode() for r in plan.constant if slots[r].attribute == "xmlns"]
        return own == [self.rule.namespace]

    def _slots(self, shape: Texts) -> list[_Slot] | None:
        """Whose each quoted value is; None when the row is not leaves in a row element."""
        text = b'""'.join(shape)
        slots: list[_Slot] = []
        end, depth = 0, 0
        for tag in _TAG.finditer(text):
            if text[end : tag.start()].strip():
                return None
            end = tag.end()
            closing, name, attributes, empty = tag.groups()
            names = [match.decode() for match in _ATTRIBUTE.findall(attributes)]
            if depth == 0 and name == self._name and not closing and not empty:
                slots += [_Slot("", attribute) for attribute in names]
                depth = 1
            elif depth == 1 and empty and not closing:
                slots += [_Slot(name.decode(), attribute) for attribute in names]
            elif depth == 1 and closing and name == self._name:
                depth = 2
            else:
                return None
        return slots if depth == 2 and end == len(text) else None

    def _place(
        self, plan: Plan, slot: _Slot, rank: int, slots: list[_Slot], out: list[str]
    ) -> bool:
        """Put a value where it is looked at; False where only the careful way knows."""
        action = self._action(slot, slots)
        if action is Action.KEEP:
            plan.kept.append(rank)
            if slot == ("", "calculated"):
                plan.calculated = rank
        elif action in (Action.SCAN, Action.WITH_PARTY, Action.PARTY):
            plan.scanned.append(rank)
        elif action is Action.SOBER:
            plan.sober.append(rank)
        elif action is Action.DROP:
            out.append(slot.leaf)
            plan.reasons.append(self.rule.reasons[slot.leaf])
        else:
            return False
        return True

    def _action(self, slot: _Slot, slots: list[_Slot]) -> Action | None:
        rule, (leaf, attribute) = self.rule, slot
        if not leaf:
            return rule.attributes.get(attribute)
        if leaf in rule.leaves:
            return None if leaf in rule.texts else rule.leaves[leaf].get(attribute)
        if attribute != "V":
            return None
        if leaf in rule.reasons:
            return Action.DROP
        return rule.fields.get(leaf)

    def _deciding(self) -> frozenset[str]:
        wanted = set(self.rule.parties)
        for party in self.rule.parties.values():
            wanted |= {party.code, party.siren, party.form}
        return frozenset(wanted)

    # --- the values ------------------------------------------------------------------------------

    def _careful(self, plan: Plan, columns: list[Texts]) -> set[int]:
        """Indexes of the rows in which a value needs a change."""
        rows: set[int] = set()
        for rank in plan.constant:
            first = plan.first[rank]
            if set(columns[rank]) != {first}:
                rows.update(i for i, text in enumerate(columns[rank]) if text != first)
        for rank in plan.kept:
            if _ODD.search(b"".join(columns[rank])):
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
        text = unescape(raw.decode())
        if patterns.suspect(text) and patterns.hits(text):
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
        known = plan.verdicts
        keys = list(zip(*(columns[rank] for _, rank in plan.judged), strict=True))
        if len(known) >= _MAX_SHAPES:
            known.clear()
        for key in set(keys) - known.keys():
            known[key] = self._judge(plan, key)
        return [known[key] for key in keys]

    def _judge(self, plan: Plan, key: Texts) -> Verdict:
        names = (name for name, _ in plan.judged)
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


def _ranks(slots: list[_Slot], names: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Name and rank of the first value of each of these leaves."""
    found: dict[str, int] = {}
    for rank, slot in enumerate(slots):
        if slot.attribute == "V" and slot.leaf in names:
            found.setdefault(slot.leaf, rank)
    return tuple(found.items())


def _leaves_out(names: list[str]) -> re.Pattern[bytes] | None:
    """Matches the leaves to leave out, with the white space before them."""
    if not names:
        return None
    either = "|".join(re.escape(name) for name in sorted(set(names)))
    return re.compile(rf'\s*<(?:{either}) V="[^"]*"/>'.encode())

"""The same rules at the speed of a stream: rows that need no change go through as lxml writes them.

A row is serialised by lxml first and looked at as text: its tags in order (its *shape*) tell, once
per shape, what the rules want of each leaf. A row whose shape or values need anything but leaving
whole leaves out goes the careful way (``cleaner.Cleaner.copy``), which decides alone. What this
module lets through is what the careful way would have written, white space apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from operator import itemgetter
from typing import Any

from ..readers.safexml import Element, serialise
from . import parties, patterns
from .cleaner import Cleaner, Verdict
from .facts import FACT_FIELDS
from .ledger import Ledger
from .rules import Action, Rule

_LEAF = re.compile(
    rb'>\s*<([\w.\-]+(?: Code="[^"&\s@]*")?) V="([^"]*)"( Code="[^"&\s@]*")?/(?=>)'
)
"""A leaf that follows a tag: where all are found, there is no text between them."""
_PLAIN_ATTRIBUTES = re.compile(rb'(?: ([\w.\-]+)="[^"\s@&]*")*')
_NAMESPACES = re.compile(rb'(?: xmlns(?::[\w.\-]+)?="[^"]*")*')
_MAX_SHAPES = 4096
_MAX_TEXTS = 20_000

Careful = None
"""The answer that sends a row the careful way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rules want of a shape: ranks of the leaves to look at, leaves to leave out."""

    kept: Callable[[tuple[bytes, ...]], Any] | None
    scanned: tuple[int, ...]
    sober: tuple[int, ...]
    judged: tuple[tuple[str, int], ...]
    facts: tuple[tuple[str, int], ...]
    left_out: re.Pattern[bytes] | None
    reasons: tuple[tuple[str, str], ...]


class Swift:
    """Rows of one rule, below one container."""

    def __init__(self, rule: Rule, cleaner: Cleaner, ledger: Ledger) -> None:
        self.rule = rule
        self._cleaner = cleaner
        self._ledger = ledger
        self._plans: dict[Any, Plan | None] = {}
        self._clean: set[bytes] = set()
        self._verdicts: dict[tuple[str, ...], Verdict] = {}
        self._name = rule.name.encode()
        self._tail = -len(self._name) - 3
        self._attributes = {name.encode() for name in rule.attributes}
        self._starts: dict[bytes, bytes | None] = {}

    def row(self, element: Element) -> tuple[bytes, dict[str, str]] | None:
        """The published bytes of a row and its values for the facts, or ``Careful``."""
        data = serialise(element)
        end = data.find(b">")
        start = self._start(data[: end + 1])
        if start is None or not data[: self._tail].rstrip().endswith(b"/>"):
            return Careful
        found = _LEAF.findall(data, end)
        if data.count(b"<") != len(found) + 2:
            return Careful
        names, texts, codes = zip(*found, strict=True)
        key = (names, codes)
        plan = self._plans[key] if key in self._plans else self._planned(key)
        if plan is None or not self._harmless(plan, texts):
            return Careful
        inner = data[end + 1 :]
        if plan.left_out is not None:
            self._note(plan)
            inner = plan.left_out.sub(b"", inner)
        facts = {name: texts[rank].decode() for name, rank in plan.facts}
        return start + inner + b"\n", facts

    # --- the start tag ---------------------------------------------------------------------------

    def _start(self, tag: bytes) -> bytes | None:
        """The start tag without the namespaces of the container; None when it is not plain."""
        if tag not in self._starts:
            if len(self._starts) > _MAX_SHAPES:
                self._starts.clear()
            self._starts[tag] = self._plain_start(tag)
        return self._starts[tag]

    def _plain_start(self, tag: bytes) -> bytes | None:
        head = b"<" + self._name
        if not tag.startswith(head) or tag.endswith(b"/>"):
            return None
        rest = tag[len(head) : -1]
        namespaces = _NAMESPACES.match(rest)
        attributes = rest[namespaces.end() :] if namespaces else rest
        if not _PLAIN_ATTRIBUTES.fullmatch(attributes):
            return None
        names = set(re.findall(rb' ([\w.\-]+)="', attributes))
        return head + attributes + b">" if names <= self._attributes else None

    # --- the shape -------------------------------------------------------------------------------

    def _planned(self, key: tuple[tuple[bytes, ...], tuple[bytes, ...]]) -> Plan | None:
        if len(self._plans) >= _MAX_SHAPES:
            self._plans.clear()
        plan = self._plan(*key)
        self._plans[key] = plan
        return plan

    def _plan(self, names: tuple[bytes, ...], codes: tuple[bytes, ...]) -> Plan | None:
        ranks: dict[Action, list[int]] = {action: [] for action in Action}
        fields = [name.partition(b" ")[0].decode() for name in names]
        for rank, (name, field, code) in enumerate(zip(names, fields, codes, strict=True)):
            action = self._action(field, b" " in name or bool(code))
            if action is None:
                return None
            ranks[action].append(rank)
        out = [fields[rank] for rank in ranks[Action.DROP]]
        kept = ranks[Action.KEEP]
        return Plan(
            kept=_getter(kept),
            scanned=(*ranks[Action.SCAN], *ranks[Action.WITH_PARTY], *ranks[Action.PARTY]),
            sober=tuple(ranks[Action.SOBER]),
            judged=self._judged(fields),
            facts=_first(fields, FACT_FIELDS.get(self.rule.table, frozenset())),
            left_out=_leaves_out(out),
            reasons=tuple((field, self.rule.reasons[field]) for field in out),
        )

    def _action(self, field: str, coded: bool) -> Action | None:
        """What happens to a leaf of this name; None where only the careful way knows."""
        rule = self.rule
        if field in rule.leaves:
            plain = coded and field not in rule.texts
            return rule.leaves[field].get("V") if plain else None
        if coded:
            return None
        if field in rule.reasons:
            return Action.DROP
        action = rule.fields.get(field)
        return None if action is Action.MASK else action

    def _judged(self, fields: list[str]) -> tuple[tuple[str, int], ...]:
        wanted: set[str] = set(self.rule.parties)
        for party in self.rule.parties.values():
            wanted |= {party.code, party.siren, party.form}
        return _first(fields, frozenset(wanted))

    # --- the values ------------------------------------------------------------------------------

    def _harmless(self, plan: Plan, texts: tuple[bytes, ...]) -> bool:
        """True when no value needs a change."""
        if plan.kept is not None:
            joined = b"".join(plan.kept(texts))
            if not joined.isascii() or b" " in joined or b"@" in joined or b"&" in joined:
                return all(map(self._is_clean, plan.kept(texts)))
        for rank in plan.scanned:
            text = texts[rank]
            if text not in self._clean and not self._is_clean(text):
                return False
        if plan.sober and not all(self._is_sober(texts[rank]) for rank in plan.sober):
            return False
        return not self.rule.parties or self._is_legal(plan, texts)

    def _is_clean(self, raw: bytes) -> bool:
        """True when a text holds nothing to mask."""
        if raw in self._clean:
            return True
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

    def _is_legal(self, plan: Plan, texts: tuple[bytes, ...]) -> bool:
        values = {name: unescape(texts[rank].decode()) for name, rank in plan.judged}
        key = (*values, *values.values())
        known = self._verdicts.get(key)
        if known is None:
            if len(self._verdicts) >= _MAX_SHAPES:
                self._verdicts.clear()
            known = self._cleaner.verdict(self.rule, values)
            if known is Verdict.LEGAL and self._shy(values):
                known = Verdict.UNKNOWN
            self._verdicts[key] = known
        return known is Verdict.LEGAL

    def _shy(self, values: dict[str, str]) -> bool:
        cautious = (name for name, party in self.rule.parties.items() if party.cautious)
        return any(
            parties.is_person_shaped(values[name]) and not parties.is_legal(values[name])
            for name in cautious
            if values.get(name)
        )

    def _note(self, plan: Plan) -> None:
        for _, reason in plan.reasons:
            self._ledger.masked("element", self.rule.table or self.rule.name, reason)


def _getter(ranks: list[int]) -> Callable[[tuple[bytes, ...]], Any] | None:
    """A function from all values to those of these ranks, as a tuple."""
    if not ranks:
        return None
    if len(ranks) == 1:
        only = ranks[0]
        return lambda values: (values[only],)
    return itemgetter(*ranks)


def _first(fields: list[str], wanted: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Name and rank of the first leaf of each wanted name."""
    return tuple((name, fields.index(name)) for name in dict.fromkeys(fields) if name in wanted)


def _leaves_out(fields: list[str]) -> re.Pattern[bytes] | None:
    """Matches the leaves to leave out, with the white space before them."""
    if not fields:
        return None
    names = "|".join(re.escape(field) for field in sorted(set(fields)))
    return re.compile(rf'\s*<(?:{names}) V="[^"]*"/>'.encode())

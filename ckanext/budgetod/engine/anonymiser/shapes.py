"""What the rules want of a row, told from its shape: asked once, used for all rows alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from .cleaner import Verdict
from .rules import Action, Rule

_TAG = re.compile(rb"<(/?)([\w.\-]+)((?: [\w.\-:]+=\"\")*)(/?)>")
_ATTRIBUTE = re.compile(rb' ([\w.\-:]+)=""')

Texts = tuple[bytes, ...]


@dataclass(slots=True)
class Plan:
    """What the rules want of a shape; numbers are ranks of its quoted values."""

    constant: tuple[int, ...] = ()
    codes: list[int] = field(default_factory=list)
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


class Shapes:
    """Reads the shapes of the rows of one rule. ``wanted``: leaves whose values are asked for."""

    def __init__(self, rule: Rule, wanted: frozenset[str]) -> None:
        self.rule = rule
        self._wanted = wanted
        self._name = rule.name.encode()

    def plan(self, shape: Texts, first: list[bytes]) -> Plan | None:
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
            elif depth == 1 and empty and not closing and names:
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
        elif action is Action.CODE:
            plan.codes.append(rank)
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

"""What the rules want of a row, told from its shape: asked once, used for all rows alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .rules import Action, Rule

_TAG = re.compile(rb"<(/?)([\w.\-]+)((?: [\w.\-:]+=\"\")*)(/?)>")
_ATTRIBUTE = re.compile(rb' ([\w.\-:]+)=""')

MAX_SHAPES = 4096
"""Shapes that are understood in one document; rows of others go the careful way."""
KEPT_SHAPES = 256
"""Shapes of one rule that are kept from a document to the next."""
Texts = tuple[bytes, ...]


@dataclass(slots=True)
class Plan:
    """What the rules want of a shape; numbers are ranks of its quoted values."""

    constant: tuple[tuple[int, bytes], ...] = ()
    codes: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    sober: list[int] = field(default_factory=list)
    judged: tuple[tuple[str, int], ...] = ()
    wanted: tuple[tuple[str, int], ...] = ()
    calculated: int | None = None
    left_out: re.Pattern[bytes] | None = None
    names_out: list[str] = field(default_factory=list)
    cut: int = 0

    def fits(self, texts: Sequence[bytes]) -> bool:
        """True when the namespaces of a row are those that the plan was made with."""
        return all(texts[rank] == text for rank, text in self.constant)


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

    def plan(self, shape: Texts, first: Sequence[bytes]) -> Plan | None:
        """What the rules want of rows of this shape; None: they go the careful way.

        A plan holds names that the rules know and no value: it is kept for the next document.
        """
        kept, key = self.rule.plans, (self._wanted, shape)
        plan = kept.get(key)
        if plan is None or not plan.fits(first):
            plan = self._plan(shape, first)
            if plan is not None and len(kept) < KEPT_SHAPES:
                kept[key] = plan
        return plan

    def _plan(self, shape: Texts, first: Sequence[bytes]) -> Plan | None:
        slots = self._slots(shape)
        if slots is None:
            return None
        plan = Plan()
        constant, out = [], []
        for rank, slot in enumerate(slots):
            if not slot.leaf and slot.attribute.startswith("xmlns"):
                constant.append(rank)
            elif not self._place(plan, slot, rank, slots, out):
                return None
        if [first[r].decode() for r in constant if slots[r].attribute == "xmlns"] != [
            self.rule.namespace
        ]:
            return None
        plan.constant = tuple((rank, first[rank]) for rank in constant)
        plan.cut = 1 + len(self._name)
        plan.cut += sum(len(f' {slots[r].attribute}=""') + len(first[r]) for r in constant)
        plan.judged = _ranks(slots, self._deciding())
        plan.wanted = _ranks(slots, self._wanted)
        plan.left_out = _leaves_out(out)
        return plan

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
            plan.names_out.append(slot.leaf)
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

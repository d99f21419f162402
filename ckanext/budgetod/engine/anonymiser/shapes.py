"""What the rules want of a row, told from its shape: asked once, used for all rows alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..readers.alike import Alike, Layout, Shape, Slot
from .rules import Action, Rule

KEPT_SHAPES = 256
"""Shapes of one rule that are kept from a document to the next."""


@dataclass(slots=True)
class Plan:
    """What the rules want of a shape; numbers are ranks of its quoted values."""

    codes: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    sober: list[int] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)
    judged: tuple[tuple[str, int], ...] = ()
    wanted: tuple[tuple[str, int], ...] = ()
    calculated: int | None = None
    left_out: re.Pattern[str] | None = None
    """Matches the leaves that do not go out; they are named by ``names_out``."""
    names_out: list[str] = field(default_factory=list)
    layout: Layout | None = None
    """What is left when they are out, and which of the values these are (``kept_ranks``)."""
    kept_ranks: list[int] = field(default_factory=list)

    def rank_left(self, rank: int) -> int:
        """The rank that a value has in what is left."""
        return rank if self.layout is None else self.kept_ranks.index(rank)


class Shapes:
    """Reads the shapes of the rows of one rule. ``wanted``: leaves whose values are asked for."""

    def __init__(self, rule: Rule, wanted: frozenset[str]) -> None:
        self.rule = rule
        self._wanted = wanted

    def plan(self, rows: Alike) -> Plan | None:
        """What the rules want of these rows; None: they go the careful way.

        A plan holds names that the rules know and no value: it is kept for the next document.
        """
        if any("\n" in piece for piece in rows.shape):
            return None
        kept: dict[Shape, Plan] = self.rule.plans.setdefault(self._wanted, {})
        plan = kept.get(rows.shape)
        if plan is None:
            plan = self._plan(rows.layout.slots)
            if plan is not None and len(kept) < KEPT_SHAPES:
                kept[rows.shape] = plan
        return plan

    def _plan(self, found: Sequence[Slot]) -> Plan | None:
        plan = Plan()
        out: list[str] = []
        for rank, slot in enumerate(found):
            if not self._place(plan, slot, rank, out):
                return None
        deciding = self.rule.deciding
        leaves = [slot.leaf for slot in found if slot.attribute == "V"]
        if any(leaves.count(name) > 1 for name in deciding):
            return None
        plan.judged = _ranks(found, deciding)
        plan.wanted = _ranks(found, self._wanted)
        if out:
            left = [rank for rank, slot in enumerate(found) if slot.leaf not in out]
            plan.kept_ranks, plan.layout = left, Layout([found[rank] for rank in left])
            plan.left_out = _leaves_out(out)
            plan.names_out = out
        return plan

    def _place(self, plan: Plan, slot: Slot, rank: int, out: list[str]) -> bool:
        """Put a value where it is looked at; False where only the careful way knows."""
        action = self._action(slot)
        if action is Action.KEEP:
            plan.kept.append(rank)
        elif action is Action.CODE:
            plan.codes.append(rank)
            if not slot.place and slot.attribute == "calculated":
                plan.calculated = rank
        elif action in (Action.SCAN, Action.WITH_PARTY, Action.PARTY):
            plan.scanned.append(rank)
        elif action is Action.SOBER:
            plan.sober.append(rank)
        elif action is Action.MASK and slot.leaf in self.rule.fields:
            plan.masked.append(rank)
        elif action is Action.DROP:
            out.append(slot.leaf)
        else:
            return False
        return True

    def _action(self, slot: Slot) -> Action | None:
        rule, leaf, attribute = self.rule, slot.leaf, slot.attribute
        if not leaf:
            return rule.attributes.get(attribute)
        if leaf in rule.leaves:
            return None if leaf in rule.texts else rule.leaves[leaf].get(attribute)
        if attribute != "V":
            return None
        if leaf in rule.reasons:
            return Action.DROP
        return rule.fields.get(leaf)


def _ranks(of_row: Sequence[Slot], names: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Name and rank of the first value of each of these leaves."""
    found: dict[str, int] = {}
    for rank, slot in enumerate(of_row):
        if slot.attribute == "V" and slot.leaf in names:
            found.setdefault(slot.leaf, rank)
    return tuple(found.items())


def _leaves_out(names: list[str]) -> re.Pattern[str]:
    """Matches the leaves to leave out, with the white space before them."""
    either = "|".join(re.escape(name) for name in sorted(set(names)))
    return re.compile(rf'(?<=>)\s*<(?:{either}) V="[^"]*"/>')

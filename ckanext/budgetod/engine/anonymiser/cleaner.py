"""Makes the publishable copy of one element: what the rules know, and nothing else.

The copy is built from nothing, so that whatever no rule names cannot be in it: unknown children,
attributes, text content, comments, instructions and namespace declarations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from ..readers.alike import Slot
from . import parties, patterns
from .elements import Element, Place, attributes_of, local, shown_key, shown_name, values_of
from .ledger import Ledger
from .rules import Action, Party, Rule, Rules
from .verdicts import NO_PARTY, Judgment, Verdict, severest

_NUMERIC = re.compile(r"[\d\s.,%€+\-/()  ]*(?:TTC|HT|EUR|euros?|hab\.?|m2|m²|k€|M€|ans?)?", re.I)


class Cleaner:
    """Applies the rules of one profile; tells the ledger what it did."""

    def __init__(self, rules: Rules, profile: str, ledger: Ledger) -> None:
        self._rules = rules
        self._ledger = ledger
        chosen = rules.profiles[profile]
        self.leaves_tables_out = chosen["leave_out_tables"]
        self.leaves_rows_out = chosen["leave_out_party_rows"]
        self.own_names: frozenset[tuple[str, ...]] = frozenset()
        self.mark = rules.mark

    def belongs_to(self, *names: str) -> None:
        """Names of the collectivity and of its budgets: they are no natural person."""
        self.own_names = frozenset(found for name in names for found in parties.own_names(name))

    # --- one element -----------------------------------------------------------------------------

    def copy(self, element: Element, rule: Rule, place: Place) -> Element | None:
        """The publishable copy; None when the whole element is left out."""
        judged = NO_PARTY
        if rule.parties:
            judged = self.judge(rule, element, place)
            if judged.row is not Verdict.LEGAL and self.leaves_rows_out:
                self._ledger.masked("row", rule.table, judged.row.value)
                return None
        made = self.bare(element, rule, place)
        for child in element:
            for copy in self.child(made, child, rule, place, judged):
                made.append(copy)
        self._note_text(element, rule)
        return made

    def bare(self, element: Element, rule: Rule, place: Place) -> Element:
        """The element alone: its name and the attributes that the rule keeps."""
        actions = dict(self._attributes(element, rule.attributes, rule, place))
        tag = element.tag
        return element.makeelement(tag, actions, nsmap={element.prefix: rule.namespace})

    def child(
        self,
        made: Element,
        child: Element,
        rule: Rule,
        place: Place,
        judged: Judgment = NO_PARTY,
    ) -> Iterator[Element]:
        """What is published of a child of an element with this rule: a copy, or nothing."""
        name = local(child, rule.namespace)
        if name in rule.blocks:
            block = self.copy(child, self._rules.elements[name], place)
            if block is not None:
                yield block
        elif name in rule.leaves:
            yield from self._leaf(made, child, name, rule, place)
        elif name in rule.fields:
            yield from self._field(made, child, name, rule, judged, place)
        else:
            self.left_out(shown_name(child), rule)

    def left_out(self, name: str, rule: Rule) -> int:
        """Count a child that no rule keeps; the count so far."""
        if name in rule.reasons:
            self._ledger.left_out(rule.table or rule.name, name, rule.reasons[name])
            return 1
        return self._ledger.unknown(f"{rule.table or rule.name}/{name}")

    # --- leaves ----------------------------------------------------------------------------------

    def _leaf(
        self, made: Element, child: Element, name: str, rule: Rule, place: Place
    ) -> Iterator[Element]:
        texts = rule.texts.get(name)
        worded = texts is not None and child.get("Code") not in texts
        if worded and not _NUMERIC.fullmatch((child.get("V") or "").strip()):
            self._ledger.unknown(f"{rule.name}/{name}")
            return
        attributes = self._attributes(child, rule.leaves[name], rule, place)
        yield _leaf(made, child, dict(attributes), rule)
        self._note_content(child, f"{rule.name}/{name}")

    def _field(
        self, made: Element, child: Element, name: str, rule: Rule, judged: Judgment, place: Place
    ) -> Iterator[Element]:
        action = rule.fields[name]
        attributes = {}
        for key, value in attributes_of(child):
            if key != "V":
                self._ledger.unknown(f"{rule.table or rule.name}/{name}@{shown_key(key)}")
            else:
                new = self.value(value, name, action, rule, judged, place)
                if new is None:
                    return
                attributes["V"] = new
        self._note_content(child, f"{rule.table or rule.name}/{name}")
        yield _leaf(made, child, attributes, rule)

    def _attributes(
        self, element: Element, actions: Any, rule: Rule, place: Place
    ) -> Iterator[tuple[str, str]]:
        is_code = patterns.is_code if actions is rule.attributes else patterns.is_plain
        for key, value in attributes_of(element):
            action = actions.get(key)
            name = shown_key(key)
            if action is Action.CODE and is_code(value):
                yield key, value
            elif action in (Action.KEEP, Action.SCAN):
                yield key, self._scanned(value, key, action, rule, place)
            elif name in rule.reasons:
                self._ledger.masked("attribute", rule.table or rule.name, rule.reasons[name])
            else:
                self._ledger.unknown(f"{shown_name(element)}@{name}")

    # --- values ----------------------------------------------------------------------------------

    def value(
        self, value: str, name: str, action: Action, rule: Rule, judged: Judgment, place: Place
    ) -> str | None:
        """What is published of a value; None when its element goes altogether."""
        table = rule.table or rule.name
        if value == self._rules.mark:
            return value
        if action is Action.MASK:
            self._ledger.masked("value", table, "signature")
            return self._rules.mark
        if action is Action.WITH_PARTY and judged.row is not Verdict.LEGAL:
            self._ledger.masked("value", table, judged.row.value)
            return None
        if action is Action.PARTY:
            return self._party_value(value, name, rule, judged, place)
        scanned = self._scanned(value, name, action, rule, place)
        if action is Action.SOBER and not (parties.is_sober(scanned) or parties.is_legal(scanned)):
            self._ledger.masked("value", table, "undecidable")
            return self._rules.mark
        return scanned

    def cell(self, value: str, slot: Slot, rule: Rule, place: Place) -> str:
        """What is published of a value of a row whose parties are legal persons, and of which
        nothing but texts may need a mask."""
        if slot.leaf and slot.leaf not in rule.leaves:
            action = rule.fields[slot.leaf]
            return self.value(value, slot.leaf, action, rule, NO_PARTY, place) or ""
        actions = rule.leaves[slot.leaf] if slot.leaf else rule.attributes
        action = actions[slot.attribute]
        return self._scanned(value, slot.attribute, action, rule, place)

    def _party_value(
        self, value: str, name: str, rule: Rule, judged: Judgment, place: Place
    ) -> str:
        """A bank stays visible beside somebody who is hidden: the marks that a value bears itself
        are enough."""
        marked = name not in judged.persons and parties.is_legal(value)
        shy = rule.parties[name].cautious and not marked and parties.is_person_shaped(value)
        if marked or (judged.row is Verdict.LEGAL and not shy):
            return self._scanned(value, name, Action.SCAN, rule, place)
        reason = Verdict.UNKNOWN if judged.row is Verdict.LEGAL else judged.row
        self._ledger.masked("value", rule.table or rule.name, reason.value)
        return self._rules.mark

    def _scanned(self, value: str, name: str, action: Action, rule: Rule, place: Place) -> str:
        if action is Action.KEEP and patterns.is_plain(value):
            return value
        if not patterns.suspect(value):
            return value
        masked, kinds = patterns.mask(value, self._rules.limits.get(name, 100))
        if kinds:
            table = rule.table or rule.name
            self._ledger.masked("pattern", table, "free_text", len(kinds))
            self._ledger.found("P01", place.where(name), kinds)
        return masked

    # --- parties ---------------------------------------------------------------------------------

    def judge(self, rule: Rule, element: Element, place: Place) -> Judgment:
        """What the parties of a row are; told to the ledger when nothing decides.

        A leaf said twice is looked at each time: no name hides behind another.
        """
        told = [self._verdicts(rule, values) for values in _readings(element, rule.deciding)]
        verdict = severest(found for verdicts in told for found in verdicts.values())
        if verdict is Verdict.UNKNOWN:
            where = replace(place, source_line=None) if self.leaves_rows_out else place
            self._ledger.found("P02", where.where(""))
        persons = (n for verdicts in told for n, v in verdicts.items() if v is Verdict.NATURAL)
        return Judgment(verdict, frozenset(persons))

    def verdict(self, rule: Rule, values: dict[str, str]) -> Verdict:
        """What the parties of a row are together: one person is enough to hide it."""
        return severest(self._verdicts(rule, values).values())

    def _verdicts(self, rule: Rule, values: dict[str, str]) -> dict[str, Verdict]:
        """What each party of a row is."""
        return {
            name: self._verdict(party, values.get(name, ""), values)
            for name, party in rule.parties.items()
            if values.get(name) or values.get(party.code, "").strip() in party.natural
        }

    def _verdict(self, party: Party, value: str, values: dict[str, str]) -> Verdict:
        if party.always:
            return Verdict.NATURAL
        if value == self._rules.mark:
            return Verdict.UNKNOWN
        code = values.get(party.code, "").strip() if party.code else ""
        if code:
            return Verdict.NATURAL if code in party.natural else Verdict.LEGAL
        if parties.is_nobody(value) or parties.is_legal(value):
            return Verdict.LEGAL
        if tuple(parties.words(value)) in self.own_names:
            return Verdict.LEGAL
        if party.siren and parties.has_siren(values.get(party.siren, "")):
            return Verdict.LEGAL
        if party.form and parties.is_legal(values.get(party.form, "")):
            return Verdict.LEGAL
        if party.sober and parties.is_sober(value):
            return Verdict.LEGAL
        return Verdict.UNKNOWN

    # --- what is left behind ---------------------------------------------------------------------

    def _note_content(self, leaf: Element, path: str) -> None:
        """Children and text inside a leaf are never published."""
        for child in leaf:
            self._ledger.unknown(f"{path}/{shown_name(child)}")
        if (leaf.text or "").strip():
            self._ledger.unknown(f"{path}/#text")

    def _note_text(self, element: Element, rule: Rule) -> None:
        texts = [element.text, *(child.tail for child in element)]
        stray = sum(1 for text in texts if text and text.strip())
        if stray:
            self._ledger.unknown(f"{rule.table or rule.name}/#text", stray)


def _leaf(made: Element, child: Element, attributes: dict[str, str], rule: Rule) -> Element:
    """A new leaf with the name (and prefix) of ``child``."""
    return made.makeelement(child.tag, attributes, nsmap={child.prefix: rule.namespace})


def _readings(element: Element, names: Collection[str]) -> Iterator[dict[str, str]]:
    """The values of a row, then again with each further value of the leaves of these names."""
    values = values_of(element)
    yield values
    for child in element:
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if name in names and (child.get("V") or "") != values[name]:
            yield {**values, name: child.get("V") or ""}

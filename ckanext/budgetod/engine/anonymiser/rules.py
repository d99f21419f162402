"""The rules as data: what may go out of which element (``rules.yaml``), and for which reason.

An administrator's file of the same form completes them (``load(extra=…)``): its tables and elements
are merged field by field. Nothing here looks at a document.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from ..errors import RulesError
from .extra_rules import completed

BUDGET = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"
ACCOUNTING = "http://www.minefi.gouv.fr/cp/demat/doccomptable"
CFU = "http://www.minefi.gouv.fr/cp/demat/doccfu"
_NAMESPACES = {
    "CompteFinancierUnique": CFU,
    **dict.fromkeys(
        ("DocumentComptable", "EnteteComptable", "Infos", "BudgetComptable", "LigneComptable"),
        ACCOUNTING,
    ),
}


class Action(str, Enum):
    """What happens to a value; ``rules.yaml`` explains each."""

    KEEP = "keep"
    CODE = "code"
    SCAN = "scan"
    SOBER = "sober"
    PARTY = "party"
    WITH_PARTY = "with_party"
    MASK = "mask"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Party:
    """How to tell whether the party of a field is a natural person.

    ``code``: field that decides; its values in ``natural`` are persons, others legal persons.
    ``always``: always a person. ``siren``: field whose valid SIREN marks a legal person. ``form``:
    field with the legal form in words. ``cautious``: a value shaped like a person's name is masked
    even if the code says legal person (the row stays). ``sober``: common words are no name.
    """

    code: str = ""
    natural: tuple[str, ...] = ()
    always: bool = False
    siren: str = ""
    form: str = ""
    cautious: bool = False
    sober: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of one element. ``fields``: child -> action on its ``V``. ``leaves``: child ->
    attribute -> action. ``reasons``: child or attribute that is dropped -> ground.
    ``texts``: leaf -> the values of its ``Code`` under which ``V`` may hold words."""

    name: str
    namespace: str = BUDGET
    table: str = ""
    left_out: bool = False
    attributes: Mapping[str, Action] = field(default_factory=dict)
    fields: Mapping[str, Action] = field(default_factory=dict)
    leaves: Mapping[str, Mapping[str, Action]] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    parties: Mapping[str, Party] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plans: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What ``shapes`` understood of rows of this rule."""

    @property
    def deciding(self) -> frozenset[str]:
        """The leaves that say what the parties of a row are."""
        wanted = set(self.parties)
        for party in self.parties.values():
            wanted |= {party.code, party.siren, party.form}
        return frozenset(wanted - {""})


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a profile. ``elements`` and ``items`` are keyed by local name of the element."""

    version: str
    mark: str
    grounds: Mapping[str, str]
    profiles: Mapping[str, Mapping[str, bool]]
    limits: Mapping[str, int]
    elements: Mapping[str, Rule]
    items: Mapping[str, Rule]

    @property
    def tables(self) -> dict[str, Rule]:
        """DATA_X -> rule of its items."""
        return {f"DATA_{rule.table}": rule for rule in self.items.values()}


def load(extra: str | os.PathLike[str] | Mapping[str, Any] | None = None) -> Rules:
    """The rules of the package, completed by a file (or a mapping already read from one).

    A file is read again when it changes. Raises RulesError for a file that is no rules, OSError
    for one that cannot be read.
    """
    if extra is None:
        return _shipped()
    if isinstance(extra, Mapping):
        return _completed(extra)
    return _from_file(os.fspath(extra), os.stat(extra).st_mtime_ns)


@lru_cache(maxsize=4)
def _from_file(path: str, _changed: int) -> Rules:
    with open(path, encoding="utf-8") as stream:
        try:
            extra = yaml.load(stream, _loader())  # noqa: S506 - a safe loader
        except (yaml.YAMLError, ValueError) as error:
            raise RulesError("rules_yaml", name=path, line=_line_of(error)) from None
    return _completed({} if extra is None else extra)


def _line_of(error: Exception) -> int | None:
    """The line, from 1, where a YAML file cannot be read; None when nobody knows."""
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else None


def _completed(extra: Any) -> Rules:
    return _compile(completed(_read(), extra))


@lru_cache(maxsize=1)
def _shipped() -> Rules:
    return _compile(_read())


def _read() -> dict[str, Any]:
    text = (
        resources.files("ckanext.budgetod.engine.anonymiser")
        .joinpath("rules.yaml")
        .read_text(encoding="utf-8")
    )
    return yaml.load(text, _loader())  # noqa: S506 - a safe loader


def _loader() -> type:
    """libyaml's safe loader where there is one: ten times faster than the one in Python."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _compile(data: Mapping[str, Any]) -> Rules:
    elements = {name: _rule(name, spec or {}) for name, spec in data["elements"].items()}
    items = {}
    for table, spec in data["tables"].items():
        item = (spec or {}).get("item", table)
        items[item] = _rule(item, spec or {}, table)
    return Rules(
        version=str(data["version"]),
        mark=data["mark"],
        grounds=data["grounds"],
        profiles=data["profiles"],
        limits=data["limits"],
        elements=elements,
        items=items,
    )


def _rule(name: str, spec: Mapping[str, Any], table: str = "") -> Rule:
    fields: dict[str, Action] = {}
    for part in _parts(spec):
        fields |= dict(_fields(part))
    drops = _named(spec.get("drop"))
    attributes = dict.fromkeys(spec.get("attributes", ()), Action.CODE)
    if table:
        attributes |= dict.fromkeys(("id", "calculated", "generator"), Action.CODE)
    leaves = {leaf: dict(_fields(parts)) for leaf, parts in spec.get("leaves", {}).items()}
    reasons = drops | _named(spec.get("drop_attributes"))
    for parts in spec.get("leaves", {}).values():
        reasons |= _named(parts.get("drop"))
    return Rule(
        name=name,
        namespace=_NAMESPACES.get(name, BUDGET),
        table=table,
        left_out=spec.get("strict") == "leave_out",
        attributes=attributes,
        fields=fields,
        leaves=leaves,
        blocks=frozenset(spec.get("blocks", ())),
        parties={key: _party(value or {}) for key, value in spec.get("party", {}).items()},
        reasons={name: why for name, why in reasons.items() if name not in fields},
        texts={
            leaf: frozenset(parts["texts"])
            for leaf, parts in spec.get("leaves", {}).items()
            if "texts" in parts
        },
    )


def _parts(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield spec
    yield from (part for key, part in spec.items() if key.startswith("since_"))


def _named(value: Any) -> dict[str, str]:
    """Names with their ground, from a mapping or from a bare list."""
    if isinstance(value, Mapping):
        return dict(value)
    return dict.fromkeys(value or (), "technical")


def _fields(part: Mapping[str, Any]) -> Iterator[tuple[str, Action]]:
    for action in (a for a in Action if a is not Action.DROP):
        for name in part.get(action.value) or ():
            yield name, action


def _party(value: Mapping[str, Any]) -> Party:
    natural = value.get("natural", ())
    always = natural == "always"
    return Party(
        code=value.get("code", ""),
        natural=() if always else tuple(str(code) for code in natural),
        always=always,
        siren=value.get("siren", ""),
        form=value.get("form", ""),
        cautious=bool(value.get("cautious")),
        sober=bool(value.get("sober")),
    )

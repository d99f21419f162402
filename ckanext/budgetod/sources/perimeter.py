"""Which collectivities are meant: a région, départements, EPCI, types, a list, a size.

Facts are those of the reference table (``territory``). Every criterion narrows the others, except
that an empty one says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from ckanext.budgetod.engine.numbers import whole

from .faults import Fault
from .territory import Collectivity, Territory, territory

TYPES = ("commune", "epci", "departement", "region")
"""Types of the table; other bodies (syndicats, CCAS…) have no territory in it."""

COVERS = {"200094332": ("67", "68"), "200076958": ("2A", "2B")}
"""SIREN of a collectivity that stands for several départements -> their codes."""

_WORDS = {
    "fr": {
        "commune": "communes",
        "epci": "intercommunalités",
        "departement": "départements",
        "region": "région",
        "all": "toutes les collectivités",
        "france": "France entière",
        "list": "{count} SIREN",
        "population": "{count} habitants et plus",
        "epci_of": "EPCI {name}",
    },
    "en": {
        "commune": "municipalities",
        "epci": "inter-municipal bodies",
        "departement": "departments",
        "region": "region",
        "all": "all local authorities",
        "france": "the whole of France",
        "list": "{count} SIREN",
        "population": "{count} inhabitants and more",
        "epci_of": "EPCI {name}",
    },
}


@dataclass(frozen=True, slots=True)
class Perimeter:
    """A territory. All empty: the whole of France. ``population_min`` in inhabitants, inclusive.

    ``epci`` takes each EPCI and its member communes. Départements of a collectivity are those it
    stands for: the Collectivité européenne d'Alsace is in 67 and in 68, a région in all of its own
    and therefore in none alone. Only today's SIREN are members; those of before a merger are
    resolved to the one that holds their INSEE code now, unless ``sirens`` names them.
    """

    region: str = ""
    departements: tuple[str, ...] = ()
    epci: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    sirens: tuple[str, ...] = ()
    population_min: int = 0

    def collectivities(self) -> list[Collectivity]:
        """Its collectivities by (département, type, SIREN)."""
        return list(_members(territory(), self).values())

    def contains(self, siren: str) -> bool:
        """Whether this SIREN is one of its collectivities, or one that ``sirens`` names."""
        return siren in _members(territory(), self) or siren in self.sirens

    def resolve(self, siren: str) -> Collectivity | None:
        """The collectivity that this SIREN, of today or of before a merger, stands for here."""
        members = _members(territory(), self)
        return members.get(siren) or members.get(_index(territory()).successors.get(siren, ""))

    def former(self) -> dict[str, str]:
        """SIREN of before a merger or a new number -> the member that holds its INSEE code now."""
        members = _members(territory(), self)
        pairs = _index(territory()).successors.items()
        return {old: new for old, new in pairs if new in members and old not in members}

    def unknown(self) -> tuple[str, ...]:
        """SIREN of the list that the reference table lacks (syndicats, régies…)."""
        return tuple(siren for siren in self.sirens if territory().lookup(siren) is None)

    def departements_asked(self) -> tuple[str, ...]:
        """Codes of the départements that its collectivities are in, in order; régions add none."""
        return tuple(
            sorted({code for one in self.collectivities() for code in departements_of(one)})
        )

    def describe(self, lang: str = "fr") -> str:
        """ "Grand Est : communes, 3 500 habitants et plus", for a title or a log."""
        words = _WORDS["fr" if lang == "fr" else "en"]
        what = [", ".join(words[kind] for kind in self.types) or words["all"]]
        if self.sirens:
            what.append(words["list"].format(count=len(self.sirens)))
        if self.population_min:
            count = f"{self.population_min:,}".replace(",", "\u00a0" if lang == "fr" else ",")
            what.append(words["population"].format(count=count))
        return f"{self._place(words)}{chr(0xA0) if lang == 'fr' else ''}: {', '.join(what)}"

    def _place(self, words: Mapping[str, str]) -> str:
        table = territory()
        places = [table.departement_name(code) for code in self.departements]
        places += [words["epci_of"].format(name=_name(table, siren)) for siren in self.epci]
        if not places and self.region:
            places = [table.region_name(self.region)]
        return ", ".join(places) or words["france"]


def departements_of(one: Collectivity) -> tuple[str, ...]:
    """Codes of the départements that a collectivity stands in: Alsace has two, a région none."""
    if one.siren in COVERS:
        return COVERS[one.siren]
    return (one.departement,) if one.departement else ()


@dataclass(frozen=True, slots=True)
class _Index:
    """Today's collectivities in order, and who holds the INSEE code of those of before."""

    current: tuple[Collectivity, ...]
    successors: Mapping[str, str]


@lru_cache(maxsize=2)
def _index(table: Territory) -> _Index:
    everyone = list(table)
    newest: dict[tuple[str, str], str] = {}
    for one in everyone:
        place = (one.region, one.type)
        newest[place] = max(newest.get(place, ""), one.vintage)
    holders: dict[str, Collectivity] = {}
    for one in everyone:
        if one.type == "commune":
            held = holders.get(one.insee)
            if held is None or (held.vintage, held.siren) < (one.vintage, one.siren):
                holders[one.insee] = one
    current = [
        one
        for one in everyone
        if one.vintage == newest[one.region, one.type]
        and (one.type != "commune" or holders[one.insee] is one)
    ]
    current.sort(key=_order)
    present = {one.siren for one in current}
    successors = {
        one.siren: holders[one.insee].siren
        for one in everyone
        if one.type == "commune"
        and holders[one.insee] is not one
        and holders[one.insee].siren in present
    }
    return _Index(tuple(current), successors)


def _order(one: Collectivity) -> tuple[str, str, str]:
    return (one.departement, one.type, one.siren)


@lru_cache(maxsize=64)
def _members(table: Territory, perimeter: Perimeter) -> dict[str, Collectivity]:
    """SIREN -> collectivity, in order. Shared: callers must not change it."""
    known = list(_index(table).current)
    if perimeter.sirens:
        present = {one.siren for one in known}
        named = [table.lookup(siren) for siren in perimeter.sirens if siren not in present]
        known = sorted([*known, *filter(None, named)], key=_order)
    tests = _tests(perimeter)
    return {one.siren: one for one in known if all(test(one) for test in tests)}


def _tests(perimeter: Perimeter) -> list[Callable[[Collectivity], bool]]:
    """One per criterion that says something. An unknown population reaches no minimum."""
    region, floor = perimeter.region, perimeter.population_min
    departements, epci = frozenset(perimeter.departements), frozenset(perimeter.epci)
    types, sirens = frozenset(perimeter.types), frozenset(perimeter.sirens)
    tests: list[tuple[Any, Callable[[Collectivity], bool]]] = [
        (region, lambda one: one.region == region),
        (departements, lambda one: not departements.isdisjoint(departements_of(one))),
        (epci, lambda one: one.epci in epci or one.siren in epci),
        (types, lambda one: one.type in types),
        (sirens, lambda one: one.siren in sirens),
        (floor, lambda one: one.population is not None and one.population >= floor),
    ]
    return [test for criterion, test in tests if criterion]


# --- configuration -------------------------------------------------------------------------------
def from_config(config: Mapping[str, Any]) -> Perimeter:
    """The territory of a source's JSON. Raises Fault with a sentence that says what is wrong.

    Keys are those of Perimeter; lists may be JSON lists or text separated by commas or spaces.
    """
    if not isinstance(config, Mapping):
        raise Fault(
            "territoire",
            "the territory must be a JSON object",
            "« territoire » doit être un objet JSON",
        )
    unknown = sorted(set(config) - {field.name for field in fields(Perimeter)})
    if unknown:
        raise Fault(
            "territoire",
            "unknown key of the territory: {keys}",
            "clé inconnue dans « territoire » : {keys}",
            keys=", ".join(unknown),
        )
    table = territory()
    given = {name: _list(config.get(name), name) for name in ("departements", "epci", "types")}
    sirens = _list(config.get("sirens"), "sirens")
    region = str(config.get("region") or "").strip()
    _known("region", [region] if region else [], table.about["regions"])
    _known("departements", given["departements"], table.about["departements"])
    _known("types", given["types"], TYPES)
    _known("epci", given["epci"], [s for s in given["epci"] if _is_epci(table, s)])
    _known("sirens", sirens, [s for s in sirens if re.fullmatch(r"[0-9]{9}", s)])
    return Perimeter(region=region, sirens=sirens, population_min=_floor(config), **given)


def _list(value: Any, name: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = re.split(r"[\s,;]+", value.strip())
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise Fault(
            name,
            '"{name}" must be a list of texts',
            "« {name} » doit être une liste de textes",
            name=name,
        )
    return tuple(dict.fromkeys(one.strip() for one in value if one.strip()))


_UNKNOWN = {
    "region": ("not a known region code: {wrong}", "code de région inconnu : {wrong}"),
    "departements": (
        "not a known department code: {wrong}",
        "code de département inconnu : {wrong}",
    ),
    "types": (
        "not a known type of local authority: {wrong} (known: {known})",
        "type de collectivité inconnu : {wrong} (connus : {known})",
    ),
    "epci": ("not a known SIREN of an EPCI: {wrong}", "ce n’est pas le SIREN d’un EPCI : {wrong}"),
    "sirens": (
        "not a known SIREN (nine digits): {wrong}",
        "ce n’est pas un SIREN (neuf chiffres) : {wrong}",
    ),
}


def _known(name: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    wrong = [value for value in values if value not in allowed]
    if wrong:
        raise Fault(name, *_UNKNOWN[name], wrong=", ".join(wrong), known=", ".join(TYPES))


def _floor(config: Mapping[str, Any]) -> int:
    value = config.get("population_min") or 0
    if isinstance(value, str):
        value = whole(value.strip())
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Fault(
            "population_min",
            '"population_min" must be a whole number of inhabitants',
            "« population_min » doit être un nombre entier d’habitants",
        )
    return value


def _is_epci(table: Territory, siren: str) -> bool:
    known = table.lookup(siren)
    return known is not None and known.type == "epci"


def _name(table: Territory, siren: str) -> str:
    known = table.lookup(siren)
    return known.name if known else siren

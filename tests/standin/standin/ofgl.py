"""Datasets of the stand-in of data.ofgl.fr: aggregates per budget, exercice and collectivity.

``exer`` is a date of the precision of a year; ``com_code`` is today's commune, ``siren`` who held
the budget that year.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from ckanext.budgetod.sources.territory import Collectivity, territory

from .accounts import Budget, money, rows_of
from .aggregates import aggregates, amounts
from .blocks import Block, Cache, Field, Wanted
from .budgets import budgets_of, population
from .world import ALSACE, EXERCICES, World, draw

_PLACE = ("exer", "outre_mer", "reg_code", "reg_name")
_BUDGET = ("siren", "ident", "lbudg", "type_de_budget", "nomen", "cbudg", "ptot")
_VALUES = ("agregat", "montant", "montant_en_millions", "euros_par_habitant")
_OWN = {
    "commune": (
        "dep_code",
        "dep_name",
        "epci_code",
        "epci_name",
        "tranche_population",
        "rural",
        "montagne",
        "touristique",
        "tranche_revenu_imposable_par_habitant",
        "qpv",
        "com_code",
        "com_name",
        "categ",
        "insee",
        "annee_join",
    ),
    "epci": (
        "dep_code",
        "dep_name",
        "epci_code",
        "epci_name",
        "nat_juridique",
        "mode_financement",
        "gfp_tranche_population",
        "categ",
    ),
    "departement": ("dep_code", "dep_name", "dep_tranche_population", "categ"),
    "region": ("reg_is_ctu", "categ", "annee_join"),
}
_TYPES = {
    "exer": "date",
    "montant": "double",
    "montant_en_millions": "double",
    "euros_par_habitant": "double",
    "ptot": "int",
}
_DATASETS = {
    "commune": ("ofgl-base-communes", "Comptes des communes 2019-2025"),
    "epci": ("ofgl-base-gfp", "Comptes des groupements à fiscalité propre 2019-2025"),
    "departement": ("ofgl-base-departements", "Comptes des départements 2019-2025"),
    "region": ("ofgl-base-regions", "Comptes des régions 2019-2025"),
}
STRATA = (100, 200, 500, 2_000, 3_500, 5_000, 10_000, 20_000, 50_000, 100_000)
"""From these populations on, the next ``tranche_population``."""

_LEGAL = {"401": "CU", "402": "CA", "403": "CC", "405": "METRO"}


class Aggregates:
    """One dataset of one kind of collectivity, all exercices."""

    def __init__(self, kind: str, world: World, cache: Cache) -> None:
        self.kind = kind
        self.id, self.title = _DATASETS[kind]
        self.world = world
        self.cache = cache
        columns = (*_PLACE, *_OWN[kind], *_BUDGET)
        self.head = frozenset(columns)
        self.fields = tuple(Field(c, _TYPES.get(c, "text")) for c in (*columns, *_VALUES))
        self.names = {"siren": "siren", "exercice": "exer"}
        if kind != "region":
            self.names["departement"] = "dep_code"

    def estimate(self) -> int:
        people = sum(1 for _ in self.world.of(self.kind))
        return people * len(aggregates(self.kind)) * len(EXERCICES)

    def blocks(self, wanted: Wanted) -> Iterator[Block]:
        for exercice in EXERCICES:
            for one in self.world.of(self.kind, wanted.sirens):
                if _asked(one, exercice, wanted) and self.world.has_accounts(one, exercice):
                    yield from self._cached(one, exercice)

    def _cached(self, one: Collectivity, exercice: int) -> list[Block]:
        revision = self.world.revision(one.siren, exercice)
        key = ("ofgl", one.siren, exercice, revision, self.world.seed)
        return self.cache.get(key, lambda: list(self._make(one, exercice, revision)))

    def _make(self, one: Collectivity, exercice: int, revision: int) -> Iterator[Block]:
        for budget in budgets_of(one, exercice, self.world.seed):
            if budget.cbudg == "2":
                continue  # social centres have a dataset of their own
            values = _head(one, budget, exercice)
            head = {name: values[name] for name in (*_PLACE, *_OWN[self.kind], *_BUDGET)}
            prefix = ";".join(head.values())
            rows = rows_of(budget, exercice, self.world.seed, revision)
            found = amounts(rows, self.kind)
            people = int(head["ptot"] or 0)
            lines = (_line(prefix, label, cents, people) for label, cents in found.items())
            yield Block(head, "".join(lines), len(found))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collectivity is, in the words of OFGL."""

    dep_code: str
    dep_name: str
    epci_code: str
    epci_name: str


def dep_code(one: Collectivity) -> str:
    """ "54"; "67A" for Alsace, and for the two departments that were before."""
    if one.type == "departement" and (one.siren == ALSACE or one.departement in ("67", "68")):
        return "67A"
    return one.departement


def _place(one: Collectivity) -> Place:
    table = territory()
    code = dep_code(one)
    name = "Alsace" if code == "67A" else table.departement_name(code)
    epci = one.siren if one.type == "epci" else one.epci
    known = table.lookup(epci) if epci else None
    return Place(code, name, epci, known.name if known else "")


def _asked(one: Collectivity, exercice: int, wanted: Wanted) -> bool:
    if not wanted.allows(dep_code(one), exercice):
        return False
    for name, value in (("com_code", one.insee), ("epci_code", _place(one).epci_code)):
        allowed = wanted.others.get(name)
        if allowed is not None and value not in allowed:
            return False
    return True


def _head(one: Collectivity, budget: Budget, exercice: int) -> dict[str, str]:
    place = _place(one)
    people = population(one, exercice)
    unknown = draw(one.siren, exercice, "ptot") < 0.004
    stratum = str(bisect_right(STRATA, people))
    return {
        "exer": str(exercice),
        "outre_mer": "Non",
        "reg_code": one.region,
        "reg_name": territory().region_name(one.region),
        "dep_code": place.dep_code,
        "dep_name": place.dep_name,
        "epci_code": place.epci_code,
        "epci_name": place.epci_name,
        "tranche_population": stratum,
        "gfp_tranche_population": stratum,
        "dep_tranche_population": stratum,
        "rural": "Oui" if people < 2_000 else "Non",
        "montagne": "Non",
        "touristique": "Oui" if draw(one.siren, "visit") < 0.1 else "Non",
        "tranche_revenu_imposable_par_habitant": str(int(1 + 9 * draw(one.siren, "income"))),
        "qpv": "Oui" if people > 10_000 else "Non",
        "com_code": one.insee,
        "com_name": one.name,
        "insee": one.insee,
        "categ": {"commune": "Commune", "departement": "DEPT", "region": "REG"}.get(
            one.type, _LEGAL.get(budget.ctype, "CC")
        ),
        "nat_juridique": _LEGAL.get(budget.ctype, "CC"),
        "mode_financement": "FPU" if draw(one.siren, "FPU") < 0.8 else "FA",
        "reg_is_ctu": "Non",
        "annee_join": str(exercice),
        "siren": one.siren,
        "ident": budget.ident,
        "lbudg": budget.label,
        "type_de_budget": "Budget principal" if budget.cbudg == "1" else "Budget annexe",
        "nomen": budget.nomen,
        "cbudg": budget.cbudg,
        "ptot": "" if unknown else str(people),
    }


def _line(prefix: str, label: str, cents: int, people: int) -> str:
    each = repr(cents / 100 / people) if people else ""
    return f"{prefix};{label};{money(cents)};{cents / 100_000_000!r};{each}\n"


def datasets(world: World, cache: Cache) -> list[Aggregates]:
    return [Aggregates(kind, world, cache) for kind in _DATASETS]

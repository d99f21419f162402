"""OFGL's aggregates: which dataset holds whom, which columns to ask, means of the strata.

Aggregates overlap and are never added up; they hold no account, chapter or vote. One export per
département for communes, one per year for the other kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from .cache import Cache
from .opendatasoft import Dataset, Explore, all_of, any_of, equals
from .perimeter import Perimeter

DATASETS = {
    "commune": "ofgl-base-communes",
    "epci": "ofgl-base-gfp",
    "departement": "ofgl-base-departements",
    "region": "ofgl-base-regions",
}
STRATA = {
    "commune": "tranche_population",
    "epci": "gfp_tranche_population",
    "departement": "dep_tranche_population",
}
"""Type -> the column that says with whom a collectivity is compared; régions have none."""
COLUMNS = (
    "exer",
    "siren",
    "ident",
    "lbudg",
    "type_de_budget",
    "nomen",
    "agregat",
    "montant",
    "ptot",
    "euros_par_habitant",
    *STRATA.values(),
)
REQUIRED = ("exer", "siren", "agregat", "montant")
MAIN = "Budget principal"
_CENT = Decimal("0.01")
Means = dict[str, dict[str, str]]
"""Stratum -> aggregate -> euros per inhabitant, as text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One block to export: a kind of collectivity, a year, a département or a list of SIREN."""

    kind: str
    exercice: int
    departement: str = ""
    sirens: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    """Several at once, for questions whose answers are small."""

    def __str__(self) -> str:
        return " ".join(filter(None, ("OFGL", self.kind, self.departement, str(self.exercice))))


def scopes(perimeter: Perimeter, exercices: Iterable[int]) -> Iterator[Scope]:
    """The blocks that a perimeter needs."""
    members = perimeter.collectivities()
    for exercice in exercices:
        for kind in DATASETS:
            found = [one for one in members if one.type == kind]
            if kind == "commune":
                codes = sorted({one.departement for one in found})
                yield from (Scope(kind, exercice, code) for code in codes)
            elif found:
                yield Scope(kind, exercice, sirens=tuple(one.siren for one in found))


def together(scopes: Iterable[Scope]) -> Iterator[Scope]:
    """Blocks of one kind and year as one question."""
    kinds: dict[tuple[str, int], list[Scope]] = {}
    for scope in scopes:
        kinds.setdefault((scope.kind, scope.exercice), []).append(scope)
    for found in kinds.values():
        codes = tuple(scope.departement for scope in found if scope.departement)
        yield replace(found[0], departement="", departements=codes)


def where(dataset: Dataset, scope: Scope) -> str:
    """The condition of a block, in the types that the dataset declares."""
    conditions = [equals(dataset, "exer", scope.exercice)]
    if scope.departement:
        conditions.append(equals(dataset, "dep_code", scope.departement))
    if scope.departements:
        conditions.append(any_of(dataset, "dep_code", scope.departements))
    if scope.sirens:
        conditions.append(any_of(dataset, "siren", scope.sirens))
    return all_of(*conditions)


def means(explore: Explore, cache: Cache, scope: Scope) -> str:
    """The key under which the cache holds the strata's means of a kind and a year.

    Euros per inhabitant of a stratum: amounts of its main budgets over their inhabitants, so that a
    large town weighs more than a small one, as in the State's own tables. "" where there is none.
    """
    column = STRATA.get(scope.kind, "")
    dataset = explore.dataset(DATASETS[scope.kind])
    if column not in dataset.fields:
        return ""
    key = f"ofgl strata {dataset.id} {scope.exercice} {dataset.version}"
    if cache.path(key) is None:
        condition = [equals(dataset, "exer", scope.exercice)]
        if "type_de_budget" in dataset.fields:
            condition.append(equals(dataset, "type_de_budget", MAIN))
        found = explore.sums(
            dataset.id, ("montant", "ptot"), (column, "agregat"), all_of(*condition)
        )
        with cache.store(key) as part:
            part.write_text(json.dumps(_by_stratum(found, column)), encoding="utf-8")
    return key


def _by_stratum(found: Iterable[dict], column: str) -> Means:
    table: Means = {}
    for row in found:
        value = _per_head(row.get("montant"), row.get("ptot"))
        if value and row.get(column) is not None:
            table.setdefault(str(row[column]), {})[str(row["agregat"])] = value
    return table


def _per_head(amount: object, people: object) -> str:
    try:
        heads = Decimal(str(people))
        if heads <= 0:
            return ""
        return f"{(Decimal(str(amount)) / heads).quantize(_CENT, ROUND_HALF_EVEN):f}"
    except InvalidOperation:
        return ""


def read_means(cache: Cache, key: str) -> Means:
    """The means kept under ``key``; none when the cache no longer has them."""
    path = cache.path(key) if key else None
    return json.loads(path.read_bytes()) if path else {}


def page(base_url: str, dataset: str, siren: str) -> str:
    """The address of the rows of a SIREN, for people."""
    return f"{base_url}/explore/dataset/{dataset}/table/?q={siren}"

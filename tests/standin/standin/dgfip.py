"""Datasets of the stand-in of data.economie.gouv.fr: balances by account, with or without function.

Declared types of ``exer`` and ``siren`` differ between datasets on purpose: a client has to read
``fields[]`` before it writes a literal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from ckanext.budgetod.sources.territory import Collectivity

from .accounts import (
    COLUMNS,
    OB_DEBIT,
    OOB_CREDIT,
    Budget,
    Rows,
    render,
    rows_of,
)
from .blocks import Block, Cache, Field, Wanted
from .budgets import budgets_of, ccas_of
from .posts import functions
from .world import ALSACE, EXERCICES, NEWEST, World, draw

HEAD = (
    "exer",
    "ident",
    "ndept",
    "lbudg",
    "insee",
    "cbudg",
    "ctype",
    "cstyp",
    "nomen",
    "siren",
    "cregi",
    "cacti",
    "secteur",
    "finess",
    "codbud1",
    "categ",
    "bal",
)
AMOUNTS = (*COLUMNS, "sd", "sc")
CATEGORIES = {
    "commune": "Commune",
    "epci": "GFP",
    "departement": "DEPT",
    "region": "REG",
    "syndicat": "SYND",
}
NATURE_FUNCTION = {
    2019: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-avec6",
    2020: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-avec7",
    2021: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-avec8",
    2022: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-2022",
    2023: "balances-comptables-des-collectivites-et-des-epl-avec-fonction-2023",
    2024: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-avec"
    "-la-presentation-croisee-nature-fonction-2024",
    2025: "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-avec"
    "-la-presentation-croisee-nature-fonction-2025",
}
_ROWS_EACH = {"commune": 190, "epci": 560, "departement": 700, "region": 700, "syndicat": 240}


def ndept(one: Collectivity) -> str:
    """Department on three characters: "054"; the Collectivité européenne d'Alsace is "67A"."""
    return "67A" if one.siren == ALSACE else (one.departement or "67").zfill(3)


@dataclass
class Balances:
    """One dataset: the collectivities of some types, in some exercices."""

    id: str
    title: str
    kinds: tuple[str, ...]
    exercices: tuple[int, ...]
    world: World
    cache: Cache
    exer_type: str = "text"
    siren_type: str = "text"
    functions: bool = False
    fields: tuple[Field, ...] = ()
    head: frozenset[str] = frozenset()
    names: dict[str, str] = field(
        default_factory=lambda: {"siren": "siren", "departement": "ndept", "exercice": "exer"}
    )

    def __post_init__(self) -> None:
        columns = [*HEAD]
        if self.functions:
            columns.insert(4, "modvthel")
        self.head = frozenset(columns)
        types = {"exer": self.exer_type, "siren": self.siren_type}
        found = [Field(name, types.get(name, "text")) for name in columns]
        found += [Field("fonction")] if self.functions else []
        self.fields = (*found, Field("compte"), *(Field(name, "double") for name in AMOUNTS))

    def estimate(self) -> int:
        each = sum(_ROWS_EACH[k] * sum(1 for _ in self.world.of(k)) for k in self.kinds)
        return each * len(self.exercices)

    def blocks(self, wanted: Wanted) -> Iterator[Block]:
        for exercice in self.exercices:
            if wanted.exercices is not None and str(exercice) not in wanted.exercices:
                continue
            for one in self._people(wanted):
                if self.world.has_accounts(one, exercice):
                    yield from self._cached(one, exercice)

    def _people(self, wanted: Wanted) -> Iterator[Collectivity]:
        known = wanted.sirens
        if known is not None:
            owners = attached(self.world) if "commune" in self.kinds else {}
            known = known | {owners[siren] for siren in known if siren in owners}
        categories = wanted.others.get("categ", set(CATEGORIES.values()))
        kinds = [kind for kind in self.kinds if CATEGORIES[kind] in categories]
        everyone = chain.from_iterable(self.world.of(kind, known) for kind in kinds)
        if wanted.departements is None:
            return everyone
        return (one for one in everyone if ndept(one) in wanted.departements)

    def _cached(self, one: Collectivity, exercice: int) -> list[Block]:
        revision = self.world.revision(one.siren, exercice)
        key = (self.functions, one.siren, exercice, revision, self.world.seed)
        return self.cache.get(key, lambda: list(self._make(one, exercice, revision)))

    def _make(self, one: Collectivity, exercice: int, revision: int) -> Iterator[Block]:
        for budget in budgets_of(one, exercice, self.world.seed):
            head = self._head(one, budget, exercice)
            prefix = ";".join(head.values()) + ";"
            rows = rows_of(budget, exercice, self.world.seed, revision)
            if self.functions:
                rows = _by_function(rows, budget, exercice)
            text = render(rows, prefix)
            yield Block(head, text, len(rows))

    def _head(self, one: Collectivity, budget: Budget, exercice: int) -> dict[str, str]:
        main = budget.cbudg == "1"
        values = {
            "exer": str(exercice),
            "ident": budget.ident,
            "ndept": ndept(one),
            "lbudg": budget.label,
            "insee": _rank(one, exercice),
            "cbudg": budget.cbudg,
            "ctype": budget.ctype,
            "cstyp": "00",
            "nomen": budget.nomen,
            "siren": budget.siren,
            "cregi": "044",
            "cacti": "40" if main else "23",
            "secteur": "",
            "finess": "",
            "codbud1": "" if main else budget.ident[9:13],
            "categ": CATEGORIES[one.type],
            "bal": "DEF" if exercice < NEWEST else "PROV",
        }
        if self.functions:
            items = list(values.items())
            items.insert(4, ("modvthel", "N" if draw(one.siren, "vote") < 0.8 else "F"))
            values = dict(items)
        return values


@lru_cache(maxsize=8)
def attached(world: World) -> dict[str, str]:
    """SIREN of budgets that have their own -> the commune among whose rows they are."""
    communes = list(world.of("commune"))
    pairs = ((one.siren, ccas_of(one, world.seed)) for one in communes)
    return {siren: commune for commune, siren in pairs if siren}


def _rank(one: Collectivity, exercice: int) -> str:
    """Rank of a commune in its department; old files lost the leading zeros."""
    rank = one.insee[2:] if one.type == "commune" else ""
    return rank if exercice > 2020 else rank.lstrip("0")


def _by_function(rows: Rows, budget: Budget, exercice: int) -> Rows:
    """Accounts spread over functions ("311;6042"); what is no budget operation has none."""
    known = functions(budget.nomenclature, exercice) or ("01",)
    used = known[: 3 + int(budget.inhabitants**0.3)]
    found: Rows = {}
    for code, row in rows.items():
        rest = [*row[:OB_DEBIT], 0, 0, *row[4:6], 0, 0]
        if any(rest):
            found[f";{code}"] = rest
        operations = [0, 0, *row[OB_DEBIT:4], 0, 0, *row[6 : OOB_CREDIT + 1]]
        if any(operations):
            first = used[int(draw(budget.ident, code) * len(used))]
            second = used[int(draw(code, budget.ident) * len(used))]
            half = [cents // 3 for cents in operations]
            _add(found, f"{first};{code}", [c - h for c, h in zip(operations, half, strict=True)])
            _add(found, f"{second};{code}", half)
    return found


def _add(rows: Rows, code: str, amounts: list[int]) -> None:
    held = rows.setdefault(code, [0] * 8)
    rows[code] = [a + b for a, b in zip(held, amounts, strict=True)]


def datasets(world: World, cache: Cache) -> list[Balances]:
    """Every dataset of balances, as the service lists them."""
    found = [
        Balances(
            f"balances-comptables-des-communes-en-{year}",
            f"Balances comptables des communes en {year}",
            ("commune",),
            (year,),
            world,
            cache,
        )
        for year in EXERCICES
    ]
    found += [
        Balances(id_, title, (kind,), EXERCICES, world, cache, exer_type=exer, siren_type=siren)
        for id_, title, kind, exer, siren in _ALL_YEARS
    ]
    everybody = ("commune", "epci", "departement", "region", "syndicat")
    found += [
        Balances(
            id_,
            f"Balances comptables avec la présentation croisée nature-fonction {year}",
            everybody,
            (year,),
            world,
            cache,
            siren_type="int",
            functions=True,
        )
        for year, id_ in NATURE_FUNCTION.items()
    ]
    return found


_ALL_YEARS = (
    (
        "balances-comptables-des-groupements-a-fiscalite-propre-depuis-2010",
        "Balances comptables des groupements à fiscalité propre depuis 2010",
        "epci",
        "date",
        "text",
    ),
    (
        "balances-comptables-des-departements",
        "Balances comptables des départements",
        "departement",
        "int",
        "text",
    ),
    (
        "balances-comptables-des-regions-",
        "Balances comptables des régions",
        "region",
        "text",
        "int",
    ),
    (
        "balances-comptables-des-syndicats-depuis-2010",
        "Balances comptables des syndicats depuis 2010",
        "syndicat",
        "date",
        "text",
    ),
)

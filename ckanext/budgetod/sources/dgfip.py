"""DGFiP's balances by account: which dataset holds whom, which columns and conditions to ask.

Facts: data.economie.gouv.fr, state of July 2026. Identifiers of the datasets "nature × function"
cannot be constructed: they are listed, and looked up in the catalogue for other years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckanext.budgetod.engine.errors import RemoteFailed

from .opendatasoft import Dataset, Explore, all_of, any_of, equals
from .perimeter import Perimeter

COLUMNS = (
    "exer",
    "ident",
    "ndept",
    "lbudg",
    "cbudg",
    "ctype",
    "cstyp",
    "nomen",
    "siren",
    "bal",
    "compte",
    "fonction",
    "modvthel",
    "obnetdeb",
    "obnetcre",
    "oobdeb",
    "oobcre",
)
REQUIRED = ("exer", "ident", "siren", "compte", "obnetdeb", "obnetcre", "oobdeb", "oobcre")

COMMUNES = "balances-comptables-des-communes-en-{exercice}"
ALL_YEARS = {
    "epci": "balances-comptables-des-groupements-a-fiscalite-propre-depuis-2010",
    "departement": "balances-comptables-des-departements",
    "region": "balances-comptables-des-regions-",
    "syndicat": "balances-comptables-des-syndicats-depuis-2010",
}
_BASE = "balances-comptables-des-collectivites-et-des-etablissements-publics-locaux-"
BY_FUNCTION = {
    2017: f"{_BASE}avec-",
    2018: f"{_BASE}avec0",
    2019: f"{_BASE}avec6",
    2020: f"{_BASE}avec7",
    2021: f"{_BASE}avec8",
    2022: f"{_BASE}2022",
    2023: "balances-comptables-des-collectivites-et-des-epl-avec-fonction-2023",
    2024: f"{_BASE}avec-la-presentation-croisee-nature-fonction-2024",
    2025: f"{_BASE}avec-la-presentation-croisee-nature-fonction-2025",
}
FUNCTION_WORDS = "balances-comptables-des-collectivites"
CATEGORIES = {
    "commune": ("Commune", "PARIS"),
    "epci": ("GFP", "EPT"),
    "departement": ("DEPT", "ML", "PARIS"),
    "region": ("REG", "CTU"),
    "syndicat": ("SYND",),
}
"""Type of the reference table -> values of ``categ`` (datasets of all categories)."""
OVERSEAS = {"971": "101", "972": "102", "973": "103", "974": "104", "975": "105", "976": "106"}
"""Département -> the number of its own that the balances give it."""
KINDS = ("commune", "epci", "departement", "region")


@dataclass(frozen=True, slots=True)
class Scope:
    """One block to export: a kind of collectivity, a year, départements (or a list of SIREN)."""

    kind: str
    exercice: int
    departements: tuple[str, ...] = ()
    sirens: tuple[str, ...] = ()
    functions: bool = False

    def __str__(self) -> str:
        place = f" {', '.join(self.departements)}" if self.departements else ""
        return f"{self.kind}{place} {self.exercice}"


def scopes(
    perimeter: Perimeter, exercices: Iterable[int], *, functions: bool, syndicates: bool
) -> Iterator[Scope]:
    """The blocks that a perimeter needs, as few calls as the sources' sizes allow.

    Communes go by département; the other kinds, much smaller, by year.
    """
    members = perimeter.collectivities()
    departements = perimeter.departements_asked()
    for exercice in exercices:
        for kind in KINDS:
            found = [one for one in members if one.type == kind]
            if kind == "commune":
                codes = sorted({one.departement for one in found})
                yield from (Scope(kind, exercice, (code,), (), functions) for code in codes)
            elif kind == "epci" and found:
                codes = tuple(sorted({one.departement for one in found}))
                yield Scope(kind, exercice, codes, (), functions)
            elif found:
                sirens = tuple(one.siren for one in found)
                yield Scope(kind, exercice, (), sirens, functions)
        if syndicates and departements:
            yield Scope("syndicat", exercice, departements, (), functions)


def ndept(code: str) -> str:
    """A département as the balances write it, on three characters: 054, 02A, 971 → 101."""
    return OVERSEAS.get(code, code.zfill(3))


def departement(written: str) -> str:
    """The code of a département that the balances write on three characters.

    >>> departement("054"), departement("02A"), departement("101")
    ('54', '2A', '971')
    """
    codes = {number: code for code, number in OVERSEAS.items()}
    return codes.get(written, written.removeprefix("0"))


def dataset_id(explore: Explore, scope: Scope) -> str:
    """The dataset that holds a block. Raises ``dataset`` when there is none for its year."""
    if scope.functions:
        known = BY_FUNCTION.get(scope.exercice)
        return known or _in_catalogue(explore, scope.exercice)
    if scope.kind == "commune":
        return COMMUNES.format(exercice=scope.exercice)
    return ALL_YEARS[scope.kind]


def _in_catalogue(explore: Explore, exercice: int) -> str:
    """A dataset "nature × function" of a year that the list does not have yet."""
    for found, title in explore.search(FUNCTION_WORDS):
        if re.search(rf"\b{exercice}\b", f"{found} {title}".replace("-", " ")):
            return found
    raise RemoteFailed("dataset", dataset=f"{FUNCTION_WORDS}…{exercice}")


def where(dataset: Dataset, scope: Scope) -> str:
    """The condition of a block, in the types that the dataset declares."""
    conditions = [equals(dataset, "exer", scope.exercice)]
    if scope.departements:
        codes = [ndept(code) for code in scope.departements]
        conditions.append(any_of(dataset, "ndept", codes))
    if scope.sirens:
        conditions.append(any_of(dataset, "siren", scope.sirens))
    if scope.functions and "categ" in dataset.fields:
        conditions.append(any_of(dataset, "categ", CATEGORIES[scope.kind]))
    return all_of(*conditions)


def page(base_url: str, dataset: str, siren: str) -> str:
    """The address of the rows of a SIREN, for people."""
    return f"{base_url}/explore/dataset/{dataset}/table/?q={siren}"

"""Who wins when several origins tell the same accounts: a deposit, then data.gouv.fr, then DGFiP.

National figures (OFGL) stand apart: they are no budget and compete with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.model import BudgetDocument

from .identity import DEPOSIT

RANKS = {DEPOSIT: 0, "datagouv": 1, "dgfip": 2}
ACCOUNTS = tuple(stage.value for stage in Stage if stage.is_account)


class Told(Protocol):
    """What both a document's row and a document to come say of themselves."""

    @property
    def origin(self) -> str: ...
    @property
    def etape(self) -> str: ...
    @property
    def siret(self) -> str: ...
    @property
    def numero_dm(self) -> str: ...
    @property
    def categorie(self) -> str: ...
    @property
    def code_budget(self) -> str: ...


def beats(one: Told, other: Told) -> bool:
    """True when ``one`` makes ``other`` needless: the same thing from a better origin."""
    ranks = RANKS.get(one.origin), RANKS.get(other.origin)
    if None in ranks or not ranks[0] < ranks[1]:  # type: ignore[operator]
        return False
    return _same_budget(one, other) and _same_stage(one, other)


def _same_budget(one: Told, other: Told) -> bool:
    """Same SIRET; a SIREN has one principal budget, whatever SIRET it is published under."""
    return one.siret == other.siret or one.categorie == other.categorie == "principal"


def _same_stage(one: Told, other: Told) -> bool:
    """A CFU stands for a CA and the other way round: both are the year's executed accounts."""
    if one.etape in ACCOUNTS:
        return other.etape in ACCOUNTS
    return (one.etape, one.numero_dm) == (other.etape, other.numero_dm)


def beaten_by(winner: Told, present: Iterable[BudgetDocument]) -> list[BudgetDocument]:
    """Public documents of the dataset that ``winner`` replaces."""
    return [one for one in present if one.is_public and beats(winner, one)]


def is_beaten(candidate: Told, present: Iterable[BudgetDocument]) -> bool:
    """True when the dataset already holds, in public, the same from a better origin."""
    return any(one.is_public and beats(one, candidate) for one in present)

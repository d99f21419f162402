"""Who publishes: every collectivity of a territory × exercice × stage, with shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod import config
from ckanext.budgetod.sources.perimeter import TYPES, departements_of, from_config
from ckanext.budgetod.sources.territory import Collectivity, territory

from . import schema
from .board import STAGES, STATES, Board, Column, Question, look

__all__ = ["budgetod_coverage"]

THRESHOLD = 3_500
"""Inhabitants from which a collectivity with 50 agents must publish (CRPA, article L312-1-1)."""

MAX_ROWS = 1_000


def last_due(today: date) -> int:
    """The newest exercice whose accounts had to be voted (by 30 June: CGCT, L1612-12)."""
    return today.year - (1 if today.month > 6 else 2)


def under_duty(one: Collectivity) -> bool:
    """Staff is not in our data: everybody of this size counts."""
    return (one.population or 0) >= THRESHOLD


@tk.side_effect_free
def budgetod_coverage(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Who has published: each collectivity of a region, and shares by department and type.

    States are ``deposited`` (by the collectivity itself), ``harvested`` (taken from a national
    source) and ``missing``. Totals (``duty``, ``departements``, ``types``) are about the whole
    region and those of 3,500 inhabitants and more; filters say who is listed in ``results``.

    :param region: INSEE code of the region (default: that of the portal)
    :param etape: ``ca`` (compte administratif or CFU, default) or ``bp``
    :param exercice: year of the document (default: the newest accounts that had to be voted)
    :param departement, type, epci: codes of departments; commune, epci, departement, region;
        SIREN of EPCI; several with commas (optional)
    :param population_min: at least so many inhabitants (default 0)
    :param etat: only those in this state (optional)
    :param q: part of a name, or a SIREN, INSEE or post code (optional)
    :param limit: at most 1,000 (default 100)
    :param offset: how many to skip (default 0)
    """
    tk.check_access("budgetod_coverage", context, data_dict)
    data = schema.validated(data_dict, schema.coverage(), context)
    board = look(question(data))
    listed = board.listed()
    limit, offset = min(data["limit"], MAX_ROWS), data["offset"]
    return {
        **summary(board),
        "count": len(listed),
        "found": tally(board, listed),
        "results": [row(board, one) for one in listed[offset : offset + limit]],
        "limit": limit,
        "offset": offset,
    }


def question(data: Mapping[str, Any]) -> Question:
    """What validated parameters ask. Raises ValidationError for codes that do not exist."""
    region = data.get("region") or config.territory_region()
    try:
        within = from_config(
            {
                "region": region,
                "departements": data.get("departement"),
                "types": data.get("type"),
                "epci": data.get("epci"),
                "population_min": data.get("population_min"),
            }
        )
    except ValueError as error:
        raise tk.ValidationError({"territory": [str(error)]}) from None
    year = data.get("exercice") or last_due(datetime.now(timezone.utc).date())
    column = Column(STAGES[data.get("etape") or "ca"], year)
    return Question(region, column, within, data.get("etat") or "", data.get("q") or "")


# --- told ----------------------------------------------------------------------------------------
def summary(board: Board) -> dict[str, Any]:
    """The region as a whole: totals, shares by department and type, inhabitants."""
    asked, table = board.question, territory()
    duty = [one for one in board.everyone if under_duty(one)]
    return {
        "territory": {"region": asked.region, "name": table.region_name(asked.region)},
        "etape": asked.column.etape,
        "exercice": asked.column.exercice,
        "columns": [{"etape": one.etape, "exercice": one.exercice} for one in asked.columns],
        "threshold": THRESHOLD,
        "duty": tally(board, duty),
        "all": tally(board, board.everyone),
        "inhabitants": _inhabitants(board),
        "departements": [
            {"code": code, "name": table.departement_name(code), **counts}
            for code, counts in _grouped(board, duty, departements_of)
        ],
        "types": [
            {"type": kind, **counts}
            for kind, counts in sorted(
                _grouped(board, duty, lambda one: (one.type,)),
                key=lambda group: TYPES.index(group[0]),
            )
        ],
    }


def tally(board: Board, collectivities: Iterable[Collectivity]) -> dict[str, Any]:
    """How many in each state, and the share deposited in hundredths (None of nobody)."""
    counts = dict.fromkeys(("count", *STATES), 0)
    for one in collectivities:
        counts["count"] += 1
        counts[board.state(one.siren)] += 1
    return {**counts, "share_deposited": _share(counts["deposited"], counts["count"])}


def _grouped(
    board: Board,
    collectivities: Iterable[Collectivity],
    keys: Callable[[Collectivity], tuple[str, ...]],
) -> list[tuple[str, dict[str, Any]]]:
    """Tallies by key, in order. Alsace's single department counts in both of its own."""
    groups: dict[str, list[Collectivity]] = {}
    for one in collectivities:
        for key in keys(one):
            groups.setdefault(key, []).append(one)
    return [(key, tally(board, groups[key])) for key in sorted(groups)]


def _inhabitants(board: Board) -> dict[str, Any]:
    """Of the communes alone: those of EPCI, departments and region are the same people."""
    counts = dict.fromkeys(("total", *STATES), 0)
    for one in board.everyone:
        if one.type == "commune":
            counts["total"] += one.population or 0
            counts[board.state(one.siren)] += one.population or 0
    return {**counts, "share_deposited": _share(counts["deposited"], counts["total"])}


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def row(board: Board, one: Collectivity) -> dict[str, Any]:
    """One collectivity and its state in each column."""
    return {
        "siren": one.siren,
        "insee": one.insee,
        "name": one.name,
        "type": one.type,
        "departements": list(departements_of(one)),
        "epci": one.epci,
        "population": one.population,
        "duty": under_duty(one),
        "documents": [
            {
                "etape": column.etape,
                "exercice": column.exercice,
                "state": cell.state,
                "origin": cell.origin,
                "dataset": cell.dataset,
            }
            for column in board.question.columns
            for cell in (board.cell(one.siren, column),)
        ],
    }

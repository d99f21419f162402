"""What a harvest would bring, before the first run: few calls, nothing written."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ckan import model

from ckanext.budgetod import config as settings
from ckanext.budgetod.deposit import owners, provenance, ranks
from ckanext.budgetod.deposit.identity import DEPOSIT
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.model import BudgetDocument
from ckanext.budgetod.sources.territory import territory

from . import organisations
from .base import BudgetHarvester
from .config import Config, parse
from .items import Glimpse

FIRST = 10
"""Items shown."""
LONGEST = 45.0
"""Seconds of questions; what was not asked then is told."""
SECONDS_PER_ITEM = 0.2
"""A dataset's files and its write, on a small machine."""
SECONDS_PER_CALL = 2.0
"""A call with its answer: exports of a département are some megabytes."""

IMPORT, HERE, LOCAL, UNKNOWN, NO_SIREN, NO_OWNER = (
    "import", "here", "local", "unknown", "no_siren", "no_owner",
)  # fmt: skip
"""What follows for an item: imported, harvested before, deposited by the local authority itself,
not in the reference table, without SIREN, without an organisation of the portal."""
CASES = (IMPORT, HERE, LOCAL, NO_OWNER, UNKNOWN, NO_SIREN)


class NoHarvester(Exception):
    """No plugin of this extension that is loaded serves this type of source."""


@dataclass(slots=True)
class Preview:
    """``counts``: items per case. ``missing``: exercices that the source does not have (yet).

    ``calls`` and ``seconds`` are estimates for the first harvest. ``partial``: the source was too
    slow to be asked everything.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CASES, 0))
    first: list[tuple[Glimpse, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    calls: int = 0
    seconds: float = 0.0
    quota: tuple[int, int] | None = None
    partial: bool = False

    @property
    def found(self) -> int:
        return sum(self.counts.values())

    @property
    def coming(self) -> int:
        """Items that the first harvest reads: new ones, and those harvested before."""
        return self.counts[IMPORT] + self.counts[HERE]


def preview(kind: str, config_text: str) -> Preview:
    """Ask the source. Raises Fault (configuration), NoHarvester, SourceError (no answer)."""
    config = parse(config_text)
    organisations.check(config)
    source = harvester_of(kind).source(config)
    told = Preview()
    sorter = _Sorter(source.origin, config)
    end = time.monotonic() + LONGEST
    for ask in source.glance():
        if time.monotonic() > end:
            told.partial = True
            break
        try:
            _count(told, sorter, ask())
        except SourceError as error:
            if error.code != "dataset" or not config.last:
                raise
            told.missing.append(str(error.params.get("dataset", "")))
    told.calls = source.calls_needed()
    pace = max(SECONDS_PER_CALL, 1 / settings.sources().rate)
    told.seconds = told.calls * pace + told.coming * SECONDS_PER_ITEM
    told.quota = source.quota
    return told


def harvester_of(kind: str) -> BudgetHarvester:
    """Our harvester of a type of source. Raises NoHarvester."""
    from ckanext.harvest.queue import get_harvester

    found = get_harvester(kind)
    if not isinstance(found, BudgetHarvester):
        raise NoHarvester(kind)
    return found


def _count(told: Preview, sorter: _Sorter, glimpses: Iterable[Glimpse]) -> None:
    for one in glimpses:
        case = sorter.case(one)
        if case:
            told.counts[case] += 1
            if len(told.first) < FIRST:
                told.first.append((one, case))


class _Sorter:
    """Which case an item is; what the portal holds is read once."""

    def __init__(self, origin: str, config: Config) -> None:
        self._config = config
        self._known = provenance.known(origin, config.exercices)
        self._local = _deposited(config.exercices) if origin in ranks.RANKS else set()
        self._accounts = origin == "dgfip"
        self._seen: set[tuple[str, int, str]] = set()
        place = config.perimeter
        self._is_wide = not (place.sirens or place.epci or place.population_min)

    def case(self, one: Glimpse) -> str:
        """One of CASES, "" for what is not asked for or was counted before."""
        if not one.siren:
            return NO_SIREN if self._is_wide else ""
        if not one.wanted:
            return UNKNOWN if self._is_wide and not territory().lookup(one.siren) else ""
        key = (one.siren, one.exercice, "" if self._accounts else one.url)
        if key in self._seen:
            return ""
        self._seen.add(key)
        if (one.siren, one.exercice) in self._local:
            return LOCAL
        if (one.siren, one.exercice) in self._known:
            return HERE
        return IMPORT if self._has_owner(one.siren) else NO_OWNER

    def _has_owner(self, siren: str) -> bool:
        return self._config.organisations != "ignorer" or owners.owner_of(siren) is not None


def _deposited(exercices: Iterable[int]) -> set[tuple[str, int]]:
    """SIREN × exercice whose main accounts the local authority published here itself."""
    query = model.Session.query(BudgetDocument.siren, BudgetDocument.exercice).filter(
        BudgetDocument.origin == DEPOSIT,
        BudgetDocument.exercice.in_(list(exercices)),
        BudgetDocument.etape.in_(ranks.ACCOUNTS),
        BudgetDocument.categorie == "principal",
        BudgetDocument.published_serial.isnot(None),
        BudgetDocument.withdrawn.is_(None),
    )
    return {(siren, exercice) for siren, exercice in query}

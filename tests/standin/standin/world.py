"""Who exists in the stand-in, year by year, and what a test changes upstream.

The list of collectivities is the shipped table of the territory (Grand Est by default); syndicates
are invented. Whether a collectivity has accounts in an exercice is drawn from the seed.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ckanext.budgetod.engine.builder import fictional_siren
from ckanext.budgetod.sources.territory import Collectivity, territory

EXERCICES = tuple(range(2019, 2026))
NEWEST = EXERCICES[-1]
"""Its accounts are provisional, and more of them are missing."""

ALSACE = "200094332"
ALSACE_SINCE = 2021
BEFORE_ALSACE = (("226700011", "67", "Bas-Rhin"), ("226800019", "68", "Haut-Rhin"))
"""The departments that became the Collectivité européenne d'Alsace."""

SYNDICATES_PER_DEPARTEMENT = 6
_PUBLISHED = datetime(2026, 7, 13, 8, 30, tzinfo=timezone.utc)


def draw(*words: object) -> float:
    """A number in [0, 1) that depends on the words only."""
    mixed = zlib.crc32("|".join(map(str, words)).encode()) * 2654435761
    return (mixed % 2**32) / 2**32


class World:
    """Collectivities, their years, and edits made by ``/_change`` and ``/_drop``."""

    def __init__(self, seed: int = 1, region: str = "44", only: Iterable[object] = ()) -> None:
        self.seed = seed
        chosen = {getattr(one, "siren", one) for one in only}
        everyone = [c for c in territory() if c.region == region]
        everyone += _syndicates({c.departement for c in everyone if c.departement})
        everyone += _departments_before(everyone)
        kept = [c for c in everyone if not chosen or c.siren in chosen]
        self._people = {c.siren: c for c in sorted(kept, key=lambda c: (c.departement, c.siren))}
        self._first_year, self._last_year = _years_of_merged(self._people.values())
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what tests changed."""
        with self._lock:
            self._revisions: dict[tuple[str, int], int] = {}
            self._dropped: set[str] = set()
            self._edits = 0

    def __len__(self) -> int:
        return len(self._people)

    def lookup(self, siren: str) -> Collectivity | None:
        return None if siren in self._dropped else self._people.get(siren)

    def of(self, kind: str, sirens: set[str] | None = None) -> Iterator[Collectivity]:
        """Collectivities of a type in the order of the sources: department, then SIREN."""
        found = self._people.values() if sirens is None else _known(self._people, sirens)
        return (c for c in found if c.type == kind and c.siren not in self._dropped)

    def has_accounts(self, one: Collectivity, exercice: int) -> bool:
        """About 97 % do; fewer in the newest exercice; merged communes before or after."""
        if exercice > self._last_year.get(one.siren, NEWEST):
            return False
        if exercice < self._first_year.get(one.siren, EXERCICES[0]):
            return False
        if one.type != "commune":
            return exercice in EXERCICES
        missing = 0.04 if exercice == NEWEST else 0.02
        return exercice in EXERCICES and draw(self.seed, one.siren, exercice, "absent") >= missing

    def revision(self, siren: str, exercice: int) -> int:
        """How many times the accounts were corrected upstream."""
        return self._revisions.get((siren, exercice), 0)

    def change(self, siren: str, exercice: int, *, quiet: bool = False) -> None:
        """The source corrects an account; ``quiet`` leaves ``modified`` as it was."""
        with self._lock:
            key = (siren, exercice)
            self._revisions[key] = self._revisions.get(key, 0) + 1
            self._edits += not quiet

    def drop(self, siren: str, *, quiet: bool = False) -> None:
        """The collectivity vanishes from every source."""
        with self._lock:
            self._dropped.add(siren)
            self._edits += not quiet

    @property
    def modified(self) -> str:
        """When the sources were last updated: one hour later with each edit."""
        return (_PUBLISHED + timedelta(hours=self._edits)).isoformat()


def _known(people: dict[str, Collectivity], sirens: set[str]) -> list[Collectivity]:
    found = [people[siren] for siren in sirens if siren in people]
    return sorted(found, key=lambda c: (c.departement, c.siren))


def _years_of_merged(people: Iterable[Collectivity]) -> tuple[dict[str, int], dict[str, int]]:
    """SIREN -> first and last exercice of communes that merged; both have one in common."""
    people = list(people)
    last = {c.siren: int(c.vintage) for c in people if int(c.vintage) < NEWEST}
    merged = {c.insee: int(c.vintage) for c in people if c.siren in last}
    first = {c.siren: merged[c.insee] for c in people if c.insee in merged and c.siren not in last}
    if any(c.siren == ALSACE for c in people):
        first[ALSACE] = ALSACE_SINCE
    return first, last


def _departments_before(people: Iterable[Collectivity]) -> list[Collectivity]:
    """The two departments of Alsace, half its inhabitants each, until they became one."""
    alsace = next((c for c in people if c.siren == ALSACE), None)
    if alsace is None:
        return []
    return [
        replace(
            alsace,
            siren=siren,
            insee=code,
            name=name,
            departement=code,
            article="2",
            population=(alsace.population or 0) // 2,
            vintage=str(ALSACE_SINCE - 1),
        )
        for siren, code, name in BEFORE_ALSACE
    ]


def _syndicates(departements: set[str]) -> Iterator[Collectivity]:
    purposes = ("des eaux", "d'électricité", "des ordures", "scolaire", "de rivière", "forestier")
    for departement in sorted(departements):
        for number in range(SYNDICATES_PER_DEPARTEMENT):
            siren = fictional_siren(f"25{departement[:2]}99{number:02d}")
            name = f"Syndicat {purposes[number % 6]} du val de Brume {departement}"
            yield Collectivity(
                siren=siren,
                insee="",
                name=name,
                type="syndicat",
                article="",
                departement=departement,
                epci="",
                postcodes=(),
                population=int(2_000 + 30_000 * draw(siren)),
                vintage="2026",
                region="44",
            )

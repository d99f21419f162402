"""The reference table of French local authorities: look-ups, official names, folded names.

Data: ``data/territory.tsv.gz``, compiled by ``scripts/compile_territory.py`` (INSEE, DGCL, La Poste
and Sirene, Licence Ouverte 2.0). Its first line is JSON (source, vintage, départements, régions),
the others are tab-separated. No CKAN here.
"""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path

from . import overlay

TOWN_POPULATION = 2_000
"""From here on a commune is called "Ville de" (INSEE's threshold of an urban unit)."""

BEFORE_NAME = {"0": "de ", "1": "d'", "2": "du ", "3": "de la ", "4": "des ", "5": "de l'"}
"""INSEE's TNCC code -> what links a name without article to the noun before it."""

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_ARTICLE = re.compile(r"^(?:les|le|la|los|las|aux|l)\s+(?=\S)")
_NATURE = re.compile(
    r"^(?:communaute (?:de communes|d agglomeration|urbaine)|(?:euro)?metropole)"
    r"(?: de la| de l| des| du| de| d)? (?=\S)"
)
"""What comes before the name proper of an EPCI, folded."""


def fold(text: str) -> str:
    """Lower case, no accent, ligatures spelt out, one space for hyphens and apostrophes.

    >>> fold("L'Hôpital-Saint-Œting")
    'l hopital saint oeting'
    """
    plain = unicodedata.normalize("NFD", text.lower().translate(_LIGATURES))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def without_article(folded: str) -> str:
    """ "la rochelle" -> "rochelle"; a folded name without article is returned as it is."""
    return _ARTICLE.sub("", folded)


@dataclass(frozen=True, slots=True)
class Collectivity:
    """One local authority of the table. Codes are text, unknown ones are ""."""

    siren: str
    insee: str
    """INSEE code of a commune; code of the département or région; "" for an EPCI."""
    name: str
    """Official name: "Le Havre", "Métropole du Grand Nancy", "Moselle", "Grand Est"."""
    type: str
    """``commune``, ``epci``, ``departement`` or ``region``."""
    article: str
    """INSEE's TNCC: 0 none, 1 none before a vowel, 2 le, 3 la, 4 les, 5 l', 6 aux, 7 las, 8 los."""
    departement: str
    epci: str
    """SIREN of the EPCI à fiscalité propre of a commune."""
    postcodes: tuple[str, ...]
    population: int | None
    """Municipal population of the vintage."""
    vintage: str
    """Last year in which this SIREN is in the official lists."""
    region: str = ""

    @property
    def title(self) -> str:
        """How titles call it: "Ville du Havre", "Département de la Moselle", "Région Grand Est"."""
        if self.type == "commune":
            return _commune_title(self)
        if self.type == "departement" and self.article:
            return f"Département {BEFORE_NAME[self.article]}{self.name}"
        if self.type == "region" and self.article:
            return f"Région {self.name}"
        return self.name


def _commune_title(commune: Collectivity) -> str:
    noun = "Ville" if (commune.population or 0) >= TOWN_POPULATION else "Commune"
    first, _, rest = commune.name.partition(" ")
    if commune.article in ("2", "4") and first in ("Le", "Les"):
        return f"{noun} {'du' if first == 'Le' else 'des'} {rest}"
    if commune.article == "1":
        return f"{noun} d'{commune.name}"
    return f"{noun} de {commune.name}"


class Territory:
    """The whole table, kept as text and parsed row by row when asked for (about 5 MB).

    ``newer`` are rows of the administrator's overlays: each replaces that of its SIREN.
    """

    def __init__(self, lines: Iterator[str], newer: Iterable[str] = ()):
        self.about: dict = json.loads(next(lines))
        self._rows = {line[:9]: line for line in lines}
        self._rows.update((line[:9], line) for line in newer)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Collectivity]:
        return (self._parse(line) for line in self._rows.values())

    def lookup(self, siren: str) -> Collectivity | None:
        """The collectivity of this SIREN, None when the table does not know it."""
        line = self._rows.get(siren)
        return self._parse(line) if line else None

    def by_insee(self, insee: str) -> Collectivity | None:
        """The commune of this INSEE code, as it is today."""
        siren = self._communes.get(insee)
        return self.lookup(siren) if siren else None

    def by_postcode(self, postcode: str) -> list[Collectivity]:
        """Communes of a post code, the most populated first."""
        return self._largest_first(self._postcodes.get(postcode, ()))

    def by_name(self, folded: str) -> list[Collectivity]:
        """Collectivities of this folded name (with or without article), the largest first."""
        return self._largest_first(self._names.get(folded, ()))

    def by_start(self, folded: str) -> list[Collectivity]:
        """Collectivities whose folded name starts with these words: "saint die" -> des-Vosges."""
        at = bisect_left(self._sorted_names, folded + " ")
        found = takewhile(lambda name: name.startswith(folded + " "), self._sorted_names[at:])
        return self._largest_first({siren for name in found for siren in self._names[name]})

    def departement_name(self, code: str) -> str:
        """ "54" -> "Meurthe-et-Moselle"; the code itself when unknown."""
        return self.about["departements"].get(code, [code])[0]

    def region_name(self, code: str) -> str:
        """ "44" -> "Grand Est"; the code itself when unknown."""
        return self.about["regions"].get(code, [code])[0]

    def region_of(self, departement: str) -> str:
        """Code of the région of a département, "" when unknown."""
        return self.about["departements"].get(departement, ["", 0, ""])[2]

    def _parse(self, line: str) -> Collectivity:
        siren, insee, name, kind, liaison, dep, epci, postcodes, population, vintage = line.split(
            "\t"
        )
        return Collectivity(
            siren=siren,
            insee=insee,
            name=name,
            type=kind,
            article=liaison,
            departement=dep,
            epci=epci,
            postcodes=tuple(postcodes.split()),
            population=int(population) if population else None,
            vintage=vintage,
            region=insee if kind == "region" else self.region_of(dep),
        )

    def _largest_first(self, sirens) -> list[Collectivity]:
        found = [self._parse(self._rows[siren]) for siren in sirens]
        return sorted(found, key=lambda one: (-int(one.vintage), -(one.population or 0), one.siren))

    @cached_property
    def _sorted_names(self) -> list[str]:
        return sorted(self._names)

    @cached_property
    def _communes(self) -> dict[str, str]:
        """INSEE code -> SIREN; of two SIREN of one code the one in the newest lists."""
        oldest_first = sorted(
            (one.vintage, one.insee, one.siren) for one in self if one.type == "commune"
        )
        return {insee: siren for _, insee, siren in oldest_first}

    @cached_property
    def _postcodes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self:
            for postcode in one.postcodes:
                found.setdefault(postcode, []).append(one.siren)
        return found

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self:
            folded = fold(one.name)
            for form in {folded, without_article(folded)}:
                found.setdefault(form, []).append(one.siren)
        for one in self:
            if one.type == "epci":
                found.setdefault(_NATURE.sub("", fold(one.name)), [one.siren])
        return found


_overlays: dict[str, Path | None] = {"folder": None}


def use_overlays(folder: Path | None) -> None:
    """Read the overlays of this folder over the shipped table from now on; None: none."""
    _overlays["folder"] = folder


def territory() -> Territory:
    """The table shipped with the package and the overlays in use, read once (about 0.1 s).

    An overlay written meanwhile, by another process too, is seen at the next call.
    """
    return _read(overlay.stamps(_overlays["folder"]))


@lru_cache(maxsize=2)
def _read(stamps: tuple[overlay.Stamp, ...]) -> Territory:
    path = files("ckanext.budgetod.sources") / "data" / "territory.tsv.gz"
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    newer = [line for stamp in stamps for line in overlay.rows(stamp)]
    return Territory(iter(text.splitlines()), newer)


def collectivity_title(siren: str, fallback: str = "") -> str:
    """Official name for titles: "Ville de Nancy". Unknown SIREN: the fallback, spaces tidied."""
    known = territory().lookup(siren)
    return known.title if known else " ".join(fallback.split())

"""geo.api.gouv.fr: today's communes and EPCI of a région, as rows of the reference table.

The service knows names, SIREN, INSEE and post codes, EPCI and populations (INSEE, DGCL, La Poste,
Licence Ouverte). It lacks the article of a name and the SIREN of départements: those stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ckanext.budgetod.engine.errors import RemoteFailed

from . import overlay
from .perimeter import Perimeter, departements_of
from .territory import Collectivity, fold, territory

Row = dict[str, str]

MAX_LOSS = 0.05
"""An answer that lacks more than this share of what the table knows is not believed."""

METROPOLE_LYON = "200046977"
"""Holds the powers of a département on its communes: they do not count in the Rhône's."""

NATURES = {
    "CC": "Communauté de communes",
    "CA": "Communauté d'agglomération",
    "CU": "Communauté urbaine",
}
_ARTICLES = (("Les ", "4"), ("Le ", "2"), ("La ", "3"), ("L'", "5"), ("L’", "5"))
_COMMUNE = ("nom", "code", "siren", "codeEpci", "codeDepartement", "codesPostaux", "population")
_EPCI = ("nom", "code", "codesDepartements", "population")


class Client(Protocol):
    """What is needed of the one door to the network (``sources.http.Client``)."""

    def json(self, url: str, params: Mapping[str, Any] | None = None) -> Any: ...


@dataclass(slots=True)
class Changes:
    """What an update changes, in words for a person: one text per collectivity."""

    added: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    populations: list[str] = field(default_factory=list)
    epci: list[str] = field(default_factory=list)
    postcodes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Communes that the service gives without a SIREN: the table keeps what it knew."""


@dataclass(frozen=True, slots=True)
class Update:
    """Rows of a région as they are today. ``changed`` is false when the table says the same."""

    region: str
    vintage: str
    rows: tuple[Row, ...]
    changes: Changes
    changed: bool

    def count(self, kind: str) -> int:
        """How many collectivities of this type exist today."""
        return sum(row["type"] == kind and row["vintage"] == self.vintage for row in self.rows)


def update(client: Client, base_url: str, region: str, year: int) -> Update:
    """Ask the service and compare. Raises SourceError; nothing is written.

    ``year`` becomes the vintage of what exists today; what exists no more keeps an older one.
    """
    communes = _ask(client, f"{base_url}/communes", region, _COMMUNE)
    epcis = _ask(client, f"{base_url}/epcis", region, _EPCI)
    known = Perimeter(region=region).collectivities()
    vintage = max([str(year), *(one.vintage for one in known)])
    changes = Changes()
    rows = _communes(communes, vintage, changes)
    rows += _epcis(epcis, communes, region, vintage)
    for kind in ("commune", "epci"):
        _believable(kind, known, rows)
    rows += _upper(known, rows, vintage)
    rows += _former(known, rows, vintage, changes)
    _compare(rows, changes)
    rows.sort(key=lambda row: row["siren"])
    return Update(region, vintage, tuple(rows), changes, _differs(rows))


def header(update: Update, base_url: str, day: str) -> dict[str, str]:
    """What the first line of the overlay says of itself."""
    return {
        "source": f"{base_url} ({day})",
        "licence": "Licence Ouverte / Open Licence 2.0",
        "vintage": update.vintage,
        "region": update.region,
    }


# --- what the service says -----------------------------------------------------------------------
def _ask(client: Client, url: str, region: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """A list of objects; RemoteFailed when it is something else or lacks what identifies one."""
    answer = client.json(url, {"codeRegion": region, "fields": ",".join(names)})
    if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
        raise RemoteFailed("not_json")
    missing = [name for name in names if answer and not any(name in one for one in answer)]
    if missing:
        raise RemoteFailed("columns", missing=", ".join(missing))
    return answer


def _communes(entries: Iterable[Mapping[str, Any]], vintage: str, changes: Changes) -> list[Row]:
    rows = []
    for entry in entries:
        siren, insee, name = (str(entry.get(key) or "") for key in ("siren", "code", "nom"))
        if not re.fullmatch(r"[0-9]{9}", siren) or not name:
            changes.skipped.append(f"{name} ({insee})")
            continue
        rows.append({
            "siren": siren, "insee": insee, "name": name, "type": "commune",
            "liaison": _article(siren, insee, name),
            "departement": str(entry.get("codeDepartement") or ""),
            "epci": str(entry.get("codeEpci") or ""),
            "postcodes": " ".join(sorted(map(str, entry.get("codesPostaux") or ()))),
            "population": _population(entry.get("population")), "vintage": vintage,
        })  # fmt: skip
    return rows


def _article(siren: str, insee: str, name: str) -> str:
    """INSEE's code for the article: the table's while the name is the same, else from the name."""
    for known in (territory().lookup(siren), territory().by_insee(insee)):
        if known is not None and known.name == name:
            return known.article
    found = next((code for start, code in _ARTICLES if name.startswith(start)), "")
    return found or ("1" if fold(name[:1]) in tuple("aeiouy") else "0")


def _epcis(
    entries: Iterable[Mapping[str, Any]],
    communes: Iterable[Mapping[str, Any]],
    region: str,
    vintage: str,
) -> list[Row]:
    """EPCI whose inhabitants live mostly in the région; the others belong to a neighbour."""
    weights: dict[str, Counter[str]] = {}
    for one in communes:
        where = weights.setdefault(str(one.get("codeEpci") or ""), Counter())
        where[str(one.get("codeDepartement") or "")] += int(one.get("population") or 0) or 1
    rows = []
    for entry in entries:
        siren = str(entry.get("code") or "")
        known = territory().lookup(siren)
        main = known.departement if known else _main(weights.get(siren), entry)
        if territory().region_of(main) != region or not re.fullmatch(r"[0-9]{9}", siren):
            continue
        rows.append({
            "siren": siren, "insee": "", "name": _epci_name(entry), "type": "epci", "liaison": "",
            "departement": main, "epci": "", "postcodes": "",
            "population": _population(entry.get("population"), known), "vintage": vintage,
        })  # fmt: skip
    return rows


def _main(weights: Counter[str] | None, entry: Mapping[str, Any]) -> str:
    """The département where most of the inhabitants that we were told of live."""
    if weights:
        return weights.most_common(1)[0][0]
    return str(next(iter(entry.get("codesDepartements") or ()), ""))


def _epci_name(entry: Mapping[str, Any]) -> str:
    """ "CC du Pays Riolais" -> "Communauté de communes du Pays Riolais"."""
    short, _, rest = str(entry.get("nom") or "").partition(" ")
    return f"{NATURES[short]} {rest}" if short in NATURES else str(entry.get("nom") or "")


def _population(value: Any, known: Collectivity | None = None) -> str:
    """Inhabitants as text; 0 stays 0, what is not told is what was known, or ""."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return "" if known is None or known.population is None else str(known.population)


# --- compared with the table ---------------------------------------------------------------------
def _believable(kind: str, known: Iterable[Collectivity], rows: Iterable[Row]) -> None:
    expected = sum(one.type == kind for one in known)
    found = sum(row["type"] == kind for row in rows)
    if found < expected * (1 - MAX_LOSS):
        raise RemoteFailed("truncated", expected=expected, found=found, what=kind)


def _row_of(one: Collectivity, **newer: str) -> Row:
    return {
        "siren": one.siren, "insee": one.insee, "name": one.name, "type": one.type,
        "liaison": one.article, "departement": one.departement, "epci": one.epci,
        "postcodes": " ".join(one.postcodes),
        "population": "" if one.population is None else str(one.population),
        "vintage": one.vintage, **newer,
    }  # fmt: skip


def _upper(known: Iterable[Collectivity], rows: list[Row], vintage: str) -> list[Row]:
    """Départements and région: the inhabitants of their communes of today."""
    communes = [row for row in rows if row["type"] == "commune"]

    def inhabitants(counts: Callable[[Row], bool]) -> str:
        return str(sum(int(row["population"] or 0) for row in communes if counts(row)))

    found = []
    for one in known:
        if one.type == "region":
            found.append(_row_of(one, vintage=vintage, population=inhabitants(lambda _: True)))
        elif one.type == "departement":
            inside = departements_of(one)
            total = inhabitants(
                lambda row, inside=inside: (
                    row["departement"] in inside and row["epci"] != METROPOLE_LYON
                )
            )
            found.append(_row_of(one, vintage=vintage, population=total))
    return found


def _former(
    known: Iterable[Collectivity], rows: Iterable[Row], vintage: str, changes: Changes
) -> list[Row]:
    """What the service names no more is of the year before at the latest."""
    present = {row["siren"] for row in rows}
    kept = {text.rpartition(" (")[2].rstrip(")") for text in changes.skipped}
    found = []
    for one in known:
        if one.siren in present:
            continue
        if one.type == "commune" and one.insee in kept:
            found.append(_row_of(one, vintage=vintage))
        else:
            changes.gone.append(f"{one.name} ({one.siren})")
            found.append(_row_of(one, vintage=min(one.vintage, str(int(vintage) - 1))))
    return found


def _compare(rows: Iterable[Row], changes: Changes) -> None:
    for row in rows:
        known = territory().lookup(row["siren"])
        if known is None:
            changes.added.append(f"{row['name']} ({row['siren']})")
            continue
        before = _row_of(known)
        if before["name"] != row["name"]:
            changes.renamed.append(f"{before['name']} -> {row['name']}")
        for name, told in (
            ("population", changes.populations),
            ("epci", changes.epci),
            ("postcodes", changes.postcodes),
        ):
            if before[name] != row[name]:
                told.append(f"{row['name']}: {before[name] or '?'} -> {row[name] or '?'}")


def _differs(rows: Iterable[Row]) -> bool:
    for row in rows:
        known = territory().lookup(row["siren"])
        if known is None or overlay.line_of(_row_of(known)) != overlay.line_of(row):
            return True
    return False

"""Filters of the coverage page and the addresses that they make; its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.logic import coverage
from ckanext.budgetod.sources.territory import territory

from . import dataset_page, formatting
from .naming import N_

YEARS = 6
"""Years of the list of documents."""
SIZES = (3_500, 10_000, 20_000, 50_000)

STATES = {
    "deposited": (N_("Deposited"), "tick"),
    "harvested": (N_("Harvested"), "down"),
    "missing": (N_("Missing"), "minus"),
}
_DOCUMENTS = {"ca": N_("CA or CFU {year}"), "bp": N_("BP {year}")}
_SHORT = {"ca": N_("CA {year}"), "bp": N_("BP {year}")}
_LONG = {
    "ca": N_("administrative account or single financial account {year}"),
    "bp": N_("initial budget {year}"),
}
TYPES = {
    "commune": N_("Municipality"),
    "epci": N_("Inter-municipal body"),
    "departement": N_("Department"),
    "region": N_("Region"),
}


def short_name(document: Mapping[str, Any]) -> str:
    """« CA 2024 »: the head of a column."""
    short = _SHORT[document["etape"]]
    return tk._(short).format(year=document["exercice"])


def document_name(etape: str, exercice: int) -> str:
    """« compte administratif ou CFU 2024 »."""
    return tk._(_LONG[etape]).format(year=exercice)


def state(name: str) -> dict[str, str]:
    word, icon = STATES[name]
    return {"state": name, "word": tk._(word), "icon": icon}


def filters(found: Mapping[str, Any], asked: Mapping[str, str]) -> list[dict[str, Any]]:
    lang = dataset_page.language()
    everything = ("", tk._("All"))
    sizes = sorted({*SIZES, *_number(asked.get("population_min"))})
    and_more = tk._("{count} and more")
    return [
        _select(
            "departement",
            tk._("Department"),
            [everything, *((one["code"], one["name"]) for one in found["departements"])],
            asked.get("departement", ""),
        ),
        _select(
            "type",
            tk._("Type"),
            [everything, *((name, tk._(word)) for name, word in TYPES.items())],
            asked.get("type", ""),
        ),
        _select(
            "population_min",
            tk._("Inhabitants"),
            [
                everything,
                *((str(n), and_more.format(count=formatting.number(n, lang))) for n in sizes),
            ],
            asked.get("population_min", ""),
        ),
        _select("document", tk._("Document"), _documents(found), document(found)),
        _select(
            "etat",
            tk._("State"),
            [everything, *((name, tk._(word)) for name, (word, _) in STATES.items())],
            asked.get("etat", ""),
        ),
    ]


def _select(
    name: str, label: str, options: Sequence[tuple[str, str]], chosen: str
) -> dict[str, Any]:
    shown = [*options] if chosen in dict(options) else [*options, (chosen, chosen)]
    return {"name": name, "label": label, "options": shown, "chosen": chosen}


def _number(text: str | None) -> set[int]:
    return {int(text)} - {0} if text and text.isdecimal() else set()


def _documents(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The documents of the last years, newest first, and the one in sight."""
    newest = coverage.last_due(datetime.now(timezone.utc).date()) + 1
    pairs = [(etape, year) for year in range(newest, newest - YEARS, -1) for etape in ("ca", "bp")]
    shown = (found["etape"], found["exercice"])
    if shown not in pairs:
        pairs.append(shown)
    return [
        (f"{etape}-{year}", tk._(_DOCUMENTS[etape]).format(year=year))
        for etape, year in pairs
        if (etape, year) != ("ca", newest) or shown == ("ca", newest)
    ]


def document(found: Mapping[str, Any]) -> str:
    return f"{found['etape']}-{found['exercice']}"


def chips(asked: Mapping[str, str]) -> list[dict[str, str]]:
    """Filters that the form has no field for, each with the address without it."""
    chips = []
    if asked.get("q"):
        chips.append({"label": f"« {asked['q']} »", "url": url(asked, q="", page="")})
    for siren in filter(None, asked.get("epci", "").replace(",", " ").split()):
        known = territory().lookup(siren)
        label = known.name if known else siren
        chips.append({"label": label, "url": url(asked, epci="", page="")})
    return chips


def _params(asked: Mapping[str, str], **changed: str) -> dict[str, str]:
    """Parameters of an address of the page. An empty size is said: it is no default."""
    wanted = {**asked, **changed}
    if asked.get("etape") and asked.get("exercice"):
        wanted["document"] = f"{asked['etape']}-{asked['exercice']}"
    leave = ("limit", "offset", "etape", "exercice")
    return {
        name: value
        for name, value in wanted.items()
        if name not in leave and (value or name == "population_min")
    }


def url(asked: Mapping[str, str], **changed: str) -> str:
    return tk.h.url_for("budgets.coverage", **_params(asked, **changed))


def data_url(
    endpoint: str, found: Mapping[str, Any], asked: Mapping[str, str], **fixed: Any
) -> str:
    wanted = {**asked, "etape": found["etape"], "exercice": str(found["exercice"])}
    leave = ("limit", "offset", "page")
    params = {name: value for name, value in wanted.items() if value and name not in leave}
    return tk.h.url_for(endpoint, **fixed, **params)


def paging(
    found: Mapping[str, Any], asked: Mapping[str, str], number: int, size: int, lang: str
) -> dict[str, Any]:
    shown = len(found["results"])
    first = (number - 1) * size + 1
    if shown == found["count"]:
        text = tk.ungettext("{count} line.", "{count} lines.", shown)
    else:
        text = tk._("Lines {first} to {last} of {count}.")
    return {
        "text": text.format(
            first=formatting.number(first, lang),
            last=formatting.number(first + shown - 1, lang),
            count=formatting.number(found["count"], lang),
        ),
        "before": url(asked, page=str(number - 1)) if number > 1 else "",
        "after": url(asked, page=str(number + 1)) if first + shown - 1 < found["count"] else "",
    }

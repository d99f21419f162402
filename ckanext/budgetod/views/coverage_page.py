"""What the coverage page shows, from the answer of ``budgetod_coverage``: words and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.plugins import plugin_loaded

from ckanext.budgetod.deposit import rights
from ckanext.budgetod.deposit.owners import sirens_of
from ckanext.budgetod.logic import reminders
from ckanext.budgetod.logic.board import shown_name
from ckanext.budgetod.sources.territory import territory

from . import coverage_filters as filters
from . import dataset_page, formatting

SCALE = 100
"""Width of the drawing of the bars; the largest department fills it."""
SEEN = 0.6
"""Least width of a part that is not nothing."""


def page(found: Mapping[str, Any], asked: Mapping[str, str], number: int, size: int) -> dict:
    """Everything that the template needs."""
    lang = dataset_page.language()
    return {
        "territory": found["territory"]["name"],
        "lead": _lead(found, lang),
        "answer": _answer(found, lang),
        "figures": figures(found, lang),
        "departements": _departements(found, asked, lang),
        "total": _line(found["duty"], lang),
        "alsace": {"67", "68"} <= {one["code"] for one in found["departements"]},
        "filters": filters.filters(found, asked),
        "kept": [(name, asked[name]) for name in ("region", "epci", "q") if asked.get(name)],
        "chips": filters.chips(asked),
        "columns": [filters.short_name(one) for one in found["columns"]],
        "rows": _rows(found, lang),
        "paging": filters.paging(found, asked, number, size, lang),
        "harvest_url": _harvest_url(),
        "csv_url": filters.data_url("budgets.coverage_csv", found, asked),
        "api_url": filters.data_url(
            "api.action", found, asked, ver=3, logic_function="budgetod_coverage"
        ),
    }


def _harvest_url() -> str:
    """The harvest sources, for those who may make some."""
    try:
        allowed = plugin_loaded("harvest") and tk.check_access("harvest_source_create", {}, {})
    except tk.NotAuthorized:
        allowed = False
    return tk.h.url_for("budgets_harvest.index") if allowed else ""


def _lead(found: Mapping[str, Any], lang: str) -> str:
    return tk._("{territory}, {document}. Figures of {date}.").format(
        territory=found["territory"]["name"],
        document=filters.document_name(found["etape"], found["exercice"]),
        date=formatting.day(datetime.now(timezone.utc), lang),
    )


def _answer(found: Mapping[str, Any], lang: str) -> dict[str, str]:
    """The sentence in three parts: the middle one is said loudly."""
    count, deposited = found["duty"]["count"], found["duty"]["deposited"]
    if deposited:
        who = tk.ungettext("{count} has deposited", "{count} have deposited", deposited)
    else:
        who = tk._("none has deposited")
    if found["etape"] == "ca":
        what = tk.ungettext(
            "its accounts of {year} on the portal.",
            "their accounts of {year} on the portal.",
            deposited,
        )
    else:
        what = tk.ungettext(
            "its initial budget of {year} on the portal.",
            "their initial budget of {year} on the portal.",
            deposited,
        )
    return {
        "before": tk.ungettext(
            "Of {count} local authority that must publish its data,",
            "Of {count} local authorities that must publish their data,",
            count,
        ).format(count=formatting.number(count, lang)),
        "strong": who.format(count=formatting.number(deposited, lang)),
        "after": what.format(year=found["exercice"]),
    }


def figures(found: Mapping[str, Any], lang: str) -> list[dict[str, str]]:
    """The four figures: three numbers of collectivities, one share of inhabitants."""
    duty, people = found["duty"], found["inhabitants"]
    notes = {
        "deposited": tk._("by the local authority itself"),
        "harvested": tk._("taken from a national source"),
        "missing": "",
    }
    names = {
        "deposited": tk._("Have deposited"),
        "harvested": tk._("Were harvested"),
        "missing": tk._("Are missing"),
    }
    shown = []
    for state, note in notes.items():
        part = share(duty[state], duty["count"], lang)
        shown.append(
            {
                "state": state,
                "name": names[state],
                "value": formatting.number(duty[state], lang),
                "note": " · ".join(text for text in (part, note) if text),
            }
        )
    covered = share(people["deposited"], people["total"], lang)
    note = (
        tk._("live where the accounts are deposited")
        if found["etape"] == "ca"
        else tk._("live where the budget is deposited")
    )
    shown.append(
        {"state": "people", "name": tk._("Inhabitants covered"), "value": covered, "note": note}
    )
    return shown


def share(part: int, whole: int, lang: str) -> str:
    """« 48 % »; never 0 for something, nor 100 for not quite all."""
    if not whole:
        return ""
    unit = f"{formatting.NBSP}%" if lang == "fr" else "%"
    rounded = int(100 * part / whole + 0.5)
    if part and rounded == 0:
        return f"<{formatting.NBSP}1{unit}"
    if part < whole and rounded == 100:
        return f">{formatting.NBSP}99{unit}"
    return f"{rounded}{unit}"


# --- by department -------------------------------------------------------------------------------
def _departements(
    found: Mapping[str, Any], asked: Mapping[str, str], lang: str
) -> list[dict[str, Any]]:
    largest = max((one["count"] for one in found["departements"]), default=0)
    return [
        {
            "name": one["name"],
            "code": one["code"],
            "url": filters.url(asked, departement=one["code"], page="") + "#bod-collectivites",
            "bars": bars(one, largest),
            **_line(one, lang),
        }
        for one in found["departements"]
    ]


def _line(counts: Mapping[str, Any], lang: str) -> dict[str, str]:
    numbers = {state: formatting.number(counts[state], lang) for state in filters.STATES}
    return {**numbers, "share": share(counts["deposited"], counts["count"], lang)}


def bars(counts: Mapping[str, Any], largest: int) -> list[dict[str, Any]]:
    """Parts of a bar, left to right, on the scale that all departments share."""
    parts, left = [], 0.0
    for state in filters.STATES:
        if counts[state]:
            width = max(SCALE * counts[state] / largest, SEEN)
            parts.append({"state": state, "x": round(left, 2), "width": round(width, 2)})
            left += width
    return parts


# --- rows ----------------------------------------------------------------------------------------
def _rows(found: Mapping[str, Any], lang: str) -> list[dict[str, Any]]:
    may = _Rights(tk.current_user.name if tk.current_user.is_authenticated else "")
    document = filters.document(found)
    return [_row(one, may, document, lang) for one in found["results"]]


class _Rights:
    """What this visitor may do for a SIREN: asked once for the whole page."""

    def __init__(self, user: str) -> None:
        self.reminders = reminders.scope(user)
        mine = rights.organisations_of({"user": user}) if user else []
        self.deposits = {siren for one in mine for siren in sirens_of(one)}

    def remind(self, siren: str) -> bool:
        return self.reminders is None or siren in self.reminders

    def deposit(self, siren: str) -> bool:
        return self.reminders is None or siren in self.deposits


def _row(one: Mapping[str, Any], may: _Rights, document: str, lang: str) -> dict[str, Any]:
    datasets = [cell["dataset"] for cell in one["documents"] if cell["dataset"]]
    missing = one["documents"][-1]["state"] == "missing"
    siren = one["siren"]
    return {
        "name": _name(one),
        "url": tk.h.url_for("budget.read", id=datasets[-1]) if datasets else "",
        "departement": ", ".join(one["departements"]),
        "population": formatting.number(one["population"], lang),
        "cells": [
            {"name": filters.short_name(cell), **filters.state(cell["state"])}
            for cell in one["documents"]
        ],
        "deposit_url": tk.h.url_for("budgetod.new") if missing and may.deposit(siren) else "",
        "remind_url": tk.h.url_for("budgets.reminder", siren=siren, document=document)
        if missing and may.remind(siren)
        else "",
    }


def _name(one: Mapping[str, Any]) -> str:
    known = territory().lookup(one["siren"])
    return shown_name(known) if known else one["name"]

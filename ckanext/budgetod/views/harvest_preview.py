"""What the preview of a harvest shows: words and numbers from ``harvesters.preview``."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.harvesters.preview import CASES, Preview

from . import coverage_filters, formatting
from .naming import N_

ICONS = {"grey": "clock", "blue": "turn", "green": "tick", "amber": "question", "red": "cross"}
CASE = {
    "import": (N_("To import"), N_("new here")),
    "here": (N_("Harvested before"), N_("updated if the source has changed")),
    "local": (N_("Already published here by the local authority"), N_("its version is kept")),
    "no_owner": (N_("Without an organization on this portal"), N_("skipped, as asked")),
    "unknown": (N_("Outside the reference table"), N_("skipped")),
    "no_siren": (N_("Without SIREN"), N_("skipped")),
}
FOLLOWS = {
    "import": N_("Import"),
    "here": N_("Compare, then update"),
    "local": N_("Skip: deposited by the local authority"),
    "no_owner": N_("Skip: no organization holds this SIREN"),
    "unknown": N_("Skip: not in the reference table"),
    "no_siren": N_("Skip: without SIREN"),
}
TAKEN = ("import", "here")


def page(told: Preview, lang: str) -> dict[str, Any]:
    """Everything that the template needs."""
    return {
        "headline": _headline(told, lang),
        "cases": _cases(told, lang),
        "bars": _bars(told),
        "effort": _effort(told, lang),
        "quota": _quota(told, lang),
        "missing": ", ".join(filter(None, told.missing)),
        "partial": told.partial,
        "first": [_line(one, case) for one, case in told.first],
        "found": told.found,
        "coming": told.coming,
    }


def _headline(told: Preview, lang: str) -> str:
    if not told.found:
        return tk._("Nothing found at the source for these choices")
    found = tk.ungettext("{count} dataset found", "{count} datasets found", told.found)
    new = told.counts["import"]
    taken = tk.ungettext("{count} is to be imported", "{count} are to be imported", new)
    texts = [
        found.format(count=formatting.number(told.found, lang)),
        taken.format(count=formatting.number(new, lang)),
    ]
    return ", ".join(texts)


def _cases(told: Preview, lang: str) -> list[dict[str, str]]:
    """Cases that occur, and always the first one."""
    shown = [case for case in CASES if told.counts[case] or case == CASES[0]]
    return [
        {
            "case": case,
            "name": tk._(CASE[case][0]),
            "follows": tk._(CASE[case][1]),
            "count": formatting.number(told.counts[case], lang),
        }
        for case in shown
    ]


def _bars(told: Preview) -> list[dict[str, Any]]:
    """Parts of the bar, left to right: what is read, what is left alone, what cannot be read."""
    groups = {
        "deposited": sum(told.counts[case] for case in TAKEN),
        "harvested": told.counts["local"],
        "missing": told.counts["no_owner"] + told.counts["unknown"] + told.counts["no_siren"],
    }
    parts, left = [], 0.0
    for state, count in groups.items():
        if count:
            width = max(100 * count / told.found, 0.6)
            parts.append({"state": state, "x": round(left, 2), "width": round(width, 2)})
            left += width
    return parts


def _effort(told: Preview, lang: str) -> str:
    calls = tk.ungettext("About {count} call to the source", "About {count} calls to the source",
                         told.calls)  # fmt: skip
    minutes = max(1, round(told.seconds / 60))
    time = tk.ungettext("{count} minute", "{count} minutes", minutes)
    if minutes > 90:
        minutes = round(minutes / 60)
        time = tk.ungettext("{count} hour", "{count} hours", minutes)
    return tk._("{calls} and {time} for the first harvest; then only what has changed.").format(
        calls=calls.format(count=formatting.number(told.calls, lang)),
        time=time.format(count=formatting.number(minutes, lang)),
    )


def _quota(told: Preview, lang: str) -> str:
    if told.quota is None:
        return tk._("The source does not tell its quota.")
    left, allowed = (formatting.number(value, lang) for value in told.quota)
    return tk._("{left} calls left out of {allowed} a day.").format(left=left, allowed=allowed)


def _line(one: Any, case: str) -> dict[str, str]:
    becomes = "—"
    if case in TAKEN:
        becomes = tk._("Budget {year}").format(year=one.exercice or tk._("(year read in the file)"))
        if one.becomes:
            document = {"etape": one.becomes, "exercice": one.exercice}
            becomes = f"{becomes}, {coverage_filters.short_name(document)}"
    return {
        "title": one.title,
        "url": one.url if one.url.startswith(("http://", "https://")) else "",
        "becomes": becomes,
        "follows": tk._(FOLLOWS[case]),
    }

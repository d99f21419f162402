"""What the budgets' search page shows: facets as folds, filters as chips, plain results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.search import facets as budget_facets

from . import dataset_page, formatting, naming

OPEN_FACETS = 3
_ORDER = ("cfu", "ca", "dm", "bs", "bp")


def page(
    facet_titles: Mapping[str, str],
    search_facets: Mapping[str, Any],
    fields: list[tuple[str, str]],
    remove_field: Callable[[str, str], str],
) -> dict[str, Any]:
    """Facets (the first three open, no zero counts) and the removable filters in force."""
    chosen = [(name, value) for name, value in fields]
    return {
        "facets": _facets(facet_titles, search_facets, chosen, remove_field),
        "may_deposit": tk.h.check_access("package_create", {"type": "budget"}),
        "chips": [_chip(name, value, facet_titles, remove_field) for name, value in chosen],
    }


def _facets(
    titles: Mapping[str, str],
    found: Mapping[str, Any],
    chosen: list[tuple[str, str]],
    remove_field: Callable[[str, str], str],
) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for name, title in titles.items():
        items = [i for i in (found.get(name) or {}).get("items") or () if i["count"]]
        if not items:
            continue
        entries = [_entry(name, item, chosen, remove_field) for item in _ordered(name, items)]
        active = any(entry["current"] for entry in entries)
        is_open = active or len(shown) < OPEN_FACETS
        shown.append({"name": name, "title": title, "items": entries, "open": is_open})
    return shown


def _ordered(name: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Years from the newest; the other facets by number, then by name."""
    if name.endswith("exercice"):
        return sorted(items, key=lambda item: item["name"], reverse=True)
    return sorted(items, key=lambda item: (-item["count"], item["display_name"]))


def _entry(
    name: str,
    item: Mapping[str, Any],
    chosen: list[tuple[str, str]],
    remove_field: Callable[[str, str], str],
) -> dict[str, Any]:
    current = (name, item["name"]) in chosen
    url = (
        remove_field(name, item["name"])
        if current
        else tk.h.add_url_param(
            new_params={name: item["name"]}, alternative_url=tk.h.url_for("budget.search")
        )
    )
    return {
        "label": item["display_name"],
        "count": formatting.number(item["count"], dataset_page.language()),
        "url": url,
        "current": current,
    }


def _chip(
    name: str,
    value: str,
    titles: Mapping[str, str],
    remove_field: Callable[[str, str], str],
) -> dict[str, str]:
    label = budget_facets.label(name, value)
    title = titles.get(name) or _plain_titles().get(name) or name
    return {"title": title, "label": label, "url": remove_field(name, value)}


def _plain_titles() -> dict[str, str]:
    return {
        "budget_siren": tk._("SIREN"),
        "organization": tk._("Organization"),
        "tags": tk._("Tag"),
        "res_format": tk._("Format"),
        "license_id": tk._("Licence"),
    }


def result(package: Mapping[str, Any]) -> dict[str, Any]:
    """One line: « Commune, Vosges. Mis à jour le 12 juin 2024. » and its stages as tags."""
    lang = dataset_page.language()
    stages = package.get("budget_etapes") or []
    tags = [tk._(naming.STAGES[s]) for s in _ORDER if s in stages]
    annexes = _annexes(package)
    if annexes:
        tags.append(
            tk.ungettext("{count} annexed budget", "{count} annexed budgets", annexes).format(
                count=annexes
            )
        )
    return {
        "place": dataset_page.kind_and_place(package),
        "updated": formatting.day(package.get("metadata_modified"), lang),
        "tags": tags,
    }


def _annexes(package: Mapping[str, Any]) -> int:
    """Number of annexed budgets with a file in the dataset."""
    resources = package.get("resources") or ()
    budgets = {
        r.get("budget_code") or r.get("budget_libelle")
        for r in resources
        if r.get("budget_categorie") == "annexe"
    }
    return len(budgets)

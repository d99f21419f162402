"""Everything the page of a budget's dataset shows, gathered for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import SearchError, SolrConnectionError
from ckan.plugins import plugin_loaded
from ckanext.scheming.helpers import scheming_choices_label

from ckanext.budgetod.sources.territory import territory

from . import documents, formatting, naming, origins

Package = Mapping[str, Any]


def language() -> str:
    """« fr » or « en »: the two languages of our screens."""
    return formatting.babel_locale(str(tk.h.lang() or "fr"))


def page(package: Package) -> dict[str, Any]:
    """Rows, asking box, key figures and sidebar of a dataset, for whoever is reading."""
    lang = language()
    found = tk.get_action("budgetod_dataset_documents")({}, {"id": package["id"]})
    main = documents.main_document(found)
    return {
        "can_edit": can_edit(package),
        "groups": groups(found, package),
        "file_name": documents.file_name(found),
        "waiting": documents.waiting(found),
        "essential": _essential(main),
        "essential_caption": _caption(main, package),
        "attachments": attachments(package),
        "national": origins.national(package),
        "side": side(package, lang),
    }


def groups(found: Sequence[Package], package: Package) -> list[dict[str, Any]]:
    """Rows of the documents, grouped by stage, with the addresses of their pages."""
    shown = documents.groups(found, language())
    return [with_addresses(group, package) for group in shown]


def checks(package: Package) -> dict[str, Any]:
    """What the list of reports shows."""
    found = tk.get_action("budgetod_dataset_documents")({}, {"id": package["id"]})
    return {"can_edit": can_edit(package), "groups": groups(found, package)}


def can_edit(package: Package) -> bool:
    return bool(tk.h.check_access("package_update", {"id": package["id"]}))


def with_addresses(group: dict[str, Any], package: Package) -> dict[str, Any]:
    """The same group, its rows knowing where their report and progress are."""
    for row in group["rows"]:
        add_addresses(row, package)
    return group


def add_addresses(row: dict[str, Any], package: Package) -> None:
    conversion = row["conversion"]
    row["report_url"] = row["progress_url"] = ""
    if conversion.get("id"):
        row["progress_url"] = progress_url(package, conversion)
        if conversion.get("report"):
            row["report_url"] = report_url(package, conversion)
    if row["newer"]:
        newer = row["newer"]["conversion"]
        url = report_url if newer["state"] == "withheld" else progress_url
        row["newer"]["url"] = url(package, newer)


def report_url(package: Package, conversion: Mapping[str, Any]) -> str:
    return tk.h.url_for("budgetod.report", id=package["name"], conversion_id=conversion["id"])


def progress_url(package: Package, conversion: Mapping[str, Any]) -> str:
    return tk.h.url_for("budgetod.progress", id=package["name"], conversion_id=conversion["id"])


def _essential(main: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if main is None:
        return []
    return documents.essential(main["published"].get("summary"), main["stage_slug"])


def _caption(main: Mapping[str, Any] | None, package: Package) -> str:
    """Scope of the figures: stage, year, budget, kind of operations, unit."""
    if main is None:
        return ""
    return tk._("{stage} {year}, main budget, real operations, in euros").format(
        stage=naming.stage_name(main["stage_slug"], main.get("numero_dm"), short=False),
        year=package.get("budget_exercice") or "",
    )


def attachments(package: Package) -> list[dict[str, Any]]:
    """Files added by a person (role ``document``)."""
    return [r for r in package.get("resources") or () if r.get("budgetod_role") == "document"]


def side(package: Package, lang: str) -> dict[str, Any]:
    """The sidebar: authority, other years, record, ways to reuse."""
    population = formatting.number(package.get("budget_population"), lang)
    return {
        "name": package.get("budget_collectivite") or tk.h.dataset_display_name(package),
        "kind": kind_and_place(package),
        "population": population,
        "epci": epci_name(package),
        "all_url": tk.h.url_for("budget.search", budget_siren=package.get("budget_siren")),
        "years": years(package),
        "nomenclature": package.get("budget_nomenclature"),
        "origin": origin(package),
        "updated": formatting.day(package.get("metadata_modified"), lang),
        "reuse": reuse_links(package),
    }


def kind_and_place(package: Package) -> str:
    """« Commune, Moselle (57) »."""
    kind = naming.collectivite_type(package.get("budget_type_collectivite") or "")
    code = package.get("budget_departement") or ""
    place = f"{territory().departement_name(code)} ({code})" if code else ""
    return ", ".join(part for part in (kind, place) if part)


def epci_name(package: Package) -> str:
    """Name of the inter-municipal body of a commune, "" when unknown or when it is itself."""
    siren = package.get("budget_epci") or ""
    if not siren or siren == package.get("budget_siren"):
        return ""
    known = territory().lookup(siren)
    return known.name if known else ""


def origin(package: Package) -> str:
    if package.get("budget_origine") == "moissonne":
        return tk._("Harvested")
    return tk._("Deposited by the local authority")


def years(package: Package) -> list[dict[str, Any]]:
    """The datasets of the same SIREN, newest first, this one among them."""
    siren = package.get("budget_siren")
    if not siren:
        return []
    entries = {p["id"]: _year(p, package) for p in (*_of_siren(siren), package)}
    return sorted(entries.values(), key=lambda entry: entry["exercice"], reverse=True)


def _of_siren(siren: str) -> Sequence[Package]:
    """Datasets of this SIREN that the reader may see; none while the search server is away."""
    query = {"fq": f'+dataset_type:budget +budget_siren:"{siren}"', "rows": 50}
    try:
        return tk.get_action("package_search")({}, {**query, "include_private": True})["results"]
    except (SearchError, SolrConnectionError):
        return []


def _year(other: Package, package: Package) -> dict[str, Any]:
    stages = other.get("budget_etapes") or []
    most_final = next((s for s in ("cfu", "ca", "bs", "dm", "bp") if s in stages), "")
    return {
        "exercice": str(other.get("budget_exercice") or ""),
        "stage": tk._(naming.STAGES[most_final]).lower() if most_final else "",
        "url": tk.h.url_for("budget.read", id=other["name"]),
        "current": other["id"] == package["id"],
    }


def reuse_links(package: Package) -> list[dict[str, str]]:
    """Links that exist on this portal: API, DCAT when its plugin is there, feed."""
    name = package["name"]
    api = tk.h.url_for("api.action", ver=3, logic_function="package_show", id=name)
    links = [{"label": tk._("Programming interface (API)"), "url": api}]
    if plugin_loaded("dcat"):
        url = tk.h.url_for("dcat.read_dataset", _id=name, _format="ttl")
        links.append({"label": tk._("DCAT (Turtle)"), "url": url})
    organization: Sequence[Any] | Mapping[str, Any] | None = package.get("organization")
    if organization and not package.get("private"):
        url = tk.h.url_for("feeds.organization", id=organization["name"])
        links.append({"label": tk._("Subscribe to the feed"), "url": url})
    return links


def field_value(field: Mapping[str, Any], value: Any) -> str:
    """A dataset field in words: labels of its choices, names of places."""
    name, choices = field["field_name"], field.get("choices")
    if choices:
        values = value if isinstance(value, list) else [value]
        return ", ".join(scheming_choices_label(choices, one) for one in values)
    if name == "budget_population":
        return formatting.number(value, language())
    if name == "budget_departement":
        return f"{territory().departement_name(value)} ({value})"
    if name == "budget_region":
        return territory().region_name(value) or str(value)
    if name == "budget_epci":
        known = territory().lookup(value)
        return known.name if known else str(value)
    return str(value)

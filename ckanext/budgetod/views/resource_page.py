"""What the page of one file of a budget shows: its document, its figures, its sister files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from . import dataset_page, documents, formatting, naming, origins

_TOTALS = (("F", "R"), ("F", "D"), ("I", "R"), ("I", "D"))
DERIVED = ("scdl", "etendu", "annexe", "comptable", "rapport", "indicateurs")


def page(package: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """State, figures and files of the document that this resource is a file of.

    ``row`` is None for a file that belongs to no document (an attached PDF).
    """
    lang = dataset_page.language()
    key = resource.get("budgetod_document")
    found = tk.get_action("budgetod_dataset_documents")({}, {"id": package["id"]}) if key else []
    document = next((d for d in found if d["key"] == key), None)
    row = documents.row(document, lang) if document else None
    if row:
        dataset_page.add_addresses(row, package)
    return {
        "row": row,
        "title": documents.document_title(document) if document else "",
        "document_key": key,
        "derived": resource.get("budgetod_role") in DERIVED,
        "can_edit": dataset_page.can_edit(package),
        "totals": totals(document, lang),
        "files": files(package, key, resource["id"]),
        "facts": facts(resource, lang),
    }


def totals(document: Mapping[str, Any] | None, lang: str) -> list[dict[str, str]]:
    """Totals by section and side: real, order (accounting) and carried-over results apart."""
    summary = ((document or {}).get("published") or {}).get("summary") or {}
    found = summary.get("totals") or {}
    if not document or not found:
        return []
    column = "realise" if document["stage_slug"] in ("ca", "cfu") else "prevu"
    lines = []
    for section, side in _TOTALS:
        cell = found.get(section, {}).get(side, {})
        lines.append(
            {
                "section": section,
                "side": side,
                "reel": _amount(cell, "reel", column, lang),
                "ordre": _amount(cell, "ordre", column, lang),
            }
        )
    return lines


def _amount(cell: Mapping[str, Any], kind: str, column: str, lang: str) -> str:
    return formatting.euros((cell.get(kind) or {}).get(column), lang, 2)


def files(package: Mapping[str, Any], key: str | None, present: str) -> list[dict[str, Any]]:
    """Every file of the document, in the order of the dataset; the title says it once for all."""
    mine = [r for r in package.get("resources") or () if key and r.get("budgetod_document") == key]
    return [
        {
            "label": _short_name(r),
            "url": r.get("url")
            or tk.h.url_for("budget_resource.read", id=package["name"], resource_id=r["id"]),
            "format": r.get("format"),
            "size": r.get("size"),
            "current": r["id"] == present,
        }
        for r in mine
    ]


def _short_name(resource: Mapping[str, Any]) -> str:
    """« Emprunts et dettes » of « Compte administratif 2023, budget principal : emprunts… »."""
    name = tk.h.resource_display_name(resource)
    short = name.rpartition(":")[2].strip()
    return short[:1].upper() + short[1:]


def facts(resource: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """The document in plain words: stage, budget, SIRET, dates, presentation."""
    stage = naming.stage_name(resource.get("budget_etape") or "", resource.get("budget_numero_dm"))
    lines = [
        *origins.facts(resource, lang),
        (tk._("Stage"), stage),
        (tk._("Budget"), resource.get("budget_libelle")),
        (tk._("SIRET"), resource.get("budget_siret")),
        (tk._("Date of vote"), formatting.day(resource.get("budget_date_vote"), lang)),
        (tk._("Date of seal"), formatting.day(resource.get("budget_date_scellement"), lang)),
        (tk._("TotEM schema version"), resource.get("budget_version_totem")),
        (tk._("Checks passed"), resource.get("budget_controles")),
        (tk._("Format"), resource.get("format")),
        (tk._("Size"), formatting.file_size(resource.get("size"), lang)),
        (tk._("Updated"), formatting.day(resource.get("last_modified"), lang)),
    ]
    return [(name, str(value)) for name, value in lines if value]

"""Where harvested documents come from, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from . import formatting


def N_(text: str) -> str:  # noqa: N802 (the name that the extractor of texts knows)
    return text


TAKEN_FROM = {
    "dgfip": N_("taken from DGFiP's account balances"),
    "datagouv": N_("taken from data.gouv.fr"),
    "ofgl": N_("computed by OFGL"),
}
NAMES = {
    "depose": N_("Deposited by the local authority"),
    "dgfip": N_("DGFiP account balances"),
    "datagouv": N_("data.gouv.fr"),
    "ofgl": N_("OFGL indicators"),
}
STATUSES = {"provisoire": N_("provisional accounts"), "definitif": N_("definitive accounts")}


def of_document(document: Mapping[str, Any], lang: str) -> dict[str, str] | None:
    """Sentence and address of a harvested document; None for a deposit."""
    taken = TAKEN_FROM.get(document.get("origin") or "")
    if not taken:
        return None
    source = document.get("source") or {}
    parts = [tk._(taken)]
    status = STATUSES.get(source.get("statut") or "")
    if status:
        parts.append(tk._(status))
    if document.get("retired"):
        day = formatting.day(document["retired"], lang)
        parts.append(tk._("no longer at the source since {date}").format(date=day))
    return {"text": ", ".join(parts), "url": _web(source.get("url"))}


def national(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Files of national figures, which are no budget."""
    found: Sequence[Mapping[str, Any]] = package.get("resources") or ()
    return [
        {
            "name": tk.h.resource_display_name(one),
            "page": tk.h.url_for("budget_resource.read", id=package["name"], resource_id=one["id"]),
            "url": one.get("url"),
            "size": one.get("size"),
            "source": _web(one.get("budget_source")),
        }
        for one in found
        if one.get("budgetod_role") == "indicateurs" and one.get("url")
    ]


def facts(resource: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """What a file says of its origin; nothing for a deposit."""
    origin = resource.get("budget_origine") or ""
    if origin not in TAKEN_FROM:
        return []
    status = STATUSES.get(resource.get("budget_statut") or "")
    name, retired = NAMES[origin], formatting.day(resource.get("budget_retire"), lang)
    return [
        (tk._("Origin"), tk._(name)),
        (tk._("Producer"), resource.get("budget_producteur") or ""),
        (tk._("Status"), tk._(status) if status else ""),
        (tk._("Licence"), resource.get("budget_licence") or ""),
        (tk._("No longer at the source since"), retired),
    ]


def _web(address: str | None) -> str:
    """The address if it may be a link, "" otherwise."""
    return address if address and address.startswith(("https://", "http://")) else ""

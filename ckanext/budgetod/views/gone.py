"""Files of a withdrawn document answer 410 and say why, instead of « not found »."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.base import render

from ckanext.budgetod.model import BudgetDocument

from . import documents

GONE = 410
_ENDPOINTS = ("read", "download", "view")


def withdrawn_resource() -> Any:
    """Before any request: None unless a file of a withdrawn document is asked for."""
    blueprint, _, endpoint = (tk.request.endpoint or "").rpartition(".")
    if endpoint not in _ENDPOINTS or not blueprint.endswith("resource"):
        return None
    resource_id = (tk.request.view_args or {}).get("resource_id", "")
    document = BudgetDocument.of_resource(resource_id)
    if document is None or not document.withdrawn or _still_there(resource_id):
        return None
    package = model.Package.get(document.package_id)
    values = {
        "document": document,
        "title": documents.document_title(_described(document)),
        "package": package if _public(package) else None,
    }
    return render("budgetod/gone.html", values), GONE


def _described(document: BudgetDocument) -> dict[str, Any]:
    return {
        "stage_slug": document.etape,
        "numero_dm": document.numero_dm,
        "categorie": document.categorie,
        "libelle": document.libelle,
    }


def _still_there(resource_id: str) -> bool:
    """False too for the files of a deleted dataset, which CKAN leaves active."""
    resource = model.Resource.get(resource_id)
    return resource is not None and resource.state == resource.package.state == "active"


def _public(package: Any) -> bool:
    return package is not None and package.state == "active" and not package.private

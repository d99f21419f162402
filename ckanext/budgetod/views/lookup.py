"""What an address names: a dataset, a deposit; a 404 when the reader may not know of it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

Package = dict[str, Any]


def package(name: str) -> Package:
    """The dataset, or 404."""
    try:
        return tk.get_action("package_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("Dataset not found"))


def editable_package(name: str) -> Package:
    """The dataset for someone who may change it: the way to log in, 403 or 404 for others."""
    try:
        tk.check_access("package_update", {}, {"id": name})
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("Dataset not found"))
    except tk.NotAuthorized:
        return tk.abort(403, tk._("You may not change this budget."))
    return package(name)


def conversion(of: Package, conversion_id: str) -> dict[str, Any]:
    """A deposit of this dataset, or 404."""
    try:
        found = tk.get_action("budgetod_conversion_show")({}, {"id": conversion_id})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404, tk._("Deposit not found"))
    if found["package_id"] != of["id"]:
        return tk.abort(404, tk._("Deposit not found"))
    return found


def deposit(name: str, conversion_id: str) -> tuple[Package, dict[str, Any]]:
    """A deposit and its dataset; a stand-in for a dataset that the job has still to create."""
    try:
        of = tk.get_action("package_show")({}, {"id": name})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        of = {"id": name, "name": name, "title": "", "type": "budget", "missing": True}
    return of, conversion(of, conversion_id)


def document(of: Package, key: str) -> dict[str, Any]:
    """A document of this dataset as its page lists it, or 404."""
    found = tk.get_action("budgetod_dataset_documents")({}, {"id": of["id"]})
    mine = next((one for one in found if one["key"] == key), None)
    return mine if mine else tk.abort(404, tk._("Document not found"))

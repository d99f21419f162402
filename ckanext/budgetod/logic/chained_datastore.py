"""The DataStore's own actions: tables of published files are written by the publication alone."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.deposit import datasets, messages
from ckanext.budgetod.deposit.protect import ATTACHED

from .chained import TYPE, Next

__all__ = [
    "datastore_create",
    "datastore_delete",
    "datastore_records_delete",
    "datastore_upsert",
]


@tk.chained_action
def datastore_create(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Neither another table for a published file, nor a file of a budget that is only a table."""
    new = data_dict.get("resource")
    package = model.Package.get(new.get("package_id") or "") if isinstance(new, dict) else None
    if package is not None and package.type == TYPE:
        raise messages.only_pdf()
    return _write(next_, context, data_dict)


@tk.chained_action
def datastore_upsert(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Rows of a published file are those of its CSV, ``force`` or not."""
    return _write(next_, context, data_dict)


@tk.chained_action
def datastore_delete(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Withdrawing the document takes the table away; nothing else does."""
    return _write(next_, context, data_dict)


@tk.chained_action
def datastore_records_delete(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    return _write(next_, context, data_dict)


def _write(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """The write, unless its table is a published file's and the writer is not the publication."""
    resource = model.Resource.get(data_dict.get("resource_id") or "")
    role = (resource.extras or {}).get("budgetod_role") if resource is not None else None
    if role and role != ATTACHED and not datasets.is_publisher(context):
        raise messages.read_only()
    return next_(context, data_dict)

"""CKAN's actions that delete or show datasets at once: what they mean for documents."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.deposit import publish
from ckanext.budgetod.deposit.datasets import is_publisher
from ckanext.budgetod.deposit.protect import Guarded
from ckanext.budgetod.model import BudgetDocument

from .chained import TYPE, Next

__all__ = ["bulk_update_delete", "bulk_update_public", "dataset_purge", "package_delete"]


@tk.chained_action
def package_delete(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Deleting a dataset withdraws its documents; depositing again brings it back."""
    return _end_documents(next_, context, data_dict)


@tk.chained_action
def dataset_purge(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Purging a dataset withdraws its documents and takes their files off the storage."""
    return _end_documents(next_, context, data_dict)


@tk.chained_action
def bulk_update_delete(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """As ``package_delete``, for several datasets of an organisation."""
    result = next_(context, data_dict)
    for package_id in _budgets(data_dict):
        _end(package_id)
    return result


@tk.chained_action
def bulk_update_public(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Several datasets become public, but no budget without a published document."""
    empty = [one for one in _budgets(data_dict) if not _has_public_document(one)]
    kept = [name for name in data_dict.get("datasets") or [] if _id_of(name) not in empty]
    return next_(context, {**data_dict, "datasets": kept})


def _has_public_document(package_id: str) -> bool:
    return bool(Guarded({}, BudgetDocument.all_of_package(package_id)).published())


def _budgets(data_dict: dict[str, Any]) -> list[str]:
    """Ids of the organisation's own budgets among ``datasets``: CKAN leaves others alone."""
    packages = [model.Package.get(name) for name in data_dict.get("datasets") or []]
    mine = [one for one in packages if one and one.owner_org == data_dict.get("org_id")]
    return [package.id for package in mine if package.type == TYPE]


def _id_of(name: str) -> str:
    package = model.Package.get(name)
    return package.id if package is not None else name


def _end_documents(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    package = model.Package.get(data_dict.get("id") or "")
    package_id = package.id if package is not None and package.type == TYPE else None
    result = next_(context, data_dict)
    if package_id is not None and not is_publisher(context):
        _end(package_id)
    return result


def _end(package_id: str) -> None:
    for document in BudgetDocument.all_of_package(package_id):
        publish.withdraw(document.key)

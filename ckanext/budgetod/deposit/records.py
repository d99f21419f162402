"""What stays written of documents when datasets change: rows, published files, tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ckan import model

from ckanext.budgetod.model import ACTIVE, BudgetDocument, Conversion, State
from ckanext.budgetod.model.conversion import now

from . import datastore, identity, metadata, storage


def unpublish(document: BudgetDocument) -> None:
    """What was in public went with its dataset: the same file again is a new deposit."""
    for row in Conversion.newest(document_key=document.key, state=State.PUBLISHED.value):
        row.enter(State.WITHDRAWN)
    if document.current_serial == document.published_serial:
        document.current_serial = None
    document.published_serial = None
    document.withdrawn = now()
    model.Session.flush()


def mark_withdrawn(document: BudgetDocument) -> None:
    """The bookkeeping of a withdrawal: no deposit of this document counts any more."""
    document.withdrawn = now()
    document.published_serial = None
    document.current_serial = None
    states = (*ACTIVE, State.PUBLISHED.value, State.FAILED.value)
    for row in Conversion.newest(document_key=document.key):
        if row.state in states:
            storage.discard(row.id)
            row.enter(State.WITHDRAWN)
    model.Session.flush()


def is_listed(document: BudgetDocument) -> bool:
    """True while an active dataset names a file of the document."""
    listed = model.Session.query(model.Resource).join(model.Package)
    return (
        listed.filter(
            model.Package.id == document.package_id,
            model.Package.state == "active",
            model.Resource.state == "active",
            model.Resource.id.in_(list(document.resource_ids.values())),
        ).first()
        is not None
    )


def forget_files(document: BudgetDocument) -> None:
    """Take files and tables of a document off the storage and the DataStore."""
    remove_files(document.resource_ids.values())


def remove_files(resource_ids: Iterable[str]) -> None:
    for resource_id in resource_ids:
        datastore.drop(resource_id)
        storage.remove_resource_file(resource_id)


def published(package_id: str) -> list[tuple[BudgetDocument, dict[str, Any]]]:
    """Documents of the dataset in public, each with what it tells of the collectivity."""
    found = []
    for document in BudgetDocument.of_package(package_id):
        if document.published_serial is None or document.withdrawn:
            continue
        row = Conversion.by_serial(document.published_serial)
        if row is not None:
            found.append((document, (row.gate or {}).get("fields") or {}))
    return found


def without(
    resources: Iterable[dict[str, Any]], key: str, resource_ids: dict[str, str]
) -> list[dict[str, Any]]:
    """The resources of a dataset that are not of this document."""
    mine = set(resource_ids.values())
    return [r for r in resources if r["id"] not in mine and r.get("budgetod_document") != key]


def output(item: metadata.Planned, document: BudgetDocument) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "resource_id": document.resource_ids[item.kind],
        "format": item.fields["format"],
        "rows": item.rows,
        "name": item.filename,
        "columns": [dict(column) for column in item.columns],
    }


def id_of(item: metadata.Planned) -> str:
    return identity.resource_id(item.fields["budgetod_document"], item.kind)


def forget_dropped_files(
    before: dict[str, Any], document: BudgetDocument, planned: list[metadata.Planned]
) -> None:
    """Files that the new version no longer has leave the storage, and their tables go."""
    kept = {id_of(item) for item in planned}
    gone = [
        r["id"]
        for r in before["resources"]
        if r["id"] in set(document.resource_ids.values()) and r["id"] not in kept
    ]
    remove_files(gone)

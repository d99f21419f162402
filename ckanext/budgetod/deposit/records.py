"""What stays written of documents when datasets change: rows, published files, tables."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from ckan import model

from ckanext.budgetod.model import ACTIVE, BudgetDataset, BudgetDocument, Conversion, State
from ckanext.budgetod.model.conversion import now

from . import datastore, description, identity, metadata, storage


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


def outrank(document: BudgetDocument) -> None:
    """A better origin tells the same: the files go, and nobody is told of a withdrawal."""
    for row in Conversion.newest(document_key=document.key, state=State.PUBLISHED.value):
        row.enter(State.REPLACED)
    document.published_serial = document.current_serial = None
    document.digest = ""
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


def uploads(
    before: dict[str, Any],
    planned: list[metadata.Planned],
    xml: IO[bytes] | None,
    opened: contextlib.ExitStack,
) -> list[dict[str, Any]]:
    """Resource dicts with their uploads; what the dataset already knows of a resource is kept."""
    known = {resource["id"]: resource for resource in before["resources"]}
    resources = []
    for item in planned:
        resource_id = id_of(item)
        stream = xml if item.path is None else opened.enter_context(item.path.open("rb"))
        upload = storage.as_upload(stream, item.filename, item.content_type)
        kept = known.get(resource_id, {})
        resources.append({**kept, **item.fields, "id": resource_id, "upload": upload})
    return resources


def rebuilt(before: dict[str, Any], siren: str, exercice: int) -> dict[str, Any]:
    """Fields of the dataset, title and description only where nobody corrected them."""
    new = description.dataset(published(before["id"]), siren, exercice)
    registered = BudgetDataset.get(siren, exercice)
    built = dict(registered.built) if registered else {}
    if registered is not None:
        registered.built = {**built, "title": new["title"], "notes": new["notes"]}
    update = description.keep_personal(built, before, new)
    update["name"] = identity.dataset_name(siren, exercice)
    return update


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
    for document in BudgetDocument.all_of_package(package_id):
        if not document.is_public:
            continue
        row = Conversion.by_serial(document.published_serial)
        if row is not None:
            found.append((document, (row.gate or {}).get("fields") or {}))
    return found


def without(
    resources: Iterable[dict[str, Any]], documents: Iterable[BudgetDocument]
) -> list[dict[str, Any]]:
    """The resources of a dataset that are files of none of these documents."""
    gone = list(documents)
    ids = {resource_id for one in gone for resource_id in one.resource_ids.values()}
    keys = {one.key for one in gone}
    return [r for r in resources if r["id"] not in ids and r.get("budgetod_document") not in keys]


def output(item: metadata.Planned, document: BudgetDocument) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "resource_id": document.resource_ids[item.kind],
        "format": item.fields["format"],
        "rows": item.rows,
        "name": item.filename,
        "sha256": _sha256(item.path) if item.path else "",
        "columns": [dict(column) for column in item.columns],
    }


def _sha256(path: Path) -> str:
    """Of a published file, so that it is recognised when it comes back."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


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

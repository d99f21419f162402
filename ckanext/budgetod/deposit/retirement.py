"""Harvested documents that their source no longer has: marked, or taken away.

The mark (*retiré*) keeps the files: what was public stays readable. Taking away is an option of the
harvest source, or the administrator's "clear".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import sqlalchemy as sa
from ckan import model
from ckan.lib import search

from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion
from ckanext.budgetod.model.conversion import now

from . import datasets, description, harvested, intake, metadata, records


def of_source(source_id: str) -> list[BudgetDocument]:
    """Public documents that came through this harvest source, by dataset."""
    query = model.Session.query(BudgetDocument).filter(
        BudgetDocument.source["harvest_source"].astext == source_id,
        BudgetDocument.published_serial.isnot(None),
        BudgetDocument.withdrawn.is_(None),
    )
    return query.order_by(BudgetDocument.package_id, BudgetDocument.key).all()


def retire(documents: Sequence[BudgetDocument]) -> None:
    """Mark documents of one dataset as gone from their source; their files stay."""
    package_id = _lock(documents)
    for document in documents:
        document.retired = document.retired or now()
    _tell(package_id, documents)


def bring_back(documents: Sequence[BudgetDocument]) -> None:
    """Take the mark off documents of one dataset: their source has them again, unchanged."""
    package_id = _lock(documents)
    for document in documents:
        document.retired = None
    _tell(package_id, documents)


def _tell(package_id: str, documents: Sequence[BudgetDocument]) -> None:
    """What resources say of their source, as the documents now have it."""
    keys = {document.key: metadata.source_fields(document) for document in documents}
    before = datasets.show(package_id)
    resources = [{**r, **keys.get(r.get("budgetod_document"), {})} for r in before["resources"]]
    datasets.revise(before, {}, resources)
    model.Session.commit()


def remove(documents: Sequence[BudgetDocument]) -> None:
    """Take documents of one dataset away; a dataset left empty is deleted."""
    package_id = _lock(documents)
    for document in documents:
        records.outrank(document)
    before = datasets.show(package_id)
    rest = records.without(before["resources"], documents)
    left = records.published(package_id)
    update = {"private": True}
    if left:
        new = description.dataset(left, documents[0].siren, documents[0].exercice)
        update = {n: new[n] for n in ("budget_etapes", "budget_categories", "budget_origine")}
    datasets.revise(before, update, rest)
    if not (left or rest or _waiting(package_id)):
        datasets.delete(package_id)
    model.Session.commit()
    for document in documents:
        records.forget_files(document)


def _lock(documents: Sequence[BudgetDocument]) -> str:
    intake.lock((documents[0].siren, documents[0].exercice))
    return documents[0].package_id


def _waiting(package_id: str) -> bool:
    """True while a deposit for this dataset is not published yet."""
    return any(one.current_serial for one in BudgetDocument.of_package(package_id))


# --- clearing a harvest source -------------------------------------------------------------------
def split(source_id: str) -> tuple[list[str], dict[str, list[BudgetDocument]]]:
    """Datasets that hold nothing but what this source brought, and the others with its documents.

    The first may be deleted as a whole; in the others somebody else's files stay.
    """
    alone, shared = [], {}
    for package_id, found in groupby(of_source(source_id), key=lambda one: one.package_id):
        documents = list(found)
        if _holds_only(package_id, documents):
            alone.append(package_id)
        else:
            shared[package_id] = documents
    return alone, shared


def _holds_only(package_id: str, documents: Iterable[BudgetDocument]) -> bool:
    mine = {rid for document in documents for rid in document.resource_ids.values()}
    query = model.Session.query(model.Resource.id).filter_by(package_id=package_id, state="active")
    return all(row.id in mine for row in query) and not _waiting_for_others(package_id, documents)


def _waiting_for_others(package_id: str, documents: Iterable[BudgetDocument]) -> bool:
    keys = {document.key for document in documents}
    return any(
        one.current_serial and one.key not in keys for one in BudgetDocument.of_package(package_id)
    )


def leave_shared(
    source_id: str, alone: Sequence[str], shared: dict[str, list[BudgetDocument]]
) -> None:
    """Take a source's documents out of datasets that stay, which no longer belong to it."""
    harvested.keep_only(source_id, alone)
    for documents in shared.values():
        remove(documents)


def forget(package_ids: Sequence[str]) -> None:
    """Files, tables and rows of datasets that were deleted from the database as a whole."""
    query = model.Session.query(BudgetDocument).filter(BudgetDocument.package_id.in_(package_ids))
    resource_ids = [rid for one in query for rid in one.resource_ids.values()]
    for table in (Conversion, BudgetDocument, BudgetDataset):
        column = table.__table__.c.package_id
        model.Session.execute(sa.delete(table.__table__).where(column.in_(package_ids)))
    model.Session.commit()
    records.remove_files(resource_ids)


def index_again(package_ids: Iterable[str]) -> None:
    """Datasets that stay are found again after their source's entries left the index."""
    search.rebuild(package_ids=list(package_ids), force=True)

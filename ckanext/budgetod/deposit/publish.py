"""Deposits in datasets: creation, publication, withdrawal. Each is one write.

The row of the deposit changes in the transaction of the dataset: both are there, or neither.
Publication can be done again: it reads the dataset anew and brings it to what it must be.
"""

from __future__ import annotations

import contextlib
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion, State

from . import (
    datasets,
    description,
    harvested,
    identity,
    intake,
    metadata,
    ranks,
    records,
    storage,
)
from .jobs import Overtaken
from .owners import owner_of


# --- dataset -------------------------------------------------------------------------------------
def ensure_dataset(
    budget: tuple[str, int], owner_org: str, collectivite: str, user: str = ""
) -> str:
    """The id of the dataset of a SIREN × exercice: found, undeleted or created private.

    Raises SearchIndexError when Solr is down (on 2.11 the dataset is there all the same).
    """
    intake.lock(budget)
    package_id = intake.claim(budget, free_id(budget))
    package = model.Package.get(package_id)
    if package is None:
        _create(package_id, budget, owner_org, collectivite, user)
    else:
        if package.state != "active":
            _undelete(package)
        _bring_home(package, budget[0], owner_org)
    model.Session.commit()
    return package_id


def _bring_home(package: model.Package, siren: str, owner_org: str) -> None:
    """A dataset that another organisation made goes to the one that holds the SIREN.

    Before anything is deposited there: editors of the other one would read what waits.
    """
    holder = owner_of(siren)
    if holder is None or holder.id != owner_org or package.owner_org == owner_org:
        return
    before = datasets.show(package.id)
    datasets.revise(before, {"owner_org": owner_org}, before["resources"])


def free_id(budget: tuple[str, int]) -> str:
    """The id for a dataset nobody registered: that of the budget dataset so named, or ours."""
    named = model.Package.get(identity.dataset_name(*budget))
    if named is not None and named.type == "budget":
        return named.id
    return identity.package_id(*budget)


def _create(
    package_id: str, budget: tuple[str, int], owner_org: str, collectivite: str, user: str
) -> None:
    siren, exercice = budget
    built = {
        "title": description.title(collectivite, exercice),
        "notes": description.notes(collectivite, exercice, []),
    }
    registered = BudgetDataset.get(*budget)
    if registered is not None:
        registered.built = built
    dataset = {
        "id": package_id,
        "type": "budget",
        "name": identity.dataset_name(*budget),
        "owner_org": owner_org,
        "private": True,
        "license_id": "etalab-2.0",
        "budget_siren": siren,
        "budget_exercice": str(exercice),
        "budget_collectivite": collectivite,
        "budget_origine": "depose",
        **built,
    }
    datasets.create(dataset, user)


def _undelete(package: model.Package) -> None:
    """A deleted dataset comes back private and without the files of its documents."""
    before = datasets.show(package.id)
    others = [r for r in before["resources"] if r.get("budgetod_role") not in metadata.ROLES]
    gone = [one for one in BudgetDocument.all_of_package(package.id) if one.published_serial]
    for document in gone:
        records.unpublish(document)
    datasets.revise(before, {"state": "active", "private": True}, others)
    for document in gone:
        records.forget_files(document)


# --- publication ---------------------------------------------------------------------------------
def publish(row_id: str, content: metadata.Content) -> None:
    """Everything of one deposit in one write. Raises Overtaken when it is no longer the current
    one, NotNow or SearchIndexError when a service is down."""
    row = _running(row_id)
    collectivite = content.fields.get("budget_collectivite") or row.siren
    package_id = ensure_dataset((row.siren, row.exercice), row.owner_org, collectivite)
    datasets.require_index()
    row, document = _lock_current(row_id)
    row.package_id = document.package_id = package_id
    present = BudgetDocument.all_of_package(package_id)
    _stop_if_beaten(row, document, present)
    beaten = ranks.beaten_by(document, present)
    before = datasets.show(package_id)
    planned = metadata.files(row, document, content)
    _note(row, document, content, planned)
    for one in beaten:
        records.outrank(one)
    with contextlib.ExitStack() as opened:
        mine = records.uploads(before, planned, content.xml, opened)
        others = records.without(before["resources"], [document, *beaten])
        ordered = metadata.arrange(others, mine, present)
        update = records.rebuilt(before, row.siren, row.exercice)
        update |= {"owner_org": _owner(row, document, before), "private": False, "state": "active"}
        harvested.let_go(document)
        datasets.revise(before, update, ordered, matched=True)
    records.forget_dropped_files(before, document, planned)
    model.Session.commit()
    for one in beaten:
        records.forget_files(one)


def _stop_if_beaten(
    row: Conversion, document: BudgetDocument, present: list[BudgetDocument]
) -> None:
    """A harvested document ends here when the collectivity deposited the same meanwhile."""
    if ranks.is_beaten(document, present):
        row.enter(State.SUPERSEDED)
        model.Session.commit()
        storage.discard(row.id)
        raise Overtaken


def _owner(row: Conversion, document: BudgetDocument, before: dict[str, Any]) -> str:
    """A deposit brings the dataset to its own organisation; what is harvested moves nothing."""
    if document.origin == identity.DEPOSIT:
        return row.owner_org
    return before.get("owner_org") or row.owner_org


def _running(row_id: str) -> Conversion:
    row = Conversion.get(row_id)
    if row is None or row.state != State.RUNNING.value:
        raise Overtaken
    return row


def _lock_current(row_id: str) -> tuple[Conversion, BudgetDocument]:
    """Row and document, locked until the commit. Raises Overtaken unless the row is current."""
    row = _running(row_id)
    intake.lock((row.siren, row.exercice))
    document = BudgetDocument.get(row.document_key, for_update=True)
    row = Conversion.get(row_id, for_update=True)
    current = document is not None and row is not None and document.current_serial == row.serial
    if not current or row.state != State.RUNNING.value:
        raise Overtaken
    return row, document


def _note(
    row: Conversion,
    document: BudgetDocument,
    content: metadata.Content,
    planned: list[metadata.Planned],
) -> None:
    """Row and document as they will be once the dataset is written."""
    for older in Conversion.newest(document_key=document.key, state=State.PUBLISHED.value):
        older.enter(State.REPLACED)
    kinds = {item.kind: identity.resource_id(document.key, item.kind) for item in planned}
    document.resource_ids = {**kinds, **document.resource_ids}
    document.published_serial = row.serial
    document.withdrawn = document.retired = None
    row.enter(
        State.PUBLISHED,
        report=dict(content.report),
        summary=dict(content.summary),
        gate={**(row.gate or {}), "fields": dict(content.fields)},
        questions=[],
        error_code=None,
        error_params=None,
        error_ref=None,
        outputs=[records.output(item, document) for item in planned],
    )
    if planned:
        row.resource_id = document.resource_ids.get("xml") or row.resource_id
    model.Session.flush()


# --- withdrawal ----------------------------------------------------------------------------------
def withdraw(key: str) -> None:
    """Remove every file of a document; the tombstone stays. Private again when nothing is left.

    Also ends what CKAN's own actions took out of a dataset: a publication that overtook them is
    then taken out once more.
    """
    document = BudgetDocument.get(key, for_update=True)
    if document is None:
        raise tk.ObjectNotFound(key)
    records.mark_withdrawn(document)
    if records.is_listed(document):
        _take_out(document)
    model.Session.commit()
    records.forget_files(document)


def _take_out(document: BudgetDocument) -> None:
    before = datasets.show(document.package_id)
    rest = records.without(before["resources"], [document])
    left = records.published(document.package_id)
    new = description.dataset(left, document.siren, document.exercice)
    update = {name: new[name] for name in ("budget_etapes", "budget_categories", "budget_origine")}
    if not left:
        update["private"] = True
    datasets.revise(before, update, rest)

"""The only writer of datasets: creation, publication, withdrawal. Each is one write.

The row of the deposit changes in the transaction of the dataset: both are there, or neither.
Publication can be done again: it reads the dataset anew and brings it to what it must be.
"""

from __future__ import annotations

import contextlib
import json
from typing import IO, Any

from ckan import model
from ckan.lib import search
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion, State

from . import identity, intake, metadata, records, storage
from .jobs import NotNow, Overtaken
from .owners import owner_of

KEY = "budgetod_publisher"
_TOKEN = object()
"""Known to this process only: no HTTP caller can put it in a context."""


def is_publisher(context: Context) -> bool:
    """True for our own writes, which alone set system fields."""
    return context.get(KEY) is _TOKEN


def publisher_context() -> Context:
    """Acts as the site's own user, reads the database and not the index."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "use_cache": False, KEY: _TOKEN}  # type: ignore[return-value, typeddict-unknown-key]


# --- dataset -------------------------------------------------------------------------------------
def ensure_dataset(
    budget: tuple[str, int], owner_org: str, collectivite: str, user: str = ""
) -> str:
    """The id of the dataset of a SIREN × exercice: found, undeleted or created private.

    Raises SearchIndexError when Solr is down (on 2.11 the dataset is there all the same).
    """
    intake.lock(budget)
    package_id = intake.claim(budget, _free_id(budget))
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
    before = _show(package.id)
    _revise(before, {"owner_org": owner_org}, before["resources"])


def _free_id(budget: tuple[str, int]) -> str:
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
        "title": metadata.title(collectivite, exercice),
        "notes": metadata.notes(collectivite, exercice, []),
    }
    registered = BudgetDataset.get(*budget)
    if registered is not None:
        registered.built = built
    context = publisher_context()
    if user:
        context["user"] = user
    tk.get_action("package_create")(
        context,
        {
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
        },
    )


def _undelete(package: model.Package) -> None:
    """A deleted dataset comes back private and without the files of its documents."""
    before = _show(package.id)
    others = [r for r in before["resources"] if r.get("budgetod_role") not in metadata.ROLES]
    gone = [one for one in BudgetDocument.of_package(package.id) if one.published_serial]
    for document in gone:
        records.unpublish(document)
    _revise(before, {"state": "active", "private": True}, others)
    for document in gone:
        records.forget_files(document)


# --- publication ---------------------------------------------------------------------------------
def publish(row_id: str, content: metadata.Content) -> None:
    """Everything of one deposit in one write. Raises Overtaken when it is no longer the current
    one, NotNow or SearchIndexError when a service is down."""
    row = _running(row_id)
    collectivite = content.fields.get("budget_collectivite") or row.siren
    package_id = ensure_dataset((row.siren, row.exercice), row.owner_org, collectivite)
    _require_index()
    row, document = _lock_current(row_id)
    row.package_id = document.package_id = package_id
    before = _show(package_id)
    planned = metadata.files(row, document, content)
    _note(row, document, content, planned)
    with contextlib.ExitStack() as opened:
        mine = _resources(before, planned, content.xml, opened)
        others = records.without(before["resources"], document.key, document.resource_ids)
        ordered = metadata.arrange(others, mine, BudgetDocument.of_package(package_id))
        update = _dataset_update(before, row)
        _revise(before, {**update, "private": False, "state": "active"}, ordered, row)
    records.forget_dropped_files(before, document, planned)
    model.Session.commit()


def _running(row_id: str) -> Conversion:
    row = Conversion.get(row_id)
    if row is None or row.state != State.RUNNING.value:
        raise Overtaken
    return row


def _lock_current(row_id: str) -> tuple[Conversion, BudgetDocument]:
    """Row and document, locked until the commit. Raises Overtaken unless the row is current."""
    row = _running(row_id)
    document = BudgetDocument.get(row.document_key, for_update=True)
    row = Conversion.get(row_id, for_update=True)
    current = document is not None and row is not None and document.current_serial == row.serial
    if not current or row.state != State.RUNNING.value:
        raise Overtaken
    return row, document


def _require_index() -> None:
    """Files are overwritten before the index is written: do not begin without Solr."""
    if not search.is_available():
        raise NotNow("search index")


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
    document.withdrawn = None
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


def _resources(
    before: dict[str, Any],
    planned: list[metadata.Planned],
    xml: IO[bytes] | None,
    opened: contextlib.ExitStack,
) -> list[dict[str, Any]]:
    """Resource dicts with their uploads; what the dataset already knows of a resource is kept."""
    known = {resource["id"]: resource for resource in before["resources"]}
    resources = []
    for item in planned:
        resource_id = records.id_of(item)
        stream = xml if item.path is None else opened.enter_context(item.path.open("rb"))
        upload = storage.as_upload(stream, item.filename, item.content_type)
        kept = known.get(resource_id, {})
        resources.append({**kept, **item.fields, "id": resource_id, "upload": upload})
    return resources


def _dataset_update(before: dict[str, Any], row: Conversion) -> dict[str, Any]:
    """Fields of the dataset, title and description only where nobody corrected them."""
    new = metadata.dataset(records.published(before["id"]), row.siren, row.exercice)
    registered = BudgetDataset.get(row.siren, row.exercice)
    built = dict(registered.built) if registered else {}
    if registered is not None:
        registered.built = {**built, "title": new["title"], "notes": new["notes"]}
    update = metadata.keep_personal(built, before, new)
    update["name"] = identity.dataset_name(row.siren, row.exercice)
    update["owner_org"] = row.owner_org
    return update


def index_again(package_id: str) -> None:
    """Write the dataset to the index (CKAN 2.11 commits first: the write is there already)."""
    _require_index()
    search.rebuild(package_id, force=True)


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
    before = _show(document.package_id)
    rest = records.without(before["resources"], document.key, document.resource_ids)
    left = records.published(document.package_id)
    new = metadata.dataset(left, document.siren, document.exercice)
    update = {name: new[name] for name in ("budget_etapes", "budget_categories")}
    if not left:
        update["private"] = True
    _revise(before, update, rest)


# --- the write -----------------------------------------------------------------------------------
def _show(package_id: str) -> dict[str, Any]:
    """The dataset as it is in the database, locked until the transaction ends."""
    context = publisher_context()
    context["for_update"] = True
    return tk.get_action("package_show")(context, {"id": package_id})


def _revise(
    before: dict[str, Any],
    update: dict[str, Any],
    resources: list[dict[str, Any]],
    row: Conversion | None = None,
) -> None:
    """One package_revise, matched on the serials that were read. Raises NotNow if they changed."""
    match = {
        # package_revise reads match values as JSON: quoted, a serial stays text
        f"match__resources__{resource['id']}__budgetod_serial": json.dumps(
            resource["budgetod_serial"]
        )
        for resource in before["resources"]
        if resource.get("budgetod_serial") and row is not None
    }
    data = {
        "match": {"id": before["id"]},
        **match,
        "filter": ["-resources"],
        "update": {**update, "resources": resources},
    }
    try:
        tk.get_action("package_revise")(publisher_context(), data)
    except tk.ValidationError as error:
        if "match" in error.error_dict:
            raise NotNow("dataset changed") from None
        raise

"""CKAN's own actions with the gate in front: every way in which an upload can reach a dataset."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.deposit import datasets, gate, identity, messages, publish
from ckanext.budgetod.deposit.arrival import Arrival
from ckanext.budgetod.deposit.owners import owner_of
from ckanext.budgetod.deposit.protect import ATTACHED, Guarded, clean_attached
from ckanext.budgetod.model import BudgetDocument

__all__ = [
    "package_create",
    "package_update",
    "resource_create",
    "resource_update",
]

TYPE = "budget"
ENTRIES = "budgetod_entries"
"""Context key (no HTTP caller can set it): entries that ``resource_create`` made for documents."""
ADDRESS = re.compile(r"budget-(\d{9})-\d{4}")
"""Names of datasets kept for the organisation that holds the SIREN."""
INDEX_DOWN = (SearchError, SearchIndexError)
Next = Callable[[Context, dict[str, Any]], Any]


@tk.chained_action
def package_create(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """A budget dataset begins private and without system fields; uploads pass the gate."""
    if datasets.is_publisher(context):
        return next_(context, data_dict)
    _refuse_address(data_dict)
    resources = data_dict.get("resources") or []
    if data_dict.get("type") != TYPE:
        _guard(resources)
        return next_(context, data_dict)
    tk.check_access("package_create", context, dict(data_dict))
    guarded = Guarded({}, [])
    name = data_dict.get("name") or f"budget-{uuid.uuid4()}"
    guarded.clean_dataset(data_dict)
    data_dict["name"] = name
    return _with_documents(next_, context, data_dict, guarded, None)


def _refuse_address(data_dict: dict[str, Any]) -> None:
    """Nobody takes the address of another organisation's budget before it is deposited."""
    found = ADDRESS.fullmatch(str(data_dict.get("name") or ""))
    holder = owner_of(found[1]) if found else None
    named = model.Group.get(data_dict.get("owner_org") or "")
    if holder is not None and (named is None or named.id != holder.id):
        params = {"autre": holder.display_name, "siret": "", "org": "—"}
        raise messages.DepositRefused("I02", params)


@tk.chained_action
def package_update(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Uploads of documents pass the gate, system fields and built files stay as they are."""
    package = model.Package.get(data_dict.get("id") or data_dict.get("name") or "")
    if package is None or datasets.is_publisher(context):
        return next_(context, data_dict)
    if package.type != TYPE:
        _guard(data_dict.get("resources") or [])
        return next_(context, data_dict)
    tk.check_access("package_update", context, dict(data_dict, id=package.id))
    guarded = _guarded(context, package)
    guarded.entries = set(context.get(ENTRIES, ()))
    guarded.clean_dataset(data_dict)
    gone = _deletions(guarded, data_dict)
    if data_dict.get("state") == "deleted":
        gone = guarded.documents
    result = _with_documents(next_, context, data_dict, guarded, package)
    for document in gone:
        publish.withdraw(document.key)
    return result


def _deletions(guarded: Guarded, data_dict: dict[str, Any]) -> list[BudgetDocument]:
    """Documents withdrawn by this call, their other files taken out of it."""
    if "resources" not in data_dict:
        return []
    data_dict["resources"] = list(data_dict["resources"] or [])
    missing = guarded.missing(data_dict["resources"])
    if missing and guarded.is_stale(data_dict):
        guarded.restore(data_dict, missing)
        return []
    if missing:
        guarded.take_out(data_dict, missing)
    return missing


def _with_documents(
    next_: Next,
    context: Context,
    data_dict: dict[str, Any],
    guarded: Guarded,
    package: model.Package | None,
) -> Any:
    """Take documents out of the resources, do the write, then register them."""
    arrival = Arrival(context, package, new_dataset=package is None)
    try:
        if "resources" in data_dict:
            kept = [_entry(arrival, guarded, r) for r in data_dict["resources"] or []]
            resources = [resource for resource in kept if resource is not None]
            data_dict["resources"] = guarded.clean_resources(resources)
        result = next_(context, data_dict)
        if package is None:
            arrival.settle(result if isinstance(result, str) else result["id"])
    except INDEX_DOWN:
        model.Session.rollback()
        arrival.register()
        raise
    except BaseException:
        arrival.discard()
        raise
    arrival.register(commit=not context.get("defer_commit"))
    return result


def _entry(arrival: Arrival, guarded: Guarded, resource: dict[str, Any]) -> dict[str, Any] | None:
    """What stays of a resource when its document was taken out: its entry, or nothing new."""
    if not _is_document(resource):
        return resource
    deposit = arrival.take(resource.pop("upload"))
    if resource.get("id") in guarded.resources:
        return dict(guarded.resources[resource["id"]])
    entry = placeholder(deposit.identity.key)
    if entry["id"] in guarded.resources or entry["id"] in guarded.entries:
        return None
    guarded.entries.add(entry["id"])
    return entry


def _is_document(resource: dict[str, Any]) -> bool:
    """True for an upload that is not declared as an attached PDF."""
    attached = resource.get("budgetod_role") == ATTACHED
    return gate.is_file(resource.get("upload")) and not attached


def placeholder(key: str) -> dict[str, Any]:
    """The entry of a document that is not published yet: an id, no file, nothing to learn."""
    return {
        "id": identity.resource_id(key, identity.XML_KIND),
        "name": tk._("Document being published"),
        "url": "",
        "format": "XML",
    }


@tk.chained_action
def resource_create(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """A document goes to staging; its entry has no file until publication."""
    package = model.Package.get(data_dict.get("package_id") or "")
    if package is None or datasets.is_publisher(context):
        return next_(context, data_dict)
    if package.type != TYPE:
        _guard([data_dict])
        return next_(context, data_dict)
    tk.check_access("resource_create", context, data_dict)
    if not _is_document(data_dict):
        clean_attached(data_dict)
        return next_(context, data_dict)
    arrival = Arrival(context, package)
    deposit = arrival.take(data_dict.pop("upload"))
    entry = placeholder(deposit.identity.key)
    if _has_resource(package, entry["id"]):
        arrival.register()
        return _show(context, entry["id"])
    return _create_entry(next_, context, arrival, {"package_id": package.id, **entry})


def _create_entry(next_: Next, context: Context, arrival: Arrival, entry: dict[str, Any]) -> Any:
    """The write of the entry; with Solr down the deposit is kept and publication will make it."""
    context[ENTRIES] = [entry["id"]]  # type: ignore[literal-required]
    try:
        resource = next_(context, dict(entry))
    except INDEX_DOWN:
        model.Session.rollback()
        resource = {**entry, "state": "active"}
    except BaseException:
        arrival.discard()
        raise
    arrival.register()
    return resource


@tk.chained_action
def resource_update(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """A new document replaces at publication; until then its entry keeps its file."""
    resource = model.Resource.get(data_dict.get("id") or "")
    package = resource.package if resource is not None else None
    if package is None or datasets.is_publisher(context):
        return next_(context, data_dict)
    if package.type != TYPE:
        _guard([data_dict])
        return next_(context, data_dict)
    context["resource"] = resource
    tk.check_access("resource_update", context, data_dict)
    context.pop("resource")
    guarded = _guarded(context, package)
    if guarded.is_derived(resource.id):
        raise messages.read_only()
    if not _is_document(data_dict):
        if not guarded.is_file(resource.id):
            clean_attached(data_dict)
        return next_(context, data_dict)
    arrival = Arrival(context, package)
    arrival.take(data_dict.pop("upload"))
    arrival.register()
    return _show(context, resource.id)


# --- shared --------------------------------------------------------------------------------------
def _guard(resources: list[dict[str, Any]]) -> None:
    for resource in resources:
        gate.guard(resource.get("upload"))


def _guarded(context: Context, package: model.Package) -> Guarded:
    original = context.get("original_package")
    if not original or original.get("id") != package.id:
        original = tk.get_action("package_show")(
            {"user": context.get("user", ""), "ignore_auth": True, "use_cache": False},
            {"id": package.id},
        )
    return Guarded(original, BudgetDocument.all_of_package(package.id))


def _has_resource(package: model.Package, resource_id: str) -> bool:
    found = model.Resource.get(resource_id)
    return found is not None and found.package_id == package.id and found.state == "active"


def _show(context: Context, resource_id: str) -> Any:
    return tk.get_action("resource_show")(
        {"user": context.get("user", ""), "ignore_auth": True}, {"id": resource_id}
    )

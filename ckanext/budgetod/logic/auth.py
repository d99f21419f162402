"""Who may do what. Reports follow the dataset; running and answering follow its editors."""

from __future__ import annotations

from typing import Any

from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.budgetod.deposit import rights
from ckanext.budgetod.model import BudgetDocument, Conversion, State

from . import harvest, reminders

__all__ = [
    "budgetod_conversion_confirm",
    "budgetod_conversion_edit",
    "budgetod_conversion_list",
    "budgetod_conversion_run",
    "budgetod_conversion_show",
    "budgetod_coverage",
    "budgetod_coverage_remind",
    "budgetod_dataset_documents",
    "budgetod_document_check",
    "budgetod_document_withdraw",
    "budgetod_harvest_retry",
    "budgetod_submit",
]

PUBLIC = (State.PUBLISHED.value,)


def is_sysadmin(context: Context) -> bool:
    """True for sysadmins, and for calls that CKAN itself makes without asking."""
    return bool(context.get("ignore_auth")) or authz.is_sysadmin(context.get("user"))


def budgetod_submit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone who is an editor somewhere; for whom is decided by the file's SIREN."""
    return _editor_somewhere(context)


def budgetod_document_check(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Logged-in users: nothing is stored, but reading a file costs time.

    Asked here: CKAN's own refusal of visitors lets through those of its API.
    """
    return {"success": bool(context.get("user"))}


def budgetod_conversion_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """What is published: whoever may see the dataset. Everything else: its editors."""
    row = _row(data_dict)
    if row.state in PUBLIC:
        return _as("package_show", context, row.package_id)
    return _edits(context, row)


budgetod_conversion_show.auth_allow_anonymous_access = True  # type: ignore[attr-defined]


def budgetod_conversion_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: the answer holds what the asker may see."""
    return {"success": True}


budgetod_conversion_list.auth_allow_anonymous_access = True  # type: ignore[attr-defined]


def budgetod_coverage(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody: it only counts what is public."""
    return {"success": True}


budgetod_coverage.auth_allow_anonymous_access = True  # type: ignore[attr-defined]


def budgetod_coverage_remind(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Sysadmins, and admins of the organisation that holds this SIREN or its datasets."""
    user = context.get("user") or ""
    if is_sysadmin(context) or reminders.may_remind(user, data_dict["siren"]):
        return {"success": True}
    return {"success": False, "msg": tk._("Only administrators can send reminders")}


def budgetod_dataset_documents(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _as("package_show", context, data_dict["id"])


budgetod_dataset_documents.auth_allow_anonymous_access = True  # type: ignore[attr-defined]


def budgetod_conversion_edit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whether deposits of this row may be run, confirmed and seen in full."""
    return _edits(context, _row(data_dict))


def budgetod_conversion_run(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _edits(context, _row(data_dict))


def budgetod_conversion_confirm(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _edits(context, _row(data_dict))


def budgetod_document_withdraw(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    document = find_document(data_dict.get("key") or data_dict["id"])
    return _edits(context, document)


def budgetod_harvest_retry(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may run the whole source."""
    job = harvest.find_job(data_dict["id"])
    return _as("package_update", context, job.source_id)


def find_document(name: str) -> BudgetDocument:
    """A document by its key, one of its resources or one of its deposits. Raises ObjectNotFound."""
    document = BudgetDocument.get(name) or BudgetDocument.of_resource(name)
    if document is None:
        row = Conversion.get(name)
        document = BudgetDocument.get(row.document_key) if row is not None else None
    if document is None:
        raise tk.ObjectNotFound(tk._("Document not found"))
    return document


def _row(data_dict: dict[str, Any]) -> Conversion:
    row = Conversion.get(data_dict.get("id") or "")
    if row is None:
        raise tk.ObjectNotFound(tk._("Conversion not found"))
    return row


def _edits(context: Context, item: Conversion | BudgetDocument) -> AuthResult:
    """Editors of the dataset; of the organisation while the dataset is not there yet."""
    if model.Package.get(item.package_id) is not None:
        return _as("package_update", context, item.package_id)
    organisation = model.Group.get(getattr(item, "owner_org", "") or "")
    allowed = organisation is not None and rights.may_deposit(context, organisation)
    return {"success": allowed}


def _as(action: str, context: Context, package_id: str) -> AuthResult:
    """The answer of CKAN's own auth function for the dataset."""
    names = ("user", "auth_user_obj", "ignore_auth")
    fresh: Any = {name: context[name] for name in names if name in context}
    fresh |= {"model": model, "session": model.Session}  # CKAN 2.11 asks for both
    return authz.is_authorized(action, fresh, {"id": package_id})


def _editor_somewhere(context: Context) -> AuthResult:
    user = context.get("user")
    allowed = bool(user) and authz.has_user_permission_for_some_org(user, rights.PERMISSION)
    if allowed:
        return {"success": True}
    return {"success": False, "msg": tk._("You are not an editor of any organization")}

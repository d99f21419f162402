"""The actions of the extension: deposit a document, follow it, answer, withdraw, check."""

from __future__ import annotations

import itertools
import tempfile
from typing import Any

from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod import config, engine
from ckanext.budgetod.deposit import gate, identity, jobs, messages, owners, publish, rights
from ckanext.budgetod.deposit.arrival import Arrival
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.model import Conversion, State

from . import auth, dictize, schema
from .coverage import budgetod_coverage
from .harvest import budgetod_harvest_retry

__all__ = [
    "budgetod_conversion_confirm",
    "budgetod_conversion_list",
    "budgetod_conversion_run",
    "budgetod_conversion_show",
    "budgetod_coverage",
    "budgetod_dataset_documents",
    "budgetod_document_check",
    "budgetod_document_withdraw",
    "budgetod_harvest_retry",
    "budgetod_submit",
]


def budgetod_submit(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Deposit a TOTEM or CFU document; its dataset is found or created from what the file says.

    :param upload: the XML file (multipart/form-data)
    :param owner_org: the organization you deposit for (optional: the one that holds the SIREN)
    :param package_id: the dataset it must belong to (optional: another budget is refused)
    :param siret: the right SIRET, when the file's is not valid (optional)
    :param confirm: codes of the questions you already answer yes to (optional)
    :param draft: keep the document for later instead of publishing it (optional)

    :returns: ``{"conversion_id", "package_id", "state", "document_key", "existing"}``; the
        identical file again returns the existing conversion.
    :raises ValidationError: the file is refused; nothing was changed.
    """
    tk.check_access("budgetod_submit", context, data_dict)
    data = _validate(data_dict, schema.submit(), context)
    _require_file(data_dict)
    arrival = Arrival(context, _dataset(data, context))
    deposit = arrival.take(
        data_dict["upload"],
        siret=data.get("siret", ""),
        wanted=rights.organisation(data.get("owner_org")),
        answers=_answers(context, data),
        draft=bool(data.get("draft")),
    )
    try:
        _find_or_create(context, deposit)
        row = arrival.register()[0]
    except BaseException:
        arrival.discard()
        raise
    return {
        "conversion_id": row.id,
        "package_id": row.package_id,
        "state": row.state,
        "document_key": row.document_key,
        "existing": row.id != deposit.staged.key,
    }


def _answers(context: Context, data: dict[str, Any]) -> tuple[str, ...]:
    """The questions answered in advance; I04 (a SIREN that nobody holds) is for sysadmins."""
    given = tuple(data.get("confirm") or ())
    return given if auth.is_sysadmin(context) else tuple(code for code in given if code != "I04")


def _dataset(data: dict[str, Any], context: Context) -> model.Package | None:
    """The dataset that the caller named, if any; it must be one of budgets, and his."""
    if not data.get("package_id"):
        return None
    package = model.Package.get(data["package_id"])
    if package is None:
        raise tk.ObjectNotFound(tk._("Dataset not found"))
    if package.type != "budget":
        raise messages.another_type()
    tk.check_access("package_update", _plain(context), {"id": package.id})
    return package


def _find_or_create(context: Context, deposit: Any) -> None:
    """The dataset, so that the depositor can go there; the job makes it if Solr is down now."""
    found = deposit.identity
    collectivite = deposit.extra["collectivite"]
    try:
        publish.ensure_dataset(
            found.budget, deposit.owner_org, collectivite, context.get("user", "")
        )
    except (SearchError, SearchIndexError):
        model.Session.rollback()


@tk.side_effect_free
def budgetod_conversion_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """One deposit: state, steps, report, files.

    :param id: id of the conversion
    """
    tk.check_access("budgetod_conversion_show", context, data_dict)
    row = _get(data_dict)
    return dictize.conversion(row, _may_edit(context, row.id))


@tk.side_effect_free
def budgetod_conversion_list(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Deposits, the newest first; those that you may not see are left out.

    :param package_id, resource_id, document, owner_org, siren, state: filters (optional)
    :param limit: at most 100 (default 20)
    :param offset: how many to skip (default 0)
    """
    tk.check_access("budgetod_conversion_list", context, data_dict)
    data = _validate(data_dict, schema.listing(), context)
    limit, offset = min(data["limit"], 100), data["offset"]
    filters = _filters(data)
    public = State.PUBLISHED.value
    visitor = not (context.get("user") or context.get("ignore_auth"))
    if visitor and filters.setdefault("state", public) != public:
        return []
    visible = (row for row in Conversion.newest(**filters) if _may_see(context, row))
    page = itertools.islice(visible, offset, offset + limit)
    return [dictize.conversion(row, _may_edit(context, row.id)) for row in page]


def _filters(data: dict[str, Any]) -> dict[str, Any]:
    """Columns and values; a dataset or an organization may be given by its name."""
    names = ("package_id", "resource_id", "owner_org", "siren", "state")
    filters = {name: data[name] for name in names if data.get(name)}
    if data.get("document"):
        filters["document_key"] = data["document"]
    for name, kind in (("package_id", model.Package), ("owner_org", model.Group)):
        found = kind.get(filters[name]) if name in filters else None
        if found is not None:
            filters[name] = found.id
    return filters


@tk.side_effect_free
def budgetod_dataset_documents(context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Documents of a dataset, the most final first, with their deposits and files.

    :param id: id or name of the dataset
    """
    _validate(data_dict, schema.by_id(), context)
    tk.check_access("budgetod_dataset_documents", context, data_dict)
    package = tk.get_action("package_show")(_plain(context), {"id": data_dict["id"]})
    can_edit = _allowed("package_update", context, package["id"])
    return dictize.documents(package, can_edit)


def budgetod_conversion_run(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Run a failed conversion again, or enqueue one whose job was lost.

    :param id: id of the conversion
    """
    tk.check_access("budgetod_conversion_run", context, data_dict)
    row = _get(data_dict, for_update=True)
    if row.state == State.FAILED.value:
        jobs.rerun(row)
    elif row.state == State.QUEUED.value and row.job_id is None:
        model.Session.commit()
        jobs.enqueue(row.id)
    else:
        model.Session.rollback()
        raise tk.ValidationError({"id": [tk._("Only an interrupted conversion can be run again")]})
    return budgetod_conversion_show(context, {"id": data_dict["id"]})


def budgetod_conversion_confirm(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Answer yes to the questions that hold a publication back.

    :param id: id of the conversion
    :param answers: codes answered (all of them, or it goes on waiting for the others)
    """
    tk.check_access("budgetod_conversion_confirm", context, data_dict)
    data = _validate(data_dict, schema.confirm(), context)
    row = _get(data_dict, for_update=True)
    if row.state != State.WITHHELD.value:
        model.Session.rollback()
        raise tk.ValidationError({"id": [tk._("This conversion does not wait for an answer")]})
    _attach_siren(context, row, data["answers"])
    row.answers = sorted({*(row.answers or []), *data["answers"]})
    left = [code for code in row.questions if code not in row.answers]
    if left:
        row.questions = left
        model.Session.commit()
    else:
        row.draft = False
        jobs.rerun(row)
    return budgetod_conversion_show(context, {"id": data_dict["id"]})


def _attach_siren(context: Context, row: Conversion, answers: list[str]) -> None:
    """I04: attaching a SIREN to an organization is for sysadmins; it is then written there."""
    if "I04" not in answers or "I04" not in (row.questions or []):
        return
    if not auth.is_sysadmin(context):
        model.Session.rollback()
        raise tk.NotAuthorized(tk._("Only a sysadmin can attach a SIREN to an organization"))
    owners.attach(row.owner_org, row.siren)


def budgetod_document_withdraw(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Remove every file of a document from the portal; its page says that it was withdrawn.

    :param id: key of the document, or id of one of its conversions or resources
    :param key: key of the document, when ``id`` is its dataset
    """
    _validate(data_dict, schema.by_id(), context)
    tk.check_access("budgetod_document_withdraw", context, data_dict)
    document = auth.find_document(data_dict.get("key") or data_dict["id"])
    key, package_id = document.key, document.package_id
    publish.withdraw(key)
    return {"document_key": key, "package_id": package_id, "withdrawn": True}


def budgetod_document_check(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The check report of a file; nothing is stored.

    :param upload: the XML file (multipart/form-data)
    :param siret: the right SIRET, when the file's is not valid (optional)
    :returns: ``{"report", "title", "dataset_name", "document_key"}``
    """
    tk.check_access("budgetod_document_check", context, data_dict)
    data = _validate(data_dict, schema.check(), context)
    _require_file(data_dict)
    with tempfile.TemporaryFile() as clean:
        passed = gate.anonymise(data_dict["upload"].stream, clean)
        clean.seek(0)
        try:
            found = identity.establish(passed.header, data.get("siret", ""))
            report = engine.check(
                clean, facts=passed.facts, siret=found.repaired or None, plans=config.plans()
            )
        except DocumentRefused as error:
            raise messages.refused(error) from None
    report = report.with_gate(passed.findings, passed.masked, passed.dropped)
    return {
        "report": report.to_dict(),
        "dataset_name": identity.dataset_name(*found.budget),
        "document_key": found.key,
    }


# --- shared --------------------------------------------------------------------------------------
_validate = schema.validated


def _require_file(data_dict: dict[str, Any]) -> None:
    if not gate.is_file(data_dict.get("upload")):
        raise gate.wrong_file_field()


def _get(data_dict: dict[str, Any], for_update: bool = False) -> Conversion:
    row = Conversion.get(data_dict["id"], for_update=for_update)
    if row is None:
        raise tk.ObjectNotFound(tk._("Conversion not found"))
    return row


def _plain(context: Context) -> Any:
    """A context of the same person, without what other actions left in it."""
    names = ("user", "auth_user_obj", "ignore_auth")
    return {name: context[name] for name in names if name in context}


def _allowed(action: str, context: Context, item_id: str) -> bool:
    if context.get("ignore_auth"):
        return True
    try:
        tk.check_access(action, _plain(context), {"id": item_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True


def _may_edit(context: Context, row_id: str) -> bool:
    return _allowed("budgetod_conversion_edit", context, row_id)


def _may_see(context: Context, row: Conversion) -> bool:
    return _allowed("budgetod_conversion_show", context, row.id)

"""Pages of a deposit: progress, report, publication as it is, withdrawal; one live row."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.base import render
from flask import Response

from . import dataset_page, documents, lookup, naming, report_view
from .naming import FINAL_STATES

STOP_POLLING = 286
"""The status with which htmx stops asking."""


def progress(id: str, conversion_id: str) -> Any:  # noqa: A002 (CKAN's name of the parameter)
    """How far a deposit is: live with htmx, readable without."""
    package, conversion = lookup.deposit(id, conversion_id)
    if id != package["name"]:
        return _to_progress(package, conversion_id)
    return render("budgetod/progress.html", _progress(package, conversion))


def progress_state(id: str, conversion_id: str) -> Any:  # noqa: A002
    """The live block alone; 286 once there is nothing more to wait for."""
    package, conversion = lookup.deposit(id, conversion_id)
    found = _progress(package, conversion)
    done = conversion["state"] in FINAL_STATES
    block = render("budgetod/snippets/progress_block.html", found)
    return Response(block, status=STOP_POLLING if done else 200)


def _progress(package: lookup.Package, conversion: dict[str, Any]) -> dict[str, Any]:
    lang = dataset_page.language()
    return {
        "pkg": package,
        "conversion": conversion,
        "title": documents.deposit_title(conversion),
        "the_document": naming.the_document(conversion.get("document") or {}),
        "message": documents.message(conversion, lang),
        "progress": documents.progress(conversion),
        "steps": documents.steps(conversion, lang),
        "report_url": dataset_page.report_url(package, conversion),
    }


def _to_progress(package: lookup.Package, conversion_id: str) -> Any:
    return tk.redirect_to("budgetod.progress", id=package["name"], conversion_id=conversion_id)


def row(id: str, key: str) -> Any:  # noqa: A002
    """One row of the dataset page, asked for by itself while it is under way."""
    package = lookup.package(id)
    line = documents.row(lookup.document(package, key), dataset_page.language())
    dataset_page.add_addresses(line, package)
    values = {"pkg": package, "row": line, "can_edit": dataset_page.can_edit(package)}
    block = render("budgetod/snippets/document_row.html", values)
    return Response(block, status=200 if line["live"] else STOP_POLLING)


def run_again(id: str, conversion_id: str) -> Any:  # noqa: A002
    """« Relancer »: put a failed deposit back in the queue."""
    package = lookup.package(id)
    lookup.conversion(package, conversion_id)
    act("budgetod_conversion_run", {"id": conversion_id})
    return _to_progress(package, conversion_id)


def act(action: str, data: dict[str, Any]) -> bool:
    """Run an action; what it refuses is told on the next page. True when it was done."""
    try:
        tk.get_action(action)({}, data)
    except tk.NotAuthorized:
        return tk.abort(403, tk._("You may not change this budget."))
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("Document not found"))
    except tk.ValidationError as error:
        for text in error.error_summary.values():
            tk.h.flash_error(str(text))
        return False
    return True


def checks(id: str) -> Any:  # noqa: A002
    """Every document of the dataset with its report."""
    package = lookup.package(id)
    return render("budgetod/checks.html", {"pkg": package, "page": dataset_page.checks(package)})


def report(id: str, conversion_id: str) -> Any:  # noqa: A002
    """The check report of one deposit."""
    package = lookup.package(id)
    conversion = lookup.conversion(package, conversion_id)
    if not conversion.get("report"):
        return _to_progress(package, conversion_id)
    lang = dataset_page.language()
    found = conversion["report"]
    values = {
        "pkg": package,
        "conversion": conversion,
        "report": found,
        "title": naming.of_the_document(conversion.get("document") or {}),
        "box": report_view.summary_box(conversion),
        "sections": report_view.sections(found, lang, conversion.get("questions") or ()),
        "marks": report_view.marks(found),
        "passed": report_view.passed(found, lang),
        "masked": report_view.masked(found, lang),
        "facts": report_view.facts(conversion, lang),
    }
    return render("budgetod/report.html", values)


def publish_as_is(id: str, conversion_id: str) -> Any:  # noqa: A002
    """« Publier tel quel »: answer every point that holds the publication back."""
    package = lookup.package(id)
    conversion = lookup.conversion(package, conversion_id)
    answers = list(conversion.get("questions") or ())
    act("budgetod_conversion_confirm", {"id": conversion_id, "answers": answers})
    return _to_progress(package, conversion_id)


def withdraw(id: str, key: str) -> Any:  # noqa: A002
    """Ask, then take a document's files away; its addresses keep an explanation."""
    package = lookup.editable_package(id)
    document = lookup.document(package, key)
    title = documents.document_title(document)
    if tk.request.method != "POST":
        values = {"pkg": package, "document": document, "title": title}
        return render("budgetod/withdraw.html", values)
    if act("budgetod_document_withdraw", {"id": package["id"], "key": key}):
        tk.h.flash_success(tk._("{document}: withdrawn.").format(document=title))
    return tk.redirect_to("budget.read", id=package["name"])

"""The deposit form: one file, nothing to type. A refusal changes nothing and says what to do."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.base import render
from flask.views import MethodView
from werkzeug.wrappers import Response

from ckanext.budgetod import config
from ckanext.budgetod.deposit.messages import DepositRefused

from . import lookup


class Deposit(MethodView):
    """``/budget/new`` (no dataset in sight) and ``/budget/<id>/resource/new`` (one is)."""

    def get(self, id: str | None = None) -> Any:  # noqa: A002 (CKAN's own name of the parameter)
        package = _package(id)
        return _may_deposit(package) or _form(package)

    def post(self, id: str | None = None) -> Any:  # noqa: A002
        package = _package(id)
        denied = _may_deposit(package)
        if denied:
            return denied
        upload = tk.request.files.get("upload")
        if not upload:
            return _form(package, refusal=_no_file())
        try:
            row = tk.get_action("budgetod_submit")({}, _request(upload, package))
        except DepositRefused as refused:
            return _form(package, refusal=_refusal(refused, upload))
        except tk.ValidationError as error:
            return _form(package, refusal=_plain(error, upload))
        except tk.NotAuthorized as error:
            return _form(package, refusal=_not_allowed(error, upload))
        if row.get("existing"):
            tk.h.flash_notice(tk._("This very file had already been deposited: nothing changed."))
        return tk.redirect_to(
            "budgetod.progress", id=row["package_id"], conversion_id=row["conversion_id"]
        )


def attach(id: str) -> Any:  # noqa: A002
    """Join a PDF (printed budget, deliberation) to a dataset."""
    package = lookup.package(id)
    denied = _may_deposit(package)
    if denied:
        return denied
    upload = tk.request.files.get("upload")
    if not upload:
        return _form(package, refusal=_no_file(), attaching=True)
    name = (tk.request.form.get("name") or upload.filename or "").strip()
    data = {"package_id": package["id"], "name": name, "format": "PDF", "upload": upload}
    try:
        tk.get_action("resource_create")({}, {**data, "budgetod_role": "document"})
    except DepositRefused as refused:
        return _form(package, refusal=_refusal(refused, upload), attaching=True)
    except tk.ValidationError as error:
        return _form(package, refusal=_plain(error, upload), attaching=True)
    tk.h.flash_success(tk._("The document is attached."))
    return tk.redirect_to("budget.read", id=package["name"])


def _package(name: str | None) -> dict[str, Any] | None:
    return None if name is None else lookup.package(name)


def _may_deposit(package: dict[str, Any] | None) -> Response | None:
    """None when the reader may deposit, else the way to log in or a refusal."""
    try:
        if package:
            tk.check_access("package_update", {}, {"id": package["id"]})
        else:
            tk.check_access("package_create", {}, {"type": "budget"})
    except tk.NotAuthorized:
        if not tk.current_user.is_authenticated:
            return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))
        return tk.abort(403, tk._("You may not deposit budgets here."))
    return None


def _request(upload: Any, package: dict[str, Any] | None) -> dict[str, Any]:
    return {"upload": upload, **({"package_id": package["id"]} if package else {})}


def _form(package: dict[str, Any] | None, **extra: Any) -> str:
    megabytes = config.max_upload_size() // config.MEGABYTE
    return render("budgetod/deposit.html", {"pkg": package, "max_size": megabytes, **extra})


def _refusal(refused: DepositRefused, upload: Any) -> dict[str, Any]:
    """What the form says of a refused file: title, what, why, todo, code, link, name."""
    return {
        **refused.texts,
        "code": refused.code,
        "link": refused.link,
        "filename": upload.filename,
        "size": _size(upload),
    }


def _size(upload: Any) -> int | None:
    """Bytes sent, None when the stream cannot say."""
    try:
        return upload.stream.seek(0, 2)
    except (OSError, ValueError):
        return None


def _no_file() -> dict[str, Any]:
    return {
        "title": tk._("No file was chosen"),
        "what": tk._("Choose the XML file of the budget, then press Publish."),
    }


def _plain(error: tk.ValidationError, upload: Any) -> dict[str, Any]:
    """A refusal by CKAN itself (size, quota, another extension)."""
    words = " ".join(str(text) for text in error.error_summary.values())
    return {
        "title": tk._("The file was not accepted"),
        "what": words,
        "filename": upload.filename,
        "size": _size(upload),
    }


def _not_allowed(error: tk.NotAuthorized, upload: Any) -> dict[str, Any]:
    return {
        "title": tk._("This budget is not one of your organization's"),
        "what": str(error) or tk._("You may not deposit budgets here."),
        "todo": tk._("Check the file, or ask for access to the organization it belongs to."),
        "code": "I02",
        "filename": upload.filename,
        "size": _size(upload),
    }

"""Correct what a person may correct: title, description, contact. The rest is read from files."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.base import render
from flask.views import MethodView

from . import lookup

FIELDS = ("title", "notes", "maintainer", "maintainer_email")


class Edit(MethodView):
    """``/budget/edit/<id>``, in place of CKAN's form of every field."""

    def get(self, id: str) -> Any:  # noqa: A002
        package = lookup.editable_package(id)
        return _form(package, {name: package.get(name) or "" for name in FIELDS}, {})

    def post(self, id: str) -> Any:  # noqa: A002
        package = lookup.editable_package(id)
        values = {name: tk.request.form.get(name, "").strip() for name in FIELDS}
        try:
            tk.get_action("package_patch")({}, {"id": package["id"], **values})
        except tk.ValidationError as error:
            return _form(package, values, error.error_dict)
        tk.h.flash_success(tk._("Saved."))
        return tk.redirect_to("budget.read", id=package["name"])


def _form(package: dict[str, Any], values: dict[str, str], errors: dict[str, Any]) -> str:
    return render("budgetod/edit.html", {"pkg": package, "values": values, "errors": errors})

"""The check report as files: JSON as stored, CSV with one line per finding."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response

from . import dataset_page, lookup


def as_json(id: str, conversion_id: str) -> Any:  # noqa: A002
    """The versioned report (``budgetod-report``)."""
    conversion = _with_report(id, conversion_id)
    text = json.dumps(conversion["report"], ensure_ascii=False, indent=1)
    return _file(text + "\n", "application/json", conversion, "json")


def as_csv(id: str, conversion_id: str) -> Any:  # noqa: A002
    """One line per finding, sentences in the reader's language."""
    conversion = _with_report(id, conversion_id)
    text = findings_csv(conversion["report"], dataset_page.language())
    return _file(text, "text/csv; charset=utf-8", conversion, "csv")


def _with_report(name: str, conversion_id: str) -> dict[str, Any]:
    conversion = lookup.conversion(lookup.package(name), conversion_id)
    if not conversion.get("report"):
        return tk.abort(404, tk._("Deposit not found"))
    return conversion


def _file(text: str, mimetype: str, conversion: dict[str, Any], suffix: str) -> Response:
    document = conversion.get("document") or {}
    parts = ["controles", document.get("siren"), document.get("exercice"), document.get("etape")]
    name = "-".join(str(part) for part in parts if part) + f".{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type=mimetype, headers=headers)

"""The check report as files: JSON in its documented order, CSV with one line per finding."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response

from ckanext.budgetod.engine import findings_render
from ckanext.budgetod.engine.report import Report
from ckanext.budgetod.engine.scdl.writer import write_csv

from . import dataset_page, lookup, naming


def as_json(id: str, conversion_id: str) -> Any:  # noqa: A002
    """The versioned report (``budgetod-report``)."""
    conversion = _with_report(id, conversion_id)
    ordered = Report.from_dict(conversion["report"]).to_dict()
    text = json.dumps(ordered, ensure_ascii=False, indent=1)
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


def _file(text: str | bytes, mimetype: str, conversion: dict[str, Any], suffix: str) -> Response:
    document = conversion.get("document") or {}
    parts = ["controles", document.get("siren"), document.get("exercice"), document.get("etape")]
    name = "-".join(str(part) for part in parts if part) + f".{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type=mimetype, headers=headers)


COLUMNS = (
    "code",
    "niveau",
    "titre",
    "ce_qui_se_passe",
    "pourquoi",
    "que_faire",
    "nombre",
    "ligne_budgetaire",
    "ligne_du_fichier",
    "element",
    "note",
)


def findings_csv(report: dict[str, Any], lang: str) -> bytes:
    """UTF-8 CSV: one line per finding and place; a finding without place has one line."""
    target = io.BytesIO()
    rows = (row for finding in report.get("findings") or () for row in _rows(finding, lang))
    write_csv(target, COLUMNS, rows)
    return target.getvalue()


def _rows(finding: dict[str, Any], lang: str) -> Iterator[list[Any]]:
    texts = findings_render.render(finding, lang)
    words = [texts[name] for name in ("title", "what", "why", "todo")]
    head = [finding["code"], naming.level(finding["level"])["word"], *words, finding.get("count")]
    for place in texts["places"] or [{}]:
        yield [*head, *(place.get(name) for name in ("line", "source_line", "element", "note"))]

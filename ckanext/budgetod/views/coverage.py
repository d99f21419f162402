"""« Qui publie son budget ? »: the page, and the same as JSON and CSV."""

from __future__ import annotations

import io
import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.base import render
from flask import Response

from ckanext.budgetod.engine.scdl.writer import write_csv
from ckanext.budgetod.logic import coverage, schema
from ckanext.budgetod.logic.board import Board, look

from . import coverage_page

PAGE = 20
"""Rows of the page."""

_NAMES = (
    "region", "departement", "type", "epci", "population_min", "exercice", "etape", "etat", "q",
    "limit", "offset",
)  # fmt: skip
_STATES = {"deposited": "déposé", "harvested": "moissonné", "missing": "manquant"}
COLUMNS = (
    "siren", "insee", "nom", "type", "departement", "epci", "population", "obligation", "exercice",
    "etape", "etat", "origine", "jeu_de_donnees",
)  # fmt: skip


def page() -> Any:
    """The board: totals of the region, then the collectivities that the filters leave."""
    asked = _asked()
    asked.setdefault("population_min", str(coverage.THRESHOLD))
    number = _page_number()
    asked |= {"limit": str(PAGE), "offset": str((number - 1) * PAGE)}
    found = _answer(asked)
    return render("budgetod/coverage.html", coverage_page.page(found, asked, number, PAGE))


def as_json() -> Any:
    """What the action answers."""
    text = json.dumps(_answer(_asked()), ensure_ascii=False, indent=1)
    return Response(text + "\n", content_type="application/json")


def as_csv() -> Any:
    """One line per collectivity and document, all of them; stable French names."""
    data = _checked(_asked())
    board = look(coverage.question(data))
    target = io.BytesIO()
    write_csv(target, COLUMNS, (line for one in board.listed() for line in _lines(board, one)))
    column = board.question.column
    name = f"couverture-{board.question.region}-{column.exercice}-{column.etape}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = target.getvalue()
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _lines(board: Board, one: Any) -> Any:
    row = coverage.row(board, one)
    head = [row[name] for name in ("siren", "insee", "name", "type")]
    head += [" ".join(row["departements"]), row["epci"], row["population"]]
    head.append("oui" if row["duty"] else "non")
    for document in row["documents"]:
        yield [
            *head,
            document["exercice"],
            document["etape"],
            _STATES[document["state"]],
            document["origin"],
            document["dataset"],
        ]


def _asked() -> dict[str, str]:
    """Parameters of the address; ``document=ca-2024`` says etape and exercice at once.

    A filter that was left empty counts as said: « Tous ».
    """
    given = {name: tk.request.args[name].strip() for name in _NAMES if name in tk.request.args}
    etape, _, year = tk.request.args.get("document", "").partition("-")
    if etape and year:
        given |= {"etape": etape, "exercice": year}
    return given


def _answer(asked: dict[str, str]) -> dict[str, Any]:
    try:
        return tk.get_action("budgetod_coverage")({}, dict(asked))
    except tk.ValidationError as error:
        return _refuse(error)


def _checked(asked: dict[str, str]) -> dict[str, Any]:
    tk.check_access("budgetod_coverage", {}, {})
    try:
        data = schema.validated(asked, schema.coverage(), {})
        coverage.question(data)
    except tk.ValidationError as error:
        return _refuse(error)
    return data


def _refuse(error: Any) -> Any:
    texts = ", ".join(str(text) for text in error.error_summary.values())
    return tk.abort(400, texts)


def _page_number() -> int:
    text = tk.request.args.get("page", "1")
    return min(max(int(text), 1), 10_000) if text.isdecimal() and len(text) < 8 else 1

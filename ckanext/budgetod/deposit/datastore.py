"""Published CSV files in the DataStore, with declared types and a data dictionary.

No guessing: the columns that the engine declares as amounts are numeric, everything else (codes,
SIRET, labels) is text, zeros in front included. Loaded after publication; it can be done again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.budgetod import config
from ckanext.budgetod.model import Conversion

from . import datasets, storage

BATCH = 5000
TYPES = {"number": "numeric", "integer": "bigint", "date": "date", "boolean": "boolean"}
"""Types of a Table Schema as PostgreSQL names them; anything else is text."""


def load(row: Conversion) -> None:
    """Every CSV of a published deposit, each replacing what was there."""
    if not config.datastore():
        return
    for output in row.outputs or []:
        if output["format"] == "CSV":
            _load_file(output)


def drop(resource_id: str) -> None:
    """Delete the table of a resource, if there is one.

    Not by the action, which needs a living resource and writes the dataset once more.
    """
    if not config.datastore():
        return
    from ckanext.datastore.backend import DatastoreBackend

    backend = DatastoreBackend.get_active_backend()
    if backend.resource_exists(resource_id):
        backend.delete({}, {"resource_id": resource_id})


def _load_file(output: dict[str, Any]) -> None:
    resource_id = output["resource_id"]
    with storage.open_resource(resource_id) as stream:
        rows = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
        fields = _fields(rows.fieldnames or [], output.get("columns") or [])
        drop(resource_id)
        data = {"resource_id": resource_id, "fields": fields, "force": True}
        tk.get_action("datastore_create")(datasets.publisher_context(), data)
        for batch in _batches(rows, fields):
            _insert(resource_id, batch)


def _fields(names: Iterable[str], declared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """DataStore fields: declared type, and title and description for the data dictionary."""
    known = {column["name"]: column for column in declared}
    return [_field(name, known.get(name, {})) for name in names]


def _field(name: str, column: dict[str, Any]) -> dict[str, Any]:
    kind = TYPES.get(column.get("type", ""), "text")
    info = {
        "label": column.get("title") or name,
        "notes": column.get("description") or "",
        "type_override": kind,
    }
    return {"id": name, "type": kind, "info": info}


def _batches(
    rows: Iterable[dict[str, str]], fields: list[dict[str, Any]]
) -> Iterator[list[dict[str, Any]]]:
    """Rows with empty cells of typed columns as null, some thousands at a time."""
    typed = {field["id"] for field in fields if field["type"] != "text"}
    clean = (
        {name: None if name in typed and value == "" else value for name, value in row.items()}
        for row in rows
    )
    while batch := list(islice(clean, BATCH)):
        yield batch


def _insert(resource_id: str, records: list[dict[str, Any]]) -> None:
    data = {"resource_id": resource_id, "records": records, "method": "insert", "force": True}
    tk.get_action("datastore_upsert")(datasets.publisher_context(), data)

"""Conditions of Opendatasoft's query language, written as the type of each field wants them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from ckanext.budgetod.engine.errors import RemoteFailed

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Dataset:
    """What the catalogue says of a dataset. ``fields``: name -> text, int, double, date…"""

    id: str
    fields: Mapping[str, str]
    modified: str = ""
    """ISO moment of the last change of its data, as the service writes it."""
    version: str = ""
    """Differs whenever the data may differ."""
    records_count: int = 0
    title: str = ""


def equals(dataset: Dataset, field: str, value: Any) -> str:
    """The ODSQL condition "field is value", written as the field's declared type wants it.

    >>> base = Dataset("d", {"siren": "text", "exer": "date", "n": "int"}, "")
    >>> equals(base, "siren", "215403957"), equals(base, "exer", 2024), equals(base, "n", 1)
    ('siren="215403957"', 'year(exer)=2024', 'n=1')
    """
    kind = dataset.fields.get(field)
    if kind is None or not _NAME.fullmatch(field):
        raise RemoteFailed("columns", missing=field, dataset=dataset.id)
    if kind in ("date", "datetime"):
        return f"year({field})={int(str(value)[:4])}"
    if kind in ("int", "double"):
        return f"{field}={_number(value)}"
    return f"{field}={quoted(str(value))}"


def any_of(dataset: Dataset, field: str, values: Iterable[Any]) -> str:
    """The condition "field is one of these values"; ``ValueError`` without a value."""
    wanted = list(dict.fromkeys(values))
    if not wanted:
        raise ValueError("no value to look for")
    conditions = [equals(dataset, field, value) for value in wanted]
    if len(conditions) == 1:
        return conditions[0]
    if dataset.fields[field] != "text":
        return "(" + " or ".join(conditions) + ")"
    return f"{field} in ({','.join(quoted(str(value)) for value in wanted)})"


def all_of(*conditions: str) -> str:
    """All of these conditions (those of ``equals`` and ``any_of``); empty ones are left out."""
    return " and ".join(filter(None, conditions))


def _number(value: Any) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite():
        raise ValueError("not a number")
    return format(number, "f")


def quoted(text: str) -> str:
    """A text literal: double quotes, with a backslash before those inside."""
    return json.dumps(text, ensure_ascii=False)

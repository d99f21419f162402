"""What our actions accept, validated the CKAN way."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

Schema = dict[str, Any]


def _get(*names: str) -> list[Any]:
    return [tk.get_validator(name) for name in names]


def by_id() -> Schema:
    """``{"id": …}``."""
    return {"id": _get("not_empty", "unicode_safe")}


def submit() -> Schema:
    return {
        "upload": _get("not_empty"),
        "owner_org": _get("ignore_empty", "unicode_safe"),
        "package_id": _get("ignore_empty", "unicode_safe"),
        "siret": _get("ignore_empty", "unicode_safe", "budgetod_valid_siret"),
        "confirm": [*_get("ignore_empty"), codes],
        "draft": _get("ignore_empty", "boolean_validator"),
    }


def check() -> Schema:
    return {
        "upload": _get("not_empty"),
        "siret": _get("ignore_empty", "unicode_safe", "budgetod_valid_siret"),
    }


def confirm() -> Schema:
    return {
        "id": _get("not_empty", "unicode_safe"),
        "answers": [*_get("not_empty"), codes],
    }


def listing() -> Schema:
    optional = _get("ignore_empty", "unicode_safe")
    return {
        "package_id": optional,
        "resource_id": optional,
        "document": optional,
        "owner_org": optional,
        "siren": optional,
        "state": optional,
        "limit": [tk.get_validator("default")(20), *_get("natural_number_validator")],
        "offset": [tk.get_validator("default")(0), *_get("natural_number_validator")],
    }


def codes(value: Any) -> list[str]:
    """Codes of findings: a list, or text with commas or spaces ("S01, S05")."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise tk.Invalid(tk._("A list of codes is expected"))
    return list(value)

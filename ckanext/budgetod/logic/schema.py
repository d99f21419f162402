"""What our actions accept, validated the CKAN way."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context

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


def coverage() -> Schema:
    optional = _get("ignore_empty", "unicode_safe")
    number = _get("ignore_empty", "natural_number_validator")
    one_of = tk.get_validator("one_of")
    return {
        "region": optional,
        "departement": _get("ignore_empty"),
        "type": _get("ignore_empty"),
        "epci": _get("ignore_empty"),
        "population_min": number,
        "exercice": [*number, year],
        "etape": [*_get("ignore_empty"), one_of(["ca", "cfu", "bp"])],
        "etat": [*_get("ignore_empty"), one_of(["deposited", "harvested", "missing"])],
        "q": optional,
        "limit": [tk.get_validator("default")(100), *_get("natural_number_validator")],
        "offset": [tk.get_validator("default")(0), *_get("natural_number_validator")],
    }


def harvest_retry() -> Schema:
    return {
        "id": _get("not_empty", "unicode_safe"),
        "objects": [*_get("ignore_empty"), codes],
    }


def year(value: Any) -> int:
    """A year that a budget can have."""
    if not isinstance(value, int) or not 1900 < value < 2200:
        raise tk.Invalid(tk._("A year is expected"))
    return value


def validated(data_dict: dict[str, Any], rules: Schema, context: Context) -> dict[str, Any]:
    """Validated copy of the parameters that the rules declare. Raises ValidationError."""
    given = {name: data_dict[name] for name in rules if name in data_dict}
    plain: Any = {
        name: context[name] for name in ("user", "auth_user_obj", "ignore_auth") if name in context
    }
    data, errors = tk.navl_validate(given, rules, plain)
    if errors:
        raise tk.ValidationError(errors)
    return data


def codes(value: Any) -> list[str]:
    """Codes of findings: a list, or text with commas or spaces ("S01, S05")."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise tk.Invalid(tk._("A list of codes is expected"))
    return list(value)

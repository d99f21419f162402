"""Validators of our actions' parameters. Those of organisations are in ``organisation``."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine.siret import valid_siret
from ckanext.budgetod.sources.identifiers import without_spaces

from .organisation import budgetod_siren, budgetod_sirens_rattaches, budgetod_siret

__all__ = [
    "budgetod_siren",
    "budgetod_sirens_rattaches",
    "budgetod_siret",
    "budgetod_valid_siret",
]


def budgetod_valid_siret(value: Any) -> str:
    """Fourteen digits with a right key."""
    siret = without_spaces(str(value))
    if not valid_siret(siret):
        raise tk.Invalid(tk._("“%s” is not a valid SIRET (fourteen digits).") % siret)
    return siret

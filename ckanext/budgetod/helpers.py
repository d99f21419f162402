"""What templates may call: numbers and dates as the reader writes them, data of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.views import (
    coverage_filters,
    dataset_page,
    formatting,
    naming,
    resource_page,
    search_page,
)

__all__ = [
    "budgetod_coverage_state",
    "budgetod_dataset_page",
    "budgetod_date",
    "budgetod_euros",
    "budgetod_field_value",
    "budgetod_headline",
    "budgetod_level",
    "budgetod_moment",
    "budgetod_number",
    "budgetod_resource_page",
    "budgetod_result",
    "budgetod_search_page",
    "budgetod_siren",
    "budgetod_size",
    "budgetod_state",
]


def budgetod_number(value: object, decimals: int = 0) -> str:
    """« 1 301 »."""
    return formatting.number(value, dataset_page.language(), decimals)


def budgetod_euros(value: object, decimals: int = 0) -> str:
    """« 1 301 € »."""
    return formatting.euros(value, dataset_page.language(), decimals)


def budgetod_headline(value: object) -> str:
    """« 18,6 millions »; whole euros under one million."""
    return formatting.headline(value, dataset_page.language())


def budgetod_date(value: object) -> str:
    """« 11 juin 2024 »."""
    return formatting.day(value, dataset_page.language())


def budgetod_moment(value: object) -> str:
    """« 12 juin 2024 à 10 h 42 », in the portal's time zone."""
    return formatting.moment(value, dataset_page.language(), tk.h.get_display_timezone())


def budgetod_size(octets: object) -> str:
    """« 148 ko »."""
    return formatting.file_size(octets, dataset_page.language())


def budgetod_siren(value: object) -> str:
    """« 215 709 908 »."""
    return formatting.siren(value)


def budgetod_state(name: str) -> dict[str, str]:
    """Word, tone and icon of a state."""
    return naming.state(name)


def budgetod_coverage_state(name: str) -> dict[str, str]:
    """Word and icon of « deposited », « harvested », « missing »."""
    return coverage_filters.state(name)


def budgetod_level(name: str) -> dict[str, str]:
    """Word, tone and icon of a report's level."""
    return naming.level(name)


def budgetod_field_value(field: Mapping[str, Any], value: Any) -> str:
    """The value of a dataset field in words: labels of choices, names of places."""
    return dataset_page.field_value(field, value)


def budgetod_dataset_page(package: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the page of a budget's dataset shows."""
    return dataset_page.page(package)


def budgetod_resource_page(package: Mapping[str, Any], resource: Mapping[str, Any]) -> dict:
    """Everything the page of a budget's file shows."""
    return resource_page.page(package, resource)


def budgetod_search_page(**values: Any) -> dict[str, Any]:
    """Facets and chips of the budgets' search page."""
    return search_page.page(**values)


def budgetod_result(package: Mapping[str, Any]) -> dict[str, Any]:
    """One line of search results: type and place, date, stages."""
    return search_page.result(package)

"""The facets of budgets: public names, titles, and labels of their values.

Facets are indexed as ``vocab_budget_*``: on CKAN's stock Solr schema these are multi-valued exact
strings, while an undeclared name would be single-valued and refuse a dataset with two stages.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckanext.scheming.helpers import scheming_field_by_name, scheming_get_dataset_schema
from flask import has_request_context

from ckanext.budgetod.sources.territory import territory

PREFIX = "vocab_budget_"

FIELD_OF = {
    "type": "budget_type_collectivite",
    "etape": "budget_etapes",
    "categorie": "budget_categories",
    "tranche": "budget_tranche",
    "origine": "budget_origine",
}
"""Facet -> field of schemas/budget.yaml whose choices label its values."""


def titles() -> dict[str, str]:
    """Facets in the order of the search page -> title in the language of the request."""
    return {
        f"{PREFIX}type": tk._("Type of local authority"),
        f"{PREFIX}exercice": tk._("Budget year"),
        f"{PREFIX}etape": tk._("Stage"),
        f"{PREFIX}collectivite": tk._("Local authority"),
        f"{PREFIX}departement": tk._("Department"),
        f"{PREFIX}categorie": tk._("Main or annexed budget"),
        f"{PREFIX}tranche": tk._("Population"),
        f"{PREFIX}nomenclature": tk._("Chart of accounts"),
        f"{PREFIX}origine": tk._("Origin"),
    }


def label(facet: str, value: str) -> str:
    """What people read for a value of one of our facets; the value itself when it needs none."""
    name = facet.removeprefix(PREFIX)
    if name == "departement":
        return f"{territory().departement_name(value)} ({value})"
    if name == "region":
        return territory().region_name(value)
    field = _choices_field(FIELD_OF.get(name, ""))
    labels = [one["label"] for one in field["choices"] if one["value"] == value] if field else []
    return _in_language(labels[0]) if labels else value


def put_labels(search_facets: dict[str, Any]) -> None:
    """Replace, in the answer of ``package_search``, the display names of our facets' values."""
    for facet, content in search_facets.items():
        if facet.startswith(PREFIX):
            for item in content["items"]:
                item["display_name"] = label(facet, item["name"])


def _in_language(texts: dict[str, str]) -> str:
    """The text in the language of the request; of the site where there is no request."""
    language = tk.h.lang() if has_request_context() else tk.config["ckan.locale_default"]
    return texts.get(language) or texts["en"]


def _choices_field(field_name: str) -> dict[str, Any] | None:
    schema = scheming_get_dataset_schema("budget") if field_name else None
    field = scheming_field_by_name(schema["dataset_fields"], field_name) if schema else None
    return field if field and field.get("choices") else None

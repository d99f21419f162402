"""What the index holds of a budget dataset beside CKAN's own fields."""

from __future__ import annotations

import json
import re
from typing import Any

from ckanext.budgetod.search import forms
from ckanext.budgetod.search.facets import PREFIX
from ckanext.budgetod.sources.territory import fold, territory

NAME_FIELD = "extras_budget_nom"
"""Spellings of the collectivity's name, and nothing else: searched with the weight of a title."""

WORDS_FIELD = "extras_budget_recherche"
"""All other words of the budget: codes, place, stages, year. Searched through ``text`` only."""

_OURS = re.compile(r"(?:res_)?extras_(?:budget|budgetod)_|res_extras_conforms_to$")


NAMED_BY_US = {"scdl", "etendu", "xml", "comptable", "rapport", "indicateurs"}
"""Roles of files whose names are the same in every dataset: "lignes", "document", "colonnes"."""


def index_budget(indexed: dict[str, Any], built_notes: str = "") -> dict[str, Any]:
    """The document to index: our raw fields out of the full text, search words and facets in.

    Raw fields stay as exact strings (``budget_siren``, ``budget_exercice``…) for filters. Texts
    that publication writes the same for everybody (``built_notes``, names of files) stay out:
    else "lignes de bus" would find every budget.
    """
    budget = json.loads(indexed["validated_data_dict"])
    document = {key: value for key, value in indexed.items() if not _OURS.match(key)}
    for field in ("budget_etapes", "budget_categories"):
        document.pop(field, None)
    if document.get("notes") == built_notes:
        document.pop("notes", None)
    document.update(file_texts(budget))
    document.update(facet_values(budget))
    document[NAME_FIELD] = name_words(budget)
    document[WORDS_FIELD] = other_words(budget)
    return document


def facet_values(budget: dict[str, Any]) -> dict[str, list[str]]:
    """Facet field -> values; a facet without value is left out."""
    values = {
        "collectivite": [facet_name(budget)],
        "type": [budget.get("budget_type_collectivite")],
        "departement": [budget.get("budget_departement")],
        "region": [budget.get("budget_region")],
        "epci": [budget.get("budget_epci")],
        "exercice": [budget.get("budget_exercice")],
        "etape": as_list(budget.get("budget_etapes")),
        "categorie": as_list(budget.get("budget_categories")),
        "nomenclature": normes(as_list(budget.get("budget_nomenclature"))),
        "tranche": [budget.get("budget_tranche")],
        "origine": as_list(budget.get("budget_origine")),
    }
    kept = {name: [str(value) for value in found if value] for name, found in values.items()}
    return {PREFIX + name: found for name, found in kept.items() if found}


def facet_name(budget: dict[str, Any]) -> str:
    """Name of the collectivity, with its département when another one has the same name."""
    name = budget.get("budget_collectivite") or ""
    known = territory().lookup(budget.get("budget_siren") or "")
    if known and len(territory().by_name(fold(known.name))) > 1 and known.departement:
        return f"{name} ({known.departement})"
    return name


def name_words(budget: dict[str, Any]) -> str:
    """Spellings of the official name; of the name in the document when the table lacks it."""
    known = territory().lookup(budget.get("budget_siren") or "")
    return forms.name_forms(known.name if known else budget.get("budget_collectivite") or "")


def other_words(budget: dict[str, Any]) -> str:
    """Codes, place, kind of collectivity, year, stages and categories, in words people type."""
    kind = budget.get("budget_type_collectivite") or ""
    stages = as_list(budget.get("budget_etapes"))
    categories = as_list(budget.get("budget_categories"))
    words = [
        forms.place_words(budget.get("budget_siren") or "", budget.get("budget_departement") or ""),
        forms.TYPE_WORDS.get(kind, kind),
        str(budget.get("budget_exercice") or ""),
        *(forms.STAGE_WORDS.get(stage, stage) for stage in stages),
        *(forms.CATEGORY_WORDS.get(one, one) for one in categories),
        *budgets(budget),
    ]
    return " ".join(filter(None, words))


def file_texts(budget: dict[str, Any]) -> dict[str, list[str]]:
    """Names and descriptions of files that say something of their own: annex tables, PDF."""
    files = [
        resource
        for resource in budget.get("resources", [])
        if resource.get("budgetod_role") not in NAMED_BY_US
    ]
    return {
        f"res_{field}": [resource.get(field) or "" for resource in files]
        for field in ("name", "description")
    }


def budgets(budget: dict[str, Any]) -> list[str]:
    """SIRET and names of the budgets in this dataset, once each: "Eau", "Lotissement"."""
    found = (
        resource.get(field)
        for resource in budget.get("resources", [])
        for field in ("budget_siret", "budget_libelle")
    )
    words = dict.fromkeys(filter(None, found))
    return list(dict.fromkeys(form for word in words for form in (word, fold(word))))


def as_list(value: Any) -> list[str]:
    """A multi-valued field as a list, whether it comes as a list, JSON text or plain text."""
    if not value:
        return []
    if isinstance(value, str):
        value = json.loads(value) if value.startswith("[") else [value]
    return [str(one) for one in value]


def normes(nomenclatures: list[str]) -> list[str]:
    """ "M57-M57_A", "M49" -> ["M57", "M49"]: plans without their declination."""
    found = [norme for text in nomenclatures for norme in re.findall(r"M[0-9]{1,2}", text.upper())]
    return list(dict.fromkeys(found))

"""What a dataset says of itself: title, description and fields, rebuilt at every publication.

What a person typed over title, description and contact is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.model import BudgetDocument

from .identity import DEPOSIT
from .metadata import SOURCE_NAMES, sort_documents

MAIN = (Stage.CFU, Stage.CA, Stage.BP, Stage.BS, Stage.DM)
"""Which document speaks for the whole year, best first."""
PERSONAL = ("title", "notes", "maintainer", "maintainer_email")
"""What a person may correct; a correction is remembered and not rebuilt."""


def title(collectivite: str, exercice: int) -> str:
    return f"Budget {exercice} — {collectivite}"


def notes(collectivite: str, exercice: int, documents: Iterable[BudgetDocument]) -> str:
    """One paragraph that says what the dataset holds."""
    given = sort_documents(documents)
    names = list(dict.fromkeys(_plain_name(document) for document in given))
    held = f"\u00a0: {', '.join(names)}" if names else ""
    if given and all(document.origin != DEPOSIT for document in given):
        return (
            f"Comptes de l’exercice {exercice} de {collectivite}, repris de sources "
            f"nationales{held}. La collectivité n’a pas encore déposé ses documents ici."
        )
    return (
        f"Documents budgétaires de l’exercice {exercice} publiés par {collectivite}{held}. "
        "Lignes au format SCDL, documents XML anonymisés et tableaux annexes."
    )


def _plain_name(document: BudgetDocument) -> str:
    source = SOURCE_NAMES.get(document.origin)
    if not document.is_budget:
        return str(source)
    name = Stage(document.etape).nom
    name = f"{name} n° {document.numero_dm}" if document.numero_dm else name
    return f"{name} ({source})" if source else name


def dataset(
    published: list[tuple[BudgetDocument, Mapping[str, Any]]], siren: str, exercice: int
) -> dict[str, Any]:
    """Every field that publication writes. ``published``: documents in public and their fields."""
    documents = [document for document, _ in published]
    budgets = [document for document in documents if document.is_budget]
    own = not documents or any(document.origin == DEPOSIT for document in documents)
    fields = dict(_speaker(published)) if published else {}
    collectivite = fields.get("budget_collectivite") or siren
    return {
        **fields,
        "title": title(collectivite, exercice),
        "notes": notes(collectivite, exercice, documents),
        "budget_siren": siren,
        "budget_exercice": str(exercice),
        "budget_etapes": sorted({Stage(document.etape).slug for document in budgets}),
        "budget_categories": sorted({document.categorie for document in budgets}),
        "budget_origine": "depose" if own else "moissonne",
        "license_id": "etalab-2.0",
    }


def _speaker(published: list[tuple[BudgetDocument, Mapping[str, Any]]]) -> Mapping[str, Any]:
    """Fields of the document that speaks for the year: its own, principal, most final first."""

    def rank(item: tuple[BudgetDocument, Mapping[str, Any]]) -> tuple[bool, bool, int]:
        document = item[0]
        stage = MAIN.index(Stage(document.etape)) if document.is_budget else len(MAIN)
        return document.origin != DEPOSIT, document.categorie == "annexe", stage

    return min(published, key=rank)[1]


def keep_personal(
    built: Mapping[str, Any], current: Mapping[str, Any], new: dict[str, Any]
) -> dict[str, Any]:
    """``new`` without what a person corrected: a value that is not the one last built."""
    kept = {
        name
        for name in PERSONAL
        if name in built and (current.get(name) or "") != (built[name] or "")
    }
    return {name: value for name, value in new.items() if name not in kept}

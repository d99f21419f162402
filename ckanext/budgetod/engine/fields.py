"""What each column means: Table Schema fields with titles, descriptions and units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

EURO = "EUR"

_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "BGT_NATDEC": (
        "Étape budgétaire",
        "Budget stage",
        "Budget primitif, budget supplémentaire, décision modificative ou compte administratif "
        "(un compte financier unique y est écrit compte administratif).",
        "Stage of the budget; a single financial account is written as compte administratif.",
    ),
    "BGT_ANNEE": ("Exercice", "Year", "Année du budget.", "Year of the budget."),
    "BGT_SIRET": ("SIRET", "SIRET", "Établissement dont c'est le budget.", "Whose budget it is."),
    "BGT_NOM": ("Nom", "Name", "Nom du budget.", "Name of the budget."),
    "BGT_CONTNAT": ("Chapitre", "Chapter", "Code du chapitre.", "Code of the chapter."),
    "BGT_CONTNAT_LABEL": ("Libellé du chapitre", "Chapter label", "", ""),
    "BGT_NATURE": ("Nature", "Account", "Code du compte par nature.", "Code of the account."),
    "BGT_NATURE_LABEL": ("Libellé de la nature", "Account label", "", ""),
    "BGT_FONCTION": ("Fonction", "Function", "Code de la fonction.", "Code of the function."),
    "BGT_FONCTION_LABEL": ("Libellé de la fonction", "Function label", "", ""),
    "BGT_OPERATION": ("Opération", "Operation", "Numéro ou nom d'opération.", "Operation."),
    "BGT_SECTION": ("Section", "Section", "Fonctionnement ou investissement.", "Section."),
    "BGT_OPBUDG": ("Réel ou ordre", "Real or internal", "Nature de l'opération.", ""),
    "BGT_CODRD": ("Recette ou dépense", "Revenue or expenditure", "Sens de la ligne.", "Side."),
    "BGT_MTREAL": ("Montant réalisé", "Realised amount", "Ce qui a été fait.", "What was done."),
    "BGT_MTBUDGPREC": (
        "Budget précédent",
        "Previous budget",
        "Budget de l'année précédente, ou voté jusqu'ici pour une décision modificative.",
        "Budget of the year before, or voted so far for an amending decision.",
    ),
    "BGT_MTRARPREC": ("Restes à réaliser N-1", "Carried over from N-1", "", ""),
    "BGT_MTPROPNOUV": ("Propositions nouvelles", "New proposals", "", ""),
    "BGT_MTPREV": ("Montant voté", "Voted amount", "Vote de cette étape.", "Vote of this stage."),
    "BGT_CREDOUV": ("Crédits ouverts", "Credits", "Crédits de cette étape.", "Credits."),
    "BGT_MTRAR3112": ("Restes à réaliser au 31/12", "Carried over at year end", "", ""),
    "BGT_ARTSPE": ("Article spécialisé", "Specialised article", "", ""),
    "BGT_ETAPE_DETAIL": (
        "Étape exacte",
        "Exact stage",
        "Étape du document, compte financier unique et numéro de décision compris.",
        "Stage of the document, single financial account and decision number included.",
    ),
    "BGT_BUDGET_LIBELLE": ("Libellé du budget", "Name of the budget", "", ""),
    "BGT_BUDGET_TYPE": ("Principal ou annexe", "Principal or annexe", "", ""),
    "BGT_CHAPITRE_FONCTION": ("Chapitre par fonction", "Chapter by function", "", ""),
    "BGT_FONCTION_N1": ("Fonction, niveau 1", "Function, level 1", "", ""),
    "BGT_FONCTION_N1_LABEL": (
        "Libellé de la fonction, niveau 1",
        "Function label, level 1",
        "",
        "",
    ),
}

STRICT_AMOUNTS = frozenset(
    f"BGT_{name}"
    for name in (
        "MTREAL",
        "MTBUDGPREC",
        "MTRARPREC",
        "MTPROPNOUV",
        "MTPREV",
        "CREDOUV",
        "MTRAR3112",
    )
)


def columns(
    names: Iterable[str], lang: str = "fr", amounts: Iterable[str] = STRICT_AMOUNTS
) -> tuple[dict[str, Any], ...]:
    """Table Schema fields, in order: ``amounts`` are numbers in euros, the rest is text.

    Codes stay text (021 is not 21); the year of a budget is a ``year``.
    """
    numbers = frozenset(amounts)
    return tuple(_column(name, lang, name in numbers) for name in names)


def _column(name: str, lang: str, is_amount: bool) -> dict[str, Any]:
    title_fr, title_en, about_fr, about_en = _TEXTS.get(name, ("", "", "", ""))
    column: dict[str, Any] = {"name": name, "type": _type(name, is_amount)}
    title = title_fr if lang == "fr" else title_en
    about = about_fr if lang == "fr" else about_en
    if title:
        column["title"] = title
    if about:
        column["description"] = about
    if is_amount:
        column["unit"] = EURO
    return column


def _type(name: str, is_amount: bool) -> str:
    if is_amount:
        return "number"
    return "year" if name == "BGT_ANNEE" else "string"

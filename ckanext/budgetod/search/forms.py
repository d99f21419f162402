"""The words under which people look for a collectivity, a stage, a place.

CKAN's stock ``text`` type stems English *before* it folds accents: "epinal" does not find "Épinal".
So both spellings are indexed, each of which is then stemmed in the same way as the query.
"""

from __future__ import annotations

import re

from ckanext.budgetod.sources.territory import Collectivity, fold, territory, without_article

STAGE_WORDS = {
    "bp": "bp budget primitif",
    "bs": "bs budget supplémentaire supplementaire",
    "dm": "dm décision decision modificative",
    "ca": "ca compte administratif comptes",
    "cfu": "cfu compte financier unique comptes",
}
"""Stage -> its short and full names, with and without accents."""

CATEGORY_WORDS = {"principal": "budget principal", "annexe": "budget annexe"}

TYPE_WORDS = {
    "commune": "commune ville",
    "epci": "intercommunalité intercommunalite epci",
    "departement": "département departement conseil départemental departemental",
    "region": "région region conseil régional regional",
}


def name_forms(name: str) -> str:
    """Every spelling of a name: official, folded, without article, with st and ste.

    >>> name_forms("L'Hôpital")
    "L'Hôpital hopital"
    >>> name_forms("Saint-Dié")
    'Saint-Dié saint die st die'
    """
    folded = without_article(fold(name))
    short = re.sub(r"\bsaint(e?)\b", r"st\1", folded)
    return " ".join(dict.fromkeys([name, folded, short]))


def place_words(siren: str, departement: str) -> str:
    """Codes and surroundings: SIREN, INSEE, post codes, département, EPCI.

    Not the région: on its own portal every search that names it would find every budget.
    """
    known = territory().lookup(siren)
    words = [siren, *_code_words(known)]
    if departement:
        name = territory().departement_name(departement)
        words += [departement, name, fold(name)]
    epci = territory().lookup(known.epci) if known and known.epci else None
    if epci:
        words += [epci.name, fold(epci.name)]
    return " ".join(dict.fromkeys(words))


def _code_words(known: Collectivity | None) -> list[str]:
    return [known.insee, *known.postcodes] if known and known.type == "commune" else []

"""Words that fill the sentences of findings: a coded value, by kind and language."""

from __future__ import annotations

WORDS = {
    "fr": {
        "section": {"F": "fonctionnement", "I": "investissement"},
        "chapter": {"…": "Autres chapitres"},
        "size_word": {"plus": "élevées", "moins": "faibles"},
        "debt": {"capital_exercice": "Capital remboursé", "interets_exercice": "Intérêts"},
        "reason": {
            "empty": "cellule vide",
            "not_listed": "valeur hors de la liste",
            "too_long": "code trop long",
            "not_a_year": "pas une année",
            "not_a_siret": "pas un SIRET",
            "not_a_number": "pas un nombre",
            "wrong_key": "clé fausse",
        },
        "repair": {
            "byte_order_mark": "marque d’ordre des octets retirée",
            "encoding": "encodage",
            "separator": "séparateur",
            "column_name": "nom de colonne",
            "number": "écriture d’un nombre",
            "enumeration": "valeur de liste",
            "year": "écriture de l’année",
            "code": "écriture d’un code",
            "text": "accents",
            "given": "valeur donnée",
            "from_plan": "chapitre ou libellé pris dans le plan de comptes",
            "section_from_plan": "section prise dans le plan de comptes",
        },
        "of": {"F": "de fonctionnement", "I": "d’investissement"},
        "side": {"D": "dépenses", "R": "recettes"},
        "side1": {"D": "dépense", "R": "recette"},
        "stage": {
            "bp": "budget primitif",
            "dm": "décision modificative",
            "bs": "budget supplémentaire",
            "ca": "compte administratif",
            "cfu": "compte financier unique",
        },
        "amount": {
            "credits": "crédits ouverts",
            "prevu": "montants prévus",
            "realise": "montants réalisés",
        },
    },
    "en": {
        "section": {"F": "operating", "I": "investment"},
        "chapter": {"…": "Other chapters"},
        "reason": {
            "empty": "empty cell",
            "not_listed": "value not in the list",
            "too_long": "code too long",
            "not_a_year": "not a year",
            "not_a_siret": "not a SIRET",
            "not_a_number": "not a number",
            "wrong_key": "wrong key",
        },
        "repair": {
            "byte_order_mark": "byte order mark removed",
            "encoding": "encoding",
            "separator": "separator",
            "column_name": "name of a column",
            "number": "writing of a number",
            "enumeration": "value of a list",
            "year": "writing of the year",
            "code": "writing of a code",
            "text": "accents",
            "given": "value given",
            "from_plan": "chapter or label from the account plan",
            "section_from_plan": "section from the account plan",
        },
        "debt": {"capital_exercice": "Capital repaid", "interets_exercice": "Interest"},
        "side": {"D": "expenditure", "R": "revenue"},
        "side1": {"D": "expenditure", "R": "revenue"},
        "stage": {
            "bp": "initial budget",
            "dm": "amending decision",
            "bs": "supplementary budget",
            "ca": "administrative account",
            "cfu": "single financial account",
        },
        "amount": {
            "credits": "credits",
            "prevu": "planned amounts",
            "realise": "realised amounts",
        },
    },
}
MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}

"""The accounts and functions that hold the slots of the model town, nomenclature by nomenclature.

Each table says what changes from M57_D (``builder_lines``): slot -> account, None when the plan
has no such account. A chapter is written where it is not that of M57. All are in the official
plans of 2021 to 2024.
"""

from __future__ import annotations

Account = str | None
"""``nature`` or ``nature/chapitre``; None: no such account."""

_M14: dict[str, Account] = {
    "subvention": "6574",
    "impots": "73111/73",
    "dotation": "7411",
    "materiel": "2183",
}
_SMALL_M14: dict[str, Account] = {
    **_M14,
    "impots": None,
    "etudes": "203",
    "ordre_041_r": "203",
    "subv_inv": "1311",
}
_CCAS: dict[str, Account] = {
    **_SMALL_M14,
    "produits": "706",
    "dotation": "74718",
    "voirie": "2158",
}
_M4: dict[str, Account] = {
    "energie": "6061",
    "entretien": "61521",
    "remunerations": "6411",
    "subvention": "678/67",
    "produits": "706",
    "impots": None,
    "dotation": None,
    "materiel": "2183",
    "subv_inv": "1311",
}
_SMALL_M4: dict[str, Account] = {
    **_M4,
    "remunerations": "6410",
    "cotisations": "6450",
    "etudes": "203",
    "ordre_041_r": "203",
    "materiel": None,
    "voirie": "2156",
    "ordre_040": "1391",
    "subv_inv": "131",
    "amort_i": "2818",
}
_M43: dict[str, Account] = {
    **_M4,
    "subvention": "65718",
    "produits": "7061",
    "impots": "734/73",
    "dotation": "7474",
}

ACCOUNTS: dict[str, dict[str, Account]] = {
    "M57_A": {
        "energie": "6068",
        "remunerations": "6411",
        "cotisations": None,
        "amortissement": "681",
        "etudes": "203",
        "materiel": "2183",
        "travaux": "231",
        "ordre_041_d": "231",
        "ordre_041_r": "203",
    },
    "M14_COM_SUP3500": _M14,
    "M14_COM_500_3500": {**_M14, "remunerations": "6411"},
    "M14_COM_INF500": {
        **_SMALL_M14,
        "energie": "6061",
        "remunerations": "6411",
        "cotisations": "6450",
        "impots": "731/73",
        "amortissement": "681",
        "travaux": "231",
        "ordre_041_d": "231",
        "ordre_040": "1391",
        "subv_inv": "131",
    },
    "M14_CCAS_SUP3500": _CCAS,
    "M14_CCAS_INF3500": _CCAS,
    "M14_CE": {
        **_SMALL_M14,
        "energie": "6061",
        "remunerations": "6411",
        "produits": "7067",
        "dotation": "7474",
    },
    "M52": {
        "subvention": "6574",
        "produits": "7067",
        "impots": "7321/73",
        "dotation": "7411",
        "travaux": "231311",
        "ordre_041_d": "231311",
    },
    "M61": {
        "subvention": "6574",
        "produits": "7061",
        "impots": None,
        "dotation": "74718",
        "materiel": "2183",
        "voirie": "21531",
        "travaux": "231311",
        "ordre_041_d": "231311",
    },
    "M71": {"subvention": "6574", "produits": "7067", "impots": "7311", "dotation": "7411"},
    "M4": _M4,
    "M41": {**_M4, "remunerations": "64111", "cotisations": "64511", "produits": "7011"},
    "M42": {**_M4, "energie": "60612", "produits": "7031"},
    "M43": _M43,
    "M43_D": _M43,
    "M43_A": {
        **_SMALL_M4,
        "subvention": "6573",
        "impots": "734/73",
        "dotation": "74",
        "loyers": "753",
    },
    "M44": {**_M4, "entretien": "6152", "produits": "7018", "fctva": "10221"},
    "M49_A": {**_SMALL_M4, "remunerations": None, "cotisations": None, "produits": "7011"},
    "M49_D": {**_M4, "produits": "70111", "ordre_040": "13912", "subv_inv": "1312"},
}
"""Of a nomenclature that is not here the town has the accounts of M57_D."""

FONCTIONS: dict[str, dict[str, str]] = {
    "M14_COM_SUP3500": {"845": "822", "311": "33"},
    "M14_CCAS_SUP3500": {"020": "02", "212": "611", "845": "5233", "311": "5238"},
    "M52": {"020": "0202", "212": "221", "845": "621", "311": "311"},
    "M71": {"020": "0202", "212": "222", "845": "822", "311": "311"},
}
"""Functions of M57 -> those of another plan. A plan that is not here has no functions."""

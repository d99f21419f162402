"""The SCDL table schema "budget", version 0.8.3, and the columns of the extended file.

Source: schema.data.gouv.fr, scdl/budget 0.8.3 (2023-09-28). Enumerations are exact: case and
accents count. The empty text is the only missing value.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

VERSION = "0.8.3"
URL = f"https://schema.data.gouv.fr/schemas/scdl/budget/{VERSION}/schema.json"

_SIRET = r"\d{14}"
_YEAR = r"\d{4}"
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_CODE = 9
"""Codes have one to nine characters."""


class Field(NamedTuple):
    """One column: ``kind`` is "text", "year", "siret" or "number"; ``longest`` 0 for no limit."""

    name: str
    kind: str = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    longest: int = 0


NATDEC = (
    "budget primitif",
    "budget supplémentaire",
    "décision modificative",
    "compte administratif",
)
SECTIONS = ("investissement", "fonctionnement")
OPBUDG = ("réel", "ordre")
CODRD = ("recette", "dépense")
ARTSPE = ("non spécialisé", "spécialisé")

AMOUNT_COLUMNS = (
    "BGT_MTREAL",
    "BGT_MTBUDGPREC",
    "BGT_MTRARPREC",
    "BGT_MTPROPNOUV",
    "BGT_MTPREV",
    "BGT_CREDOUV",
    "BGT_MTRAR3112",
)
FIELDS = (
    Field("BGT_NATDEC", required=True, allowed=NATDEC),
    Field("BGT_ANNEE", kind="year", required=True),
    Field("BGT_SIRET", kind="siret", required=True),
    Field("BGT_NOM", required=True),
    Field("BGT_CONTNAT", required=True, longest=_CODE),
    Field("BGT_CONTNAT_LABEL", required=True),
    Field("BGT_NATURE", required=True, longest=_CODE),
    Field("BGT_NATURE_LABEL", required=True),
    Field("BGT_FONCTION", longest=_CODE),
    Field("BGT_FONCTION_LABEL"),
    Field("BGT_OPERATION"),
    Field("BGT_SECTION", required=True, allowed=SECTIONS),
    Field("BGT_OPBUDG", required=True, allowed=OPBUDG),
    Field("BGT_CODRD", required=True, allowed=CODRD),
    *(Field(name, kind="number") for name in AMOUNT_COLUMNS),
    Field("BGT_ARTSPE", allowed=ARTSPE),
)
COLUMNS = tuple(field.name for field in FIELDS)

MTSUP = {
    "PRODCHARAT": "BGT_MTSUP_PRODCHARAT",
    "BUDGETHORSRAR": "BGT_MTSUP_BUDGETHORSRAR",
    "ICNE": "BGT_MTSUP_ICNE",
    "ICNEPREC": "BGT_MTSUP_ICNEPREC",
    "MTOPECUMUL": "BGT_MTSUP_MTOPECUMUL",
    "MTOPEINFO": "BGT_MTSUP_MTOPEINFO",
    "RARPREC": "BGT_MTSUP_RARPREC",
    "APVOTE": "BGT_MTSUP_APVOTE",
    "MTAPVOTE": "BGT_MTSUP_APVOTE",
    "BRUT": "BGT_MTSUP_BRUT",
    "NET": "BGT_MTSUP_NET",
    "COMP": "BGT_MTSUP_COMP",
    "MTPROPNOUV": "BGT_MTSUP_MTPROPNOUV",
}
"""Supplementary amounts by code (vendors vary its case) and the column of each."""

MTSUP_COLUMNS = tuple(dict.fromkeys(MTSUP.values()))
MTSUP_OTHERS = "BGT_MTSUP_AUTRES"
"""Codes without a column, repeated ones, values that are no amount: ``code=value`` by ``;``."""

EXTRA_COLUMNS = (
    "BGT_ETAPE_DETAIL",
    "BGT_BUDGET_LIBELLE",
    "BGT_BUDGET_TYPE",
    "BGT_CHAPITRE_FONCTION",
    "BGT_FONCTION_N1",
    "BGT_FONCTION_N1_LABEL",
    *MTSUP_COLUMNS,
    MTSUP_OTHERS,
)
EXTENDED_COLUMNS = (*COLUMNS, *EXTRA_COLUMNS)
EXTENDED_AMOUNTS = frozenset((*AMOUNT_COLUMNS, *MTSUP_COLUMNS))

FREE_TEXT = frozenset(
    {
        "BGT_NOM",
        "BGT_CONTNAT_LABEL",
        "BGT_NATURE_LABEL",
        "BGT_FONCTION_LABEL",
        "BGT_OPERATION",
        "BGT_BUDGET_LIBELLE",
        "BGT_FONCTION_N1_LABEL",
        MTSUP_OTHERS,
    }
)
"""Columns whose text a person wrote: the only ones that a formula guard may touch."""

PATTERNS = {
    "year": re.compile(_YEAR),
    "siret": re.compile(_SIRET),
    "number": re.compile(_NUMBER),
}


def table_schema() -> dict[str, Any]:
    """The strict columns as a Table Schema (types and constraints, no prose)."""
    return {"fields": [_described(field) for field in FIELDS], "missingValues": [""]}


def _described(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": field.required}
    if field.allowed:
        constraints["enum"] = list(field.allowed)
    if field.longest:
        constraints |= {"minLength": 1, "maxLength": field.longest}
    if field.kind == "siret":
        constraints["pattern"] = f"^{_SIRET}$"
    kind = "string" if field.kind in ("text", "siret") else field.kind
    return {"name": field.name, "type": kind, "constraints": constraints}

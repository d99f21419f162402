"""What a document is called, in a line: « compte administratif 2023, Ville de Valmoselle »."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .findings_render import fill, french

_TITLE = {
    "fr": french(
        "{stage:stage}{number?? n°\u00a0<number> de} {year}{who??, <who>}{budget??, <budget>}"
    ),
    "en": "{stage:stage}{number?? no. <number> of} {year}{who??, <who>}{budget??, <budget>}",
}


def document_title(about: Mapping[str, Any], lang: str) -> str:
    """The title of a document that ``report.describe`` describes; budget: of an annexe one only."""
    params = {
        "stage": about["etape"],
        "number": about["numero_dm"] if about["etape"] == "dm" else "",
        "year": about["exercice"],
        "who": about["collectivite"],
        "budget": about["libelle"] if about["categorie"] == "annexe" else "",
    }
    return fill(_TITLE[lang], params, lang)

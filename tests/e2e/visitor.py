"""What visits of the portal share: screens, and a fictional document to deposit."""

from __future__ import annotations

from typing import Any

from ckanext.budgetod.engine import builder

SIRET = builder.fictional_siret("215709908")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def document(year: int, **fields: Any) -> bytes:
    """A fictional document of Ville de Valmoselle."""
    fields.setdefault("collectivite", "Ville de Valmoselle")
    return builder.totem_document(siret=SIRET, exercice=year, **fields)

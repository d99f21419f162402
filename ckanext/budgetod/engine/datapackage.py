"""The Frictionless description of the tables written: one tabular resource per CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .document import Header
from .report import coded
from .version import package_version

LICENSE = {
    "name": "etalab-2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "title": "Licence Ouverte / Open Licence version 2.0",
}
MISSING = [""]


def datapackage(
    header: Header, basename: str, files: Iterable[Mapping[str, Any]], lang: str = "fr"
) -> dict[str, Any]:
    """The content of ``datapackage.json``.

    ``files``: ``{"kind", "path", "title", "columns"}`` of each table, in any format.
    """
    keywords = ("budget", "collectivité", coded(header.norme), header.stage.slug)
    return {
        "profile": "data-package",
        "name": basename,
        "title": title(header, lang),
        "licenses": [LICENSE],
        "keywords": [word for word in keywords if word],
        "created_by": f"ckanext-budgetod {package_version()}",
        "resources": [_resource(item) for item in files],
    }


def title(header: Header, lang: str) -> str:
    """« Compte administratif 2023, Ville de Valmoselle »."""
    from .findings_render import write

    stage = write(header.stage.slug, "stage", lang)
    name = header.libelle_etablissement or header.libelle_collectivite
    return f"{stage[:1].upper()}{stage[1:]} {header.exercice}, {name.strip()}"


def _resource(item: Mapping[str, Any]) -> dict[str, Any]:
    path = Path(item["path"])
    kind = str(item["kind"]).replace(":", "-").replace("_", "-").lower()
    base = {
        "name": kind if path.suffix == ".csv" else f"{kind}{path.suffix}",
        "path": path.name,
        "title": item["title"],
        "format": path.suffix.removeprefix("."),
    }
    columns: Sequence[Mapping[str, Any]] = item.get("columns") or ()
    if path.suffix != ".csv" or not columns:
        return base
    return {
        **base,
        "profile": "tabular-data-resource",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": [dict(column) for column in columns], "missingValues": MISSING},
    }

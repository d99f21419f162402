"""The Frictionless description of the tables written: one tabular resource per file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .document import Header
from .fields import about_files
from .outputs import Output
from .report import coded, describe
from .titles import document_title
from .version import package_version

LICENSE = {
    "name": "etalab-2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "title": "Licence Ouverte / Open Licence version 2.0",
}
MISSING = [""]
MEDIATYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


def datapackage(
    header: Header, basename: str, files: Iterable[Output], lang: str = "fr"
) -> dict[str, Any]:
    """The content of ``datapackage.json``. ``files``: the tables, in any format."""
    keywords = ("budget", "collectivité", coded(header.norme), header.stage.slug)
    return {
        "profile": "data-package",
        "name": basename,
        "title": title(header, lang),
        "description": about_files("package", lang),
        "licenses": [LICENSE],
        "keywords": [word for word in keywords if word],
        "created_by": f"ckanext-budgetod {package_version()}",
        "resources": [_resource(item, lang) for item in files],
    }


def title(header: Header, lang: str) -> str:
    """« Compte administratif 2023, Ville de Valmoselle »."""
    text = document_title(describe(header), lang)
    return f"{text[:1].upper()}{text[1:]}"


def _resource(table: Output, lang: str) -> dict[str, Any]:
    path = table.path
    kind = table.kind.replace(":", "-").replace("_", "-").lower()
    written = path.suffix.removeprefix(".")
    return {
        "name": kind if written == "csv" else f"{kind}{path.suffix}",
        "path": path.name,
        "title": table.title,
        "description": about_files(table.kind, lang),
        "format": written,
        "mediatype": MEDIATYPES[written],
        **_as_table(written),
        **_as_text(written, path),
        "schema": {"fields": [dict(each) for each in table.columns], "missingValues": MISSING},
    }


def _as_table(written: str) -> dict[str, str]:
    """Not for JSON: Frictionless would refuse it as a table where its extra ``json`` lacks."""
    found = {} if written == "json" else {"type": "table"}
    return {**found, "profile": "tabular-data-resource"} if written == "csv" else found


def _as_text(written: str, path: Path) -> dict[str, Any]:
    """Not for Parquet, which has no encoding, and of which Frictionless does not count bytes."""
    return {} if written == "parquet" else {"encoding": "utf-8", "bytes": path.stat().st_size}

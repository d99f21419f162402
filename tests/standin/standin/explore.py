"""The Explore API v2.1 over datasets made of blocks: catalogue, records, exports, errors."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from . import odsql
from .blocks import Dataset, Field
from .odsql import QueryError
from .reply import Reply, Request, json_reply
from .view import View, paging
from .world import World

PREFIX = "/api/explore/v2.1/catalog"


class Explore:
    """One portal. ``fields`` of the answers may be bent by the scenario of a test."""

    def __init__(self, world: World, datasets: Sequence[Dataset], publisher: str) -> None:
        self.world = world
        self.datasets = {dataset.id: dataset for dataset in datasets}
        self.publisher = publisher

    def answer(self, request: Request, added: str = "", removed: str = "") -> Reply:
        """``added``, ``removed``: name of a column that the source suddenly has, or lost."""
        try:
            return self._route(request, added, removed)
        except QueryError as error:
            return failure(400, error.code, str(error))

    def _route(self, request: Request, added: str, removed: str) -> Reply:
        if not request.path.startswith(f"{PREFIX}/datasets"):
            return failure(404, "NotFound", f"{request.path} is not part of the API.")
        id_, _, rest = request.path[len(f"{PREFIX}/datasets") :].strip("/").partition("/")
        if not id_:
            return self._catalogue(request)
        if id_ not in self.datasets:
            return failure(404, "NotFoundError", f"Unknown dataset: {id_}")
        view = View(self.datasets[id_], added, removed)
        if not rest:
            return json_reply(self._described(view))
        if rest == "records":
            return view.records(request)
        if rest == "attachments":
            return json_reply({"attachments": attachments(view.dataset, request.base)})
        kind = rest.removeprefix("exports/")
        if rest.startswith("exports/") and kind in ("csv", "json", "jsonl"):
            return view.export(request, kind)
        return failure(404, "NotFoundError", f"Unknown resource: {rest}")

    def _catalogue(self, request: Request) -> Reply:
        where = odsql.where(request.arg("where"), {"dataset_id": "text", "title": "text"})
        limit, offset = paging(request, 100)
        found = [d for d in self.datasets.values() if where.test((d.id, d.title))]
        results = [self._described(View(d)) for d in found[offset : offset + limit]]
        return json_reply({"total_count": len(found), "results": results})

    def _described(self, view: View) -> dict[str, object]:
        dataset = view.dataset
        default = {
            "title": dataset.title,
            "description": f"<p>{dataset.title}. Données fictives.</p>",
            "theme": ["COMPTES PUBLICS"],
            "keyword": [],
            "license": "Licence Ouverte v2.0 (Etalab)",
            "license_url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
            "language": "fr",
            "metadata_languages": ["fr"],
            "timezone": None,
            "modified": self.world.modified,
            "modified_updates_on_metadata_change": False,
            "modified_updates_on_data_change": True,
            "data_processed": self.world.modified,
            "metadata_processed": self.world.modified,
            "geographic_reference": ["world_fr"],
            "territory": ["France"],
            "publisher": self.publisher,
            "records_count": dataset.estimate(),
            "attributions": None,
            "federated": False,
        }
        return {
            "visibility": "domain",
            "dataset_id": dataset.id,
            "dataset_uid": f"da_{crc32(dataset.id.encode()) % 10**6:06d}",
            "has_records": True,
            "features": ["analyze"],
            "attachments": [],
            "alternative_exports": [],
            "data_visible": True,
            "fields": [described_field(f) for f in view.fields],
            "metas": {"default": default},
        }


def failure(status: int, code: str, message: str) -> Reply:
    return json_reply({"message": message, "error_code": code}, status)


def described_field(field: Field) -> dict[str, object]:
    annotations: dict[str, object] = {}
    if field.type == "date":
        annotations = {"facet": True, "timeserie_precision": "year"}
    return {
        "name": field.name,
        "description": field.description or None,
        "annotations": annotations,
        "label": field.name.upper(),
        "type": field.type,
    }


def attachments(dataset: Dataset, base: str) -> list[dict[str, object]]:
    """The whole file of a nature × function dataset; its id changes at each edition."""
    if "fonction" not in {f.name for f in dataset.fields}:
        return []
    id_ = f"balancespl_fonction_{dataset.id[-4:]}_juil2026_zip"
    url = f"{base}{PREFIX}/datasets/{dataset.id}/attachments/{id_}"
    metas = {"id": id_, "title": f"{id_}.zip", "mimetype": "application/zip", "url": url}
    return [{"href": url, "metas": metas}]

"""The stand-in of data.gouv.fr: API v1 of datasets and organisations, and the files themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from ckanext.budgetod.sources.territory import Collectivity, fold

from .documents import KINDS, Document
from .organizations import API, FIRST, not_found, organization, organization_id, paged, reference
from .producers import SCDL, Entry, entries, object_id, slug
from .reply import Reply, Request, json_reply
from .world import World

_MOVED = "ancien-serveur"


class DataGouv:
    """``portal``: address of the portal whose dataset comes back harvested (loop)."""

    def __init__(self, world: World, portal: str = "") -> None:
        self.world = world
        self.portal = portal.rstrip("/")
        self._everything = list(entries(world))
        self._made = lru_cache(maxsize=256)(self._make)

    def answer(self, request: Request) -> Reply:
        for pattern, handler in self._routes():
            if found := re.fullmatch(pattern, request.path):
                return handler(request, *found.groups())
        return not_found("The requested URL was not found on the server.")

    def _routes(self) -> tuple[tuple[str, Callable[..., Reply]], ...]:
        return (
            (rf"{API}/datasets/r/([0-9a-f-]+)/?", self.redirect),
            (rf"{API}/datasets/?", self.search),
            (rf"{API}/datasets/([\w-]+)/?", self.dataset),
            (rf"{API}/datasets/([\w-]+)/resources/([0-9a-f-]+)/?", self.resource),
            (rf"{API}/organizations/?", self.organizations),
            (rf"{API}/organizations/([\w-]+)/?", self.organization),
            (rf"{API}/organizations/([\w-]+)/datasets/?", self.of_organization),
            (r"/files/([0-9a-f-]+)/[\w.-]+", self.file),
        )

    # --- datasets --------------------------------------------------------------------------------
    def known(self) -> list[Entry]:
        """Datasets of producers that did not vanish."""
        loops = bool(self.portal)
        return [
            entry
            for entry in self._everything
            if self.world.lookup(entry.one.siren) and ("loop" not in entry.traits or loops)
        ]

    def visible(self) -> list[Entry]:
        hidden = {"deleted", "archived"}
        return [entry for entry in self.known() if not hidden & entry.traits]

    def search(self, request: Request) -> Reply:
        organization = request.arg("organization")
        if organization and not re.fullmatch(r"[0-9a-f]{24}", organization):
            return json_reply({"message": "Organization arg must be an identifier"}, 400)
        schema, kind = request.arg("schema"), request.arg("format").lower()
        words = fold(request.arg("q")).split()
        found = [
            entry
            for entry in self.visible()
            if (not organization or organization_id(entry.one) == organization)
            and (not schema or ("schema" in entry.traits and SCDL["name"] == schema))
            and (not kind or KINDS[entry.kind][1] == kind)
            and all(word in fold(_said(entry)) for word in words)
        ]
        return paged(request, found, lambda entry: self.described(entry, request.base))

    def dataset(self, request: Request, wanted: str) -> Reply:
        entry = next((e for e in self.known() if wanted in (e.id, e.slug)), None)
        if entry is None:
            return not_found("Dataset not found")
        if "deleted" in entry.traits:
            return json_reply({"message": "Dataset has been deleted"}, 410)
        return json_reply(self.described(entry, request.base))

    def resource(self, request: Request, _: str, wanted: str) -> Reply:
        entry = self._of_resource(wanted)
        if entry is None:
            return not_found("Resource not found")
        return json_reply(self._resource(entry, request.base))

    def redirect(self, request: Request, wanted: str) -> Reply:
        entry = self._of_resource(wanted)
        if entry is None or "deleted" in entry.traits:
            return not_found("Resource not found")
        return Reply(b"", 302, {"Location": self._url(entry, request.base)})

    def _of_resource(self, wanted: str) -> Entry | None:
        return next((e for e in self.known() if e.resource_id == wanted), None)

    def described(self, entry: Entry, base: str) -> dict[str, object]:
        page = f"{base}/datasets/{entry.slug}"
        return {
            "id": entry.id,
            "slug": entry.slug,
            "title": entry.title,
            "acronym": None,
            "description": f"{entry.title}. Données fictives.",
            "archived": FIRST.isoformat() if "archived" in entry.traits else None,
            "badges": [],
            "created_at": FIRST.isoformat(),
            "deleted": None,
            "extras": {},
            "featured": False,
            "frequency": "annual",
            "harvest": self._harvest(entry),
            "last_modified": self._modified(entry),
            "last_update": self._modified(entry),
            "license": "lov2",
            "organization": reference(entry.one, base),
            "owner": None,
            "page": page,
            "private": False,
            "quality": {"score": 0.7, "has_resources": True},
            "resources": [self._resource(entry, base)],
            "schema": None,
            "spatial": {"geom": None, "granularity": "fr:commune", "zones": _zones(entry.one)},
            "tags": ["budget", "finances-locales"],
            "temporal_coverage": None,
            "uri": f"{base}{API}/datasets/{entry.id}/",
        }

    def _harvest(self, entry: Entry) -> dict[str, object] | None:
        if "loop" not in entry.traits:
            return None
        address = f"{self.portal}/dataset/budget-{entry.one.siren}-{entry.exercice}"
        return {
            "backend": "DCAT",
            "domain": urlsplit(self.portal).hostname,
            "source_id": object_id(self.portal),
            "remote_id": address,
            "remote_url": address,
            "dct_identifier": address,
            "uri": address,
            "last_update": self._modified(entry),
            "archived": None,
            "archived_at": None,
        }

    def _resource(self, entry: Entry, base: str) -> dict[str, object]:
        _, extension, mime = KINDS[entry.kind]
        content = self.content(entry)
        url = self._url(entry, base)
        if "dead" in entry.traits:
            url = f"{base}/files/{_MOVED}/{entry.filename}.{extension}"
        digest = {"type": "sha1", "value": hashlib.sha1(content).hexdigest()}  # noqa: S324
        return {
            "id": entry.resource_id,
            "title": f"{entry.filename}.{extension}",
            "description": None,
            "type": "main",
            "filetype": "remote" if "loop" in entry.traits else "file",
            "format": extension,
            "mime": mime,
            "url": url,
            "latest": f"{base}{API}/datasets/r/{entry.resource_id}",
            "checksum": None if "unsummed" in entry.traits else digest,
            "filesize": None if "unsummed" in entry.traits else len(content),
            "created_at": FIRST.isoformat(),
            "last_modified": self._modified(entry),
            "extras": {"check:available": "dead" not in entry.traits},
            "harvest": None,
            "internal": {
                "created_at_internal": FIRST.isoformat(),
                "last_modified_internal": self._modified(entry),
            },
            "metrics": {"views": 0},
            "preview_url": None,
            "schema": SCDL if "schema" in entry.traits else None,
        }

    def _url(self, entry: Entry, base: str) -> str:
        name = f"{entry.filename}.{KINDS[entry.kind][1]}"
        if "loop" in entry.traits:
            return f"{self.portal}/dataset/x/resource/{entry.resource_id}/download/{name}"
        return f"{base}/files/{entry.resource_id}/{name}"

    def _modified(self, entry: Entry) -> str:
        revision = self.world.revision(entry.one.siren, entry.exercice)
        return (FIRST + timedelta(days=revision)).isoformat()

    # --- files -----------------------------------------------------------------------------------
    def file(self, _: Request, wanted: str) -> Reply:
        entry = self._of_resource(wanted)
        if entry is None:
            return Reply(
                b"<html><body>404 Not Found</body></html>", 404, {"Content-Type": "text/html"}
            )
        disposition = f'attachment; filename="{entry.filename}.{KINDS[entry.kind][1]}"'
        headers = {"Content-Type": KINDS[entry.kind][2], "Content-Disposition": disposition}
        return Reply(self.content(entry), headers=headers)

    def content(self, entry: Entry) -> bytes:
        """The file as it is today."""
        return self._made(entry, self.world.revision(entry.one.siren, entry.exercice))

    def _make(self, entry: Entry, revision: int) -> bytes:
        document = Document(entry.one, entry.exercice, entry.stage, revision)
        return KINDS[entry.kind][0](document)

    # --- organisations ---------------------------------------------------------------------------
    def producers(self) -> dict[str, Entry]:
        """Organisation -> one of its datasets, in order of appearance."""
        found: dict[str, Entry] = {}
        for entry in self.known():
            found.setdefault(organization_id(entry.one), entry)
        return found

    def organizations(self, request: Request) -> Reply:
        words = fold(request.arg("q")).split()
        found = [
            entry
            for entry in self.producers().values()
            if all(word in fold(entry.one.title) for word in words)
        ]
        return paged(request, found, lambda entry: organization(entry, request.base))

    def organization(self, request: Request, wanted: str) -> Reply:
        entry = self._producer(wanted)
        if entry is None:
            return not_found("Organization not found")
        return json_reply(organization(entry, request.base))

    def of_organization(self, request: Request, wanted: str) -> Reply:
        producer = self._producer(wanted)
        if producer is None:
            return not_found("Organization not found")
        found = [entry for entry in self.visible() if entry.one.siren == producer.one.siren]
        return paged(request, found, lambda entry: self.described(entry, request.base))

    def _producer(self, wanted: str) -> Entry | None:
        by_slug = (e for e in self.producers().values() if slug(e.one.title) == wanted)
        return self.producers().get(wanted) or next(by_slug, None)


def _said(entry: Entry) -> str:
    return f"{entry.title} {entry.one.title} budget finances locales {entry.filename}"


def _zones(one: Collectivity) -> list[str]:
    return [f"fr:commune:{one.insee}"] if one.type == "commune" else []

"""data.gouv.fr: producers of a territory, and those of their files that may be budgets.

Producers are found by SIREN, since the API has no filter for it: the list of organisations is read
whole (some tens of calls), then the datasets of each producer (one call for most). Nothing is
downloaded here but lists; what a file really is, its content tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed

from .cache import Cache
from .http import Client
from .perimeter import Perimeter
from .territory import fold

API = "/api/1"
PAGE = 100
MOST_PAGES = 500
"""A list that is longer is not one of this service."""
SCHEMA = "scdl/budget"
_WORDS = re.compile(
    r"\b(?:budget|comptes? administratif|comptes? financier|cfu\b|totem|docbudgetaire)"
)
"""Beginnings of words, folded, that make a CSV or an XML worth a look."""
_ABBREVIATIONS = re.compile(r"\b(?:bp|bs|dm|ca)[0-9]?\b")
"""Whole words that say as much of an XML, which is rarely anything else."""
_ELSE = re.compile(r"budgets? participatifs?")
"""Projects of inhabitants, not accounts."""
_NOT_FILES = ("api", "code")
LICENCES = {"lov2": "etalab-2.0", "notspecified": ""}
"""Licences of data.gouv.fr that are named otherwise in CKAN."""

_ORGANISATION = "data{id,name,business_number_id},total,next_page"
_DATASET = (
    "data{id,title,page,license,archived,deleted,private,harvest,"
    "resources{id,title,type,format,mime,url,latest,checksum,filesize,last_modified,schema,extras}}"
    ",total,next_page"
)
"""Masks of fields (``X-Fields``): an answer without descriptions is ten times smaller."""


@dataclass(frozen=True, slots=True)
class Producer:
    """An organisation of data.gouv.fr whose SIREN is one of the territory's."""

    id: str
    name: str
    siret: str

    @property
    def siren(self) -> str:
        return self.siret[:9]

    def __str__(self) -> str:
        return f"{self.name} ({self.siren})"


@dataclass(frozen=True, slots=True)
class File:
    """A resource that may be a budget. ``latest`` is its lasting address, ``page`` the one to read.

    ``digest`` changes when the file does. ``ours``: it came from this portal (a loop).
    """

    dataset: str
    resource: str
    title: str
    name: str
    page: str
    latest: str
    digest: str
    modified: str
    licence: str
    kind: str
    ours: bool = False


class DataGouv:
    """The API v1. ``portal``: address of this portal, whose own datasets are not taken back."""

    def __init__(self, client: Client, cache: Cache, base_url: str, portal: str = "") -> None:
        self._client, self._cache = client, cache
        self.base = base_url.rstrip("/")
        self._portal = _place(portal)

    def producers(self, perimeter: Perimeter) -> list[Producer]:
        """Organisations with a SIRET of the territory, by SIREN. Raises SourceError."""
        found = []
        for one in self._all("/organizations/", {"sort": "created"}, _ORGANISATION):
            siret = re.sub(r"\s", "", _text(one, "business_number_id"))
            if re.fullmatch("[0-9]{14}", siret) and _is_in(perimeter, siret[:9]):
                found.append(Producer(_text(one, "id"), _text(one, "name"), siret))
        return sorted(found, key=lambda one: (one.siren, one.id))

    def files(self, producer: Producer, words: Sequence[str] = ()) -> Iterator[File]:
        """Its files that may be budgets. ``words``: further beginnings of words to look for."""
        asked = {"organization": producer.id, "sort": "created"}
        for dataset in self._all("/datasets/", asked, _DATASET):
            if any(dataset.get(name) for name in ("archived", "deleted", "private")):
                continue
            for resource in dataset.get("resources") or ():
                if isinstance(resource, Mapping):
                    yield from self._candidate(dataset, resource, words)

    # --- lists -----------------------------------------------------------------------------------
    def _all(self, path: str, params: Mapping[str, str], fields: str) -> Iterator[dict[str, Any]]:
        """Every entry of a paged list. Raises ``truncated`` when some did not come."""
        seen: set[str] = set()
        for number in range(1, MOST_PAGES + 1):
            page = self._page(path, {**params, "page": str(number)}, fields)
            for entry in page["data"]:
                if isinstance(entry, dict) and _text(entry, "id") not in seen:
                    seen.add(_text(entry, "id"))
                    yield entry
            if not page.get("next_page"):
                break
        expected = page.get("total")
        if isinstance(expected, int) and len(seen) < expected:
            raise RemoteFailed("truncated", found=len(seen), expected=expected, url=self.base)

    def _page(self, path: str, params: Mapping[str, str], fields: str) -> dict[str, Any]:
        """A page of a list; what was read last of it when the site works offline."""
        url = f"{self.base}{API}{path}"
        params = {**params, "page_size": str(PAGE)}
        key = f"{url} {json.dumps(params, sort_keys=True)}"
        if self._client.offline:
            return self._kept(key, url)
        told = self._client.json(url, params, headers={"X-Fields": fields})
        if not isinstance(told, dict) or not isinstance(told.get("data"), list):
            raise RemoteFailed("not_json", url=url)
        with self._cache.store(key) as target:
            target.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        return told

    def _kept(self, key: str, url: str) -> dict[str, Any]:
        path = self._cache.path(key)
        if path is None:
            raise Blocked("offline", url=url)
        return json.loads(path.read_text(encoding="utf-8"))

    # --- files -----------------------------------------------------------------------------------
    def _candidate(
        self, dataset: Mapping[str, Any], resource: Mapping[str, Any], words: Sequence[str]
    ) -> Iterator[File]:
        kind = kind_of(resource)
        title, name = _text(dataset, "title"), _text(resource, "title")
        if kind and (declared(resource) or speaks_of_budget(kind, f"{title} {name}", words)):
            yield File(
                dataset=_text(dataset, "id"),
                resource=_text(resource, "id"),
                title=title,
                name=name,
                page=self._read_at(dataset, resource),
                latest=self._latest(resource),
                digest=digest_of(resource),
                modified=_text(resource, "last_modified"),
                licence=_licence(_text(dataset, "license")),
                kind=kind,
                ours=self.is_ours(dataset, resource),
            )

    def is_ours(self, dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
        """True for what data.gouv.fr harvested from this portal, and for links to it."""
        if not self._portal:
            return False
        harvest = dataset.get("harvest")
        told = harvest if isinstance(harvest, Mapping) else {}
        addresses = [_text(told, name) for name in ("remote_url", "uri")]
        addresses += [f"//{_text(told, 'domain')}", _text(resource, "url")]
        return self._portal in map(_place, addresses)

    def _read_at(self, dataset: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
        page = _text(dataset, "page")
        if urlsplit(page).scheme not in ("http", "https"):
            page = f"{self.base}/datasets/{quote(_text(dataset, 'id'))}"
        return f"{page.rstrip('/')}/#/resources/{quote(_text(resource, 'id'))}"

    def _latest(self, resource: Mapping[str, Any]) -> str:
        """The redirect that follows the file wherever it moves; never ``url``, which dies."""
        told = _text(resource, "latest")
        if told.startswith(f"{self.base}/"):
            return told
        return f"{self.base}{API}/datasets/r/{quote(_text(resource, 'id'))}"


def kind_of(resource: Mapping[str, Any]) -> str:
    """``csv`` or ``xml`` as declared, by its format, its type or its name; "" for anything else."""
    if _text(resource, "type") in _NOT_FILES:
        return ""
    told = _text(resource, "format").lower().strip(". ")
    if told in ("csv", "xml"):
        return told
    mime = _text(resource, "mime").lower()
    ends = [urlsplit(_text(resource, key)).path.lower() for key in ("title", "url")]
    for kind, types in (("csv", ("text/csv",)), ("xml", ("application/xml", "text/xml"))):
        if not told and (mime in types or any(name.endswith(f".{kind}") for name in ends)):
            return kind
    return "csv" if declared(resource) else ""


def declared(resource: Mapping[str, Any]) -> bool:
    """The producer says that it follows the SCDL schema of budgets; it is often not true."""
    schema = resource.get("schema")
    return isinstance(schema, Mapping) and _text(schema, "name") == SCHEMA


def speaks_of_budget(kind: str, text: str, words: Sequence[str] = ()) -> bool:
    """Whether a title makes its file worth a look. ``words``: further beginnings of words."""
    said = _ELSE.sub(" ", fold(text))
    if _WORDS.search(said) or (kind == "xml" and _ABBREVIATIONS.search(said)):
        return True
    return any(f" {word}" in f" {said}" for word in filter(None, map(fold, words)))


def digest_of(resource: Mapping[str, Any]) -> str:
    """Resource id and checksum; where there is none, when it changed and its size."""
    checksum, extras = resource.get("checksum"), resource.get("extras")
    value = _text(checksum, "value") if isinstance(checksum, Mapping) else ""
    if not value and isinstance(extras, Mapping):
        value = _text(extras, "analysis:checksum")
    if not value:
        value = f"{_text(resource, 'last_modified')}+{_text(resource, 'filesize')}"
    return f"{_text(resource, 'id')}:{value}"


def _licence(name: str) -> str:
    return LICENCES.get(name, name)


def _is_in(perimeter: Perimeter, siren: str) -> bool:
    return perimeter.contains(siren) or perimeter.resolve(siren) is not None


def _place(address: str) -> str:
    """ "host" or "host:port" of an address, without the port that goes without saying."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    usual = port in (None, 80, 443)
    host = (parts.hostname or "").lower()
    return host if usual or not host else f"{host}:{port}"


def _text(entry: Mapping[str, Any], name: str) -> str:
    """A value as text; "" for what is absent or is no text."""
    value = entry.get(name)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""

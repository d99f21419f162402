"""Explore API v2.1 of Opendatasoft, which OFGL and DGFiP share: datasets, counts, whole exports.

An export may fail after its 200, so each is checked: its shape, then its number of rows against
``/records`` with the same condition. Only whole ones reach the cache, under the dataset's date of
modification. Calls per block: one for the dataset (remembered), one count, one export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed

from .addresses import shown
from .answers import Downloaded
from .cache import Cache
from .http import Client
from .odsql import Dataset, all_of, any_of, equals, quoted
from .table import check_table

__all__ = ["Dataset", "Explore", "all_of", "any_of", "equals"]

API = "/api/explore/v2.1/catalog/datasets"
PAGE = 100
"""Most rows of one page of ``/records`` or of the catalogue."""
CEILING = 9_900
"""Rows that paging reaches (offset + limit < 10,000); more are for ``export``."""
GROUPS = 19_999
"""Groups in one answer (documented: limit ≤ 20,000 and offset + limit < 20,000)."""
CHANGES = ("modified", "data_processed", "records_count")
"""What tells that a dataset changed: ``modified`` may be set by hand, ``data_processed`` not."""
EXPORT_TRIES = 2
VERSIONS_KEPT = 2
_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9@_.-]*")


class Explore:
    """One Opendatasoft portal. ``base_url`` is ``Settings.url(service)``."""

    def __init__(self, client: Client, cache: Cache, base_url: str, apikey: str = "") -> None:
        self._client = client
        self._cache = cache
        self._base = base_url.rstrip("/") + API
        # In a header, so that no address in a log or a redirect holds the key.
        self._headers = {"Authorization": f"Apikey {apikey}"} if apikey else None
        self._datasets: dict[str, Dataset] = {}

    @property
    def quota(self) -> tuple[int, int] | None:
        """(calls left, calls allowed) if the portal tells it, since this object was made."""
        return self._client.quota

    def dataset(self, dataset_id: str) -> Dataset:
        """The dataset, asked for once. Raises ``dataset`` when the portal does not know it."""
        if dataset_id not in self._datasets:
            if not _DATASET.fullmatch(dataset_id):
                raise RemoteFailed("dataset", dataset=dataset_id)
            self._datasets[dataset_id] = self._describe(dataset_id)
        return self._datasets[dataset_id]

    def _describe(self, dataset_id: str) -> Dataset:
        try:
            told = self._replayed("dataset", [dataset_id], lambda: self._get(f"/{dataset_id}"))
        except RemoteFailed as error:
            if error.code == "gone":
                raise RemoteFailed(
                    "dataset", dataset=dataset_id, url=f"{self._base}/{dataset_id}"
                ) from error
            raise
        try:
            metas = told.get("metas", {}).get("default", {})
            return Dataset(
                id=told["dataset_id"],
                fields={field["name"]: field["type"] for field in told["fields"]},
                modified=str(metas.get("modified") or metas.get("data_processed") or ""),
                version=" ".join(str(metas.get(name) or "") for name in CHANGES),
                records_count=int(metas.get("records_count") or 0),
                title=str(metas.get("title") or ""),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RemoteFailed("not_json", url=f"{self._base}/{dataset_id}") from None

    def count(self, dataset_id: str, where: str) -> int:
        """Number of rows that meet the condition."""
        params = {"limit": 0, **_where(where)}
        told = self._replayed(
            "count", [dataset_id, where], lambda: self._records(dataset_id, params)
        )
        return _total(told)

    def groups(self, dataset_id: str, by: Sequence[str], where: str) -> list[dict[str, Any]]:
        """How many rows each combination of values has: ``[{"siren": "215…", "n": 1540}, …]``."""
        return self._grouped("groups", dataset_id, by, ["count(*) as n"], where)

    def sums(
        self, dataset_id: str, fields: Sequence[str], by: Sequence[str], where: str
    ) -> list[dict[str, Any]]:
        """The sum of each field for each combination: ``[{by…, "montant": 12.5, …}, …]``."""
        self._known(dataset_id, fields)
        wanted = [f"sum({field}) as {field}" for field in fields]
        return self._grouped("sums", dataset_id, by, wanted, where)

    def _grouped(
        self, kind: str, dataset_id: str, by: Sequence[str], wanted: list[str], where: str
    ) -> list[dict[str, Any]]:
        self._known(dataset_id, by)
        params = {
            "select": ",".join([*by, *wanted]),
            "group_by": ",".join(by),
            "limit": GROUPS,
            **_where(where),
        }
        question = [dataset_id, where, *by, *wanted]
        told = self._replayed(kind, question, lambda: self._records(dataset_id, params))
        found = _results(told)
        if len(found) >= GROUPS:
            raise RemoteFailed("too_large", limit=GROUPS, url=self._base)
        return found

    def records(
        self, dataset_id: str, where: str, columns: Sequence[str], order_by: str
    ) -> list[dict[str, Any]]:
        """All rows of a small answer, page by page. Raises ``too_large`` above ``CEILING`` rows."""
        self._known(dataset_id, columns)
        params = {"select": ",".join(columns), "order_by": order_by, **_where(where)}
        pages = lambda: list(self._pages(f"/{dataset_id}/records", params))  # noqa: E731
        return self._replayed("records", [dataset_id, where, order_by, *columns], pages)

    def search(self, words: str) -> list[tuple[str, str]]:
        """Id and title of the datasets of the catalogue whose id holds these words."""
        params = {"where": f"search(dataset_id,{quoted(words)})", "order_by": "dataset_id"}
        pages = lambda: list(self._pages("", params))  # noqa: E731
        found = self._replayed("search", [words], pages)
        return [
            (one["dataset_id"], str(one.get("metas", {}).get("default", {}).get("title") or ""))
            for one in found
        ]

    def export(
        self, dataset_id: str, where: str, columns: Sequence[str], *, required: Collection[str] = ()
    ) -> Path:
        """A whole CSV (``;``, UTF-8, BOM or not) of the columns that the dataset has.

        Raises ``columns`` when one of ``required`` is missing, ``truncated``, ``interrupted`` or
        ``html`` for an export that is not whole; such a file is never kept. Offline: the newest
        whole export of the same question, whatever the dataset's date.
        """
        dataset = self.dataset(dataset_id)
        missing = sorted(set(required) - dataset.fields.keys())
        wanted = [column for column in dict.fromkeys(columns) if column in dataset.fields]
        if missing or not wanted:
            raise RemoteFailed("columns", missing=", ".join(missing or columns), dataset=dataset_id)
        question = self._key("export", [dataset_id, where, *columns])
        key = f"{question} {dataset.version}"
        if self._client.offline:
            return self._newest(question)
        with self._cache.alone(question):
            path = self._cache.path(key)
            if path is None:
                self._download(dataset, where, wanted, key)
                self._remember(question, key)
                path = self._newest(question)
            return path

    def exported(self, dataset_id: str, where: str, columns: Sequence[str]) -> Path | None:
        """The last whole export of a question if it is still in the cache; nothing is called."""
        try:
            return self._newest(self._key("export", [dataset_id, where, *columns]))
        except Blocked:
            return None

    def _download(self, dataset: Dataset, where: str, columns: list[str], key: str) -> None:
        for left in reversed(range(EXPORT_TRIES)):
            try:
                return self._try_download(dataset, where, columns, key)
            except RemoteFailed as error:
                if not left or error.code not in ("truncated", "interrupted"):
                    raise
        return None

    def _try_download(self, dataset: Dataset, where: str, columns: list[str], key: str) -> None:
        url = f"{self._base}/{dataset.id}/exports/csv"
        params = {
            "select": ",".join(columns),
            "delimiter": ";",
            "use_labels": "false",
            **_where(where),
        }
        expected = self.count(dataset.id, where)
        with self._cache.store(key, rows=expected, modified=dataset.modified) as part:
            if not expected:
                part.write_text(";".join(columns) + "\n", encoding="utf-8")
                return
            got = self._client.download(url, part, params, headers=self._headers)
            _check(got, columns, expected)

    def _newest(self, question: str) -> Path:
        """The last whole export of a question."""
        about = self._cache.about(question) or {}
        path = next(filter(None, map(self._cache.path, about.get("versions", []))), None)
        if path is None:
            raise Blocked("offline", url=self._base)
        return path

    def _remember(self, question: str, key: str) -> None:
        """Put ``key`` first among the versions of a question; forget those too old."""
        about = self._cache.about(question) or {}
        versions = [key, *(one for one in about.get("versions", []) if one != key)]
        with self._cache.store(question, versions=versions[:VERSIONS_KEPT]) as part:
            part.touch()
        for old in versions[VERSIONS_KEPT:]:
            self._cache.remove(old)

    def _known(self, dataset_id: str, columns: Iterable[str]) -> None:
        missing = [name for name in columns if name not in self.dataset(dataset_id).fields]
        if missing:
            raise RemoteFailed("columns", missing=", ".join(missing), dataset=dataset_id)

    def _records(self, dataset_id: str, params: Mapping[str, Any]) -> Any:
        return self._get(f"/{dataset_id}/records", params)

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._client.json(self._base + path, params, headers=self._headers)

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        offset, total = 0, 1
        while offset < total:
            told = self._get(path, {**params, "limit": PAGE, "offset": offset})
            total, found = _total(told), _results(told)
            if total > CEILING:
                raise RemoteFailed("too_large", limit=CEILING, url=self._base + path)
            yield from found
            offset += len(found)
            if not found and offset < total:
                raise RemoteFailed("truncated", expected=total, found=offset)

    def _replayed(self, kind: str, question: list[str], ask: Callable[[], Any]) -> Any:
        """An answer, kept so that it can be read again offline. Never read again online."""
        key = self._key(kind, question)
        if not self._client.offline:
            told = ask()
            with self._cache.store(key) as part:
                part.write_text(json.dumps(told), encoding="utf-8")
            return told
        path = self._cache.path(key)
        if path is None:
            raise Blocked("offline", url=self._base)
        return json.loads(path.read_bytes())

    def _key(self, kind: str, question: list[str]) -> str:
        return json.dumps([self._base, kind, *question], ensure_ascii=False)


def _check(got: Downloaded, columns: list[str], expected: int) -> None:
    """Raise what keeps an export from being whole."""
    try:
        header, found = check_table(got.path, ended=not got.framed)
    except RemoteFailed as error:
        told = {"url": shown(got.url), **error.params}
        if error.code == "truncated":
            told["expected"] = expected
        raise RemoteFailed(error.code, **told) from None
    if set(header) != set(columns):
        missing = sorted(set(columns) - set(header))
        raise RemoteFailed("columns", missing=", ".join(missing), url=shown(got.url))
    if found != expected:
        raise RemoteFailed("truncated", expected=expected, found=found, url=shown(got.url))


def _where(where: str) -> dict[str, str]:
    return {"where": where} if where else {}


def _total(told: Any) -> int:
    try:
        return int(told["total_count"])
    except (KeyError, TypeError, ValueError):
        raise RemoteFailed("not_json") from None


def _results(told: Any) -> list[dict[str, Any]]:
    found = told.get("results") if isinstance(told, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise RemoteFailed("not_json")
    return found

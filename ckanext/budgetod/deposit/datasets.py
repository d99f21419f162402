"""The only door through which datasets are written: one ``package_create`` or ``package_revise``.

Our writes are known by a token in their context, which no HTTP caller can put there: only they may
set system fields. Whatever the caller flushed before is committed with the write.
"""

from __future__ import annotations

import json
from typing import Any

from ckan.lib import search, uploader
from ckan.plugins import toolkit as tk
from ckan.types import Context

from . import storage
from .jobs import NotNow

KEY = "budgetod_publisher"
_TOKEN = object()


def is_publisher(context: Context) -> bool:
    """True for our own writes, which alone set system fields."""
    return context.get(KEY) is _TOKEN


def publisher_context() -> Context:
    """Acts as the site's own user, reads the database and not the index."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "use_cache": False, KEY: _TOKEN}  # type: ignore[return-value, typeddict-unknown-key]


def create(dataset: dict[str, Any], user: str = "") -> None:
    """Create a dataset, as ``user`` or as the site itself. Raises SearchIndexError without Solr.

    Its resources may carry uploads, as in ``revise``: the files are written first (their ids are
    given), so that the dataset is never there without them.
    """
    context = publisher_context()
    if user:
        context["user"] = user
    resources = dataset.get("resources") or []
    for resource in resources:
        _write_file(resource)
    try:
        tk.get_action("package_create")(context, dataset)
    except tk.ValidationError:
        for resource in resources:
            storage.remove_resource_file(resource["id"])
        raise


def _write_file(resource: dict[str, Any]) -> None:
    """What package_update does with an upload, which package_create leaves alone."""
    upload = uploader.get_resource_uploader(resource)
    resource["size"] = upload.filesize
    upload.upload(resource["id"], uploader.get_max_resource_size())
    resource.pop("upload", None)


def show(package_id: str) -> dict[str, Any]:
    """The dataset as it is in the database, locked until the transaction ends."""
    context = publisher_context()
    context["for_update"] = True
    return tk.get_action("package_show")(context, {"id": package_id})


def revise(
    before: dict[str, Any],
    update: dict[str, Any],
    resources: list[dict[str, Any]],
    matched: bool = False,
) -> None:
    """One package_revise; with ``matched`` on the serials that ``before`` holds.

    Raises NotNow when they changed meanwhile.
    """
    match = {
        # package_revise reads match values as JSON: quoted, a serial stays text
        f"match__resources__{resource['id']}__budgetod_serial": json.dumps(
            resource["budgetod_serial"]
        )
        for resource in before["resources"]
        if resource.get("budgetod_serial") and matched
    }
    data = {
        "match": {"id": before["id"]},
        **match,
        "filter": ["-resources"],
        "update": {**update, "resources": resources},
    }
    try:
        tk.get_action("package_revise")(publisher_context(), data)
    except tk.ValidationError as error:
        if "match" in error.error_dict:
            raise NotNow("dataset changed") from None
        raise


def delete(package_id: str) -> None:
    """Delete a dataset that holds nothing any more; depositing again brings it back."""
    tk.get_action("package_delete")(publisher_context(), {"id": package_id})


def require_index() -> None:
    """Files are overwritten before the index is written: do not begin without Solr."""
    if not search.is_available():
        raise NotNow("search index")


def index_again(package_id: str) -> None:
    """Write the dataset to the index (CKAN 2.11 commits first: the write is there already)."""
    require_index()
    search.rebuild(package_id, force=True)


__all__ = [
    "create",
    "delete",
    "index_again",
    "is_publisher",
    "publisher_context",
    "require_index",
    "revise",
    "show",
]

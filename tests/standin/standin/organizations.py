"""Organisations and pages of lists, as the API v1 of data.gouv.fr writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from urllib.parse import urlencode

from ckanext.budgetod.sources.territory import Collectivity

from .producers import Entry, object_id, siret_of, slug
from .reply import Reply, Request, json_reply

API = "/api/1"
FIRST = datetime(2025, 5, 12, 9, 0, tzinfo=timezone.utc)
"""When everything was published."""


def organization_id(one: Collectivity) -> str:
    return object_id(f"organization {one.siren}")


def reference(one: Collectivity, base: str) -> dict[str, object]:
    """What a dataset says of its organisation: no SIRET there."""
    id_ = organization_id(one)
    return {
        "class": "Organization",
        "id": id_,
        "name": one.title,
        "acronym": None,
        "slug": slug(one.title),
        "badges": [{"kind": "public-service"}],
        "logo": None,
        "logo_thumbnail": None,
        "page": f"{base}/organizations/{slug(one.title)}",
        "uri": f"{base}{API}/organizations/{id_}/",
    }


def organization(entry: Entry, base: str) -> dict[str, object]:
    return {
        **reference(entry.one, base),
        "business_number_id": siret_of(entry),
        "description": f"{entry.one.title} : données fictives.",
        "created_at": FIRST.isoformat(),
        "last_modified": FIRST.isoformat(),
        "deleted": None,
        "extras": {},
        "members": [],
        "metrics": {"datasets": 1},
        "url": None,
    }


def paged(request: Request, found: Sequence[Entry], describe: Callable[[Entry], object]) -> Reply:
    """One page of a list, with the addresses of the next and the previous one."""
    page, size = request.arg("page", "1"), request.arg("page_size", "20")
    if not (page.isdigit() and size.isdigit() and int(page) > 0 and int(size) > 0):
        return json_reply({"message": "Invalid page"}, 400)
    number, count = int(page), int(size)
    start = (number - 1) * count
    if start and start >= len(found):
        return not_found("The requested page was not found.")

    def link(other: int) -> str:
        args = {name: values[-1] for name, values in request.args.items()} | {"page": str(other)}
        return f"{request.base}{request.path}?{urlencode(args)}"

    return json_reply(
        {
            "data": [describe(entry) for entry in found[start : start + count]],
            "page": number,
            "page_size": count,
            "total": len(found),
            "next_page": link(number + 1) if start + count < len(found) else None,
            "previous_page": link(number - 1) if number > 1 else None,
        }
    )


def not_found(message: str) -> Reply:
    return json_reply({"message": message}, 404)

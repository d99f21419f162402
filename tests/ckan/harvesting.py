"""What the tests of harvesters share: the stand-in of the sources, harvest sources, their runs."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

from standin import StandIn


def settings_of(standin: StandIn) -> dict[str, Any]:
    """The site's settings that make it call the stand-in, quickly."""
    urls = {f"budgetod.sources.{name}.url": url for name, url in standin.urls.items()}
    return {
        **urls,
        "budgetod.sources.allowed_hosts": [f"127.0.0.1:{standin.port}"],
        "budgetod.sources.calls_per_minute": 60_000,
        "budgetod.sources.connect_timeout": 2,
        "budgetod.sources.read_timeout": 3,
        "budgetod.sources.attempts": 2,
    }


def site_context() -> dict[str, Any]:
    from ckan.plugins import toolkit as tk

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True}


def make_source(kind: str, config: dict[str, Any], owner_org: str) -> str:
    """The id of a new harvest source."""
    from ckan.plugins import toolkit as tk

    name = f"source-{uuid.uuid4()}"
    made = tk.get_action("harvest_source_create")(
        site_context(),
        {
            "name": name,
            "title": name,
            "url": f"http://budgetod.test/{name}",
            "source_type": kind,
            "owner_org": owner_org,
            "config": json.dumps(config),
            "frequency": "MANUAL",
        },
    )
    return made["id"]


def run(source_id: str) -> Counter:
    """Harvest now; objects by status. Gather errors count as ``gather``."""
    from ckanext.budgetod.harvesters import run as foreground

    told = foreground.run(source_id)
    counts = Counter(told.counts)
    if told.gather_errors:
        counts["gather"] = len(told.gather_errors)
    return counts


def dataset(siren: str, exercice: int) -> dict[str, Any] | None:
    """The dataset of a budget as it is in the database, None when there is none."""
    from ckan import model
    from ckan.plugins import toolkit as tk

    model.Session.rollback()
    context = {**site_context(), "use_cache": False}
    try:
        return tk.get_action("package_show")(context, {"id": f"budget-{siren}-{exercice}"})
    except tk.ObjectNotFound:
        return None

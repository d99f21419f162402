"""Creates the demonstration's organisations and editor through the portal's API.

Reads ``PORTAL_URL``, ``ADMIN_TOKEN`` and ``EDITOR_PASSWORD``. Safe to repeat: what exists is left
alone. Everybody here is fictional.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

ORGANISATIONS = [
    {
        "name": "ville-de-valmoselle",
        "title": "Ville de Valmoselle",
        "siren": "215709908",
        "siret": "21570990800010",
    },
    {
        "name": "communaute-de-communes-du-val-de-brume",
        "title": "Communauté de communes du Val de Brume",
        "siren": "245799010",
        "siret": "24579901000013",
    },
]
EDITOR = {
    "name": "editor",
    "fullname": "Service des finances",
    "email": "editor@valmoselle.example",
}


def call(action: str, **data: Any) -> Any:
    """Result of an action of the API; RuntimeError with the portal's answer when it refuses."""
    request = urllib.request.Request(  # noqa: S310 (our own portal)
        f"{os.environ['PORTAL_URL']}/api/3/action/{action}",
        data=json.dumps(data).encode(),
        headers={"Authorization": os.environ["ADMIN_TOKEN"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return json.load(answer)["result"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{action}: {error.code} {error.read().decode()[:500]}") from error


def main() -> None:
    if EDITOR["name"] not in [user["name"] for user in call("user_list")]:
        call("user_create", password=os.environ["EDITOR_PASSWORD"], **EDITOR)
    existing = call("organization_list")
    for organisation in ORGANISATIONS:
        if organisation["name"] not in existing:
            call("organization_create", **organisation)
        call(
            "organization_member_create",
            id=organisation["name"],
            username=EDITOR["name"],
            role="editor",
        )


if __name__ == "__main__":
    main()

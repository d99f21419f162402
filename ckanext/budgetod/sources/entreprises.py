"""recherche-entreprises.api.gouv.fr: the official name of a SIREN that no table of ours knows."""

from __future__ import annotations

import json

from .cache import Cache
from .http import Client


def name_of(client: Client, cache: Cache, siren: str) -> str:
    """The name that the State's register gives a SIREN, "" when it has none; asked for once.

    Raises SourceError when the service cannot be used.
    """
    key = f"entreprises {siren}"
    known = cache.path(key)
    if known is not None:
        return json.loads(known.read_bytes())
    url = f"{client.settings.url('entreprises')}/search"
    told = client.json(url, {"q": siren, "page": 1, "per_page": 1})
    name = _name(told, siren)
    with cache.store(key) as part:
        part.write_text(json.dumps(name), encoding="utf-8")
    return name


def _name(told: object, siren: str) -> str:
    results = told.get("results") if isinstance(told, dict) else None
    for one in results if isinstance(results, list) else ():
        if isinstance(one, dict) and one.get("siren") == siren:
            return " ".join(str(one.get("nom_complet") or "").split())
    return ""

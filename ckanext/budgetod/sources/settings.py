"""How the national sources are called: addresses, limits, cache. Plain data, no CKAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

URLS = {
    "ofgl": "https://data.ofgl.fr",
    "dgfip": "https://data.economie.gouv.fr",
    "datagouv": "https://www.data.gouv.fr",
    "geo": "https://geo.api.gouv.fr",
    "entreprises": "https://recherche-entreprises.api.gouv.fr",
}
"""Service -> its public base address, without a final slash."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """``cache`` is the folder of what was downloaded; ``rate`` is in calls per second and host.

    ``allowed_hosts`` holds "host:port" of private addresses that may be called all the same.
    """

    cache: Path
    urls: Mapping[str, str] = field(default_factory=lambda: dict(URLS))
    apikeys: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: frozenset[str] = frozenset()
    contact: str = ""
    enabled: bool = True
    offline: bool = False
    rate: float = 2.0
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    attempts: int = 4
    max_bytes: int = 500 * MEGABYTE

    def url(self, service: str) -> str:
        """Base address of ``ofgl``, ``dgfip``, ``datagouv``, ``geo`` or ``entreprises``."""
        return (self.urls.get(service) or URLS[service]).rstrip("/")

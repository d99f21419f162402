"""The settings of the extension, typed. Nothing else reads ``budgetod.*``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ckan.exceptions import CkanConfigurationException
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk

from ckanext.budgetod.sources.settings import Settings

MEGABYTE = 1024 * 1024


def max_upload_size() -> int:
    """Largest document accepted, in bytes."""
    return tk.config["budgetod.max_upload_size"] * MEGABYTE


def publish_when() -> str:
    """``always`` or ``confirmed`` (decision 4 of the product: who answers before publication)."""
    return tk.config["budgetod.publish_when"]


def guard_other_types() -> bool:
    return tk.config["budgetod.guard_other_types"]


def profile() -> str:
    """Anonymisation profile: ``strict``, ``annexes`` or ``sans_xml``."""
    return tk.config["budgetod.anonymisation.profile"]


def extra_rules() -> Path | None:
    return _path("budgetod.anonymisation.extra_rules")


def formula_guard() -> bool:
    return tk.config["budgetod.csv.formula_guard"]


def plans_path() -> Path | None:
    return _path("budgetod.plans_path")


def plans() -> Any:
    """The engine's account plans with the administrator's own; None for those of the package."""
    folder = plans_path()
    if folder is None:
        return None
    from ckanext.budgetod.engine import nomenclature

    return nomenclature.plans(folder)


def territory_path() -> Path | None:
    """Folder of newer rows of the reference table, None when there are none."""
    return _path("budgetod.territory_path")


def territory_region() -> str:
    """Code of the region whose local authorities the portal serves."""
    return tk.config["budgetod.territory.region"]


def staging_path() -> Path | None:
    """The administrator's private folder, None when the site's own storage serves."""
    return _path("budgetod.staging_path")


def queue() -> str:
    return tk.config["budgetod.queue"]


def job_timeout() -> int:
    """Seconds that one conversion may take."""
    return tk.config["budgetod.job_timeout"]


def stale_after() -> int:
    """Seconds without heartbeat after which a worker is taken for dead."""
    return tk.config["budgetod.stale_after"]


def max_attempts() -> int:
    return tk.config["budgetod.max_attempts"]


def datastore() -> bool:
    """Whether published CSV files are loaded into the DataStore."""
    return tk.config["budgetod.datastore"] and plugin_loaded("datastore")


def harvest_datastore() -> bool:
    """Whether harvested CSV files are loaded into the DataStore."""
    return tk.config["budgetod.harvest.datastore"] and datastore()


def sources() -> Settings:
    """How the national sources are called."""
    config = tk.config
    keys = {
        "ofgl": config["budgetod.sources.ofgl.apikey"],
        "dgfip": config["budgetod.sources.dgfip.apikey"],
    }
    return Settings(
        cache=_path("budgetod.sources.cache_path")
        or Path(config["ckan.storage_path"]) / "budgetod-sources",
        urls={
            "ofgl": config["budgetod.sources.ofgl.url"],
            "dgfip": config["budgetod.sources.dgfip.url"],
            "datagouv": config["budgetod.sources.datagouv.url"],
            "geo": config["budgetod.sources.geo.url"],
            "entreprises": config["budgetod.sources.entreprises.url"],
        },
        apikeys={name: key for name, key in keys.items() if key},
        allowed_hosts=frozenset(config["budgetod.sources.allowed_hosts"]),
        contact=config["budgetod.sources.contact"] or config["email_to"] or config["ckan.site_url"],
        enabled=config["budgetod.sources.enabled"],
        offline=config["budgetod.sources.offline"],
        rate=config["budgetod.sources.calls_per_minute"] / 60,
        connect_timeout=config["budgetod.sources.connect_timeout"],
        read_timeout=config["budgetod.sources.read_timeout"],
        attempts=config["budgetod.sources.attempts"],
        max_bytes=config["budgetod.sources.max_size"] * MEGABYTE,
    )


def check_sizes() -> None:
    """Refuse a site that accepts a document at the gate and could not store it afterwards.

    Raises ckan's CkanConfigurationException, which names both settings.
    """
    site, ours = tk.config["ckan.max_resource_size"], tk.config["budgetod.max_upload_size"]
    if ours > site:
        raise CkanConfigurationException(
            f"budgetod.max_upload_size = {ours} (MB) is more than ckan.max_resource_size = {site}: "
            "set ckan.max_resource_size to at least the same value"
        )


def _path(key: str) -> Path | None:
    value = tk.config.get(key)
    return Path(value) if value else None

"""Our harvest sources on this site: which kinds there are, how one is named, found and written."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.lib.munge import munge_title_to_name
from ckan.plugins import PluginImplementations
from ckan.plugins import toolkit as tk

from ckanext.budgetod import config as settings

from .base import BudgetHarvester
from .config import Config, parse

ORDER = ("budgetod_datagouv", "budgetod_dgfip", "budgetod_ofgl")
FREQUENCIES = ("MANUAL", "MONTHLY", "WEEKLY", "BIWEEKLY", "DAILY", "ALWAYS")


def harvesters() -> list[BudgetHarvester]:
    """Those of our harvesters whose plugin is loaded, in the order of the form."""
    from ckanext.harvest.interfaces import IHarvester

    found = [one for one in PluginImplementations(IHarvester) if isinstance(one, BudgetHarvester)]
    return sorted(found, key=lambda one: ORDER.index(one.info()["name"]))


def title_of(kind: str) -> str:
    """The title of a kind of source, the kind itself when its plugin is not loaded."""
    titles = {one.info()["name"]: one.title for one in harvesters()}
    return titles.get(kind, kind)


def sources() -> list[Any]:
    """Our active harvest sources, as rows of ckanext-harvest, by title."""
    from ckanext.harvest.model import HarvestSource

    query = model.Session.query(HarvestSource).filter(
        HarvestSource.type.startswith("budgetod_"), HarvestSource.active.is_(True)
    )
    return query.order_by(HarvestSource.title, HarvestSource.id).all()


def find(name: str) -> tuple[Any, Any] | None:
    """The dataset and the row of one of our sources, by name or id."""
    from ckanext.harvest.model import HarvestSource

    package = model.Package.get(name)
    row = HarvestSource.get(package.id) if package is not None else None
    if row is None or package.state != "active" or not row.type.startswith("budgetod_"):
        return None
    return package, row


def describe(config: Config, lang: str) -> str:
    """« Grand Est : communes, 3 500 habitants et plus · 5 derniers exercices »."""
    return f"{config.perimeter.describe(lang)} · {_years(config, lang)}"


def _years(config: Config, lang: str) -> str:
    french = lang == "fr"
    if config.last == 1:
        return "dernier exercice" if french else "last year"
    if config.last:
        return f"{config.last} derniers exercices" if french else f"last {config.last} years"
    first, last, count = min(config.years), max(config.years), len(config.years)
    if count > 2 and count == last - first + 1:
        return f"{first} à {last}" if french else f"{first} to {last}"
    return ", ".join(str(year) for year in sorted(config.years))


def create(
    context: Any,
    kind: str,
    config_text: str,
    *,
    title: str,
    owner_org: str,
    name: str = "",
    frequency: str = "MANUAL",
) -> dict[str, Any]:
    """A new harvest source, through ckanext-harvest's action: its checks and rights apply."""
    parse(config_text)
    given = {
        "name": free_name(name or title),
        "title": title,
        "url": settings.sources().url(kind.removeprefix("budgetod_")),
        "source_type": kind,
        "owner_org": owner_org,
        "frequency": frequency,
        "config": config_text,
    }
    return tk.get_action("harvest_source_create")(context, given)


def free_name(text: str) -> str:
    """A name for a dataset that none has, made from a text."""
    name = munge_title_to_name(text)[:90].strip("-_") or "moissonnage"
    wanted, number = name, 1
    while model.Package.get(wanted) is not None:
        number += 1
        wanted = f"{name}-{number}"
    return wanted

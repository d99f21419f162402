"""Whose a harvested dataset is: the organisation that holds its SIREN, or the source's default."""

from __future__ import annotations

import logging
from typing import Any

from ckan import model

from ckanext.budgetod import config as settings
from ckanext.budgetod.deposit import owners
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.sources import entreprises
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.faults import Fault
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.territory import territory

from .config import Config

log = logging.getLogger(__name__)


def check(config: Config) -> None:
    """Raises ValueError when the default organisation is not one of this site."""
    if config.default_owner and _active(config.default_owner) is None:
        raise Fault(
            "organisation_par_defaut",
            '"organisation_par_defaut": no organization "{name}"',
            "« organisation_par_defaut » : aucune organisation « {name} » sur ce portail",
            name=config.default_owner,
        )


def owner(config: Config, source_id: str, siren: str, name: str) -> str | None:
    """The id of the organisation for this SIREN; None when its items are to be skipped."""
    if config.organisations == "defaut":
        return default(config, source_id)
    holder = owners.owner_of(siren)
    if holder is not None:
        return holder.id
    if config.organisations == "creer":
        return owners.create(siren, official_name(siren, name))
    return None if config.organisations == "ignorer" else default(config, source_id)


def official_name(siren: str, name: str) -> str:
    """The name to give a new organisation: the reference table's, else that of the register.

    ``name`` (what the source writes) when the register cannot be asked or does not know better.
    """
    if territory().lookup(siren) is not None:
        return name
    told = settings.sources()
    try:
        return entreprises.name_of(Client(told), Cache(told.cache), siren) or name
    except SourceError as error:
        log.info("The name of %s could not be looked up: %s", siren, error)
        return name


def default(config: Config, source_id: str) -> str | None:
    """The organisation named in the configuration, else that of the harvest source itself."""
    named = _active(config.default_owner) if config.default_owner else None
    if named is not None:
        return named.id
    source: Any = model.Package.get(source_id)
    return source.owner_org if source is not None else None


def _active(name: str) -> model.Group | None:
    group = model.Group.get(name)
    good = group is not None and group.is_organization and group.state == "active"
    return group if good else None

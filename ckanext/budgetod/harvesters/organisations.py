"""Whose a harvested dataset is: the organisation that holds its SIREN, or the source's default."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.budgetod.deposit import owners
from ckanext.budgetod.sources.faults import Fault

from .config import Config


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
        return owners.create(siren, name)
    return None if config.organisations == "ignorer" else default(config, source_id)


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

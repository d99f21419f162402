"""Which organisation of the portal answers for a SIREN (its own, or one attached to it)."""

from __future__ import annotations

import hashlib

import ckan.model as model
from ckan.lib.munge import munge_title_to_name
from ckan.plugins import toolkit as tk
from sqlalchemy import func, or_, select

from ckanext.budgetod.sources.identifiers import siren_list


def sirens_of(organisation: model.Group) -> list[str]:
    """SIREN of an organisation, its own first, then the attached ones."""
    extras = organisation.extras or {}
    own = extras.get("siren") or ""
    return [own, *siren_list(extras.get("sirens_rattaches") or "")] if own else []


def owner_of(siren: str) -> model.Group | None:
    """The active organisation with this SIREN, own before attached; None when there is none."""
    found = [one for one in _mentioning(siren) if siren in sirens_of(one)]
    found.sort(key=lambda one: (one.extras.get("siren") != siren, one.created, one.id))
    return found[0] if found else None


def owners_of(siren: str) -> list[model.Group]:
    """Every active organisation that names this SIREN: more than one is a fault."""
    return [one for one in _mentioning(siren) if siren in sirens_of(one)]


def attach(organisation_id: str, siren: str) -> None:
    """Write one more attached SIREN on an organisation, as the site's own user."""
    organisation = model.Group.get(organisation_id)
    extras = (organisation.extras if organisation else None) or {}
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    tk.get_action("organization_patch")(
        {"user": site["name"], "ignore_auth": True},
        {
            "id": organisation_id,
            "sirens_rattaches": f"{extras.get('sirens_rattaches') or ''} {siren}".strip(),
        },
    )


def create(siren: str, name: str) -> str:
    """The id of an organisation made for a SIREN that nobody holds; two callers make one."""
    lock = int.from_bytes(hashlib.sha256(f"organisation-{siren}".encode()).digest()[:8], "big") >> 1
    model.Session.execute(select(func.pg_advisory_xact_lock(lock)))
    holder = owner_of(siren)
    if holder is not None:
        return holder.id
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    made = tk.get_action("organization_create")(
        {"user": site["name"], "ignore_auth": True},
        {"name": f"{munge_title_to_name(name)[:80]}-{siren}", "title": name, "siren": siren},
    )
    return made["id"]


def _mentioning(siren: str) -> list[model.Group]:
    """Active organisations whose identity fields contain the text of this SIREN."""
    query = model.Session.query(model.Group).filter(
        model.Group.is_organization.is_(True), model.Group.state == "active"
    )
    with model.Session.no_autoflush:
        return _with_extra(query, siren).all()


def _with_extra(query, siren: str):
    if not hasattr(model, "GroupExtra"):
        extras = model.Group.extras
        return query.filter(
            or_(
                extras["siren"].astext == siren,
                extras["sirens_rattaches"].astext.contains(siren),
            )
        )
    extra = model.GroupExtra  # CKAN 2.11: one row per extra
    return query.join(extra, extra.group_id == model.Group.id).filter(
        extra.state == "active",
        extra.key.in_(("siren", "sirens_rattaches")),
        extra.value.contains(siren),
    )

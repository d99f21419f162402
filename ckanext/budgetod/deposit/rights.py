"""Who may deposit for whom: the organisation that holds a SIREN, and its editors."""

from __future__ import annotations

from dataclasses import dataclass

from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.engine.findings import Finding, Level

from . import messages
from .identity import Identity
from .owners import owner_of, sirens_of

PERMISSION = "create_dataset"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes, and what has to be answered before it is published there."""

    organisation: model.Group
    question: Finding | None = None

    @property
    def siret(self) -> str:
        """The organisation's principal establishment, "" when it is not told."""
        return (self.organisation.extras or {}).get("siret") or ""


def may_deposit(context: Context, organisation: model.Group) -> bool:
    """True for editors and admins of the organisation, and for sysadmins."""
    if context.get("ignore_auth"):
        return True
    user = context.get("user")
    return bool(user) and authz.has_user_permission_for_group_or_org(
        organisation.id, user, PERMISSION
    )


def place(
    context: Context, identity: Identity, collectivite: str, wanted: model.Group | None = None
) -> Place:
    """The organisation that this document belongs to, for this user.

    ``wanted`` is the organisation the depositor named (or the dataset's). Raises DepositRefused:
    I02 when another organisation holds the SIREN, or nobody does and nothing was named; I06 when
    the named organisation has no SIREN.
    """
    holder = owner_of(identity.siren)
    if holder is None:
        return _unknown_siren(context, identity, collectivite, wanted)
    if not may_deposit(context, holder):
        raise messages.DepositRefused("I02", _not_yours(holder, identity, context, wanted))
    if wanted is not None and wanted.id != holder.id:
        return Place(holder, Finding("I01", Level.CONFIRM, {"autre": holder.display_name}))
    return Place(holder)


def _unknown_siren(
    context: Context, identity: Identity, collectivite: str, wanted: model.Group | None
) -> Place:
    organisation = wanted or _only_one(context)
    if organisation is None or not may_deposit(context, organisation):
        raise messages.no_holder(identity.siren)
    if not sirens_of(organisation):
        raise messages.DepositRefused("I06")
    params = {"nom": collectivite, "org": organisation.display_name}
    return Place(organisation, Finding("I04", Level.CONFIRM, params))


def _only_one(context: Context) -> model.Group | None:
    """The single organisation for which this user may deposit, None when there are several."""
    mine = organisations_of(context)
    return mine[0] if len(mine) == 1 else None


def organisations_of(context: Context) -> list[model.Group]:
    """Organisations where the user was made editor or admin (for sysadmins too)."""
    user = model.User.get(context.get("user") or "")
    if user is None:
        return []
    ids = user.get_group_ids(group_type="organization", capacity=None)
    groups = [model.Group.get(group_id) for group_id in ids]
    return [group for group in groups if group is not None and may_deposit(context, group)]


def organisation(name_or_id: str | None) -> model.Group | None:
    """An active organisation; None for an empty name. Raises ValidationError when unknown."""
    if not name_or_id:
        return None
    group = model.Group.get(name_or_id)
    if group is None or not group.is_organization or group.state != "active":
        raise tk.ValidationError({"owner_org": [tk._("Organization does not exist")]})
    return group


def _not_yours(
    holder: model.Group, identity: Identity, context: Context, wanted: model.Group | None
) -> dict[str, str]:
    mine = [wanted] if wanted is not None else organisations_of(context)
    return {
        "autre": holder.display_name,
        "siret": identity.siret if len(identity.siret) == 14 else "",
        "org": ", ".join(group.display_name for group in mine) or "—",
    }

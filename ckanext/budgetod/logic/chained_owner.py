"""Whose a budget's dataset is: the SIREN says it, nobody gives it away."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.deposit import datasets, messages, owners
from ckanext.budgetod.model import BudgetDataset

from .chained import TYPE, Next

__all__ = ["package_owner_org_update"]


@tk.chained_action
def package_owner_org_update(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """A budget whose SIREN an organisation holds stays with that organisation."""
    package = model.Package.get(data_dict.get("id") or "")
    new = model.Group.get(data_dict.get("organization_id") or "")
    moved = package is not None and (new is None or new.id != package.owner_org)
    if moved and package.type == TYPE and not datasets.is_publisher(context):
        tk.check_access("package_owner_org_update", context, data_dict)
        held = BudgetDataset.of_package(package.id)
        holder = owners.owner_of(held.siren) if held else None
        if holder is not None and (new is None or new.id != holder.id):
            raise messages.held_by(holder.display_name)
    return next_(context, data_dict)

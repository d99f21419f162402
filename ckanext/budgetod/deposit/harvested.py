"""Harvest objects of ckanext-harvest and our datasets: which of them belong together.

An object that names a package makes it part of its source: cleared with it, searched under it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import plugin_loaded

from ckanext.budgetod.model import BudgetDocument

from .identity import DEPOSIT


def let_go(document: BudgetDocument) -> None:
    """A dataset that a deposit joins is the collectivity's own: harvest objects forget it."""
    if document.origin == DEPOSIT and plugin_loaded("harvest"):
        forget_package(document.package_id)


def forget_package(package_id: str) -> None:
    """No harvest object names this package any more (in the present transaction)."""
    from ckanext.harvest.model import HarvestObject

    table = HarvestObject.__table__
    change = sa.update(table).where(table.c.package_id == package_id).values(package_id=None)
    model.Session.execute(change)


def join(harvest_object: Any, package_id: str) -> None:
    """The object now tells of this package, older ones of the same item no longer do.

    Flushed, not committed: the write of the dataset does that. The package may not exist yet.
    """
    from ckanext.harvest.model import HarvestObject

    table = HarvestObject.__table__
    model.Session.execute(sa.text("SET CONSTRAINTS harvest_object_package_id_fkey DEFERRED"))
    older = sa.update(table).where(
        table.c.guid == harvest_object.guid,
        table.c.harvest_source_id == harvest_object.harvest_source_id,
        table.c.current.is_(True),
    )
    model.Session.execute(older.values(current=False))
    mine = sa.update(table).where(table.c.id == harvest_object.id)
    model.Session.execute(mine.values(package_id=package_id, current=True))

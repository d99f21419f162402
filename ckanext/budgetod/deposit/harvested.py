"""Harvest objects of ckanext-harvest and our datasets: which of them belong together.

An object that names a package makes it part of its source: cleared with it, searched under it.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def keep_only(source_id: str, package_ids: Sequence[str]) -> None:
    """Objects of a harvest source name no other packages than these (committed)."""
    from ckanext.harvest.model import HarvestObject

    table = HarvestObject.__table__
    others = sa.update(table).where(
        table.c.harvest_source_id == source_id, table.c.package_id.notin_(package_ids)
    )
    model.Session.execute(others.values(package_id=None))
    model.Session.commit()


def join(object_id: str, guid: str, source_id: str, package_id: str) -> None:
    """The object now tells of this package, as the current one of its item.

    Not committed: the write of the dataset does that. The package may not exist yet.
    """
    from ckanext.harvest.model import HarvestObject

    table = HarvestObject.__table__
    model.Session.execute(sa.text("SET CONSTRAINTS harvest_object_package_id_fkey DEFERRED"))
    leave(object_id, guid, source_id)
    mine = sa.update(table).where(table.c.id == object_id)
    model.Session.execute(mine.values(package_id=package_id, current=True))


def leave(object_id: str, guid: str, source_id: str) -> None:
    """No object of this item is the current one any more (in the present transaction)."""
    from ckanext.harvest.model import HarvestObject

    table = HarvestObject.__table__
    older = sa.update(table).where(
        table.c.guid == guid,
        table.c.harvest_source_id == source_id,
        table.c.current.is_(True),
        table.c.id != object_id,
    )
    model.Session.execute(older.values(current=False))

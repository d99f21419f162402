"""Other loaders of the DataStore keep away from our files: we load them with declared types."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p

from ckanext.budgetod.model import BudgetDocument


def _interfaces() -> list[type]:
    """Interfaces of the loaders that are installed here."""
    found = []
    try:
        from ckanext.datapusher.interfaces import IDataPusher

        found.append(IDataPusher)
    except ImportError:
        pass
    try:
        from ckanext.xloader.interfaces import IXloader  # pyright: ignore[reportMissingImports]

        found.append(IXloader)
    except ImportError:
        pass
    return found


class LoaderGuard(p.SingletonPlugin):
    """Answers for XLoader and DataPusher alike: not our files, anything else as you like."""

    for _interface in _interfaces():
        p.implements(_interface, inherit=True)

    def can_upload(self, resource_or_id: Any) -> bool:
        """False for every file of a budget document (both interfaces give the resource's id)."""
        given = resource_or_id
        resource_id = given.get("id") if isinstance(given, dict) else given
        return BudgetDocument.of_resource(str(resource_id)) is None

    def after_upload(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do after somebody else's upload."""

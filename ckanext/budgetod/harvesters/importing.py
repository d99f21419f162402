"""The import stage of one object: its files made, its owner found, its dataset written."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from ckanext.budgetod.deposit import harvested as objects
from ckanext.budgetod.deposit import national, provenance, retirement
from ckanext.budgetod.deposit.national import Harvested, Outcome
from ckanext.budgetod.model import BudgetDocument

from . import organisations
from .config import Config
from .items import Item, Source
from .outcomes import note
from .patience import patiently

STATUS, DELETION = "status", "delete"


class Skipped(Exception):
    """Nothing is to be done for this item, and that is no fault: ``outcome`` says why."""

    def __init__(self, outcome: str, **params: Any) -> None:
        super().__init__(outcome)
        self.outcome, self.params = outcome, params


def is_deletion(harvest_object: Any) -> bool:
    return any(e.key == STATUS and e.value == DELETION for e in harvest_object.extras)


def publish(
    harvest_object: Any, config: Config, item: Item, source: Source, folder: Path
) -> bool | str:
    """Publish an item's content; True, or "unchanged" when nothing had to be written."""
    content = source.content(item, folder)
    if not content.documents:
        raise Skipped("empty")
    object_id, source_id = harvest_object.id, harvest_object.harvest_source_id
    name = content.fields["budget_collectivite"]
    owner = organisations.owner(config, source_id, item.siren, name)
    if owner is None:
        raise Skipped("no_owner")
    harvested = Harvested(
        origin=source.origin,
        siren=item.siren,
        exercice=item.exercice,
        digest=item.digest,
        owner_org=owner,
        documents=content.documents,
        fields=content.fields,
        source={**content.source, "harvest_source": source_id},
    )

    def join(package_id: str) -> None:
        objects.join(object_id, item.guid, source_id, package_id)

    outcome, _ = patiently(lambda: national.publish(harvested, join))
    files = sum(len(document.outputs) for document in content.documents)
    note(object_id, outcome.value, files=files)
    return True if outcome in (Outcome.ADDED, Outcome.UPDATED) else "unchanged"


def retire(harvest_object: Any, config: Config) -> bool | str:
    """Mark, or take away, what an item brought; its object is then no longer current."""
    object_id, item = harvest_object.id, Item.load(harvest_object.content)
    source_id = harvest_object.harvest_source_id
    brought = retirement.of_source(source_id)
    take_out([one for one in brought if provenance.guid_of(one) == item.guid], config)
    objects.leave(object_id, item.guid, source_id)
    note(object_id, "removed" if config.vanished == "supprimer" else "retired")
    return True


def take_out(documents: Iterable[BudgetDocument], config: Config) -> None:
    """Mark documents as gone from their source, or take them away, as the source is told."""
    end = retirement.remove if config.vanished == "supprimer" else retirement.retire
    by_package = sorted(documents, key=lambda one: one.package_id)
    for _, found in groupby(by_package, key=lambda one: one.package_id):
        together = list(found)
        patiently(lambda together=together: end(together))

"""The gather stage: what the source has, compared with what is published here.

Items that did not change are noted at once, without a message to the fetch queue; new and changed
ones become objects to fetch; those that vanished become objects to retire, but only when every
scope answered: a partial gather proves nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ckan import model

from ckanext.budgetod.deposit import provenance, retirement
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.model import BudgetDocument

from . import messages
from .config import Config
from .importing import DELETION, STATUS
from .items import Item
from .outcomes import OUTCOME, decided
from .patience import patiently

if TYPE_CHECKING:
    from .base import BudgetHarvester

BATCH = 500
MANY, MOST = 20, 0.5
"""From so many on, and over this share of what was brought, what is missing at the source is taken
for a fault of the source: a portal that is being refilled answers well, and has nothing."""
Progress = Callable[[Any, int], None]
Extras = tuple[tuple[str, str], ...]


class Gathering:
    """One gather of one job."""

    def __init__(
        self, harvester: BudgetHarvester, job: Any, config: Config, progress: Progress | None
    ) -> None:
        self._harvester, self._job, self._config = harvester, job, config
        self._tell = progress or (lambda scope, count: None)
        self._known = provenance.items(harvester.origin, config.exercices)
        self._decided = decided(job.source.id) if harvester.of_files else {}
        self._before = _objects_of(job.id)
        self._seen: set[str] = set()
        self._complete = True

    def run(self) -> list[str]:
        """Ids of the objects to fetch and import."""
        source = self._harvester.source(self._config)
        wanted = [one.id for one in self._before.values() if one.state == "WAITING"]
        for scope in source.scopes():
            try:
                items = [one for one in source.items(scope) if one.guid not in self._seen]
                wanted += self._sort(one for one in items if one.guid not in self._before)
            except Exception as error:  # noqa: BLE001 (what other scopes found must not be lost)
                self._fail(scope, error)
                continue
            self._seen.update(item.guid for item in items)
            self._tell(scope, len(self._seen))
        return [*wanted, *self._vanished()]

    def _fail(self, scope: Any, error: Exception) -> None:
        """A scope without answer: an error of the job, unless the source has no such year yet."""
        absent = isinstance(error, SourceError) and error.code == "dataset"
        if absent and self._config.last and not self._has_brought(scope):
            messages.note_gather_remark(self._job, scope, error)
            return
        self._complete = False
        patiently(lambda: messages.note_gather_failure(self._job, error, scope))

    def _has_brought(self, scope: Any) -> bool:
        """True when this source once brought something of the scope's kind and year."""
        wanted, kind = self._config.perimeter, getattr(scope, "kind", "")
        for one in retirement.of_source(self._job.source.id):
            known = wanted.resolve(one.siren)
            if one.exercice == getattr(scope, "exercice", None) and (
                known is None or known.type == kind
            ):
                return True
        return False

    def _sort(self, items: Iterable[Item]) -> list[str]:
        """Note what did not change; the ids of the objects made for the rest."""
        there: dict[Extras, list[Item]] = {}
        changed = []
        for item in items:
            told = self._without_reading(item)
            (changed if told is None else there.setdefault(told, [])).append(item)
        for told, same in there.items():
            self._insert(same, dict(told), state="COMPLETE", report_status="not modified")
        return self._insert(changed, state="WAITING")

    def _without_reading(self, item: Item) -> Extras | None:
        """What to note of an item that need not be read; None for the others."""
        published = self._known.get(item.guid)
        if published is not None and published.is_same(item.digest, item.where.get("asked", "")):
            return ()
        if item.settled:
            return ((OUTCOME, item.settled),)
        content, told = self._decided.get(item.guid, ("", ()))
        return told if content == item.dump() else None

    def _insert(self, items: list[Item], extras: dict[str, str] | None = None, **fields) -> list:
        """Harvest objects for these items, some hundreds at a time; their ids."""
        ids = []
        for start in range(0, len(items), BATCH):
            rows = [self._row(item, fields) for item in items[start : start + BATCH]]
            ids += [row["id"] for row in rows]
            patiently(lambda rows=rows: self._write(rows, extras or {}))
        return ids

    def _row(self, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.utcnow()  # noqa: DTZ003 (ckanext-harvest's columns are naive UTC)
        done = fields["state"] == "COMPLETE"
        return {
            "id": str(uuid.uuid4()),
            "guid": item.guid,
            "content": item.dump(),
            "harvest_job_id": self._job.id,
            "harvest_source_id": self._job.source.id,
            "current": False,
            "gathered": moment,
            "import_finished": moment if done else None,
            "retry_times": 0,
            **fields,
        }

    def _write(self, rows: list[dict[str, Any]], extras: dict[str, str]) -> None:
        from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

        model.Session.execute(HarvestObject.__table__.insert(), rows)
        told = [
            {"id": str(uuid.uuid4()), "harvest_object_id": row["id"], "key": key, "value": value}
            for row in rows
            for key, value in extras.items()
        ]
        if told:
            model.Session.execute(HarvestObjectExtra.__table__.insert(), told)
        model.Session.commit()

    def _vanished(self) -> list[str]:
        """Objects that retire what the source no longer has."""
        if not self._complete:
            return []
        brought = self._brought()
        gone = [one for one in brought if one.guid not in self._seen | self._before.keys()]
        if len(gone) >= MANY and len(gone) > len(brought) * MOST:
            error = SourceError("vanished", count=len(gone), total=len(brought))
            messages.note_gather_failure(self._job, error)
            return []
        return self._insert(gone, extras={STATUS: DELETION, OUTCOME: "gone"}, state="WAITING")

    def _brought(self) -> list[Item]:
        """What was published through this source and is still asked for, an entry per item."""
        found = {
            provenance.guid_of(one): one
            for one in retirement.of_source(self._job.source.id)
            if one.exercice in self._config.exercices
            and (one.retired is None or self._config.vanished == "supprimer")
            and self._is_asked(one.siren)
        }
        return [self._gone(guid, found[guid]) for guid in sorted(found)]

    def _is_asked(self, siren: str) -> bool:
        wanted = self._config.perimeter
        return (
            self._config.syndicates or wanted.contains(siren) or wanted.resolve(siren) is not None
        )

    def _gone(self, guid: str, one: BudgetDocument) -> Item:
        title, url = one.source.get("titre", ""), one.source.get("url", "")
        return Item(guid, one.siren, one.exercice, "", title, url)


def _objects_of(job_id: str) -> dict[str, Any]:
    """guid -> (id, state) of what the job has already: its gather began once and was cut off."""
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(HarvestObject.guid, HarvestObject.id, HarvestObject.state)
    return {one.guid: one for one in query.filter_by(harvest_job_id=job_id)}

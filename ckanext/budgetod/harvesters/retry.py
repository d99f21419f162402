"""Failed items once more: a job of their own, with fresh objects, through the same queue."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from . import journal
from .importing import DELETION, STATUS
from .outcomes import OUTCOME


class NothingToRetry(Exception):
    """None of the objects named has failed."""


def retry(job: Any, only: Collection[str] = ()) -> str:
    """The id of a new job for the failed items of ``job`` (or those of them in ``only``).

    Raises NothingToRetry, and ckanext-harvest's HarvestJobExists or HarvestSourceInactiveError.
    """
    failed = [(one, _extras(one)) for one in _failed(job.id) if not only or one.id in only]
    if not failed:
        raise NothingToRetry
    source_id = job.source_id
    copies = [(_copy(one), extras) for one, extras in failed]
    journal.settle(source_id)
    made = tk.get_action("harvest_job_create")(
        {"ignore_auth": True}, {"source_id": source_id, "run": False}
    )
    _insert(made["id"], copies)
    _send([copy["id"] for copy, _ in copies])
    return made["id"]


def _failed(job_id: str) -> list[Any]:
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(HarvestObject).filter(
        HarvestObject.harvest_job_id == job_id,
        HarvestObject.state == "ERROR",
        HarvestObject.content.isnot(None),
    )
    return query.order_by(HarvestObject.guid).all()


def _extras(one: Any) -> dict[str, str]:
    """What makes an object one that retires, if it is."""
    deletes = any(extra.key == STATUS and extra.value == DELETION for extra in one.extras)
    return {STATUS: DELETION, OUTCOME: "gone"} if deletes else {}


def _copy(one: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "guid": one.guid,
        "content": one.content,
        "harvest_source_id": one.harvest_source_id,
        "current": False,
        "state": "WAITING",
        "retry_times": 0,
    }


def _insert(job_id: str, copies: list[tuple[dict[str, Any], dict[str, str]]]) -> None:
    """Objects and state of the job at once: a running job without objects would end there."""
    from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestObjectExtra

    now = datetime.utcnow()  # noqa: DTZ003 (ckanext-harvest's columns are naive UTC)
    rows = [{**copy, "harvest_job_id": job_id, "gathered": now} for copy, _ in copies]
    told = [
        {
            "id": str(uuid.uuid4()),
            "harvest_object_id": copy["id"],
            "key": key,
            "value": value,
        }
        for copy, extras in copies
        for key, value in extras.items()
    ]
    model.Session.execute(HarvestObject.__table__.insert(), rows)
    if told:
        model.Session.execute(HarvestObjectExtra.__table__.insert(), told)
    job = HarvestJob.get(job_id)
    job.status, job.gather_started, job.gather_finished = "Running", now, now
    model.Session.add(job)
    model.Session.commit()


def _send(object_ids: list[str]) -> None:
    """To the fetch queue; what gets lost there, ``ckan harvester run`` sends again."""
    from ckanext.harvest import queue

    publisher = queue.get_fetch_publisher()
    for object_id in object_ids:
        publisher.send({"harvest_object_id": object_id})
    publisher.close()

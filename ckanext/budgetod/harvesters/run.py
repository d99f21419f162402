"""A whole harvest in the foreground: gather, then fetch and import of every object, then the count.

The same stages as ckanext-harvest's consumers run, one after the other, without its queues.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk

from . import healing, outcomes

log = logging.getLogger(__name__)

Tell = Callable[[str, int, int], None]
"""Told (what is being done, how many done, how many in all; 0 when not known yet)."""


class NotRunnable(Exception):
    """The source cannot be run now; the text says why and what to do."""


@dataclass(slots=True)
class Summary:
    """What a job did: number of objects per status of ckanext-harvest, and what failed."""

    job_id: str
    counts: Counter = field(default_factory=Counter)
    gather_errors: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.gather_errors or self.counts["errored"])


def run(source_id: str, tell: Tell = lambda what, done, total: None) -> Summary:
    """Harvest a source (id or name) now. Raises NotRunnable."""
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob, HarvestObject

    job_id = _new_job(source_id)
    job = HarvestJob.get(job_id)
    harvester = queue.get_harvester(job.source.type)
    if harvester is None or not hasattr(harvester, "gather"):
        raise NotRunnable(f"no plugin of this extension serves the type {job.source.type}")
    tell("gather", 0, 0)
    ids = _gather(harvester, job, tell)
    for done, object_id in enumerate(ids, 1):
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
        model.Session.remove()
        tell("import", done, len(ids))
    _finish(job_id)
    return summary(job_id)


def _new_job(source_id: str) -> str:
    from ckanext.harvest.logic import HarvestJobExists

    try:
        job = tk.get_action("harvest_job_create")(_site(), {"source_id": source_id, "run": False})
    except HarvestJobExists:
        raise NotRunnable(
            "a job of this source is already waiting or running: wait for its end, or abort it "
            f"(ckan harvester job-abort {source_id})"
        ) from None
    except tk.ObjectNotFound:
        raise NotRunnable(f"no harvest source {source_id}") from None
    return job["id"]


def _gather(harvester: Any, job: Any, tell: Tell) -> list[str]:
    job.status = "Running"
    job.gather_started = datetime.utcnow()  # noqa: DTZ003 (ckanext-harvest's columns are naive UTC)
    job.save()
    with healing.taken(job.id):
        ids = harvester.gather(job, lambda scope, count: tell(str(scope), count, 0))
    job = model.Session.merge(job)
    job.gather_finished = datetime.utcnow()  # noqa: DTZ003
    job.save()
    return ids


def _finish(job_id: str) -> None:
    """Mark the job as finished, as ``ckan harvester run`` does for those of the queue."""
    from ckanext.harvest.model import HarvestJob

    job = HarvestJob.get(job_id)
    try:
        tk.get_action("harvest_jobs_run")(_site(), {"source_id": job.source_id})
    except (SearchError, SearchIndexError):
        # The job has ended; what its source's own page says of it waits for the index.
        log.exception("The source of harvest job %s is not indexed", job_id)
        model.Session.rollback()


def _site() -> Any:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "model": model, "session": model.Session}


def summary(job_id: str) -> Summary:
    """What a job did so far."""
    from ckanext.harvest.model import HarvestGatherError, HarvestObject

    told = Summary(job_id)
    objects = model.Session.query(HarvestObject).filter_by(harvest_job_id=job_id)
    status = HarvestObject.report_status
    counted = objects.with_entities(status, sa.func.count()).group_by(status)
    told.counts.update({name or "waiting": count for name, count in counted})
    for one in objects.filter(status == "errored").order_by(HarvestObject.guid):
        told.failures.append((one.guid, outcomes.sentence_of(one)))
    errors = model.Session.query(HarvestGatherError).filter_by(harvest_job_id=job_id)
    told.gather_errors = [error.message for error in errors]
    return told

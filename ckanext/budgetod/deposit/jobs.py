"""The queue: one job per deposit, its argument is the row's id and nothing else.

A job never loses a deposit: what fails because a service is down stays queued, with a growing
pause; rq tries again where its scheduler runs (CKAN 2.12), the sweep everywhere.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import Any

import redis.exceptions
import rq
import sqlalchemy.exc
from ckan import model
from ckan.lib import jobs as ckan_jobs
from ckan.lib.search.common import SearchError, SearchIndexError
from ckan.plugins import toolkit as tk
from rq.exceptions import NoSuchJobError

from ckanext.budgetod import config
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.model import Conversion, State
from ckanext.budgetod.model.conversion import now

log = logging.getLogger(__name__)

TRANSIENT = (
    SearchError,
    SearchIndexError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InternalError,
    redis.exceptions.RedisError,
    OSError,
)
"""What another moment may cure."""

FIRST_PAUSE, LONGEST_PAUSE = 30, 3600
QUICK_RETRIES = (30, 120, 600)


class NotNow(Exception):
    """A service that publication needs does not answer."""


class Overtaken(Exception):
    """A newer deposit, or a withdrawal, came while the job ran."""


def enqueue(row_id: str) -> bool:
    """Put the row's job in the queue; False when Redis is down: the sweep will do it."""
    try:
        job = tk.enqueue_job(
            run,
            [row_id],
            title=f"budget {row_id}",
            queue=config.queue(),
            rq_kwargs={"timeout": config.job_timeout(), "retry": _retry()},
        )
    except (redis.exceptions.RedisError, OSError):
        log.warning("Redis does not answer: deposit %s stays queued", row_id)
        return False
    _note_job(row_id, job.id)
    return True


def _note_job(row_id: str, job_id: str) -> None:
    model.Session.query(Conversion).filter_by(id=row_id).update({"job_id": job_id})
    model.Session.commit()


def _retry() -> rq.Retry:
    """CKAN 2.12's worker runs rq's scheduler; elsewhere a pause would never end."""
    scheduled = tk.check_ckan_version(min_version="2.12.0a0")
    return rq.Retry(max=len(QUICK_RETRIES), interval=list(QUICK_RETRIES) if scheduled else 0)


def is_live(job_id: str | None) -> bool:
    """True while the job waits or runs. Raises RedisError when Redis is down.

    A retry that rq only planned does not count: its scheduler may not run. Nor does a job that was
    started long ago: its row would be running, so its worker was killed. Twice the same job does no
    harm, the second finds the row taken.
    """
    if not job_id:
        return False
    try:
        job = ckan_jobs.job_from_id(job_id)
        status = job.get_status()
    except (KeyError, NoSuchJobError):
        return False
    name = str(getattr(status, "value", status))
    return _started_lately(job) if name == "started" else name in ("queued", "deferred")


def _started_lately(job: rq.job.Job) -> bool:
    started = job.started_at
    if started is None:
        return True
    if started.tzinfo is None:
        started = started.replace(tzinfo=timezone.utc)
    return datetime.now(timezone.utc) - started < timedelta(seconds=config.stale_after())


def run(row_id: str) -> None:
    """The job: convert and publish one deposit. Only transient errors go back to rq."""
    from . import work

    if not _claim(row_id):
        return
    try:
        work.process(row_id)
    except DocumentRefused as error:
        _end(row_id, State.REFUSED, error.code, error.params)
    except Overtaken:
        model.Session.rollback()
        log.info("Deposit %s was overtaken", row_id)
    except FileNotFoundError:
        log.exception("Deposit %s: its staged document is gone", row_id)
        _end(row_id, State.FAILED, "X01", {"id": reference(row_id)})
    except (NotNow, *TRANSIENT) as error:
        if _again(row_id, error):
            raise
    except Exception:
        log.exception("Deposit %s failed", row_id)
        _end(row_id, State.FAILED, "X01", {"id": reference(row_id)})


def reference(row_id: str) -> str:
    """What a person tells the administrator: the beginning of the row's id."""
    return row_id[:8]


def _claim(row_id: str) -> bool:
    """Take the row for this worker; False when another has it, or nothing is left to do."""
    row = Conversion.get(row_id, for_update=True)
    if row is None or not (row.state == State.QUEUED.value or _unfinished(row)):
        model.Session.rollback()
        return False
    if row.state == State.QUEUED.value:
        row.enter(State.RUNNING, started=now())
    row.attempt += 1
    row.heartbeat = now()
    row.not_before = None
    model.Session.commit()
    return True


def _unfinished(row: Conversion) -> bool:
    """Published, but not yet indexed or loaded into the DataStore."""
    return row.state == State.PUBLISHED.value and row.step != "done"


def _again(row_id: str, error: Exception) -> bool:
    """Back to the queue after a pause; False when it was tried often enough."""
    model.Session.rollback()
    row = Conversion.get(row_id, for_update=True)
    if row is None or row.state not in (State.RUNNING.value, State.PUBLISHED.value):
        model.Session.rollback()
        return False
    log.warning("Deposit %s: %s, attempt %s", row_id, type(error).__name__, row.attempt)
    if row.attempt >= config.max_attempts():
        _end(row_id, State.FAILED, "X01", {"id": reference(row_id)})
        return False
    if row.state == State.RUNNING.value:
        row.enter(State.QUEUED, finished=None)
    row.not_before = pause_after(row.attempt)
    model.Session.commit()
    return True


def pause_after(attempt: int) -> datetime:
    """When to try again: 30 s, then twice as long each time, at most an hour."""
    seconds = min(FIRST_PAUSE * 2 ** max(attempt - 1, 0), LONGEST_PAUSE)
    return now() + timedelta(seconds=seconds)


def _end(row_id: str, state: State, code: str, params: dict[str, Any]) -> None:
    """Close a running row with the reason; a published one keeps its state and is left alone."""
    from . import storage

    model.Session.rollback()
    row = Conversion.get(row_id, for_update=True)
    if row is not None and row.state == State.PUBLISHED.value:
        _finish_later(row)
        return
    if row is None or row.state not in (State.RUNNING.value, State.QUEUED.value):
        model.Session.rollback()
        return
    row.enter(state, error_code=code, error_params=dict(params), error_ref=reference(row_id))
    model.Session.commit()
    if state is State.REFUSED:
        storage.discard(row_id)


def _finish_later(row: Conversion) -> None:
    """Published, but its preview could not be made: the sweep tries again, not for ever."""
    row.not_before = pause_after(row.attempt)
    if row.attempt >= config.max_attempts():
        row.reach("done")
    model.Session.commit()


def rerun(row: Conversion) -> None:
    """Put a failed row back in the queue (the caller has checked that it is the current one)."""
    row.enter(State.QUEUED, finished=None, attempt=0, not_before=None)
    row.error_code = row.error_params = row.error_ref = None
    row.job_id = None
    model.Session.commit()
    enqueue(row.id)


__all__ = ["NotNow", "Overtaken", "enqueue", "is_live", "reference", "rerun", "run"]

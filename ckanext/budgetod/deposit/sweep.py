"""What dead workers, lost queues and broken requests leave behind is put right here."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis.exceptions
from ckan import model

from ckanext.budgetod import config
from ckanext.budgetod.model import ACTIVE, Conversion, State
from ckanext.budgetod.model.conversion import now

from . import jobs, storage
from .work import FOLDER_PREFIX, HARVEST_PREFIX

log = logging.getLogger(__name__)

ORPHAN_AGE = 3600
"""Seconds after which a staged document without a row was left by a request that broke off."""
KEEPS_STAGED = (*ACTIVE, State.FAILED.value)


@dataclass(slots=True)
class Swept:
    """What one sweep did."""

    ended: int = 0
    enqueued: int = 0
    forgotten: int = 0

    def __str__(self) -> str:
        return f"{self.ended} ended, {self.enqueued} enqueued, {self.forgotten} forgotten"


def sweep() -> Swept:
    """End rows of dead workers, enqueue what has no live job, remove what nobody needs."""
    done = Swept()
    done.ended = _end_dead()
    done.enqueued = _enqueue_lost()
    done.forgotten = _forget()
    return done


def _end_dead() -> int:
    """Rows running without a sign of life go back to the queue, or fail when tried too often."""
    limit = now() - timedelta(seconds=config.stale_after())
    rows = (
        model.Session.query(Conversion)
        .filter(Conversion.state == State.RUNNING.value, Conversion.heartbeat < limit)
        .with_for_update(skip_locked=True)
        .all()
    )
    for row in rows:
        log.warning("Deposit %s: its worker died at step %s", row.id, row.step)
        row.job_id = None
        if row.attempt >= config.max_attempts():
            reference = jobs.reference(row.id)
            row.enter(
                State.FAILED,
                error_code="X01",
                error_params={"id": reference},
                error_ref=reference,
            )
        else:
            row.enter(State.QUEUED)
    model.Session.commit()
    return len(rows)


def _enqueue_lost() -> int:
    """Queued rows, and published ones that are not finished, whose job is not alive."""
    count = 0
    for row in _waiting():
        try:
            live = jobs.is_live(row.job_id)
        except (redis.exceptions.RedisError, OSError):
            log.warning("Redis does not answer: nothing can be enqueued")
            break
        if not live and jobs.enqueue(row.id):
            count += 1
    return count


def _waiting() -> list[Conversion]:
    limit = now() - timedelta(seconds=config.stale_after())
    unfinished = (
        (Conversion.state == State.PUBLISHED.value)
        & (Conversion.step != "done")
        & (Conversion.heartbeat < limit)
    )
    return (
        model.Session.query(Conversion)
        .filter((Conversion.state == State.QUEUED.value) | unfinished)
        .filter((Conversion.not_before.is_(None)) | (Conversion.not_before <= now()))
        .order_by(Conversion.serial)
        .all()
    )


def _forget() -> int:
    """Staged documents that no row waits for, and folders of killed workers."""
    count = 0
    for key in storage.forgotten(ORPHAN_AGE):
        row = Conversion.get(key)
        if row is None or row.state not in KEEPS_STAGED:
            storage.discard(key)
            count += 1
    count += _forget_folders(FOLDER_PREFIX, config.job_timeout() + ORPHAN_AGE)
    return count + _forget_folders(HARVEST_PREFIX, ORPHAN_AGE)


def _forget_folders(prefix: str, age: float) -> int:
    """Remove folders that a killed process left more than ``age`` seconds ago."""
    old = [
        folder
        for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*")
        if folder.stat().st_mtime < time.time() - age
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)

"""Jobs that ckanext-harvest would leave unfinished for ever: what its queue lost is sent again.

It resubmits what a consumer took and did not acknowledge (a note in Redis says so), and objects
that nobody took. An object half done, or a job to gather, whose note went with Redis is neither:
the job stays "Running", and its source cannot be harvested again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import redis.exceptions
from ckan import model
from ckan.plugins import toolkit as tk

LOST_AFTER = timedelta(seconds=180)
"""ckanext-harvest's own delay before an object is given to another consumer."""


def heal(job_ids: Collection[str]) -> None:
    """Send again what the queue lost of these running jobs; count as errors what was given up."""
    _count_given_up(job_ids)
    if tk.config.get("ckan.harvest.mq.type") != "redis":
        return  # AMQP brokers deliver again by themselves
    from ckanext.harvest import queue

    connection = queue.get_connection()
    _forget_done(connection)
    before = datetime.utcnow() - LOST_AFTER  # noqa: DTZ003 (ckanext-harvest's columns are naive)
    fetching = queue.get_fetch_routing_key()
    for one in _half_done(job_ids, before):
        if not connection.exists(f"{fetching}:{one.id}"):
            one.state = "WAITING"  # those ckanext-harvest sends to its queue
    model.Session.commit()
    _gather_again(connection, job_ids, before)


def _forget_done(connection: Any) -> None:
    """Take away what would have objects that are done done again.

    Messages that were sent twice, and the notes of consumers that could not acknowledge. Once their
    job has ended, ckanext-harvest counts such objects as errors.
    """
    from ckanext.harvest import queue

    fetching = queue.get_fetch_routing_key()
    prefix = f"{fetching}:"
    noted = {key.removeprefix(prefix): key for key in connection.scan_iter(f"{prefix}*")}
    messages = connection.lrange(fetching, 0, -1)
    sent = {json.loads(message)["harvest_object_id"]: message for message in messages}
    for object_id in _done({*noted, *sent}):
        if object_id in noted:
            connection.delete(noted[object_id])
        if object_id in sent:
            connection.lrem(fetching, 0, sent[object_id])


def _done(object_ids: Collection[str]) -> list[str]:
    """Those of these objects, if they are of our sources, that came to their end."""
    from ckanext.harvest.model import HarvestObject, HarvestSource

    query = (
        model.Session.query(HarvestObject.id)
        .join(HarvestSource, HarvestSource.id == HarvestObject.harvest_source_id)
        .filter(
            HarvestObject.id.in_(object_ids),
            HarvestObject.state.in_(("COMPLETE", "ERROR")),
            HarvestSource.type.startswith("budgetod_"),
        )
    )
    return [object_id for (object_id,) in query] if object_ids else []


def _half_done(job_ids: Collection[str], before: datetime) -> list[Any]:
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(HarvestObject).filter(
        HarvestObject.harvest_job_id.in_(job_ids),
        HarvestObject.state.in_(("FETCH", "IMPORT")),
        HarvestObject.fetch_started < before,
    )
    return query.all()


def _count_given_up(job_ids: Collection[str]) -> None:
    """ckanext-harvest gives an object up after five tries, and its report then leaves it out."""
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(HarvestObject).filter(
        HarvestObject.harvest_job_id.in_(job_ids),
        HarvestObject.state == "ERROR",
        HarvestObject.report_status.is_(None),
    )
    for one in query:
        one.report_status = "errored"
    model.Session.commit()


def _gather_again(connection: Any, job_ids: Collection[str], before: datetime) -> None:
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob

    gathering = queue.get_gather_routing_key()
    jobs = model.Session.query(HarvestJob).filter(
        HarvestJob.id.in_(job_ids),
        HarvestJob.gather_finished.is_(None),
        HarvestJob.created < before,
    )
    waiting = {json.loads(m)["harvest_job_id"] for m in connection.lrange(gathering, 0, -1)}
    for job in jobs:
        if job.id not in waiting and not connection.exists(f"{gathering}:{job.id}"):
            queue.get_gather_publisher().send({"harvest_job_id": job.id})


@contextlib.contextmanager
def taken(job_id: str) -> Iterator[None]:
    """Tell ckanext-harvest that this job is being gathered, as its own consumers do."""
    from ckanext.harvest import queue

    consumer = queue.RedisConsumer(None, queue.get_gather_routing_key())
    name = consumer.persistance_key(json.dumps({"harvest_job_id": job_id}))
    is_redis = tk.config.get("ckan.harvest.mq.type") == "redis"
    with contextlib.suppress(redis.exceptions.RedisError):
        if is_redis:
            queue.get_connection().set(name, str(datetime.now()))  # noqa: DTZ005 (as theirs)
    yield
    with contextlib.suppress(redis.exceptions.RedisError):
        if is_redis:
            queue.get_connection().delete(name)

"""The log of a harvest job: where it stands, how many items of each outcome, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from . import outcomes
from .items import Item

FAILED, ADDED, UPDATED, GONE, SKIPPED, SAME, WAITING = (
    "echecs", "ajoutes", "misajour", "retires", "ignores", "inchanges", "attente",
)  # fmt: skip
"""Outcomes by which the log is read; also words of its addresses."""
RESULTS = (FAILED, ADDED, UPDATED, GONE, SKIPPED, SAME, WAITING)
_SKIPS = (
    "outranked", "withdrawn", "empty", "no_owner", "not_a_budget", "loop", "held", "other_year",
    "other_siren", "annexe", "duplicate",
)  # fmt: skip
_BY_STATUS = {"added": ADDED, "updated": UPDATED, "deleted": GONE, "not modified": SAME}
BATCH = 500


@dataclass(slots=True)
class Job:
    """A job. ``phase``: queued (nobody took it), gathering, running, finished.

    Moments are UTC, without a zone, as ckanext-harvest keeps them. ``marked``: ckanext-harvest
    has ended it.
    """

    id: str
    source_id: str
    phase: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    marked: bool
    counts: dict[str, int] = field(default_factory=dict)
    gather_errors: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        return self.counts[FAILED]

    @property
    def ok(self) -> bool:
        return self.phase == "finished" and not (self.failed or self.gather_errors)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a job. ``package_id`` "" when it has no dataset here."""

    object_id: str
    result: str
    outcome: str
    params: dict[str, Any]
    title: str
    siren: str
    exercice: int | None
    url: str
    package_id: str
    finished: datetime | None


def jobs(source_id: str, limit: int) -> list[Any]:
    """The newest jobs of a source, as rows of ckanext-harvest."""
    from ckanext.harvest.model import HarvestJob

    query = model.Session.query(HarvestJob).filter_by(source_id=source_id)
    return query.order_by(HarvestJob.created.desc()).limit(limit).all()


def settle(source_id: str) -> None:
    """Let ckanext-harvest end a job whose last item is done: until then none may follow it.

    ``ckan harvester run`` does the same, some time later.
    """
    newest = next(iter(jobs(source_id, 1)), None)
    if newest is None:
        return
    job = read(newest)
    if job.phase == "finished" and not job.marked:
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
        context = {"user": site["name"], "ignore_auth": True}
        tk.get_action("harvest_jobs_run")(context, {"source_id": source_id})


def read(row: Any) -> Job:
    """A job as it stands, from its row."""
    from ckanext.harvest.model import HarvestGatherError

    counts = dict.fromkeys(RESULTS, 0) | _counts(row.id)
    errors = model.Session.query(HarvestGatherError.message).filter_by(harvest_job_id=row.id)
    return Job(
        id=row.id,
        source_id=row.source_id,
        phase=_phase(row, counts),
        created=row.created,
        started=row.gather_started,
        finished=row.finished or _last_end(row.id),
        marked=row.status == "Finished",
        counts=counts,
        gather_errors=[text for (text,) in errors.order_by(HarvestGatherError.created)],
    )


def _phase(row: Any, counts: dict[str, int]) -> str:
    if row.status == "Finished":
        return "finished"
    if row.gather_started is None:
        return "queued"
    if row.gather_finished is None:
        return "gathering"
    return "running" if counts[WAITING] else "finished"


def _last_end(job_id: str) -> datetime | None:
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(sa.func.max(HarvestObject.import_finished))
    return query.filter_by(harvest_job_id=job_id).scalar()


def _table() -> tuple[Any, Any]:
    """Objects joined with their outcome, and the expression of their result."""
    from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

    noted = sa.and_(
        HarvestObjectExtra.harvest_object_id == HarvestObject.id,
        HarvestObjectExtra.key == outcomes.OUTCOME,
    )
    status = HarvestObject.report_status
    result = sa.case(
        (sa.or_(HarvestObject.state == "ERROR", status == "errored"), FAILED),
        (sa.and_(status == "not modified", HarvestObjectExtra.value.in_(_SKIPS)), SKIPPED),
        *((status == name, word) for name, word in _BY_STATUS.items()),
        else_=WAITING,
    )
    return (HarvestObjectExtra, noted), result


def _counts(job_id: str) -> dict[str, int]:
    from ckanext.harvest.model import HarvestObject

    joined, result = _table()
    query = (
        model.Session.query(result, sa.func.count())
        .select_from(HarvestObject)
        .outerjoin(*joined)
        .filter(HarvestObject.harvest_job_id == job_id)
        .group_by(sa.literal_column("1"))
    )
    return dict(query.all())


def entries(
    job_id: str, result: str = "", limit: int | None = None, offset: int = 0
) -> list[Entry]:
    """Items of a job, failures first, then by SIREN and exercice; of one result if it is given."""
    from ckanext.harvest.model import HarvestObject

    joined, case = _table()
    query = (
        model.Session.query(HarvestObject, case)
        .outerjoin(*joined)
        .filter(HarvestObject.harvest_job_id == job_id)
    )
    if result:
        query = query.filter(case == result)
    query = query.order_by(case != FAILED, HarvestObject.guid, HarvestObject.id)
    found = query.offset(offset).limit(limit)
    return [_entry(one, word) for one, word in found]


def every_entry(job_id: str, result: str = "") -> Iterator[Entry]:
    """As ``entries``, all of them, some hundreds at a time."""
    offset = 0
    while True:
        found = entries(job_id, result, BATCH, offset)
        yield from found
        if len(found) < BATCH:
            return
        offset += BATCH
        model.Session.expire_all()


def _entry(one: Any, result: str) -> Entry:
    item = Item.load(one.content) if one.content else None
    outcome, params = outcomes.read(one)
    if result == FAILED and not outcome.startswith("error:"):
        outcome, params = "error:ended", {}
    return Entry(
        object_id=one.id,
        result=result,
        outcome=outcome if result != WAITING else "waiting",
        params=params,
        title=(item.title if item else "") or one.guid,
        siren=item.siren if item else "",
        exercice=item.exercice if item else None,
        url=item.url if item else "",
        package_id=one.package_id or "",
        finished=one.import_finished,
    )

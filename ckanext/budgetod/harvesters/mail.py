"""The summary of a job by mail, to those who own its source and asked for it; once."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import mailer
from ckan.plugins import toolkit as tk

from . import journal, messages, verdict
from .config import parse

log = logging.getLogger(__name__)

SHOWN = 10
"""Failures named."""
_TASK = {"entity_type": "harvest_job", "task_type": "budgetod_harvest", "key": "mail"}
_WORDS = {
    "fr": {
        "subject": "Moissonnage « {source} » : {title}",
        "counts": "Ajoutés : {ajoutes} · mis à jour : {misajour} · inchangés : {inchanges} · "
        "ignorés : {ignores} · retirés : {retires} · échecs : {echecs}",
        "gather": "Ce que la source n’a pas dit :",
        "failures": "Les premiers échecs :",
        "more": "… et {count} autres.",
        "link": "Le journal complet, avec un bouton pour relancer les échecs :\n{url}",
        "why": "Vous recevez ce message parce que cette source a « courriel : true » dans sa "
        "configuration.",
    },
    "en": {
        "subject": "Harvest “{source}”: {title}",
        "counts": "Added: {ajoutes} · updated: {misajour} · unchanged: {inchanges} · "
        "skipped: {ignores} · withdrawn: {retires} · failed: {echecs}",
        "gather": "What the source did not tell:",
        "failures": "The first failures:",
        "more": "… and {count} others.",
        "link": "The whole log, with a button to run the failures again:\n{url}",
        "why": "You get this message because this source has “courriel: true” in its "
        "configuration.",
    },
}


def running(source_id: str | None = None) -> list[str]:
    """Ids of the jobs of our sources (or of one) that ckanext-harvest takes for running."""
    from ckanext.harvest.model import HarvestJob, HarvestSource

    query = (
        model.Session.query(HarvestJob.id)
        .join(HarvestSource, HarvestSource.id == HarvestJob.source_id)
        .filter(HarvestJob.status == "Running", HarvestSource.type.startswith("budgetod_"))
    )
    if source_id:
        query = query.filter(HarvestSource.id == source_id)
    return [job_id for (job_id,) in query]


def tell_finished(job_ids: Iterable[str]) -> None:
    """Write to the owners of those of these jobs that have ended. Never raises."""
    for job_id in job_ids:
        try:
            _tell(job_id)
        except Exception:
            log.exception("No mail about harvest job %s", job_id)
            model.Session.rollback()


def _tell(job_id: str) -> None:
    from ckanext.harvest.model import HarvestJob

    model.Session.expire_all()
    row = HarvestJob.get(job_id)
    if row is None or row.status != "Finished" or not parse(row.source.config).mail:
        return
    if not tk.config.get("smtp.mail_from"):  # CKAN's mailer would fail in a way of its own
        log.warning("Mail about harvest job %s not sent: smtp.mail_from is not set", job_id)
        return
    if not _claim(job_id):
        return
    subject, body = letter(row)
    for name, address in recipients(row.source_id):
        try:
            mailer.mail_recipient(name, address, subject, body)
        except (mailer.MailerException, OSError) as error:
            log.warning("Mail about harvest job %s not sent: %s", job_id, type(error).__name__)


def _claim(job_id: str) -> bool:
    """True for the first who asks, whatever runs at the same time (committed)."""
    table = model.TaskStatus.__table__
    values = {
        **_TASK,
        "id": str(uuid.uuid4()),
        "entity_id": job_id,
        "value": "sent",
        "last_updated": datetime.utcnow(),  # noqa: DTZ003 (CKAN's column is naive UTC)
    }
    insert = sa.dialects.postgresql.insert(table).values(values).on_conflict_do_nothing()
    first = model.Session.execute(insert).rowcount == 1
    model.Session.commit()
    return first


def letter(row: Any) -> tuple[str, str]:
    """Subject and text about a job, in the site's language."""
    lang = messages.site_language()
    words, job = _WORDS[lang], journal.read(row)
    title, text = verdict.verdict(job, lang)
    parts = [f"{title}. {text}", words["counts"].format(**job.counts)]
    if job.gather_errors:
        parts.append("\n".join([words["gather"], *_listed(job.gather_errors, words)]))
    if job.failed:
        failures = journal.entries(job.id, journal.FAILED, SHOWN)
        lines = [f"{e.title} : {messages.sentence(e.outcome, e.params, lang)}" for e in failures]
        lines += [""] * (job.failed - len(lines))
        parts.append("\n".join([words["failures"], *_listed(lines, words)]))
    source = model.Package.get(row.source_id)
    url = tk.h.url_for("budgets_harvest.log", source=source.name, job=row.id, qualified=True)
    parts += [words["link"].format(url=url), words["why"]]
    return words["subject"].format(source=source.title, title=title), "\n\n".join(parts)


def _listed(lines: list[str], words: dict[str, str]) -> list[str]:
    shown = [f"- {line}" for line in lines[:SHOWN]]
    left = len(lines) - SHOWN
    return [*shown, words["more"].format(count=left)] if left > 0 else shown


def recipients(source_id: str) -> list[tuple[str, str]]:
    """Name and address of the creator of a source and of the admins of its organisation."""
    source = model.Package.get(source_id)
    if source is None:
        return []
    admins = model.Session.query(model.Member.table_id).filter(
        model.Member.group_id == source.owner_org,
        model.Member.table_name == "user",
        model.Member.capacity == "admin",
        model.Member.state == "active",
    )
    query = model.Session.query(model.User).filter(
        model.User.state == "active",
        sa.or_(model.User.id == source.creator_user_id, model.User.id.in_(admins)),
    )
    found = {one.email.lower(): (one.display_name, one.email) for one in query if one.email}
    return sorted(found.values())

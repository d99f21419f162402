"""« Journal du moissonnage »: one job of a source, item by item; CSV; failed items once more."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.base import render
from flask import Response

from ckanext.budgetod.engine.scdl.writer import write_csv
from ckanext.budgetod.harvesters import catalogue, journal, messages, verdict
from ckanext.budgetod.harvesters.config import parse
from ckanext.budgetod.harvesters.journal import Entry, Job

from . import dataset_page, formatting, harvest_preview
from .harvest import owned, require_right

PAGE = 50
JOBS = 10
"""Jobs offered, the newest first."""
RESULTS = {
    "echecs": (("Échec", "Échecs"), ("Failure", "Failures"), "red", "cross"),
    "ajoutes": (("Ajouté", "Ajoutés"), ("Added", "Added"), "green", "plus"),
    "misajour": (("Mis à jour", "Mis à jour"), ("Updated", "Updated"), "green", "turn"),
    "retires": (("Retiré", "Retirés"), ("Withdrawn", "Withdrawn"), "grey", "box"),
    "ignores": (("Ignoré", "Ignorés"), ("Skipped", "Skipped"), "grey", "skip"),
    "inchanges": (("Inchangé", "Inchangés"), ("Unchanged", "Unchanged"), "grey", "minus"),
    "attente": (("En attente", "En attente"), ("Waiting", "Waiting"), "grey", "clock"),
}
"""Result -> (one, several) in French and in English, tone, icon."""
COLUMNS = (
    "jeu", "siren", "exercice", "resultat", "explication", "adresse_source", "adresse_ici", "fin",
)  # fmt: skip


def page(source: str) -> Any:
    """The last job of a source, or the one that ``?job=`` names."""
    denied = require_right()
    if denied:
        return denied
    package, row = owned(source)
    rows = journal.jobs(package.id, JOBS)
    job = _chosen(rows, package.id)
    lang = dataset_page.language()
    values = {
        "source": package,
        "kind": catalogue.title_of(row.type),
        "what": _what(row, lang),
        "job": job,
        "jobs": _choices(rows, job, package.name) if len(rows) > 1 else [],
        "box": _box(job, lang),
        "urls": _urls(package.name, job),
    }
    if job:
        values |= _table(job, package.name, lang)
    return render("budgetod/harvest/log.html", values)


def _what(row: Any, lang: str) -> str:
    try:
        return catalogue.describe(parse(row.config), lang)
    except ValueError:
        return ""


def _chosen(rows: list[Any], source_id: str) -> Job | None:
    """The job asked for; 404 when it is not one of this source."""
    from ckanext.harvest.model import HarvestJob

    wanted = tk.request.args.get("job")
    if not wanted:
        return journal.read(rows[0]) if rows else None
    found = HarvestJob.get(wanted)
    if found is None or found.source_id != source_id:
        return tk.abort(404, tk._("Harvest job not found"))
    return journal.read(found)


def _choices(rows: list[Any], job: Job | None, source: str) -> list[dict[str, Any]]:
    return [
        {
            "when": row.created,
            "current": job is not None and row.id == job.id,
            "url": tk.h.url_for("budgets_harvest.log", source=source, job=row.id),
        }
        for row in rows
    ]


def _box(job: Job | None, lang: str) -> dict[str, str]:
    title, text = verdict.verdict(job, lang)
    tone = verdict.tone(job)
    return {"title": title, "text": text, "tone": tone, "icon": harvest_preview.ICONS[tone]}


def _urls(source: str, job: Job | None) -> dict[str, str]:
    result = tk.request.args.get("resultat", "")
    named = {"source": source, "job": job.id if job else "", "resultat": result}
    named = {name: value for name, value in named.items() if value}
    return {
        "csv": tk.h.url_for("budgets_harvest.csv", **named),
        "edit": tk.h.url_for("budgets_harvest.edit", source=source),
        "run": tk.h.url_for("budgets_harvest.run", source=source),
        "retry": tk.h.url_for("budgets_harvest.retry", source=source),
        "ckan": tk.h.url_for("harvester.admin", id=source),
    }


def _table(job: Job, source: str, lang: str) -> dict[str, Any]:
    result = tk.request.args.get("resultat", "")
    if result not in RESULTS:
        result = ""
    total = job.counts[result] if result else job.total
    number = _page_number(total)
    first = (number - 1) * PAGE
    found = journal.entries(job.id, result, PAGE, first)
    names = _names(found)

    def url(**changed: Any) -> str:
        given = {"source": source, "job": job.id, "resultat": result, **changed}
        return tk.h.url_for("budgets_harvest.log", **{k: v for k, v in given.items() if v})

    return {
        "counts": _counts(job, result, url, lang),
        "rows": [_row(one, names, lang) for one in found],
        "paging": {
            "text": _range(first, len(found), total, lang),
            "before": url(page=number - 1) if number > 1 else "",
            "after": url(page=number + 1) if first + len(found) < total else "",
        },
        "duration": _duration(job, lang),
        "live": job.phase != "finished",
    }


def _page_number(total: int) -> int:
    text = tk.request.args.get("page", "1")
    last = max(1, -(-total // PAGE))
    return min(max(int(text), 1), last) if text.isdecimal() and len(text) < 8 else 1


def _range(first: int, shown: int, total: int, lang: str) -> str:
    if shown == total:
        text = tk.ungettext("{count} line.", "{count} lines.", total)
        return text.format(count=formatting.number(total, lang))
    return tk._("Lines {first} to {last} of {count}.").format(
        first=formatting.number(first + 1, lang),
        last=formatting.number(first + shown, lang),
        count=formatting.number(total, lang),
    )


def _counts(job: Job, chosen: str, url: Any, lang: str) -> list[dict[str, Any]]:
    """Results that occur, as choices."""
    everything = {"word": tk._("All"), "count": formatting.number(job.total, lang)}
    choices = [{**everything, "url": url(resultat="", page=""), "current": not chosen}]
    for name in RESULTS:
        if job.counts[name] or name == chosen:
            count = formatting.number(job.counts[name], lang)
            link = url(resultat=name, page="")
            one = {"word": _word(name, lang)[1], "count": count, "url": link}
            choices.append({**one, "current": name == chosen})
    return choices


def _word(result: str, lang: str) -> tuple[str, str]:
    """For one and for several."""
    return RESULTS[result][lang != "fr"]


def _names(entries: list[Entry]) -> dict[str, str]:
    ids = [one.package_id for one in entries if one.package_id]
    query = model.Session.query(model.Package.id, model.Package.name)
    found = query.filter(model.Package.id.in_(ids), model.Package.state == "active")
    return dict(found.all()) if ids else {}


def _row(one: Entry, names: dict[str, str], lang: str) -> dict[str, Any]:
    _, _, tone, icon = RESULTS[one.result]
    name = names.get(one.package_id)
    return {
        "id": one.object_id,
        "title": one.title,
        "url": _web(one.url),
        "here": tk.h.url_for("budget.read", id=name) if name else "",
        "state": {"word": _word(one.result, lang)[0], "tone": tone, "icon": icon},
        "text": messages.sentence(one.outcome, one.params, lang),
        "failed": one.result == journal.FAILED,
    }


def _web(url: str) -> str:
    return url if url.startswith(("http://", "https://")) else ""


def _duration(job: Job, lang: str) -> str:
    if job.phase != "finished" or not (job.started and job.finished):
        return ""
    return formatting.seconds(max((job.finished - job.started).total_seconds(), 0.1), lang)


# --- CSV and retry -------------------------------------------------------------------------------
def as_csv(source: str) -> Any:
    """Every item of the job (of one result when it is asked), stable French names."""
    denied = require_right()
    if denied:
        return denied
    package, _ = owned(source)
    job = _chosen(journal.jobs(package.id, 1), package.id)
    if job is None:
        return tk.abort(404, tk._("Harvest job not found"))
    result = tk.request.args.get("resultat", "")
    target = io.BytesIO()
    write_csv(target, COLUMNS, _lines(job, result if result in RESULTS else ""))
    name = f"journal-{package.name}-{job.created:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content_type = "text/csv; charset=utf-8"
    return Response(target.getvalue(), content_type=content_type, headers=headers)


def _lines(job: Job, result: str) -> Iterator[list[object]]:
    for one in journal.every_entry(job.id, result):
        package_id = one.package_id
        yield [
            one.title,
            one.siren,
            one.exercice,
            one.result,
            messages.sentence(one.outcome, one.params, "fr"),
            one.url,
            tk.h.url_for("budget.read", id=package_id, qualified=True) if package_id else "",
            _iso(one.finished),
        ]


def _iso(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def retry(source: str) -> Any:
    """« Réessayer » one item, « Relancer les n échecs » of a job."""
    denied = require_right()
    if denied:
        return denied
    package, _ = owned(source)
    job_id = tk.request.form.get("job", "")
    data = {"id": job_id, "objects": tk.request.form.getlist("object")}
    try:
        made = tk.get_action("budgetod_harvest_retry")({}, data)
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("Harvest job not found"))
    except tk.NotAuthorized:
        return tk.abort(403, tk._("You may not manage this harvest source."))
    except tk.ValidationError as error:
        tk.h.flash_error(" ".join(str(text) for text in error.error_summary.values()))
        return tk.redirect_to("budgets_harvest.log", source=package.name, job=job_id)
    tk.h.flash_success(
        tk._("The failed datasets are in the queue again, as a harvest of their own.")
    )
    return tk.redirect_to("budgets_harvest.log", source=package.name, job=made["id"])

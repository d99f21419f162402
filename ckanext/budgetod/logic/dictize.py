"""Rows as the actions answer them: shapes that pages and API users rely on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.budgetod.deposit import jobs, metadata, neighbours
from ckanext.budgetod.deposit.identity import DEPOSIT
from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.engine.findings import Finding, Level
from ckanext.budgetod.engine.report import finding_to_dict
from ckanext.budgetod.model import BudgetDocument, Conversion, State

STEPS = ("received", "checks", "conversion", "publication")
PREVIEW_LATE = Finding("X02", Level.INFO)
ENDED = (State.PUBLISHED.value, State.REPLACED.value, State.WITHDRAWN.value)


def conversion(row: Conversion, can_edit: bool) -> dict[str, Any]:
    """One deposit. Without ``can_edit``: no place of personal data, no name of the file."""
    package = model.Package.get(row.package_id)
    document = BudgetDocument.get(row.document_key)
    return {
        "id": row.id,
        "serial": row.serial,
        "state": row.state,
        "step": row.step,
        "steps": steps(row),
        "package_id": row.package_id,
        "package_name": package.name if package else None,
        "resource_id": row.resource_id,
        "document_key": row.document_key,
        "document": _about(row, document),
        "title": metadata.document_title(document) if document else row.document_key,
        "filename": row.filename if can_edit else "",
        "size": row.size,
        "created": _iso(row.created),
        "started": _iso(row.started),
        "finished": _iso(row.finished),
        "attempt": row.attempt,
        "reference": jobs.reference(row.id),
        "error": _error(row),
        "report": report(row, can_edit),
        "summary": row.summary,
        "outputs": [_output(row, output) for output in row.outputs or []],
        "questions": list(row.questions or []) if row.state == State.WITHHELD.value else [],
        "can_edit": can_edit,
        "queue_late": row.state == State.QUEUED.value and row.job_id is None,
    }


def steps(row: Conversion) -> list[dict[str, Any]]:
    """The four steps that a person sees, with the seconds each took."""
    begun = row.steps or {}
    names = [*STEPS, "datastore"]
    reached = max((names.index(n) for n in begun if n in names), default=0)
    if row.state == State.QUEUED.value:
        reached = 0
    return [
        {
            "key": name,
            "state": _step_state(row, place, reached),
            "seconds": _seconds(begun, names[place : place + 2]),
        }
        for place, name in enumerate(STEPS)
    ]


def _step_state(row: Conversion, place: int, reached: int) -> str:
    if row.state in ENDED or place < reached:
        return "done"
    if row.state in (State.REFUSED.value, State.FAILED.value) and place == reached:
        return "failed"
    if row.state == State.QUEUED.value:
        return "done" if place == 0 else "todo"
    return "current" if place == reached else "todo"


def _seconds(begun: dict[str, str], pair: list[str]) -> float | None:
    """Time between the beginning of a step and that of the next one."""
    if len(pair) < 2 or not all(name in begun for name in pair):
        return None
    first, second = (datetime.fromisoformat(begun[name]) for name in pair)
    return round(max((second - first).total_seconds(), 0), 1)


def _about(row: Conversion, document: BudgetDocument | None) -> dict[str, Any]:
    """The report's description of the document, the row's own before there is a report."""
    if row.report:
        return row.report["document"]
    return {
        "siret": row.siret,
        "siren": row.siren,
        "exercice": row.exercice,
        "etape": Stage(row.etape).slug if row.etape else "",
        "etape_code": row.etape,
        "numero_dm": document.numero_dm if document else "",
        "categorie": document.categorie if document else "",
        "code_budget": document.code_budget if document else "",
        "libelle": document.libelle if document else "",
        "collectivite": (row.gate or {}).get("collectivite", ""),
        "date_scellement": _iso(row.sealed_at),
    }


def report(row: Conversion, can_edit: bool) -> dict[str, Any] | None:
    """The check report; where personal data were found is for editors only."""
    if row.report is None:
        return None
    findings = [
        {**finding, "where": []} if finding["code"].startswith("P") and not can_edit else finding
        for finding in row.report["findings"]
    ]
    added = list(neighbours.annexes_to_come(row))
    if row.state == State.PUBLISHED.value and row.step != "done":
        added.append(PREVIEW_LATE)
    findings += [finding_to_dict(finding) for finding in added]
    counts = row.report["counts"]
    counts = {**counts, "info": counts["info"] + len(added)}
    return {**row.report, "findings": findings, "counts": counts}


def _error(row: Conversion) -> dict[str, Any] | None:
    if not row.error_code:
        return None
    return {"code": row.error_code, "params": row.error_params or {}}


def _output(row: Conversion, output: dict[str, Any]) -> dict[str, Any]:
    resource = model.Resource.get(output["resource_id"])
    present = row.state == State.PUBLISHED.value and resource is not None
    return {
        **{name: value for name, value in output.items() if name != "columns"},
        "size": resource.size if present else None,
        "url": _download(row, output) if present else None,
    }


def _download(row: Conversion, output: dict[str, Any]) -> str:
    return tk.url_for(
        "resource.download",
        id=row.package_id,
        resource_id=output["resource_id"],
        filename=output["name"],
        qualified=True,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# --- documents of a dataset ----------------------------------------------------------------------
def documents(package: dict[str, Any], can_edit: bool) -> list[dict[str, Any]]:
    """Documents of a dataset in their fixed order; the public sees what is or was public."""
    rows = Conversion.newest(package_id=package["id"])
    mine = [one for one in BudgetDocument.of_package(package["id"]) if _is_told(one)]
    found = metadata.sort_documents(mine)
    answers = [_document(one, rows, package, can_edit) for one in found]
    return [one for one in answers if can_edit or one["published"] or one["withdrawn"]]


def _is_told(document: BudgetDocument) -> bool:
    """A harvested document that gave way to a better origin leaves no line."""
    return document.origin == DEPOSIT or document.is_public


def _document(
    document: BudgetDocument, rows: Iterable[Conversion], package: dict[str, Any], can_edit: bool
) -> dict[str, Any]:
    mine = [row for row in rows if row.document_key == document.key]
    published = next((r for r in mine if r.state == State.PUBLISHED.value), None)
    current = next((r for r in mine if r.serial == document.current_serial), None)
    withdrawn = document.withdrawn is not None
    if not can_edit:
        current = published
        withdrawn = withdrawn and any(row.outputs for row in mine)
    shown = published or current
    return {
        "key": document.key,
        "stage": document.etape,
        "stage_slug": Stage(document.etape).slug,
        "numero_dm": document.numero_dm,
        "categorie": document.categorie,
        "libelle": document.libelle,
        "code_budget": document.code_budget,
        "origin": document.origin,
        "source": dict(document.source or {}),
        "retired": _iso(document.retired),
        "date_vote": _vote(shown, document) if shown else None,
        "published": conversion(published, can_edit) if published else None,
        "current": conversion(current, can_edit) if current else None,
        "files": _files(document.key, package),
        "withdrawn": withdrawn,
    }


def _vote(row: Conversion, document: BudgetDocument) -> str | None:
    """The date of the vote, which is not told as a fact where a check doubts it."""
    doubted = any(finding["code"] == "S03" for finding in (row.report or {}).get("findings", ()))
    return None if doubted else _about(row, document).get("date_vote")


def _files(key: str, package: dict[str, Any]) -> dict[str, Any]:
    """Published resources of a document by role; several annexes, one of the others."""
    files: dict[str, Any] = {"annexes": [], "comptable": [], "document": []}
    for resource in package.get("resources", []):
        if resource.get("budgetod_document") != key or not resource.get("url"):
            continue
        role = resource.get("budgetod_role")
        if role == "annexe":
            files["annexes"].append(resource)
        elif role == "comptable":
            files["comptable"].append(resource)
        elif role:
            files[role] = resource
    return files

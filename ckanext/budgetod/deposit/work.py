"""What the job does with one row: convert, decide, publish, load. Every step can be done again."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ckan import model

from ckanext.budgetod import config, engine
from ckanext.budgetod.engine.errors import Unreadable
from ckanext.budgetod.engine.report import (
    Report,
    blocking_codes,
    finding_from_dict,
    withholding_codes,
)
from ckanext.budgetod.model import BudgetDocument, Conversion, State

from . import datasets, datastore, metadata, neighbours, publish, storage
from .heartbeat import Heartbeat
from .jobs import Overtaken

if TYPE_CHECKING:
    from ckanext.budgetod.engine.outputs import Output
    from ckanext.budgetod.engine.pipeline import Conversion as Converted

FOLDER_PREFIX = "budgetod-work-"
HARVEST_PREFIX = "budgetod-harvest-"
"""Begins the private folder in which a consumer reads one harvested item."""
DRAFT = "draft"
"""The question of a deposit that its depositor asked to keep for later."""


def process(row_id: str) -> None:
    """Bring a claimed row as far as it goes. Raises what ``jobs.run`` knows how to answer."""
    with Heartbeat(row_id):
        row = _row(row_id)
        if row.state == State.RUNNING.value:
            if not _convert(row):
                return
        elif row.step == "publication":
            datasets.index_again(row.package_id)
        finish(row_id)


def finish(row_id: str) -> None:
    """After publication: empty the staging, load the DataStore, say that all is done."""
    row = _row(row_id)
    _reach(row, "datastore")
    storage.discard(row_id)
    if metadata.in_datastore(_document(row)):
        datastore.load(row)
    _reach(_row(row_id), "done")


def _convert(row: Conversion) -> bool:
    """Convert and publish; False when the row now waits for an answer."""
    _reach(row, "checks")
    with _folder(row.id) as folder, storage.open_staged(row.id) as stream:
        converted = _engine(row, stream, folder)
        report = _complete(row, converted.whole_report)
        _refuse_blocking(report)
        questions = _questions(row, report)
        if questions:
            _withhold(row.id, converted, report, questions)
            return False
        _reach(_row(row.id), "publication")
        content = metadata.Content(
            report=report.to_dict(),
            summary=converted.summary,
            fields=metadata.budget_fields(converted.header, report.to_dict()),
            outputs=_outputs(converted),
            xml=None if config.profile() == "sans_xml" else stream,
        )
        publish.publish(row.id, content)
    return True


def _engine(row: Conversion, stream: IO[bytes], folder: Path) -> Converted:
    document = _document(row)
    return engine.convert(
        stream,
        folder,
        formats=("csv",),
        profile=config.profile(),
        facts=row.facts,
        siret=(row.gate or {}).get("repaired") or None,
        lang="fr",
        basename=metadata.file_stem(document),
        plans=config.plans(),
        progress=_progress(row.id),
        previous=_previous(document),
        formula_guard=config.formula_guard(),
    )


def _outputs(converted: Converted) -> list[Output]:
    """Every file; those of a further Budget of the same document carry its rank and its label."""
    found = list(converted.outputs)
    for rank, other in enumerate(converted.others, 2):
        label = " ".join(other.header.libelle_etablissement.split())
        found += [
            replace(output, kind=f"{output.kind}#{rank}", title=f"{output.title} ({label})")
            for output in other.outputs
        ]
    return found


def _progress(row_id: str):
    """The engine's steps as the page names them: checks, then conversion."""
    seen: set[str] = set()

    def tell(step: str, fraction: float) -> None:
        if step not in seen and step == "conversion":
            _reach(_row(row_id), "conversion")
        seen.add(step)

    return tell


def _document(row: Conversion) -> BudgetDocument:
    document = BudgetDocument.get(row.document_key)
    if document is None:
        raise Overtaken
    return document


def _previous(document: BudgetDocument) -> dict[str, Any] | None:
    """Summary of the published version of this document, to tell the differences."""
    if document.published_serial is None or document.withdrawn:
        return None
    published = Conversion.by_serial(document.published_serial)
    return published.summary if published else None


def _complete(row: Conversion, report: Report) -> Report:
    """The report with what the gate saw of the original and what the portal knows."""
    gate = row.gate or {}
    findings = [finding_from_dict(finding) for finding in gate.get("findings", ())]
    return report.with_gate(
        findings=[*findings, *neighbours.findings(row, _document(row))],
        masked=gate.get("masked", ()),
        dropped=gate.get("dropped", ()),
    )


def _refuse_blocking(report: Report) -> None:
    for code in blocking_codes(report):
        finding = next(f for f in report.findings if f.code == code)
        raise Unreadable(code, **finding.params)


def _questions(row: Conversion, report: Report) -> list[str]:
    """Codes that still wait for an answer of the depositor."""
    asked = withholding_codes(report, config.publish_when())
    if row.draft:
        asked.append(DRAFT)
    return [code for code in asked if code not in (row.answers or [])]


def _withhold(row_id: str, converted: Converted, report: Report, questions: list[str]) -> None:
    row = Conversion.get(row_id, for_update=True)
    if row is None or row.state != State.RUNNING.value:
        raise Overtaken
    row.enter(
        State.WITHHELD,
        report=report.to_dict(),
        summary=converted.summary,
        questions=questions,
    )
    row.reach("publication")
    model.Session.commit()


def _row(row_id: str) -> Conversion:
    row = Conversion.get(row_id)
    if row is None or row.state not in (State.RUNNING.value, State.PUBLISHED.value):
        raise Overtaken
    return row


def _reach(row: Conversion, step: str) -> None:
    row.reach(step)
    model.Session.commit()


@contextlib.contextmanager
def _folder(row_id: str) -> Iterator[Path]:
    """A private folder for the converted files; the sweep removes what a killed worker left."""
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{row_id}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

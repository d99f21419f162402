"""Accounts and figures of a national source, in the dataset of their SIREN × exercice.

All documents of one origin come in one write, with the bookkeeping in the same transaction. A local
deposit always wins (``ranks``), what a person withdrew stays withdrawn, and what is already there
is not written again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from ckan import model

from ckanext.budgetod import engine
from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion, State

from . import datasets, datastore, identity, intake, metadata, ranks, records
from .identity import Identity
from .provenance import known, versioned, was_deleted
from .publish import free_id

if TYPE_CHECKING:
    from ckanext.budgetod.engine.outputs import Output

Note = Callable[[str], None]
"""Told the dataset's id just before the write, in its transaction."""
INDICATORS = "indicateurs"


class Outcome(str, Enum):
    """What became of one item."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OUTRANKED = "outranked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class NationalDocument:
    """One document to publish. ``identity`` None: national figures, which have no stage."""

    outputs: Sequence[Output]
    identity: Identity | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Harvested:
    """Everything that one origin tells of a SIREN for an exercice.

    ``fields``: those of the dataset that say whose budget it is (``sources.profile``). ``source``:
    url, titre, licence, producteur, statut, harvest_source. ``digest``: of what was read there.
    """

    origin: str
    siren: str
    exercice: int
    digest: str
    owner_org: str
    documents: Sequence[NationalDocument]
    fields: Mapping[str, str]
    source: Mapping[str, Any]

    @property
    def budget(self) -> tuple[str, int]:
        return self.siren, self.exercice


@dataclass(frozen=True, slots=True)
class _Entry:
    """A document to come and its row."""

    coming: NationalDocument
    document: BudgetDocument


def publish(harvested: Harvested, note: Note = lambda package_id: None) -> tuple[Outcome, str]:
    """Bring the dataset to what the source says: the outcome and the dataset's id.

    Raises NotNow or SearchIndexError when a service is down: nothing is half published, and the
    same call later brings it to its end.
    """
    datasets.require_index()
    intake.lock(harvested.budget)
    package_id = intake.claim(harvested.budget, free_id(harvested.budget))
    present = BudgetDocument.all_of_package(package_id)
    if was_deleted(*harvested.budget):
        entries, refused = [], Outcome.WITHDRAWN
    else:
        entries, refused = _entries(harvested, package_id, present)
    if not entries:
        model.Session.rollback()
        return refused, package_id
    gone = [*_no_longer_there(harvested, present, entries), *_beaten(present, entries)]
    if not gone and all(_is_there(entry.document, harvested) for entry in entries):
        model.Session.rollback()
        return Outcome.UNCHANGED, package_id
    fresh = model.Package.get(package_id) is None
    _write(harvested, package_id, entries, gone, note)
    _confirm(harvested, entries)
    return (Outcome.ADDED if fresh else Outcome.UPDATED), package_id


def _entries(
    harvested: Harvested, package_id: str, present: Sequence[BudgetDocument]
) -> tuple[list[_Entry], Outcome]:
    """The documents that may be published here; the reason of the last one that may not."""
    entries, refused = [], Outcome.UNCHANGED
    for coming in harvested.documents:
        if coming.identity is not None and ranks.is_beaten(coming.identity, present):
            refused = Outcome.OUTRANKED
            continue
        document = _row(harvested, coming, package_id)
        if document.withdrawn:
            refused = Outcome.WITHDRAWN
            continue
        entries.append(_Entry(coming, document))
    return entries, refused


def indicators_key(origin: str, siren: str, exercice: int) -> str:
    """Key of the national figures of a SIREN for an exercice."""
    return f"{origin}.{siren}.{exercice}.{INDICATORS}"


def _row(harvested: Harvested, coming: NationalDocument, package_id: str) -> BudgetDocument:
    who = coming.identity
    key = who.key if who else indicators_key(harvested.origin, *harvested.budget)
    document = BudgetDocument.get(key, for_update=True)
    if document is None:
        document = BudgetDocument(
            key=key,
            origin=harvested.origin,
            siren=harvested.siren,
            siret=who.siret if who else "",
            exercice=harvested.exercice,
            etape=who.etape if who else "",
            numero_dm=who.numero_dm if who else "",
            categorie=who.categorie if who else "",
            code_budget=who.code_budget if who else "",
            resource_ids={},
        )
        model.Session.add(document)
    document.package_id = package_id
    document.libelle = who.libelle if who else ""
    return document


def _is_there(document: BudgetDocument, harvested: Harvested) -> bool:
    return (
        document.is_public
        and document.retired is None
        and document.digest == versioned(harvested.digest)
    )


def _no_longer_there(
    harvested: Harvested, present: Iterable[BudgetDocument], entries: Sequence[_Entry]
) -> list[BudgetDocument]:
    """Public documents of the same origin and harvest source that the source left out.

    A file is one of several of a budget: who harvests files sees to what left them.
    """
    if "guid" in harvested.source:
        return []
    kept = {entry.document.key for entry in entries}
    mine = harvested.source.get("harvest_source")
    return [
        one
        for one in present
        if one.origin == harvested.origin
        and one.is_public
        and one.key not in kept
        and (one.source or {}).get("harvest_source") == mine
    ]


def _beaten(present: Sequence[BudgetDocument], entries: Sequence[_Entry]) -> list[BudgetDocument]:
    """Public documents of lesser origins that tell the same as those to come."""
    comings = [entry.coming.identity for entry in entries if entry.coming.identity is not None]
    found = {one.key: one for who in comings for one in ranks.beaten_by(who, present)}
    return list(found.values())


def _write(
    harvested: Harvested,
    package_id: str,
    entries: Sequence[_Entry],
    gone: Sequence[BudgetDocument],
    note: Note,
) -> None:
    """Rows, files and dataset, committed at once."""
    rows = [_record(harvested, entry) for entry in entries]
    for one in gone:
        records.outrank(one)
        if one.origin == harvested.origin:
            one.source = {}  # the source itself left it out: it is not to be brought back
    present = BudgetDocument.all_of_package(package_id)
    package = model.Package.get(package_id)
    if package is None:
        BudgetDataset.get(*harvested.budget).built = {}  # what was typed went with the old dataset
    before = datasets.show(package_id) if package else {"id": package_id, "resources": []}
    planned = [item for entry, row in zip(entries, rows, strict=True) for item in _plan(entry, row)]
    with contextlib.ExitStack() as opened:
        mine = records.uploads(before, planned, None, opened)
        documents = [*(entry.document for entry in entries), *gone]
        others = records.without(before["resources"], documents)
        resources = metadata.arrange(others, mine, present)
        update = records.rebuilt(before, *harvested.budget)
        update |= {"private": False, "state": "active"}
        note(package_id)
        if package is None:
            _create(harvested, package_id, update, resources)
        else:
            datasets.revise(before, update, resources)
    for entry in entries:
        mine_planned = [i for i in planned if i.fields["budgetod_document"] == entry.document.key]
        records.forget_dropped_files(before, entry.document, mine_planned)
    for one in gone:
        records.forget_files(one)


def _create(
    harvested: Harvested, package_id: str, update: dict[str, Any], resources: list[dict[str, Any]]
) -> None:
    fixed = {"id": package_id, "type": "budget", "owner_org": harvested.owner_org}
    datasets.create({**update, **fixed, "resources": resources})


def _record(harvested: Harvested, entry: _Entry) -> Conversion:
    """Row and document as they will be once the dataset is written."""
    document, coming = entry.document, entry.coming
    for older in Conversion.newest(document_key=document.key, state=State.PUBLISHED.value):
        older.enter(State.REPLACED)
    kinds = {out.kind: identity.resource_id(document.key, out.kind) for out in coming.outputs}
    document.resource_ids = {**kinds, **document.resource_ids}
    document.source = dict(harvested.source)
    document.retired = None
    row = Conversion(
        document_key=document.key,
        package_id=document.package_id,
        resource_id=next(iter(kinds.values()), ""),
        owner_org=harvested.owner_org,
        siren=harvested.siren,
        siret=document.siret,
        exercice=harvested.exercice,
        etape=document.etape,
        hash=harvested.digest,
        pipeline_version=engine.PIPELINE_VERSION,
        report=dict(coming.report) or None,
        summary=dict(coming.summary) or None,
        gate={"fields": dict(harvested.fields)},
    )
    row.enter(State.PUBLISHED)
    row.reach("done")
    model.Session.add(row)
    model.Session.flush()
    model.Session.refresh(row, ["serial"])
    document.published_serial = document.current_serial = row.serial
    model.Session.flush()
    return row


def _plan(entry: _Entry, row: Conversion) -> list[metadata.Planned]:
    coming = entry.coming
    content = metadata.Content(coming.report, coming.summary, {}, coming.outputs)
    planned = metadata.files(row, entry.document, content)
    row.outputs = [records.output(item, entry.document) for item in planned]
    return planned


def _confirm(harvested: Harvested, entries: Sequence[_Entry]) -> None:
    """The write is whole, index included: remember what was read, load the tables."""
    for entry in entries:
        entry.document.digest = versioned(harvested.digest)
    model.Session.commit()
    for entry in entries:
        if metadata.in_datastore(entry.document):
            datastore.load(Conversion.by_serial(entry.document.published_serial))


__all__ = [
    "Harvested",
    "NationalDocument",
    "Outcome",
    "indicators_key",
    "known",
    "publish",
    "versioned",
]

"""From a document that passed the gate to a row in our table and a job in the queue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.budgetod import engine
from ckanext.budgetod.engine.findings import Finding
from ckanext.budgetod.engine.report import finding_to_dict
from ckanext.budgetod.model import ACTIVE, BudgetDataset, BudgetDocument, Conversion, State

from . import identity as ids
from . import jobs, storage
from .gate import Staged
from .identity import Identity

KNOWN = (*ACTIVE, State.PUBLISHED.value, State.REFUSED.value)
"""States in which the identical file again is the same deposit."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Everything a row is made of."""

    staged: Staged
    identity: Identity
    package_id: str
    owner_org: str
    user_id: str = ""
    question: Finding | None = None
    answers: tuple[str, ...] = ()
    draft: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    """Where a harvested document comes from (``BudgetDocument.source``)."""


def register(deposit: Deposit, commit: bool = True, enqueue: bool = True) -> Conversion:
    """Insert the row and enqueue its job; the identical current deposit is returned instead.

    With ``commit`` false (somebody else's transaction) the row waits for the sweep to enqueue it;
    with ``enqueue`` false the caller runs the job itself, and the sweep should he die.
    """
    lock(deposit.identity.budget)
    document = _document(deposit)
    row = _same_deposit(document, deposit)
    fresh = row is None
    if row is None:
        row = _insert(document, deposit)
    else:
        deposit.staged.discard()
    if not commit:
        return row
    row_id = row.id
    model.Session.commit()
    if fresh and enqueue:
        jobs.enqueue(row_id)
    return _reread(row_id)


def lock(budget: tuple[str, int]) -> None:
    """One at a time for a SIREN × exercice, until the transaction ends."""
    text = ids.dataset_name(*budget)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def claim(budget: tuple[str, int], package_id: str) -> str:
    """Note which dataset holds this budget, unless one does already; its package id."""
    held = BudgetDataset.get(*budget)
    if held is None:
        held = BudgetDataset(siren=budget[0], exercice=budget[1], package_id=package_id)
        model.Session.add(held)
    elif _is_gone(held.package_id):
        held.package_id = package_id
    model.Session.flush()
    return held.package_id


def _is_gone(package_id: str) -> bool:
    """True for a purged dataset; a deleted one can be undeleted."""
    return model.Package.get(package_id) is None


def _reread(row_id: str) -> Conversion:
    row = Conversion.get(row_id)
    if row is None:
        raise LookupError(row_id)
    return row


def _document(deposit: Deposit) -> BudgetDocument:
    """The document's row, locked; made at its first deposit."""
    identity = deposit.identity
    package_id = claim(identity.budget, deposit.package_id)
    document = BudgetDocument.get(identity.key, for_update=True)
    if document is None:
        document = BudgetDocument(
            key=identity.key,
            package_id=package_id,
            origin=identity.origin,
            siren=identity.siren,
            siret=identity.siret,
            exercice=identity.exercice,
            etape=identity.stage.value,
            numero_dm=identity.numero_dm,
            categorie=identity.categorie,
            code_budget=identity.code_budget,
            resource_ids={ids.XML_KIND: ids.resource_id(identity.key, ids.XML_KIND)},
        )
        model.Session.add(document)
    document.package_id = package_id
    document.libelle = identity.libelle
    document.source = dict(deposit.source)
    return document


def _same_deposit(document: BudgetDocument, deposit: Deposit) -> Conversion | None:
    """The current deposit when it is this very file, under the same pipeline."""
    row = Conversion.by_serial(document.current_serial)
    if row is None:
        return None
    same = (
        row.hash == ids.private_hash(deposit.staged.passed.sha256)
        and row.pipeline_version == engine.PIPELINE_VERSION
    )
    if same and row.state == State.FAILED.value:
        row.enter(State.SUPERSEDED)
        return None
    return row if same and row.state in KNOWN else None


def _insert(document: BudgetDocument, deposit: Deposit) -> Conversion:
    _supersede(document.key)
    row = _row(document, deposit)
    model.Session.add(row)
    model.Session.flush()
    model.Session.refresh(row)
    document.current_serial = row.serial
    model.Session.flush()
    return row


def _supersede(key: str) -> None:
    """Older deposits of this document that are not published will never be."""
    waiting = (*ACTIVE, State.FAILED.value)
    for row in Conversion.newest(document_key=key):
        if row.state in waiting:
            row.enter(State.SUPERSEDED)
            storage.discard(row.id)
    model.Session.flush()


def _row(document: BudgetDocument, deposit: Deposit) -> Conversion:
    passed, identity = deposit.staged.passed, deposit.identity
    row = Conversion(
        id=deposit.staged.key,
        document_key=document.key,
        package_id=document.package_id,
        resource_id=document.resource_ids[ids.XML_KIND],
        owner_org=deposit.owner_org,
        siren=identity.siren,
        siret=identity.siret,
        exercice=identity.exercice,
        etape=identity.stage.value,
        sealed_at=passed.header.sealed_at,
        facts=_public_facts(passed.facts),
        gate=_gate_findings(deposit),
        answers=list(deposit.answers),
        hash=ids.private_hash(passed.sha256),
        published_sha256=passed.published_sha256,
        pipeline_version=engine.PIPELINE_VERSION,
        filename=deposit.staged.filename,
        size=passed.size,
        draft=deposit.draft,
        user_id=deposit.user_id or None,
        state=State.QUEUED.value,
    )
    row.reach("received")
    return row


def _public_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """The gate's facts without the seal's digests, which would let anyone test guesses."""
    return {name: value for name, value in facts.items() if name != "seal_digests"}


def _gate_findings(deposit: Deposit) -> dict[str, Any]:
    passed = deposit.staged.passed
    findings: Iterable[Finding] = passed.findings
    if deposit.question is not None:
        findings = [*findings, deposit.question]
    return {
        "findings": [finding_to_dict(finding) for finding in findings],
        "masked": [dict(row) for row in passed.masked],
        "dropped": [dict(row) for row in passed.dropped],
        "seal": passed.seal,
        "repaired": deposit.identity.repaired,
        **deposit.extra,
    }

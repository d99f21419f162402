"""The one pass over a document: what it says reaches the evidence and the writers of each budget.

A document holds one Budget; where it holds several, each gets its own evidence and writers. Rows of
the accountant's part (CFU) come before the first Budget and belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from .anonymiser import GatePass
from .anonymiser.facts import of_budget
from .anonymiser.passing import Passing
from .batches import Batches
from .before import Before
from .checks.comptable_sums import ComptableSums
from .checks.evidence import Evidence
from .document import (
    AccountingRows,
    AnnexRows,
    BudgetLine,
    Header,
    Origin,
    ReadProblem,
    ResolvedLine,
    ResolvedLines,
)
from .nomenclature import Plans, Resolver, Standing
from .nomenclature import plans as known_plans
from .plan_checks import confront
from .readers import Event, Source, open_document
from .readers.cfu import Comptable
from .readers.totem import TotemReader
from .report import describe
from .siret import usable_siret

Progress = Callable[[int], None]
"""Told the number of bytes read so far."""
PROGRESS_EVERY = 512


class Writer(Protocol):
    """What wants to see a budget pass. Any method may do nothing."""

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        """A Budget begins; ``siret``: the one to publish under, "" without a valid one."""

    def lines(self, lines: ResolvedLines) -> None:
        """Some of its lines."""

    def rows(self, rows: AnnexRows) -> None:
        """Some rows of one of its annexes."""

    def accounting(self, rows: AccountingRows) -> None:
        """Some rows of the accountant's part, which may come before ``begin``."""


Writers = Callable[[int], Sequence[Writer]]
"""Makes the writers of the nth Budget of a document, from 0."""


@dataclass(slots=True)
class Options:
    """How a document is read: facts of the gate, a SIRET given, extra plans, what came before."""

    facts: Mapping[str, Any] | None = None
    siret: str | None = None
    plans: Any = None
    before: Before | None = None
    origin: Origin = Origin.DOCUMENT


@dataclass(slots=True)
class Reading:
    """One Budget, read."""

    header: Header
    siret: str
    evidence: Evidence
    resolver: Resolver
    lines: int = 0
    writers: Sequence[Writer] = field(default_factory=tuple)


def plans_of(given: Any) -> Plans:
    """``given`` is a ``Plans``, a folder of further plans, or None."""
    return given if isinstance(given, Plans) else known_plans(given)


def read_document(
    source: Source,
    options: Options,
    writers: Writers = lambda index: (),
    progress: Progress | None = None,
) -> list[Reading]:
    """Read a document once. ``writers(index)`` makes those of the nth Budget.

    Raises DocumentRefused; ValueError when the SIRET given is not valid.
    """
    with open_document(source) as document:
        reader = _Pass(options, writers)
        for rank, event in enumerate(document):
            reader.see(event)
            if progress and (type(event) is AnnexRows or not rank % PROGRESS_EVERY):
                progress(document.size)
        reader.finish(document.headers)
        reader.certify(document.comptable)
    return reader.readings


def read_published(
    passing: Passing,
    options: Options,
    writers: Writers = lambda index: (),
    progress: Progress | None = None,
) -> tuple[list[Reading], GatePass]:
    """As ``read_document``, what the gate lets out while it passes; and the gate's answer."""
    reader, published = _Pass(options, writers), TotemReader()
    for rank, event in enumerate(published.events(passing.steps())):
        reader.see(event)
        if progress and (type(event) is AnnexRows or not rank % PROGRESS_EVERY):
            progress(passing.size)
    answer = passing.answer()
    reader.finish(published.headers, answer.facts)
    reader.certify(published.comptable)
    return reader.readings, answer


def read_events(
    events: Iterable[Event],
    options: Options,
    writers: Writers = lambda index: (),
) -> list[Reading]:
    """Read a sequence of events that is no XML: each ``Header`` followed by its lines."""
    reader = _Pass(options, writers)
    for event in events:
        reader.see(event)
    reader.finish([reading.header for reading in reader.readings])
    return reader.readings


class _Pass:
    """Sends each event where it belongs."""

    def __init__(self, options: Options, writers: Writers) -> None:
        self._options = options
        self._make_writers = writers
        self._plans = plans_of(options.plans)
        self._comptable = ComptableSums()
        self._first = writers(0)
        self._lines: Batches[BudgetLine] = Batches(self._resolve)
        self.readings: list[Reading] = []
        self._see: dict[type, Callable[[Any], None]] = {
            BudgetLine: self._lines.add,
            AnnexRows: self._rows,
            AccountingRows: self._accounting,
            ReadProblem: self._problem,
            Header: self._header,
        }

    def see(self, event: Any) -> None:
        self._see[type(event)](event)

    def _header(self, header: Header) -> None:
        self._lines.flush()
        header = with_seal_date(header, self._options.facts)
        index = len(self.readings)
        options = self._options
        first = self.readings[0].header if self.readings else None
        siret = usable_siret(header, options.siret, first)
        standing = self._plans.standing(header.nomenclature, header.exercice)
        evidence = Evidence(
            header,
            index,
            facts=of_budget(options.facts, index),
            siret=siret,
            plan_known=standing in (Standing.EXACT, Standing.OTHER_YEAR),
            origin=options.origin,
        )
        past = options.before and options.before.of(describe(evidence.identity))
        if past:
            evidence.previous, evidence.previous_ledger = past.summary, past.ledger
        if index == 0:
            evidence.comptable = self._comptable
        writers = self._first if index == 0 else self._make_writers(index)
        resolver = Resolver(self._plans, header, options.origin is Origin.BALANCE)
        reading = Reading(header, siret, evidence, resolver, writers=writers)
        self.readings.append(reading)
        for writer in writers:
            writer.begin(header, siret, resolver)

    def _resolve(self, given: Sequence[BudgetLine]) -> None:
        """Lines of the Budget that was opened last."""
        reading = self.readings[-1]
        lines = reading.resolver.resolve_all(given)
        reading.lines += len(lines)
        reading.evidence.add_lines(lines)
        for writer in reading.writers:
            writer.lines(lines)

    def _rows(self, rows: AnnexRows) -> None:
        reading = self.readings[-1]
        reading.evidence.add_rows(rows)
        for writer in reading.writers:
            writer.rows(rows)

    def _accounting(self, rows: AccountingRows) -> None:
        self._comptable.add(rows)
        for writer in self._first:
            writer.accounting(rows)

    def _problem(self, problem: ReadProblem) -> None:
        self.readings[-1].evidence.add_problem(problem)

    def finish(self, headers: Sequence[Header], facts: Mapping[str, Any] | None = None) -> None:
        """Headers are whole only now: their list of annexes comes last; and so are ``facts``."""
        self._lines.flush()
        facts = facts or self._options.facts
        for index, (reading, header) in enumerate(zip(self.readings, headers, strict=True)):
            header = with_seal_date(header, facts)
            reading.header, reading.evidence.facts = header, of_budget(facts, index)
            reading.evidence.close(header)
            confront(reading.evidence, self._plans)

    def certify(self, comptable: Comptable) -> None:
        """What the accountant's part of a CFU says of its edition."""
        for reading in self.readings:
            reading.evidence.edition = {
                "type": comptable.edition_type,
                "date": str(comptable.edition_date or ""),
            }


def with_seal_date(header: Header, facts: Mapping[str, Any] | None) -> Header:
    """The header with the date of the seal that an anonymised copy no longer carries."""
    stated = ((facts or {}).get("seal") or {}).get("date")
    if header.sealed_at is None and stated:
        return replace(header, sealed_at=datetime.fromisoformat(stated))
    return header


def resolved_lines(source: Source, plans: Any = None) -> Iterator[ResolvedLine]:
    """The lines of a document with chapter, section and labels, one by one."""
    resolver: Resolver | None = None
    known = plans_of(plans)
    with open_document(source, annexes=False, accounting=False) as document:
        for event in document:
            if isinstance(event, Header):
                resolver = Resolver(known, event)
            elif isinstance(event, BudgetLine) and resolver is not None:
                yield resolver.resolve(event)

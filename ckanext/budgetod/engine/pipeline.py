"""From a document to everything that can be published about it.

``STAGES`` names the steps told to ``progress``, in order. One pass over the XML anonymises it and,
from what may be published alone, feeds the controls, the SCDL rows, the annexes, the accountant's
statements and the summary. Files are written in a private folder and moved to their place when all
of them are complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from . import tables
from .anonymiser import GatePass, anonymise
from .anonymiser.passing import Passing
from .before import Before, Past
from .conversion import Conversion, absent_files, concluded, moved, private_folder
from .document import ResolvedLine
from .errors import DocumentRefused, PreviousRefused
from .naming import Names
from .outputs import LineFiles, Naming, named
from .reading import Options, Reading, Writers, read_document, read_published, resolved_lines
from .report import Report
from .scdl.schema import COLUMNS
from .scdl.strict import write_strict
from .scdl.writer import CsvWriter
from .streams import Given, Nowhere, as_path, rewindable, size_of, writable
from .summary import summarise

STAGES = ("anonymise", "checks", "conversion", "files")
Progress = Callable[[str, float], None]


def read(source: Given, **options: Any) -> Conversion:
    """Check and sum up; nothing is kept. Options as ``check``.

    What is read is the anonymised document, as in a conversion: both tell the same.
    """
    with rewindable(source) as original:
        target: Any = Nowhere()
        readings, gate = _passed(
            original,
            target,
            tables.Settings(),
            _options(options),
            lambda index: (LineFiles(None),),
            None,
        )
    return _conversions([concluded(reading, gate) for reading in readings])


def check(source: Given, **options: Any) -> Report:
    """The report of a document (see ``engine.check``)."""
    return read(source, **options).whole_report


def read_lines(source: Given, *, plans: Any = None) -> Iterator[ResolvedLine]:
    """The resolved lines, one by one (see ``engine.read_lines``)."""
    return resolved_lines(as_path(source), plans)


def write_scdl(source: Given, target: Given, *, siret: str | None = None, plans: Any = None) -> int:
    """The strict CSV alone (see ``engine.write_scdl``).

    Raises Unreadable (I05, Q23) when the file could not be valid; a path is then left alone.
    """
    with writable(target) as stream, CsvWriter(stream, COLUMNS) as writer:
        return write_strict(as_path(source), writer, siret, plans)


def convert(
    source: Given,
    out_dir: str | os.PathLike[str],
    *,
    formats: Sequence[str] = ("csv",),
    profile: str = "strict",
    rules: Any = None,
    facts: Mapping[str, Any] | None = None,
    siret: str | None = None,
    lang: str = "fr",
    basename: Naming | None = None,
    plans: Any = None,
    progress: Progress | None = None,
    previous: Given = None,
    formula_guard: bool = False,
) -> Conversion:
    """Write everything about a document (see ``engine.convert``)."""
    tell = progress or (lambda step, fraction: None)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    settings = tables.Settings(tuple(formats), lang, profile, formula_guard, basename, rules)
    settings.check()
    with rewindable(source) as original, private_folder(out) as folder:
        given = {"facts": facts, "siret": siret, "plans": plans, "previous": previous}
        conversions = _Job(folder, settings, tell).run(original, _options(given))
        done = moved(conversions, out)
    tell(STAGES[3], 1.0)
    return _conversions(done)


def _passed(
    original: IO[bytes],
    target: IO[bytes],
    settings: tables.Settings,
    options: Options,
    writers: Writers,
    progress: Callable[[int], None] | None,
) -> tuple[list[Reading], GatePass | None]:
    """Read what may be published of a document, which is written to ``target``.

    A document that comes with the gate's facts passed it already: it is read as it is.
    """
    if options.facts is not None:
        return read_document(original, options, writers, progress), None
    if settings.profile != "none":
        passing = Passing(original, target, settings.profile, settings.rules)
        return read_published(passing, options, writers, progress)
    start = original.tell()
    gate = anonymise(original, target, profile=settings.profile, rules=settings.rules)
    original.seek(start)
    return read_document(original, replace(options, facts=gate.facts), writers, progress), gate


class _Job:
    """The pass of one conversion, and the files of each of its Budgets."""

    def __init__(self, folder: Path, settings: tables.Settings, tell: Progress) -> None:
        self._folder, self._settings, self._tell = folder, settings, tell
        self._names = Names()
        self._opened: list[Any] = []
        self._xml = folder / "document.xml"

    def run(self, stream: IO[bytes], options: Options) -> list[Conversion]:
        size = max(size_of(stream), 1)
        for step in STAGES[:2]:
            self._tell(step, 0.0)
        try:
            with self._xml.open("wb") as target:
                readings, gate = _passed(
                    stream,
                    target,
                    self._settings,
                    options,
                    self._writers,
                    lambda done: self._tell(STAGES[2], min(done / size, 1.0)),
                )
            return [self._finish(index, reading, gate) for index, reading in enumerate(readings)]
        finally:
            for writer in self._opened:
                writer.close()

    def _writers(self, index: int) -> Sequence[Any]:
        folder = self._folder / str(index)
        folder.mkdir()
        settings = self._settings
        writers: list[Any] = [LineFiles(folder, settings.guard)]
        writers.append(tables.AnnexFiles(folder, settings))
        if index == 0:
            writers.append(tables.AccountingFiles(folder, settings))
        self._opened += writers
        return writers

    def _finish(self, index: int, reading: Reading, gate: GatePass | None) -> Conversion:
        """Close the files of a Budget, decide which exist, name them, describe them."""
        writers: Sequence[Any] = reading.writers
        lines = writers[0]
        lines.close()
        outputs = [out for w in writers for out in w.outputs(self._settings.lang)]
        answer = concluded(reading, gate)
        report = answer.report.with_absent_files(absent_files(lines, outputs))
        written = lines.validator.rows if lines.is_valid else 0
        report = report.with_rows({**report.rows, "written": written})
        if index == 0 and gate and self._settings.profile != "sans_xml":
            outputs.append(tables.xml_output(self._xml, self._settings.lang))
        folder = self._folder / str(index)
        name = self._names.free(named(answer.header, self._settings.basename))
        files = tables.finish(
            folder, name, answer.header, report, answer.summary, outputs, self._settings
        )
        return replace(answer, report=report, outputs=files)


def _conversions(found: list[Conversion]) -> Conversion:
    first, *others = found
    return replace(first, others=tuple(others))


def _options(given: Mapping[str, Any]) -> Options:
    siret, plans = given.get("siret"), given.get("plans")
    before = what_came_before(given.get("previous"), siret, plans)
    return Options(facts=given.get("facts"), siret=siret, plans=plans, before=before)


def what_came_before(previous: Any, siret: str | None, plans: Any) -> Before | None:
    """What a document, its summary (its Budgets as ``budgetod summary`` writes them), or this
    function's own answer says; None for None.

    Raises PreviousRefused.
    """
    if previous is None or isinstance(previous, Before):
        return previous
    if isinstance(previous, Mapping):
        return Before((Past(previous), *map(Past, previous.get("autres_budgets", ()))))
    try:
        readings = read_document(as_path(previous), Options(siret=siret, plans=plans))
    except DocumentRefused as refusal:
        raise PreviousRefused(refusal.code, **refusal.params) from refusal
    told = (Past(summarise(r.evidence, r.resolver), r.evidence.ledger) for r in readings)
    return Before(tuple(told))

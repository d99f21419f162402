"""From a document to everything that can be published about it.

``STAGES`` names the steps told to ``progress``, in order. One pass over the XML feeds the controls,
the SCDL rows, the annexes, the accountant's statements and the summary. Files are written in a
private folder and moved to their place when all of them are complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from . import tables
from .anonymiser import GatePass, anonymise
from .conversion import Conversion, Names, absent_files, concluded, moved, private_folder
from .document import ResolvedLine
from .outputs import LineFiles
from .reading import Options, Reading, read_document, resolved_lines
from .report import Report
from .scdl.schema import COLUMNS
from .scdl.writer import CsvWriter
from .streams import Given, as_path, rewindable, size_of, writable
from .summary import summarise

STAGES = ("anonymise", "checks", "conversion", "files")
Progress = Callable[[str, float], None]


def read(source: Given, **options: Any) -> Conversion:
    """Check and sum up; nothing is kept. Options as ``check``.

    What is read is the anonymised document, as in a conversion: both tell the same.
    """
    settings = tables.Settings()
    with (
        rewindable(source) as original,
        tempfile.TemporaryDirectory(prefix="budgetod-") as folder,
        _readable(original, options.get("facts"), Path(folder), settings) as (stream, gate),
    ):
        given = _options(options, gate)
        readings, _ = read_document(stream, given, lambda index: (LineFiles(None),))
    return _conversions([concluded(reading, gate) for reading in readings])


def check(source: Given, **options: Any) -> Report:
    """The report of a document (see ``engine.check``)."""
    return read(source, **options).report


def read_lines(source: Given, *, plans: Any = None) -> Iterator[ResolvedLine]:
    """The resolved lines, one by one (see ``engine.read_lines``)."""
    return resolved_lines(as_path(source), plans)


def write_scdl(source: Given, target: Given, *, siret: str | None = None, plans: Any = None) -> int:
    """The strict CSV alone (see ``engine.write_scdl``).

    Raises Unreadable (I05, Q23) when the file could not be valid; a path is then left alone.
    """
    with writable(target) as stream, CsvWriter(stream, COLUMNS) as writer:
        return tables.write_strict(as_path(source), writer, siret, plans)


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
    basename: str | None = None,
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
        with _readable(original, facts, folder, settings, tell) as (stream, gate):
            given = {"facts": facts, "siret": siret, "plans": plans, "previous": previous}
            job = _Job(folder, settings, gate, tell)
            conversions = job.run(stream, _options(given, gate))
        done = moved(conversions, out)
    tell(STAGES[3], 1.0)
    return _conversions(done)


@contextmanager
def _readable(
    original: IO[bytes],
    facts: Mapping[str, Any] | None,
    folder: Path,
    settings: tables.Settings,
    tell: Progress = lambda step, fraction: None,
) -> Iterator[tuple[IO[bytes], GatePass | None]]:
    """What the reading pass reads: the original once anonymised, unless it is already."""
    if facts is not None:
        yield original, None
        return
    tell(STAGES[0], 0.0)
    path = folder / "document.xml"
    with path.open("wb") as target:
        gate = anonymise(original, target, profile=settings.profile, rules=settings.rules)
    with path.open("rb") as stream:
        yield stream, gate


class _Job:
    """The reading pass of one conversion, and the files of each of its Budgets."""

    def __init__(
        self, folder: Path, settings: tables.Settings, gate: GatePass | None, tell: Progress
    ) -> None:
        self._folder, self._settings, self._gate, self._tell = folder, settings, gate, tell
        self._names = Names()
        self._lines: list[LineFiles] = []

    def run(self, stream: IO[bytes], options: Options) -> list[Conversion]:
        size = max(size_of(stream), 1)
        self._tell(STAGES[1], 0.0)
        try:
            readings, _ = read_document(
                stream,
                options,
                self._writers,
                lambda done: self._tell(STAGES[2], min(done / size, 1.0)),
            )
        finally:
            for lines in self._lines:
                lines.close()
        return [self._finish(index, reading) for index, reading in enumerate(readings)]

    def _writers(self, index: int) -> Sequence[Any]:
        folder = self._folder / str(index)
        folder.mkdir()
        settings = self._settings
        lines = LineFiles(folder, settings.guard)
        self._lines.append(lines)
        writers = [lines, tables.AnnexFiles(folder, settings)]
        return (*writers, tables.AccountingFiles(folder, settings)) if index == 0 else writers

    def _finish(self, index: int, reading: Reading) -> Conversion:
        """Close the files of a Budget, decide which exist, name them, describe them."""
        writers: Sequence[Any] = reading.writers
        lines = writers[0]
        outputs = [out for w in writers for out in w.outputs(self._settings.lang)]
        answer = concluded(reading, self._gate)
        report = answer.report.with_absent_files(absent_files(lines, outputs))
        written = lines.validator.rows if lines.is_valid else 0
        report = report.with_rows({**report.rows, "written": written})
        if index == 0 and self._gate and self._settings.profile != "sans_xml":
            outputs.append(tables.xml_output(self._folder / "document.xml"))
        folder = self._folder / str(index)
        name = self._names.of(reading.header, self._settings.basename)
        files = tables.finish(
            folder, name, answer.header, report, answer.summary, outputs, self._settings
        )
        return replace(answer, report=report, outputs=files)


def _conversions(found: list[Conversion]) -> Conversion:
    first, *others = found
    return replace(first, others=tuple(others))


def _options(given: Mapping[str, Any], gate: GatePass | None) -> Options:
    facts = given.get("facts")
    if facts is None and gate is not None:
        facts = gate.facts
    summary, ledger = _previous(given.get("previous"), given.get("plans"))
    return Options(
        facts=facts,
        siret=given.get("siret"),
        plans=given.get("plans"),
        previous=summary,
        previous_ledger=ledger,
    )


def _previous(given: Any, plans: Any) -> tuple[Mapping[str, Any] | None, Any]:
    """Summary (and ledger, when the document itself is given) of what came before."""
    if given is None or isinstance(given, Mapping):
        return given, None
    readings, _ = read_document(as_path(given), Options(plans=plans))
    first = readings[0]
    return summarise(first.evidence, first.resolver), first.evidence.ledger

"""SCDL budget CSV of other producers, as documents: a conversion per SIRET, exercice and stage.

Read in any dialect and repaired as ``readers.scdl`` does; texts are looked at for persons as those
of a document; the strict CSV is written when every row of the budget is valid. Nothing is invented:
a row that says neither whose it is, nor of which year, nor of which stage, belongs to no budget.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from . import tables
from .anonymiser.cells import masked_line, masked_title
from .batches import Batches
from .checks.evidence import Evidence
from .conversion import Conversion, absent_files, concluded, moved, private_folder
from .document import Header, Origin, ResolvedLine, ResolvedLines, Stage
from .errors import TooLarge, Unreadable
from .findings import Finding, Level
from .naming import Names
from .nomenclature import Plans, Resolver
from .outputs import LineFiles, basename
from .readers import sniff
from .readers.scdl import ScdlTable, open_scdl
from .readers.scdl_cells import repaired_cell
from .reading import Reading, plans_of
from .report import Report
from .scdl.mapping import STAGES
from .scdl.schema import COLUMNS, FIELDS
from .siret import usable_siret
from .streams import Given, rewindable

MAX_SIZE = 50_000_000
MAX_ROWS = 400_000
MAX_BUDGETS = 200
"""Each budget of a file has a file open while rows are read."""
MAX_EXTRA = 50
"""Unknown columns that a report names."""

_PLACE = {name: rank for rank, name in enumerate(COLUMNS)}
_STAGE_OF = {text: stage for stage, text in STAGES.items() if stage is not Stage.CFU}


class Key(NamedTuple):
    """A budget of the file."""

    siret: str
    exercice: int
    stage: Stage


@dataclass(frozen=True, slots=True)
class Choices:
    """What the caller asks for."""

    settings: tables.Settings
    plans: Plans
    principal: str = ""
    extended: bool = False
    previous: Mapping[str, Any] = field(default_factory=dict)


def convert_scdl(
    source: Given,
    out_dir: str | os.PathLike[str],
    *,
    siret: str = "",
    stage: str = "",
    name: str = "",
    nomenclature: str = "",
    plans: Any = None,
    formula_guard: bool = False,
    lang: str = "fr",
    extended: bool = False,
    max_size: int = MAX_SIZE,
) -> list[Conversion]:
    """Convert an SCDL CSV made by others (see ``engine.convert_scdl``)."""
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    known = plans_of(plans)
    settings = tables.Settings(lang=lang, guard=formula_guard)
    choices = Choices(settings, known, siret, extended)
    given = {"BGT_SIRET": siret, "BGT_NOM": name, "BGT_NATDEC": stage_name(stage)}
    with rewindable(source) as stream, private_folder(out) as folder:
        sniff.refuse_unless_text(stream.read(sniff.HEAD))
        stream.seek(0)
        with open_scdl(
            stream, given=given, nomenclature=nomenclature, plans=known, max_size=max_size
        ) as table:
            return moved(_File(table, folder, choices).conversions(), out)


def stage_name(stage: str) -> str:
    """BGT_NATDEC of a stage given as ``ca``, ``09`` or in full; ValueError for an unknown one."""
    if not stage:
        return ""
    found, _ = repaired_cell(FIELDS[_PLACE["BGT_NATDEC"]], stage)
    if found not in _STAGE_OF:
        raise ValueError(f"unknown stage: {stage}")
    return found


class _Budget:
    """One budget of the file while its rows pass."""

    def __init__(self, header: Header, folder: Path, choices: Choices) -> None:
        folder.mkdir()
        self.folder = folder
        self.resolver = Resolver(choices.plans, header)
        siret = usable_siret(header)
        evidence = Evidence(header, siret=siret, origin=Origin.SCDL)
        self.lines = LineFiles(folder, choices.settings.guard, choices.extended)
        self.lines.begin(header, siret, self.resolver)
        self.reading = Reading(header, siret, evidence, self.resolver, writers=(self.lines,))
        self.masked: Counter[str] = Counter()
        self._rows: Batches[tuple[list[str], ResolvedLine]] = Batches(self._give)

    def take(self, row: list[str], resolved: ResolvedLine) -> None:
        line = resolved.line
        if self.resolver.is_equipment(line.nature, line.cod_rd):
            resolved = resolved._replace(equipment=True)
        self._rows.add((row, resolved))

    def _give(self, pairs: Sequence[tuple[list[str], ResolvedLine]]) -> None:
        rows, resolved = zip(*pairs, strict=True)
        lines = ResolvedLines.of(resolved)
        self.reading.lines += len(lines)
        self.reading.evidence.add_lines(lines)
        self.lines.take(rows, lines)

    def flush(self) -> None:
        """Write what waits."""
        self._rows.flush()


class _File:
    """The budgets of one file, in the order in which they are first met."""

    def __init__(self, table: ScdlTable, folder: Path, choices: Choices) -> None:
        self._table, self._folder, self._choices = table, folder, choices
        self._budgets: dict[Key, _Budget] = {}
        self._names = Names()
        self._rows = 0
        self._strangers = 0
        self._summaries: dict[Key, dict[str, Any]] = {}

    def conversions(self) -> list[Conversion]:
        """Every budget by exercice, SIRET and stage. Unreadable when the file holds none."""
        try:
            for row, resolved in self._table.lines():
                self._see(row, resolved)
            for budget in self._budgets.values():
                budget.flush()
        finally:
            for budget in self._budgets.values():
                budget.lines.close()
        if not self._budgets:
            raise self._refusal()
        order = sorted(self._budgets, key=lambda key: (key.exercice, key.siret, key.stage.value))
        return [self._converted(key) for key in order]

    def _see(self, row: list[str], resolved: ResolvedLine) -> None:
        self._rows += 1
        if self._rows > MAX_ROWS:
            raise TooLarge("F09", case="element")
        key = key_of(row)
        if key is None:
            self._strangers += 1
            return
        resolved, kinds = masked_line(row, resolved)
        budget = self._budgets.get(key)
        if budget is None:
            if len(self._budgets) >= MAX_BUDGETS:
                raise TooLarge("F09", case="element")
            budget = self._budgets[key] = self._opened(key, row)
        budget.masked.update(kinds)
        budget.take(row, resolved)

    def _opened(self, key: Key, row: list[str]) -> _Budget:
        principal = self._choices.principal
        annexe = key.siret != principal and key.siret[:9] == principal[:9]
        name = row[_PLACE["BGT_NOM"]]
        header = Header(
            siret=key.siret,
            exercice=key.exercice,
            stage=key.stage,
            root="scdl",
            libelle_collectivite=name,
            libelle_etablissement=name,
            type_budget="A" if annexe else "P",
            siret_principal=principal if annexe else "",
            nomenclature=self._table.nomenclature,
        )
        return _Budget(header, self._folder / str(len(self._budgets)), self._choices)

    def _refusal(self) -> Unreadable:
        """Why no row belongs to a budget."""
        if not self._rows:
            return Unreadable("F15")
        missing = set(self._table.missing)
        if "BGT_ANNEE" in missing:
            return Unreadable("I00", case="exercice")
        return Unreadable("I00", case="etape") if "BGT_NATDEC" in missing else Unreadable("I00")

    def _converted(self, key: Key) -> Conversion:
        budget, settings = self._budgets[key], self._choices.settings
        evidence = budget.reading.evidence
        evidence.close(budget.reading.header)
        evidence.previous = self._summaries.get(key._replace(exercice=key.exercice - 1))
        outputs = budget.lines.outputs(settings.lang)
        answer = concluded(budget.reading)
        self._summaries[key] = answer.summary
        report = self._report(answer.report, budget)
        report = report.with_absent_files(absent_files(budget.lines, outputs, annexes=False))
        answer = replace(answer, report=report)
        name = self._names.free(basename(answer.header))
        if not self._choices.extended:
            return replace(answer, outputs=[tables.renamed(output, name) for output in outputs])
        args = (answer.header, report, answer.summary, outputs, settings)
        return replace(answer, outputs=tables.finish(budget.folder, name, *args))

    def _report(self, report: Report, budget: _Budget) -> Report:
        """Where the lines come from, and what was done to the file."""
        lines = budget.lines
        written = lines.validator.rows if lines.is_valid else 0
        told = replace(
            report,
            document={**report.document, "origine": Origin.SCDL.value},
            rows={**report.rows, "written": written, "file": self._rows},
            masked=tuple(
                {"kind": "pattern", "what": kind, "count": count}
                for kind, count in sorted(budget.masked.items())
            ),
            dropped=tuple(
                {"what": masked_title(column), "count": 1}
                for column in self._table.extra[:MAX_EXTRA]
            ),
        )
        return told.with_findings(self._findings(budget))

    def _findings(self, budget: _Budget) -> Iterator[Finding]:
        repairs = self._table.repairs
        if repairs:
            table = [{"reparation": k, "nombre": repairs[k]} for k in sorted(repairs)]
            total = sum(repairs.values())
            yield Finding("H06", Level.INFO, {"n": total, "table": table}, count=total)
        if self._strangers:
            params = {"n": self._strangers}
            yield Finding("H07", Level.CONFIRM, params, count=self._strangers)
        found = sum(budget.masked.values())
        if found:
            params = {"count": found, "kinds": dict(budget.masked)}
            yield Finding("P01", Level.CONFIRM, params, count=found)


def key_of(row: list[str]) -> Key | None:
    """The budget that a row belongs to, None when it does not say."""
    siret, year = row[_PLACE["BGT_SIRET"]], row[_PLACE["BGT_ANNEE"]]
    stage = _STAGE_OF.get(row[_PLACE["BGT_NATDEC"]])
    plausible = len(year) == 4 and year.isascii() and year.isdigit() and year[:2] in ("19", "20")
    if stage is None or not plausible or not (len(siret) == 14 and siret.isascii()):
        return None
    return Key(siret, int(year), stage) if siret.isdigit() else None

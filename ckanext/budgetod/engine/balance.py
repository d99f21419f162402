"""From the DGFiP's balances by account to SCDL lines of executed accounts, one file per budget.

The stage can only be « compte administratif », the amounts only realised ones: a balance holds
neither votes nor credits nor restes à réaliser. Lines go through the same resolution, controls and
figures as those of a document; what only a document can say is not asked (``checks.ANSWERED``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import tables
from .checks.evidence import MAX_WHERE, where
from .conversion import Conversion, absent_files, concluded, moved, private_folder
from .document import (
    AccountingRows,
    AnnexRows,
    Header,
    LabelSource,
    Origin,
    ResolvedLine,
    ResolvedLines,
)
from .findings import Finding, Level, Where
from .ledger import ZERO
from .naming import Names
from .nomenclature import Plans, Resolver
from .outputs import LineFiles, basename
from .readers.balance import PROVISIONAL, Balance, Row, Whose, read_balances
from .reading import Options, Reading, plans_of, read_events
from .report import Report

_SHOWN_CODES = 12


def convert_balance(
    rows: Iterable[Row],
    out_dir: str | os.PathLike[str],
    *,
    siren: str,
    exercice: int,
    collectivite: str = "",
    departement: str = "",
    population: int | None = None,
    plans: Any = None,
    formula_guard: bool = False,
    lang: str = "fr",
    extended: bool = False,
) -> list[Conversion]:
    """Write the executed accounts of a collectivity (see ``engine.convert_balance``)."""
    whose = Whose(siren, exercice, collectivite, departement, population)
    balances = read_balances(rows, whose)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    with private_folder(out) as folder:
        job = _Job(folder, tables.Settings(lang=lang, guard=formula_guard), extended, plans)
        return moved([job.convert(balance) for balance in balances], out)


class _Job:
    """Files of the budgets of one collectivity."""

    def __init__(self, folder: Path, settings: tables.Settings, extended: bool, plans: Any) -> None:
        self._folder, self._settings, self._extended = folder, settings, extended
        self._plans: Plans = plans_of(plans)
        self._names = Names()

    def convert(self, balance: Balance) -> Conversion:
        """One budget: its lines read once, its files complete under their names."""
        name = self._names.free(basename(balance.header))
        folder = self._folder / name
        folder.mkdir()
        lines, notes = LineFiles(folder, self._settings.guard, self._extended), Notes()
        options = Options(plans=self._plans, origin=Origin.BALANCE)
        try:
            (reading,) = read_events(balance.events(), options, lambda index: (lines, notes))
        finally:
            lines.close()
        return self._finish(name, balance, reading, lines, notes)

    def _finish(
        self, name: str, balance: Balance, reading: Reading, lines: LineFiles, notes: Notes
    ) -> Conversion:
        outputs = lines.outputs(self._settings.lang)
        answer = concluded(reading)
        report = _report(answer.report, balance, lines, notes)
        report = report.with_absent_files(absent_files(lines, outputs, annexes=False))
        answer = replace(answer, report=report)
        if not self._extended:
            return replace(answer, outputs=[tables.renamed(output, name) for output in outputs])
        args = (answer.header, report, answer.summary, outputs, self._settings)
        return replace(answer, outputs=tables.finish(self._folder / name, name, *args))


def _report(report: Report, balance: Balance, lines: LineFiles, notes: Notes) -> Report:
    """Where the lines come from, what was no line, and what a reader must know of a balance."""
    document = {**report.document, "origine": Origin.BALANCE.value, "etat": balance.state}
    rows = {
        **report.rows,
        "written": lines.validator.rows if lines.is_valid else 0,
        "balance": balance.rows,
        "without_movement": balance.still,
        "outside": len(balance.outside),
    }
    told = replace(report, document=document, rows=rows)
    return told.with_findings([*_of_balance(balance), *notes.findings()])


def _of_balance(balance: Balance) -> Iterable[Finding]:
    if balance.state == PROVISIONAL:
        yield Finding("H05", Level.INFO)
    if balance.outside:
        codes = sorted(balance.outside)
        sums = (sum((pair[rank] for pair in balance.outside.values()), ZERO) for rank in (0, 1))
        debit, credit = (f"{amount:.2f}" for amount in sums)
        params = {"n": len(codes), "codes": codes[:_SHOWN_CODES], "debit": debit, "credit": credit}
        yield Finding("H02", Level.INFO, params, count=len(codes))


class Notes:
    """A writer that writes nothing: it remembers what a reader of these lines must know."""

    def __init__(self) -> None:
        self._negative: list[Where] = []
        self._negative_sum = ZERO
        self._ambiguous: list[Where] = []
        self._ambiguous_sum = ZERO
        self._nearest: dict[str, Where] = {}

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        self._resolver = resolver

    def lines(self, lines: ResolvedLines) -> None:
        for resolved in lines.each:
            self._see(resolved)

    def _see(self, resolved: ResolvedLine) -> None:
        line = resolved.line
        amount = line.mt_real or ZERO
        if amount < 0:
            self._negative.append(where(resolved))
            self._negative_sum += amount
        if line.op_budg == "1" and self._resolver.ordre_is_ambiguous(line.nature, line.cod_rd):
            self._ambiguous.append(where(resolved))
            self._ambiguous_sum += amount
        if resolved.nature_source is LabelSource.PREFIX and not line.nature.startswith("45"):
            self._nearest.setdefault(line.nature, where(resolved))

    def rows(self, rows: AnnexRows) -> None:
        """A balance has no annex."""

    def accounting(self, rows: AccountingRows) -> None:
        """Nor a part of the accountant."""

    def findings(self) -> Iterable[Finding]:
        if self._negative:
            yield _sum_of("H01", self._negative, self._negative_sum)
        if self._ambiguous:
            yield _sum_of("H03", self._ambiguous, self._ambiguous_sum)
        if self._nearest:
            codes = sorted(self._nearest)
            params = {"n": len(codes), "codes": codes[:_SHOWN_CODES]}
            yield Finding("H04", Level.INFO, params, _shown(self._nearest.values()), len(codes))


def _sum_of(code: str, places: Sequence[Where], amount: Decimal) -> Finding:
    params = {"n": len(places), "montant": f"{amount:.2f}"}
    return Finding(code, Level.INFO, params, _shown(places), len(places))


def _shown(places: Iterable[Where]) -> tuple[Where, ...]:
    return tuple(replace(place, element="") for place in list(places)[:MAX_WHERE])

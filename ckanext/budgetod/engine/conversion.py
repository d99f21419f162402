"""What every conversion gives, whatever its lines come from: header, report, summary, files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .anonymiser import GatePass
from .checks import run_checks
from .document import Header
from .files import asked_for
from .outputs import LineFiles, Output
from .reading import Reading
from .report import Report, describe
from .summary import summarise


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion made. ``others``: the further Budgets of the same document, if any."""

    header: Header
    report: Report
    summary: dict[str, Any]
    outputs: list[Output] = field(default_factory=list)
    others: tuple[Conversion, ...] = ()

    @property
    def budgets(self) -> tuple[Conversion, ...]:
        """This one and those of the further Budgets."""
        return self, *self.others

    @property
    def whole_report(self) -> Report:
        """The report, with the findings of the further Budgets of the document."""
        findings = [finding for other in self.others for finding in other.report.findings]
        return self.report.with_findings(findings)


def concluded(reading: Reading, gate: GatePass | None = None) -> Conversion:
    """Report and summary of one Budget, completed by what the gate saw of the original."""
    evidence = reading.evidence
    lines: LineFiles = reading.writers[0]  # type: ignore[assignment]
    evidence.conformity = lines.validator
    results, findings = run_checks(evidence)
    seal = ((evidence.facts or {}).get("seal") or {}).get("verdict", "unchecked")
    validator = lines.validator
    report = Report(
        document=describe(evidence.identity),
        checks=results,
        findings=findings,
        rows={"read": reading.lines, "written": 0, "valid": validator.valid},
        resolution=evidence.resolution,
        seal=seal,
    )
    if gate is not None and evidence.bears_the_gate:
        report = report.with_gate(gate.findings, gate.masked, gate.dropped)
    return Conversion(evidence.identity, report, summarise(evidence, reading.resolver))


def absent_files(
    lines: LineFiles, outputs: Sequence[Output], annexes: bool = True
) -> list[dict[str, str]]:
    """Files that a reader could expect and that are not there, with the reason's name.

    ``annexes`` False where there cannot be any.
    """
    kinds = {output.kind for output in outputs}
    absent = []
    if "scdl" not in kinds:
        absent.append({"kind": "scdl", "reason": _why(lines)})
    if annexes and not any(kind.startswith("annexe:") for kind in kinds):
        absent.append({"kind": "annexe", "reason": "aucune_ligne"})
    return absent


def _why(lines: LineFiles) -> str:
    if not lines.validator.rows:
        return "aucune_ligne"
    return "lignes_non_conformes" if lines.siret else "siret_invalide"


def moved(conversions: list[Conversion], out: Path) -> list[Conversion]:
    """Every file from the private folder to its place, once all of them are complete."""
    done = []
    for conversion in conversions:
        outputs = []
        for output in conversion.outputs:
            final = out / output.path.name
            os.replace(output.path, final)
            outputs.append(replace(output, path=final))
        done.append(replace(conversion, outputs=outputs))
    return done


@contextmanager
def private_folder(out: Path) -> Iterator[Path]:
    """A folder on the same disk as the output, gone at the end whatever happens."""
    with asked_for(out):
        folder = Path(tempfile.mkdtemp(prefix=".budgetod-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

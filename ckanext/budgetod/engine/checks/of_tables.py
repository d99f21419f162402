"""Accounting controls of an SCDL table: one budget per year, SIRET and stage of its rows.

A table carries no header, annex or seal: only what rows can answer is asked. A year is compared
with the year before when the table holds both. Places are lines of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..batches import Batches
from ..document import Header, ResolvedLine, ResolvedLines, Stage
from ..findings import Finding
from ..scdl.mapping import STAGES
from ..scdl.schema import COLUMNS
from ..summary import summarise
from .evidence import Evidence
from .registry import registered

CODES = ("Q01", "Q02", "Q03", "Q04", "Q06", "Q07", "Q08", "Q10", "Q16", "Q19")
MAX_BUDGETS = 500
_Key = tuple[int, str, Stage]
"""Exercice, SIRET and stage of a budget."""
_STAGE_OF = {text: stage for stage, text in STAGES.items() if stage is not Stage.CFU}
_NATDEC, _ANNEE, _SIRET = (COLUMNS.index(f"BGT_{name}") for name in ("NATDEC", "ANNEE", "SIRET"))


class Told(NamedTuple):
    """What one budget of a table says."""

    exercice: int
    siret: str
    stage: Stage
    findings: tuple[Finding, ...]


def check_tables(
    rows: Iterable[tuple[Sequence[str], ResolvedLine]], stage: Stage = Stage.CA
) -> list[Told]:
    """Findings per budget, in the order of years. ``stage`` is that of rows that say none."""
    gathered: dict[_Key, Evidence] = {}
    waiting: dict[_Key, Batches[ResolvedLine]] = {}
    for row, resolved in rows:
        key = _key(row, stage)
        if key is None or (key not in gathered and len(gathered) >= MAX_BUDGETS):
            continue
        if key not in gathered:
            exercice, siret, found = key
            evidence = Evidence(Header(siret=siret, exercice=exercice, stage=found))
            gathered[key], waiting[key] = evidence, Batches(_giver(evidence))
        waiting[key].add(resolved)
    for lines in waiting.values():
        lines.flush()
    return [_told(key, gathered) for key in sorted(gathered)]


def _giver(evidence: Evidence) -> Callable[[Sequence[ResolvedLine]], None]:
    return lambda lines: evidence.add_lines(ResolvedLines.of(lines))


def _key(row: Sequence[str], stage: Stage) -> _Key | None:
    year = row[_ANNEE]
    if not (year.isdecimal() and len(year) == 4):
        return None
    return int(year), row[_SIRET], _STAGE_OF.get(row[_NATDEC], stage)


def _told(key: _Key, gathered: dict[_Key, Evidence]) -> Told:
    exercice, siret, stage = key
    evidence = gathered[key]
    evidence.close(evidence.header)
    before = gathered.get((exercice - 1, siret, stage))
    evidence.previous = summarise(before) if before else None
    found = [
        replace(finding, where=tuple(replace(place, element="") for place in finding.where))
        for control in registered()
        if control.code in CODES and control.applies(evidence)
        for finding in control.run(evidence)
    ]
    return Told(exercice, siret, stage, tuple(found))

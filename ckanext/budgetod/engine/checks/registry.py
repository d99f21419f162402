"""The list of controls: each a generator of findings, registered with its code and level.

A control says codes and figures, no sentence. It runs on an ``Evidence``, gathered in one pass; it
``applies`` or not; it fails when it yields something that blocks or asks to be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..document import Origin
from ..findings import Finding, Level
from ..report import FAILED, NOT_APPLICABLE, PASSED, CheckResult, sort_findings

if TYPE_CHECKING:
    from .evidence import Evidence

Run = Callable[["Evidence"], Iterator[Finding]]
Applies = Callable[["Evidence"], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """One control. ``level`` is the most serious answer it gives."""

    code: str
    level: Level
    run: Run
    applies: Applies


_REGISTRY: dict[str, Check] = {}

ANSWERED: dict[Origin, frozenset[str]] = {
    Origin.BALANCE: frozenset(
        "I05 N01 N02 N05 N06 N07 N08 Q02 Q04 Q07 Q19 Q20 Q23".split()  # noqa: SIM905
    ),
    Origin.SCDL: frozenset(
        "I05 N06 Q01 Q02 Q03 Q04 Q06 Q07 Q08 Q10 Q16 Q19 Q20 Q23".split()  # noqa: SIM905
    ),
}
"""Controls that lines without a document can answer: no vote, no seal, no annex, no plan named."""


def check(code: str, level: Level, *, applies: Applies = lambda evidence: True) -> Callable:
    """Register a generator of findings under a code of the catalogue."""

    def register(run: Run) -> Run:
        if code in _REGISTRY:
            raise ValueError(f"two controls for {code}")
        _REGISTRY[code] = Check(code, level, run, applies)
        return run

    return register


def registered() -> list[Check]:
    """Every control, in the order in which a report lists them."""
    from . import accounting, balance, codes, executed, identity, privacy, structure, years

    modules = (structure, identity, codes, balance, executed, accounting, years, privacy)
    ranks = {module.__name__: rank for rank, module in enumerate(modules)}
    return sorted(_REGISTRY.values(), key=lambda c: ranks[c.run.__module__])


def run_checks(evidence: Evidence) -> tuple[tuple[CheckResult, ...], tuple[Finding, ...]]:
    """Run every control; results in the order of the list, findings most serious first.

    Those that only inform cannot fail: their findings are told, they are no line of the list.
    """
    results, findings = [], []
    for control in registered():
        result, found = _run(control, evidence)
        findings.extend(found)
        if control.level is not Level.INFO:
            results.append(result)
    return tuple(results), sort_findings(findings)


def _run(control: Check, evidence: Evidence) -> tuple[CheckResult, list[Finding]]:
    asked = ANSWERED.get(evidence.origin)
    if (asked is not None and control.code not in asked) or not control.applies(evidence):
        return CheckResult(control.code, control.level, NOT_APPLICABLE), []
    found = list(control.run(evidence))
    if asked is not None:
        found = [_without_elements(finding) for finding in found]
    failed = any(finding.level is not Level.INFO for finding in found)
    state = FAILED if failed else PASSED
    return CheckResult(control.code, control.level, state), found


def _without_elements(finding: Finding) -> Finding:
    """Lines that come from no XML have a rank, no element."""
    return replace(finding, where=tuple(replace(place, element="") for place in finding.where))

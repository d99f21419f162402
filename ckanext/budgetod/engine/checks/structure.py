"""The file itself: read to its end, readable characters, known elements, values of the format."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Level
from ..numbers import whole
from .evidence import MAX_WHERE, Evidence
from .registry import check

LAST_KNOWN_VERSION = 115
"""Latest TotEM version of which real documents were read."""


@check("F00", Level.BLOCKING)
def file_is_readable(evidence: Evidence) -> Iterator[Finding]:
    """Passed by every report: a document that is unsafe or cut is refused before."""
    return iter(())


@check("F13", Level.INFO)
def characters_were_repaired(evidence: Evidence) -> Iterator[Finding]:
    if evidence.repaired:
        yield Finding("F13", Level.INFO, {"n": evidence.repaired}, count=evidence.repaired)


@check("F14", Level.CONFIRM)
def accents_are_readable(evidence: Evidence) -> Iterator[Finding]:
    """Replacement characters stand where accented letters were."""
    seen = evidence.destroyed
    if seen.count:
        yield Finding("F14", Level.CONFIRM, {"n": seen.count}, tuple(seen.shown), seen.count)


@check("F16", Level.CONFIRM, applies=lambda e: e.bears_the_gate)
def elements_are_known(evidence: Evidence) -> Iterator[Finding]:
    """Told by ``Report.with_gate``: only the anonymiser's pass meets what no rule knows."""
    return iter(())


@check("N03", Level.INFO)
def version_is_known(evidence: Evidence) -> Iterator[Finding]:
    version = whole(evidence.header.schema_version)
    if version is not None and version > LAST_KNOWN_VERSION:
        yield Finding("N03", Level.INFO, {"version": str(version)})


@check("Q20", Level.CONFIRM)
def values_are_legal(evidence: Evidence) -> Iterator[Finding]:
    """Amounts are decimals with two decimals at most; CodRD is R or D; OpBudg is 0 or 1."""
    seen = evidence.values
    if seen.count:
        shown = tuple(seen.shown[:MAX_WHERE])
        yield Finding("Q20", Level.CONFIRM, {"n": seen.count}, shown, seen.count)


@check("Q23", Level.CONFIRM, applies=lambda e: e.conformity is not None)
def rows_conform_to_the_schema(evidence: Evidence) -> Iterator[Finding]:
    """Every row is valid against SCDL 0.8.3; the SIRET has its own control (I05)."""
    validator = evidence.conformity
    bad = {} if validator is None else dict(validator.bad)
    found = {cell: count for cell, count in bad.items() if cell.column != "BGT_SIRET"}
    if found:
        table = [
            {"colonne": cell.column, "raison": cell.reason, "lignes": count}
            for cell, count in sorted(found.items())
        ]
        count = max(found.values())
        yield Finding("Q23", Level.CONFIRM, {"n": count, "table": table}, count=count)

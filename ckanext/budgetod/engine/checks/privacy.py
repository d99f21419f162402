"""Personal data: found by the anonymiser's pass, told here so that the list of controls is whole.

The gate reads the original once and only once; its findings join the report by ``with_gate``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Level
from .evidence import Evidence
from .registry import check


@check("P01", Level.CONFIRM, applies=lambda e: e.bears_the_gate)
def free_text_names_nobody(evidence: Evidence) -> Iterator[Finding]:
    return iter(())


@check("P02", Level.INFO, applies=lambda e: e.bears_the_gate)
def beneficiaries_have_a_legal_type(evidence: Evidence) -> Iterator[Finding]:
    return iter(())

"""Codes against the plan de comptes: nomenclature, labels, chapters and sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document import LabelSource
from ..findings import Finding, Level, Where
from ..ledger import Account
from ..report import coded
from .evidence import MAX_WHERE, Evidence, Places
from .registry import check

_SHOWN_CODES = 12


@check("N01", Level.CONFIRM)
def nomenclature_is_known(evidence: Evidence) -> Iterator[Finding]:
    """A plan exists for the norm and its declination, this year or another."""
    if not evidence.plan_known:
        header = evidence.header
        params = {"nomenclature": coded(header.nomenclature), "exercice": str(header.exercice)}
        yield Finding("N01", Level.CONFIRM, params)


@check("N02", Level.INFO)
def labels_come_from_the_plan(evidence: Evidence) -> Iterator[Finding]:
    """Labels found in another year's plan or in a neighbouring declination."""
    lines = evidence.lines_elsewhere
    if lines:
        most = evidence.labels_elsewhere.most_common(_SHOWN_CODES)
        table = [{"code": code, "lignes": count} for code, count in sorted(most)]
        yield Finding("N02", Level.INFO, {"n": lines, "table": table}, count=lines)


@check("N05", Level.CONFIRM)
def codes_are_in_a_plan(evidence: Evidence) -> Iterator[Finding]:
    if evidence.unknown_codes:
        yield _codes("N05", evidence.unknown_codes)


@check("N08", Level.CONFIRM, applies=lambda e: e.plan_known)
def accounts_are_in_force(evidence: Evidence) -> Iterator[Finding]:
    """No account that the plan of the year marks as deleted (``Supprime``)."""
    if evidence.deleted_codes:
        yield _codes("N08", evidence.deleted_codes)


def _codes(code: str, found: Mapping[str, Places]) -> Finding:
    names = sorted(found)
    shown = [place for name in names for place in found[name].shown[:2]]
    params = {"n": len(names), "codes": names[:_SHOWN_CODES]}
    count = sum(places.count for places in found.values())
    return Finding(code, Level.CONFIRM, params, tuple(shown[:MAX_WHERE]), count)


@check("N06", Level.CONFIRM)
def every_line_has_its_section(evidence: Evidence) -> Iterator[Finding]:
    yield from _places("N06", evidence.no_section)


@check("N07", Level.CONFIRM)
def sections_agree(evidence: Evidence) -> Iterator[Finding]:
    """The section of the chapter and the one that the vendor wrote on the line."""
    yield from _places("N07", evidence.section_conflicts)


@check("Q19", Level.CONFIRM)
def real_and_internal_are_apart(evidence: Evidence) -> Iterator[Finding]:
    yield from _places("Q19", evidence.role_conflicts)


def _places(code: str, found: Places) -> Iterator[Finding]:
    if found.count:
        shown: tuple[Where, ...] = tuple(found.shown)
        yield Finding(code, Level.CONFIRM, {"n": found.count}, shown, found.count)


@check("N04", Level.INFO)
def lines_carry_a_function(evidence: Evidence) -> Iterator[Finding]:
    has_function = any(
        count
        for source, count in evidence.fonction_sources.items()
        if source != LabelSource.NONE.value
    )
    if not has_function and not any(map(_has_function, evidence.ledger.accounts.values())):
        yield Finding("N04", Level.INFO)


def _has_function(account: Account) -> bool:
    return any(account.fonctions)

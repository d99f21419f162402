"""What was done against what was allowed, and against the ratios that the document states."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ..document import Stage
from ..findings import Finding, Level
from ..informations import population
from ..ledger import REAL, ZERO, Key, is_real
from ..ratios import recompute
from .balance import MAX_TABLE, chapter_name
from .evidence import Evidence, places, text
from .registry import check

RATIO_TOLERANCE = Decimal("0.01")
"""Ratios are typed or rounded by hand: one percent apart is the same."""

_NOT_LIMITED = ("001", "002", "45", "95")
"""Chapters that may exceed: results, operations for third parties, planning-only chapters."""


@check("Q10", Level.CONFIRM, applies=lambda e: _has_both(e))
def spending_is_within_credits(evidence: Evidence) -> Iterator[Finding]:
    """Real dépenses of a chapter do not exceed its credits."""
    rows = [row for row in (_over(evidence, code) for code in _spending_chapters(evidence)) if row]
    if not rows:
        return
    rows.sort(key=lambda row: -Decimal(row["ecart"]))
    chapters = {row["code"] for row in rows}
    total = sum((Decimal(row["ecart"]) for row in rows), ZERO)
    found = evidence.ledger.places(lambda key: key.chapter in chapters and _spent(key))
    params = {"n": len(rows), "ecart": text(total), "table": rows[:MAX_TABLE]}
    yield Finding("Q10", Level.CONFIRM, params, places(found), len(rows))


def _has_both(evidence: Evidence) -> bool:
    ledger = evidence.ledger
    return evidence.header.stage.is_account and ledger.has_real and ledger.has_credits


def _spent(key: Key) -> bool:
    return key.side == "D" and is_real(key)


def _spending_chapters(evidence: Evidence) -> list[str]:
    codes = {key.chapter for key in evidence.ledger.accounts if _spent(key) and key.chapter}
    return sorted(code for code in codes if not code.startswith(_NOT_LIMITED))


def _over(evidence: Evidence, code: str) -> dict[str, Any] | None:
    chapter = evidence.ledger.chapter(code)
    opened, done = chapter.credits(_spent), chapter.amount(REAL, _spent)
    if done <= opened:
        return None
    return {
        "code": code,
        "chapitre": chapter_name(evidence, code),
        "credits": text(opened),
        "realise": text(done),
        "ecart": text(done - opened),
        "lignes": [found.line for found in chapter.places(_spent, 4)],
    }


def _whole_year(evidence: Evidence) -> bool:
    """An amending decision says a part of the year only: no ratio can be drawn from it."""
    return evidence.header.stage not in (Stage.DM, Stage.BS)


@check("Q15", Level.INFO, applies=lambda e: _whole_year(e) and population(e.header) is not None)
def stated_ratios_are_those_of_the_lines(evidence: Evidence) -> Iterator[Finding]:
    """Ratios of InformationsGenerales that the lines can give, one percent apart at most."""
    debt = ((evidence.facts or {}).get("annex_totals") or {}).get("debt") or {}
    table = [
        {"code": code, "fichier": str(stated), "calcul": str(computed)}
        for code, stated, computed in recompute(evidence.header, evidence.ledger, debt)
        if computed and abs(stated - computed) > RATIO_TOLERANCE * max(abs(stated), abs(computed))
    ]
    if table:
        yield Finding("Q15", Level.INFO, {"n": len(table), "table": table}, count=len(table))

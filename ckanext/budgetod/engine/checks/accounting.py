"""Lines against the annexes, and against the accountant's part of a CFU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..findings import Finding, Level
from ..ledger import REAL, ZERO, Key, is_result
from ..ratios import is_capital
from .annex_sums import number
from .evidence import Evidence, places, text
from .registry import check

DEBT_TOLERANCE = Decimal("0.05")
"""Annexes of debt follow contracts, lines follow payments: within five percent is the same."""

STAFF_RANGE = (Decimal(8000), Decimal(150000))
"""Usual yearly cost of a filled post, in euros; outside of it the annex is likely incomplete."""

_M14_ANNEXES = {
    "EMPRUNT": ("IV-A2.1", "IV-A2.2"),
    "PERSONNEL": ("IV-C1", "IV-C1.1"),
    "CONCOURS": ("IV-B1.7",),
    "CONSOLIDATION": ("IV-C3.5", "IV-C3.6"),
}


def _totals(evidence: Evidence, name: str) -> Mapping[str, Any]:
    return ((evidence.facts or {}).get("annex_totals") or {}).get(name) or {}


@check("Q12", Level.INFO, applies=lambda e: bool(e.annexes.consolidation))
def consolidation_says_what_lines_say(evidence: Evidence) -> Iterator[Finding]:
    """Budget principal (code 01) of the annex, per section and side.

    Vendors write credits with or without what is carried over, amounts with or without 001 and 002.
    """
    account = evidence.header.stage.is_account
    for (section, side), (opened, done, carried) in sorted(evidence.annexes.consolidation.items()):
        lines = evidence.ledger.of(section, side)
        opening = lines.credits(), lines.credits(_is_of_the_year)
        if not {opened, opened + carried}.intersection(opening):
            yield _gap(section, side, "credits", opened, opening[0])
        real = lines.amount(REAL), lines.amount(REAL, _is_of_the_year)
        if account and done not in real:
            yield _gap(section, side, "realise", done, real[0])


def _is_of_the_year(key: Key) -> bool:
    """Neither 001 nor 002."""
    return not is_result(key)


def _gap(section: str, side: str, name: str, annex: Decimal, lines: Decimal) -> Finding:
    params = {
        "section": section,
        "sens": side,
        "montants": name,
        "annexe": text(annex),
        "lignes": text(lines),
    }
    return Finding("Q12", Level.INFO, params)


@check("Q13", Level.INFO, applies=lambda e: bool(_totals(e, "debt")) and e.header.stage.is_account)
def debt_annex_follows_the_lines(evidence: Evidence) -> Iterator[Finding]:
    """Capital and interests of the year against the lines; the annex is approximate by nature."""
    subjects = (
        ("capital_exercice", "16", is_capital),
        ("interets_exercice", "66111", lambda key: key.side == "D" and key.nature == "66111"),
    )
    for field, accounts, keep in subjects:
        stated = number(_totals(evidence, "debt").get(field))
        paid = evidence.ledger.amount(REAL, keep)
        if stated and paid and abs(stated - paid) > DEBT_TOLERANCE * max(stated, paid):
            params = {
                "sujet": field,
                "annexe": text(stated),
                "lignes": text(paid),
                "comptes": accounts,
            }
            yield Finding("Q13", Level.INFO, params, places(evidence.ledger.places(keep)))


@check("Q21", Level.INFO, applies=lambda e: bool(_totals(e, "staff")) and e.header.stage.is_account)
def staff_annex_follows_chapter_012(evidence: Evidence) -> Iterator[Finding]:
    filled = number(_totals(evidence, "staff").get("effectif_pourvu"))

    def keep(key: Key) -> bool:
        return key.chapter == "012" and key.side == "D"

    paid = evidence.ledger.amount(REAL, keep)
    if filled <= 0 or paid <= 0:
        return
    mean = paid / filled
    if not STAFF_RANGE[0] <= mean <= STAFF_RANGE[1]:
        params = {"effectif": f"{filled:f}", "charges": text(paid), "moyenne": text(mean)}
        yield Finding("Q21", Level.INFO, params)


@check("Q14", Level.INFO, applies=lambda e: e.header.norme == "M14" and bool(e.header.sommaire))
def announced_annexes_have_rows(evidence: Evidence) -> Iterator[Finding]:
    """Annexes that the list says are there.

    M14 alone: other norms number them differently, the schema does not say how, and a wrong guess
    would tell a sound document that it lacks an annex.
    """
    announced = {code for code, present in evidence.header.sommaire if present}
    rows = dict((evidence.facts or {}).get("annex_rows") or evidence.annexes.rows)
    missing = [
        table
        for table, codes in _M14_ANNEXES.items()
        if announced.intersection(codes) and not rows.get(table)
    ]
    if missing:
        params = {"n": len(missing), "codes": missing}
        yield Finding("Q14", Level.INFO, params, count=len(missing))


@check("Q17", Level.CONFIRM, applies=lambda e: bool(e.comptable.execution))
def both_accounts_agree(evidence: Evidence) -> Iterator[Finding]:
    """Execution of the accountant = MtReal of the lines, 001 and 002 left out."""
    for (section, side), done in sorted(evidence.comptable.execution.items()):
        lines = evidence.ledger.of(section, side).amount(REAL, _is_of_the_year)
        if done != lines:
            params = {
                "section": section,
                "sens": side,
                "comptable": text(done),
                "ordonnateur": text(lines),
            }
            yield Finding("Q17", Level.CONFIRM, params)


@check("Q18", Level.CONFIRM, applies=lambda e: len(e.comptable.balance) == 2)
def balance_sheet_balances(evidence: Evidence) -> Iterator[Finding]:
    assets, liabilities = (evidence.comptable.balance.get(c, ZERO) for c in ("BI_A", "BI_P"))
    if assets != liabilities:
        params = {"actif": text(assets), "passif": text(liabilities)}
        yield Finding("Q18", Level.CONFIRM, params)

"""Balance of what was voted. Tolerance 0.00: amounts are exact decimals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from ..document import Origin, Stage
from ..findings import Finding, Level
from ..ledger import CRED_OUV, PLANNED, PREV, RAR_PREC, REAL, ZERO, Keep, Key, Ledger
from .evidence import MAX_WHERE, Evidence, bare_places, places, text
from .registry import check

SECTIONS = ("F", "I")
SIDES = ("D", "R")
MAX_TABLE = 12
_ORDRE = ("040", "041", "042", "043")
_SELF_BALANCED = {"F": "043", "I": "041"}
"""The chapter of each section whose dépenses and recettes are the same movement."""
_MIRRORS = (("040", "042"), ("042", "040"), ("041", "041"), ("043", "043"))


def of_side(side: str) -> Keep:
    return lambda key: key.side == side


@check("Q01", Level.CONFIRM, applies=lambda e: e.ledger.has_credits)
def section_is_balanced(evidence: Evidence) -> Iterator[Finding]:
    """Credits of dépenses and recettes are equal in each section (CGCT L1612-4)."""
    for section in SECTIONS:
        spent, received = (evidence.ledger.of(section, side).credits() for side in SIDES)
        if spent != received:
            yield _imbalance(evidence, section, spent - received)


def _imbalance(evidence: Evidence, section: str, gap: Decimal) -> Finding:
    """The gap, and the chapters: the one at fault alone when it can be told, else the largest."""
    rows = _chapters(evidence, section)
    own = _SELF_BALANCED[section]
    fault = [row for row in rows if row["code"] == own and Decimal(row["ecart"]) == gap]
    table = [*fault, _others(rows, own)] if fault else rows[:MAX_TABLE]
    lines = {line for row in table for line in row["lignes"]}
    params = {
        "section": section,
        "plus": "D" if gap > 0 else "R",
        "moins": "R" if gap > 0 else "D",
        "ecart": text(abs(gap)),
        "table": table,
    }
    codes = {row["code"] for row in table}
    found = evidence.ledger.places(
        lambda key: key.section == section and key.chapter in codes, len(rows) * 8
    )
    shown = [place for place in found if place.line in lines][:MAX_WHERE]
    return Finding("Q01", Level.CONFIRM, params, places(shown))


def _chapters(evidence: Evidence, section: str) -> list[dict[str, Any]]:
    """Dépenses and recettes per chapter of a section, greatest gap first."""
    ledger = evidence.ledger
    codes = sorted({key.chapter for key in ledger.accounts if key.section == section})
    rows = []
    for code in codes:
        spent, received = (ledger.chapter(code).credits(of_side(side)) for side in SIDES)
        rows.append(_row(evidence, code, spent, received))
    return sorted(rows, key=lambda row: (-abs(Decimal(row["ecart"])), row["code"]))


def _others(rows: list[dict[str, Any]], but: str) -> dict[str, Any]:
    """Every other chapter in one row."""
    rest = [row for row in rows if row["code"] != but]
    sums = {
        name: text(sum((Decimal(row[name]) for row in rest), ZERO))
        for name in ("depenses", "recettes", "ecart")
    }
    return {"code": "", "chapitre": "…", **sums, "lignes": []}


def _row(evidence: Evidence, code: str, spent: Decimal, received: Decimal) -> dict[str, Any]:
    found = evidence.ledger.chapter(code).places(lambda key: True, 4)
    return {
        "code": code,
        "chapitre": chapter_name(evidence, code),
        "depenses": text(spent),
        "recettes": text(received),
        "ecart": text(spent - received),
        "lignes": [place.line for place in found],
    }


def chapter_name(evidence: Evidence, code: str) -> str:
    """« 041 Opérations patrimoniales »."""
    accounts = evidence.ledger.chapter(code).accounts.values()
    labels = (entry.chapter_label for entry in accounts)
    return f"{code} {next(labels, '')}".strip()


def _is_whole(evidence: Evidence) -> bool:
    """Amending decisions say a part; harvested annexe budgets may have one section only."""
    if evidence.origin is Origin.BALANCE and evidence.header.is_annexe:
        return False
    return evidence.header.stage not in (Stage.DM, Stage.BS)


@check("Q02", Level.CONFIRM, applies=_is_whole)
def every_side_is_there(evidence: Evidence) -> Iterator[Finding]:
    """A budget or an account has dépenses and recettes in both sections."""
    present = {
        (key.section, key.side)
        for key, entry in evidence.ledger.accounts.items()
        if any(entry.sums[rank] for rank in (REAL, *PLANNED))
    }
    for section in SECTIONS:
        for side in SIDES:
            if (section, side) not in present:
                yield Finding("Q02", Level.CONFIRM, {"section": section, "sens": side})


@check("Q04", Level.CONFIRM)
def amounts_of_the_stage_are_there(evidence: Evidence) -> Iterator[Finding]:
    """Realised amounts in an account, planned ones in a budget."""
    stage = evidence.header.stage
    if stage.is_account and not evidence.ledger.has_real:
        params = {"etape": stage.slug, "montants": "realise"}
        yield Finding("Q04", Level.CONFIRM, params)
    elif not stage.is_account and not evidence.ledger.has_credits:
        yield Finding("Q04", Level.CONFIRM, {"etape": stage.slug, "montants": "prevu"})


@check("Q06", Level.CONFIRM, applies=lambda e: e.ledger.has_credits)
def transfer_is_the_same_on_both_sides(evidence: Evidence) -> Iterator[Finding]:
    """D 023 (fonctionnement) = R 021 (investissement); neither is ever executed."""
    ledger = evidence.ledger

    def spent(key: Key) -> bool:
        return key.side == "D" and key.nature == "023"

    def received(key: Key) -> bool:
        return key.side == "R" and key.nature == "021"

    out, into = ledger.credits(spent), ledger.credits(received)
    where = places(ledger.places(lambda key: spent(key) or received(key)))
    if out != into:
        params = {"depense": text(out), "recette": text(into)}
        yield Finding("Q06", Level.CONFIRM, params, where)
    done = ledger.amount(REAL, spent) + ledger.amount(REAL, received)
    if done and evidence.header.stage.is_account:
        params = {"case": "realised", "realise": text(done)}
        yield Finding("Q06", Level.CONFIRM, params, where)


@check("Q07", Level.CONFIRM)
def internal_operations_balance(evidence: Evidence) -> Iterator[Finding]:
    """Ordre: D = R over the document; 040 mirrors 042, 041 and 043 balance by themselves."""
    measures: list[tuple[str, Measure]] = [("credits", Ledger.credits), ("prevu", _summing(PREV))]
    if evidence.header.stage.is_account:
        measures.append(("realise", _summing(REAL)))
    if not evidence.ledger.filled[CRED_OUV]:
        del measures[1]
    for name, measure in measures:
        yield from _ordre(evidence, name, measure)


Measure = Callable[[Ledger, Keep], Decimal]
"""A sum over the accounts of a ledger that are wanted."""


def _summing(rank: int) -> Measure:
    return lambda ledger, keep: ledger.amount(rank, keep)


def _ordre(evidence: Evidence, name: str, measure: Measure) -> Iterator[Finding]:
    ledger = evidence.ledger
    spent, received = (
        measure(ledger, lambda key, side=side: key.ordre == "1" and key.side == side)
        for side in SIDES
    )
    told = evidence.origin is not Origin.BALANCE  # there, chapters of ordre are only deduced
    broken = [
        (out, into)
        for out, into in _MIRRORS
        if told
        and measure(ledger.chapter(out), of_side("D"))
        != measure(ledger.chapter(into), of_side("R"))
    ]
    if spent == received and not broken:
        return
    chapters = sorted({code for pair in broken for code in pair} or set(_ORDRE))
    table = [_ordre_row(evidence, code, measure) for code in chapters]
    params = {
        "montants": name,
        "depense": text(spent),
        "recette": text(received),
        "ecart": text(abs(spent - received)),
        "table": table,
    }
    found = evidence.ledger.places(lambda key: key.chapter in chapters and key.ordre == "1")
    yield Finding("Q07", Level.CONFIRM, params, places(found))


def _ordre_row(evidence: Evidence, code: str, measure: Measure) -> dict[str, Any]:
    chapter = evidence.ledger.chapter(code)
    spent, received = (measure(chapter, of_side(side)) for side in SIDES)
    return _row(evidence, code, spent, received)


@check("Q08", Level.INFO)
def results_stand_on_one_side(evidence: Evidence) -> Iterator[Finding]:
    """001 and 002 are either a deficit or a surplus; an opening equals last year's closing."""
    results = evidence.ledger.results
    for code in ("001", "002"):
        sums = [
            results.credits(lambda key, s=side, c=code: key.nature == c and key.side == s)
            for side in SIDES
        ]
        if all(amount != ZERO for amount in sums):
            found = results.places(lambda key, c=code: key.nature == c)
            yield Finding("Q08", Level.INFO, {"chapitre": code}, places(found))


@check("Q09", Level.INFO, applies=lambda e: _states_both(e))
def credits_are_votes_and_carry_overs(evidence: Evidence) -> Iterator[Finding]:
    """CredOuv = MtPrev + MtRARPrec where a vendor fills both."""
    for section in SECTIONS:
        for side in SIDES:
            ledger = evidence.ledger.of(section, side)
            opened, planned = ledger.amount(CRED_OUV), ledger.amount(PREV) + ledger.amount(RAR_PREC)
            if opened != planned:
                params = {
                    "section": section,
                    "sens": side,
                    "credits": text(opened),
                    "prevu": text(planned),
                }
                yield Finding("Q09", Level.INFO, params)


def _states_both(evidence: Evidence) -> bool:
    filled = evidence.ledger.filled
    return filled[CRED_OUV] and filled[PREV]


@check("Q16", Level.CONFIRM)
def no_line_is_said_twice(evidence: Evidence) -> Iterator[Finding]:
    """Lines that are the same word for word, supplements included."""
    found = evidence.duplicates.places()
    if found:
        params = {"n": len(found)}
        yield Finding("Q16", Level.CONFIRM, params, bare_places(found[:10]), len(found))

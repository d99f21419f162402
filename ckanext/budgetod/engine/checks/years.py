"""Against another document of the same budget: the year before, or an earlier version.

``Evidence.previous`` is that document's summary; ``previous_ledger`` is there when the document
itself was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..before import is_version, is_year_before
from ..document import Stage
from ..findings import Finding, Level
from ..ledger import REAL, ZERO, Key, Ledger
from ..report import describe
from ..summary_groups import chapters, natures
from .evidence import Evidence, text
from .registry import check

MAGNITUDE = Decimal(8)
"""How many times greater or smaller than the year before asks for a look (fonctionnement)."""


def _document(evidence: Evidence) -> Mapping[str, Any]:
    return (evidence.previous or {}).get("document") or {}


def _year_before(evidence: Evidence) -> bool:
    return is_year_before(_document(evidence), describe(evidence.identity))


def _account_before(evidence: Evidence) -> bool:
    return _year_before(evidence) and _document(evidence).get("etape") in ("ca", "cfu")


def _same_document(evidence: Evidence) -> bool:
    return is_version(_document(evidence), describe(evidence.identity))


@check("Q03", Level.CONFIRM, applies=_year_before)
def magnitude_is_that_of_the_year_before(evidence: Evidence) -> Iterator[Finding]:
    """Real operations of fonctionnement, the same amounts on both sides."""
    name = _comparable(evidence)
    for side in ("D", "R"):
        before = Decimal(_total(evidence.previous, "F", side).get(name) or 0)
        now = _real(evidence, side, name)
        if before <= 0 or now <= 0:
            continue
        factor = max(before / now, now / before)
        if factor >= MAGNITUDE:
            params = {
                "section": "F",
                "sens": side,
                "facteur": str(factor.quantize(Decimal("0.1"))),
                "taille": "plus" if now > before else "moins",
                "precedent": str(evidence.header.exercice - 1),
            }
            yield Finding("Q03", Level.CONFIRM, params)


def _comparable(evidence: Evidence) -> str:
    both = evidence.header.stage.is_account and _document(evidence).get("etape") in ("ca", "cfu")
    return "realise" if both else "prevu"


def _total(summary: Mapping[str, Any] | None, section: str, side: str) -> Mapping[str, Any]:
    return (summary or {}).get("totals", {}).get(section, {}).get(side, {}).get("reel", {})


def _real(evidence: Evidence, side: str, name: str) -> Decimal:
    def keep(key: Key) -> bool:
        return key.ordre == "0" and key.nature != "002"

    ledger = evidence.ledger.of("F", side)
    return ledger.amount(REAL, keep) if name == "realise" else ledger.credits(keep)


def _closing(evidence: Evidence, section: str) -> Decimal | None:
    results = (evidence.previous or {}).get("resultats", {}).get(section, {})
    stated = results.get("cloture")
    return None if stated is None else Decimal(stated)


def _signed(evidence: Evidence, nature: str) -> Decimal:
    """Recettes minus dépenses of an account: realised in an account, planned in a budget."""
    account = evidence.header.stage.is_account and evidence.ledger.has_real

    def total(side: str) -> Decimal:
        def keep(key: Key) -> bool:
            return key.nature == nature and key.side == side

        return evidence.ledger.amount(REAL, keep) if account else evidence.ledger.credits(keep)

    return total("R") - total("D")


@check("Q22", Level.INFO, applies=_account_before)
def investment_result_is_taken_over(evidence: Evidence) -> Iterator[Finding]:
    """Closing of investissement N-1 = 001 of N."""
    closing, opening = _closing(evidence, "I"), _signed(evidence, "001")
    if closing is not None and opening != ZERO and closing != opening:
        params = {
            "section": "I",
            "precedent": str(evidence.header.exercice - 1),
            "attendu": text(closing),
            "repris": text(opening),
        }
        yield Finding("Q22", Level.INFO, params)


@check("Q11", Level.INFO, applies=_account_before)
def surplus_is_allocated(evidence: Evidence) -> Iterator[Finding]:
    """Closing of fonctionnement N-1 = 1068 + 002 of N."""
    closing = _closing(evidence, "F")
    allocated = _signed(evidence, "1068") + _signed(evidence, "002")
    if closing is not None and allocated != ZERO and closing != allocated:
        params = {
            "precedent": str(evidence.header.exercice - 1),
            "excedent": text(closing),
            "affecte": text(allocated),
        }
        yield Finding("Q11", Level.INFO, params)


@check("S05", Level.CONFIRM, applies=_same_document)
def version_is_the_latest(evidence: Evidence) -> Iterator[Finding]:
    before, now = _document(evidence).get("date_scellement"), evidence.header.sealed_at
    if before and now and now.isoformat() < before:
        yield Finding("S05", Level.CONFIRM, {"date": before[:10]})


@check("D02", Level.CONFIRM, applies=_same_document)
def differences_from_the_previous_version(evidence: Evidence) -> Iterator[Finding]:
    """What is not the same: lines when the document was given, accounts when its summary was."""
    before = evidence.previous_ledger
    case = {} if before is not None else {"case": "summary"}
    if before is not None:
        count = _different(evidence.ledger, before)
        gained = _volume(evidence, evidence.ledger) - _volume(evidence, before)
    else:
        count, gained = _against_summary(evidence)
    if count:
        params = {
            **case,
            "etape": evidence.header.stage.slug,
            "exercice": str(evidence.header.exercice),
            "lignes": count,
            "montant": text(gained),
        }
        yield Finding("D02", Level.CONFIRM, params, count=count)


def _unnumbered_again(evidence: Evidence) -> bool:
    """Both documents given. The portal, which keeps summaries, counts the decisions itself."""
    unnumbered = evidence.header.stage is Stage.DM and not evidence.header.numero_dm
    return unnumbered and evidence.previous_ledger is not None and _same_document(evidence)


@check("D03", Level.CONFIRM, applies=_unnumbered_again)
def decision_is_the_one_given_before(evidence: Evidence) -> Iterator[Finding]:
    """Without a number, another decision cannot be told from the same one corrected."""
    before = evidence.previous_ledger
    if before is not None and _different(evidence.ledger, before):
        params = {"exercice": evidence.header.exercice, "numero": 2}
        yield Finding("D03", Level.CONFIRM, params)


def _against_summary(evidence: Evidence) -> tuple[int, Decimal]:
    """Groups of the summary that differ, and the change of real dépenses."""
    name = "realise" if evidence.header.stage.is_account else "prevu"
    now, before = _groups(chapters(evidence.ledger)), _groups(_rows(evidence, "chapitres"))
    accounts = _groups(natures(evidence.ledger, None)), _groups(_rows(evidence, "natures"))
    count = max(_changed(now, before), _changed(*accounts))
    return count, _spent(now, name) - _spent(before, name)


def _spent(groups: Mapping[tuple[Any, ...], Mapping[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for key, row in groups.items() if key[1] == "D"), ZERO)


def _rows(evidence: Evidence, name: str) -> list[Mapping[str, Any]]:
    return list((evidence.previous or {}).get(name) or ())


def _groups(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    return {(r["section"], r["sens"], bool(r.get("ordre")), r["code"]): r for r in rows}


def _changed(now: Mapping[Any, Mapping], before: Mapping[Any, Mapping]) -> int:
    amounts = ("prevu", "realise", "restes")
    none = dict.fromkeys(amounts, "0.00")
    return sum(
        any(now.get(key, none)[a] != before.get(key, none)[a] for a in amounts)
        for key in now.keys() | before.keys()
    )


def _different(one: Ledger, other: Ledger) -> int:
    now, before = _prints(one), _prints(other)
    return sum(now.get(key) != before.get(key) for key in now.keys() | before.keys())


def _prints(ledger: Ledger) -> dict[tuple[Key, str], tuple[Any, ...]]:
    """What is said of each function of each account."""
    return {
        (key, fonction): (part.count, *part.sums)
        for key, account in ledger.accounts.items()
        for fonction, part in account.fonctions.items()
    }


def _volume(evidence: Evidence, ledger: Ledger) -> Decimal:
    """Dépenses of the document, the amounts of its stage."""

    def spent(key: Key) -> bool:
        return key.side == "D"

    account = evidence.header.stage.is_account
    return ledger.amount(REAL, spent) if account else ledger.credits(spent)

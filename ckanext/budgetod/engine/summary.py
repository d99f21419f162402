"""The figures of a document as one JSON: what pages, sheets and comparisons are made of.

Built-in rules, so that no page can make the usual mistakes: real operations only, 001 and 002
apart, never two sides, two sections, two stages or two budgets in one sum. Amounts are texts of
euros with two decimals. Every figure can be found again in the strict CSV: ``traces`` gives, for
each list, the columns to filter on (``*``: starts with; ``(90|93)``: behind one of these).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import ratios
from .document import Header, Origin
from .informations import population
from .ledger import RAR_3112, REAL, ZERO, Account, Keep, Ledger, is_result
from .report import describe
from .scdl.schema import AMOUNT_COLUMNS
from .summary_groups import Labels, Sums, chapters, functions, natures
from .version import SUMMARY_VERSION

if TYPE_CHECKING:
    from .checks.evidence import Evidence
    from .nomenclature import Resolver

SECTIONS = ("F", "I")
SIDES = ("D", "R")
KINDS = {"0": "reel", "1": "ordre"}

TRACES = {
    "perimetre": {"BGT_OPBUDG": "réel", "sauf": {"BGT_NATURE": ["001", "002"]}},
    "totals": ["BGT_SECTION", "BGT_CODRD", "BGT_OPBUDG"],
    "chapitres": ["BGT_SECTION", "BGT_CODRD", "BGT_CONTNAT"],
    "fonctions": ["BGT_SECTION", "BGT_CODRD", "BGT_FONCTION*"],
    "natures": ["BGT_SECTION", "BGT_CODRD", "BGT_NATURE*"],
    "realise": ["BGT_MTREAL"],
    "restes": ["BGT_MTRAR3112"],
}


def summarise(evidence: Evidence, resolver: Resolver | None = None) -> dict[str, Any]:
    """The summary of a document from what its one pass gathered.

    ``resolver`` names functions and accounts of the levels that no line carries itself.
    """
    labels = None if resolver is None else _labels(resolver)
    header, ledger = evidence.header, evidence.ledger
    people = population(header)
    base = ratios.base(header, ledger)
    totals = _totals(ledger)
    return {
        "version": SUMMARY_VERSION,
        "document": describe(evidence.identity),
        "montants": "realise" if header.stage.is_account and ledger.has_real else "prevu",
        "traces": _traces(header, ledger),
        "totals": totals,
        "resultat_reporte": {} if evidence.origin is Origin.BALANCE else _carried(ledger),
        "resultats": _results(evidence),
        **_savings(base),
        "equipement": _text(base.equipement),
        "population": people,
        "par_habitant": _per_head(header, totals, base, people),
        "execution": _execution(header, totals),
        "chapitres": chapters(ledger),
        "fonctions": functions(header, ledger, labels),
        "natures": natures(ledger, labels),
        "ratios": ratios.stated(header),
        "source_ratio": header.information("SourceRatio").strip(),
        **_annexes(evidence),
    }


def _traces(header: Header, ledger: Ledger) -> dict[str, Any]:
    """Where the rows of this document are: its credits, and functions that follow a chapter."""
    found = {**TRACES, "prevu": [AMOUNT_COLUMNS[rank] for rank in ledger.credit_ranks]}
    if header.nat_fonc == "2":
        found["fonctions"] = ["BGT_SECTION", "BGT_CODRD", "(90|93)BGT_FONCTION*"]
    return found


def _labels(resolver: Resolver) -> Labels:
    def label(kind: str, code: str) -> str:
        return resolver.fonction_label(code) if kind == "fonction" else resolver.nature_label(code)

    return label


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _totals(ledger: Ledger) -> dict[str, Any]:
    """``[section][side][reel|ordre]``: prévu, réalisé, restes à réaliser, number of lines."""
    sums = {(f, s, o): Sums() for f in SECTIONS for s in SIDES for o in KINDS}
    for key, entry in ledger.accounts.items():
        place = (key.section, key.side, key.ordre)
        if place in sums and not is_result(key):
            sums[place].add(ledger, entry)
    return {
        section: {
            side: {name: sums[section, side, code].to_dict() for code, name in KINDS.items()}
            for side in SIDES
        }
        for section in SECTIONS
    }


def _carried(ledger: Ledger) -> dict[str, Any]:
    """Results of earlier years (001 investissement, 002 fonctionnement), by side."""
    return {
        code: {side: _sum(ledger, _selected(ledger, code, side)).to_dict() for side in SIDES}
        for code in ("001", "002")
    }


def _selected(ledger: Ledger, code: str, side: str) -> Iterable[Account]:
    found = ledger.results.select(
        lambda key: code in (key.nature, key.chapter) and key.side == side
    )
    return (entry for _, entry in found)


def _sum(ledger: Ledger, entries: Iterable[Account]) -> Sums:
    sums = Sums()
    for entry in entries:
        sums.add(ledger, entry)
    return sums


def _results(evidence: Evidence) -> dict[str, Any]:
    """Per section of an account: the year's result, what was carried forward, the closing.

    A balance has neither 001, 002 nor restes à réaliser: only the year's result can be said.
    """
    header, ledger = evidence.header, evidence.ledger
    if not (header.stage.is_account and ledger.has_real):
        return {}
    results = {section: _result(ledger, section) for section in SECTIONS}
    if evidence.origin is Origin.BALANCE:
        return {section: {"exercice": found["exercice"]} for section, found in results.items()}
    return results


def _result(ledger: Ledger, section: str) -> dict[str, str]:
    def balance(rank: int, keep: Keep | None = None) -> Decimal:
        received, spent = ledger.of(section, "R"), ledger.of(section, "D")
        return received.amount(rank, keep) - spent.amount(rank, keep)

    closing, carried = balance(REAL), balance(REAL, is_result)
    return {
        "exercice": _text(closing - carried),
        "reporte": _text(carried),
        "cloture": _text(closing),
        "restes": _text(balance(RAR_3112)),
    }


def _savings(base: ratios.Base) -> dict[str, str | None]:
    """Épargne brute: recettes − dépenses réelles de fonctionnement; nette: less capital repaid."""
    gross = base.recettes - base.depenses
    rate = 100 * gross / base.recettes if base.recettes > 0 else None
    return {
        "epargne_brute": _text(gross),
        "epargne_nette": _text(gross - base.capital),
        "remboursement_capital": _text(base.capital),
        "taux_epargne_brute": None if rate is None else _text(rate),
    }


def _per_head(
    header: Header, totals: Mapping[str, Any], base: ratios.Base, people: int | None
) -> dict[str, Any]:
    """Euros per inhabitant, real operations; {} when the population is unknown."""
    if not people:
        return {}
    name = "realise" if header.stage.is_account else "prevu"
    heads: dict[str, Any] = {
        section: {
            side: _text(Decimal(totals[section][side]["reel"][name]) / people) for side in SIDES
        }
        for section in SECTIONS
    }
    heads["epargne_brute"] = _text((base.recettes - base.depenses) / people)
    heads["equipement"] = _text(base.equipement / people)
    return heads


def _execution(header: Header, totals: Mapping[str, Any]) -> dict[str, Any]:
    """Share of credits that was realised, in percent, per section and side of an account."""
    if not header.stage.is_account:
        return {}
    return {
        section: {side: _rate(totals[section][side]["reel"]) for side in SIDES}
        for section in SECTIONS
    }


def _rate(total: Mapping[str, Any]) -> str | None:
    opened = Decimal(total["prevu"])
    return None if opened <= ZERO else _text(100 * Decimal(total["realise"]) / opened)


def _annexes(evidence: Evidence) -> dict[str, Any]:
    """Figures of the annexes, computed on the original: never names."""
    facts = evidence.facts or {}
    totals = facts.get("annex_totals") or {}
    return {
        "dette": dict(totals.get("debt") or {}),
        "personnel": dict(totals.get("staff") or {}),
        "subventions": dict(totals.get("subsidies") or {}),
        "annexes": dict(facts.get("annex_rows") or evidence.annexes.rows),
        "budgets_annexes": [
            {"code": budget.code, "libelle": budget.libelle, "siret": budget.siret}
            for budget in evidence.annexes.budgets
        ],
    }

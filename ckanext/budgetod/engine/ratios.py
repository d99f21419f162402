"""The legal ratios of a document: as it states them, and as its lines give them.

Formulas reproduced to the cent on a real CFU (reference §12): expenditure and revenue are real
operations of the year, 002 left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from .document import Header
from .informations import parse_number, population
from .ledger import REAL, Keep, Key, Ledger

CENT = Decimal("0.01")
_MEAN = "MoyNat"
_STATED = "Val"
_PERCENT = frozenset(
    {
        "DepPers",
        "DepFoncRemDette",
        "DepEqB",
        "EncDetteRecFonc",
        "EparRFonc",
        "EparNetRFonc",
        "CoefMobFiscEl",
        "CoefMobPotFisc",
    }
)
_YEARS = frozenset({"EncDetteEpar"})
_FISCAL = ("Hab", "Fin", "Fisc")
"""Fiscal potentials: amounts of the collectivity, no ratio of its budget."""
_NOT_CAPITAL = ("165", "166", "1645", "16449", "1688")


class Base(NamedTuple):
    """Sums that ratios are made of, in euros: what was done in an account, planned otherwise."""

    depenses: Decimal
    recettes: Decimal
    investissement: Decimal
    capital: Decimal
    equipement: Decimal
    personnel: Decimal


def base(header: Header, ledger: Ledger) -> Base:
    """The sums of a document, 001 and 002 left out."""
    real = ledger.real
    account = header.stage.is_account and ledger.has_real

    def total(part: Ledger, keep: Keep | None = None) -> Decimal:
        return part.amount(REAL, keep) if account else part.credits(keep)

    equipment = {key for key, entry in real.accounts.items() if entry.equipment}
    return Base(
        depenses=total(real.of("F", "D")),
        recettes=total(real.of("F", "R")),
        investissement=total(real.of("I", "D")),
        capital=total(real.of("I", "D"), is_capital),
        equipement=total(real, lambda key: key.side == "D" and key in equipment),
        personnel=total(real, lambda key: key.side == "D" and is_staff(key)),
    )


def is_capital(key: Key) -> bool:
    """Repayment of the capital of debt: dépenses of 16, deposits and refinancing left out."""
    return (
        key.section == "I"
        and key.side == "D"
        and key.nature.startswith("16")
        and not key.nature.startswith(_NOT_CAPITAL)
    )


def is_staff(key: Key) -> bool:
    """Staff costs: chapter 012, or accounts 64, 621, 631, 633 where chapters are functions."""
    if key.chapter == "012":
        return True
    return key.chapter.startswith("9") and key.nature.startswith(("64", "621", "631", "633"))


def recompute(
    header: Header, ledger: Ledger, debt: Mapping[str, Any]
) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Ratios that can be compared: code, value stated, value that the lines give."""
    computed = _formulas(header, ledger, debt)
    for code, value in computed.items():
        stated = parse_number(header.information(code))
        if stated is not None and stated != 0:
            yield code, stated, value


def _formulas(header: Header, ledger: Ledger, debt: Mapping[str, Any]) -> dict[str, Decimal]:
    people = population(header)
    sums = base(header, ledger)
    values: dict[str, Decimal] = {}
    if people:
        values["ValDepRFonc"] = _round(sums.depenses / people)
        values["ValRecRFonc"] = _round(sums.recettes / people)
    if sums.recettes > 0:
        rates = {
            "ValDepFoncRemDette": sums.depenses + sums.capital,
            "ValDepEqB": sums.equipement,
            "ValEparRFonc": sums.recettes - sums.depenses,
        }
        values |= {code: _round(100 * top / sums.recettes) for code, top in rates.items()}
    if sums.depenses > 0:
        values["ValDepPers"] = _round(100 * sums.personnel / sums.depenses)
    owed = parse_number(str(debt.get("capital_restant_du") or ""))
    if owed and people:
        values["ValEncDettePop"] = _round(owed / people)
    return values


def _round(value: Decimal) -> Decimal:
    return value.quantize(CENT)


def stated(header: Header) -> list[dict[str, Any]]:
    """Ratios as the document states them, beside the mean of its stratum.

    ``{"code", "valeur", "moyenne", "unite"}``: code without ``Val`` or ``MoyNat``; text of decimals
    or None; unit ``euros``, ``pourcent`` or ``annees``. Zeros typed in place of nothing are None.
    """
    values: dict[str, dict[str, Decimal | None]] = {}
    for code, text in header.informations:
        for prefix, name in ((_STATED, "valeur"), (_MEAN, "moyenne")):
            if code.startswith(prefix):
                number = parse_number(text)
                values.setdefault(code.removeprefix(prefix), {})[name] = number or None
    return [
        {
            "code": code,
            "valeur": _text(found.get("valeur")),
            "moyenne": _text(found.get("moyenne")),
            "unite": _unit(code),
        }
        for code, found in values.items()
        if not code.startswith(_FISCAL) and any(found.values())
    ]


def _unit(code: str) -> str:
    if code in _YEARS:
        return "annees"
    return "pourcent" if code in _PERCENT else "euros"


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"

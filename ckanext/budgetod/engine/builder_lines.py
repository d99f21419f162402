"""Balanced fictional budget lines for every nomenclature.

A *slot* is a purpose (energy, loan, transfer between sections…). Each nomenclature says which
account holds it; accounts, chapters and functions are those of the official plans 2021-2024.
Amounts are those of a fictional town of 12,480 inhabitants; ``scale`` makes it larger or smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from .builder_accounts import ACCOUNTS, FONCTIONS
from .document import Stage

CENT = Decimal("0.01")
LINE_FIELDS = (
    "Nature",
    "LibCpte",
    "Fonction",
    "Operation",
    "ContNat",
    "ArtSpe",
    "ContFon",
    "ContOp",
    "CodRD",
    "MtBudgPrec",
    "MtRARPrec",
    "MtPropNouv",
    "MtPrev",
    "CredOuv",
    "MtReal",
    "MtRAR3112",
    "OpBudg",
    "TypOpBudg",
    "OpeCpteTiers",
)
"""Leaves of a LigneBudget in the order of XSD V95; ``MtSup`` and ``CaracSup`` come after them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of the model town: where it stands and what it weighs (euros)."""

    name: str
    nature: str
    chapitre: str
    side: str
    section: str
    credit: Decimal
    done: Decimal = Decimal("1.00")
    ordre: str = ""
    fonction: str = ""
    by_function: tuple[str, str] = ("", "")


def slot(text: str) -> Slot:
    """Read one row of a table: name nature chapitre side section credit done ordre fonction …"""
    name, nature, chapitre, side, section, credit, done, ordre, fonction, *voted = text.split()
    chapter, account = voted[0].replace("-", "").split("/") if voted else ("", "")
    return Slot(
        name,
        nature,
        chapitre,
        side,
        section,
        Decimal(credit),
        Decimal(done),
        "" if ordre == "-" else ordre,
        fonction,
        (chapter, account),
    )


# name nature chapitre side section credit done ordre fonction chapter/account-voted-by-function
_M57 = """
energie        60612  011 D F  412000.00 0.93 - 212 932/93212
entretien      615221 011 D F  186500.00 0.88 - 020 930/93020
fournitures    6064   011 D F   24300.00 0.97 - 020 930/93020
remunerations  64111  012 D F 2150000.00 0.98 - 020 930/93020
cotisations    6451   012 D F  870000.00 0.98 - 020 930/93020
subvention     65748  65  D F  145000.00 1.00 - 311 933/93311
interets       66111  66  D F   38200.45 1.00 - 01  943/943
virement       023    023 D F  610000.00 0.00 2 01  953/953
amortissement  6811   042 D F  245000.00 1.00 2 01  946/946
report_f       002    002 R F  320000.00 1.00 - 01  -/-
produits       70311  70  R F  610000.00 1.02 - 020 930/93020
impots         73111  731 R F 2480000.00 1.01 - 01  940/940
dotation       74111  74  R F 1105000.00 1.00 - 01  941/941
loyers         752    75  R F   96000.00 0.99 - 020 930/93020
quote_part     777    042 R F   28000.00 1.00 2 01  946/946
report_i       001    001 D I  120000.00 1.00 - 01  -/-
capital        1641   16  D I  260000.00 1.00 - 01  923/923
etudes         2031   20  D I   45000.00 0.40 - 020 900/90020
materiel       21838  21  D I   38000.00 0.91 - 212 902/90212
voirie         2151   21  D I  310000.00 0.75 - 845 908/90845
travaux        2313   23  D I  890000.00 0.62 - 212 902/90212
ordre_040      13911  040 D I   28000.00 1.00 2 01  926/926
ordre_041_d    2313   041 D I   15000.00 1.00 1 01  925/925
fctva          10222  10  R I  130000.00 1.04 - 01  922/922
excedent       1068   10  R I  250000.00 1.00 - 01  922/922
subv_inv       1321   13  R I  220000.00 0.55 - 212 902/90212
emprunt        1641   16  R I  236000.00 0.50 - 01  923/923
virement_i     021    021 R I  610000.00 0.00 2 01  951/951
amort_i        28188  040 R I  245000.00 1.00 2 01  926/926
ordre_041_r    2031   041 R I   15000.00 1.00 1 01  925/925
"""
MODEL: tuple[Slot, ...] = tuple(slot(row) for row in _M57.strip().splitlines())


def _declinaison(nomenclature: str) -> str:
    return nomenclature.partition("-")[2] or nomenclature


def slots(nomenclature: str) -> list[Slot]:
    """The model town in this nomenclature; unknown ones get the accounts of M57_D."""
    changes = ACCOUNTS.get(_declinaison(nomenclature), {})
    found = []
    for model in MODEL:
        account = changes.get(model.name, model.nature)
        if account is not None:
            nature, _, chapitre = account.partition("/")
            found.append(
                replace(
                    model,
                    nature=nature,
                    chapitre=chapitre or model.chapitre,
                    fonction=_fonction(model.fonction, nomenclature),
                )
            )
    return found


def _fonction(fonction: str, nomenclature: str) -> str:
    if nomenclature.startswith("M57"):
        return fonction
    table = FONCTIONS.get(_declinaison(nomenclature))
    return "" if table is None else table.get(fonction, fonction)


def balanced(found: Iterable[Slot], scale: Decimal) -> list[tuple[Slot, Decimal]]:
    """Slots with their credits; ``produits`` and ``emprunt`` close each section to the cent."""
    rows = [(each, (each.credit * scale).quantize(CENT)) for each in found]
    for section, closing in (("F", "produits"), ("I", "emprunt")):
        gap = sum(
            (credit if each.side == "D" else -credit)
            for each, credit in rows
            if each.section == section
        )
        rows = [(s, credit + gap if s.name == closing else credit) for s, credit in rows]
    return rows


def sample_lines(
    nomenclature: str = "M57-M57_D",
    stage: Stage | str = Stage.CA,
    *,
    scale: Decimal | int | str = 1,
    by_function: bool = False,
) -> list[dict[str, str]]:
    """Balanced lines, one mapping of XSD element to text each (see ``LINE_FIELDS``).

    A BP or BS votes credits, a DM moves a little between accounts (deltas), a CA or CFU tells
    what was done. Resources 001/002 are absent from a DM.
    """
    stage = Stage(stage) if stage in list(Stage) else Stage[str(stage).upper()]
    factor = Decimal(scale) * (Decimal("0.04") if stage is Stage.DM else 1)
    found = [s for s in slots(nomenclature) if stage is not Stage.DM or "report" not in s.name]
    return [line_of(*row, stage, by_function) for row in balanced(found, factor)]


def line_of(found: Slot, credit: Decimal, stage: Stage, by_function: bool) -> dict[str, str]:
    """The line of a slot that has been given its credit."""
    line = {"Nature": found.nature, **_place(found, by_function), "ArtSpe": "false"}
    line["CodRD"] = found.side
    line |= {name: f"{amount:.2f}" for name, amount in _amounts(found, credit, stage).items()}
    line["OpBudg"] = "1" if found.ordre else "0"
    if found.ordre:
        line["TypOpBudg"] = found.ordre
    return {name: line[name] for name in LINE_FIELDS if line.get(name)}


def _place(found: Slot, by_function: bool) -> dict[str, str]:
    chapter, account = found.by_function
    if by_function:
        return {"Fonction": account, "ContFon": chapter}
    return {"Fonction": found.fonction, "ContNat": found.chapitre}


def _amounts(found: Slot, credit: Decimal, stage: Stage) -> Mapping[str, Decimal]:
    if stage.is_account:
        done = (credit * found.done).quantize(CENT)
        rest = credit - done if found.name in ("etudes", "travaux") else Decimal(0)
        return {"MtPrev": credit, "CredOuv": credit, "MtReal": done, "MtRAR3112": rest}
    before = {} if stage is Stage.BP else {"MtBudgPrec": credit * 3}
    return {**before, "MtPropNouv": credit, "MtPrev": credit, "CredOuv": credit}

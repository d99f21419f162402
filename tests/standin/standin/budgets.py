"""Which budgets a collectivity has: the main one, annexes, and what hangs on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ckanext.budgetod.engine.builder import fictional_siren, fictional_siret
from ckanext.budgetod.sources.territory import Collectivity

from .accounts import Budget
from .world import EXERCICES, draw

CTYPES = {"commune": "101", "departement": "201", "region": "301", "syndicat": "421"}
_ANNEXES = (
    ("SERVICE DE L EAU", "M49", 0.16),
    ("ASSAINISSEMENT", "M49", 0.12),
    ("LOTISSEMENT LES TILLEULS", "M57", 0.06),
    ("CAMPING DU PLAN D EAU", "M4", 0.02),
)
_ANNEXE_TYPES = {"commune": "410", "departement": "420", "region": "430"}
_FEWER_RESIDENTS = 25
"""A village without inhabitants still spends a little."""


def population(one: Collectivity, exercice: int) -> int:
    """Inhabitants of an exercice, around those of the table."""
    drift = 0.008 * (draw(one.siren, "drift") - 0.5)
    return round((one.population or 0) * (1 + drift * (exercice - EXERCICES[-1])))


def plain_label(name: str) -> str:
    """As labels of the source: "L'Épine" -> "L EPINE"."""
    text = unicodedata.normalize("NFD", name.replace("œ", "oe").replace("Œ", "OE"))
    text = "".join(c for c in text if not unicodedata.combining(c)).upper()
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())[:50]


def label_of(one: Collectivity) -> str:
    shortened = one.name.replace("Communauté de communes", "CC")
    shortened = shortened.replace("Communauté d'agglomération", "CA")
    prefix = {"departement": "DEPARTEMENT ", "region": "REGION "}.get(one.type, "")
    return prefix + plain_label(shortened)


def budgets_of(one: Collectivity, exercice: int, seed: int) -> Iterator[Budget]:
    """Every budget of a collectivity in an exercice, the main one first."""
    residents = population(one, exercice)
    nomen, nomenclature = _main_plan(one, exercice, residents)
    size = max(residents, _FEWER_RESIDENTS)
    main = Budget(
        siren=one.siren,
        ident=fictional_siret(one.siren),
        label=label_of(one),
        cbudg="1",
        ctype=_ctype(one),
        nomen=nomen,
        nomenclature=nomenclature,
        kind=one.type,
        inhabitants=size,
    )
    yield main
    yield from _annexes(one, main, exercice, seed)
    if siren := ccas_of(one, seed):
        yield _ccas(main, siren, seed)


def _annexes(one: Collectivity, main: Budget, exercice: int, seed: int) -> Iterator[Budget]:
    richer = 2.0 if main.inhabitants > 3_500 else 1.0
    for number, (label, plan, chance) in enumerate(_ANNEXES):
        if draw(seed, one.siren, label) >= chance * richer:
            continue
        nomen, nomenclature = _annexe_plan(plan, main, exercice)
        yield Budget(
            siren=one.siren,
            ident=fictional_siret(one.siren, 12 + 13 * number),
            label=f"{main.label} - {label}"[:60],
            cbudg="3",
            ctype=_ANNEXE_TYPES.get(one.type, "440"),
            nomen=nomen,
            nomenclature=nomenclature,
            kind="annexe",
            inhabitants=main.inhabitants * 0.7,
        )


def ccas_of(one: Collectivity, seed: int) -> str:
    """SIREN of the social centre of a commune; "" when it has none."""
    if one.type != "commune" or draw(seed, one.siren, "ccas") >= 0.04:
        return ""
    return fictional_siren(f"26{one.siren[2:4]}{int(draw(one.siren, 'ccas') * 10_000):04d}")


def _ccas(main: Budget, siren: str, seed: int) -> Budget:
    """Its SIRET is its own; one in four also writes its own SIREN."""
    own = draw(seed, main.siren, "own") < 0.25
    return Budget(
        siren=siren if own else main.siren,
        ident=fictional_siret(siren),
        label=f"CCAS DE {main.label}"[:60],
        cbudg="2",
        ctype="431",
        nomen=main.nomen,
        nomenclature=main.nomenclature,
        kind="annexe",
        inhabitants=main.inhabitants * 0.1 + 5,
    )


def _ctype(one: Collectivity) -> str:
    if one.type != "epci":
        return CTYPES[one.type]
    name = plain_label(one.name)
    return {"COMMUNAUTE D": "402", "COMMUNAUTE U": "401"}.get(
        name[:12], "405" if "METROPOLE" in name else "403"
    )


def _main_plan(one: Collectivity, exercice: int, residents: int) -> tuple[str, str]:
    """Name of the accounting plan in the source, and in ours."""
    if one.type == "departement" and exercice < 2023:
        return "M52", "M52-M52"
    if one.type == "region" and exercice < 2023:
        return "M71", "M71-M71"
    early = draw(one.siren, "M57")  # since 2024 everybody has M57
    if exercice < 2022 + (early > 0.3) + (early > 0.7) - (early < 0.05):
        return "M14", f"M14-M14_COM_{_m14_size(residents)}"
    if exercice < 2022:
        return "M57", "M57-M57"
    if one.type in ("commune", "syndicat") and residents < 3_500 and draw(one.siren, "A") < 0.9:
        return "M57A", "M57-M57_A"
    return "M57", "M57-M57_D"


def _m14_size(residents: int) -> str:
    if residents < 500:
        return "INF500"
    return "500_3500" if residents < 3_500 else "SUP3500"


def _annexe_plan(plan: str, main: Budget, exercice: int) -> tuple[str, str]:
    if plan == "M57":
        return main.nomen, main.nomenclature
    if plan == "M4":
        return "M4", "M4-M4"
    small = main.inhabitants < 3_000
    return ("M49A", "M4-M49_A") if small else ("M49", "M4-M49_D")

"""Where a fictional account puts its money: posts of the plans, in euros per inhabitant.

A post is a prefix of accounts; its leaves are those of the official plan of the nomenclature and
exercice that may bear it. The same accounts are common everywhere: the rank of an account among the
leaves of its post depends on its code only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ckanext.budgetod.engine.nomenclature import plans

from .world import draw

_ROLES = {"D": 0, "R": 1, "oD": 2, "oR": 3}
"""Side of a post -> rank of its role in an entry of a plan; ``o``: ordre."""

# prefix, side, euros per inhabitant of a commune, then factors of EPCI, département, région
_COMMON = """
60     D  118 0.4 0.1 0.1
61     D   92 0.8 0.3 0.3
62     D   60 0.6 0.4 0.5
63     D   12 0.5 0.3 0.2
641    D  290 0.5 0.6 0.3
645    D  130 0.5 0.6 0.3
647    D   10 0.5 0.6 0.3
65     D  116 0.7 5.0 3.5
66     D   18 0.4 1.0 1.8
67     D    2 0.5 1.0 0.5
739    D   22 4.0 1.0 0.1
6419   R    6 0.5 0.6 0.3
70     R   92 1.2 0.2 0.1
73     R  560 1.0 1.3 0.8
74     R  262 0.7 1.1 0.6
75     R   46 0.5 0.5 0.2
76     R    1 1.0 1.0 1.0
77     R    4 1.0 1.0 0.5
1641   D   76 0.5 0.7 0.7
16     D    2 1.0 1.0 1.0
20     D   14 1.0 0.8 1.0
204    D   12 1.0 5.0 9.0
21     D  172 0.7 0.4 0.4
23     D  128 0.7 0.5 0.4
10222  R   44 0.7 0.5 0.3
10     R   18 0.3 0.2 0.1
1068   R  104 0.6 0.8 0.6
13     R   88 0.7 0.6 1.5
1641   R   70 0.6 0.7 0.9
68     oD  58 0.9 1.0 1.4
28     oR  58 0.9 1.0 1.4
777    oR   8 0.9 1.0 1.4
139    oD   8 0.9 1.0 1.4
675    oD   3 0.9 1.0 0.5
21     oR   3 0.9 1.0 0.5
72     oR   2 0.9 0.1 0.1
23     oD   2 0.9 0.1 0.1
"""
_WATER = """
60     D   58 1 1 1
61     D   12 1 1 1
62     D    8 1 1 1
63     D    2 1 1 1
65     D    1 1 1 1
66     D    4 1 1 1
70     R  104 1 1 1
74     R    3 1 1 1
16     D    9 1 1 1
20     D    2 1 1 1
21     D   24 1 1 1
23     D   21 1 1 1
10     R   14 1 1 1
13     R   11 1 1 1
16     R    8 1 1 1
68     oD  22 1 1 1
28     oR  22 1 1 1
777    oR   6 1 1 1
139    oD   6 1 1 1
"""
_FACTORS = {"commune": 0, "syndicat": 0, "epci": 1, "departement": 2, "region": 3}

STOCKS = """
1021 c 600
131 c 190
132 c 310
1641 c 640
165 c 3
202 d 20
203 d 45
204 d 60
211 d 190
212 d 110
213 d 1450
215 d 1100
218 d 160
231 d 240
26 d 12
27 d 6
28 c 420
"""
"""Opening balances: prefix, side (debit or credit), euros per inhabitant of a commune."""

THIRD_PARTIES = (
    ("40111", 0.55),
    ("4011", 0.5),
    ("40411", 0.3),
    ("4041", 0.28),
    ("40171", 0.01),
    ("40471", 0.01),
    ("4111", 0.1),
    ("4116", 0.01),
    ("421", 0.25),
    ("4311", 0.1),
    ("437", 0.04),
    ("43781", 0.02),
    ("44312", 0.12),
    ("4411", 0.03),
    ("44351", 0.05),
    ("44382", 0.05),
    ("44551", 0.01),
    ("44566", 0.02),
    ("46711", 0.06),
    ("4671", 0.05),
    ("46721", 0.03),
    ("4672", 0.03),
    ("4713", 0.2),
    ("47138", 0.15),
    ("47141", 0.1),
    ("4718", 0.02),
    ("4721", 0.08),
    ("47211", 0.06),
    ("4722", 0.02),
    ("4728", 0.03),
    ("5411", 0.01),
    ("580", 0.02),
)
"""Non-budget accounts and their turnover as a share of the budget; those of the plan are used."""


class Post(NamedTuple):
    """Euros per inhabitant to spread over leaves; ``column`` of the balance, ``ordre`` or not."""

    euros: float
    debit: bool
    ordre: bool
    leaves: tuple[str, ...]


@lru_cache(maxsize=64)
def posts(nomenclature: str, exercice: int, kind: str) -> tuple[Post, ...]:
    """The posts of a kind of collectivity in a plan (``M57-M57_A``); "annexe" for water."""
    table = _WATER if kind == "annexe" else _COMMON
    rows = [row.split() for row in table.strip().splitlines()]
    prefixes = {(prefix, side) for prefix, side, *_ in rows}
    found = []
    for prefix, side, euros, *factors in rows:
        deeper = {p for p, s in prefixes if s == side and p != prefix and p.startswith(prefix)}
        leaves = _leaves(nomenclature, exercice, prefix, _ROLES[side], tuple(sorted(deeper)))
        factor = 1.0
        if kind != "annexe" and _FACTORS[kind]:
            factor = float(factors[_FACTORS[kind] - 1])
        if leaves:
            found.append(Post(float(euros) * factor, side[-1] == "D", side[0] == "o", leaves))
    return tuple(found)


@lru_cache(maxsize=64)
def stocks(nomenclature: str, exercice: int) -> tuple[Post, ...]:
    """Opening balances, as posts."""
    found = []
    for row in STOCKS.strip().splitlines():
        prefix, side, euros = row.split()
        leaves = _leaves(nomenclature, exercice, prefix, None, ())
        if leaves:
            found.append(Post(float(euros), side == "d", False, leaves))
    return tuple(found)


@lru_cache(maxsize=64)
def third_parties(nomenclature: str, exercice: int) -> tuple[tuple[str, float], ...]:
    accounts = _accounts(nomenclature, exercice)
    return tuple((code, share) for code, share in THIRD_PARTIES if code in accounts)


@lru_cache(maxsize=64)
def functions(nomenclature: str, exercice: int) -> tuple[str, ...]:
    """Functions of the plan that have no finer ones, the most common first."""
    plan = plans().plan(nomenclature, min(exercice, 2024))
    codes = sorted(plan.tables["fonction"]) if plan else []
    leaves = [
        c for c in codes if c.isdigit() and not any(o != c and o.startswith(c) for o in codes)
    ]
    return tuple(sorted(leaves, key=lambda code: draw(code, "function")))


def _accounts(nomenclature: str, exercice: int) -> dict:
    plan = plans().plan(nomenclature, min(exercice, 2024))
    if plan is None:
        raise KeyError(f"no plan of {nomenclature} for {exercice}")
    return plan.tables["compte"]


@lru_cache(maxsize=2048)
def _leaves(
    nomenclature: str, exercice: int, prefix: str, role: int | None, deeper: tuple[str, ...]
) -> tuple[str, ...]:
    accounts = _accounts(nomenclature, exercice)
    found = [
        code
        for code, entry in accounts.items()
        if code.startswith(prefix)
        and not (deeper and code.startswith(deeper))
        and not entry.deleted
        and (any(entry.roles) if role is None else len(entry.roles) > role and entry.roles[role])
    ]
    return tuple(sorted(found, key=lambda code: draw(code, "rank")))

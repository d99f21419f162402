"""Fictional accounts of one budget and exercice: a balance that balances, in cents.

The same seed, SIREN, exercice and revision give the same figures. Opening debits equal opening
credits, operations too (treasury and endowment take the rest); order operations are part of budget
operations, and each has its counterpart of the same amount.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .posts import Post, posts, stocks, third_parties
from .world import EXERCICES, draw

BE_DEBIT, BE_CREDIT, OB_DEBIT, OB_CREDIT, ONB_DEBIT, ONB_CREDIT, OOB_DEBIT, OOB_CREDIT = range(8)
COLUMNS = ("bedeb", "becre", "obnetdeb", "obnetcre", "onbdeb", "onbcre", "oobdeb", "oobcre")
"""Amounts of a row, in the order of the source; ``sd`` and ``sc`` (closing) follow."""

Rows = dict[str, list[int]]
"""Account -> its eight amounts in cents."""

TREASURY, ENDOWMENT, PAYROLL = "515", "1021", "6411"
_ODD = 0.02
"""Share of budgets with one account whose order operations exceed its budget operations."""


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget of a collectivity: what the source writes about it, and how large it is."""

    siren: str
    ident: str
    label: str
    cbudg: str
    ctype: str
    nomen: str
    """As DGFiP writes it: M57, M57A, M14, M49A, M52, M71."""
    nomenclature: str
    """Name of the plan in ours: M57-M57_A."""
    kind: str
    """Whose money: ``commune``, ``epci``, ``departement``, ``region``, ``syndicat``, ``annexe``."""
    inhabitants: float
    """Scale of its amounts."""


def rows_of(budget: Budget, exercice: int, seed: int, revision: int = 0) -> Rows:
    """The whole balance, unsorted."""
    structure = Random(f"{seed}|{budget.ident}")
    year = Random(f"{seed}|{budget.ident}|{exercice}|{revision}")
    size = budget.inhabitants * (0.8 + 0.4 * structure.random())
    size *= 1 + 0.022 * (exercice - EXERCICES[0]) + 0.01 * revision
    rows: Rows = {}
    for post in posts(budget.nomenclature, exercice, budget.kind):
        _spend(rows, post, size, _breadth(budget.inhabitants), structure, year)
    _open(rows, budget, exercice, size, structure)
    _third_parties(rows, budget, exercice, size, year)
    if draw(seed, budget.ident, exercice, "odd") < _ODD:
        _make_odd(rows)
    _close(rows)
    return rows


def _breadth(inhabitants: float) -> float:
    """Share of the accounts of a post that a collectivity of this size uses."""
    return min(1.0, 0.08 + 0.11 * math.log10(max(inhabitants, 60) / 50))


def _split(total: int, leaves: tuple[str, ...], breadth: float, rng: Random) -> Iterator:
    """The most common leaves with what each takes; the first takes the rest."""
    kept = leaves[: max(1, math.ceil(len(leaves) * breadth))]
    weights = [(0.4 + rng.random()) / (rank + 1) for rank in range(len(kept))]
    whole, rest = sum(weights), total
    for leaf, weight in zip(kept[1:], weights[1:], strict=True):
        part = int(total * weight / whole)
        rest -= part
        yield leaf, part
    yield kept[0], rest


def _spend(
    rows: Rows, post: Post, size: float, breadth: float, structure: Random, year: Random
) -> None:
    noise = 1.0 if post.ordre else 0.9 + 0.2 * year.random()
    total = int(post.euros * size * 100 * noise)
    column = OB_DEBIT if post.debit else OB_CREDIT
    for code, cents in _split(total, post.leaves, breadth, structure):
        if cents:
            row = rows.setdefault(code, [0] * 8)
            row[column] += cents
            if post.ordre:
                row[column + 4] += cents


def _open(rows: Rows, budget: Budget, exercice: int, size: float, structure: Random) -> None:
    """Opening balances: accounts of the year carry most of them, others only that."""
    breadth = _breadth(budget.inhabitants)
    scale = 0.35 if budget.kind == "annexe" else 1.0
    for post in stocks(budget.nomenclature, exercice):
        total = int(post.euros * scale * size * 100)
        column = BE_DEBIT if post.debit else BE_CREDIT
        for code, cents in _split(total, post.leaves, breadth, structure):
            rows.setdefault(code, [0] * 8)[column] += cents


def _third_parties(rows: Rows, budget: Budget, exercice: int, size: float, year: Random) -> None:
    for code, share in third_parties(budget.nomenclature, exercice):
        turnover = int(share * size * 90_000 * (0.6 + 0.8 * year.random()))
        left = int(turnover * 0.03 * year.random())
        row = rows.setdefault(code, [0] * 8)
        row[ONB_DEBIT] += turnover - left
        row[ONB_CREDIT] += turnover
        row[BE_CREDIT] += left


def _make_odd(rows: Rows) -> None:
    """One account with more order operations than budget operations: a negative "réel"."""
    code = max((c for c, row in rows.items() if row[OOB_DEBIT]), default="")
    if code:
        rows[code][OB_DEBIT] = rows[code][OOB_DEBIT] * 3 // 4


def _close(rows: Rows) -> None:
    """Treasury takes what operations leave, the endowment what the opening leaves."""
    treasury = rows.setdefault(TREASURY, [0] * 8)
    endowment = rows.setdefault(ENDOWMENT, [0] * 8)
    sums = [sum(column) for column in zip(*rows.values(), strict=True)]
    gap = sums[OB_DEBIT] + sums[ONB_DEBIT] - sums[OB_CREDIT] - sums[ONB_CREDIT]
    paid = sums[OB_DEBIT]
    treasury[ONB_DEBIT] += paid + max(-gap, 0)
    treasury[ONB_CREDIT] += paid + max(gap, 0)
    treasury[BE_DEBIT] += abs(gap)
    opening = sums[BE_DEBIT] + abs(gap) - sums[BE_CREDIT]
    endowment[BE_CREDIT if opening > 0 else BE_DEBIT] += abs(opening)


def money(cents: int) -> str:
    """As the source writes it: 27254181 -> "272541.81", 0 -> "0.0"."""
    return repr(cents / 100) if cents else "0.0"


def render(rows: Rows, prefix: str) -> str:
    """Lines of CSV: ``prefix``, the account, its amounts and its closing balance."""
    lines = []
    for code in sorted(rows):
        row = rows[code]
        closing = row[0] + row[2] + row[4] - row[1] - row[3] - row[5]
        amounts = [repr(cents / 100) if cents else "0.0" for cents in row]
        amounts += [money(closing), "0.0"] if closing > 0 else ["0.0", money(-closing)]
        lines.append(f"{prefix}{code};{';'.join(amounts)}\n")
    return "".join(lines)

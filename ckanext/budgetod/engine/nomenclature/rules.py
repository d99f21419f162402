"""Rules of the account plans that need no plan: roles, beginnings of codes, usual sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ckanext.budgetod.engine.document import BudgetLine

from .plan import ROLES, Entry

_ROLE_ORDER = {
    "R": ("R", "OES", "OIS"),
    "OES": ("OES", "OIS", "R"),
    "OIS": ("OIS", "OES", "R"),
}
_SECTION_BY_START = (
    (("001", "010", "018", "020", "021", "024", "040", "041"), "I"),
    (("002", "01", "022", "023", "042", "043", "6", "7"), "F"),
    (("1", "2", "3", "45"), "I"),
)
K = TypeVar("K", str, tuple[str, ...], tuple[str, str])
V = TypeVar("V")
MAX_ANSWERS = 20_000
LONGEST_CODE = 30
"""Digits of a code in the official schema: a document may write any number."""


def stated_section(line: BudgetLine) -> str:
    for code, value in line.carac_sup:
        if code == "Section" and value in ("F", "I"):
            return value
    return ""


def role(account: Entry, line: BudgetLine) -> str:
    """The chapter that takes an account on this side, the line's kind of operation first."""
    if not account.roles or line.cod_rd not in ("R", "D"):
        return ""
    kind = "R"
    if line.op_budg == "1":
        kind = "OIS" if line.typ_op_budg == "1" else "OES"
    roles = dict(zip(ROLES, account.roles, strict=False))
    wanted = (roles.get(line.cod_rd + suffix, "") for suffix in _ROLE_ORDER[kind])
    return next((code for code in wanted if code), "")


def takes_both_ordres(account: Entry, side: str) -> bool:
    """True when chapters of ordre between sections and inside one both take an account."""
    roles = dict(zip(ROLES, account.roles, strict=False))
    between, inside = (roles.get(f"{side}{kind}", "") for kind in ("OES", "OIS"))
    return bool(between and inside and between != inside)


def other_side(line: BudgetLine) -> BudgetLine:
    """The same line, dépense for recette and the converse."""
    return line._replace(cod_rd={"D": "R", "R": "D"}.get(line.cod_rd, ""))


def beginnings(code: str, shortest: int = 2) -> Iterator[str]:
    """``code`` without its last digit, its last two… down to ``shortest`` characters."""
    longest = min(len(code) - 1, LONGEST_CODE)
    return (code[:length] for length in range(longest, shortest - 1, -1))


def section_of_start(code: str) -> str:
    """The section that a code's first digits suggest (reference: usual layout of M14, M57, M4)."""
    for starts, section in _SECTION_BY_START:
        if code.startswith(starts):
            return section
    return ""


def remembered(answers: dict[K, V], question: K, find: Callable[..., V], *given: Any) -> V:
    """The answer to a question; ``find(*given)`` is asked once."""
    answer = answers.get(question)
    if answer is None:
        answer = find(*given)
        remember(answers, question, answer)
    return answer


def remember(answers: dict[K, V], question: K, answer: V) -> None:
    """Keep an answer, as long as the document asks no absurd questions."""
    texts = (question,) if isinstance(question, str) else question
    if len(answers) < MAX_ANSWERS and max(map(len, texts)) <= LONGEST_CODE:
        answers[question] = answer

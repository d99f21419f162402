"""What the title of a dataset or of a file tells of a budget, when it tells one thing only."""

from __future__ import annotations

import re

from .territory import fold

_LONG = {
    "bp": r"budgets? primitifs?",
    "bs": r"budgets? supplementaires?",
    "dm": r"decisions? (?:budgetaires? )?modificatives?",
    "ca": r"comptes? administratifs?|comptes? financiers? uniques?",
}
_SHORT = {"bp": r"bp", "bs": r"bs", "dm": r"dm ?[0-9]{0,2}", "ca": r"ca|cfu"}
"""Abbreviations; « CA » is also a communauté d'agglomération, so words in full go first."""
_YEAR = re.compile(r"(?<![0-9])20[0-3][0-9](?![0-9])")
_NUMBER = re.compile(r"\b(?:modificatives?|dm)(?: n| no| numero)? ?([0-9]{1,2})\b")


def stage_of(name: str, title: str) -> str:
    """``bp``, ``bs``, ``dm`` or ``ca`` as the file's name, else its dataset's title, says it.

    "" when they name none, several, or different ones. A CFU is written ``ca``: the SCDL schema
    has no other word for executed accounts.

    >>> stage_of("bp-2024.csv", "Budget primitif 2024 de la CA de Brume")
    'bp'
    >>> stage_of("donnees.csv", "Budgets primitifs et comptes administratifs")
    ''
    """
    name, title = fold(name), fold(title)
    if written := _stages(_LONG, name):
        return _only(written)
    if stage := _only(_stages(_LONG, title) | _stages(_SHORT, name)):
        return stage
    neither = _stages(_LONG, title) or _stages(_SHORT, name)
    return "" if neither else _only(_stages(_SHORT, title))


def decision_number(name: str, title: str) -> str:
    """Rank of an amending decision: "Décision modificative n° 2" -> "2"; "" when it is not said."""
    found = _NUMBER.findall(fold(name)) or _NUMBER.findall(fold(title))
    return _only({number.lstrip("0") for number in found})


def year_of(name: str, title: str) -> int:
    """The only year that the file's name, else its dataset's title, holds; else 0."""
    found = set(_YEAR.findall(name)) or set(_YEAR.findall(title))
    return int(_only(found) or 0)


def _stages(words: dict[str, str], text: str) -> set[str]:
    return {stage for stage, form in words.items() if re.search(rf"\b(?:{form})\b", text)}


def _only(found: set[str]) -> str:
    return next(iter(found)) if len(found) == 1 else ""

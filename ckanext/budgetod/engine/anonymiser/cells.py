"""Texts of budget lines that go out alone, where no anonymised document is written first: lines of
a document of which nothing else is wanted, and rows of a table made by others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..document import ResolvedLine
from ..scdl.schema import COLUMNS, FIELDS
from . import patterns

_LIMITS = {"BGT_NOM": 100, "BGT_NATURE": 9, "BGT_NATURE_LABEL": 100, "BGT_FONCTION": 9}
_LIMITS["BGT_OPERATION"] = 10
_RANKS = tuple((COLUMNS.index(name), limit) for name, limit in _LIMITS.items())
_TEXTS = [
    (rank, field.longest)
    for rank, field in enumerate(FIELDS)
    if field.kind == "text" and not field.allowed
]
_GROWTH = 100
"""Characters that marks may add to a text without limit."""
_LONGEST_TITLE = 100
_REMEMBERED = 200
"""Longer texts are not kept in memory."""


def mask_columns(columns: list[Sequence[str]]) -> list[Sequence[str]]:
    """Strict columns as the gate would let their texts out; the list itself is changed."""
    for rank, limit in _RANKS:
        told = {text: _known(text, limit) for text in set(columns[rank])}
        if any(text != masked for text, masked in told.items()):
            columns[rank] = [told[text] for text in columns[rank]]
    return columns


def masked_line(row: list[str], resolved: ResolvedLine) -> tuple[ResolvedLine, list[str]]:
    """A strict row made by others, and its line, once masked what names or reaches a person in
    their texts; the row itself is changed. With them the kinds that were found."""
    kinds = _mask_row(row)
    if not kinds:
        return resolved, kinds
    told = dict(zip(COLUMNS, row, strict=True))
    line = resolved.line._replace(
        nature=told["BGT_NATURE"], fonction=told["BGT_FONCTION"], operation=told["BGT_OPERATION"]
    )
    masked = resolved._replace(
        line=line,
        chapitre=told["BGT_CONTNAT"],
        chapitre_label=told["BGT_CONTNAT_LABEL"],
        nature_label=told["BGT_NATURE_LABEL"],
        fonction_label=told["BGT_FONCTION_LABEL"],
    )
    return masked, kinds


def masked_title(text: str) -> str:
    """The name of a column made by others, as a report may quote it."""
    return patterns.mask(text, _LONGEST_TITLE)[0][:_LONGEST_TITLE]


def _mask_row(row: list[str]) -> list[str]:
    """Mask the texts of a row in place; the kinds that were found."""
    kinds: list[str] = []
    for rank, longest in _TEXTS:
        text = row[rank]
        if text and not text.isdigit() and patterns.suspect(text):
            row[rank], found = patterns.mask(text, longest or len(text) + _GROWTH)
            kinds += found
    return kinds


def _known(text: str, limit: int) -> str:
    return _remembered(text, limit) if len(text) <= _REMEMBERED else _mask(text, limit)


@lru_cache(maxsize=4096)
def _remembered(text: str, limit: int) -> str:
    return _mask(text, limit)


def _mask(text: str, limit: int) -> str:
    return patterns.mask(text, limit)[0] if patterns.suspect(text) else text

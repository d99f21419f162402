"""Texts of a budget line that go out alone, where no anonymised document is written first."""

from __future__ import annotations

from functools import lru_cache

from ..scdl.schema import COLUMNS
from . import patterns

_LIMITS = {"BGT_NOM": 100, "BGT_NATURE": 9, "BGT_NATURE_LABEL": 100, "BGT_FONCTION": 9}
_LIMITS["BGT_OPERATION"] = 10
_RANKS = tuple((COLUMNS.index(name), limit) for name, limit in _LIMITS.items())
_REMEMBERED = 200
"""Longer texts are not kept in memory."""


def mask_row(row: list[str]) -> list[str]:
    """The cells of a strict row as the gate would let them out; the list itself is changed."""
    for rank, limit in _RANKS:
        text = row[rank]
        if text:
            row[rank] = _known(text, limit) if len(text) <= _REMEMBERED else _mask(text, limit)
    return row


@lru_cache(maxsize=4096)
def _known(text: str, limit: int) -> str:
    return _mask(text, limit)


def _mask(text: str, limit: int) -> str:
    return patterns.mask(text, limit)[0] if patterns.suspect(text) else text

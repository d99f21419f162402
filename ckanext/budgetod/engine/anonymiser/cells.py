"""Texts of budget lines that go out alone, where no anonymised document is written first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..scdl.schema import COLUMNS
from . import patterns

_LIMITS = {"BGT_NOM": 100, "BGT_NATURE": 9, "BGT_NATURE_LABEL": 100, "BGT_FONCTION": 9}
_LIMITS["BGT_OPERATION"] = 10
_RANKS = tuple((COLUMNS.index(name), limit) for name, limit in _LIMITS.items())
_REMEMBERED = 200
"""Longer texts are not kept in memory."""


def mask_columns(columns: list[Sequence[str]]) -> list[Sequence[str]]:
    """Strict columns as the gate would let their texts out; the list itself is changed."""
    for rank, limit in _RANKS:
        told = {text: _known(text, limit) for text in set(columns[rank])}
        if any(text != masked for text, masked in told.items()):
            columns[rank] = [told[text] for text in columns[rank]]
    return columns


def _known(text: str, limit: int) -> str:
    return _remembered(text, limit) if len(text) <= _REMEMBERED else _mask(text, limit)


@lru_cache(maxsize=4096)
def _remembered(text: str, limit: int) -> str:
    return _mask(text, limit)


def _mask(text: str, limit: int) -> str:
    return patterns.mask(text, limit)[0] if patterns.suspect(text) else text

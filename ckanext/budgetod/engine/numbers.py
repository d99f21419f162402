"""Whole numbers that a file or a service writes."""

from __future__ import annotations


def whole(text: str, longest: int = 9) -> int | None:
    """A whole number in ASCII figures without sign; None for anything else and for a longer one:
    Python takes « ² » for a figure, and refuses thousands of figures."""
    usable = text.isascii() and text.isdigit() and len(text) <= longest
    return int(text) if usable else None

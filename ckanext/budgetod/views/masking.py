"""Words for what the anonymiser masks and drops: kind, place in the document, reason.

Keys are those of its rules; a key that we do not know is shown as it is written.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

WORDS: dict[str, str] = {}

PLACES: dict[str, str] = {}


def word(key: str) -> str:
    """A kind or a reason in words."""
    return tk._(WORDS[key]) if key in WORDS else key.replace("_", " ").capitalize()


def place(table: str) -> str:
    """An annex table in words."""
    return tk._(PLACES[table]) if table in PLACES else table

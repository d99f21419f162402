"""What the parties of a row are: legal persons, or somebody to hide."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Verdict(Enum):
    """What a party is."""

    LEGAL = "legal"
    NATURAL = "person"
    UNKNOWN = "undecidable"
    SHY = "shy"
    """Legal by its code, shaped like a person's name: the row stays, the value goes."""


class Judgment(NamedTuple):
    """What the parties of a row are together; ``persons``: the fields that are surely a person's,
    by their rule or their code, whatever marks their value bears."""

    row: Verdict = Verdict.LEGAL
    persons: frozenset[str] = frozenset()


NO_PARTY = Judgment()


def severest(verdicts: Iterable[Verdict]) -> Verdict:
    """One person is enough to hide a row."""
    order = (Verdict.NATURAL, Verdict.UNKNOWN, Verdict.LEGAL)
    return min(verdicts, key=order.index, default=Verdict.LEGAL)

"""What a check has to say: codes and parameters, no sentence.

Sentences live in ``catalogue.yaml``, French and English side by side, and are made by ``render``
when somebody reads them. A finding never holds a value of the document that could name a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Level(str, Enum):
    """How much a finding weighs for the depositor."""

    BLOCKING = "blocking"
    CONFIRM = "confirm"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the document.

    ``line`` is the rank of the LigneBudget in its Budget (1 is the first), ``source_line`` the line
    of the file, ``element`` a path such as ``Budget/LigneBudget[402]``, ``note`` a short neutral
    description (``nature 2313, dépense, ordre``), never free text of the document.
    """

    line: int | None = None
    source_line: int | None = None
    element: str = ""
    note: str = ""


TWO_VALUES = "deux valeurs"
"""Note of the place where an element is given twice, with two values."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one check. ``params`` are JSON values; amounts are strings of Decimal."""

    code: str
    level: Level
    params: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[Where, ...] = ()
    count: int = 1

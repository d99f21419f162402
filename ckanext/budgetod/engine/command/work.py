"""One run of the command: what was asked, and what its documents share."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..naming import Names
from .screen import Screen


@dataclass(frozen=True, slots=True)
class Work:
    """``before``: which budget and year the document of ``--previous`` is, None without one."""

    options: Namespace
    screen: Screen
    before: Mapping[str, Any] | None = None
    names: Names = field(default_factory=Names)

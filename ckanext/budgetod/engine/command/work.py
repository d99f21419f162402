"""One run of the command: what was asked, and what its documents share."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..naming import Names
from .screen import Screen

if TYPE_CHECKING:
    from ..before import Before


@dataclass(frozen=True, slots=True)
class Work:
    """``before``: what the document of ``--previous`` says, None without one."""

    options: Namespace
    screen: Screen
    before: Before | None = None
    names: Names = field(default_factory=Names)

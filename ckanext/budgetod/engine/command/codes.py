"""Exit codes of the command, and what a sub-command answers about a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FINE, TO_CONFIRM, REFUSED, USAGE = range(4)

Answer = tuple[int, str, Mapping[str, Any]]
"""Exit code, the line for a person, the values for a program."""

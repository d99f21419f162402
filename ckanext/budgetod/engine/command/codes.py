"""What a sub-command answers about a document: exit code, line, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..outputs import Output

FINE, TO_CONFIRM, REFUSED, USAGE = range(4)


class Misuse(Exception):
    """A wrong usage, in the words of the person who typed it."""


Answer = tuple[int, str, Mapping[str, Any]]
"""Exit code, the line for a person, the values for a program."""


def written(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """The files of an answer: kind, path, number of rows."""
    return [{"kind": out.kind, "path": str(out.path), "rows": out.rows} for out in outputs]

"""The installed command ``budgetod``: the engine's, which alone calls nobody, and the network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from .engine import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code (see ``engine.cli``)."""
    return cli.main(argv, fetch=_fetch)


def _fetch(
    base: str,
    years: Sequence[int],
    names: Collection[str],
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> int:
    """As ``copy_plans``, loaded when it is needed: most commands call nobody."""
    from .sources.official_plans import copy_plans

    return copy_plans(base, years, names, folder, progress)


if __name__ == "__main__":
    sys.exit(main())

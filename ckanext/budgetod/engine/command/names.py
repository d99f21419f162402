"""Names of the files that a run writes: no two documents take the same."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path


def stem(name: str) -> str:
    """The name of a file without folders, archive and extension; ``document`` for none."""
    return Path(Path(name.rpartition(":")[2] or name).name).stem.strip("-.") or "document"


def free(wanted: str, options: Namespace) -> str:
    """A name that no document of this run has taken: a second one gets a number."""
    name, rank = wanted, 2
    while name in options.taken:
        name, rank = f"{wanted}-{rank}", rank + 1
    options.taken.add(name)
    return name

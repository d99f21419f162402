"""Files that are complete or absent, written beside their place, and names that differ."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def fresh_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears under ``path`` only when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


class Names:
    """Names taken so far: no two files get the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        """A name that nobody has taken, which then is: a second one gets a number."""
        name, rank = wanted, 2
        while name in self._taken:
            name, rank = f"{wanted}-{rank}", rank + 1
        self._taken.add(name)
        return name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

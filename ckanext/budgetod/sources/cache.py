"""What was downloaded before, kept in a folder that several processes share.

An entry is a file and, beside it, a small JSON that is written last: an entry without it, or of
another size than it says, is not there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from .answers import disk_faults


class Cache:
    """Entries of ``folder`` by key, any text. Raises ``SourceError("disk")``."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path(self, key: str) -> Path | None:
        """The file of a complete entry, else None."""
        return self._data(key) if self.about(key) is not None else None

    def about(self, key: str) -> dict[str, Any] | None:
        """What was said of a complete entry when it was stored (``key``, ``size``, …)."""
        try:
            about = json.loads(self._about(key).read_bytes())
            whole = about["key"] == key and about["size"] == self._data(key).stat().st_size
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return about if whole else None

    @contextmanager
    def store(self, key: str, **about: Any) -> Iterator[Path]:
        """A path to write to. The entry appears when the block ends well, never half written.

        ``about``: JSON values kept beside the file. A second process that stores the same key at
        the same time replaces the entry as a whole.
        """
        data = self._data(key)
        part = data.with_name(f".{secrets.token_hex(8)}.part")
        with disk_faults():
            data.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield part
                self._finish(part, key, about)
            finally:
                part.unlink(missing_ok=True)

    def _finish(self, part: Path, key: str, about: dict[str, Any]) -> None:
        told = json.dumps({**about, "key": key, "size": part.stat().st_size}, ensure_ascii=False)
        written = part.with_suffix(".json")
        try:
            written.write_text(told, encoding="utf-8")
            part.replace(self._data(key))
            written.replace(self._about(key))
        finally:
            written.unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """Forget an entry and the folder of its name without suffix, if they are there."""
        data = self._data(key)
        with disk_faults():
            self._about(key).unlink(missing_ok=True)
            data.unlink(missing_ok=True)
            if data.with_suffix("").exists():
                shutil.rmtree(data.with_suffix(""), ignore_errors=True)

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """One process at a time inside: the others wait, then find what the first one stored."""
        lock = self._data(key).with_suffix(".lock")
        with disk_faults():
            lock.parent.mkdir(parents=True, exist_ok=True)
            held = lock.open("ab")
        with held:
            with disk_faults():
                flock(held, LOCK_EX)
            yield

    def _data(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / name[:2] / f"{name}.data"

    def _about(self, key: str) -> Path:
        return self._data(key).with_suffix(".json")

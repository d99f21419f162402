"""A stream that says when enough is enough: every byte of an upload goes through one."""

from __future__ import annotations

import hashlib
from typing import IO

from ckanext.budgetod.engine.errors import TooLarge

CHUNK = 1 << 16


class BoundedStream:
    """A binary stream that counts and hashes its bytes and stops above ``max_size``."""

    def __init__(self, raw: IO[bytes], max_size: int | None = None, hashed: bool = False) -> None:
        self._raw = raw
        self._max_size = max_size
        self._hash = hashlib.sha256() if hashed else None
        self._head: list[bytes] = []
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of the bytes read so far; "" when hashing was not asked for."""
        return self._hash.hexdigest() if self._hash else ""

    def read(self, count: int = CHUNK) -> bytes:
        """The next bytes, at most ``count`` of them unless bytes were given back before."""
        if self._head:
            return self._head.pop()
        data = self._raw.read(count)
        self.size += len(data)
        if self._max_size is not None and self.size > self._max_size:
            raise TooLarge("F09", case="too_large", size=self.size, max=self._max_size)
        if self._hash:
            self._hash.update(data)
        return data

    def close(self) -> None:
        """Close the stream underneath."""
        self._raw.close()

    def give_back(self, data: bytes) -> None:
        """Make ``data`` the answer of the next ``read`` (already counted and hashed)."""
        if data:
            self._head.append(data)

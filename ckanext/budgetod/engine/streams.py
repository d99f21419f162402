"""Sources and targets of the engine's functions: a path or a binary stream, always."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .files import fresh_file

Given = Any
"""A path (text or ``os.PathLike``) or a binary stream."""


class Nowhere(io.RawIOBase):
    """A binary stream that forgets what is written to it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


def as_path(source: Given) -> Given:
    """A path as ``Path``; a stream as it is."""
    return Path(source) if isinstance(source, str | os.PathLike) else source


@contextmanager
def rewindable(source: Given) -> Iterator[IO[bytes]]:
    """A stream that can be read twice: the file, the stream itself, or a copy on disk."""
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as stream:
            yield stream
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(source, copy)
            copy.seek(0)
            yield copy


def size_of(stream: IO[bytes]) -> int:
    """Bytes from the beginning to the end of a seekable stream; its place is kept."""
    place = stream.tell()
    size = stream.seek(0, os.SEEK_END)
    stream.seek(place)
    return size


@contextmanager
def writable(target: Given) -> Iterator[IO[bytes]]:
    """The stream given, or a file that appears only when everything was written."""
    if isinstance(target, str | os.PathLike):
        with fresh_file(Path(target)) as stream:
            yield stream
    else:
        yield target

"""From what was typed to the documents to read: files, folders, archives, standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import DocumentRefused, NotABudget, TooLarge
from .archives import CHUNK, MAX_MEMBER_BYTES, SPOOL, Opened, kind_of, members

SUFFIXES = (".xml", ".gz", ".tgz", ".zip")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Item:
    """One document to read, or the reason why it cannot be."""

    name: str
    stream: IO[bytes] | None = None
    path: Path | None = None
    refusal: DocumentRefused | None = None
    opened: Opened | None = None

    @property
    def source(self) -> Path | IO[bytes]:
        """What the engine's functions take."""
        if self.stream is not None:
            return self.stream
        assert self.path is not None  # noqa: S101 - an item without refusal has a source
        return self.path

    def rewind(self) -> None:
        """Make the source readable from its beginning again."""
        if self.stream is not None:
            self.stream.seek(0)


def expand(names: Iterable[str]) -> Iterator[Path | str]:
    """Paths to read, folders walked in alphabetical order. FileNotFoundError for a wrong name."""
    for name in names:
        path = Path(name)
        if name == STDIN:
            yield STDIN
        elif path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
        else:
            raise FileNotFoundError(name)


def _walk(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.name.lower().endswith(SUFFIXES))
    yield from sorted(path for path in found if path.is_file() and not path.is_symlink())


def items(paths: Iterable[Path | str]) -> Iterator[Item]:
    """Each document of each path; an archive gives one item a document."""
    for path in paths:
        try:
            with _opened(path) as (name, stream):
                yield from _items(path, name, stream)
        except DocumentRefused as refusal:
            yield Item(str(path), refusal=refusal)


def _items(path: Path | str, name: str, stream: IO[bytes]) -> Iterator[Item]:
    head = stream.read(4)
    stream.seek(0)
    if kind_of(head):
        yield from _members(stream, name)
    elif isinstance(path, Path):
        yield Item(name, path=path)
    else:
        yield Item(name, stream=stream)


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[str, IO[bytes]]]:
    if isinstance(path, Path):
        with path.open("rb") as stream:
            yield str(path), stream
    else:
        with spool(sys.stdin.buffer) as stream:
            yield STDIN, stream


def spool(source: IO[bytes]) -> IO[bytes]:
    """A seekable, bounded copy of a stream; TooLarge (F09) above the bound."""
    copy = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - the caller closes it
    while data := source.read(CHUNK):
        copy.write(data)
        if copy.tell() > MAX_MEMBER_BYTES:
            raise TooLarge("F09", case="too_large", size=copy.tell(), max=MAX_MEMBER_BYTES)
    copy.seek(0)
    return copy


def _members(stream: IO[bytes], name: str) -> Iterator[Item]:
    opened = Opened()
    try:
        for member, content in members(stream, name, opened):
            yield Item(f"{name}:{member}", stream=content, opened=opened)
        if not opened.documents:
            liste = ", ".join(sorted({Path(n).suffix or n for n in opened.ignored})[:8])
            yield Item(name, refusal=NotABudget("F11", liste=liste))
    except DocumentRefused as refusal:
        yield Item(name, refusal=refusal)

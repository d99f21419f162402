"""From what was typed to the documents to read: files, folders, archives, standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ..archives import CHUNK, MAX_MEMBER_BYTES, SPOOL, Opened, kind_of, members
from ..errors import DocumentRefused, NotABudget, TooLarge, Unreadable
from ..readers import sniff

SUFFIXES = (".xml", ".gz", ".tgz", ".zip")
TABLE = ".csv"
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Item:
    """One document to read, the reason why it cannot be, or what an archive gave (no source)."""

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

    @property
    def stem(self) -> str:
        """Its name without folders, archive and extension; ``document`` for none."""
        name = self.name.rpartition(":")[2] or self.name
        return Path(Path(name).name).stem.strip("-.") or "document"

    def rewind(self) -> None:
        """Make the source readable from its beginning again."""
        if self.stream is not None:
            self.stream.seek(0)


def expand(names: Iterable[str]) -> Iterator[Path | str]:
    """Paths to read, a folder as it is. FileNotFoundError for a wrong name."""
    for name in names:
        if name == STDIN:
            yield STDIN
        elif name and Path(name).exists():
            yield Path(name)
        else:
            raise FileNotFoundError(name)


def items(paths: Iterable[Path | str]) -> Iterator[Item]:
    """Each document of each path; a folder and an archive give one item a document."""
    for path in paths:
        if isinstance(path, Path) and path.is_dir():
            yield from _of_folder(path)
        else:
            yield from _of_file(path)


def _of_folder(folder: Path) -> Iterator[Item]:
    """What a folder holds, in alphabetical order; a refusal when that is nothing."""
    found = sorted(path for path in folder.rglob("*") if _is_wanted(path))
    for path in found:
        yield from _of_file(path)
    if not found:
        yield Item(str(folder), refusal=NotABudget("F11", case="folder"))


def _is_wanted(path: Path) -> bool:
    name = path.name.lower()
    if path.is_symlink() or not path.is_file():
        return False
    if name.endswith(TABLE):
        return _is_scdl(path) and not _is_ours(path)
    return name.endswith(SUFFIXES)


def _is_scdl(path: Path) -> bool:
    with suppress(PermissionError), path.open("rb") as stream:
        return sniff.kind_of(stream.read(sniff.HEAD)) is sniff.Kind.SCDL
    return True


def _is_ours(path: Path) -> bool:
    """A table that a conversion wrote: the data package that describes it stands beside it."""
    base = path.name.removesuffix("-scdl.csv").removesuffix("-etendu.csv")
    return path.with_name(f"{base}-datapackage.json").exists()


def _is_document(head: bytes) -> bool:
    return sniff.kind_of(head) in (sniff.Kind.XML, sniff.Kind.SCDL)


def _of_file(path: Path | str) -> Iterator[Item]:
    try:
        with _opened(path) as (name, stream):
            yield from _items(path, name, stream)
    except DocumentRefused as refusal:
        yield Item(str(path), refusal=refusal)
    except PermissionError:
        yield Item(str(path), refusal=Unreadable("F07", case="denied"))


def _items(path: Path | str, name: str, stream: IO[bytes]) -> Iterator[Item]:
    head = stream.read(4)
    stream.seek(0)
    if kind_of(head):
        yield from _members(stream, name)
    elif isinstance(path, Path) and path.is_file():
        yield Item(name, path=path)
    else:
        yield Item(name, stream=stream)


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[str, IO[bytes]]]:
    """The name and the bytes of a file; a copy of what can be read only once."""
    if not isinstance(path, Path):
        with spool(sys.stdin.buffer) as copy:
            yield STDIN, copy
        return
    with path.open("rb") as stream:
        if path.is_file():
            yield str(path), stream
            return
        with spool(stream) as copy:
            yield str(path), copy


@contextmanager
def spool(source: IO[bytes]) -> Iterator[IO[bytes]]:
    """A seekable, bounded copy of a stream; TooLarge (F09) above the bound."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as copy:
        while data := source.read(CHUNK):
            copy.write(data)
            if copy.tell() > MAX_MEMBER_BYTES:
                raise TooLarge("F09", case="too_large", size=copy.tell(), max=MAX_MEMBER_BYTES)
        copy.seek(0)
        yield cast("IO[bytes]", copy)


def _members(stream: IO[bytes], name: str) -> Iterator[Item]:
    opened = Opened()
    try:
        for member, content in members(stream, name, opened, wanted=_is_document):
            yield Item(f"{name}:{member}", stream=content)
        if opened.documents:
            yield Item(name, opened=opened)
        else:
            liste = ", ".join(sorted(set(opened.ignored))[:8])
            yield Item(name, refusal=NotABudget("F11", liste=liste))
    except DocumentRefused as refusal:
        yield Item(name, refusal=refusal)

"""Opens zip, tar.gz and gz archives without trusting them.

No path of an archive is ever used to write; members are copied to anonymous temporary files. Number
of members, bytes and ratio are bounded; archives within archives are not opened.
"""

from __future__ import annotations

import gzip
import mimetypes
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from .errors import TooLarge, Unreadable
from .readers import sniff
from .streams import Given, rewindable, size_of

MAX_MEMBERS = 2000
MAX_MEMBER_BYTES = 200_000_000
MAX_TOTAL_BYTES = 2_000_000_000
MAX_RATIO = 300
SPOOL = 8_000_000
CHUNK = 1 << 18

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that everybody writes; each further one is a further parser to trust."""
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)


@dataclass(slots=True)
class Opened:
    """What an archive gave: members kept, and what those ignored are (``.pdf``, ``zip``…)."""

    documents: int = 0
    ignored: list[str] = field(default_factory=list)


def kind_of(head: bytes) -> str:
    """``zip``, ``gz`` or "" from the first bytes."""
    if head.startswith(_ZIP):
        return "zip"
    return "gz" if head.startswith(_GZIP) else ""


def is_xml(head: bytes) -> bool:
    """Do the first bytes begin an XML document?"""
    return sniff.kind_of(head) is sniff.Kind.XML


def documents(source: Given) -> Iterator[tuple[str, IO[bytes]]]:
    """Each document of an archive (see ``engine.documents``)."""
    with rewindable(source) as stream:
        if not kind_of(stream.read(4)):
            stream.seek(0)
            yield _name_of(source), stream
            return
        stream.seek(0)
        yield from members(stream, _name_of(source), Opened())


def _name_of(source: Given) -> str:
    return Path(source).name if isinstance(source, str | os.PathLike) else ""


def members(
    stream: IO[bytes],
    name: str,
    opened: Opened,
    max_total: int = MAX_TOTAL_BYTES,
    wanted: Callable[[bytes], bool] = is_xml,
) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each member whose first bytes are ``wanted``; ``opened`` counts the rest.

    ``stream`` is seekable; ``max_total`` bounds the bytes unpacked. Raises Unreadable (F07 broken,
    F12 encrypted), for a zip once the members that can be read were given, and TooLarge (F09).
    """
    head = stream.read(4)
    stream.seek(0)
    budget = _Budget(size_of(stream), max_total, wanted)
    try:
        if kind_of(head) == "zip":
            yield from _zip(stream, budget, opened)
        elif _is_tar(stream):
            yield from _tar(stream, budget, opened)
        else:
            yield from _gz(stream, name, budget, opened)
    except _BROKEN:
        raise Unreadable("F07") from None


class _Budget:
    """What is wanted of one archive, and the bytes that may still be unpacked from it."""

    def __init__(self, packed: int, max_total: int, wanted: Callable[[bytes], bool]) -> None:
        self.wanted = wanted
        self.limit = min(max_total, max(packed * MAX_RATIO, CHUNK))
        self.total = 0
        self.members = 0

    def member(self) -> None:
        self.members += 1
        if self.members > MAX_MEMBERS:
            raise TooLarge("F09", case="archive")

    def spend(self, count: int) -> None:
        self.total += count
        if self.total > self.limit:
            raise TooLarge("F09", case="archive")


def _zip(stream: IO[bytes], budget: _Budget, opened: Opened) -> Iterator[tuple[str, IO[bytes]]]:
    """Every member that can be read; the refusal of the first that cannot comes last."""
    refused: Unreadable | None = None
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            budget.member()
            try:
                yield from _member(archive, info, budget, opened)
            except Unreadable as refusal:
                refused = refused or refusal
            except _BROKEN:
                refused = refused or Unreadable("F07")
    if refused is not None:
        raise refused


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget, opened: Opened
) -> Iterator[tuple[str, IO[bytes]]]:
    if info.flag_bits & 1:
        raise Unreadable("F12")
    if info.compress_type not in _COMPRESSIONS:
        raise Unreadable("F07")
    with archive.open(info) as source:
        yield from _keep(source, info.filename, budget, opened)


def _is_tar(stream: IO[bytes]) -> bool:
    try:
        with tarfile.open(fileobj=stream, mode="r:gz"):
            return True
    except (*_BROKEN, OSError):
        return False
    finally:
        stream.seek(0)


def _tar(stream: IO[bytes], budget: _Budget, opened: Opened) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for info in archive:
            budget.member()
            source = archive.extractfile(info) if info.isreg() else None
            if source is not None:
                yield from _keep(source, info.name, budget, opened)


def _gz(
    stream: IO[bytes], name: str, budget: _Budget, opened: Opened
) -> Iterator[tuple[str, IO[bytes]]]:
    with gzip.GzipFile(fileobj=stream, mode="rb") as source:
        yield from _keep(cast("IO[bytes]", source), Path(name).stem, budget, opened)


def _keep(
    source: IO[bytes], name: str, budget: _Budget, opened: Opened
) -> Iterator[tuple[str, IO[bytes]]]:
    """Copy a member that is wanted, count the others as ignored."""
    label = Path(name.replace("\\", "/")).name
    head = source.read(CHUNK)
    if not budget.wanted(head):
        opened.ignored.append(_kind(label, head))
        return
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as copy:
        _copy(head, source, copy, budget)
        opened.documents += 1
        yield label, cast("IO[bytes]", copy)


def _copy(head: bytes, source: IO[bytes], copy: Any, budget: _Budget) -> None:
    size = 0
    while head:
        size += len(head)
        budget.spend(len(head))
        if size > MAX_MEMBER_BYTES:
            raise TooLarge("F09", case="too_large", size=size, max=MAX_MEMBER_BYTES)
        copy.write(head)
        head = source.read(CHUNK)
    copy.seek(0)


def _kind(label: str, head: bytes) -> str:
    """What a member is, without its name, which may name a person."""
    kind = sniff.kind_of(head)
    if kind is sniff.Kind.OTHER:
        suffix = Path(label).suffix.lower()
        return suffix if mimetypes.guess_type(f"a{suffix}")[0] else "…"
    return f".{kind.value}"

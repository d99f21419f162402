"""What comes back from a call: read in bounded pieces, saved whole or not at all."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import unquote, urlsplit

from ckanext.budgetod.engine.errors import RemoteFailed, SourceError
from ckanext.budgetod.engine.numbers import whole

from .addresses import shown

CHUNK = 64 * 1024


class Answer(Protocol):
    """The part of ``requests.Response`` that is used here."""

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def iter_content(self, chunk_size: int) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that arrived whole. ``size`` in bytes and ``sha256`` are those of the decoded file."""

    path: Path
    size: int
    sha256: str
    content_type: str
    """Media type as the service wrote it, lower case, without parameters; "" when it said none."""
    url: str
    """Address of the last redirect."""
    filename: str
    """Name that the service gives the file, never a path; "" when there is none."""
    framed: bool
    """True when the service announced where the answer ends, so that a cut would have shown."""


def pieces(answer: Answer, cap: int) -> Iterator[bytes]:
    """The decoded body, never more than ``cap`` bytes of it: ``too_large``."""
    too_large = RemoteFailed("too_large", limit=cap, url=shown(answer.url))
    announced = whole(answer.headers.get("Content-Length", ""), longest=18)
    if announced is not None and announced > cap:
        raise too_large
    size = 0
    for piece in answer.iter_content(CHUNK):
        size += len(piece)
        if size > cap:
            raise too_large
        yield piece


def save(answer: Answer, target: Path, cap: int) -> Downloaded:
    """Write the body beside ``target``, then give it that name. Raises ``disk``, ``too_large``."""
    with disk_faults():
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with disk_faults():
            out = part.open("xb")
        size, digest = _copy(pieces(answer, cap), out)
        with disk_faults():
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    headers = answer.headers
    return Downloaded(
        path=target,
        size=size,
        sha256=digest,
        content_type=headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        url=answer.url,
        filename=_filename(headers.get("Content-Disposition", ""), answer.url),
        framed="Content-Length" in headers or "Transfer-Encoding" in headers,
    )


@contextmanager
def disk_faults() -> Iterator[None]:
    """A full or read-only disk becomes ``disk``: it is no fault of the source."""
    try:
        yield
    except OSError as error:
        raise SourceError("disk", reason=error.strerror or "") from error


def _copy(parts: Iterator[bytes], out: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 of what was written; ``out`` is closed. Reading errors go through."""
    size, digest = 0, hashlib.sha256()
    try:
        for piece in parts:
            with disk_faults():
                out.write(piece)
            digest.update(piece)
            size += len(piece)
    except BaseException:
        # Closing writes what is buffered, which fails again on a full disk.
        with suppress(OSError):
            out.close()
        raise
    with disk_faults():
        out.close()
    return size, digest.hexdigest()


def _filename(disposition: str, url: str) -> str:
    header = Message()
    header["Content-Disposition"] = disposition or "attachment"
    name = header.get_filename() or unquote(urlsplit(url).path)
    return name.replace("\\", "/").rpartition("/")[2].strip()[:200]


def beginning(answer: Answer) -> bytes:
    """What an error says, as far as it can be read; requests' own errors are ``OSError``."""
    try:
        return next(answer.iter_content(CHUNK), b"")
    except OSError:
        return b""


def message(answer: Answer) -> str:
    """The sentence of an Opendatasoft or data.gouv.fr error, at most 300 characters."""
    try:
        told = json.loads(beginning(answer))
        return str(told.get("message") or told.get("error") or "")[:300]
    except (ValueError, AttributeError, RecursionError):
        return ""


def looks_like_html(head: bytes) -> bool:
    """True for a page where data was expected. A UTF-8 BOM and blanks before it do not matter."""
    start = head[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))

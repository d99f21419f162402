"""What may be published of a budget document, and the gate that lets nothing else through.

``anonymise`` is the gate's pass; ``rules.yaml`` says what is kept, masked or left out, and why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..choices import PROFILES
from ..document import Header
from ..findings import Finding

Source = str | os.PathLike[str] | IO[bytes]
SEAL_MAX_SIZE = 20_000_000
"""Bytes above which a seal is not verified (answer "unchecked")."""


@dataclass(frozen=True, slots=True)
class GatePass:
    """What the gate's pass says of a document; nothing in it names a person.

    ``sha256`` and ``size`` are those of the original bytes, ``published_sha256`` of what was
    written. ``lines``: budget lines that TotEM did not calculate. ``seal``: "intact", "altered",
    "none" or "unchecked". ``masked``: ``{"kind", "table", "reason", "count"}``; ``dropped``: names
    of elements without rule, ``{"what", "count"}``. ``facts``: see ``facts.Facts``, ``seal``,
    ``signed`` (is there a signature, whosever) and ``seal_digests``, which must stay private.
    """

    header: Header
    headers: list[Header]
    sha256: str
    size: int
    published_sha256: str
    lines: int
    seal: str
    masked: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def anonymise(
    source: Source,
    target: Source,
    *,
    profile: str = "strict",
    rules: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    max_size: int | None = None,
    check_seal: bool = True,
) -> GatePass:
    """Write what may be published of ``source`` into ``target`` (paths or binary streams).

    ``profile``: strict, annexes, sans_xml (as strict) or none (the bytes as they are). ``rules``:
    an administrator's file that completes the package's. ``max_size``: bytes. The seal is verified
    by a second reading when the document has one, its stream can be read again and it is smaller
    than ``SEAL_MAX_SIZE``. A target path is complete or absent; a target stream is void after a
    refusal.

    Raises UnsafeXML, TooLarge, NotABudget or Unreadable; ValueError for an unknown profile.
    """
    from .passing import run

    if profile not in PROFILES:
        raise ValueError(f"unknown profile: {profile}")
    with _readable(source) as stream, _writable(target) as sink:
        return run(stream, sink, profile, rules, max_size, check_seal)


@contextmanager
def _readable(source: Source) -> Iterator[IO[bytes]]:
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as stream:
            yield stream
    else:
        yield source


@contextmanager
def _writable(target: Source) -> Iterator[IO[bytes]]:
    """The target; a path appears only when everything was written."""
    if not isinstance(target, (str, os.PathLike)):
        yield target
        return
    final = Path(target)
    draft = final.with_name(f".{final.name}.part")
    try:
        with open(draft, "wb") as stream:
            yield stream
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)

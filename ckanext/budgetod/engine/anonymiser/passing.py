"""Runs the gate over a stream and puts its answers together (see ``anonymiser.anonymise``)."""

from __future__ import annotations

import io
import shutil
from typing import IO, Any

from ..readers.safexml import BoundedStream
from . import SEAL_MAX_SIZE, GatePass
from .gate import Gate
from .output import HashingSink
from .rules import load


class _Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def write(self, data: Any) -> int:
        return len(data)


def run(
    source: IO[bytes],
    target: IO[bytes],
    profile: str,
    extra_rules: Any,
    max_size: int | None,
    check_seal: bool,
) -> GatePass:
    """One pass, then the seal. Parameters as ``anonymise``."""
    as_is = profile == "none"
    start = source.tell() if _seekable(source) else None
    if as_is and start is None:
        source, start = io.BytesIO(_all(source, max_size)), 0
    stream = BoundedStream(source, max_size, hashed=True)  # type: ignore[arg-type]
    sink = HashingSink(_Nowhere() if as_is else target)  # type: ignore[arg-type]
    gate = Gate(load(extra_rules), "strict" if as_is else profile, sink)
    for _ in gate.steps(stream):
        pass
    published = sink.sha256
    if as_is:
        source.seek(start or 0)
        shutil.copyfileobj(source, target)
        published = stream.sha256
    seal, digests = "none", {}
    if gate.seal_seen:
        seal, digests = _seal(source, start, stream.size if check_seal else SEAL_MAX_SIZE + 1)
    return _gate_pass(gate, stream, published, seal, digests, as_is)


def _gate_pass(
    gate: Gate,
    stream: BoundedStream,
    published: str,
    seal: str,
    digests: dict[str, str],
    as_is: bool,
) -> GatePass:
    header = gate.headers[0]
    date = header.sealed_at.isoformat() if header.sealed_at else None
    facts = {"seal": {"verdict": seal, "date": date}, **gate.facts.to_dict()}
    return GatePass(
        header=header,
        headers=gate.headers,
        sha256=stream.sha256,
        size=stream.size,
        published_sha256=published,
        lines=gate.lines,
        seal=seal,
        masked=[] if as_is else gate.ledger.masked_rows(),
        dropped=[] if as_is else gate.ledger.dropped_rows(),
        findings=[] if as_is else gate.ledger.findings(),
        facts=facts | ({"seal_digests": digests} if digests else {}),
    )


def _seekable(stream: IO[bytes]) -> bool:
    try:
        return stream.seekable()
    except AttributeError:
        return False


def _all(source: IO[bytes], max_size: int | None) -> bytes:
    stream = BoundedStream(source, max_size)  # type: ignore[arg-type]
    return b"".join(iter(stream.read, b""))


def _seal(source: IO[bytes], start: int | None, size: int) -> tuple[str, dict[str, str]]:
    """The verdict and the digests that the file states (private)."""
    from ..readers.seal import verify

    if start is None or size > SEAL_MAX_SIZE:
        return "unchecked", {}
    source.seek(start)
    verdict = verify(source)  # type: ignore[arg-type]
    return verdict.verdict, {"md5": verdict.md5, "sha1": verdict.sha1}

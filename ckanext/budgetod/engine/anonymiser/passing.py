"""Runs the gate over a stream and puts its answers together (see ``anonymiser.anonymise``)."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from typing import IO, Any

from ..readers.safexml import BoundedStream, Step
from ..streams import Nowhere
from . import SEAL_MAX_SIZE, GatePass
from .gate import Gate
from .output import HashingSink
from .rules import load


class Passing:
    """One pass of the gate. Take ``steps`` to the end, then ask for the ``answer``.

    Parameters as ``anonymise``; with ``profile`` none the steps are those of the strict one.
    """

    def __init__(
        self,
        source: IO[bytes],
        target: IO[bytes],
        profile: str = "strict",
        rules: Any = None,
        max_size: int | None = None,
        check_seal: bool = True,
    ) -> None:
        self._as_is = profile == "none"
        self._start = source.tell() if _seekable(source) else None
        if self._as_is and self._start is None:
            source, self._start = io.BytesIO(_all(source, max_size)), 0
        self._source, self._target = source, target
        self._check_seal = check_seal
        self._stream = BoundedStream(source, max_size, hashed=True)  # type: ignore[arg-type]
        self._sink = HashingSink(Nowhere() if self._as_is else target)  # type: ignore[arg-type]
        self._gate = Gate(load(rules), "strict" if self._as_is else profile, self._sink)

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._stream.size

    def steps(self) -> Iterator[Step]:
        """The steps of what is published, as it is written (see ``Gate.steps``)."""
        return self._gate.steps(self._stream)

    def answer(self) -> GatePass:
        """What the pass says of the document; its seal is verified now."""
        gate, stream = self._gate, self._stream
        published = self._sink.sha256
        if self._as_is:
            self._source.seek(self._start or 0)
            shutil.copyfileobj(self._source, self._target)
            published = stream.sha256
        seal, digests = "none", {}
        if gate.seal_seen:
            size = stream.size if self._check_seal else SEAL_MAX_SIZE + 1
            seal, digests = _seal(self._source, self._start, size)
        return _gate_pass(gate, stream, published, seal, digests, self._as_is)


def run(
    source: IO[bytes],
    target: IO[bytes],
    profile: str,
    extra_rules: Any,
    max_size: int | None,
    check_seal: bool,
) -> GatePass:
    """One pass that nobody reads along. Parameters as ``anonymise``."""
    passing = Passing(source, target, profile, extra_rules, max_size, check_seal)
    for _ in passing.steps():
        pass
    return passing.answer()


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
    marks = {"seal": {"verdict": seal, "date": date}, "signed": gate.signed}
    facts = {**marks, **gate.facts.to_dict()}
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

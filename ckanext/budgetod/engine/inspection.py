"""What a file is, without converting it: header, prints, seal, number of lines, annex facts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .anonymiser import anonymise
from .document import Header
from .streams import Nowhere


@dataclass(frozen=True, slots=True)
class Inspection:
    """``seal``: intact, altered, none or unchecked. ``facts``: non-personal figures of the gate.

    ``sha256`` and ``size`` (bytes) are those of the file; ``headers`` has one header per Budget.
    """

    header: Header
    headers: tuple[Header, ...]
    sha256: str
    size: int
    lines: int
    seal: str
    facts: Mapping[str, Any]


def inspect(source: str | os.PathLike[str] | IO[bytes]) -> Inspection:
    """Read a document once, with the gate's own pass. Raises DocumentRefused."""
    given: Any = Path(source) if isinstance(source, str | os.PathLike) else source
    passed = anonymise(given, Nowhere())  # pyright: ignore[reportArgumentType]
    return Inspection(
        header=passed.header,
        headers=tuple(passed.headers),
        sha256=passed.sha256,
        size=passed.size,
        lines=passed.lines,
        seal=passed.seal,
        facts=passed.facts,
    )

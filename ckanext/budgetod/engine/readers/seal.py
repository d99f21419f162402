"""The Scellement of TotEM: is the document as it was sealed?

Rule (XSD documentation, reproduced on real documents): remove the Scellement element and the white
space that follows it, write the whole document as inclusive Canonical XML 1.0 without comments; the
upper-case MD5 and SHA-1 of that are the attributes ``md5`` and ``sha1``. For a CFU the whole
CompteFinancierUnique is digested, signatures included. It is a print against tampering, not a
signature: it proves nothing about who made it.

The canonical form is made part by part, in bounded memory.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .safexml import BoundedStream, Element, canonical, growing, instruction

SCELLEMENT = "{http://www.minefi.gouv.fr/cp/demat/docbudgetaire}Scellement"
MAX_QUOTES = 2000
"""Around the values of one tag."""
_MARK = "budgetod-cut"
_MARK_BYTES = b"<?budgetod-cut?>"


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """``verdict``: "intact", "altered", "none" (not sealed) or "unchecked" (no canonical form).

    ``md5``, ``sha1`` and ``date`` are what the document states, "" when it states nothing. The
    digests must stay private: they would let anyone test guesses of what was masked.
    """

    verdict: str
    md5: str = ""
    sha1: str = ""
    date: str = ""


def verify(source: IO[bytes]) -> SealVerdict:
    """Read the document and compare. Raises DocumentRefused as every reading does."""
    found: list[Element] = []
    try:
        md5, sha1 = _digests(_Watched(source), found)  # pyright: ignore[reportArgumentType]
    except ValueError:
        return SealVerdict("unchecked")
    if not found:
        return SealVerdict("none")
    stated = {name: (found[0].get(name) or "").strip() for name in ("md5", "sha1", "date")}
    same = (stated["md5"].upper(), stated["sha1"].upper()) == (md5, sha1)
    return SealVerdict("intact" if same else "altered", **stated)


class _Watched:
    """A stream in which no tag has so many attributes that sorting them takes the square of the
    time: ValueError then. « < » stands in no attribute."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._quotes = 0
        """In what was read since the last « < »."""

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        for stretch, is_new in _long_stretches(data):
            self._quotes = _quotes(stretch) + (0 if is_new else self._quotes)
            if self._quotes > MAX_QUOTES:
                raise ValueError("too many attributes")
        return data


def _long_stretches(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """What stands before the first « < », between two that are far apart, and after the last one;
    and whether it begins with one."""
    start, is_new = 0, False
    while start < len(data):
        found = data.rfind(b"<", start, start + MAX_QUOTES)
        if found > start:
            start, is_new = found, True
            continue
        end = data.find(b"<", start + 1)
        end = len(data) if end < 0 else end
        yield data[start:end], is_new or found == start
        start, is_new = end, True


def _quotes(text: bytes) -> int:
    return text.count(b'"') + text.count(b"'")


def digests(document: bytes) -> tuple[str, str]:
    """MD5 and SHA-1, upper case, of the canonical form of a document without its seal."""
    return _digests(io.BytesIO(document), [])


def _digests(source: IO[bytes], found: list[Element]) -> tuple[str, str]:
    md5, sha1 = hashlib.md5(), hashlib.sha1()  # noqa: S324 - the rule of the seal, not security
    for part in canonical_parts(BoundedStream(source), found):
        md5.update(part)
        sha1.update(part)
    return md5.hexdigest().upper(), sha1.hexdigest().upper()


def canonical_parts(stream: BoundedStream, seals: list[Element]) -> Iterator[bytes]:
    """The canonical form without Scellement, in parts; removed seals are put into ``seals``."""
    done = 0
    for root, whole in growing(stream):
        path = [root] if whole else _open_path(root)
        if any(element.tag == SCELLEMENT for element in path):
            continue
        if not seals:
            seals.extend(_unsealed(root))
        if whole:
            yield canonical(root)[done:]
        elif len(path) > 1:
            part, done = _cut(root, path, done)
            yield part


def _open_path(root: Element) -> list[Element]:
    """From the root to the last node read: each may still be open, what precedes it is complete."""
    path = [root]
    while len(path[-1]):
        path.append(path[-1][-1])
    return path


def _unsealed(root: Element) -> list[Element]:
    """Remove the seals, with the white space that follows them."""
    seals = list(root.iter(SCELLEMENT))
    for seal in seals:
        seal.getparent().remove(seal)
    return seals


def _cut(root: Element, path: list[Element], done: int) -> tuple[bytes, int]:
    """The canonical form from ``done`` to the last node; what it covers is forgotten.

    Returns the part, and the length of what stays in front of the last node.
    """
    mark = instruction(_MARK)
    path[-1].addprevious(mark)
    data = canonical(root)
    part = data[done : data.index(_MARK_BYTES, done)]
    for element in path[:-2]:
        del element[:-1]
    del path[-2][:-2]
    rest = canonical(root).index(_MARK_BYTES)
    path[-2].remove(mark)
    return part, rest

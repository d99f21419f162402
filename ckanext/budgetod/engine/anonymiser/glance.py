"""A glance at many texts at once, before ``patterns`` look at one: most hold nothing.

A glance may take too much for suspect, never too little; tests hold it to what ``patterns`` find.
Texts are those of attributes, escaped as the file writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..readers.alike import unescape
from .patterns import NUMBERS, hits

_TITLES = (b"m.", b"mr", b"mme", b"lle", b"nsieur", b"adame")


def are_plain(raw: bytes) -> bool:
    """True for texts, one after the other, that surely are codes and numbers: ASCII without blank,
    @ or escape, and no part of which can be a civility. A quick look for ``is_plain``."""
    words = raw.translate(None, _DIGITS)
    if b" " in words or b"@" in words or b"&" in words or not words.isascii():
        return False
    words = words.lower()
    return not any(title in words for title in _TITLES)


def _letter(byte: int) -> int:
    """The small letter; a blank for everything that is no letter, ends of lines apart."""
    if 65 <= byte <= 90:
        return byte + 32
    return byte if 97 <= byte <= 122 or byte > 127 or byte == 10 else 32


_LETTERS = bytes(map(_letter, range(256)))
"""For ``bytes.translate``."""
_MARKS_ALONE = frozenset("m mm me mle mele méle mÉle dr".encode().split())
_STARTS = tuple(
    """
    mme mr mell méll mÉll mess mesd mll mons mada made mait maît maÎt doct veuv vve epou épou Épou
    conso cts heri héri hÉri indiv success nee née nÉe
    """.encode().split()
)
"""Words, and beginnings of words, without which ``patterns._TITLE`` finds nothing in French."""
_FRENCH = re.compile(
    rb"[\x00-\x7f]*(?:\xc3[\x80\x81\x84-\x96\x98-\xa1\xa3-\xb6\xb8-\xbf][\x00-\x7f]*)*"
)
"""ASCII and letters of latin-1, without those that badly coded characters begin with."""
_DIGITS = b"0123456789"
_MIN_DIGITS = 9


def unclean(texts: Sequence[str]) -> list[str]:
    """Those of these texts of attributes, as the file writes them, in which ``hits`` finds
    something. Few hold anything: they are looked at all together first."""
    return [text for text in _suspects(texts) if hits(unescape(text))]


def _suspects(texts: Sequence[str]) -> Iterable[str]:
    """As ``unclean``: some too many, never one too few."""
    if not texts:
        return ()
    whole = "\n".join(texts)
    raw = whole.encode()
    if not _is_plain_french(raw):
        plain = [text for text in texts if _is_plain_french(text.encode())]
        return [*(set(texts) - set(plain)), *_suspects(plain)]
    words = raw.translate(_LETTERS)
    marks = {word for word in set(words.split()) if _is_mark(word)}
    rest = raw.translate(None, _DIGITS).split(b"\n")
    return [
        text
        for text, line, other in zip(texts, words.split(b"\n"), rest, strict=True)
        if not marks.isdisjoint(line.split())
        or (len(line) - len(other) >= _MIN_DIGITS and _may_be_number(text))
    ]


def _is_mark(word: bytes) -> bool:
    return word in _MARKS_ALONE or word.startswith(_STARTS)


def _may_be_number(text: str) -> bool:
    return any(number.search(text) for number in NUMBERS)


def _is_plain_french(raw: bytes) -> bool:
    return b"@" not in raw and b"&#" not in raw and _FRENCH.fullmatch(raw) is not None

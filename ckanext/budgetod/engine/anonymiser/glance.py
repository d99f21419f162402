"""A glance at many texts at once, before ``patterns`` look at one: most hold nothing.

A glance may take too much for suspect, never too little; tests hold it to what ``patterns`` find.
Texts are those of attributes, escaped as the file writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..readers.markup import unescape
from .patterns import NUMBERS, hits

_TITLES = (b"m.", b"mr", b"mme", b"lle", b"nsieur", b"adame")


def are_codes(texts: Sequence[str]) -> bool:
    """True for texts that surely are technical identifiers (see ``patterns.is_code``)."""
    raw = "\n".join(texts).encode()
    if not raw.isascii() or len(raw.translate(None, _NEVER_IN_CODES)) < len(raw):
        return False
    rest = raw.translate(None, _IN_CODES)
    unmarked = set(raw.split(b"\n")).intersection(rest.split(b"\n"))
    return all(line in _WORDS or b".xsl" in line for line in unmarked)


_IN_CODES, _NEVER_IN_CODES = b"0123456789/", b" \t\r\f\v@&"
_WORDS = (b"", b"true", b"false")


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
_FIRST_TWO = frozenset(word[:2] for word in (*_MARKS_ALONE, *_STARTS))
_FRENCH = re.compile(rb"(?:\xc3[\x80\x81\x84-\x96\x98-\xa1\xa3-\xb6\xb8-\xbf])*")
"""Letters of latin-1, without those that badly coded characters begin with."""
_ASCII = bytes(range(128))
_DIGITS = b"0123456789"
_MIN_DIGITS, _SIRET = 9, 14


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
    return {*_with_marks(texts, raw), *_with_numbers(texts, raw)}


def _with_marks(texts: Sequence[str], raw: bytes) -> Iterable[str]:
    """Those with a word that may name somebody."""
    words = raw.translate(_LETTERS)
    marks = {word for word in set(words.split()) if word[:2] in _FIRST_TWO and _is_mark(word)}
    if not marks:
        return ()
    lines = zip(texts, words.split(b"\n"), strict=True)
    return [text for text, line in lines if not marks.isdisjoint(line.split())]


def _is_mark(word: bytes) -> bool:
    return word in _MARKS_ALONE or word.startswith(_STARTS)


def _with_numbers(texts: Sequence[str], raw: bytes) -> Iterable[str]:
    """Those with as many figures as the number of somebody."""
    rest = raw.translate(None, _DIGITS)
    if len(raw) - len(rest) < _MIN_DIGITS:
        return ()
    lines = zip(texts, raw.split(b"\n"), rest.split(b"\n"), strict=True)
    return [
        text
        for text, line, other in lines
        if len(line) - len(other) >= _MIN_DIGITS and not _is_siret(line) and _may_be_number(text)
    ]


def _is_siret(line: bytes) -> bool:
    """Fourteen figures in a row are no number of a person."""
    return len(line) == _SIRET and line.isdigit()


def _may_be_number(text: str) -> bool:
    return any(number.search(text) for number in NUMBERS)


def _is_plain_french(raw: bytes) -> bool:
    if b"@" in raw or b"&#" in raw:
        return False
    return raw.isascii() or _FRENCH.fullmatch(raw.translate(None, _ASCII)) is not None

"""From the text of a file to values: amounts, booleans, dates, and texts with their accents.

Nothing is guessed: what is not a value of the format is a ``ValueError``, which readers report as a
``ReadProblem`` and leave empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

_AMOUNT = re.compile(r"[+-]?(?:\d{1,16}(?:\.\d{0,2}0{0,20})?|\.\d{1,2}0{0,20})")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_FRENCH = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_C1 = re.compile("[\x80-\x9f]")
_MOJIBAKE = re.compile("[ÂÃâ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\ufeff]")
_REMEMBERED = 200
"""Longer texts are not kept in memory."""
DESTROYED = ("\ufffd", "ï¿½")
"""What is left of a character that was lost before the file came to us."""


def amount(text: str) -> Decimal:
    """Euros, two decimals at most (trailing zeros apart). ValueError else: no NaN, no exponent."""
    return _known_amount(text) if len(text) <= _REMEMBERED else _amount(text)


@lru_cache(maxsize=4096)
def _known_amount(text: str) -> Decimal:
    return _amount(text)


def _amount(text: str) -> Decimal:
    text = text.strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    whole, _, decimals = text.partition(".")
    return Decimal(f"{whole}.{decimals[:2]}" if len(decimals) > 2 else text)


_END = "\n\n"
_LONGEST = 16
_THIRD_DECIMAL = re.compile(rb"\.\d\d\d")


def plain_numbers(texts: Sequence[str]) -> bytes:
    """The texts, each between two ends of line, when all of them surely are nothing or numbers in
    their usual form (-12, 0.50; no 007, no .5), looked at all together; else nothing."""
    raw = f"\n{_END.join(texts)}\n".encode()
    if b"\n-\n" in raw or max(map(len, texts), default=0) > _LONGEST:
        return b""
    plain = raw.replace(b"\n-", b"\n")
    marks = plain.translate(None, b"0123456789")
    if marks.count(b"\n") != 2 * len(texts) or marks.replace(b".\n", b"\n").strip(b"\n"):
        return b""
    if b"\n." in plain or b".\n" in plain:
        return b""
    zeros = plain.count(b"\n0") - plain.count(b"\n0\n") - plain.count(b"\n0.")
    return b"" if zeros else raw


def amounts(texts: Sequence[str]) -> list[Decimal | None]:
    """``amount`` of each, None for an empty one. ValueError when one is no amount."""
    raw = plain_numbers(texts)
    if raw and all(texts) and not _THIRD_DECIMAL.search(raw):
        return list(map(Decimal, texts))
    return [amount(text) if text else None for text in texts]


def boolean(text: str) -> bool:
    """xs:boolean in its four forms. ValueError else."""
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError("not a boolean") from None


def day(text: str) -> date:
    """An ISO date (what follows the day is left out) or dd/mm/yyyy. ValueError else."""
    text = text.strip()
    if found := _ISO.match(text):
        year, month, number = found.groups()
    elif found := _FRENCH.fullmatch(text):
        number, month, year = found.groups()
    else:
        raise ValueError("not a date")
    return date(int(year), int(month), int(number))


def moment(text: str) -> datetime:
    """A date and time, with its zone when it has one. ValueError else."""
    text = text.strip().replace("Z", "+00:00")
    text = re.sub(r"\.(\d+)", lambda found: f".{found[1][:6]:0<6}", text)
    return datetime.fromisoformat(text)


def trimmed(texts: Sequence[str]) -> list[str] | None:
    """``clean`` of each text when it surely would do no more than trim them, looked at all
    together; else None."""
    whole = "".join(texts)
    if not whole.isprintable() or is_destroyed(whole):
        return None
    return None if _MOJIBAKE.search(whole) else list(map(str.strip, texts))


def clean(text: str | None) -> str:
    """A text of the file, trimmed, with badly coded characters put right.

    C1 controls are cp1252 characters that were declared latin-1; UTF-8 read as latin-1 is decoded
    again; control characters that no text needs become nothing.
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _remembered(text) if len(text) <= _REMEMBERED else _clean(text)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> str:
    return _clean(text)


def _clean(text: str) -> str:
    if _MOJIBAKE.search(text):
        text = _decoded_again(text)
    if _C1.search(text):
        text = _C1.sub(lambda found: _cp1252(found[0]), text)
    for control in "\t\r\n":
        text = text.replace(control, " ")
    return _CONTROLS.sub("", text).strip()


def is_repaired(raw: str | None, cleaned: str) -> bool:
    """True when ``clean`` did more than trim."""
    return bool(raw) and raw.strip() != cleaned


def is_destroyed(text: str) -> bool:
    """True when accents were lost for good before the file came to us."""
    return not text.isascii() and any(mark in text for mark in DESTROYED)


def _cp1252(control: str) -> str:
    return control.encode("latin-1").decode("cp1252", errors="ignore")


def _decoded_again(text: str) -> str:
    for encoding in ("latin-1", "cp1252"):
        try:
            again = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return text if any(mark in again for mark in DESTROYED) else again
    return text

"""How the bytes of a CSV made by others are read: encoding and separator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO, TypeVar

from ckanext.budgetod.engine.errors import TooLarge, Unreadable

Item = TypeVar("Item")


def decoded(raw: IO[bytes], max_size: int) -> tuple[str, io.TextIOWrapper]:
    """The encoding of the stream (UTF-8, UTF-16, else cp1252) and its text."""
    data = raw.read(max_size + 1)
    if len(data) > max_size:
        raise TooLarge("F09", case="too_large", size=len(data), max=max_size)
    if not data.strip():
        raise Unreadable("F09")
    encoding = _encoding(data)
    return encoding, io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")


def _encoding(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if not any(byte in data for byte in _UNDEFINED) else "latin-1"
    return "utf-8"


_UNDEFINED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
"""Bytes that cp1252 does not define."""


def first(items: Iterator[Item]) -> Item:
    """The first line, or the cells of it. Unreadable when there is none that can be read."""
    try:
        return next(items)
    except StopIteration:
        raise Unreadable("F09") from None
    except (csv.Error, UnicodeError):
        raise Unreadable("F07", line=1) from None


def separator_of(header: str) -> str:
    return max((",", ";", "\t", "|"), key=header.count)

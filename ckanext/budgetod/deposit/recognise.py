"""Is this upload, meant for another type of dataset, a budget document all the same?"""

from __future__ import annotations

import re
from typing import IO

from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget
from ckanext.budgetod.engine.readers import read_header, sniff

LONGEST_ENVELOPE = 20 * 1024 * 1024
"""Bytes of an unknown XML in which a budget is looked for."""
CHUNK = 1024 * 1024
_START = re.compile(rb"<(?:[\w.-]+:)?(?:DocumentBudgetaire|CompteFinancierUnique)[\s/>]")


def is_budget(stream: IO[bytes]) -> bool:
    """True for a TOTEM or CFU document, a broken, headless or booby-trapped one included."""
    stream.seek(0)
    head = stream.read(sniff.HEAD)
    stream.seek(0)
    if sniff.kind_of(head) is not sniff.Kind.XML:
        return False
    try:
        read_header(stream, max_size=LONGEST_ENVELOPE)
    except NotABudget:
        return False
    except DocumentRefused:
        return _begins_like_one(stream)
    return True


def _begins_like_one(stream: IO[bytes]) -> bool:
    """Look for the start tag of a budget in a file that no parser reads to the end."""
    stream.seek(0)
    tail, read = b"", 0
    while read < LONGEST_ENVELOPE and (chunk := stream.read(CHUNK)):
        read += len(chunk)
        window = (tail + chunk).replace(b"\x00", b"")
        if _START.search(window):
            return True
        tail = window[-64:]
    return False

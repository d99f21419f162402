"""Is this upload, meant for another type of dataset, a budget document all the same?"""

from __future__ import annotations

import re
from typing import IO

from ckanext.budgetod.engine import archives
from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget
from ckanext.budgetod.engine.readers import read_header, sniff

LONGEST_ENVELOPE = 20 * 1024 * 1024
"""Bytes of an unknown XML in which a budget is looked for."""
LONGEST_ARCHIVE = 100 * 1024 * 1024
"""Bytes unpacked from a zip, gz or tar.gz to look for a budget; what is larger passes."""
CHUNK = 1024 * 1024
_START = re.compile(rb"<(?:[\w.-]+:)?(?:DocumentBudgetaire|CompteFinancierUnique)[\s/>]")


def is_budget(stream: IO[bytes]) -> bool:
    """True for a TOTEM or CFU document, broken or booby-trapped, alone or in an archive."""
    stream.seek(0)
    head = stream.read(sniff.HEAD)
    stream.seek(0)
    kind = sniff.kind_of(head)
    if kind in (sniff.Kind.ZIP, sniff.Kind.GZIP):
        return _archive_holds_one(stream)
    if sniff.is_tar(head):
        return _begins_like_one(stream)  # a tar keeps its members as they are
    return kind is sniff.Kind.XML and _is_budget_xml(stream)


def _archive_holds_one(stream: IO[bytes]) -> bool:
    """Look into every XML of an archive; what nobody can open holds nothing readable."""
    opened = archives.Opened()
    try:
        unpacked = archives.members(stream, "", opened, LONGEST_ARCHIVE)
        return any(_is_budget_xml(member) for _, member in unpacked)
    except DocumentRefused:
        return False


def _is_budget_xml(stream: IO[bytes]) -> bool:
    try:
        read_header(stream, max_size=LONGEST_ENVELOPE)
    except NotABudget as error:
        return error.params.get("case") == "namespace"  # a budget's root, out of its name space
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

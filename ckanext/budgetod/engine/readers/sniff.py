"""What is this file? Decided from its first bytes, never from its name.

A budget is XML; anything else gets a refusal that says what it is and what to do (F01…F12 of the
message catalogue). Only the first ``HEAD`` bytes are looked at here; root elements are looked at by
``check_root``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget, Unreadable

from .safexml import Root

HEAD = 1 << 16
DOCBUDGETAIRE = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"
_BUDGET_ROOTS = ("DocumentBudgetaire", "CompteFinancierUnique", "DocumentComptable")
_PES = re.compile(r"PES|PES[_A-Z].*", re.IGNORECASE)
_MAX_NAME = 60


class Kind(str, Enum):
    """What the first bytes look like."""

    EMPTY = "empty"
    XML = "xml"
    PDF = "pdf"
    SPREADSHEET = "spreadsheet"
    OFFICE = "office"
    SCDL = "scdl"
    CSV = "csv"
    ZIP = "zip"
    GZIP = "gzip"
    ARCHIVE = "archive"
    ENCRYPTED = "encrypted"
    HTML = "html"
    OTHER = "other"


_MAGIC = (
    (b"%PDF", Kind.PDF),
    (b"\x1f\x8b", Kind.GZIP),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"Rar!\x1a\x07", Kind.ARCHIVE),
    (b"BZh", Kind.ARCHIVE),
    (b"\xfd7zXZ\x00", Kind.ARCHIVE),
    (b"-----BEGIN PKCS7", Kind.ENCRYPTED),
    (b"-----BEGIN CMS", Kind.ENCRYPTED),
    (b"-----BEGIN PGP MESSAGE", Kind.ENCRYPTED),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PKCS7 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
"""Object identifier 1.2.840.113549.1.7.x: signed or enveloped data (.p7m)."""
_LOCAL_HEADER = b"PK\x03\x04"
_LINE_COLUMNS = (b"BGT_NATURE", b"BGT_CONTNAT", b"BGT_CODRD")
"""Columns of a table of budget lines; annex tables begin with the others."""
_TAR, _TAR_AT = b"ustar", 257
_HTML = re.compile(rb"<(!doctype html|html|head|body)\b", re.IGNORECASE)


def kind_of(head: bytes) -> Kind:
    """What a file is, from its first bytes (``HEAD`` of them, or all)."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.strip(b"\x00"):
        return Kind.EMPTY
    if is_tar(head):
        return Kind.ARCHIVE
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    if head.startswith(b"PK"):
        return _kind_of_zip(head)
    if head.startswith(_OLE):
        encrypted = "EncryptedPackage".encode("utf-16-le") in head
        return Kind.ENCRYPTED if encrypted else Kind.OFFICE
    if head[:1] == b"\x30" and _PKCS7 in head[:64]:
        return Kind.ENCRYPTED
    return _kind_of_text(_narrow(head, start))


def is_tar(head: bytes) -> bool:
    """A tar that is not compressed begins with its first member's name, filled up with zeros."""
    return head.startswith(_TAR, _TAR_AT) and b"\x00" in head[:_TAR_AT]


def _kind_of_zip(head: bytes) -> Kind:
    if b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]:
        return Kind.SPREADSHEET if b"opendocument.spreadsheet" in head[:200] else Kind.OFFICE
    if b"word/" in head or b"ppt/" in head:
        return Kind.OFFICE
    if b"xl/" in head:
        return Kind.SPREADSHEET
    first_flags = int.from_bytes(head[6:8], "little") if len(head) >= 8 else 0
    if head.startswith(b"PK\x03\x04") and first_flags & 1:
        return Kind.ENCRYPTED
    return Kind.ZIP


def _narrow(head: bytes, start: bytes) -> bytes:
    """The first characters of a text, of one byte each when they are ASCII."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
        encoding = "utf-16-be" if head.startswith((b"\xfe\xff", b"\x00<")) else "utf-16-le"
        return head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n").encode()
    return start


def _kind_of_text(start: bytes) -> Kind:
    if _HTML.match(start):
        return Kind.HTML
    if start.startswith(b"<"):
        return Kind.XML
    first = start.splitlines()[0] if start else b""
    if any(name in first.upper() for name in _LINE_COLUMNS):
        return Kind.SCDL
    separators = max(first.count(mark) for mark in (b";", b",", b"\t"))
    return Kind.CSV if separators >= 2 and b"\x00" not in start else Kind.OTHER


def refuse_unless_xml(head: bytes) -> None:
    """Raise the refusal that a file which is not XML deserves."""
    kind = kind_of(head)
    if kind is not Kind.XML:
        raise _refusal(kind, head)


def refuse_unless_text(head: bytes) -> None:
    """Raise the refusal of what cannot be a CSV: pages, archives, spreadsheets, PDF, XML."""
    kind = kind_of(head)
    if kind is Kind.XML:
        raise NotABudget("F05", racine="xml")
    if kind not in (Kind.CSV, Kind.SCDL, Kind.OTHER):
        raise _refusal(kind, head)


def _refusal(kind: Kind, head: bytes) -> DocumentRefused:
    if kind is Kind.EMPTY:
        return Unreadable("F09")
    if kind is Kind.ENCRYPTED:
        return Unreadable("F12")
    if kind is Kind.PDF:
        return NotABudget("F01")
    if kind is Kind.SCDL:
        return NotABudget("F03")
    if kind in (Kind.SPREADSHEET, Kind.CSV):
        return NotABudget("F02")
    if kind is Kind.OFFICE:
        return NotABudget("F02", case="office")
    if kind is Kind.HTML:
        return NotABudget("F05", racine="html", case="page")
    if kind in (Kind.ZIP, Kind.GZIP, Kind.ARCHIVE):
        return NotABudget("F11", liste=_archive_list(kind, head), case="closed")
    return NotABudget("F05", racine="", case="not_xml")


def _archive_list(kind: Kind, head: bytes) -> str:
    """Kinds of the first members of a zip, without their names (which may name a person)."""
    if kind is not Kind.ZIP:
        return kind.value
    endings = sorted({name.rpartition(".")[2].lower() for name in _members(head) if "." in name})
    return ", ".join(f".{ending}" for ending in endings[:8] if len(ending) < 6) or kind.value


def _members(head: bytes) -> Iterator[str]:
    """Names of the members of a zip whose local headers are in its first bytes."""
    place = head.find(_LOCAL_HEADER)
    while 0 <= place < len(head) - 30:
        length = int.from_bytes(head[place + 26 : place + 28], "little")
        yield head[place + 30 : place + 30 + length].decode("utf-8", "replace")
        place = head.find(_LOCAL_HEADER, place + 30 + length)


def check_root(root: Root) -> None:
    """Refuse an XML that cannot hold a budget; an unknown envelope passes, it may hold one."""
    if _PES.fullmatch(root.name):
        raise NotABudget("F04")
    if root.name.lower() == "html":
        raise NotABudget("F05", racine="html", case="page")
    if root.name in _BUDGET_ROOTS[:1] and root.namespace != DOCBUDGETAIRE:
        raise NotABudget("F05", racine=root.name, case="namespace")


def no_document(root: Root, accounting: bool) -> NotABudget:
    """The refusal of an XML in which no DocumentBudgetaire was found."""
    if accounting or root.name in _BUDGET_ROOTS[1:]:
        return NotABudget("F06")
    return NotABudget("F05", racine=root.name[:_MAX_NAME])

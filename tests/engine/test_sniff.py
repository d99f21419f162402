"""What a file is, from its first bytes, and the refusal that each kind gets."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest

from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget
from ckanext.budgetod.engine.readers import open_document
from ckanext.budgetod.engine.readers.sniff import Kind, kind_of


def zipped(*names: str, encrypted: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    data = bytearray(out.getvalue())
    if encrypted:
        data[6] |= 1
    return bytes(data)


def tarred(name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return out.getvalue()


def refused(data: bytes) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught, open_document(io.BytesIO(data)) as document:
        list(document)
    return caught.value


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
XLSX = zipped("[Content_Types].xml", "xl/workbook.xml")
ODS = zipped("mimetype").replace(b"mimetypex", b"mimetypeapplication/vnd.oasis.opendocument.s")
P7M = b"\x30\x82\x10\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + b"\0" * 50
SCDL = b"BGT_NATDEC,BGT_ANNEE,BGT_NATURE\nbudget primitif,2024,60612\n"
DOC = 'xmlns="http://www.minefi.gouv.fr/cp/demat/docbudgetaire"'

CASES = {
    "pdf": (b"%PDF-1.7\n...", "F01"),
    "pdf after a mark": (b"\xef\xbb\xbf%PDF-1.7", "F01"),
    "xls": (OLE, "F02"),
    "xlsx": (XLSX, "F02"),
    "ods": (ODS, "F02"),
    "csv": (b"a;b;c;d\n1;2;3;4\n", "F02"),
    "scdl": (SCDL, "F03"),
    "scdl with a mark": (b"\xef\xbb\xbf" + SCDL.lower(), "F03"),
    "pes": (b'<?xml version="1.0"?><n:PES_Aller xmlns:n="urn:pes"><a/></n:PES_Aller>', "F04"),
    "other xml": (b"<rss><channel/></rss>", "F05"),
    "html": (b"<!doctype html><html><body></body></html>", "F05"),
    "xhtml": (b'<?xml version="1.0"?><html><body/></html>', "F05"),
    "no namespace": (b"<DocumentBudgetaire><Budget/></DocumentBudgetaire>", "F05"),
    "no budget": (f"<DocumentBudgetaire {DOC}/>".encode(), "F05"),
    "truncated": (f"<DocumentBudgetaire {DOC}><Budget>".encode(), "F07"),
    "binary": (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "F05"),
    "empty": (b"", "F09"),
    "blank": (b" \r\n\t\n", "F09"),
    "zip": (zipped("budget.xml", "note.pdf"), "F11"),
    "gzip": (gzip.compress(b"<a/>"), "F11"),
    "tar": (tarred("PK Hermine_Vauquelade.xml"), "F11"),
    "csv with the word": (b"a;b;c;d".ljust(257) + b"ustar", "F02"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "F11"),
    "encrypted zip": (zipped("budget.xml", encrypted=True), "F12"),
    "encrypted xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "F12"),
    "p7m": (P7M, "F12"),
    "pem": (b"-----BEGIN PKCS7-----\nMIIB", "F12"),
}


@pytest.mark.parametrize(("data", "code"), CASES.values(), ids=CASES)
def test_each_kind_gets_its_refusal(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_accounting_part_alone() -> None:
    cfu = cfu_document()
    start, end = cfu.index(b"<DocumentBudgetaire"), cfu.index(b"</DocumentBudgetaire>")
    alone = cfu[:start] + cfu[end + len(b"</DocumentBudgetaire>") :]
    assert refused(alone).code == "F06"


def test_root_name_in_the_refusal() -> None:
    error = refused(b"<rss><channel/></rss>")
    assert isinstance(error, NotABudget)
    assert error.params["racine"] == "rss"


def test_archive_refusal_names_kinds_not_files() -> None:
    error = refused(zipped("Hermine_Vauquelade.xml", "note.pdf"))
    assert "Vauquelade" not in str(error)
    assert error.params["liste"] == ".pdf, .xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_xml_is_known_in_every_encoding(encoding: str) -> None:
    text = totem_document().decode("latin-1").replace("ISO-8859-1", encoding.removesuffix("-sig"))
    data = text.encode(encoding)
    assert kind_of(data[:65536]) is Kind.XML
    with open_document(io.BytesIO(data)) as document:
        assert len(list(document)) > 10

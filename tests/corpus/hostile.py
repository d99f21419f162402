"""Hostile and odd files, made on the spot, and what must become of each.

``Refused(code)``: a DocumentRefused with this code (any of several). ``Taken``: read and published.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from ckanext.budgetod.engine.builder import cfu_document, totem_document

SECRET = "zwx-secret-quorv"
BUDGET = totem_document(encoding="UTF-8", spec=None)
NS = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
BODY = BUDGET.removeprefix(DECLARATION)


@dataclass(frozen=True)
class Refused:
    """Refused with one of these codes."""

    codes: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """Taken; ``dropped`` is a name that the report must hold."""

    dropped: str = ""


def refused(*codes: str) -> Refused:
    return Refused(codes)


def with_doctype(subset: str, body: bytes = BODY) -> bytes:
    return DECLARATION + f"<!DOCTYPE DocumentBudgetaire {subset}>".encode() + body


def inside(xml: str) -> bytes:
    """The budget with something before its Budget element."""
    return BUDGET.replace(b"<Budget>", xml.encode() + b"<Budget>", 1)


def laughs() -> bytes:
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)]
    return with_doctype(f"[{''.join(entities)}]", BODY.replace(b"Commune", b"&a9;", 1))


def quadratic() -> bytes:
    body = BODY.replace(b"Commune", b"&a;" * 20_000, 1)
    return with_doctype(f'[<!ENTITY a "{"x" * 100_000}">]', body)


def external(address: str) -> bytes:
    body = BODY.replace(b"<Budget>", b"<Maire>&x;</Maire><Budget>", 1)
    return with_doctype(f'[<!ENTITY x SYSTEM "{address}">]', body)


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


def utf16(mark: bool = True) -> bytes:
    text = BODY.decode()
    head = '<?xml version="1.0" encoding="UTF-16"?>\n' if mark else ""
    return (head + text).encode("utf-16" if mark else "utf-16-le")


def deep(levels: int) -> bytes:
    return inside("<a>" * levels + "</a>" * levels)


def wrapped(root: str, content: bytes = BODY) -> bytes:
    name = root.split()[0]
    return DECLARATION + f"<{root}>".encode() + content + f"</{name}>".encode()


CASES: dict[str, tuple[Callable[[], bytes], Refused | Taken]] = {
    # what only an attacker writes
    "doctype alone": (lambda: with_doctype(""), refused("F08")),
    "internal entity": (lambda: with_doctype('[<!ENTITY a "b">]'), refused("F08")),
    "external entity": (lambda: external("file:///etc/hostname"), refused("F08")),
    "external entity by http": (lambda: external("http://127.0.0.1:9/x"), refused("F08")),
    "parameter entity": (
        lambda: with_doctype('[<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;]'),
        refused("F08"),
    ),
    "external subset": (lambda: with_doctype('SYSTEM "file:///etc/hostname"'), refused("F08")),
    "billion laughs": (laughs, refused("F08")),
    "quadratic blow-up": (quadratic, refused("F08")),
    "doctype after a long comment": (
        lambda: with_doctype("").replace(b"<!DOC", b"<!--" + b"x" * 200_000 + b"--><!DOC"),
        refused("F08"),
    ),
    "doctype in UTF-16": (
        lambda: ("<!DOCTYPE a>" + BODY.decode()).encode("utf-16"),
        refused("F08"),
    ),
    "undeclared entity": (lambda: inside("<a>&secret;</a>"), refused("F07", "F08")),
    "depth 300": (lambda: deep(300), refused("F07", "F08")),
    "attribute of 11 MB": (lambda: inside(f'<a V="{"x" * 11_000_000}"/>'), refused("F08", "F09")),
    "text of 11 MB": (lambda: inside(f"<a>{'x' * 11_000_000}</a>"), refused("F08", "F09")),
    "name of 200 kB": (lambda: inside(f"<{'a' * 200_000}/>"), refused("F07", "F08", "F09")),
    "gzip bomb": (lambda: gzip.compress(b"<a>" * 5_000_000), refused("F11")),
    "zip with a path that climbs": (lambda: zipped("../../etc/x.xml", BUDGET), refused("F11")),
    "XInclude": (
        lambda: inside(
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'
        ),
        Taken("DocumentBudgetaire/include"),
    ),
    "stylesheet instruction": (
        lambda: DECLARATION + b'<?xml-stylesheet href="http://127.0.0.1:9/x"?>' + BODY,
        Taken(),
    ),
    # what is something else
    "empty": (lambda: b"", refused("F09")),
    "blanks": (lambda: b" \n\t ", refused("F09")),
    "zeros": (lambda: b"\x00" * 1000, refused("F09")),
    "BOM alone": (lambda: b"\xef\xbb\xbf", refused("F07", "F09")),
    "PDF": (lambda: b"%PDF-1.7 ...", refused("F01")),
    "spreadsheet": (lambda: zipped("xl/workbook.xml", b"<a/>"), refused("F02")),
    "text": (lambda: b"bonjour", refused("F05")),
    "HTML": (lambda: b"<!DOCTYPE html><html><body>404</body></html>", refused("F05")),
    "XHTML": (lambda: wrapped('html xmlns="http://www.w3.org/1999/xhtml"', b""), refused("F05")),
    "PES": (
        lambda: wrapped(
            'n:PES_Aller xmlns:n="http://www.minefi.gouv.fr/cp/helios/pes_v2/Rev0/aller"', b""
        ),
        refused("F04"),
    ),
    "wrong root": (lambda: wrapped("Facture", b"<a/>"), refused("F05")),
    "SVG": (lambda: wrapped('svg xmlns="http://www.w3.org/2000/svg"', b""), refused("F05")),
    "without namespace": (
        lambda: BUDGET.replace(f' xmlns="{NS}"'.encode(), b"", 1),
        refused("F05"),
    ),
    "namespace of another": (
        lambda: BUDGET.replace(NS.encode(), NS.encode() + b"/v2", 1),
        refused("F05"),
    ),
    "accountant's part alone": (
        lambda: (
            cfu_document().split(b"<DocumentBudgetaire")[0] + b"</doccfu:CompteFinancierUnique>"
        ),
        refused("F06"),
    ),
    # what is broken
    "truncated": (lambda: BUDGET[: len(BUDGET) // 2], refused("F07")),
    "truncated in the declaration": (lambda: BUDGET[:20], refused("F07")),
    "truncated at the last byte": (lambda: BUDGET.rstrip()[:-1], refused("F07")),
    "two roots": (lambda: BUDGET + BODY, refused("F07")),
    "rubbish at the end": (lambda: BUDGET + b"zwx", refused("F07")),
    "NUL inside": (lambda: BUDGET.replace(b"Commune", b"Com\x00mune", 1), refused("F07")),
    "forbidden character": (lambda: BUDGET.replace(b"Commune", b"Com&#2;mune", 1), refused("F07")),
    "duplicate attribute": (
        lambda: BUDGET.replace(b'<NatCEPL V="Commune"', b'<NatCEPL V="a" V="b"', 1),
        refused("F07"),
    ),
    "latin-1 bytes in UTF-8": (lambda: BUDGET.replace(b"Commune", b"Comm\xe9e", 1), refused("F07")),
    "unknown encoding": (lambda: BUDGET.replace(b"UTF-8", b"KLINGON", 1), refused("F07")),
    "encoding that lies": (lambda: BUDGET.replace(b"UTF-8", b"UTF-16", 1), refused("F07")),
    "undeclared prefix": (lambda: inside("<x:a/>"), refused("F07")),
    # what says not whose it is
    "no line": (lambda: totem_document(lines=[]), refused("F15")),
    "year in letters": (
        lambda: totem_document(exercice="deux mille", lines=_line()),
        refused("I00"),
    ),
    "unknown stage": (lambda: totem_document(stage="99999", lines=_line()), refused("I00")),
    "SIRET in letters": (
        lambda: totem_document(siret="inconnu", lines=_line()),
        refused("I00"),
    ),
    "no Budget": (
        lambda: BUDGET.split(b"<Budget>")[0] + b"</DocumentBudgetaire>",
        refused("F05"),
    ),
    # what is odd and harmless
    "BOM": (lambda: b"\xef\xbb\xbf" + BUDGET, Taken()),
    "UTF-16": (utf16, Taken()),
    "no declaration": (lambda: BODY, Taken()),
    "blanks before the root": (lambda: b"\n\n" + BODY, Taken()),
    "CDATA": (lambda: inside(f"<a><![CDATA[{SECRET}]]></a>"), Taken("DocumentBudgetaire/a")),
    "depth 200": (lambda: deep(200), Taken("DocumentBudgetaire/a")),
    "200,000 unknown elements": (lambda: inside("<a/>" * 200_000), Taken("DocumentBudgetaire/a")),
    "an unknown element with 200,000 children": (
        lambda: inside(f"<a>{'<b/>' * 200_000}</a>"),
        Taken("DocumentBudgetaire/a"),
    ),
    "3,000 attributes": (
        lambda: inside("<a " + " ".join(f"a{i}='1'" for i in range(3000)) + "/>"),
        Taken("DocumentBudgetaire/a"),
    ),
    "a comment of 5 MB": (lambda: inside(f"<!--{SECRET}{'x' * 5_000_000}-->"), Taken("#comment")),
    "a label of 200 kB": (
        lambda: totem_document(lines=[_line()[0] | {"LibCpte": "M. " * 66_000}]),
        Taken(),
    ),
    "an unknown envelope": (lambda: wrapped("Enveloppe"), Taken()),
    "an unknown envelope with two documents": (
        lambda: wrapped("Enveloppe", BODY + BODY),
        refused("F05"),
    ),
    "an unknown envelope with an accountant's part": (
        lambda: cfu_document(encoding="UTF-8").replace(b"demat/doccfu", b"demat/autre"),
        Taken("DocumentComptable"),
    ),
    "another prefix": (
        lambda: (
            BUDGET.replace(b"<", b"<z:")
            .replace(b"<z:/", b"</z:")
            .replace(b"<z:?", b"<?")
            .replace(b"xmlns=", b"xmlns:z=")
        ),
        Taken(),
    ),
    "two Budget": (lambda: BUDGET.replace(b"</Budget>", b"</Budget>" + _budget(), 1), Taken()),
    "attributes of xml:": (
        lambda: BUDGET.replace(
            b"<Budget>", b'<Budget xml:base="http://127.0.0.1:9/" xml:space="a">', 1
        ),
        Taken("Budget@base"),
    ),
}


def _line() -> list[dict[str, str]]:
    return [{"Nature": "60612", "CodRD": "D", "CredOuv": "1.00", "OpBudg": "0"}]


def _budget() -> bytes:
    return BUDGET[BUDGET.index(b"<Budget>") : BUDGET.index(b"</Budget>")] + b"</Budget>"

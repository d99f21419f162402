"""The door to lxml: what is refused, with which code, and that walking loses nothing."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest
from lxml import etree

from ckanext.budgetod.engine.errors import DocumentRefused, TooLarge, Unreadable, UnsafeXML
from ckanext.budgetod.engine.findings_render import render_refusal
from ckanext.budgetod.engine.readers import prolog, safexml, walking
from ckanext.budgetod.engine.readers.safexml import BoundedStream, Choice, Writer, local_name, walk


def steps(data: bytes, choose=lambda element, depth: Choice.OPEN, **bounds) -> list[tuple]:
    stream = BoundedStream(io.BytesIO(data), **bounds)
    return [(s.kind, local_name(s.element), s.depth) for s in walk(stream, choose)]


def copied(data: bytes, choose) -> bytes:
    """The document written back from its own steps."""
    out = io.BytesIO()
    writer = Writer(out)
    for kind, element, _ in walk(BoundedStream(io.BytesIO(data)), choose):
        if kind == "open":
            writer.open(element)
            writer.text(element.text)
        elif kind == "unit":
            writer.unit(element)
        else:
            writer.close()
            writer.text(element.tail)
    return out.getvalue()


DOCTYPES = {
    "internal": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "external": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "after a long comment": b"<!-- " + b"x" * 200_000 + b" --><!DOCTYPE a><a/>",
    "utf-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "bare": b"<!DOCTYPE a><a/>",
}


@pytest.mark.parametrize("data", DOCTYPES.values(), ids=DOCTYPES)
def test_doctype_is_refused(data: bytes) -> None:
    with pytest.raises(UnsafeXML) as refused:
        steps(data)
    assert refused.value.code == "F08"


def test_doctype_is_refused_before_any_step() -> None:
    stream = BoundedStream(io.BytesIO(b"<!DOCTYPE a><a><b/></a>"))
    with pytest.raises(UnsafeXML):
        next(walk(stream, lambda element, depth: Choice.OPEN))


BOMB = b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 1000 + b'">]><a>' + b"&x;" * 10_000 + b"</a>"
REFUSED = {
    "undefined entity": (b"<a>&x;</a>", UnsafeXML, "F08"),
    "too deep": (b"<a>" * 300 + b"</a>" * 300, UnsafeXML, "F08"),
    "huge attribute": (b'<a b="' + b"x" * 11_000_000 + b'"/>', TooLarge, "F08"),
    "huge text": (b"<a>" + b"x" * 11_000_000 + b"</a>", TooLarge, "F08"),
    "nothing": (b"", Unreadable, "F09"),
    "blanks": (b"  \n ", Unreadable, "F07"),
    "truncated": (b"<a>\n<b>\n", Unreadable, "F07"),
    "no root": (b'<?xml version="1.0"?>', Unreadable, "F07"),
    "two roots": (b"<a/><b/>", Unreadable, "F07"),
    "duplicate attribute": (b'<a b="1" b="2"/>', Unreadable, "F07"),
    "wrong encoding": (b'<a b="\xe9"/>', Unreadable, "F07"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', Unreadable, "F07"),
    "NUL": (b"<a>\x00</a>", Unreadable, "F07"),
    "bare ampersand": (b'<a b="Eau & assainissement"/>', Unreadable, "F07"),
    "bomb": (BOMB, UnsafeXML, "F08"),
    "not XML": (b"%PDF-1.7", Unreadable, "F07"),
}


@pytest.mark.parametrize(("data", "kind", "code"), REFUSED.values(), ids=REFUSED)
def test_refusals(data: bytes, kind: type[DocumentRefused], code: str) -> None:
    with pytest.raises(kind) as refused:
        steps(data)
    assert refused.value.code == code


LATIN = '<a b="été"/>'.encode("latin-1")


@pytest.mark.parametrize("declared", [b"", b'<?xml version="1.0" encoding="UTF-8"?>'])
def test_another_encoding_than_declared_is_told(declared: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        steps(declared + LATIN)
    assert refused.value.params == {"line": 1, "case": "encoding"}
    told = render_refusal(refused.value.code, refused.value.params)
    assert "encodage" in told["title"]


@pytest.mark.parametrize("data", [b'<a b="\xe9', "<a>\n<b c='é".encode()[:-1]])
def test_a_file_cut_inside_a_character_is_cut(data: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        steps(data)
    assert "case" not in refused.value.params


def test_truncation_names_its_line_and_no_content() -> None:
    with pytest.raises(Unreadable) as refused:
        steps(b"<a>\n<b>\n<Hermine c='Vauquelade'>\n")
    assert refused.value.params["line"] in (3, 4)
    assert "Hermine" not in str(refused.value)
    assert "Vauquelade" not in str(refused.value)


def test_bytes_are_bounded_and_hashed() -> None:
    with pytest.raises(TooLarge) as refused:
        steps(b"<a>" + b"<b/>" * 100 + b"</a>", max_size=50)
    assert refused.value.code == "F09"
    assert refused.value.params["max"] == 50
    stream = BoundedStream(io.BytesIO(b"<a><b/></a>"), hashed=True)
    list(walk(stream, lambda element, depth: Choice.OPEN))
    assert stream.size == 11
    assert stream.sha256.startswith("d") or len(stream.sha256) == 64


def test_gzip_is_not_silently_opened() -> None:
    import gzip

    with pytest.raises(Unreadable):
        steps(gzip.compress(b"<a/>"))


def test_steps_in_document_order() -> None:
    data = b"<a><b><c/><d><e/></d></b><f/></a>"
    choose = lambda element, depth: (  # noqa: E731
        Choice.UNIT if local_name(element) == "d" else Choice.OPEN
    )
    assert steps(data, choose) == [
        ("open", "a", 0),
        ("open", "b", 1),
        ("open", "c", 2),
        ("close", "c", 2),
        ("unit", "d", 2),
        ("close", "b", 1),
        ("open", "f", 1),
        ("close", "f", 1),
        ("close", "a", 0),
    ]


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 4096])
def test_chunk_boundaries_do_not_matter(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    rows = "".join(f'<row n="{n}">\n  <v V="é &amp; {n}"/></row>\n  ' for n in range(30))
    data = f'<r xmlns="urn:x" k="&lt;">\n <t>{rows}</t> <z/>\n</r>'.encode()

    def choose(element, depth):
        return Choice.UNIT if local_name(element) in ("row", "z") else Choice.OPEN

    whole = copied(data, choose)
    monkeypatch.setattr(safexml, "CHUNK", chunk)
    assert copied(data, choose) == whole
    assert whole == b'<?xml version="1.0" encoding="UTF-8"?>\n' + data.replace(b"&lt;", b"&lt;")


def test_skipped_elements_are_forgotten_whatever_their_size() -> None:
    data = b"<a><skip>" + b"<x><y/></x>" * 200_000 + b"</skip><b/></a>"
    choose = lambda element, depth: (  # noqa: E731
        Choice.SKIP if local_name(element) == "skip" else Choice.UNIT
    )
    assert steps(data, choose) == [("open", "a", 0), ("unit", "b", 1), ("close", "a", 0)]


def test_one_unit_may_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_UNIT_BYTES", 100_000)
    data = b"<a><unit>" + b"<x/>" * 100_000 + b"</unit></a>"
    with pytest.raises(TooLarge):
        steps(data, lambda element, depth: Choice.UNIT)


def test_writer_escapes_and_keeps_namespaces() -> None:
    data = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><p:a xmlns:p="urn:p" xmlns="urn:d">'
        '<b v="&lt;br/&gt; &quot;é&quot;"/><p:c xmlns:q="urn:q" q:z="1"><q:d/></p:c></p:a>'
    ).encode("latin-1")
    out = copied(data, lambda element, depth: Choice.UNIT).decode()
    assert out.count("urn:d") == 1
    assert out.count('xmlns:q="urn:q"') == 1
    assert 'v="&lt;br/&gt; &quot;é&quot;"' in out
    again = copied(out.encode(), lambda element, depth: Choice.UNIT).decode()
    assert again == out


def test_only_bytes_reach_lxml() -> None:
    """A path given to lxml would be decompressed: the module never builds one."""
    source = Path(safexml.__file__).read_text(encoding="utf-8")
    assert "etree.parse(" not in source
    assert "etree.iterparse(" not in source
    assert 'resolve_entities": True' not in source
    assert sys.modules["lxml.etree"].LXML_VERSION >= (6, 1)


DECLARED = '<?xml version="1.0" encoding="{}"?>\n'
BEGINNINGS = {
    "declared": (DECLARED.format("UTF-8") + "<a>é<b/></a>").encode(),
    "latin-1": (DECLARED.format("ISO-8859-1") + "<a>é<b/></a>").encode("latin-1"),
    "byte order mark": b"\xef\xbb\xbf" + (DECLARED.format("UTF-8") + "<a><b/></a>").encode(),
    "mark alone": b"\xef\xbb\xbf<a><b/></a>",
    "not declared": "<a>é<b/></a>".encode(),
    "comments around": b"<?xml version='1.0'?><!--x--><?y z?><a><!--x--><b/></a><!--x-->",
    "comments alone": b"<!--x--><!--x--><a><b/></a>",
    "blanks first": b" \n<a><b/></a>",
    "declared too late": b" <?xml version='1.0'?><a><b/></a>",
    "declared twice": b"<?xml version='1.0'?><?xml version='1.0'?><a><b/></a>",
    "declaration open": b"<?xml version='1.0'><a><b c='?>'/></a>",
    "declaration cut": b"<?xml version='1.0'",
    "stylesheet": b"<?xml-stylesheet href='a'?><a><b/></a>",
    "utf-16": (DECLARED.format("UTF-16") + "<a>é<b/></a>").encode("utf-16"),
    "utf-16 not declared": "<a>é<b/></a>".encode("utf-16"),
    "utf-16 stated": (DECLARED.format("UTF-16") + "<a><b/></a>").encode(),
    "utf-32": (DECLARED.format("UTF-32") + "<a><b/></a>").encode("utf-32"),
    "cp037": (DECLARED.format("cp037") + "<a><b/></a>").encode("cp037"),
    "no letter": b"<1a><b/></a>",
    "other letter": "<éa><b/></éa>".encode(),
    "no document": b"only text",
    "doctype": b"<?xml version='1.0'?><!DOCTYPE a><a/>",
}


@pytest.mark.parametrize("data", BEGINNINGS.values(), ids=BEGINNINGS)
def test_the_mark_changes_nothing(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps, places and refusals are those of the document alone."""

    def said() -> list[tuple] | tuple[str, dict]:
        stream = BoundedStream(io.BytesIO(data))
        try:
            return [
                (kind, local_name(element), element.sourceline, element.text, depth)
                for kind, element, depth in walk(stream, lambda element, depth: Choice.OPEN)
            ]
        except DocumentRefused as refused:
            return refused.code, refused.params

    with_it = said()
    monkeypatch.setattr(prolog, "marked", lambda head: head)
    assert with_it == said()


def test_the_mark_stands_before_the_root() -> None:
    usual = BEGINNINGS["declared"]
    assert prolog.marked(usual) == usual.replace(b"<a>", b"<!----><a>", 1)
    for alone in ("utf-16", "comments around", "doctype"):
        assert prolog.marked(BEGINNINGS[alone]) == BEGINNINGS[alone]


@pytest.mark.parametrize(
    "place", ["<!----><a><b/></a>", "<a><!----><b/></a>", "<a><b/></a><!---->"]
)
def test_comments_take_linear_time(place: str) -> None:
    def seconds(count: int) -> float:
        data = place.replace("<!---->", "<!---->" * count).encode()
        start = time.process_time()
        steps(data)
        return time.process_time() - start

    few, many = (min(seconds(count) for _ in range(3)) for count in (4000, 32_000))
    assert many < 24 * few + 0.3


def test_comments_behind_the_root_are_forgotten_and_instructions_stay() -> None:
    data = b"<a><b/></a>" + b"<?y z?>" + b"<!---->" * 40_000 + b"<?y z?>"
    stream = BoundedStream(io.BytesIO(data))
    behind = [
        [node.tag is etree.ProcessingInstruction for node in root.itersiblings()]
        for root, _ in safexml.growing(stream)
    ]
    assert len(behind) > 3
    assert all(len(nodes) <= 3 for nodes in behind)
    assert behind[-1].count(True) == 2


def test_instructions_behind_the_root_are_few() -> None:
    assert steps(b"<a><b/></a>" + b"<?y z?>" * 900)
    with pytest.raises(TooLarge):
        steps(b"<a><b/></a>" + b"<?y z?>" * 40_000)

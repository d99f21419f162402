"""Each hostile file becomes what it must, and nothing of what it hides goes out."""

from __future__ import annotations

import io
import socket
import tracemalloc
from pathlib import Path

import pytest

from ckanext.budgetod.engine.anonymiser import anonymise
from ckanext.budgetod.engine.document import Header
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.readers import open_document

from .hostile import CASES, SECRET, Refused, inside

HOSTNAME = Path("/etc/hostname")


@pytest.mark.parametrize("name", CASES)
def test_the_gate(name: str) -> None:
    make, expected = CASES[name]
    target = io.BytesIO()
    if isinstance(expected, Refused):
        with pytest.raises(DocumentRefused) as refusal:
            anonymise(io.BytesIO(make()), target)
        assert refusal.value.code in expected.codes
        assert SECRET not in str(refusal.value)
        return
    answer = anonymise(io.BytesIO(make()), target)
    published = target.getvalue()
    assert SECRET.encode() not in published
    assert answer.lines > 0
    if expected.dropped:
        assert expected.dropped in {row["what"] for row in answer.dropped}
    again = anonymise(io.BytesIO(published), io.BytesIO())
    assert again.lines == answer.lines


@pytest.mark.parametrize("name", CASES)
def test_the_reader(name: str) -> None:
    make, expected = CASES[name]
    with open_document(io.BytesIO(make())) as document:
        if name == "an unknown envelope with two documents":
            assert sum(isinstance(event, Header) for event in document) == 2
        elif isinstance(expected, Refused):
            with pytest.raises(DocumentRefused):
                list(document)
        else:
            list(document)
            assert document.lines > 0


@pytest.mark.skipif(not HOSTNAME.exists(), reason="needs a file to leak")
@pytest.mark.parametrize(
    "name", ["external entity", "parameter entity", "external subset", "XInclude"]
)
def test_no_file_of_the_host_goes_out(name: str) -> None:
    target = io.BytesIO()
    told = ""
    try:
        told = str(anonymise(io.BytesIO(CASES[name][0]()), target))
    except DocumentRefused as refusal:
        told = str(refusal)
    assert HOSTNAME.read_text().strip() not in told + target.getvalue().decode()


def test_nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*_: object, **__: object) -> None:
        raise AssertionError("a document made us call somebody")

    monkeypatch.setattr(socket.socket, "connect", called)
    for name in ("external entity by http", "stylesheet instruction", "attributes of xml:"):
        try:
            anonymise(io.BytesIO(CASES[name][0]()), io.BytesIO())
        except DocumentRefused:
            continue


@pytest.mark.parametrize("xml", ["<a/>" * 60_000, f"<a>{'<b/>' * 60_000}</a>"])
def test_what_nobody_knows_takes_no_memory(xml: str) -> None:
    document = inside(xml)
    anonymise(io.BytesIO(CASES["no declaration"][0]()), io.BytesIO())
    tracemalloc.start()
    anonymise(io.BytesIO(document), io.BytesIO())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000

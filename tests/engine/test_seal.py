"""The seal: intact, altered or none, part by part, whatever the size of the parts."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.readers import safexml, seal

WHEN = "2024-04-03T10:15:00"
DOCUMENTS = {
    "totem": totem_document(annexes=True, seal=WHEN),
    "cfu": cfu_document(annexes=True, seal=WHEN),
}


def verdict(document: bytes) -> str:
    return seal.verify(io.BytesIO(document)).verdict


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_sealed_document_is_intact(document: bytes) -> None:
    answer = seal.verify(io.BytesIO(document))
    assert answer.verdict == "intact"
    assert answer.date == WHEN


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_one_cent_changed_is_seen(document: bytes) -> None:
    assert verdict(document.replace(b'V="412000.00"', b'V="412000.01"', 1)) == "altered"


def test_a_comment_changes_nothing_but_a_blank_does() -> None:
    document = DOCUMENTS["totem"]
    assert verdict(document.replace(b"<Budget>", b"<!-- lu --><Budget>")) == "intact"
    assert verdict(document.replace(b"<Budget>", b" <Budget>")) == "altered"
    assert verdict(document + b"<!-- lu -->" * 20_000) == "intact"
    assert verdict(document + b"<?lu?>") == "altered"


def test_a_document_without_seal_says_so() -> None:
    assert verdict(totem_document()) == "none"


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 4096, 10**6])
@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_parts_do_not_change_the_print(
    document: bytes, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = document if size > 7 else totem_document(lines=[], annexes=None, seal=WHEN)
    monkeypatch.setattr(safexml, "CHUNK", size)
    assert verdict(small) == "intact"


@pytest.mark.parametrize("size", [7, 1000, 4096, 10**6])
@pytest.mark.parametrize("before", ["<VersionSchema", "<Scellement", "<Nature"])
def test_a_tag_full_of_attributes_is_not_sorted(
    size: int, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canonical form sorts them, in the square of the time."""
    many = " ".join(f'a{rank}="1"' for rank in range(50_000))
    document = DOCUMENTS["totem"].replace(before.encode(), f"{before} {many}".encode(), 1)
    monkeypatch.setattr(safexml, "CHUNK", size)
    before_it = time.process_time()
    assert verdict(document) == "unchecked"
    assert time.process_time() - before_it < 5


def test_long_texts_are_no_attributes() -> None:
    text = "<Vendeur>" + "x'y" * 500 + "</Vendeur>" + "z" * 300_000
    document = totem_document(document_extra=f"<Bloc>{text}</Bloc>", seal=WHEN)
    assert verdict(document) == "intact"


def test_namespaces_declared_deeper_do_not_matter() -> None:
    document = totem_document(
        annexes=True, document_extra='<x:a xmlns:x="urn:b"><x:b c="1"/></x:a>'
    )
    from ckanext.budgetod.engine.builder import sealed

    assert verdict(sealed(document)) == "intact"


@pytest.mark.skipif("BUDGETOD_REAL_DATA" not in os.environ, reason="needs real documents")
def test_real_documents_as_sealed_and_altered() -> None:
    folder = Path(os.environ["BUDGETOD_REAL_DATA"], "totem")
    answers = {path.stem: verdict(path.read_bytes()) for path in folder.glob("*.xml")}
    assert {name for name, answer in answers.items() if answer == "altered"} == {
        "ca-2013-m52-one-line",
        "ca-2017-m14-montreuil",
        "ca-2018-m14-montreuil",
        "ca-2019-m14-montreuil",
    }
    assert answers.pop("ca-2016-m14-montreuil") == "none"
    assert sum(answer == "intact" for answer in answers.values()) == 8

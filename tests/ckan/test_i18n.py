"""Every text of the screens is in the French catalogue, and the compiled one is up to date."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def i18n():
    spec = importlib.util.spec_from_file_location("i18n", ROOT / "scripts" / "i18n.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated_and_none_is_doubtful(i18n):
    assert i18n.missing(i18n.up_to_date()) == []


def test_the_catalogue_in_the_repository_holds_the_texts_of_today(i18n):
    assert {m.id for m in i18n.french()} == {m.id for m in i18n.template()}


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_translations_have_the_same_holes_as_the_originals(i18n):
    for message in i18n.french():
        ids, texts = _forms(message.id), _forms(message.string)
        wanted = set().union(*map(_holes, ids))
        for text in texts:
            assert _holes(text) <= wanted, message.id
            if len(ids) == 1:
                assert _holes(text) == wanted, message.id


def _texts(catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_forms(m.id): _forms(m.string) for m in catalog if m.id}


def _forms(text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_the_compiled_catalogue_is_that_of_the_text(i18n):
    from babel.messages.mofile import read_mo

    with i18n.french_path().with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert _texts(compiled) == _texts(i18n.french())


def test_french_typography(i18n):
    for message in i18n.french():
        for text in _forms(message.string) if message.id else ():
            assert "'" not in text, text
            for mark in ":;!?»%":
                assert f" {mark}" not in text, text


@pytest.mark.usefixtures("with_plugins")
@pytest.mark.parametrize(("path", "word"), [("/budget/", "Chercher"), ("/en/budget/", "Search")])
def test_screens_are_french_unless_english_is_asked(app, path, word):
    assert word in app.get(path).body

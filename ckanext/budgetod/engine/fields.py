"""What each column means: Table Schema fields with titles, descriptions and units.

The words, in both languages, stand in ``field_texts.json`` by family of columns: ``lines`` (SCDL
and extended), ``identity`` (the columns that begin an annex), ``annexes``, ``grants``,
``accounting``, ``indicators``; those of the ``files`` themselves stand there too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from . import annex_titles
from .scdl.schema import AMOUNT_COLUMNS

Field = dict[str, Any]
"""A Table Schema field: name, type, title, description; unit of a quantity."""

STRICT_AMOUNTS = frozenset(AMOUNT_COLUMNS)


def columns(
    names: Iterable[str], lang: str = "fr", amounts: Iterable[str] = STRICT_AMOUNTS
) -> tuple[Field, ...]:
    """The columns of lines, in order: ``amounts`` are numbers in euros, the rest is text.

    Codes stay text (021 is not 21); the year of a budget is a ``year``.
    """
    numbers = frozenset(amounts)
    return tuple(_column(name, lang, name in numbers) for name in names)


def _column(name: str, lang: str, is_amount: bool) -> Field:
    if is_amount:
        return field("lines", name, "number", lang, "amount")
    return field("lines", name, "year" if name == "BGT_ANNEE" else "string", lang)


def field(family: str, name: str, kind: str, lang: str, quantity: str = "") -> Field:
    """A Table Schema field of that ``kind``. ``quantity`` names what it counts, if it does."""
    title, description = _words(family, name, lang)
    made = {"name": name, "type": kind, "title": title, "description": description}
    unit = _texts()["units"].get(quantity)
    return {**made, "unit": _in(lang, unit)} if unit else made


def label(base: Field, name: str, lang: str) -> Field:
    """The field of the labels of a coded one."""
    title, description = _generic("label", base["name"], base["title"], lang)
    return {"name": name, "type": "string", "title": title, "description": description}


def about_files(kind: str, lang: str) -> str:
    """What the files of a kind of output hold; ``package`` for all of them."""
    texts = _texts()["files"]
    return _in(lang, texts.get(kind) or texts[kind.partition(":")[0]])


def _words(family: str, name: str, lang: str) -> list[str]:
    known = _texts()[family].get(name)
    return _in(lang, known) if known else _generic("unknown", name, annex_titles.title(name), lang)


def _generic(rule: str, name: str, title: str, lang: str) -> list[str]:
    texts = _in(lang, _texts()["generic"][rule])
    return [text.format(name=name, title=title) for text in texts]


def _in(lang: str, both: dict[str, Any]) -> Any:
    return both["fr" if lang == "fr" else "en"]


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    """JSON and not YAML: every conversion reads it, and it takes half a millisecond."""
    file = resources.files("ckanext.budgetod.engine").joinpath("field_texts.json")
    return json.loads(file.read_text(encoding="utf-8"))

"""Cells and columns of the annex tables: one type, one Table Schema column, one way to read.

A value that is not of its type leaves an empty cell (« NaN » is no amount): never a broken file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, cast

from .document import Column
from .fields import Field, field, label
from .readers import values

DECIMALS = frozenset({"amount", "kiloeuros", "years", "posts", "percent", "number"})
WHOLE = frozenset({"int", "people", "votes", "inhabitants", "contracts"})
_KINDS = {
    **dict.fromkeys(DECIMALS, "number"),
    **dict.fromkeys(WHOLE, "integer"),
    "date": "date",
    "year": "year",
    "bool": "boolean",
}
LABEL = "_libelle"
LONGEST_WHOLE, LONGEST_NUMBER = 18, 38
"""Figures of a whole number and of a number that other tools can hold; longer ones are none."""
ETATS = {
    "BI_S_A": "Bilan synthétique, actif",
    "BI_S_P": "Bilan synthétique, passif",
    "BI_A": "Bilan, actif",
    "BI_P": "Bilan, passif",
    "CR_S": "Compte de résultat synthétique",
    "CR": "Compte de résultat",
    "EB_DF": "Exécution, dépenses de fonctionnement",
    "EB_RF": "Exécution, recettes de fonctionnement",
    "EB_DI": "Exécution, dépenses d'investissement",
    "EB_RI": "Exécution, recettes d'investissement",
}
Lists = Mapping[str, Mapping[str, str]]


@lru_cache(maxsize=1)
def declared() -> dict[str, Any]:
    """``{"tables": {name: {"title", "fields": {name: type}}}, "lists": {list: {code: label}}}``."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    package = resources.files("ckanext.budgetod.engine")
    text = package.joinpath("annex_tables.yaml").read_text(encoding="utf-8")
    return yaml.load(text, loader)  # noqa: S506 - a safe loader


def labels(type_: str, lists: Lists) -> Mapping[str, str] | None:
    """Labels of a list of codes; None when the type is no list or its codes have no label."""
    found = ETATS if type_ == "ETAT" else lists.get(type_)
    return found if found and any(found.values()) else None


def columns(family: str, name: str, type_: str, lists: Lists, lang: str) -> list[Field]:
    """The column of a field, and the one of its label when it is a code."""
    own = field(family, name, _KINDS.get(type_, "string"), lang, type_)
    if labels(type_, lists) is None:
        return [own]
    return [own, label(own, name + LABEL, lang)]


def cells(text: str, type_: str, lists: Lists) -> list[str]:
    """The cell of a value, and the one of its label when it is a code."""
    known = labels(type_, lists)
    if known is not None:
        return [text, known.get(text.strip(), "")]
    return [_cell(text, type_)]


def column_maker(type_: str, lists: Lists) -> Callable[[Column], list[Sequence[str]]]:
    """``cells`` for whole columns of one type: the column of its cells, and of their labels."""
    known = labels(type_, lists)
    if known is not None:
        return lambda texts: [filled(texts), _labelled(texts, known)]
    if type_ == "text":
        return lambda texts: [filled(texts)]
    return lambda texts: [typed(filled(texts), type_)]


def _labelled(texts: Column, known: Mapping[str, str]) -> Sequence[str]:
    told = {text: known.get((text or "").strip(), "") for text in set(texts)}
    return [told[text] for text in texts]


def filled(texts: Column) -> Sequence[str]:
    """The cells of texts: empty where a row does not have the field."""
    return [text or "" for text in texts] if None in texts else cast(Sequence[str], texts)


def typed(texts: Sequence[str], type_: str) -> Sequence[str]:
    """The cells of typed values. Numbers written as they should be are looked at together."""
    if type_ in DECIMALS and values.plain_numbers(texts):
        return texts
    told = {
        text: _known(text, type_) if len(text) <= _REMEMBERED else _cell(text, type_)
        for text in set(texts)
    }
    return [told[text] for text in texts]


_REMEMBERED = 40
"""Longer texts are not kept in memory."""


@lru_cache(maxsize=4096)
def _known(text: str, type_: str) -> str:
    return _cell(text, type_)


def _cell(text: str, type_: str) -> str:
    """The text of a typed value; empty when it is not one (« NaN » is no amount)."""
    if not text or type_ == "text":
        return text
    try:
        return _READ.get(type_, str)(text.strip())
    except ValueError:
        return ""


def _number(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("not a number")
    decimals = text.partition(".")[2]
    return str(values.amount(text)) if len(decimals) <= 2 else _long(text)


def _long(text: str) -> str:
    """Rates have three decimals: kept as they are when they are numbers."""
    whole, _, decimals = text.partition(".")
    if not (whole.lstrip("+-").isdigit() and decimals.isdigit()):
        raise ValueError("not a number")
    return text


def _integer(text: str) -> str:
    """« 3.00 » is a whole number too."""
    whole, _, decimals = text.partition(".")
    if decimals.strip("0") or len(whole) > LONGEST_WHOLE:
        raise ValueError("not a whole number")
    return str(int(whole))


def _year(text: str) -> str:
    if len(text) != 4 or not text.isdigit():
        raise ValueError("not a year")
    return text


def _boolean(text: str) -> str:
    return "true" if values.boolean(text) else "false"


_READ: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(DECIMALS, _number),
    **dict.fromkeys(WHOLE, _integer),
    "date": lambda text: values.day(text).isoformat(),
    "year": _year,
    "bool": _boolean,
}

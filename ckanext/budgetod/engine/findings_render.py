"""Sentences for codes: French and English, made when somebody reads.

``checks/catalogue.yaml`` holds one entry per code. Its texts have four kinds of holes:
``{name}`` a plain value, ``{name:kind}`` a value written as money, int, percent, date, section…,
``{name?singulier|pluriel}`` the word that agrees with the number, ``{name??text}`` a text that is
there only when the value is. A hole without value shows an ellipsis: rendering never fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .findings import Finding
from .findings_words import MONTHS, WORDS
from .report import finding_to_dict

NBSP = "\u00a0"
ELLIPSIS = "…"
TEXTS = ("title", "what", "why", "todo")

_HOLE = re.compile(r"\{(\w+)(?:(:)(\w+)|(\?\??)([^{}]*))?\}")


def render(finding: Finding | Mapping[str, Any], lang: str = "fr") -> dict[str, Any]:
    """Texts of a finding: title, what, why, todo, anchor, ``places`` and ``table`` if it has any.

    ``places`` are its places with their note (« nature 6218, dépense, réel ») in the reader's
    language. ``table`` is ``{"caption", "columns": [...], "rows": [[...]]}`` of ready texts, or
    None.
    """
    data = finding_to_dict(finding) if isinstance(finding, Finding) else finding
    params = {"count": data.get("count", 1), **data.get("params", {})}
    texts = _render(data["code"], params, lang, data.get("level"))
    places = [_place(place, lang) for place in data.get("where") or () if any(place.values())]
    return {**texts, "places": places, "table": _table(data["code"], params, lang)}


def _place(place: Mapping[str, Any], lang: str) -> dict[str, Any]:
    words = WORDS[_language(lang)]["place"]
    parts = str(place.get("note") or "").split(", ")
    return {**place, "note": ", ".join(words.get(part, part) for part in parts)}


def render_refusal(code: str, params: Mapping[str, Any] | None = None, lang: str = "fr") -> dict:
    """Texts of a ``DocumentRefused`` (``code``, ``params``): title, what, why, todo, anchor."""
    return _render(code, params or {}, lang, "blocking")


def check_name(code: str, lang: str = "fr") -> str:
    """Name of a control in the list of controls, for example « Équilibre des crédits »."""
    return _entry(code).get("name", {}).get(_language(lang), code)


def codes() -> list[str]:
    """Every code of the catalogue."""
    return list(_catalogue())


def entry(code: str) -> Mapping[str, Any]:
    """Raw catalogue entry: level, name, texts with their holes. KeyError when unknown."""
    return _catalogue()[code]


def _render(code: str, params: Mapping[str, Any], lang: str, level: str | None) -> dict[str, Any]:
    lang = _language(lang)
    texts = _variant(_entry(code), params, level)[lang]
    filled = {name: fill(texts.get(name, ""), params, lang) for name in TEXTS}
    return {**filled, "anchor": code.lower()}


def _variant(found: Mapping[str, Any], params: Mapping[str, Any], level: str | None) -> Mapping:
    """The texts for this case: ``case``, ``variant``, ``reason`` or the level may choose them."""
    variants = found.get("variants", {})
    for key in (*(params.get(name) for name in ("case", "variant", "reason")), level):
        if key in variants:
            chosen = variants[key]
            return {lang: {**found[lang], **chosen.get(lang, {})} for lang in ("fr", "en")}
    return found


def _language(lang: str) -> str:
    return "fr" if lang[:2].lower() == "fr" else "en"


def _entry(code: str) -> Mapping[str, Any]:
    catalogue = _catalogue()
    return catalogue.get(code) or catalogue["X00"]


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    path = files("ckanext.budgetod.engine") / "checks" / "catalogue.yaml"
    text = path.read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, C or Python
    for item in loaded.values():
        for holder in (item, *item.get("variants", {}).values()):
            if "fr" in holder:
                holder["fr"] = {name: french(value) for name, value in holder["fr"].items()}
    return loaded


_SPACE_BEFORE = re.compile(r"[ \u00a0\u202f]+([;:!?»%€])")
_SPACE_AFTER = re.compile(r"«[ \u00a0\u202f]+")


def french(text: str) -> str:
    """French typography: no-break spaces at ; : ! ? « » % €, curly apostrophes."""
    text = _SPACE_BEFORE.sub(NBSP + r"\1", text.strip())
    return _SPACE_AFTER.sub("«" + NBSP, text).replace("'", "’")


def fill(template: str, params: Mapping[str, Any], lang: str) -> str:
    """A template with its holes filled."""

    def value(found: re.Match[str]) -> str:
        name, _, kind, question, words = found.groups()
        given = params.get(name)
        if question == "??":
            return fill(words.replace("<", "{").replace(">", "}"), params, lang) if given else ""
        if question:
            return _agreement(given, words, lang)
        if given is None or given == "":
            return ELLIPSIS
        return write(given, kind or "", lang)

    return _HOLE.sub(value, template)


def _agreement(given: Any, words: str, lang: str) -> str:
    """The form that agrees: in French the singular goes up to 1.99, in English for 1 only."""
    singular, _, plural = words.partition("|")
    try:
        number = abs(Decimal(str(given)))
    except InvalidOperation:
        return plural
    single = number < 2 if lang == "fr" else number == 1
    return singular if single else plural


def write(value: Any, kind: str, lang: str) -> str:
    """A value as a reader of this language writes it."""
    writer: Callable[[Any, str], str] | None = _WRITERS.get(kind)
    try:
        if writer is not None:
            return writer(value, lang)
    except (ArithmeticError, ValueError, TypeError):
        return str(value)
    words = WORDS[lang].get(kind)
    if words is not None:
        return words.get(str(value), str(value))
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def money(value: Any, lang: str = "fr") -> str:
    """``1 250,00 €`` in French, ``€1,250.00`` in English; a true minus sign."""
    amount = Decimal(str(value)).quantize(Decimal("0.01"))
    sign = "\u2212" if amount < 0 else ""
    if lang == "fr":
        return f"{sign}{_grouped(abs(amount), lang)}{NBSP}€"
    return f"{sign}€{_grouped(abs(amount), lang)}"


def _grouped(number: Decimal | int, lang: str) -> str:
    text = f"{number:,}"
    return text.translate(str.maketrans({",": NBSP, ".": ","})) if lang == "fr" else text


def _integer(value: Any, lang: str) -> str:
    return _grouped(int(value), lang)


def _decimal(value: Any, lang: str) -> str:
    return _grouped(Decimal(str(value)), lang)


def _percent(value: Any, lang: str) -> str:
    number = _grouped(Decimal(str(value)), lang)
    return f"{number}{NBSP}%" if lang == "fr" else f"{number}%"


def _day(value: Any, lang: str) -> str:
    day = date.fromisoformat(str(value)[:10])
    number = "1er" if lang == "fr" and day.day == 1 else str(day.day)
    return f"{number}{NBSP}{MONTHS[lang][day.month - 1]} {day.year}"


def _size(value: Any, lang: str) -> str:
    """Bytes as megabytes."""
    megabytes = (Decimal(int(value)) / 1_000_000).quantize(Decimal("0.1")).normalize()
    return f"{_grouped(Decimal(f'{megabytes:f}'), lang)}{NBSP}{'Mo' if lang == 'fr' else 'MB'}"


_WRITERS: dict[str, Callable[[Any, str], str]] = {
    "money": money,
    "int": _integer,
    "decimal": _decimal,
    "percent": _percent,
    "date": _day,
    "size": _size,
}


def _table(code: str, params: Mapping[str, Any], lang: str) -> dict[str, Any] | None:
    """The table of a finding, its cells written for the reader."""
    lang, rows = _language(lang), params.get("table")
    layout = _entry(code).get("table")
    if not rows or not layout:
        return None
    kinds = [column.get("kind", "") for column in layout["columns"]]
    keys = [column["key"] for column in layout["columns"]]
    return {
        "caption": fill(layout.get(lang, ""), params, lang),
        "columns": [column[lang] for column in layout["columns"]],
        "rows": [
            [_cell(row.get(key), kind, lang) for key, kind in zip(keys, kinds, strict=True)]
            for row in rows
        ],
    }


def _cell(value: Any, kind: str, lang: str) -> str:
    return "" if value is None or value == "" else write(value, kind, lang)

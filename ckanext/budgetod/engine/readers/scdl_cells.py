"""One cell of an SCDL file made by others: its right writing, and the kind of repair it took."""

from __future__ import annotations

import re
import unicodedata

from ckanext.budgetod.engine.scdl.schema import Field

from .values import clean

_NATDEC = {
    "budget primitif": ("bp", "01", "1", "budget previsionnel", "primitif"),
    "budget supplémentaire": ("bs", "03", "3", "supplementaire"),
    "décision modificative": ("dm", "02", "2"),
    "compte administratif": ("ca", "09", "9", "cfu", "10", "compte financier unique"),
}
_SECTION = {
    "fonctionnement": ("f", "exploitation", "section de fonctionnement"),
    "investissement": ("i", "section d'investissement"),
}
_OPBUDG = {"réel": ("r", "0", "reelle", "reel ou mixte", "mixte"), "ordre": ("o", "1")}
_CODRD = {"recette": ("r", "recettes"), "dépense": ("d", "depenses")}
_ARTSPE = {
    "spécialisé": ("true", "1", "oui", "vrai", "article specialise"),
    "non spécialisé": ("false", "0", "non", "faux", "article non specialise"),
}
_SPACES = re.compile(r"[\s\u00a0\u202f']")
_DECIMALS = re.compile(r"\.0+$")
_YEAR = re.compile(r"(?:\d{2}/\d{2}/)?((?:19|20)\d{2})(?:-\d{2}-\d{2})?(?:\.0+)?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def fold(text: str) -> str:
    """Lower case, no accents, single spaces: what two writings of a word have in common."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.split())


def _writings(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    found = {fold(right): right for right in words}
    for right, others in words.items():
        found.update(dict.fromkeys(others, right))
    return found


_ENUMERATIONS = {
    "BGT_NATDEC": _writings(_NATDEC),
    "BGT_SECTION": _writings(_SECTION),
    "BGT_OPBUDG": _writings(_OPBUDG),
    "BGT_CODRD": _writings(_CODRD),
    "BGT_ARTSPE": _writings(_ARTSPE),
}


def repaired_cell(field: Field, raw: str) -> tuple[str, str]:
    """The cell as the schema wants it, and the kind of repair ("" for none).

    A cell that cannot be repaired is given back as it is: the validator names it.
    """
    text = clean(raw)
    kind = "text" if text != raw.strip() else ""
    if field.name in _ENUMERATIONS:
        right = _ENUMERATIONS[field.name].get(fold(text), text)
        return right, kind or ("enumeration" if right != text else "")
    if field.kind == "number":
        right = number(text)
        return right, kind or ("number" if right != text else "")
    if field.kind == "year":
        found = _YEAR.fullmatch(text)
        right = found[1] if found else text
        return right, kind or ("year" if right != text else "")
    if field.kind == "siret" or field.longest:
        right = _code(text, field.kind == "siret")
        return right, kind or ("code" if right != text else "")
    return text, kind


def _code(text: str, spaces_out: bool) -> str:
    if spaces_out:
        text = _SPACES.sub("", text)
    without = _DECIMALS.sub("", text)
    return without if without.isdigit() else text


def number(text: str) -> str:
    """A number with a dot: decimal comma, thousands, euro sign put right; else as it was."""
    if _NUMBER.fullmatch(text):
        return text
    bare = _SPACES.sub("", text).removesuffix("€").removesuffix("EUR")
    if "," in bare and "." in bare:
        thousands = "," if bare.rindex(".") > bare.rindex(",") else "."
        bare = bare.replace(thousands, "")
    bare = bare.replace(",", ".")
    return bare if _NUMBER.fullmatch(bare) else text

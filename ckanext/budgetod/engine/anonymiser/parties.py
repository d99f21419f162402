"""Natural or legal person? What a value of an annex says of the party that it names.

Rule (reference §16.1): a code decides when there is one; without code, a value with the marks of a
legal person is shown, a person-shaped or undecidable one is hidden. Companies, associations and
public bodies must stay visible: they receive or lend public money.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ..siret import valid_siren, valid_siret
from . import patterns
from .words import LEGAL_FORMS, LEGAL_STARTS, LEGAL_WORDS, SOBER_WORDS

_WORDS = re.compile(r"[^\W_]+(?:\.[a-z]\b)*")
_SIREN = re.compile(r"(?<!\d)\d{3}\s?\d{3}\s?\d{3}(?:\s?\d{5})?(?!\d)")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-ÞŒŸ]")

_ANYWHERE = LEGAL_FORMS | LEGAL_WORDS
_LINKS = frozenset(("de", "d", "du", "des"))


def plain(text: str) -> str:
    """Lower case without accents; initials are closed up (« S.A.R.L. » -> « sarl »)."""
    folded = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    lowered = "".join(c for c in folded if not unicodedata.combining(c)).lower()
    return _INITIALS.sub(lambda match: match[0].replace(".", "") + " ", lowered)


def words(text: str) -> list[str]:
    return _WORDS.findall(plain(text))


def own_names(name: str) -> Iterator[tuple[str, ...]]:
    """How a document may write the name of its own authority, as words: whole, or without what
    kind of body it is (« Commune de Saint-Denis »: « Saint-Denis », never « Denis »)."""
    found = tuple(words(name))
    rest = found
    while rest and rest[0] in (*_ANYWHERE, *_LINKS):
        rest = rest[1:]
    yield from filter(None, (found, rest))


def is_legal(value: str) -> bool:
    """True when the value bears the mark of a company, an association or a public body."""
    if any(kind != patterns.PHONE for kind in patterns.mask(value)[1]):
        return False  # a name that stood against a number counts too
    found = words(value)
    if not found:
        return False
    if not _ANYWHERE.isdisjoint(found):
        return True
    if len(found) > 1 and found[0] in LEGAL_STARTS:
        return True
    return _is_sa(found) or has_siren(value)


def is_nobody(value: str) -> bool:
    """True for « - », « 0 »: neither a word nor a number to reach somebody."""
    return not re.search(r"[^\W\d_]{2}", value) and not patterns.hits(value)


def _is_sa(found: list[str]) -> bool:
    """« SA » at either end is the legal form; elsewhere, or after « de », it may be a surname."""
    if len(found) < 2 or found[-2:] == ["de", "sa"]:
        return False
    return "sa" in (found[0], found[-1])


def is_person_shaped(value: str) -> bool:
    """Two or three capitalised words and nothing else: what a first and a last name look like."""
    parts = re.findall(r"[^\W\d_][\w'’.\-]*", value.strip())
    whole = " ".join(parts) == " ".join(value.split())
    return whole and 2 <= len(parts) <= 4 and all(_CAPITAL.match(part) for part in parts[-2:])


def has_siren(value: str) -> bool:
    """True when a Luhn-valid SIREN or SIRET stands in the value."""
    numbers = (re.sub(r"\s", "", match[0]) for match in _SIREN.finditer(value))
    return any(valid_siret(number) or valid_siren(number) for number in numbers)


def is_sober(value: str) -> bool:
    """True when the value holds only common words of accounting labels and figures: no name."""
    return all(word in SOBER_WORDS or word[0].isdigit() for word in words(value))

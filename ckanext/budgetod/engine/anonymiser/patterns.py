"""What betrays a person in a free text: a civility before a name, an address, a number.

Every pattern is bounded and runs in linear time, whatever the length of the text. They run over
labels and objects only, never over amounts, codes or identifiers (the rules say which is which).
A bare name without any mark is not recognised: nothing tells it from a company's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

NAME, EMAIL, PHONE, IBAN, NIR = "name", "email", "phone", "iban", "nir"
MARKS = {
    NAME: "[nom occulté]",
    EMAIL: "[courriel occulté]",
    PHONE: "[téléphone occulté]",
    IBAN: "[IBAN occulté]",
    NIR: "[NIR occulté]",
}
"""What replaces each kind of hit."""
WHOLE = "occulté"
"""What replaces a text that its marks would make too long for the schema."""
_MAX_ROUNDS = 5

_UPPER = "A-ZÀ-ÖØ-ÞŒŸ"
_WORD = rf"[{_UPPER}][\w'’\-]{{1,40}}"
_LINK = r"(?:(?:de|du|des|d['’]|le|la|van|von|DE|DU|LE|LA|et|ET|&|née?|NÉE?|NEE?)\s{0,2}){0,3}"
_CIVILITY = (
    r"M\.|M|MM\.?|Mr\.?|MR\.?|M[mM][eE][sS]?\.?|M[eE]?[lL][lL][eE][sS]?\.?"
    r"|[Mm]onsieur|MONSIEUR|[Mm]essieurs|MESSIEURS|[Mm]adame|MADAME|[Mm]esdames|MESDAMES"
    r"|[Mm]ademoiselle|MADEMOISELLE|Me|[Mm]aître|MAITRE|MAÎTRE|Dr\.?|[Dd]octeur|DOCTEUR"
    r"|[Vv]euve|VEUVE|[Vv]ve|VVE|[ÉéEe]poux|EPOUX|ÉPOUX|[ÉéEe]pouse|EPOUSE|ÉPOUSE"
    r"|[Cc]onsorts|CONSORTS|[Cc]ts|CTS|[Hh]éritiers|HERITIERS|HÉRITIERS"
    r"|[Ii]ndivision|INDIVISION|[Ss]uccession|SUCCESSION|[Nn]ée|NÉE|mme|mlle|mr"
)
_NAMED = re.compile(
    rf"(?<![\w.'’])(?:{_CIVILITY})(?:\s{{0,3}}(?:et|ET|&|ou|OU|/)\s{{0,3}}(?:{_CIVILITY})(?!\w))?"
    rf"(?:\s{{1,3}}|(?<=\.))(?:[{_UPPER}]\.?[\s\-]{{1,2}}){{0,2}}{_LINK}"
    rf"(?:{_WORD})(?:\s{{1,2}}{_LINK}{_WORD}){{0,3}}"
)
_SPOKEN = re.compile(
    r"(?<![\w.'’])(?:mmes?|m[ée]?lles?|monsieur|messieurs|madame|mesdames|mademoiselle|mr)\.?\s{1,3}"
    r"(?!(?:le|la|les|l['’]|du|de|des|d['’]|et|ou|en|au|aux|un|une|maire|pr[ée]sidente?|adjointe?"
    r"|directeur|directrice|pr[ée]fet|pr[ée]f[èe]te|ministre|s[ée]nat(?:eur|rice)|d[ée]put[ée]e?)\b)"
    r"[^\W\d_][\w'’\-]{1,40}",
    re.IGNORECASE,
)
"""A civility that is nothing else, and a name in small letters."""
_FUNCTIONS = re.compile(
    r"^\S+\s+(?:LE|LA|L['’]|LES)\s*(?:MAIRE|PR[EÉ]SIDENT|ADJOINT|DIRECT|PR[EÉ]FET|TR[EÉ]SOR|COMPTABLE"
    r"|PERCEPTEUR|RECEVEUR|CONSEIL)",
    re.IGNORECASE,
)
_EPONYM = re.compile(r"^(?:Dr|Docteur|Ma[iî]tre)", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:rue|avenue|av|bd|boulevard|place|square|impasse|chemin|all[eé]e|cours|quai|pont|rond.point"
    r"|[eé]cole|coll[eè]ge|lyc[eé]e|scolaire|gymnase|stade|parc|salle|h[oô]pital|r[eé]sidence)"
    r"\.?\s{1,3}(?:du|de|des|de la|d['’])?\s{0,3}$",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}")
_LOCAL = re.compile(r"[\w.+\-]{1,64}$")
_PHONE = re.compile(
    r"(?<![\w.,])(?:(?:\+|00)33[\s.]?(?:\(0\))?[\s.]?|0)[1-9](?:[\s.\-]?\d{2}){4}(?![\d])(?![.,]\d)"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?(?!\w)")
_NIR = re.compile(
    r"(?<!\d)[1-478]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}"
    r"(?:\s?\d{2})?(?!\d)"
)
_DIGIT = re.compile(r"\d")
_SUSPECT = re.compile(
    r"[\W\d_](?:M(?:[.\s/]|[MR][.\s/]|[mM][eE]|[eE](?:[.\s]|[lL]{2}|[sS][sSdD])|r[.\s]|[lL]{2}"
    r"|[oO][nN][sS]|[aA][dD][aAeE]|[aA][iIîÎ][tT])|m(?:me|r|lle|ess|ons|ad[ae]|esd|aî)"
    r"|[Dd](?:[rR][.\s]|oct|OCT)|[Vv](?:euv|EUV|ve|VE)|[ÉéEe](?:pou|POU)|[Cc](?:onso|ONSO|ts|TS)"
    r"|[Hh][éÉEe]ri|H[EÉ]RI|[Ii]ndiv|INDIV|[Ss]uccess|SUCCESS|[Nn]ée|N[EÉ]E)"
    r"|\d[\d\s.\-()]{8}"
)
"""What every hit has, e-mails apart: a word that begins so, or figures in a row."""


class Hit(NamedTuple):
    """A place in a text that names or reaches somebody."""

    start: int
    end: int
    kind: str


def suspect(text: str) -> bool:
    """False when no pattern can match: a cheap look before the real one."""
    return "@" in text or _SUSPECT.search(f" {text}") is not None


_LETTERS = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if 97 <= byte <= 122 or byte > 127 else 32
    for byte in range(256)
)
"""For ``bytes.translate``: small letters, a blank for everything that is no letter."""
_CIVILITIES = frozenset(
    b"""
    m mm mr mme mmes mlle mlles melle melles mle me dr docteur maitre monsieur messieurs madame
    mesdames mademoiselle veuve vve epoux epouse consorts cts heritiers indivision succession nee
    """.split()
)
_MIN_DIGITS = 9


def suspect_raw(raw: bytes) -> bool:
    """As ``suspect``, for the UTF-8 text of an attribute; quicker where it is ASCII."""
    if not raw.isascii():
        return suspect(unescape(raw.decode()))
    if not _CIVILITIES.isdisjoint(raw.translate(_LETTERS).split()):
        return True
    digits = len(raw) - len(raw.translate(None, b"0123456789"))
    return digits >= _MIN_DIGITS or b"@" in raw or b"&#" in raw


def hits(text: str) -> list[Hit]:
    """Places to mask, in order, without overlap. Numbers are looked for before names."""
    found: list[Hit] = []
    taken = bytearray(len(text))
    for hit in _all(text):
        if not any(taken[hit.start : hit.end]):
            taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            found.append(hit)
    return sorted(found)


def _all(text: str) -> Iterator[Hit]:
    if "@" in text:
        yield from _emails(text)
    if _DIGIT.search(text):
        yield from (Hit(*m.span(), IBAN) for m in _IBAN.finditer(text) if _is_iban(m[0]))
        yield from (Hit(*m.span(), NIR) for m in _NIR.finditer(text))
        yield from (Hit(*m.span(), PHONE) for m in _PHONE.finditer(text))
    yield from (Hit(*m.span(), NAME) for m in _NAMED.finditer(text) if _is_person(m, text))
    yield from (Hit(*m.span(), NAME) for m in _SPOKEN.finditer(text))


def _emails(text: str) -> Iterator[Hit]:
    for match in _DOMAIN.finditer(text):
        start = max(0, match.start() - 64)
        local = _LOCAL.search(text[start : match.start()])
        if local:
            yield Hit(start + local.start(), match.end(), EMAIL)


def _is_iban(text: str) -> bool:
    """The check of ISO 13616: the number read modulo 97 is 1."""
    compact = re.sub(r"\s", "", text)
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_person(match: re.Match[str], text: str) -> bool:
    """A function (« M. LE MAIRE ») or a street's name (« rue du Docteur … ») names nobody here."""
    if _FUNCTIONS.match(match[0]):
        return False
    before = text[max(0, match.start() - 40) : match.start()]
    return not (_EPONYM.match(match[0]) and _PLACE.search(before))


def mask(text: str, limit: int = 100) -> tuple[str, list[str]]:
    """The text with its hits replaced, at most ``limit`` long, and the kinds that were found.

    What is masked can free what stood against it (a name after a number): looked at again until
    nothing more is found, so that masking twice is masking once.
    """
    masked, kinds = text, []
    for _ in range(_MAX_ROUNDS):
        found = hits(masked)
        if not found:
            break
        masked = _replaced(masked, found)
        kinds += [hit.kind for hit in found]
    if len(masked) > max(limit, len(text)):
        masked = WHOLE[:limit]
    return masked, kinds


def _replaced(text: str, found: list[Hit]) -> str:
    pieces, done = [], 0
    for hit in found:
        pieces += [text[done : hit.start], MARKS[hit.kind]]
        done = hit.end
    return "".join([*pieces, text[done:]])

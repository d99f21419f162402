"""What betrays a person in a free text: a civility before a name, an address, a number.

Every pattern is bounded and runs in linear time, whatever the length of the text. They run over
labels and objects only, never over amounts, codes or identifiers (the rules say which is which).
A bare name without any mark is not recognised: nothing tells it from a company's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ..readers.values import clean
from .words import LEGAL_FORMS

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

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
"""A capital of any alphabet (small letters beyond latin-1 with it: a name may begin so)."""
_JOIN = "'’\\-‐‑–"
"""What joins the parts of a name; word processors make a dash of a hyphen."""
_WORD = rf"{_CAPITAL}[\w{_JOIN}\u0300-\u036f]{{1,40}}"
_LINK = r"(?:(?:de|du|des|d['’]|le|la|van|von|DE|DU|LE|LA|et|ET|&|née?|NÉE?|NEE?)\s{0,2}){0,3}"
_PLURAL = (
    r"MM\.?|M[mM][eE][sS]\.?|M[eE]?[lL][lL][eE][sS]\.?|Mrs|MRS|[Mm]essieurs|MESSIEURS"
    r"|[Mm]esdames|MESDAMES|[Mm]esdemoiselles|MESDEMOISELLES|[Cc]onsorts|CONSORTS|[Cc]ts|CTS"
    r"|[Hh]éritiers|HERITIERS|HÉRITIERS"
)
_CIVILITY = (
    r"M\.|M|MM\.?|Mr\.?|MR\.?|M[mM][eE][sS]?\.?|M[eE]?[lL][lL][eE][sS]?\.?"
    r"|[Mm]onsieur|MONSIEUR|[Mm]adame|MADAME"
    r"|[Mm]ademoiselle|MADEMOISELLE|M[eE]|[Mm]aître|MAITRE|MAÎTRE|Maitre|D[rR]\.?|[Dd]octeur|DOCTEUR"
    r"|[Vv]euve|VEUVE|[Vv]ve|VVE|[ÉéEe]poux|EPOUX|ÉPOUX|[ÉéEe]pouse|EPOUSE|ÉPOUSE"
    rf"|[Ii]ndivision|INDIVISION|[Ss]uccession|SUCCESSION|[Nn]ée|NÉE|NEE|mme|mlle|mr|{_PLURAL}"
)
_BEFORE = r"(?<![^\W_])(?<![.'’])"
"""What stands before a civility: no letter, no figure, no dot of an acronym."""
_GAP = (
    rf"(?:\s{{1,8}}(?:{_CAPITAL}(?:\.[\s\-]{{0,2}}|[\s\-]{{1,2}})){{0,4}}"
    rf"|(?<=\.)(?:{_CAPITAL}\.?[\s\-]{{1,2}}){{0,2}})"
)
"""Between a civility and a name: blanks and initials. « M.J.C. Arcades » is an acronym."""
_QUOTE = r"(?:[\"«“‘]\s?)?"
_NAMED = re.compile(
    rf"{_BEFORE}(?:{_CIVILITY})(?:\s{{0,3}}(?:et|ET|&|ou|OU|/)\s{{0,3}}(?:{_CIVILITY})(?!\w))?"
    rf"{_GAP}{_QUOTE}{_LINK}(?:{_WORD})(?:\s{{1,2}}{_LINK}{_WORD}){{0,3}}"
)
_SEVERAL = re.compile(
    rf"{_BEFORE}(?:{_PLURAL}){_GAP}{_LINK}{_WORD}(?:(?:\s?,\s{{0,2}}|\s{{1,2}}){_LINK}{_WORD}){{0,8}}"
)
"""« MM. Durand, Petit et Martin »."""
_APART = re.compile(
    rf"{_BEFORE}(?:M\.|M[mM][eE]|M[eE]?[lL][lL][eE]|[Mm]onsieur|MONSIEUR|[Mm]adame|MADAME)\.?"
    rf"\s{{0,2}}[:,_/\-–]\s{{0,2}}(?!(?:{_CIVILITY})(?!\w)){_WORD}"
    rf"(?:\s{{1,2}}{_LINK}{_WORD}){{0,3}}"
)
"""« Mme : Durand », « Mme_DURAND », « Mme/Durand »."""
_NO_NAME = (
    r"(?!(?:le|la|les|l['’]|du|de|des|d['’]|et|ou|en|à|a|au|aux|un|une|par|pour|sans|avec|sur|non"
    r"|maire|pr[ée]sidente?|adjointe?|directeur|directrice|pr[ée]fet|pr[ée]f[èe]te|ministre"
    r"|s[ée]nat(?:eur|rice)|d[ée]put[ée]e?|vacante?s?|successorale|foresti[èe]re|fonci[èe]re"
    r"|inconnue?s?)(?!\w))"
)
_SAID = rf"{_NO_NAME}[^\W\d_][\w{_JOIN}]{{1,40}}"
_MORE = rf"(?:\s{{1,2}}{_SAID}){{0,2}}"
"""Nothing tells where a name in small letters ends: two more words go with it."""
_SPOKEN = re.compile(
    rf"{_BEFORE}(?:mmes?|m[ée]?lles?|monsieur|messieurs|madame|mesdames|mesdemoiselles|mademoiselle"
    r"|mr|veuve|vve|[ée]poux|[ée]pouse|n[ée]e|consorts|h[ée]ritiers|indivision|succession)"
    rf"\.?\s{{1,3}}{_SAID}{_MORE}",
    re.IGNORECASE,
)
"""A civility that is nothing else, and a name in small letters."""
_SMALL = re.compile(rf"{_BEFORE}M\.\s{{0,3}}(?=[a-zß-öø-ÿ]){_SAID}{_MORE}")
"""« M. durand »."""
_FUNCTIONS = re.compile(
    r"^\S+\s+(?:(?:LE|LA|LES)\s+|L['’]\s*)(?:MAIRE|PR[EÉ]SIDENT|ADJOINT|DIRECT|PR[EÉ]FET|TR[EÉ]SOR|COMPTABLE"
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
_LOCAL = re.compile(r"[\w.+'’\-]{1,64}$")
_DASH = r"\-‐‑–"
_PHONE = re.compile(
    r"(?<!\w)(?<!\d[.,])(?:(?:\+|00\s?)(?:33|26[29]|59[046]|508|68[179])[\s.\-]?(?:\(0\))?[\s.]?[1-9]"
    r"|0[1-9]|\(0[1-9]\))(?:(?:[\s.\-]?\d{2}){4}|(?:/\d{2}){4}|(?:\s{1,2}\d{2}){4}"
    rf"|(?:\s?[{_DASH}]\s?\d{{2}}){{4}})(?!\d)(?![.,]\d)"
)
"""Metropolitan, or of an overseas territory with its own code."""
_IBAN = re.compile(
    r"(?<!\w)[A-Za-z]{2}\d{2}(?:[\s\-]?[A-Za-z0-9]{4}){2,7}(?:[\s\-]?[A-Za-z0-9]{1,3})?(?!\w)"
)
_NO_DECIMALS = "".join(rf"(?<!(?<!\d)\d{{{size}}}[.,])" for size in (1, 2, 3))
"""Not the decimals of a rate; after a longer number, a comma separates two numbers of a list."""
_NIR = re.compile(
    rf"(?<!\d){_NO_DECIMALS}[1-478]\s?\d{{2}}\s?(?:0[1-9]|1[0-2]|[235-9]\d|4[0-2])"
    r"\s?(?:0[1-9]|[1-9]\d|2[ABab])\s?(?!000)\d{3}\s?(?!000)\d{3}(?:\s?\d{2})?"
    r"(?!\d)(?![.,]\d{1,2}(?!\s?\d))"
)
"""Sex, year, month, département, commune, rank, key. A wrong key clears nothing: a number with one
wrong figure still points at somebody. What ends with its cents is an amount."""
_NIR_APART = re.compile(
    rf"(?<!\d)(?<!\d[.,])[1-478](?P<apart>[.{_DASH}]|\s{{1,2}})\d{{2}}(?P=apart)\d{{2}}(?P=apart)"
    r"(?:\d{2}|2[ABab])(?P=apart)\d{3}(?P=apart)\d{3}(?:(?P=apart)\d{2})?(?!\d)"
)
"""The same in groups."""
NUMBERS = (_IBAN, _NIR, _NIR_APART, _PHONE)
"""What a number of somebody looks like."""
_TITLE = re.compile(
    r"[\W\d_](?:m(?:[.\s/&]|m[.\s/e]|r|e(?:[.\s]|lle|s[sd])|[ée]?l(?:l|e[.\s])|ons|ad[ae]|a[iî]t)"
    r"|d(?:r[.\s]|oct)|v(?:euv|ve)|[ée]pou|c(?:onso|ts)|h[ée]ri|indiv|success|n[ée]e)",
    re.IGNORECASE,
)
_FIGURES = re.compile(rf"\d[\d\s./(){_DASH}]{{8}}|2[ABab]\W{{0,2}}\d{{3}}|[A-Za-z]{{2}}\d{{2}}")
"""What every hit has, e-mails apart: a word that begins so, or figures in a row (with the letter of
Corsica in a NIR)."""


class Hit(NamedTuple):
    """A place in a text that names or reaches somebody."""

    start: int
    end: int
    kind: str


def suspect(text: str) -> bool:
    """False when no pattern can match: a cheap look before the real one."""
    text = readable(text)
    return "@" in text or _may_name(text) or _FIGURES.search(text) is not None


def _may_name(text: str) -> bool:
    return _TITLE.search(f" {text}") is not None


_UNREADABLE = re.compile(
    "[\x80-\x9f\xad\u0300-\u036f\u180e\u200b-\u200f\u2060-\u2064\ufeff]"
    "|[ÂÃâ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
)
_INVISIBLE = dict.fromkeys((0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF))


_CODE = re.compile(r"(?:[^\s@\d/.]|\.(?!xsl))*(?:[\d/]|\.xsl)[^\s@]*|true|false|")
_PLAIN = re.compile(r"[^\s@]*")
_TITLED = re.compile(r"m\.[^\W\d_]{2}|(?:mme|mlle|melle|mr|monsieur|madame)[.:_\-]", re.IGNORECASE)


def is_code(text: str) -> bool:
    """True for a technical identifier: no blank, no @, and a figure (or a path, true, false)."""
    return _CODE.fullmatch(text) is not None


def is_plain(text: str) -> bool:
    """True for what looks like a code, a number, a date: no blank, no @, no « M.Durand »."""
    return _PLAIN.fullmatch(text) is not None and not _TITLED.search(text)


def readable(text: str) -> str:
    """The text as whoever reads a published table sees it: badly coded characters put right,
    accents made one with their letter, what is invisible left out."""
    if text.isascii() or not _UNREADABLE.search(text):
        return text
    return unicodedata.normalize("NFC", clean(text).translate(_INVISIBLE))


def hits(text: str) -> list[Hit]:
    """Places to mask in ``readable(text)``, in order, without overlap; numbers, then names."""
    text = readable(text)
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
    if _FIGURES.search(text):
        yield from (Hit(*m.span(), IBAN) for m in _IBAN.finditer(text) if _is_iban(m[0]))
        for pattern in (_NIR, _NIR_APART):
            yield from (Hit(*m.span(), NIR) for m in pattern.finditer(text))
        yield from (Hit(*m.span(), PHONE) for m in _PHONE.finditer(text))
    if not _may_name(text):
        return
    for pattern in (_SEVERAL, _NAMED):
        yield from (Hit(*m.span(), NAME) for m in pattern.finditer(text) if _is_person(m, text))
    for pattern in (_APART, _SPOKEN, _SMALL):
        yield from (Hit(*m.span(), NAME) for m in pattern.finditer(text))


def _emails(text: str) -> Iterator[Hit]:
    for match in _DOMAIN.finditer(text):
        start = max(0, match.start() - 64)
        local = _LOCAL.search(text[start : match.start()])
        if local:
            yield Hit(start + local.start(), match.end(), EMAIL)


def _is_iban(text: str) -> bool:
    """The check of ISO 13616: the number read modulo 97 is 1."""
    compact = re.sub(r"[\s\-]", "", text)
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_person(match: re.Match[str], text: str) -> bool:
    """A function (« M. LE MAIRE »), a street's name (« rue du Docteur … ») or a company's initials
    (« DR HABITAT SARL ») name nobody here."""
    if _FUNCTIONS.match(match[0]):
        return False
    if match[0].startswith(("ME ", "DR ")) and not LEGAL_FORMS.isdisjoint(text.lower().split()):
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
        masked = _replaced(readable(masked), found)
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

"""SIREN and SIRET numbers: are they valid, and which one to use when the file's is wrong.

Rule: Luhn's key over 9 or 14 digits; establishments of La Poste (SIREN 356000000) have their own
rule, a sum of digits that five divides.
"""

from __future__ import annotations

from .document import Header

LA_POSTE = "356000000"


def bare(text: str) -> str:
    """A number without the blanks that group its digits."""
    return "".join(text.split())


def valid_siren(text: str) -> bool:
    """Nine digits with a right key."""
    return len(text) == 9 and _digits(text) and _luhn(text)


def valid_siret(text: str) -> bool:
    """Fourteen digits with a right key."""
    if len(text) != 14 or not _digits(text):
        return False
    if text.startswith(LA_POSTE) and sum(map(int, text)) % 5 == 0:
        return True
    return _luhn(text)


def usable_siret(header: Header, given: str | None = None, first: Header | None = None) -> str:
    """The SIRET to publish under: the file's own, else the one given; "" when there is none.

    What is given never replaces a valid one, which may be that of another establishment. ``first``
    is the first Budget of the document: what is given stands for the SIRET that it states. Nothing
    is repaired in silence: who repairs (a person, the portal) gives the right one. ValueError when
    the one given is not valid.
    """
    wanted = bare(given or "")
    if wanted and not valid_siret(wanted):
        raise ValueError(f"not a valid SIRET: {given}")
    if valid_siret(header.siret):
        return header.siret
    return wanted if first is None or header.siret == first.siret else ""


def candidate_siret(header: Header) -> str:
    """A valid SIRET of the same SIREN elsewhere in the header, to offer as a repair; or ""."""
    others = (header.id_coll, header.siret_principal)
    same = (text for text in others if text[:9] == header.siren)
    return next((text for text in same if valid_siret(text)), "")


def _digits(text: str) -> bool:
    """Digits, not all zero: zeros have a right key and stand for "unknown"."""
    return text.isascii() and text.isdigit() and text.strip("0") != ""


def _luhn(text: str) -> bool:
    doubled = (int(c) * (1 + rank % 2) for rank, c in enumerate(reversed(text)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0

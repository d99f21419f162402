"""SIREN and SIRET: the identifiers of French legal units and of their establishments."""

from __future__ import annotations

import re


def passes_luhn(digits: str) -> bool:
    """Check key of Sirene's numbers: every second digit from the right is doubled (ISO 7812)."""
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0


def without_spaces(text: str) -> str:
    """ "215 403 957" -> "215403957": numbers are often written in groups."""
    return re.sub(r"[\s.]", "", text)


def valid_siren(siren: str) -> bool:
    """Nine digits with the right key, not all zero."""
    return bool(re.fullmatch(r"[0-9]{9}", siren)) and int(siren) > 0 and passes_luhn(siren)


def valid_siret(siret: str) -> bool:
    """Fourteen digits: a valid SIREN, an establishment number, the right key."""
    return bool(re.fullmatch(r"[0-9]{14}", siret)) and valid_siren(siret[:9]) and passes_luhn(siret)


def siren_list(text: str) -> list[str]:
    """ "215403957, 265400012" -> both, in order, once each, whatever separates them."""
    grouped = re.sub(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}\b)", "", text)
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", grouped)))

"""Numbers that vendors typed by hand: ``InformationsGenerales`` is free text.

Seen in real documents: ``"112 864"`` (plain and no-break spaces), ``"1 234,56"``, ``"85,2 %"``,
``"0,22€"``, ``"500 TTC"``, ``"NaN"``, an empty string, no value at all.
"""

from __future__ import annotations

import re
from decimal import Decimal

from .document import Header

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f']+")
_NUMBER = re.compile(r"^([+-]?\d{1,15}(?:[.,]\d{1,10})?)(?:%|€|EUR|HT|TTC|euros?)?$", re.IGNORECASE)
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:\.\d{3})+,\d+$")


def parse_number(text: str) -> Decimal | None:
    """The number a person meant, or None when it cannot be said for sure."""
    compact = _SPACES.sub("", text)
    if _THOUSANDS.match(compact):
        compact = compact.replace(".", "")
    found = _NUMBER.match(compact)
    return Decimal(found.group(1).replace(",", ".")) if found else None


def population(header: Header) -> int | None:
    """Inhabitants as the document states them (``PopTot``), None when absent or not a count."""
    number = parse_number(header.information("PopTot"))
    if number is None or number <= 0 or number != number.to_integral_value():
        return None
    return int(number)

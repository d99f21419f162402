"""How SIREN and SIRET are written by people: in groups, in lists."""

from __future__ import annotations

import re


def without_spaces(text: str) -> str:
    """ "215 403 957" -> "215403957": numbers are often written in groups."""
    return re.sub(r"[\s.]", "", text)


def siren_list(text: str) -> list[str]:
    """ "215403957, 265 400 012" -> both, in order, once each, whatever separates them."""
    grouped = re.sub(r"(?<=\b[0-9]{3})\s([0-9]{3})\s(?=[0-9]{3}\b)", r"\1", text)
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", grouped)))

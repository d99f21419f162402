"""From the plan that a balance of the DGFiP names (``nomen``) to a nomenclature of ours.

The DGFiP writes the norm, and an A for its abridged plan; documents write norm and declination. The
norm is certain; the declination depends on the year (M57 exists as M57_A and M57_D since 2022, M43
is one plan since 2022) and, in M14, on inhabitants (fewer than 500, fewer than 3,500) and on the
kind of establishment. A plan of the wrong declination still answers: labels come from the siblings
(see ``plans``). What is not in the table is given as ``X-X``, which no plan knows: it is reported.
"""

from __future__ import annotations

SPLIT = 2022
"""First year of the developed and abridged M57, and of the only M43."""

_ALWAYS = {
    "M4": "M4-M4",
    "M41": "M4-M41",
    "M42": "M4-M42",
    "M44": "M4-M44",
    "M49": "M4-M49_D",
    "M49A": "M4-M49_A",
    "M52": "M52-M52",
    "M61": "M61-M61",
    "M71": "M71-M71",
}
_BY_YEAR = {
    "M57": ("M57-M57", "M57-M57_D"),
    "M57A": ("M57-M57", "M57-M57_A"),
    "M43": ("M4-M43_D", "M4-M43"),
    "M43A": ("M4-M43_A", "M4-M43"),
}
_CCAS = "431"
"""``ctype`` of CCAS and CIAS."""


def nomenclature_of(
    nomen: str, exercice: int, ctype: str = "", population: int | None = None
) -> str:
    """``M57-M57_D`` for ``M57`` in 2024; ``X-X`` for an unknown X, "" for none."""
    code = nomen.strip().upper().replace(" ", "")
    if code in _ALWAYS:
        return _ALWAYS[code]
    if code in _BY_YEAR:
        return _BY_YEAR[code][exercice >= SPLIT]
    if code in ("M14", "M14A"):
        return f"M14-{_m14(code, ctype, population)}"
    return f"{code}-{code}" if code else ""


def _m14(code: str, ctype: str, population: int | None) -> str:
    """The fullest plan when the number of inhabitants is not known."""
    people = 3500 if population is None else population
    if ctype == _CCAS:
        return "M14_CCAS_SUP3500" if people >= 3500 else "M14_CCAS_INF3500"
    if code == "M14A" or people < 500:
        return "M14_COM_INF500"
    return "M14_COM_SUP3500" if people >= 3500 else "M14_COM_500_3500"

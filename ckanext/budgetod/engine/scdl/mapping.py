"""From a resolved line to the cells of a row, strict (SCDL 0.8.3) or extended.

Rows are lists of text in the order of ``schema.COLUMNS`` or ``schema.EXTENDED_COLUMNS``. Identical
rows stay apart: the same account may be voted twice. Rules: reference §7-8 and §16.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    ResolvedLine,
    Stage,
)
from ckanext.budgetod.engine.readers.values import amount

from .schema import MTSUP, MTSUP_COLUMNS

NameRule = Literal["auto", "collectivite", "etablissement"]

STAGES = {stage: stage.nom for stage in Stage} | {Stage.CFU: Stage.CA.nom}
"""The schema knows no compte financier unique: it replaces the compte administratif."""

SECTIONS = {"F": "fonctionnement", "I": "investissement"}
SIDES = {"R": "recette", "D": "dépense"}
ORDRE = {"0": "réel", "1": "ordre"}
ARTSPE = {True: "spécialisé", False: "non spécialisé", None: ""}


def stage_detail(header: Header) -> str:
    """The true stage, in French: "compte financier unique", "décision modificative n° 2"."""
    name = header.stage.nom
    if header.stage is Stage.DM and header.numero_dm:
        return f"{name} n° {header.numero_dm}"
    return name


def budget_name(header: Header, rule: NameRule = "auto") -> str:
    """BGT_NOM: the authority for a principal budget, the establishment for an annexe."""
    names = (header.libelle_collectivite, header.libelle_etablissement)
    wants_establishment = rule == "etablissement" or (rule == "auto" and header.is_annexe)
    first, other = reversed(names) if wants_establishment else names
    return first or other or header.libelle_principal


def euros(value: Decimal | None) -> str:
    """The amount as the file writes it: a dot, no exponent, "" for none."""
    return "" if value is None else f"{value:f}"


class StrictRows:
    """Makes strict rows of one budget. ``siret`` is the one to publish under."""

    def __init__(self, header: Header, siret: str, name_rule: NameRule = "auto") -> None:
        self._start = [
            STAGES[header.stage],
            str(header.exercice),
            siret,
            budget_name(header, name_rule),
        ]

    def row(self, resolved: ResolvedLine) -> list[str]:
        """The 22 cells of a line; one voted by chapter, without account, names its chapter."""
        line = resolved.line
        return [
            *self._start,
            resolved.chapitre,
            resolved.chapitre_label,
            line.nature or resolved.chapitre,
            resolved.nature_label if line.nature else resolved.chapitre_label,
            line.fonction,
            resolved.fonction_label,
            line.operation,
            SECTIONS.get(resolved.section, ""),
            ORDRE.get(line.op_budg, ""),
            SIDES.get(line.cod_rd, ""),
            euros(line.mt_real),
            euros(line.mt_budg_prec),
            euros(line.mt_rar_prec),
            euros(line.mt_prop_nouv),
            euros(line.mt_prev),
            euros(line.cred_ouv),
            euros(line.mt_rar_3112),
            ARTSPE[line.art_spe],
        ]


class ExtendedRows:
    """Makes extended rows of one budget: what the strict schema has no column for.

    ``fonction_label`` gives the label of a function of the first level (``Resolver``'s).
    """

    def __init__(self, header: Header, fonction_label: Callable[[str], str]) -> None:
        self._by_function = header.nat_fonc == "2"
        self._fonction_label = fonction_label
        self._start = [
            stage_detail(header),
            header.libelle_etablissement,
            "annexe" if header.is_annexe else "principal",
        ]

    def row(self, strict: list[str], resolved: ResolvedLine) -> list[str]:
        """``strict`` and the further cells of the same line."""
        line = resolved.line
        own = resolved.chapter_origin is ChapterOrigin.FUNCTION
        level = first_level(line.fonction, self._by_function)
        return [
            *strict,
            *self._start,
            resolved.chapitre if own else line.cont_fon,
            level,
            self._fonction_label(level) if level else "",
            *supplements(line),
        ]


def first_level(fonction: str, by_function: bool) -> str:
    """The first level of a function: 020 -> 0; voted by function, 93020 -> 0 (90 and 93 only)."""
    if not by_function:
        return fonction[:1]
    return fonction[2:3] if fonction.startswith(("90", "93")) else ""


_NO_SUPPLEMENTS = [""] * (len(MTSUP_COLUMNS) + 1)


def supplements(line: BudgetLine) -> list[str]:
    """Cells of the supplementary amounts; the last one holds those without a column."""
    if not line.mt_sup:
        return _NO_SUPPLEMENTS
    found: dict[str, str] = {}
    others: list[str] = []
    for code, text in line.mt_sup:
        column = MTSUP.get(code.upper())
        value = _euros(text)
        if column is not None and column not in found and value is not None:
            found[column] = value
        elif text:
            others.append(f"{code}={text}")
    return [*[found.get(column, "") for column in MTSUP_COLUMNS], ";".join(others)]


def _euros(text: str) -> str | None:
    """The amount as the file writes it; None when it is none."""
    try:
        return euros(amount(text))
    except ValueError:
        return None

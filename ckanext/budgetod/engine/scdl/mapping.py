"""From resolved lines to the cells of rows, strict (SCDL 0.8.3) or extended.

Lines become columns of text, many at a time, in the order of ``schema.COLUMNS`` or
``schema.EXTENDED_COLUMNS``. Identical rows stay apart: the same account may be voted twice. Rules:
reference §7-8 and §16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from ckanext.budgetod.engine.document import (
    ChapterOrigin,
    Header,
    ResolvedLine,
    ResolvedLines,
    Stage,
)
from ckanext.budgetod.engine.readers.values import amount

from .schema import MTSUP, MTSUP_COLUMNS, MTSUP_OTHERS

Column = Sequence[Any]
NameRule = Literal["auto", "collectivite", "etablissement"]

STAGES = {stage: stage.nom for stage in Stage} | {Stage.CFU: Stage.CA.nom}
"""The schema knows no compte financier unique: it replaces the compte administratif."""

SECTIONS = {"F": "fonctionnement", "I": "investissement"}
SIDES = {"R": "recette", "D": "dépense"}
ORDRE = {"0": "réel", "1": "ordre"}
_LONGEST = 40
"""Characters of an amount; no real one comes near."""
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

    def columns(self, lines: ResolvedLines) -> list[Column]:
        """The 22 columns of some lines; those without account, voted by chapter, name it."""
        found, line = lines.found, lines.line
        natures = line.nature
        return [
            *[(text,) * len(lines) for text in self._start],
            found.chapitre,
            found.chapitre_label,
            _first_of(natures, natures, found.chapitre),
            _first_of(natures, found.nature_label, found.chapitre_label),
            line.fonction,
            found.fonction_label,
            line.operation,
            [SECTIONS.get(section, "") for section in found.section],
            [ORDRE.get(ordre, "") for ordre in line.op_budg],
            [SIDES.get(side, "") for side in line.cod_rd],
            *[list(map(euros, amounts)) for amounts in line.amounts],
            [ARTSPE[special] for special in line.art_spe],
        ]

    def row(self, resolved: ResolvedLine) -> list[str]:
        """The 22 cells of a line."""
        return [text for (text,) in self.columns(ResolvedLines.of([resolved]))]


def _first_of(marks: Column, texts: Column, others: Column) -> Column:
    """``texts`` where there is a mark, ``others`` elsewhere."""
    if all(marks):
        return texts
    return [t if mark else o for mark, t, o in zip(marks, texts, others, strict=True)]


class ExtendedRows:
    """Makes the further columns of extended rows: what the strict schema has no column for.

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

    def columns(self, lines: ResolvedLines) -> list[Column]:
        """The columns that follow the strict ones of some lines."""
        found, line = lines.found, lines.line
        own = [origin is ChapterOrigin.FUNCTION for origin in found.chapter_origin]
        levels = {code: first_level(code, self._by_function) for code in set(line.fonction)}
        labels = {code: self._fonction_label(code) for code in set(levels.values()) if code}
        return [
            *[(text,) * len(lines) for text in self._start],
            _first_of(own, found.chapitre, line.cont_fon),
            [levels[code] for code in line.fonction],
            [labels.get(levels[code], "") for code in line.fonction],
            *supplements(line.mt_sup),
        ]


def first_level(fonction: str, by_function: bool) -> str:
    """The first level of a function: 020 -> 0; voted by function, 93020 -> 0 (90 and 93 only)."""
    if not by_function:
        return fonction[:1]
    return fonction[2:3] if fonction.startswith(("90", "93")) else ""


Pairs = tuple[tuple[str, str], ...]


def supplements(mt_sup: Sequence[Pairs]) -> list[Column]:
    """Columns of the supplementary amounts of lines; the last one holds those without a column."""
    told = {pairs: _supplements(pairs) for pairs in set(mt_sup)}
    met = {name for found in told.values() for name in found}
    blank = ("",) * len(mt_sup)
    return [
        [told[pairs].get(name, "") for pairs in mt_sup] if name in met else blank
        for name in (*MTSUP_COLUMNS, MTSUP_OTHERS)
    ]


def _supplements(pairs: Pairs) -> dict[str, str]:
    """Column -> cell of the supplementary amounts of a line."""
    found: dict[str, str] = {}
    others: list[str] = []
    for code, text in pairs:
        column = MTSUP.get(code.upper())
        stated = text.strip()
        value = _euros(stated) if len(stated) <= _LONGEST else None
        if column is not None and column not in found and value is not None:
            found[column] = value
        elif text:
            others.append(f"{code}={text}")
    return {**found, MTSUP_OTHERS: ";".join(others)} if others else found


@lru_cache(maxsize=4096)
def _euros(text: str) -> str | None:
    """The amount as the file writes it; None when it is none."""
    try:
        return euros(amount(text))
    except ValueError:
        return None

"""Which nomenclature is an SCDL file written in? It does not say: its codes and labels do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ckanext.budgetod.engine.nomenclature import Plans
from ckanext.budgetod.engine.nomenclature.family import Family
from ckanext.budgetod.engine.scdl.schema import COLUMNS

from ..numbers import whole
from .scdl_cells import fold

_YEAR, _CHAPTER, _NATURE, _LABEL = map(
    COLUMNS.index, ("BGT_ANNEE", "BGT_CONTNAT", "BGT_NATURE", "BGT_NATURE_LABEL")
)
_SAME_LABEL, _SAME_CODE = 3, 1


def guess_nomenclature(plans: Plans, rows: Iterable[list[str]]) -> str:
    """The nomenclature whose plans know most of the codes, with the same labels; "" for none."""
    asked = Counter((row[_YEAR], row[_CHAPTER], row[_NATURE], fold(row[_LABEL])) for row in rows)
    scores: Counter[str] = Counter()
    for name in plans.names:
        family = plans.family(name)
        if family is not None:
            scores[name] = sum(_score(family, *question) for question in asked)
    best = scores.most_common(1)
    return best[0][0] if best and best[0][1] else ""


def _score(family: Family, year: str, chapter: str, nature: str, label: str) -> int:
    exercice = whole(year)
    if exercice is None or exercice not in family.years:
        return 0
    bit = family.bits(exercice)[0]
    chapters = ("chapitre", "chapitre_fonction")
    score = sum(bool(chapter and family.find(kind, chapter, bit)) for kind in chapters)
    entry = family.find("compte", nature, bit) or family.find("chapitre", nature, bit)
    if entry is None:
        return score
    return score + (_SAME_LABEL if label and fold(entry.label) == label else _SAME_CODE)

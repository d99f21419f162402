"""Indicators of the OFGL for one SIREN and exercice: a shape of its own, never SCDL.

One row per budget and aggregate. The OFGL publishes aggregates, no account, chapter, side or kind
of operation: they cannot be lines of a budget. Aggregates overlap (« Dépenses totales » holds
« Dépenses de fonctionnement », which holds « Frais de personnel »): they are never added up.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from .choices import worded
from .fields import Field, field
from .outputs import Output
from .readers.balance import code
from .readers.values import clean
from .scdl.writer import write_csv

Row = Mapping[str, str | None]
KIND = "indicateurs"
TITLES = ("indicateurs financiers de l'OFGL", "financial indicators of the OFGL")
DESCRIPTIONS = {
    "fr": "Indicateurs financiers calculés par l'OFGL à partir des balances de la DGFiP. Les "
    "agrégats se recoupent (chacun peut en contenir d'autres) : ne les additionnez jamais. Ce ne "
    "sont ni des lignes de budget ni des données au format SCDL.",
    "en": "Financial indicators computed by the OFGL from the DGFiP's balances. Aggregates overlap "
    "(one may hold others): never add them up. They are neither budget lines nor SCDL data.",
}
SOURCE = "OFGL, d'après la DGFiP"
STRATA = ("strate", "tranche_population", "gfp_tranche_population", "dep_tranche_population")
"""Names under which the bases of the OFGL give the stratum; ``strate`` is the caller's."""

MAIN_AGGREGATES = (
    "Dépenses totales",
    "Recettes totales",
    "Dépenses totales hors remb",
    "Recettes totales hors emprunts",
    "Dépenses de fonctionnement",
    "Achats et charges externes",
    "Frais de personnel",
    "Dépenses d'intervention",
    "Charges financières",
    "Recettes de fonctionnement",
    "Impôts et taxes",
    "Impôts locaux",
    "Fiscalité reversée",
    "Concours de l'Etat",
    "Dotation globale de fonctionnement",
    "Ventes de biens et services",
    "Epargne de gestion",
    "Epargne brute",
    "Epargne nette",
    "Dépenses d'investissement",
    "Dépenses d'investissement hors remb",
    "Dépenses d'équipement",
    "Subventions d'équipement versées",
    "Remboursements d'emprunts hors GAD",
    "Recettes d'investissement",
    "Recettes d'investissement hors emprunts",
    "FCTVA",
    "Emprunts hors GAD",
    "Capacité ou besoin de financement",
    "Flux net de dette",
    "Encours de dette",
    "Annuité de la dette",
    "Fonds de roulement",
    "Variation du fonds de roulement",
)
"""Names of the OFGL, in the order of its tables; the others follow by name."""

_RANK = {name: rank for rank, name in enumerate(MAIN_AGGREGATES)}
_CENT = Decimal("0.01")


class Column(NamedTuple):
    """A column: Table Schema type, and the quantity that it counts ("" for none).

    Its words stand in ``field_texts.json``.
    """

    name: str
    kind: str
    quantity: str = ""


COLUMNS = (
    Column("IND_EXERCICE", "year"),
    Column("IND_SIREN", "string"),
    Column("IND_SIRET", "string"),
    Column("IND_TYPE_BUDGET", "string"),
    Column("IND_AGREGAT", "string"),
    Column("IND_MONTANT", "number", "amount"),
    Column("IND_POPULATION", "integer", "inhabitants"),
    Column("IND_EUROS_HABITANT", "number", "per_inhabitant"),
    Column("IND_STRATE", "string"),
    Column("IND_STRATE_EUROS_HABITANT", "number", "per_inhabitant"),
    Column("IND_SOURCE", "string"),
)
_TEXTS = ("IND_TYPE_BUDGET", "IND_AGREGAT", "IND_STRATE", "IND_SOURCE")


def write_indicators(
    rows: Iterable[Row], target: str | Path, *, lang: str = "fr", formula_guard: bool = False
) -> Output:
    """Write the indicators of one SIREN and exercice as CSV, in an order that rows do not change.

    ``rows`` are texts under the OFGL's names: exer, siren, ident, type_de_budget, agregat, montant,
    ptot, euros_par_habitant, a name of ``STRATA``; and of the caller: ``moyenne_strate`` (euros per
    inhabitant), ``source``. What is missing is left empty. ValueError for an amount that is none.
    """
    path = Path(target)
    made = sorted((_cells(row) for row in rows), key=_order)
    names = [column.name for column in COLUMNS]
    written = write_csv(path, names, made, _TEXTS if formula_guard else ())
    return Output(KIND, path, written, indicator_columns(lang), worded(TITLES, lang))


def indicator_columns(lang: str = "fr") -> tuple[Field, ...]:
    """The columns as Table Schema fields, with titles, descriptions and units."""
    return tuple(
        field("indicators", name, kind, lang, quantity) for name, kind, quantity in COLUMNS
    )


def _cells(row: Row) -> list[str]:
    """The cells of a row, in the order of ``COLUMNS``."""
    people = _number(row, "ptot", Decimal(1))
    people = people if people.strip("0") else ""
    stratum = next((text for name in STRATA if (text := clean(row.get(name)))), "")
    return [
        clean(row.get("exer"))[:4],
        code(row.get("siren")),
        code(row.get("ident")),
        clean(row.get("type_de_budget")),
        clean(row.get("agregat")),
        _number(row, "montant"),
        people,
        _number(row, "euros_par_habitant") if people else "",
        code(stratum),
        _number(row, "moyenne_strate"),
        clean(row.get("source")) or SOURCE,
    ]


def _number(row: Row, name: str, step: Decimal = _CENT) -> str:
    """A number rounded to ``step``, "" for none. ValueError when it is no number."""
    text = (row.get(name) or "").strip().replace(",", ".")
    if not text:
        return ""
    try:
        value = Decimal(text)
        if len(text) > 40 or not value.is_finite() or value.adjusted() > 20:
            raise ValueError(f"{name}: not a number")
        return f"{value.quantize(step, ROUND_HALF_EVEN):f}"
    except InvalidOperation:
        raise ValueError(f"{name}: not a number") from None


def _order(cells: list[str]) -> tuple[Any, ...]:
    """Main budgets first, then by SIRET; main aggregates in their order, then by name."""
    exercice, siren, siret, kind, aggregate, *rest = cells
    annexe = "annexe" in kind.lower()
    rank = _RANK.get(aggregate, len(_RANK))
    return (exercice, siren, annexe, siret, kind, rank, _folded(aggregate), aggregate, rest)


def _folded(text: str) -> str:
    """Without accents or case: « Épargne » beside « Epargne »."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))

"""``check`` and ``convert`` of a CSV that is already SCDL: say what is missing, repair the rest."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..anonymiser.cells import masked_line
from ..checks.of_tables import check_tables
from ..document import ResolvedLine, Stage
from ..nomenclature import plans
from ..readers.scdl import ScdlTable, open_scdl
from ..report import finding_to_dict
from ..scdl.mapping import STAGES
from ..scdl.repair import ScdlRepair, repair_scdl
from . import names
from .inputs import Item

FINE, TO_CONFIRM = range(2)
_TEXTS = {
    "fr": {
        "rows": "CSV SCDL, {rows} lignes dont {valid} conformes",
        "repairs": "réparations : {repairs}",
        "missing": "il manque : {missing}",
        "bad": "cellules non conformes : {bad}",
        "masked": "P01, données personnelles à occulter : {masked}",
        "hidden": "P01, données personnelles occultées : {masked}",
        "written": "écrit : {path}",
    },
    "en": {
        "rows": "SCDL CSV, {rows} rows of which {valid} valid",
        "repairs": "repairs: {repairs}",
        "missing": "missing: {missing}",
        "bad": "invalid cells: {bad}",
        "masked": "P01, personal data to mask: {masked}",
        "hidden": "P01, personal data masked: {masked}",
        "written": "written: {path}",
    },
}

_WORDS = {
    "fr": {
        "byte_order_mark": "marque d'ordre retirée",
        "encoding": "encodage",
        "separator": "séparateur",
        "column_name": "noms de colonnes",
        "number": "nombres",
        "enumeration": "valeurs de liste",
        "year": "années",
        "code": "codes",
        "text": "accents",
        "given": "valeurs données",
        "from_plan": "chapitres et libellés pris dans le plan de comptes",
        "section_from_plan": "sections prises dans le plan de comptes",
        "empty": "vide",
        "not_listed": "hors liste",
        "too_long": "trop long",
        "not_a_year": "année illisible",
        "not_a_siret": "SIRET illisible",
        "not_a_number": "nombre illisible",
        "wrong_key": "clé fausse",
        "name": "noms",
        "email": "courriels",
        "phone": "téléphones",
        "iban": "IBAN",
        "nir": "numéros de sécurité sociale",
    },
    "en": {"from_plan": "chapters and labels from the account plan"},
}
"""Names of repairs and of faults; in English their codes, without underscores."""


def run(item: Item, options: Namespace) -> tuple[int, str, Mapping[str, Any]]:
    """Check a file; with ``convert``, write the repaired one when it is valid."""
    item.rewind()
    target = _target(item, options) if options.command == "convert" else None
    found = repair_scdl(
        item.source,  # pyright: ignore[reportArgumentType]
        target,
        given=_given(options),
        nomenclature=options.nomenclature or "",
        plans=plans(options.plan),
        mask=_masks(options),
    )
    path = str(target) if found.written else ""
    budgets = _budgets(item, options, found.nomenclature)
    fine = found.is_valid and not (found.repairs or found.masked or budgets)
    code = FINE if fine else TO_CONFIRM
    outputs = [{"kind": "scdl", "path": path, "rows": found.rows}] if path else []
    line = " ; ".join((_line(found, path, options.lang), *_years(budgets)))
    return code, line, {"scdl": found.to_dict(), "budgets": budgets, "outputs": outputs}


def _budgets(item: Item, options: Namespace, nomenclature: str) -> list[dict[str, Any]]:
    """Findings of the accounting controls per year, those without any left out."""
    item.rewind()
    stage = Stage[options.etape.upper()] if options.etape else Stage.CA
    known = plans(options.plan)
    source: Any = item.source
    given = _given(options)
    with open_scdl(source, given=given, nomenclature=nomenclature, plans=known) as table:
        told = check_tables(_lines(table) if _masks(options) else table.lines(), stage)
    return [
        {
            "exercice": budget.exercice,
            "siret": budget.siret,
            "etape": budget.stage.slug,
            "findings": [finding_to_dict(finding) for finding in budget.findings],
        }
        for budget in told
        if budget.findings
    ]


def _masks(options: Namespace) -> bool:
    return getattr(options, "profile", "strict") != "none"


def _lines(table: ScdlTable) -> Iterator[tuple[list[str], ResolvedLine]]:
    """The lines without what names or reaches a person: findings quote labels."""
    for row, resolved in table.lines():
        yield row, masked_line(row, resolved)[0]


def _years(budgets: list[dict[str, Any]]) -> Iterator[str]:
    """« 2016 : Q01 Q03 »."""
    for budget in budgets:
        codes = dict.fromkeys(finding["code"] for finding in budget["findings"])
        yield f"{budget['exercice']} : {' '.join(codes)}"


def _given(options: Namespace) -> dict[str, str]:
    stage = STAGES[Stage[options.etape.upper()]] if options.etape else ""
    given = {"BGT_SIRET": options.siret, "BGT_NOM": options.nom, "BGT_NATDEC": stage}
    return {name: value for name, value in given.items() if value}


def _target(item: Item, options: Namespace) -> Path:
    name = names.free(f"{names.stem(item.name)}-scdl", options)
    return Path(options.out) / f"{name}.csv"


def _line(found: ScdlRepair, path: str, lang: str) -> str:
    texts = _TEXTS[lang]
    parts = [texts["rows"].format(rows=found.rows, valid=found.valid)]
    if found.repairs:
        repairs = ", ".join(
            f"{_word(kind, lang)} ({count})" for kind, count in found.repairs.items()
        )
        parts.append(texts["repairs"].format(repairs=repairs))
    if found.missing:
        parts.append(texts["missing"].format(missing=", ".join(found.missing)))
    if found.bad:
        bad = ", ".join(
            f"{cell['column']} {_word(cell['reason'], lang)} ({cell['count']})"
            for cell in found.bad
        )
        parts.append(texts["bad"].format(bad=bad))
    if found.masked:
        kinds = ", ".join(f"{_word(kind, lang)} ({n})" for kind, n in found.masked.items())
        parts.append(texts["hidden" if path else "masked"].format(masked=kinds))
    if path:
        parts.append(texts["written"].format(path=path))
    return " ; ".join(parts)


def _word(code: str, lang: str) -> str:
    return _WORDS[lang].get(code, code.replace("_", " "))

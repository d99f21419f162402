"""``check`` and ``convert`` of a CSV that is already SCDL: say what is missing, repair the rest."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..checks.of_tables import Told, check_tables
from ..document import Stage
from ..fields import columns
from ..findings_words import WORDS
from ..nomenclature import plans
from ..outputs import Output
from ..report import finding_to_dict
from ..scdl.mapping import STAGES
from ..scdl.repair import ScdlRepair, repair_scdl
from ..scdl.schema import COLUMNS
from ..siret import bare
from ..tables import in_formats
from .codes import FINE, TO_CONFIRM, Answer, written
from .inputs import Item
from .messages import say
from .work import Work


def run(item: Item, work: Work) -> Answer:
    """Check a file; with ``convert``, write the repaired one when it is valid."""
    options = work.options
    target = _target(item, work) if options.command == "convert" else None
    stage = Stage[options.etape.upper()] if options.etape else Stage.CA
    told: list[Told] = []
    item.rewind()
    found = repair_scdl(
        item.source,  # pyright: ignore[reportArgumentType]
        target,
        given=_given(options),
        nomenclature=options.nomenclature or "",
        plans=plans(options.plan),
        mask=getattr(options, "profile", "strict") != "none",
        follow=lambda lines: told.extend(check_tables(lines, stage)),
    )
    outputs = _outputs(target, found, options) if target is not None and found.written else []
    budgets = _budgets(told)
    fine = found.is_valid and not (found.repairs or found.masked or found.twice or budgets)
    parts = (*_told(found, outputs, options.lang), *_years(budgets, options.lang))
    data: dict[str, Any] = {
        "scdl": found.to_dict(),
        "budgets": budgets,
        "outputs": written(outputs),
    }
    if options.previous is not None:
        data["compared"] = False
    separator = "\u00a0; " if options.lang == "fr" else "; "
    return (FINE if fine else TO_CONFIRM), separator.join(parts), data


def _outputs(target: Path, found: ScdlRepair, options: Namespace) -> list[Output]:
    """The repaired table in each format asked for."""
    about = columns(COLUMNS, options.lang)
    return list(in_formats(Output("scdl", target, found.rows, about), options.format))


def _budgets(told: Iterable[Told]) -> list[dict[str, Any]]:
    """Findings of the accounting controls per year, those without any left out."""
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


def _years(budgets: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """« 2016 : Q01 Q03 »."""
    for budget in budgets:
        codes = dict.fromkeys(finding["code"] for finding in budget["findings"])
        yield say("scdl_year", lang, year=budget["exercice"], codes=" ".join(codes))


def _given(options: Namespace) -> dict[str, str]:
    stage = STAGES[Stage[options.etape.upper()]] if options.etape else ""
    siret = bare(options.siret or "")
    given = {"BGT_SIRET": siret, "BGT_NOM": options.nom, "BGT_NATDEC": stage}
    return {name: value for name, value in given.items() if value}


def _target(item: Item, work: Work) -> Path:
    name = work.names.free(item.stem)
    return Path(work.options.out) / f"{name}-scdl.csv"


def _told(found: ScdlRepair, outputs: list[Output], lang: str) -> Iterator[str]:
    """What is said of a table, part by part."""
    personal = "scdl_hidden" if outputs else "scdl_masked"
    bad = (
        f"{cell['column']} {_word('reason', cell['reason'], lang)} ({cell['count']})"
        for cell in found.bad
    )
    repairs = (f"{_word('repair', kind, lang)} ({n})" for kind, n in found.repairs.items())
    masked = (f"{_word('personal', kind, lang)} ({n})" for kind, n in found.masked.items())
    yield say("scdl_rows" if found.rows else "scdl_empty", lang, rows=found.rows, valid=found.valid)
    yield from _list("scdl_repairs", repairs, lang)
    yield from _list("scdl_missing", found.missing, lang)
    yield from _list("scdl_twice", found.twice, lang)
    yield from _list("scdl_bad", bad, lang)
    yield from _list(personal, masked, lang)
    yield from _list("scdl_written", (str(out.path) for out in outputs), lang)


def _list(name: str, parts: Iterable[str], lang: str) -> Iterator[str]:
    found = list(parts)
    if found:
        yield say(name, lang, list=", ".join(found), n=len(found))


def _word(kind: str, code: str, lang: str) -> str:
    return WORDS[lang][kind].get(code, code.replace("_", " "))

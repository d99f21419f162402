"""What each sub-command does with each document. Exit codes: 0 fine, 1 to confirm, 2 refused."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import findings_render as render
from ..errors import DocumentRefused, NotABudget
from ..findings import Level
from . import names
from .inputs import Item, expand, items
from .screen import Screen

if TYPE_CHECKING:
    from ..report import Report

FINE, TO_CONFIRM, REFUSED, USAGE = range(4)
Answer = tuple[int, str, Mapping[str, Any]]


def run(options: Namespace) -> int:
    """Read every document asked for; the worst exit code of all."""
    wrong = _misuse(options)
    if wrong:
        print(f"budgetod: {wrong}", file=sys.stderr)
        return USAGE
    screen = Screen(as_json=options.json, quiet=options.quiet, lang=options.lang)
    paths = list(expand(options.files))
    action = _ACTIONS[options.command]
    worst = FINE
    options.taken = set()
    for item in items(paths):
        worst = max(worst, _one(item, action, options, screen))
    screen.clear()
    return worst


def _misuse(options: Namespace) -> str:
    """What is wrong with the options themselves, "" for nothing. OSError for files not there."""
    from ..anonymiser.rules import load
    from ..siret import valid_siret

    if options.plan and not Path(options.plan).is_dir():
        raise FileNotFoundError(options.plan)
    if options.siret and not valid_siret(options.siret):
        return f"not a valid SIRET: {options.siret}"
    try:
        load(getattr(options, "rules", None))
    except ValueError as error:
        return str(error)
    return ""


def _one(item: Item, action: Callable[..., Answer], options: Namespace, screen: Screen) -> int:
    try:
        if item.refusal is not None:
            raise item.refusal
        code, line, data = _answer(item, action, options, screen)
    except DocumentRefused as refusal:
        code, line, data = _refused(refusal, options.lang)
    except ValueError as error:
        code, line, data = REFUSED, str(error), {"error": str(error)}
    if options.command == "summary" and code == FINE:
        screen.document(item.name, line, data)
    else:
        screen.result(code, item.name, line, data)
    if options.verbose:
        for text in _details(data, options.lang):
            screen.detail(text)
    if item.opened and item.opened.ignored:
        count = len(item.opened.ignored)
        params = {"documents": item.opened.documents, "ignores": count}
        screen.note(render.render_refusal("F10", params, options.lang)["what"])
    return code


def _answer(
    item: Item, action: Callable[..., Answer], options: Namespace, screen: Screen
) -> Answer:
    """What a sub-command says of a document; a CSV that is already SCDL has its own answer."""
    try:
        return action(item, options, screen)
    except NotABudget as refusal:
        if refusal.code != "F03" or options.command not in ("check", "convert"):
            raise
    from .scdl import run as scdl

    return scdl(item, options)


def _refused(refusal: DocumentRefused, lang: str) -> Answer:
    texts = render.render_refusal(refusal.code, refusal.params, lang)
    data = {"refused": {"code": refusal.code, "params": refusal.params, **texts}}
    return REFUSED, f"{refusal.code} {texts['what']} {texts['todo']}", data


def _details(data: Mapping[str, Any], lang: str) -> list[str]:
    """A sentence per finding, with its first places."""
    lines = []
    findings = [(f, "") for f in (data.get("report") or {}).get("findings", ())]
    budgets = data.get("budgets")  # of a table; of a document, how many it holds
    for budget in budgets if isinstance(budgets, list) else ():
        findings += [(finding, f"{budget['exercice']} ") for finding in budget["findings"]]
    for finding, year in findings:
        texts = render.render(finding, lang)
        lines.append(f"{year}{finding['code']} {texts['what']}")
        lines.extend(
            f"  {place['element'] or place['source_line']} {place['note']}".rstrip()
            for place in finding["where"][:3]
        )
    return lines


def _check(item: Item, options: Namespace, screen: Screen) -> Answer:
    from .. import check

    report = check(item.source, previous=options.previous, siret=options.siret, plans=options.plan)
    return _code(report), _line(report, options.lang), {"report": report.to_dict()}


def _convert(item: Item, options: Namespace, screen: Screen) -> Answer:
    from .. import convert

    done = convert(
        item.source,
        options.out,
        basename=_free_name(item, options),
        formats=options.format,
        profile=options.profile,
        rules=options.rules,
        siret=options.siret,
        lang=options.lang,
        plans=options.plan,
        progress=screen.progress(item.name),
        previous=options.previous,
    )
    files = [{"kind": out.kind, "path": str(out.path), "rows": out.rows} for out in done.outputs]
    code = _code(done.report)
    if not any(out.kind == "scdl" for out in done.outputs):
        code = max(code, TO_CONFIRM)
    count = len(files)
    plural = "s" if count > 1 else ""
    word = f"fichier{plural}" if options.lang == "fr" else f"file{plural}"
    line = f"{_line(done.report, options.lang)}, {count} {word}"
    return code, line, {"outputs": files, "report": done.report.to_dict()}


def _free_name(item: Item, options: Namespace) -> str:
    """The base name of a document's files."""
    from ..outputs import basename
    from ..readers import read_header

    name = basename(read_header(item.source))
    item.rewind()
    return names.free(name, options)


def _anonymise(item: Item, options: Namespace, screen: Screen) -> Answer:
    from .. import anonymise
    from ..files import fresh_file

    folder = Path(options.out)
    name = names.free(f"{names.stem(item.name)}-anonymise", options)
    with fresh_file(folder / f"{name}.xml") as target:
        passed = anonymise(item.source, target, profile=options.profile, rules=options.rules)
    masked = sum(int(row.get("count", 0)) for row in passed.masked)
    word = "masqués" if options.lang == "fr" else "masked"
    data = {
        "document": _described(passed.header),
        "masked": list(passed.masked),
        "dropped": list(passed.dropped),
        "seal": passed.seal,
        "published_sha256": passed.published_sha256,
    }
    confirm = any(finding.level is Level.CONFIRM for finding in passed.findings)
    code = TO_CONFIRM if confirm else FINE
    return code, f"{_title(data['document'], options.lang)}, {masked} {word}", data


def _inspect(item: Item, options: Namespace, screen: Screen) -> Answer:
    from .. import inspect

    seen = inspect(item.source)
    about = _described(seen.header)
    data = {
        "document": about,
        "sha256": seen.sha256,
        "size": seen.size,
        "lines": seen.lines,
        "seal": asdict(seen.seal) if is_dataclass(seen.seal) else seen.seal,
        "budgets": len(seen.headers),
        "annexes": seen.facts.get("annex_rows", {}),
    }
    word = "lignes" if options.lang == "fr" else "lines"
    return FINE, f"{_title(about, options.lang)}, {seen.lines} {word}", _jsonable(data)


def _summary(item: Item, options: Namespace, screen: Screen) -> Answer:
    from ..pipeline import read

    summary = read(item.source, siret=options.siret, plans=options.plan).summary
    return FINE, json.dumps(summary, ensure_ascii=False, indent=2), {"summary": summary}


_ACTIONS: dict[str, Callable[..., Answer]] = {
    "check": _check,
    "convert": _convert,
    "anonymise": _anonymise,
    "inspect": _inspect,
    "summary": _summary,
}


def _described(header: Any) -> dict[str, Any]:
    from ..report import describe

    return describe(header)


def _jsonable(data: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(data, default=str))


def _title(about: Mapping[str, Any], lang: str) -> str:
    """``compte administratif 2023, Ville de Valmoselle, budget principal``."""
    stage = render.write(about["etape"], "stage", lang)
    number = f" n° {about['numero_dm']}" if about["numero_dm"] and about["etape"] == "dm" else ""
    budget = about["libelle"] if about["categorie"] == "annexe" else ""
    parts = (f"{stage}{number} {about['exercice']}", about["collectivite"], budget)
    return ", ".join(part for part in parts if part)


def _line(report: Report, lang: str) -> str:
    counts = report.counts
    word = "contrôles réussis" if lang == "fr" else "controls passed"
    codes = [code for code in report.codes() if code not in report.codes(Level.INFO)]
    told = f" ({' '.join(codes)})" if codes else ""
    title = _title(report.document, lang)
    return f"{title}, {counts['passed']}/{counts['total']} {word}{told}"


def _code(report: Report) -> int:
    if report.worst is Level.BLOCKING:
        return REFUSED
    return TO_CONFIRM if report.worst is Level.CONFIRM else FINE

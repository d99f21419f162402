"""What each sub-command does with each document. Exit codes: 0 fine, 1 to confirm, 2 refused."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import findings_render as render
from ..errors import DocumentRefused, NotABudget
from ..findings import Level
from ..siret import bare
from ..titles import document_title
from . import comparing
from .asked import verify
from .codes import FINE, REFUSED, TO_CONFIRM, Answer, written
from .inputs import Item, expand, items
from .messages import say
from .screen import Screen
from .work import Work

if TYPE_CHECKING:
    from ..archives import Opened
    from ..conversion import Conversion
    from ..report import Report


def run(options: Namespace) -> int:
    """Read every document asked for; the worst exit code of all. Raises Misuse, OSError."""
    verify(options)
    screen = Screen(as_json=options.json, quiet=options.quiet, lang=options.lang)
    work = Work(options, screen, comparing.read_previous(options))
    worst = FINE
    for item in items(list(expand(options.files))):
        if item.opened is None:
            worst = max(worst, _one(item, work))
        else:
            _archive(item.opened, screen)
    screen.clear()
    return worst


def _one(item: Item, work: Work) -> int:
    options, screen = work.options, work.screen
    try:
        if item.refusal is not None:
            raise item.refusal
        code, line, data = _answer(item, work)
    except DocumentRefused as refusal:
        code, line, data = _refused(refusal, options.lang)
    show = screen.document if options.command == "summary" else screen.result
    show(code, item.name, line, data)
    _remarks(item, data, options, screen)
    return code


def _remarks(item: Item, data: Mapping[str, Any], options: Namespace, screen: Screen) -> None:
    """What is told beside the line of a document."""
    if options.verbose:
        for text in _details(data, options.lang):
            screen.detail(text)
    told = _about(data).get("siret")
    if told and getattr(options, "siret", None) and told != bare(options.siret):
        screen.note(say("siret_kept", options.lang, name=item.name, siret=told))
    if data.get("compared") is False:
        sentence = "previous_table" if "scdl" in data else "previous_other"
        screen.note(say(sentence, options.lang, name=item.name))


def _about(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an answer says the document is; nothing for a table or a refusal."""
    return (data.get("report") or data.get("summary") or {}).get("document", {})


def _archive(opened: Opened, screen: Screen) -> None:
    """What an archive gave, and what was left aside."""
    if opened.ignored:
        params = {"documents": opened.documents, "ignores": len(opened.ignored)}
        screen.note(render.render_refusal("F10", params, screen.lang)["what"])


def _answer(item: Item, work: Work) -> Answer:
    """What a sub-command says of a document; a CSV that is already SCDL has its own answer."""
    command = work.options.command
    try:
        return _ACTIONS[command](item, work)
    except NotABudget as refusal:
        if refusal.code != "F03" or command not in ("check", "convert"):
            raise
    from .scdl import run as scdl

    return scdl(item, work)


def _refused(refusal: DocumentRefused, lang: str) -> Answer:
    texts = render.render_refusal(refusal.code, refusal.params, lang)
    data = {"refused": {"code": refusal.code, "params": refusal.params, **texts}}
    return REFUSED, f"{refusal.code} {texts['what']} {texts['todo']}", data


def _details(data: Mapping[str, Any], lang: str) -> list[str]:
    """A sentence per finding, with its first places."""
    lines = []
    findings = [(f, "") for f in (data.get("report") or {}).get("findings", ())]
    for budget in data["budgets"] if "scdl" in data else ():
        findings += [(finding, f"{budget['exercice']} ") for finding in budget["findings"]]
    for finding, year in findings:
        texts = render.render(finding, lang)
        lines.append(f"{year}{finding['code']} {texts['what']}")
        lines.extend(
            f"  {place['element'] or place['source_line']} {place['note']}".rstrip()
            for place in texts["places"][:3]
        )
    return lines


def _check(item: Item, work: Work) -> Answer:
    from ..pipeline import read

    options = work.options
    done = read(item.source, previous=work.before, siret=options.siret, plans=options.plan)
    report = done.whole_report
    data = {"report": report.to_dict(), **comparing.compared(work.before, done)}
    return _code(report), _line(report, options.lang), data


def _convert(item: Item, work: Work) -> Answer:
    from .. import convert
    from ..outputs import basename

    options = work.options
    done = convert(
        item.source,
        options.out,
        basename=lambda header: work.names.free(basename(header)),
        formats=options.format,
        profile=options.profile,
        rules=options.rules,
        siret=options.siret,
        lang=options.lang,
        plans=options.plan,
        progress=work.screen.progress(item.name),
        previous=work.before,
    )
    return _converted(done, work)


def _converted(done: Conversion, work: Work) -> Answer:
    """What a conversion made, every Budget of the document together."""
    lang = work.options.lang
    outputs = [out for one in done.budgets for out in one.outputs]
    files = written(outputs)
    report = done.whole_report
    code = _code(report)
    if not all(any(out.kind == "scdl" for out in one.outputs) for one in done.budgets):
        code = max(code, TO_CONFIRM)
    line = f"{_line(report, lang)}, {say('files', lang, n=len(files))}"
    told = comparing.compared(work.before, done)
    data = {"outputs": files, "report": report.to_dict(), **told}
    return code, line, data


def _anonymise(item: Item, work: Work) -> Answer:
    from .. import anonymise
    from ..files import fresh_file
    from ..report import describe

    options = work.options
    folder = Path(options.out)
    name = work.names.free(f"{item.stem}-anonymise")
    with fresh_file(folder / f"{name}.xml") as target:
        passed = anonymise(item.source, target, profile=options.profile, rules=options.rules)
    masked = sum(int(row.get("count", 0)) for row in passed.masked)
    data = {
        "document": describe(passed.header),
        "masked": list(passed.masked),
        "dropped": list(passed.dropped),
        "seal": passed.seal,
        "published_sha256": passed.published_sha256,
    }
    confirm = any(finding.level is Level.CONFIRM for finding in passed.findings)
    code = TO_CONFIRM if confirm else FINE
    told = say("masked", options.lang, n=masked)
    return code, f"{document_title(data['document'], options.lang)}, {told}", data


def _inspect(item: Item, work: Work) -> Answer:
    from .. import inspect
    from ..anonymiser.facts import annex_rows
    from ..report import describe

    lang = work.options.lang
    seen = inspect(item.source)
    about = describe(seen.header)
    data = {
        "document": about,
        "sha256": seen.sha256,
        "size": seen.size,
        "lines": seen.lines,
        "seal": seen.seal,
        "budgets": len(seen.headers),
        "annexes": annex_rows(seen.facts),
    }
    told = say("lines", lang, n=seen.lines)
    return FINE, f"{document_title(about, lang)}, {told}", data


def _summary(item: Item, work: Work) -> Answer:
    from ..pipeline import read

    options = work.options
    found = read(item.source, siret=options.siret, plans=options.plan)
    summary = found.summary
    if found.others:
        summary = {**summary, "autres_budgets": [other.summary for other in found.others]}
    return FINE, json.dumps(summary, ensure_ascii=False, indent=2), {"summary": summary}


_ACTIONS: dict[str, Callable[..., Answer]] = {
    "check": _check,
    "convert": _convert,
    "anonymise": _anonymise,
    "inspect": _inspect,
    "summary": _summary,
}


def _line(report: Report, lang: str) -> str:
    codes = [code for code in report.codes() if code not in report.codes(Level.INFO)]
    counts = report.counts
    told = say(
        "checked",
        lang,
        passed=counts["passed"],
        total=counts["total"],
        codes=" ".join(codes),
    )
    return f"{document_title(report.document, lang)}, {told}"


def _code(report: Report) -> int:
    if report.worst is Level.BLOCKING:
        return REFUSED
    return TO_CONFIRM if report.worst is Level.CONFIRM else FINE

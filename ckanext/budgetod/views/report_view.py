"""From a conversion's report to what its page shows: levels, sentences, places, masked things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.engine import findings_render

from . import formatting, masking, naming

_LEVELS = ("blocking", "confirm", "info")
MAX_NAMES = 12


def sections(
    report: Mapping[str, Any], lang: str, questions: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Findings by level, most serious first; empty levels are left out.

    In its level, what holds the publication back (``questions``) comes before the rest.
    """
    findings = sorted(report.get("findings") or (), key=lambda f: f["code"] not in questions)
    shown = []
    for name in _LEVELS:
        mine = [_finding(f, lang) for f in findings if f["level"] == name]
        if mine:
            shown.append({"level": naming.level(name), "findings": mine})
    return shown


def _finding(finding: Mapping[str, Any], lang: str) -> dict[str, Any]:
    texts = findings_render.render(finding, lang)
    table = texts.get("table")
    if table:
        texts = {**texts, "table": {**table, "numeric": _numeric(table)}}
    return {**texts, "code": finding["code"], "level": finding["level"]}


_FIGURE = re.compile(r"[\u2212-]?€?[\d\u00a0.,]+(?:\u00a0[€%])?")


def _numeric(table: Mapping[str, Any]) -> list[bool]:
    """Which columns after the first hold figures only: they are right-aligned."""
    columns = list(zip(*table["rows"], strict=True))
    return [
        place > 0 and all(not cell or _FIGURE.fullmatch(cell) for cell in cells)
        for place, cells in enumerate(columns)
    ]


def marks(report: Mapping[str, Any]) -> list[str]:
    """One small mark per control that was run: passed first, then those that failed."""
    counts = report.get("counts") or {}
    passed, total = counts.get("passed", 0), counts.get("total", 0)
    return ["passed"] * passed + ["failed"] * (total - passed)


def passed(report: Mapping[str, Any], lang: str) -> list[dict[str, str]]:
    """Names of the controls that passed, in the order of the report."""
    return [
        {"code": check["code"], "name": findings_render.check_name(check["code"], lang)}
        for check in report.get("checks") or ()
        if check["state"] == "passed"
    ]


def masked(report: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """What was masked: one line per reason, kind and place, and the total. Never a value.

    ``also`` is one sentence: what was left out without protecting anybody.
    """
    items = list(report.get("masked") or ())
    lines: Counter[tuple[str, str, str]] = Counter()
    others: Counter[str] = Counter()
    for item in items:
        count = int(item.get("count") or 0)
        if masking.protects(item["reason"]):
            table = (item.get("table") or "").partition("/")[0]
            lines[item["reason"], item["kind"], table] += count
        else:
            others[item["reason"]] += count
    return {
        "lines": [
            {
                "what": masking.what(reason, kind),
                "place": masking.place(table),
                "why": masking.why(reason),
                "count": count,
            }
            for (reason, kind, table), count in lines.most_common()
        ],
        "total": sum(lines.values()),
        "also": _also(others, report.get("dropped") or (), lang),
    }


def _also(others: Mapping[str, int], dropped: Iterable[Mapping[str, Any]], lang: str) -> str:
    """« champs libres du logiciel (8), 3 éléments sans règle (X, Y) »."""
    parts = [
        f"{masking.also(reason)} ({formatting.number(n, lang)})" for reason, n in others.items()
    ]
    unknown = list(dropped)
    if unknown:
        count = sum(int(item.get("count") or 0) for item in unknown)
        names = ", ".join(str(item.get("what")) for item in unknown[:MAX_NAMES])
        text = tk.ungettext(
            "{count} element without rule ({names})",
            "{count} elements without rule ({names})",
            count,
        )
        parts.append(text.format(count=formatting.number(count, lang), names=names))
    return ", ".join(parts)


def summary_box(conversion: Mapping[str, Any]) -> dict[str, Any]:
    """Tone of the box and whether « publish as it is » may be offered."""
    report = conversion.get("report") or {}
    counts = report.get("counts") or {}
    state = conversion.get("state")
    if counts.get("blocking") or state in ("refused", "failed"):
        tone = "red"
    elif counts.get("confirm"):
        tone = "amber"
    else:
        tone = "green"
    may_edit = bool(conversion.get("can_edit"))
    return {
        "tone": tone,
        "can_publish": may_edit and state == "withheld" and not counts.get("blocking"),
        "can_replace": may_edit and (tone != "green" or state == "withheld"),
    }


def facts(conversion: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """The document in plain words, for the side panel."""
    report = conversion.get("report") or {}
    document = conversion.get("document") or report.get("document") or {}
    rows = report.get("rows") or {}
    lines = [
        (tk._("Budget"), naming.budget_name(document)),
        (tk._("Chart of accounts"), document.get("nomenclature") or ""),
        (tk._("Lines read"), formatting.number(rows.get("read"), lang)),
        (tk._("Lines that conform to SCDL"), _valid_rows(rows, lang)),
        (tk._("Unchanged since the seal"), seal(report.get("seal"))),
        (tk._("TotEM schema version"), document.get("schema_version") or ""),
    ]
    return [(name, value) for name, value in lines if value]


def _valid_rows(rows: Mapping[str, int], lang: str) -> str:
    valid, written = rows.get("valid"), rows.get("written")
    ratio = formatting.percentage(valid, written)
    if ratio is None:
        return ""
    share = formatting.number(int(ratio * 10) / 10, lang, 0 if ratio == 100 else 1)
    unit = f"{formatting.NBSP}%" if lang == "fr" else "%"
    return tk._("{count}, that is {share}").format(
        count=formatting.number(valid, lang), share=share + unit
    )


_SEALS = {
    "intact": naming.N_("File not modified"),
    "altered": naming.N_("File modified after its seal"),
    "none": naming.N_("File without a seal"),
    "unchecked": naming.N_("Not verified"),
}


def seal(verdict: str | None) -> str:
    return tk._(_SEALS[verdict]) if verdict in _SEALS else ""

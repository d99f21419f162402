"""From the documents of a dataset to what its page shows: rows, state, asking box, key figures.

Input is the answer of ``budgetod_dataset_documents``; output holds plain values that a template
writes without thinking. Nothing here reads the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.engine import findings_render

from . import formatting, naming, origins

Document = Mapping[str, Any]
Conversion = Mapping[str, Any]

_MOST_FINAL = ("cfu", "ca", "bp", "bs", "dm")
_ASKS = ("withheld", "refused", "failed")
_AT_REST = {"withheld": "held", "superseded": "stopped"}


def groups(documents: Sequence[Document], lang: str) -> list[dict[str, Any]]:
    """Row groups of the table, one per stage, in the order given (most final first)."""
    found: list[dict[str, Any]] = []
    for document in documents:
        key = (document["stage_slug"], str(document.get("numero_dm") or ""))
        if not found or found[-1]["key"] != key:
            found.append(_group(key, document, lang))
        found[-1]["rows"].append(row(document, lang))
    return found


def _group(key: tuple[str, str], document: Document, lang: str) -> dict[str, Any]:
    voted = formatting.day(document.get("date_vote"), lang)
    note = tk._("passed on {date}") if key[0] == "dm" else tk._("voted on {date}")
    return {
        "key": key,
        "title": naming.stage_name(*key),
        "vote": note.format(date=voted) if voted else "",
        "rows": [],
    }


def row(document: Document, lang: str) -> dict[str, Any]:
    """One line of « Documents et fichiers »: its state, then files or a sentence with one action.

    A document already published keeps its files in sight while a newer deposit is under way: the
    newer one is then told in ``newer``.
    """
    published, current = document.get("published"), document.get("current")
    shown = published or current or {}
    newer = current if published and current and current["id"] != published["id"] else None
    if newer and newer["state"] in ("superseded", "replaced", "withdrawn", "published"):
        newer = None
    name = "withdrawn" if document.get("withdrawn") else shown.get("state", "queued")
    return {
        "key": document["key"],
        "anchor": re.sub(r"[^a-z0-9]+", "-", document["key"].lower()),
        "title": document_title(document),
        "name": naming.budget_name(document),
        "kind": tk._("annexed budget") if document.get("categorie") == "annexe" else "",
        "state": naming.state(name),
        "origin": origins.of_document(document, lang),
        "conversion": shown,
        "note": "" if document.get("withdrawn") else _note(shown, lang),
        "files": files(document) if published else None,
        "message": None if published else message(shown, lang),
        "newer": _newer(newer, lang) if newer else None,
        "live": _is_live(shown) or (newer is not None and _is_live(newer)),
    }


def _is_live(conversion: Conversion) -> bool:
    return conversion.get("state") in ("queued", "running")


def _note(conversion: Conversion, lang: str) -> str:
    """« 14 contrôles sur 15 » once checked, else when it was deposited."""
    counts = (conversion.get("report") or {}).get("counts") or {}
    if conversion.get("state") in ("published", "withheld") and counts.get("total"):
        return tk._("{passed} checks out of {total}").format(**_numbers(counts, lang))
    created = formatting.day(conversion.get("created"), lang)
    return tk._("deposited on {date}").format(date=created) if created else ""


def _numbers(counts: Mapping[str, int], lang: str) -> dict[str, str]:
    return {name: formatting.number(counts.get(name, 0), lang) for name in ("passed", "total")}


def _newer(conversion: Conversion, lang: str) -> dict[str, Any]:
    return {
        "state": naming.state(conversion["state"]),
        "conversion": conversion,
        "message": message(conversion, lang),
    }


def message(conversion: Conversion, lang: str) -> dict[str, Any]:
    """The sentence and the one action of a deposit that is not published."""
    state = conversion.get("state")
    if state in ("queued", "running"):
        return progress(conversion)
    if state == "withheld":
        return {"kind": "withheld", "sentence": _question(conversion, lang)}
    if state == "refused":
        return {"kind": "refused", "sentence": reason(conversion, lang)}
    if state == "failed":
        return {"kind": "failed", "sentence": tk._("An error on our side stopped the processing.")}
    return {"kind": str(state), "sentence": ""}


def progress(conversion: Conversion) -> dict[str, Any]:
    """Step reached out of four, for the bar and for words."""
    steps = conversion.get("steps") or []
    done = sum(1 for step in steps if step.get("state") == "done")
    return {
        "kind": "progress",
        "step": min(done + 1, len(steps) or 4),
        "steps": len(steps) or 4,
        "late": bool(conversion.get("queue_late")),
        "waiting": conversion.get("state") == "queued",
    }


def _question(conversion: Conversion, lang: str) -> str:
    """Titles of the points that hold the publication back."""
    asked = set(conversion.get("questions") or ())
    findings = (conversion.get("report") or {}).get("findings") or []
    titles = [findings_render.render(f, lang)["title"] for f in findings if f["code"] in asked]
    if not titles:
        return tk._("An answer is expected before publication.")
    return tk._("An answer is expected before publication: {points}.").format(
        points=_lower_first(" ; ".join(dict.fromkeys(titles)))
    )


def _lower_first(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def reason(conversion: Conversion, lang: str) -> str:
    """Why a document was refused by the job: its error, else its first blocking finding."""
    error = conversion.get("error")
    if error:
        return findings_render.render_refusal(error["code"], error.get("params"), lang)["what"]
    findings = (conversion.get("report") or {}).get("findings") or []
    blocking = [f for f in findings if f["level"] == "blocking"]
    return findings_render.render(blocking[0], lang)["what"] if blocking else ""


def files(document: Document) -> dict[str, Any]:
    """The three file cells: strict CSV, anonymised XML, number of other tables."""
    found = document.get("files") or {}
    tables = [*(found.get("annexes") or []), *(found.get("comptable") or [])]
    return {
        "scdl": found.get("scdl"),
        "xml": found.get("xml"),
        "etendu": found.get("etendu"),
        "tables": tables,
        "more": found.get("xml") or found.get("scdl") or (tables[0] if tables else None),
    }


def file_name(documents: Sequence[Document]) -> str:
    """Name of the first strict CSV in sight, which shows how files are named; "" without one."""
    found = ((document.get("files") or {}).get("scdl") or {} for document in documents)
    return next((file["url"].rsplit("/", 1)[-1] for file in found if file.get("url")), "")


def waiting(documents: Sequence[Document]) -> dict[str, Any] | None:
    """The asking box of members: how many documents wait, for what, and the first of them."""
    pending = [d for d in documents if (d.get("current") or {}).get("state") in _ASKS]
    if not pending:
        return None
    counts = dict.fromkeys(_ASKS, 0)
    for document in pending:
        counts[document["current"]["state"]] += 1
    first = min(pending, key=lambda d: _ASKS.index(d["current"]["state"]))
    return {
        "count": len(pending),
        "total": len(documents),
        "published": sum(1 for d in documents if d.get("published")),
        "counts": counts,
        "first": first,
        "first_state": first["current"]["state"],
        "title": naming.the_document(first),
    }


def document_title(document: Document) -> str:
    """« Compte administratif, Eau »."""
    stage = naming.stage_name(
        document.get("stage_slug") or document.get("etape") or "",
        document.get("numero_dm"),
        short=False,
    )
    return tk._("{stage}, {budget}").format(stage=stage, budget=_in_sentence(document))


def deposit_title(conversion: Conversion) -> str:
    """The same of a deposit, from what its document says of itself."""
    document = conversion.get("document") or {}
    return document_title({**document, "stage_slug": document.get("etape") or ""})


def steps(conversion: Conversion, lang: str) -> list[dict[str, Any]]:
    """The four lines of the progress page: name, state, detail, time taken."""
    lines = conversion.get("steps") or []
    if conversion.get("state") in _AT_REST:
        lines = [{**one, "state": _resting(one["state"], conversion)} for one in lines]
    return [
        {
            "name": naming.step(line["key"]),
            "state": line["state"],
            "detail": _detail(line["key"], conversion, lang),
            "time": _time(line, lang),
        }
        for line in lines
    ]


def _resting(state: str, conversion: Conversion) -> str:
    """The step that waits for somebody, or for nothing any more, is not one that is under way."""
    return _AT_REST[conversion["state"]] if state == "current" else state


def _time(line: Mapping[str, Any], lang: str) -> str:
    if line["state"] == "done":
        return formatting.seconds(line.get("seconds"), lang)
    words = {
        "current": tk._("in progress"),
        "todo": tk._("to come"),
        "failed": tk._("interrupted"),
        "held": tk._("after your answer"),
    }
    return words.get(line["state"], "")


def _detail(key: str, conversion: Conversion, lang: str) -> str:
    """What each step did, in figures: « 41 noms masqués », « 14 sur 15 réussis »…"""
    report = conversion.get("report") or {}
    counts = report.get("counts") or {}
    if key == "received":
        count = sum(int(item.get("count") or 0) for item in report.get("masked") or ())
        text = tk.ungettext("{count} item masked", "{count} items masked", count)
        return text.format(count=formatting.number(count, lang)) if count else ""
    if key == "checks" and counts.get("total"):
        return tk._("{passed} out of {total} passed").format(**_numbers(counts, lang))
    if key == "conversion" and (report.get("rows") or {}).get("written"):
        lines = formatting.number(report["rows"]["written"], lang)
        return tk._("{count} lines").format(count=lines)
    if key == "publication":
        return tk._("All at the same time, or none")
    return ""


def _in_sentence(document: Document) -> str:
    return tk._("main budget") if document.get("categorie") != "annexe" else document["libelle"]


def main_document(documents: Sequence[Document]) -> Document | None:
    """The published main budget that says most: CFU, CA, BP, BS, then DM (changes only)."""
    candidates = [
        d
        for d in documents
        if d.get("published") and d.get("categorie") != "annexe" and d["stage_slug"] in _MOST_FINAL
    ]
    return min(candidates, key=lambda d: _MOST_FINAL.index(d["stage_slug"]), default=None)


def essential(summary: Mapping[str, Any] | None, stage: str) -> list[dict[str, Any]]:
    """Two groups of two figures, real operations: ``[{"section", "figures": [{"side", …}]}]``.

    What was done for an account, what was voted for the other stages. None where the file has
    nothing to say: absent is not zero.
    """
    if not summary:
        return []
    column = "realise" if stage in ("ca", "cfu") else "prevu"
    heads = formatting.to_decimal(summary.get("population"))
    return [
        {"section": section, "figures": [_figure(summary, section, s, column, heads) for s in "RD"]}
        for section in "FI"
    ]


def _figure(
    summary: Mapping[str, Any], section: str, side: str, column: str, heads: Any
) -> dict[str, Any]:
    cell = (summary.get("totals") or {}).get(section, {}).get(side, {}).get("reel", {}) or {}
    amount = formatting.to_decimal(cell.get(column))
    per_head = amount / heads if amount is not None and heads else None
    return {"side": side, "amount": amount, "per_head": per_head}

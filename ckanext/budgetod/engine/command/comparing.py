"""``--previous``: the document to compare with, and whether a document was compared with it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DocumentRefused
from ..findings_render import render_refusal
from .codes import Misuse
from .messages import say

if TYPE_CHECKING:
    from ..reading import Before
    from ..report import Report


def read_previous(options: Namespace) -> Before | None:
    """The document to compare with, read once; None without one. Raises Misuse, OSError."""
    if getattr(options, "previous", None) is None:
        return None
    if not Path(options.previous).is_file():
        raise FileNotFoundError(options.previous)
    from ..pipeline import what_came_before

    try:
        return what_came_before(Path(options.previous), options.siret, options.plan)
    except DocumentRefused as refusal:
        texts = render_refusal(refusal.code, refusal.params, options.lang)
        why = f"{texts['what']} {texts['todo']}"
        told = say("previous_refused", options.lang, name=options.previous, why=why)
        raise Misuse(told) from None


def compared(before: Before | None, report: Report) -> dict[str, bool]:
    """Was a document compared? Nothing when that was not asked for."""
    from ..checks.years import is_comparable

    if before is None:
        return {}
    return {"compared": is_comparable(before.summary["document"], report.document)}

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
    from ..before import Before
    from ..conversion import Conversion


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


def compared(before: Before | None, done: Conversion) -> dict[str, bool]:
    """Was a Budget of a document compared? Nothing when that was not asked for."""
    if before is None:
        return {}
    return {"compared": any(before.of(one.report.document) for one in done.budgets)}

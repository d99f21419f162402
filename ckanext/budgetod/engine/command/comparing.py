"""``--previous``: the document to compare with, and whether a document was compared with it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DocumentRefused
from ..findings_render import render_refusal
from .messages import say

if TYPE_CHECKING:
    from ..report import Report


def described(options: Namespace) -> Mapping[str, Any]:
    """Which budget and which year the document to compare with is. DocumentRefused for none."""
    from ..readers import read_header
    from ..report import describe
    from ..siret import usable_siret

    header = read_header(Path(options.previous))
    siret = usable_siret(header, options.siret) or header.siret
    return describe(replace(header, siret=siret))


def refused(options: Namespace, refusal: DocumentRefused) -> str:
    """Why the document to compare with is not taken."""
    texts = render_refusal(refusal.code, refusal.params, options.lang)
    why = f"{texts['what']} {texts['todo']}"
    return say("previous_refused", options.lang, name=options.previous, why=why)


def compared(before: Mapping[str, Any] | None, report: Report) -> dict[str, bool]:
    """Was a document compared? Nothing when that was not asked for."""
    from ..checks.years import is_comparable

    if before is None:
        return {}
    return {"compared": is_comparable(before, report.document)}

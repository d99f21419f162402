"""What became of each budget of a file, and of the file as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ckanext.budgetod.engine.findings_render import render
from ckanext.budgetod.model import Conversion

from . import messages
from .outcomes import note, note_failure

if TYPE_CHECKING:
    from ckanext.budgetod.engine.conversion import Conversion as Converted

WRITTEN = ("added", "updated")
NO_TABLE = ("I05", "Q23")
"""Findings that say why no valid SCDL table could be made."""


@dataclass(frozen=True, slots=True)
class Part:
    """The outcome of one budget of a file; ``exercice`` 0 when it is that of the whole file."""

    exercice: int
    outcome: str
    files: int = 0
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_failure(self) -> bool:
        return self.outcome.startswith("error:")

    def __str__(self) -> str:
        """In the site's language, as it is written down."""
        told = messages.sentence(self.outcome, self.params)
        return f"{self.exercice} : {told}" if self.exercice else told


def conclude(object_id: str, parts: Sequence[Part]) -> bool | str:
    """Note what became of a file as a whole; the answer of its import stage."""
    done = [part for part in parts if part.outcome in WRITTEN]
    others = [part for part in parts if part.outcome not in (*WRITTEN, "unchanged")]
    failed = [part for part in others if part.is_failure]
    files = sum(part.files for part in done)
    if done and others:
        note(object_id, "partly", files=files, left=" ".join(map(str, others)))
    elif done:
        note(object_id, done[0].outcome, files=files)
    elif failed:
        code = failed[0].outcome.partition(":")[2]
        return note_failure(object_id, "Import", code, failed[0].params)
    elif others:
        note(object_id, others[0].outcome, **others[0].params)
    else:
        note(object_id, "unchanged")
    return True if done else "unchanged"


def questions(row: Conversion) -> str:
    """Titles of the points of a withheld document that wait for an answer."""
    found = (row.report or {}).get("findings", ())
    return _titles(one for one in found if one["code"] in row.questions)


def faults(converted: Converted) -> dict[str, str]:
    """Why no valid table could be made of a budget."""
    return {"faults": _titles(f for f in converted.report.findings if f.code in NO_TABLE)}


def _titles(findings: Any) -> str:
    lang = messages.site_language()
    return " ; ".join(dict.fromkeys(render(one, lang)["title"] for one in findings)) or "…"

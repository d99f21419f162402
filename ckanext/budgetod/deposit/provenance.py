"""Where harvested documents come from: from which item of which source, in which version.

An item is what a harvest source reads at once: everything of a SIREN for an exercice, or one file
of a portal, which may hold several budgets or a part of one. Its *guid* names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.budgetod import engine
from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion, State


def versioned(digest: str) -> str:
    """The digest under which a document is kept: another pipeline gives other files."""
    return f"{engine.PIPELINE_VERSION}:{digest}"


def guid_of(document: BudgetDocument) -> str:
    """The item that a document came from: a file's name itself, others are drawn from whose."""
    told = (document.source or {}).get("guid")
    return told or f"{document.origin}/{document.siren}/{document.exercice}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is held of an item. ``hidden``: some of it gave way, or waits, and is not in public."""

    digests: frozenset[str]
    retired: bool
    hidden: bool
    source: Mapping[str, Any]

    def is_same(self, digest: str, asked: str = "") -> bool:
        """True when nothing is to be done while the source still says what was published.

        ``asked``: exercices looked for in a file, separated by commas.
        """
        if self.retired or self.hidden or self.digests != {versioned(digest)}:
            return False
        return set(asked.split(",")) <= set(self.source.get("asked", asked).split(","))


def items(origin: str, exercices: Iterable[int]) -> dict[str, Known]:
    """Everything that an origin has brought for these years, by item, in one query.

    What a person withdrew is not counted, nor what the source itself left out (without source).
    """
    query = model.Session.query(BudgetDocument).filter(
        BudgetDocument.origin == origin,
        BudgetDocument.exercice.in_(list(exercices)),
        BudgetDocument.withdrawn.is_(None),
    )
    found: dict[str, Known] = {}
    for one in query:
        if one.is_public or one.source:
            guid = guid_of(one)
            found[guid] = _joined(found.get(guid), one)
    return found


def _joined(before: Known | None, one: BudgetDocument) -> Known:
    digests = {one.digest} if one.is_public else set()
    return Known(
        digests=frozenset(digests | (before.digests if before else set())),
        retired=one.retired is not None or (before is not None and before.retired),
        hidden=not one.is_public or (before is not None and before.hidden),
        source=one.source or {},
    )


def known(origin: str, exercices: Iterable[int]) -> set[tuple[str, int]]:
    """(SIREN, exercice) that an origin has in public for these years."""
    query = model.Session.query(BudgetDocument.siren, BudgetDocument.exercice).filter(
        BudgetDocument.origin == origin,
        BudgetDocument.exercice.in_(list(exercices)),
        BudgetDocument.published_serial.isnot(None),
        BudgetDocument.withdrawn.is_(None),
    )
    return {(siren, exercice) for siren, exercice in query}


def remember(origin: str, guid: str, digest: str, source: Mapping[str, Any]) -> None:
    """What is public of a file was read in this version of it (our table only, committed)."""
    query = model.Session.query(BudgetDocument).filter(
        BudgetDocument.origin == origin,
        BudgetDocument.source["guid"].astext == guid,
        BudgetDocument.published_serial.isnot(None),
    )
    for document in query:
        document.digest = versioned(digest)
        document.source = {**document.source, **source}
    model.Session.commit()


def is_ours(sha256: str, origin: str) -> bool:
    """True for the very content of a file in public here, unless ``origin`` itself brought it."""
    mine = sa.or_(
        Conversion.published_sha256 == sha256,
        Conversion.outputs.contains(sa.cast([{"sha256": sha256}], JSONB)),
    )
    query = model.Session.query(Conversion.id).filter(
        Conversion.state == State.PUBLISHED.value,
        Conversion.document_key.notlike(f"{origin}.%"),
        mine,
    )
    return query.first() is not None


def elsewhere(key: str, guid: str, source: Mapping[str, Any]) -> str:
    """Title of another file that has brought the same document, and that is to be preferred.

    An XML goes before a CSV, then the newest; equal ones leave things as they are. "" for none.
    """
    document = BudgetDocument.get(key)
    if document is None or not document.is_public or document.retired is not None:
        return ""
    if guid_of(document) == guid or _rank(document.source) < _rank(source):
        return ""
    return document.source.get("titre", "")


def _rank(source: Mapping[str, Any]) -> tuple[bool, str]:
    return source.get("format") == "xml", source.get("modifie", "")


def was_deleted(siren: str, exercice: int) -> bool:
    """True for a dataset that a person deleted or purged: only a deposit brings it back.

    That withdrew all its documents, which taking away what vanished from a source does not.
    """
    held = BudgetDataset.get(siren, exercice)
    package = model.Package.get(held.package_id if held else "")
    if package is not None and package.state == "active":
        return False
    known = model.Session.query(BudgetDocument.withdrawn)
    ends = [end for (end,) in known.filter_by(siren=siren, exercice=exercice)]
    return bool(ends) and all(ends)

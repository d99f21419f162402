"""What only the portal can tell of a document: its other versions, the budgets that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ckan import model

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.engine.findings import Finding, Level
from ckanext.budgetod.engine.report import missing_annexe_budgets
from ckanext.budgetod.model import BudgetDocument, Conversion

from . import ranks
from .identity import DEPOSIT
from .metadata import SOURCE_NAMES


def findings(row: Conversion, document: BudgetDocument) -> list[Finding]:
    """What the portal holds beside a deposit: copies that it replaces, and what stands against
    replacing the published version of this document."""
    found = list(_harvested_copy(document))
    if document.withdrawn or document.published_serial in (None, row.serial):
        return found
    return [*found, *_older_seal(row, document), *_unnumbered_again(document)]


def _harvested_copy(document: BudgetDocument) -> Iterator[Finding]:
    """D04 when the collectivity's own version takes the place of a national source's."""
    if document.origin != DEPOSIT:
        return
    beaten = ranks.beaten_by(document, BudgetDocument.all_of_package(document.package_id))
    if beaten:
        best = min(beaten, key=lambda one: ranks.RANKS[one.origin])
        yield Finding("D04", Level.INFO, {"source": SOURCE_NAMES[best.origin]})


def _older_seal(row: Conversion, document: BudgetDocument) -> Iterator[Finding]:
    """S05 when the published version was sealed after this one."""
    published = Conversion.by_serial(document.published_serial)
    later = published.sealed_at if published else None
    if row.sealed_at is not None and later is not None and later > row.sealed_at:
        yield Finding("S05", Level.CONFIRM, {"date": later.date().isoformat()})


def _unnumbered_again(document: BudgetDocument) -> Iterator[Finding]:
    """D03 for a second amending decision without number: it may be another one."""
    if document.etape != Stage.DM.value or document.numero_dm:
        return
    decisions = _published(document.siren, document.exercice, siret=document.siret)
    count = sum(1 for one in decisions if one.etape == document.etape)
    params = {"exercice": document.exercice, "numero": count + 1}
    yield Finding("D03", Level.CONFIRM, params)


def annexes_to_come(row: Conversion) -> list[Finding]:
    """Q05 while annexe budgets that a principal budget names are not published for its year.

    Asked when the report is read, not when it is written: they may follow the next day.
    """
    if not (row.summary or {}).get("budgets_annexes"):
        return []
    there = _published(row.siren, row.exercice, categorie="annexe")
    known = {name for one in there for name in (one.siret, one.code_budget) if name}
    return missing_annexe_budgets(row.summary, known)


def _published(siren: str, exercice: int, **fields: Any) -> list[BudgetDocument]:
    """Documents in public of a SIREN for an exercice."""
    query = model.Session.query(BudgetDocument).filter_by(siren=siren, exercice=exercice, **fields)
    return query.filter(
        BudgetDocument.published_serial.isnot(None), BudgetDocument.withdrawn.is_(None)
    ).all()

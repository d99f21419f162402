"""The strict SCDL rows of a document and nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.budgetod.engine.anonymiser.cells import mask_columns
from ckanext.budgetod.engine.batches import Batches
from ckanext.budgetod.engine.document import BudgetLine, Header
from ckanext.budgetod.engine.errors import Unreadable
from ckanext.budgetod.engine.nomenclature import Plans, Resolver
from ckanext.budgetod.engine.readers import open_document
from ckanext.budgetod.engine.reading import plans_of
from ckanext.budgetod.engine.siret import usable_siret

from .mapping import StrictRows
from .validator import RowValidator
from .writer import CsvWriter


def write_strict(source: Any, writer: CsvWriter, siret: str | None, plans: Any) -> int:
    """Rows of every Budget of a document; Unreadable (I05, Q23) when one could not be valid."""
    lines = StrictLines(writer, siret, plans_of(plans))
    with open_document(source, annexes=False, accounting=False, places=False) as document:
        for event in document:
            if isinstance(event, Header):
                lines.begin(event)
            elif isinstance(event, BudgetLine):
                lines.line(event)
    lines.flush()
    if not lines.validator.is_valid:
        raise Unreadable("Q23", n=lines.validator.rows - lines.validator.valid)
    return writer.rows


class StrictLines:
    """The strict rows of the Budgets of a document, many at a time."""

    def __init__(self, writer: CsvWriter, siret: str | None, plans: Plans) -> None:
        self.validator = RowValidator()
        self._writer, self._siret, self._plans = writer, siret, plans
        self._first: Header | None = None
        self._lines: Batches[BudgetLine] = Batches(self._write)

    def begin(self, header: Header) -> None:
        """A Budget begins."""
        self.flush()
        chosen = usable_siret(header, self._siret, self._first)
        self._first = self._first or header
        if not chosen:
            raise Unreadable("I05", siret=header.siret)
        self._rows, self._resolver = StrictRows(header, chosen), Resolver(self._plans, header)

    def line(self, line: BudgetLine) -> None:
        self._lines.add(line)

    def flush(self) -> None:
        """Write what waits."""
        self._lines.flush()

    def _write(self, lines: Sequence[BudgetLine]) -> None:
        columns = mask_columns(self._rows.columns(self._resolver.resolve_all(lines)))
        self.validator.check_columns(columns)
        self._writer.write_columns(columns)

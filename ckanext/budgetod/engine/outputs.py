"""Files that a conversion writes about one Budget: their names, and the tables of its lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .choices import worded
from .document import AccountingRows, AnnexRows, Header, ResolvedLines, Stage
from .fields import columns
from .nomenclature import Resolver
from .report import coded
from .scdl.mapping import ExtendedRows, StrictRows
from .scdl.schema import COLUMNS, EXTENDED_AMOUNTS, EXTENDED_COLUMNS, FREE_TEXT
from .scdl.validator import RowValidator, blank
from .scdl.writer import CsvWriter

_UNSAFE = re.compile(r"[^0-9a-z]+")


Naming = str | Callable[[Header], str]
"""Beginning of the names of a conversion's files, or who gives it for the header of each Budget."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file: ``kind`` (scdl, etendu, annexe:emprunt, comptable:bilan, xml, report_json…), where,
    how many rows, its columns as Table Schema fields; title and columns are in one language.
    """

    kind: str
    path: Path
    rows: int | None = None
    columns: tuple[Mapping[str, Any], ...] = ()
    title: str = ""


def basename(header: Header) -> str:
    """``budget-215709908-2023-dm1-principal``: the beginning of every file name of a document."""
    number = coded(header.numero_dm) if header.stage is Stage.DM else ""
    code = coded(header.code_budget) or header.siret[9:]
    budget = f"annexe-{code}" if header.is_annexe else "principal"
    parts = (header.siren, str(header.exercice), f"{header.stage.slug}{number}", budget)
    return "-".join(("budget", *(slug(part) for part in parts)))


def named(header: Header, given: Naming | None = None) -> str:
    """The beginning asked for, else the usual one."""
    return given(header) if callable(given) else given or basename(header)


def slug(text: str) -> str:
    """Lower-case letters, digits and dashes only: safe in a file name whatever the text."""
    return _UNSAFE.sub("-", text.lower()).strip("-") or "x"


class LineFiles:
    """The strict and the extended CSV; ``folder`` None only counts valid rows.

    ``extended`` False writes the strict one alone.
    The strict file is meant to be thrown away by its owner when ``is_valid`` is False.
    """

    def __init__(self, folder: Path | None, guard: bool = False, extended: bool = True) -> None:
        self._folder = folder
        self._with_extended = extended
        self._guard = FREE_TEXT if guard else frozenset()
        self._strict: CsvWriter | None = None
        self._extended: CsvWriter | None = None
        self._wide: ExtendedRows | None = None
        self.validator = RowValidator()
        self.siret = ""

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        self.siret = siret
        self._rows = StrictRows(header, siret or header.siret)
        if self._folder is None:
            return
        self._strict = CsvWriter(self._folder / "scdl.csv", COLUMNS, self._guard)
        if not self._with_extended:
            return
        self._wide = ExtendedRows(header, resolver.fonction_label)
        self._extended = CsvWriter(self._folder / "etendu.csv", EXTENDED_COLUMNS, self._guard)

    def lines(self, lines: ResolvedLines) -> None:
        columns = self._rows.columns(lines)
        self.validator.check_columns(columns)
        self._write(columns, lines)

    def take(self, rows: Sequence[list[str]], lines: ResolvedLines) -> None:
        """The strict rows, made by others, of the lines they stand for; what is no value of its
        column is counted as bad, then left empty in the rows."""
        bad = self.validator.check_columns(list(zip(*rows, strict=True)))
        for place, cells in bad.items():
            blank(rows[place], cells)
        self._write(list(zip(*rows, strict=True)), lines)

    def _write(self, columns: Sequence[Sequence[str]], lines: ResolvedLines) -> None:
        if self._strict is None:
            return
        written = self._strict.write_columns(columns)
        if self._extended is not None and self._wide is not None:
            self._extended.write_columns(self._wide.columns(lines), after=written)

    def rows(self, rows: AnnexRows) -> None:
        """Annexes are not lines."""

    def accounting(self, rows: AccountingRows) -> None:
        """Nor are rows of the accountant's part."""

    def close(self) -> None:
        for writer in (self._strict, self._extended):
            if writer is not None:
                writer.close()

    @property
    def is_valid(self) -> bool:
        """True when the strict file may be published: a valid SIRET and every row valid."""
        return bool(self.siret) and self.validator.is_valid

    def outputs(self, lang: str) -> list[Output]:
        """The files written, the strict one only when it is valid."""
        if self._folder is None or not self.validator.rows:
            return []
        rows = self.validator.rows
        found = []
        if self.is_valid:
            about = columns(COLUMNS, lang)
            title = worded(("lignes au format SCDL", "lines in SCDL format"), lang)
            found.append(Output("scdl", self._folder / "scdl.csv", rows, about, title))
        if not self._with_extended:
            return found
        about = columns(EXTENDED_COLUMNS, lang, EXTENDED_AMOUNTS)
        title = worded(("lignes, colonnes étendues", "lines, extended columns"), lang)
        found.append(Output("etendu", self._folder / "etendu.csv", rows, about, title))
        return found

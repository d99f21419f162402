"""Files that a conversion writes about one Budget: names, tables of lines, tables of the CFU."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .document import AccountingRow, AnnexRow, Header, ResolvedLine
from .fields import columns
from .nomenclature import Resolver
from .readers.values import amount
from .scdl.mapping import ExtendedRows, StrictRows, budget_name, stage_detail
from .scdl.schema import COLUMNS, EXTENDED_AMOUNTS, EXTENDED_COLUMNS, FREE_TEXT
from .scdl.validator import RowValidator
from .scdl.writer import CsvWriter, write_csv

_UNSAFE = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Output:
    """One file: ``kind`` (scdl, etendu, annexe:emprunt, comptable:bi_a, xml, report_json…), where,
    how many rows, its columns as Table Schema fields, a title in both languages.
    """

    kind: str
    path: Path
    rows: int | None = None
    columns: tuple[Mapping[str, Any], ...] = ()
    title_fr: str = ""
    title_en: str = ""


def basename(header: Header) -> str:
    """``budget-215709908-2023-dm1-principal``: the beginning of every file name of a document."""
    number = header.numero_dm if header.stage.slug == "dm" else ""
    budget = f"annexe-{header.code_budget or header.siret[9:]}" if header.is_annexe else "principal"
    parts = (header.siren, str(header.exercice), f"{header.stage.slug}{number}", budget)
    return "-".join(("budget", *(slug(part) for part in parts)))


def slug(text: str) -> str:
    """Lower-case letters, digits and dashes only: safe in a file name whatever the text."""
    return _UNSAFE.sub("-", text.lower()).strip("-") or "x"


class LineFiles:
    """The strict and the extended CSV, row by row; ``folder`` None only counts valid rows.

    The strict file is meant to be thrown away by its owner when ``is_valid`` is False.
    """

    def __init__(self, folder: Path | None, guard: bool = False) -> None:
        self._folder = folder
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
        self._wide = ExtendedRows(header, resolver.fonction_label)
        self._extended = CsvWriter(self._folder / "etendu.csv", EXTENDED_COLUMNS, self._guard)

    def line(self, resolved: ResolvedLine) -> None:
        row = self._rows.row(resolved)
        self.validator.check(row)
        if self._strict is not None:
            self._strict.write(row)
        if self._extended is not None and self._wide is not None:
            self._extended.write(self._wide.row(row, resolved))

    def row(self, row: AnnexRow) -> None:
        """Annexes are not lines."""

    def accounting(self, row: AccountingRow) -> None:
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
            titles = ("lignes au format SCDL", "lines in SCDL format")
            found.append(Output("scdl", self._folder / "scdl.csv", rows, about, *titles))
        about = columns(EXTENDED_COLUMNS, lang, EXTENDED_AMOUNTS)
        titles = ("lignes, colonnes étendues", "lines, extended columns")
        found.append(Output("etendu", self._folder / "etendu.csv", rows, about, *titles))
        return found


_EXECUTION = (
    *("Nature", "Chapitre", "Operation", "CodeRD", "Section"),
    *("MtPrevisions", "MtEmissions", "MtAnnulations", "MtRealNettes", "MtSoldePrevReal"),
)
_STATEMENTS: dict[str, tuple[str, tuple[str, str], tuple[str, ...]]] = {
    "BI_S_A": ("bi_s_a", ("bilan synthétique, actif (k€)", "balance sheet summary, assets"), ()),
    "BI_S_P": ("bi_s_p", ("bilan synthétique, passif (k€)", "balance sheet summary, debts"), ()),
    "BI_A": ("bi_a", ("bilan, actif", "balance sheet, assets"), ("MtBrut", "MtAmo")),
    "BI_P": ("bi_p", ("bilan, passif", "balance sheet, liabilities"), ()),
    "CR_S": ("cr_s", ("compte de résultat synthétique (k€)", "income summary"), ("Variation",)),
    "CR": ("cr", ("compte de résultat", "income statement"), ("Variation",)),
    "EB_DF": ("eb_df", ("exécution, dépenses de fonctionnement", "execution, F D"), _EXECUTION),
    "EB_RF": ("eb_rf", ("exécution, recettes de fonctionnement", "execution, F R"), _EXECUTION),
    "EB_DI": ("eb_di", ("exécution, dépenses d'investissement", "execution, I D"), _EXECUTION),
    "EB_RI": ("eb_ri", ("exécution, recettes d'investissement", "execution, I R"), _EXECUTION),
}
_START = ("BGT_ETAPE_DETAIL", "BGT_ANNEE", "BGT_SIRET", "BGT_NOM", "NumOrdre", "Intitule1")
_START += ("Intitule2",)


class AccountingFiles:
    """The statements of the accountant (CFU), one CSV each: balance sheet, income, execution.

    Rows come before the header in the file: they wait for it in memory (some hundreds of rows).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[list[str]]] = {}
        self._start: list[str] = []
        self.unreadable: Counter[str] = Counter()

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        name = budget_name(header)
        self._start = [stage_detail(header), str(header.exercice), siret or header.siret, name]

    def line(self, resolved: ResolvedLine) -> None: ...

    def row(self, row: AnnexRow) -> None: ...

    def accounting(self, row: AccountingRow) -> None:
        if row.etat in _STATEMENTS:
            names = self._names(row.etat)[4:]
            cells = [self._cell(row.etat, name, row.values.get(name, "")) for name in names]
            self._rows.setdefault(row.etat, []).append(cells)

    def _names(self, etat: str) -> tuple[str, ...]:
        own = _STATEMENTS[etat][2]
        return (*_START, *own, *(() if etat.startswith("EB") else ("MtNet", "MtNet-1", "Agregat")))

    def _cell(self, etat: str, name: str, text: str) -> str:
        if not text or not _is_amount(name):
            return text
        try:
            return f"{amount(text):f}"
        except ValueError:
            self.unreadable[etat] += 1
            return ""

    def outputs(self, lang: str) -> list[Output]:
        """Write the statements that have rows."""
        found = []
        for etat, rows in self._rows.items():
            code, titles, _ = _STATEMENTS[etat]
            names = self._names(etat)
            path = self._folder / f"comptable-{code}.csv"
            write_csv(path, names, ([*self._start, *row] for row in rows))
            about = columns(names, lang, [name for name in names if _is_amount(name)])
            found.append(Output(f"comptable:{code}", path, len(rows), about, *titles))
        return found


def _is_amount(name: str) -> bool:
    return name.startswith("Mt") or name == "Variation"

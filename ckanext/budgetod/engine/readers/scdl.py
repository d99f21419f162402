"""SCDL "budget" CSV made by others: read any dialect, say what is missing, repair the rest.

    with open_scdl(path, given={"BGT_SIRET": "21570990800010"}) as table:
        for row in table:                 # 22 cells in the order of the schema, repaired
            ...
    table.missing, table.repairs, table.extra

Never invented: amounts, sides, natures. Repairable, and each repair is counted by kind: byte order
mark, separator, decimal comma, spaces in numbers, case of column names, writing of enumerations,
codes and years that a spreadsheet turned into decimals, badly coded accents, and from the account
plan the chapter, the section and the labels that are empty. SIRET, name and stage can be given.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO

from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    LabelSource,
    ResolvedLine,
    Stage,
)
from ckanext.budgetod.engine.errors import NotABudget, Unreadable
from ckanext.budgetod.engine.nomenclature import Plans, Resolver
from ckanext.budgetod.engine.nomenclature import plans as known_plans
from ckanext.budgetod.engine.scdl.mapping import ORDRE, SECTIONS, SIDES
from ckanext.budgetod.engine.scdl.schema import AMOUNT_COLUMNS, COLUMNS, FIELDS, Field
from ckanext.budgetod.engine.siret import valid_siret

from ..numbers import whole
from .scdl_cells import fold, repaired_cell
from .scdl_dialect import decoded, first, separator_of
from .scdl_guess import guess_nomenclature
from .values import amount

GIVEN = ("BGT_SIRET", "BGT_NOM", "BGT_NATDEC")
"""Columns that a person may give for the whole file."""

MAX_SIZE = 200_000_000
_PLACE = {name: rank for rank, name in enumerate(COLUMNS)}
_SAMPLE = 1000
_LONGEST_CELL = 10_000
_SIDE_OF = {text: code for code, text in SIDES.items()}
_ORDRE_OF = {text: code for code, text in ORDRE.items()}
_SECTION_OF = {text: code for code, text in SECTIONS.items()}
_FROM_PLAN = ("BGT_CONTNAT", "BGT_CONTNAT_LABEL", "BGT_NATURE_LABEL", "BGT_FONCTION_LABEL")


def open_scdl(
    source: str | Path | IO[bytes],
    *,
    given: Mapping[str, str] | None = None,
    nomenclature: str = "",
    plans: Plans | None = None,
    max_size: int = MAX_SIZE,
    repair: bool = False,
) -> ScdlTable:
    """Open an SCDL CSV. ``given`` fills columns of ``GIVEN`` that the file lacks.

    With ``repair`` the SIRET given also stands for those that are not valid.

    ``nomenclature`` (``M57-M57_A``) is guessed from the codes when it is not given. Raises
    Unreadable (F07, F09) and NotABudget (F02: a CSV without SCDL columns).
    """
    owned = isinstance(source, (str, Path))
    raw = open(source, "rb") if isinstance(source, (str, Path)) else source  # noqa: SIM115
    try:
        known = plans or known_plans()
        return ScdlTable(raw, owned, dict(given or {}), nomenclature, known, max_size, repair)
    except BaseException:
        if owned:
            raw.close()
        raise


def _column(name: str) -> str:
    """The name of a column as the schema writes it."""
    return fold(name).upper().replace(" ", "_")


class ScdlTable:
    """Rows of an SCDL file, repaired; iterate once.

    ``missing`` schema columns that the file lacks (those given apart), ``extra`` columns that the
    schema lacks, ``twice`` columns there more than once, of which the first is read, ``repairs``
    how often each kind of repair was made, ``nomenclature`` used.
    """

    def __init__(
        self,
        raw: IO[bytes],
        owned: bool,
        given: dict[str, str],
        nomenclature: str,
        plans: Plans,
        max_size: int,
        repair: bool = False,
    ) -> None:
        self._repair = repair
        self._raw, self._owned, self._plans = raw, owned, plans
        self.repairs: Counter[str] = Counter()
        self.twice: list[str] = []
        self.encoding, text = decoded(raw, max_size)
        self._text = text
        line = first(text)
        self.separator = separator_of(line)
        self._reader = csv.reader(itertools.chain([line], text), delimiter=self.separator)
        self.columns = [name.strip() for name in first(self._reader)]
        self._ranks = self._known_columns()
        self._given = {name: given[name] for name in GIVEN if given.get(name)}
        found = {*self._ranks, *self._given}
        self.missing = [name for name in COLUMNS if name not in found]
        self.extra = [name for name in self.columns if _column(name) not in _PLACE]
        self.nomenclature = nomenclature
        self._resolvers: dict[int, Resolver] = {}
        self._note_dialect()

    def __enter__(self) -> ScdlTable:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._text.detach()
        if self._owned:
            self._raw.close()

    @property
    def missing_required(self) -> list[str]:
        """Columns without which no row can be valid and that no plan can fill."""
        required = {field.name for field in FIELDS if field.required}
        return [c for c in self.missing if c in required and c not in (*_FROM_PLAN, "BGT_SECTION")]

    def __iter__(self) -> Iterator[list[str]]:
        rows = self._rows()
        sample = list(itertools.islice(rows, _SAMPLE))
        if not self.nomenclature:
            self.nomenclature = guess_nomenclature(self._plans, sample)
        for row in itertools.chain(sample, rows):
            yield self._completed(row)

    def lines(self) -> Iterator[tuple[list[str], ResolvedLine]]:
        """Each repaired row and the line it stands for (rank and line of the file from 1)."""
        for index, row in enumerate(self, 1):
            yield row, resolved(row, index)

    # -- reading ----------------------------------------------------------------------------------

    def _known_columns(self) -> dict[str, int]:
        ranks: dict[str, int] = {}
        for rank, name in enumerate(self.columns):
            known = _column(name)
            if known in ranks:
                self.twice.append(known)
            elif known in _PLACE:
                ranks[known] = rank
                if known != name:
                    self.repairs["column_name"] += 1
        if len(ranks) < 3:
            raise NotABudget("F02")
        return ranks

    def _note_dialect(self) -> None:
        if self.encoding == "utf-8-sig":
            self.repairs["byte_order_mark"] += 1
        elif self.encoding != "utf-8":
            self.repairs["encoding"] += 1
        if self.separator != ",":
            self.repairs["separator"] += 1

    def _rows(self) -> Iterator[list[str]]:
        """Rows in the order of the schema, each cell repaired by itself."""
        places = [(field, self._ranks.get(field.name)) for field in FIELDS]
        try:
            for cells in self._reader:
                if max(map(len, cells), default=0) > _LONGEST_CELL:
                    raise Unreadable("F07", line=self._reader.line_num)
                if any(cells):
                    yield [self._cell(field, rank, cells) for field, rank in places]
        except (csv.Error, UnicodeError):
            raise Unreadable("F07", line=self._reader.line_num) from None

    def _cell(self, field: Field, rank: int | None, cells: list[str]) -> str:
        raw = cells[rank] if rank is not None and rank < len(cells) else ""
        if not raw.strip():
            given = self._given.get(field.name, "")
            if given:
                self.repairs["given"] += 1
            return given
        text, kind = repaired_cell(field, raw)
        meant = self._given.get(field.name) if field.name == "BGT_SIRET" else None
        if self._repair and meant and not valid_siret(text):
            text, kind = meant, "given"
        if kind:
            self.repairs[kind] += 1
        return text

    # -- what the account plan can fill -----------------------------------------------------------

    def _completed(self, row: list[str]) -> list[str]:
        wanted = [name for name in (*_FROM_PLAN, "BGT_SECTION") if not row[_PLACE[name]]]
        if wanted == ["BGT_FONCTION_LABEL"] and not row[_PLACE["BGT_FONCTION"]]:
            return row
        if wanted and (row[_PLACE["BGT_NATURE"]] or row[_PLACE["BGT_CONTNAT"]]):
            self._fill(row, wanted)
        return row

    def _fill(self, row: list[str], wanted: Collection[str]) -> None:
        resolver = self._resolver(row[_PLACE["BGT_ANNEE"]])
        if resolver is None:
            return
        answer = resolver.resolve(_line(row, 0))
        if "BGT_CONTNAT_LABEL" in wanted and answer.chapitre != row[_PLACE["BGT_CONTNAT"]]:
            wanted = {*wanted, "BGT_CONTNAT"}  # an article stood where the chapter belongs
        found = {
            "BGT_CONTNAT": answer.chapitre,
            "BGT_CONTNAT_LABEL": answer.chapitre_label,
            "BGT_NATURE_LABEL": answer.nature_label,
            "BGT_FONCTION_LABEL": answer.fonction_label,
            "BGT_SECTION": SECTIONS.get(answer.section, ""),
        }
        for name in wanted:
            if found[name]:
                row[_PLACE[name]] = found[name]
                self.repairs["section_from_plan" if name == "BGT_SECTION" else "from_plan"] += 1

    def _resolver(self, year: str) -> Resolver | None:
        exercice, name = whole(year), self.nomenclature
        if exercice is None or not name:
            return None
        if exercice not in self._resolvers:
            header = Header(siret="", exercice=exercice, stage=Stage.CA, nomenclature=name)
            self._resolvers[exercice] = Resolver(self._plans, header)
        return self._resolvers[exercice]


def resolved(row: list[str], index: int) -> ResolvedLine:
    """The resolved line that a repaired row stands for; origins are unknown to a CSV."""
    cell = dict(zip(COLUMNS, row, strict=True))
    has = {True: LabelSource.DOCUMENT, False: LabelSource.NONE}
    fonction = has[bool(cell["BGT_FONCTION_LABEL"])] if cell["BGT_FONCTION"] else None
    return ResolvedLine(
        line=_line(row, index),
        chapitre=cell["BGT_CONTNAT"],
        chapitre_label=cell["BGT_CONTNAT_LABEL"],
        section=_SECTION_OF.get(cell["BGT_SECTION"], ""),
        nature_label=cell["BGT_NATURE_LABEL"],
        fonction_label=cell["BGT_FONCTION_LABEL"],
        chapter_origin=ChapterOrigin.OWN if cell["BGT_CONTNAT"] else ChapterOrigin.NONE,
        nature_source=has[bool(cell["BGT_NATURE_LABEL"])],
        fonction_source=fonction,
    )


def _line(row: list[str], index: int) -> BudgetLine:
    cell = dict(zip(COLUMNS, row, strict=True))
    amounts = [_amount(cell[name]) for name in AMOUNT_COLUMNS]
    return BudgetLine(
        index,
        index + 1,
        cell["BGT_NATURE"],
        cell["BGT_FONCTION"],
        cell["BGT_OPERATION"],
        cell["BGT_CONTNAT"],
        "",
        "",
        {"spécialisé": True, "non spécialisé": False}.get(cell["BGT_ARTSPE"]),
        _SIDE_OF.get(cell["BGT_CODRD"], ""),
        _ORDRE_OF.get(cell["BGT_OPBUDG"], ""),
        "",
        "",
        "",
        *amounts,  # pyright: ignore[reportArgumentType]
    )


def _amount(text: str) -> Decimal | None:
    try:
        return amount(text) if text else None
    except ValueError:
        return None

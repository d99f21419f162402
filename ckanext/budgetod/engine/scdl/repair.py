"""An SCDL file made by others: what is wrong with it, and a valid file when it can be had.

found = repair_scdl("regional.csv", "valid.csv", given={"BGT_SIRET": "…", "BGT_NOM": "…",
                                                        "BGT_NATDEC": "compte administratif"})
found.is_valid, found.missing, found.repairs, found.bad
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

from ckanext.budgetod.engine.anonymiser.cells import masked_line, masked_title
from ckanext.budgetod.engine.document import ResolvedLine
from ckanext.budgetod.engine.files import fresh_file
from ckanext.budgetod.engine.nomenclature import Plans
from ckanext.budgetod.engine.readers.scdl import ScdlTable, open_scdl

from .schema import COLUMNS
from .validator import RowValidator, blank
from .writer import CsvWriter

_IN_MEMORY = 8_000_000
RepairedLine = tuple[list[str], ResolvedLine]
"""A strict row, repaired, and the line that it stands for."""


@dataclass(frozen=True, slots=True)
class ScdlRepair:
    """``rows`` read and ``valid`` among them after repair; ``repairs`` counts per kind.

    ``missing`` columns of the schema that the file lacks, ``missing_required`` those that nobody
    but a person can fill, ``extra`` columns that the schema lacks; ``bad`` cells left: column,
    reason, count and first row; ``masked``: how often each kind of personal data was found (name,
    email, phone, iban, nir); ``twice``: columns there more than once, of which the first is read.
    ``written`` is True when a valid file was written.
    """

    rows: int
    valid: int
    encoding: str
    separator: str
    nomenclature: str
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    extra: tuple[str, ...]
    repairs: Mapping[str, int]
    bad: tuple[Mapping[str, Any], ...]
    masked: Mapping[str, int] = field(default_factory=dict)
    twice: tuple[str, ...] = ()
    written: bool = False

    @property
    def is_valid(self) -> bool:
        return 0 < self.rows == self.valid

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "is_valid": self.is_valid}


def repair_scdl(
    source: str | Path | BinaryIO,
    target: str | Path | BinaryIO | None = None,
    *,
    given: Mapping[str, str] | None = None,
    nomenclature: str = "",
    plans: Plans | None = None,
    mask: bool = True,
    follow: Callable[[Iterable[RepairedLine]], None] | None = None,
) -> ScdlRepair:
    """Read, repair and check; write the valid file to ``target``, nothing when it is not valid.

    What names or reaches a person is masked in it, and what is no value of its column is left
    empty for whoever follows, unless ``mask`` is False. ``follow`` sees each
    row that goes out, with the line it stands for. ``given`` may fill BGT_SIRET (a wrong one is
    replaced), BGT_NOM and BGT_NATDEC. Raises DocumentRefused for a file that is no SCDL table.
    """
    with (
        open_scdl(
            source, given=given, nomenclature=nomenclature, plans=plans, repair=True
        ) as table,
        tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as repaired,
    ):
        validator = RowValidator()
        masked: Counter[str] = Counter()
        with CsvWriter(repaired, COLUMNS) as writer:  # pyright: ignore[reportArgumentType]
            lines = _masked(table.lines(), masked) if mask else table.lines()
            passing = _kept(lines, validator, writer, mask)
            if follow is not None:
                follow(passing)
            deque(passing, maxlen=0)
        written = target is not None and validator.is_valid
        if written:
            repaired.seek(0)
            _copy(repaired, target)
        return _answer(table, validator, masked, written, mask)


def _masked(lines: Iterable[RepairedLine], found: Counter[str]) -> Iterator[RepairedLine]:
    """The lines without what names or reaches a person, counted in ``found``."""
    for row, resolved in lines:
        masked, kinds = masked_line(row, resolved)
        found.update(kinds)
        yield row, masked


def _kept(
    lines: Iterable[RepairedLine], validator: RowValidator, writer: CsvWriter, mask: bool
) -> Iterator[RepairedLine]:
    """The lines, each checked and written as it passes; with ``mask``, without what is no value."""
    for row, resolved in lines:
        bad = validator.check(row)
        if mask:
            blank(row, bad)
        writer.write(row)
        yield row, resolved


def _copy(repaired: IO[bytes], target: str | Path | BinaryIO | None) -> None:
    if isinstance(target, (str, Path)):
        with fresh_file(Path(target)) as file:
            shutil.copyfileobj(repaired, file)
    elif target is not None:
        shutil.copyfileobj(repaired, target)


def _answer(
    table: ScdlTable,
    validator: RowValidator,
    masked: Mapping[str, int],
    written: bool,
    mask: bool,
) -> ScdlRepair:
    bad = (
        {
            "column": cell.column,
            "reason": cell.reason,
            "count": count,
            "first_row": validator.first_row[cell],
        }
        for cell, count in validator.bad.most_common()
    )
    return ScdlRepair(
        rows=validator.rows,
        valid=validator.valid,
        encoding=table.encoding,
        separator=table.separator,
        nomenclature=table.nomenclature,
        missing=tuple(table.missing),
        missing_required=tuple(table.missing_required),
        extra=tuple(map(masked_title, table.extra) if mask else table.extra),
        repairs=dict(sorted(table.repairs.items())),
        bad=tuple(bad),
        masked=dict(sorted(masked.items())),
        twice=tuple(table.twice),
        written=written,
    )

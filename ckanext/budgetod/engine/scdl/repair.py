"""An SCDL file made by others: what is wrong with it, and a valid file when it can be had.

found = repair_scdl("regional.csv", "valid.csv", given={"BGT_SIRET": "…", "BGT_NOM": "…",
                                                        "BGT_NATDEC": "compte administratif"})
found.is_valid, found.missing, found.repairs, found.bad
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

from ckanext.budgetod.engine.anonymiser.cells import mask_row
from ckanext.budgetod.engine.files import fresh_file
from ckanext.budgetod.engine.nomenclature import Plans
from ckanext.budgetod.engine.readers.scdl import ScdlTable, open_scdl

from .schema import COLUMNS
from .validator import RowValidator
from .writer import CsvWriter

_IN_MEMORY = 8_000_000


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
) -> ScdlRepair:
    """Read, repair and check; write the valid file to ``target``, nothing when it is not valid.

    What names or reaches a person is masked in it, unless ``mask`` is False.
    ``given`` may fill BGT_SIRET (a wrong one is replaced), BGT_NOM and BGT_NATDEC. Raises
    DocumentRefused for a file that is no SCDL table.
    """
    with (
        open_scdl(
            source, given=given, nomenclature=nomenclature, plans=plans, repair=_gives_siret(given)
        ) as table,
        tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as repaired,
    ):
        validator = RowValidator()
        masked: Counter[str] = Counter()
        with CsvWriter(repaired, COLUMNS) as writer:  # pyright: ignore[reportArgumentType]
            for row in table:
                if mask:
                    masked.update(mask_row(row))
                validator.check(row)
                writer.write(row)
        written = target is not None and validator.is_valid
        if written:
            repaired.seek(0)
            _copy(repaired, target)
        return _answer(table, validator, masked, written)


def _gives_siret(given: Mapping[str, str] | None) -> bool:
    """A person who gives a SIRET means it for the file, wrong ones included."""
    return bool(given and given.get("BGT_SIRET"))


def _copy(repaired: IO[bytes], target: str | Path | BinaryIO | None) -> None:
    if isinstance(target, (str, Path)):
        with fresh_file(Path(target)) as file:
            shutil.copyfileobj(repaired, file)
    elif target is not None:
        shutil.copyfileobj(repaired, target)


def _answer(
    table: ScdlTable, validator: RowValidator, masked: Mapping[str, int], written: bool
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
        extra=tuple(table.extra),
        repairs=dict(sorted(table.repairs.items())),
        bad=tuple(bad),
        masked=dict(sorted(masked.items())),
        twice=tuple(table.twice),
        written=written,
    )

"""What the controls look at: gathered while the document passes, never the document itself.

Its size follows the nomenclature and the annexes' code lists, not the length of the document,
but for sixteen bytes a line that tell duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from ..annex_cells import filled
from ..document import (
    AnnexRows,
    Header,
    LabelSource,
    Origin,
    ReadProblem,
    ResolvedLine,
    ResolvedLines,
)
from ..findings import Where
from ..ledger import Ledger, Place
from ..readers.values import is_destroyed
from ..report import coded
from ..scdl.validator import RowValidator
from .annex_sums import AnnexSums, are_plain_numbers, is_number, numeric_fields
from .comptable_sums import ComptableSums
from .duplicates import Duplicates

MAX_WHERE = 10
"""How many places a finding shows; its ``count`` says how many there are."""

_SIDES = {"R": "recette", "D": "dépense"}
_ORDRE = frozenset({"040", "041", "042", "043"})
_ORDRE_OR_TRANSFER = _ORDRE | {"021", "023"}
_OTHER = (LabelSource.OTHER_YEAR, LabelSource.SIBLING)
_EXACT = frozenset((LabelSource.EXACT, LabelSource.LATER_COPY))
_UNKNOWN = (LabelSource.DOCUMENT, LabelSource.NONE)


@dataclass(slots=True)
class Places:
    """The first places of a kind of finding, and how many there are."""

    count: int = 0
    shown: list[Where] = field(default_factory=list)

    def add(self, where: Where) -> None:
        self.count += 1
        if len(self.shown) < MAX_WHERE:
            self.shown.append(where)


@dataclass(slots=True)
class Evidence:
    """Fill with ``add_lines`` and ``add_rows``; then run the controls.

    ``index``: which Budget of its document, from 0.
    """

    header: Header
    index: int = 0
    facts: Mapping[str, Any] | None = None
    edition: Mapping[str, str] = field(default_factory=dict)
    siret: str = ""
    origin: Origin = Origin.DOCUMENT
    plan_known: bool = True
    today: date = field(default_factory=date.today)
    previous: Mapping[str, Any] | None = None
    previous_ledger: Ledger | None = None
    ledger: Ledger = field(default_factory=Ledger)
    annexes: AnnexSums = field(default_factory=AnnexSums)
    comptable: ComptableSums = field(default_factory=ComptableSums)
    duplicates: Duplicates = field(default_factory=Duplicates)
    chapter_origins: Counter[str] = field(default_factory=Counter)
    nature_sources: Counter[str] = field(default_factory=Counter)
    fonction_sources: Counter[str] = field(default_factory=Counter)
    labels_elsewhere: Counter[str] = field(default_factory=Counter)
    lines_elsewhere: int = 0
    unknown_codes: dict[str, Places] = field(default_factory=dict)
    deleted_codes: dict[str, Places] = field(default_factory=dict)
    no_section: Places = field(default_factory=Places)
    section_conflicts: Places = field(default_factory=Places)
    role_conflicts: Places = field(default_factory=Places)
    values: Places = field(default_factory=Places)
    destroyed: Places = field(default_factory=Places)
    repaired: int = 0
    siret_missing: bool = False
    conformity: RowValidator | None = None

    @property
    def bears_the_gate(self) -> bool:
        """True where the findings of the gate are told: once a document, with its first Budget."""
        return self.facts is not None and self.index == 0

    @property
    def identity(self) -> Header:
        """The header under the SIRET that is published: the one given where its own is wrong."""
        return replace(self.header, siret=self.siret) if self.siret else self.header

    def add_lines(self, lines: ResolvedLines) -> None:
        """Count lines that TotEM did not calculate."""
        found, line = lines.found, lines.line
        self.ledger.add(lines)
        self.duplicates.add(found.line)
        _count(self.chapter_origins, found.chapter_origin)
        natures = _count(self.nature_sources, found.nature_source)
        fonctions = _count(self.fonction_sources, found.fonction_source)
        if natures - _EXACT or fonctions - _EXACT:
            for resolved in lines.each:
                self._see_labels(resolved)
        mixed = any(_mixes(*pair) for pair in set(zip(found.chapitre, line.op_budg, strict=True)))
        if mixed or any(line.carac_sup) or not (all(found.section) and all(found.chapitre)):
            for resolved in lines.each:
                self._see_section(resolved)

    def _see_labels(self, resolved: ResolvedLine) -> None:
        line = resolved.line
        elsewhere = [
            code
            for code, source in (
                (line.nature, resolved.nature_source),
                (line.fonction, resolved.fonction_source),
            )
            if source in _OTHER
        ]
        self.labels_elsewhere.update(elsewhere)
        self.lines_elsewhere += bool(elsewhere)
        if resolved.nature_source in _UNKNOWN:
            self._unknown(line.nature, "nature", resolved)
        if resolved.fonction_source in _UNKNOWN:
            self._unknown(line.fonction, "fonction", resolved)

    def _unknown(self, code: str, kind: str, resolved: ResolvedLine) -> None:
        if code:
            places = self.unknown_codes.setdefault(f"{kind} {coded(code) or '…'}", Places())
            places.add(where(resolved))

    def _see_section(self, resolved: ResolvedLine) -> None:
        if not resolved.section or not resolved.chapitre:
            self.no_section.add(where(resolved))
            return
        supplements = resolved.line.carac_sup
        stated = next((v for k, v in supplements if k == "Section"), "") if supplements else ""
        if stated in ("F", "I") and stated != resolved.section:
            self.section_conflicts.add(where(resolved))
        if _mixes(resolved.chapitre, resolved.line.op_budg):
            self.role_conflicts.add(where(resolved))

    def add_problem(self, problem: ReadProblem) -> None:
        """Count a value that the reader could not take."""
        if problem.kind == "text_repaired":
            self.repaired += 1
        elif problem.kind == "text_destroyed":
            self.destroyed.add(problem.where)
        elif problem.kind == "siret":
            self.siret_missing = True
        else:
            self.values.add(problem.where)

    def add_rows(self, rows: AnnexRows) -> None:
        """Count rows of an annex."""
        self.annexes.add(rows)
        kinds = numeric_fields(rows.table)
        for name, column in rows.columns.items():
            texts = filled(column)
            if name in kinds and are_plain_numbers(texts, kinds[name]):
                continue
            if name in kinds:
                wrong = {text for text in set(texts) if not is_number(text, kinds[name])}
                self._see(rows, name, self.values, wrong)
            if is_destroyed("".join(texts)):
                wrong = {text for text in texts if is_destroyed(text)}
                self._see(rows, name, self.destroyed, wrong)

    def _see(self, rows: AnnexRows, name: str, found: Places, wrong: Collection[str]) -> None:
        """Places of the texts of a field that are wrong."""
        for place, text in enumerate(rows.columns[name] if wrong else ()):
            if text in wrong:
                found.add(rows.where(place, name))

    def close(self, header: Header) -> None:
        """After the pass: the whole header, its texts looked at for destroyed accents."""
        self.header = header
        names = ("libelle_collectivite", "libelle_etablissement", "libelle_poste", "nature_cepl")
        for name in names:
            if is_destroyed(getattr(self.header, name)):
                self.destroyed.add(Where(element=f"EnTete/{name}"))

    @property
    def resolution(self) -> dict[str, dict[str, int]]:
        """Counts per origin of the chapter and source of the labels."""
        return {
            "chapter": dict(sorted(self.chapter_origins.items())),
            "nature_label": dict(sorted(self.nature_sources.items())),
            "fonction_label": dict(sorted(self.fonction_sources.items())),
        }


def _count(counts: Counter[str], found: Iterable[Any]) -> set[Any]:
    """Count origins or sources by their names; those that were met. None is no source."""
    met = Counter(found)
    met.pop(None, None)
    for source, times in met.items():
        counts[source.value] += times
    return set(met)


def _mixes(chapter: str, op_budg: str) -> bool:
    """A real line in an internal chapter, or the converse.

    Told for chapters by nature only: those by function (900, 930…) hold both in some years.
    """
    if op_budg == "0":
        return chapter in _ORDRE
    return op_budg == "1" and chapter not in _ORDRE_OR_TRANSFER and not _by_function(chapter)


def _by_function(chapter: str) -> bool:
    return chapter.startswith("9")


def where(resolved: ResolvedLine) -> Where:
    """The place of a line, with a note that quotes codes only."""
    line = resolved.line
    note = _note(line.nature, line.cod_rd, line.op_budg)
    return _where(line.index, line.source_line, note)


def _note(nature: str, side: str, ordre: str) -> str:
    words = [f"nature {coded(nature) or '…'}" if nature else "sans nature"]
    words.append(_SIDES.get(side, "sens inconnu"))
    words.append("ordre" if ordre == "1" else "réel")
    return ", ".join(words)


def _where(line: int, source_line: int | None, note: str = "") -> Where:
    return Where(line, source_line, f"Budget/LigneBudget[{line}]", note)


def places(found: Iterable[Place]) -> tuple[Where, ...]:
    """Places of a ledger as ``Where``."""
    return tuple(
        _where(line, source, _note(key.nature, key.side, key.ordre)) for line, source, key in found
    )


def bare_places(found: Iterable[tuple[int, int | None]]) -> tuple[Where, ...]:
    """Places of which only the rank is known."""
    return tuple(_where(line, source) for line, source in found)


def text(amount: Decimal) -> str:
    """An amount as a parameter: plain text with two decimals at least."""
    return f"{amount:.2f}"

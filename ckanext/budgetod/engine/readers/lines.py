"""LigneBudget: from values to ``BudgetLine``. Lines of one shape are read column by column, those
in which anything is wrong one by one, so that what is wrong can be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, repeat

from ckanext.budgetod.engine.document import AMOUNTS, BudgetLine, ReadProblem
from ckanext.budgetod.engine.findings import TWO_VALUES, Where

from .alike import Alike, Rows
from .markup import unescape
from .rows import TRUE, Leaf, given, leaves_at, short
from .safexml import Element
from .values import amount, amounts, boolean, clean, is_destroyed, is_repaired, trimmed

_LEAVES = (
    *("Nature", "LibCpte", "Fonction", "Operation", "ContNat", "ArtSpe", "ContFon", "ContOp"),
    *("CodRD", "OpBudg", "TypOpBudg", "OpeCpteTiers", *AMOUNTS),
)
_NAMES = frozenset(_LEAVES)
_MTSUP, _CARACSUP = "MtSup", "CaracSup"
_SIDES = {"R": "R", "D": "D"}
_ORDRE = {"0": "0", "1": "1"}
_ARTSPE = {"": None, "true": True, "1": True, "false": False, "0": False}
_SUPPLEMENTS = frozenset((_MTSUP, _CARACSUP))
_NO_PAIRS: tuple[tuple[str, str], ...] = ()


class _Faults(list[ReadProblem]):
    """Problems of one line, one for each leaf."""

    def __init__(self, rank: int, source_line: int | None) -> None:
        super().__init__()
        self._rank, self._source_line = rank, source_line

    def add(self, kind: str, field: str, note: str = "") -> None:
        if any(problem.field == field for problem in self):
            return
        element = f"Budget/LigneBudget[{self._rank}]/{field}"
        where = Where(self._rank, self._source_line, element, note)
        self.append(ReadProblem(kind, field, where))


Read = tuple[BudgetLine, Sequence[ReadProblem]]
"""A line and what was wrong in it."""
_Column = Sequence[str]


def read_lines(rows: Rows, first: int) -> list[Read]:
    """The lines that TotEM did not calculate, in the order of the file; ``first`` is the rank of
    the first row among the Budget's."""
    found: dict[int, Read] = {}
    for alike in map(given, rows.alike):
        indexes = [first + rank for rank in alike.ranks]
        lines = [rows.lines[rank] for rank in alike.ranks]
        try:
            read: list[Read] = [(line, ()) for line in _together(alike, indexes, lines)]
        except (ValueError, KeyError):
            read = _one_by_one(alike, indexes, lines)
        found.update(zip(alike.ranks, read, strict=True))
    for rank, element in rows.others.items():
        if element.get("calculated") not in TRUE:
            found[rank] = _line(_own_leaves(element), first + rank, rows.lines[rank])
    return [found[rank] for rank in sorted(found)]


# --- column by column ----------------------------------------------------------------------------


def _together(
    alike: Alike, indexes: Sequence[int], lines: Sequence[int | None]
) -> Iterable[BudgetLine]:
    """Lines of one shape. ValueError or KeyError when anything is wrong in one of them."""
    told, supplements = _columns(alike)
    sides, ordres = told["CodRD"], told["OpBudg"]
    return map(
        BudgetLine,
        indexes,
        lines,
        _codes(told, "Nature"),
        _codes(told, "Fonction"),
        _texts(told, "Operation"),
        _codes(told, "ContNat"),
        _codes(told, "ContFon"),
        _texts(told, "ContOp"),
        [_ARTSPE[text] for text in told["ArtSpe"]] if "ArtSpe" in told else repeat(None),
        [_SIDES[text] for text in sides],
        [_ORDRE[text] for text in ordres],
        _codes(told, "TypOpBudg"),
        _texts(told, "LibCpte"),
        _codes(told, "OpeCpteTiers"),
        *[amounts(told[name]) if name in told else repeat(None) for name in AMOUNTS],
        _paired(supplements, _MTSUP),
        _paired(supplements, _CARACSUP),
    )


def _columns(alike: Alike) -> tuple[dict[str, _Column], list[tuple[str, _Column, _Column]]]:
    """Column of each leaf that is wanted; name, codes and values of each supplement. ValueError
    when a leaf is given twice."""
    told: dict[str, _Column] = {}
    supplements: list[tuple[str, _Column, _Column]] = []
    blank = ("",) * len(alike.ranks)
    columns: Sequence[_Column] = alike.columns
    if "&" in "".join(chain.from_iterable(columns)):
        columns = [list(map(unescape, column)) for column in columns]
    for name, ranks in alike.layout.leaves:
        values = columns[ranks["V"]] if "V" in ranks else blank
        if name in told:
            raise ValueError("given twice")
        if name in _NAMES:
            told[name] = values
        elif name in _SUPPLEMENTS:
            codes = columns[ranks["Code"]] if "Code" in ranks else blank
            supplements.append((name, codes, values))
    return told, supplements


def _codes(told: Mapping[str, _Column], name: str) -> Iterable[str]:
    column = told.get(name)
    return repeat("") if column is None else map(str.strip, column)


def _texts(told: Mapping[str, _Column], name: str) -> Iterable[str]:
    column = told.get(name)
    if column is None:
        return repeat("")
    found = trimmed(column)
    return [_plain(text) for text in column] if found is None else found


def _paired(
    supplements: Sequence[tuple[str, _Column, _Column]], wanted: str
) -> Iterable[tuple[tuple[str, str], ...]]:
    """The supplements of one name of each line: code and value."""
    pairs = [
        zip(codes, map(_shown, values), strict=True)
        for name, codes, values in supplements
        if name == wanted
    ]
    return zip(*pairs, strict=True) if pairs else repeat(_NO_PAIRS)


def _shown(value: str) -> str:
    return value if value.isascii() else clean(value)


# --- one by one ----------------------------------------------------------------------------------


def _one_by_one(alike: Alike, indexes: Sequence[int], lines: Sequence[int | None]) -> list[Read]:
    return [
        _line(leaves_at(alike, place), index, line)
        for place, (index, line) in enumerate(zip(indexes, lines, strict=True))
    ]


def _own_leaves(element: Element) -> Iterator[Leaf]:
    """The leaves of a line that are in its own namespace."""
    namespace = element.tag.rpartition("}")[0]
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[0] == namespace:
            yield short(child.tag), child.attrib


def _line(leaves: Iterable[Leaf], rank: int, source_line: int | None) -> Read:
    found: dict[str, str] = {}
    twice: dict[str, None] = {}
    supplements: list[tuple[str, str, str]] = []
    for name, attributes in leaves:
        value = attributes.get("V") or ""
        if name in _NAMES:
            if value and found.setdefault(name, value) != value:
                twice[name] = None
        elif name in _SUPPLEMENTS:
            supplements.append((name, attributes.get("Code") or "", value))
    faults = _Faults(rank, source_line)
    for name in twice:
        faults.add("repeated", name, TWO_VALUES)
        found[name] = ""
    return _build(found, supplements, rank, source_line, faults), faults


def _plain(text: str) -> str:
    """A trimmed text. ValueError when its characters need to be put right."""
    if not text or (text.isascii() and text.isprintable()):
        return text.strip()
    cleaned = clean(text)
    if is_destroyed(cleaned) or is_repaired(text, cleaned):
        raise ValueError("badly coded")
    return cleaned


def _build(
    found: Mapping[str, str],
    supplements: list[tuple[str, str, str]],
    rank: int,
    source_line: int | None,
    faults: _Faults,
) -> BudgetLine:
    get = found.get
    return BudgetLine(
        rank,
        source_line,
        get("Nature", "").strip(),
        get("Fonction", "").strip(),
        _text(get("Operation", ""), "Operation", faults),
        get("ContNat", "").strip(),
        get("ContFon", "").strip(),
        _text(get("ContOp", ""), "ContOp", faults),
        _boolean(get("ArtSpe", ""), faults),
        _coded(get("CodRD", ""), ("R", "D"), "side", "CodRD", faults),
        _coded(get("OpBudg", ""), ("0", "1"), "ordre", "OpBudg", faults),
        get("TypOpBudg", "").strip(),
        _text(get("LibCpte", ""), "LibCpte", faults),
        get("OpeCpteTiers", "").strip(),
        *(_amount(get(name, ""), name, faults) for name in AMOUNTS),
        _pairs(supplements, _MTSUP),  # pyright: ignore
        _pairs(supplements, _CARACSUP),  # pyright: ignore
    )


def _amount(text: str, name: str, faults: _Faults) -> Decimal | None:
    if not text:
        return None
    try:
        return amount(text)
    except ValueError:
        if text.strip():
            faults.add("amount", name)
        return None


def _text(text: str, name: str, faults: _Faults) -> str:
    if not text or (text.isascii() and text.isprintable()):
        return text.strip()
    cleaned = clean(text)
    if is_destroyed(cleaned):
        faults.add("text_destroyed", name)
    elif is_repaired(text, cleaned):
        faults.add("text_repaired", name)
    return cleaned


def _boolean(text: str, faults: _Faults) -> bool | None:
    if not text:
        return None
    try:
        return boolean(text)
    except ValueError:
        faults.add("boolean", "ArtSpe")
        return None


def _coded(text: str, allowed: tuple[str, str], kind: str, name: str, faults: _Faults) -> str:
    text = text.strip()
    if text not in allowed:
        faults.add(kind, name)
    return text


def _pairs(supplements: list[tuple[str, str, str]], wanted: str) -> tuple[tuple[str, str], ...]:
    return tuple([(code, _shown(value)) for name, code, value in supplements if name == wanted])

"""One LigneBudget: from its children to a ``BudgetLine``. The hot path of every reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ckanext.budgetod.engine.document import AMOUNTS, BudgetLine, ReadProblem
from ckanext.budgetod.engine.findings import Where

from .safexml import Element
from .values import amount, boolean, clean, is_destroyed, is_repaired

_NAMESPACE = "{http://www.minefi.gouv.fr/cp/demat/docbudgetaire}"
_LEAVES = (
    *("Nature", "LibCpte", "Fonction", "Operation", "ContNat", "ArtSpe", "ContFon", "ContOp"),
    *("CodRD", "OpBudg", "TypOpBudg", "OpeCpteTiers", *AMOUNTS),
)
_NAMES = {f"{_NAMESPACE}{name}": name for name in _LEAVES}
_MTSUP, _CARACSUP = f"{_NAMESPACE}MtSup", f"{_NAMESPACE}CaracSup"
_SIDES = {"R": "R", "D": "D"}
_ORDRE = {"0": "0", "1": "1"}
_ARTSPE = {"": None, "true": True, "1": True, "false": False, "0": False}
_SUPPLEMENTS = frozenset((_MTSUP, _CARACSUP))
_NO_PAIRS: tuple[tuple[str, str], ...] = ()


class _Faults(list[ReadProblem]):
    """Problems of one line."""

    def __init__(self, rank: int, source_line: int | None) -> None:
        super().__init__()
        self._rank, self._source_line = rank, source_line

    def add(self, kind: str, field: str) -> None:
        where = Where(self._rank, self._source_line, f"Budget/LigneBudget[{self._rank}]/{field}")
        self.append(ReadProblem(kind, field, where))


def read_line(element: Element, rank: int) -> tuple[BudgetLine, Sequence[ReadProblem]]:
    """The line and what was wrong in it; ``rank`` is its place among the Budget's lines."""
    found: dict[str, str] = {}
    supplements: list[tuple[str, str, str]] = []
    names = _NAMES
    for child in element:
        tag = child.tag
        name = names.get(tag)
        if name is not None:
            found[name] = child.get("V") or ""
        elif tag in _SUPPLEMENTS:
            supplements.append((tag, child.get("Code") or "", child.get("V") or ""))
    source_line = element.sourceline
    try:
        return _regular(found, supplements, rank, source_line), ()
    except (ValueError, KeyError):
        faults = _Faults(rank, source_line)
        return _build(found, supplements, rank, source_line, faults), faults


def _regular(
    found: Mapping[str, str],
    supplements: list[tuple[str, str, str]],
    rank: int,
    source_line: int | None,
) -> BudgetLine:
    """A line without any fault. ValueError or KeyError when there is one."""
    get = found.get
    return BudgetLine(
        rank,
        source_line,
        get("Nature", "").strip(),
        get("Fonction", "").strip(),
        _plain(get("Operation", "")),
        get("ContNat", "").strip(),
        get("ContFon", "").strip(),
        _plain(get("ContOp", "")),
        _ARTSPE[get("ArtSpe", "")],
        _SIDES[found["CodRD"]],
        _ORDRE[found["OpBudg"]],
        get("TypOpBudg", "").strip(),
        _plain(get("LibCpte", "")),
        get("OpeCpteTiers", "").strip(),
        *[amount(found[name]) if name in found else None for name in AMOUNTS],
        _pairs(supplements, _MTSUP) if supplements else _NO_PAIRS,  # pyright: ignore
        _pairs(supplements, _CARACSUP) if supplements else _NO_PAIRS,  # pyright: ignore
    )


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
        _pairs(supplements, _MTSUP) if supplements else _NO_PAIRS,  # pyright: ignore
        _pairs(supplements, _CARACSUP) if supplements else _NO_PAIRS,  # pyright: ignore
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
    return tuple(
        [
            (code, value if value.isascii() else clean(value))
            for tag, code, value in supplements
            if tag == wanted
        ]
    )

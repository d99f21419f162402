"""What came before a document: the year before of its budget, or another version of itself.

Documents are compared as ``report.describe`` gives them. One may hold several Budgets: each is
compared with its own, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .ledger import Ledger


class Past(NamedTuple):
    """A Budget that came before: its summary; its ledger too when the document itself was read."""

    summary: Mapping[str, Any]
    ledger: Ledger | None = None


class Before(NamedTuple):
    """The document that came before."""

    budgets: tuple[Past, ...]

    def of(self, document: Mapping[str, Any]) -> Past | None:
        """The Budget to compare with one of the new document, None without any."""
        found = [past for past in self.budgets if is_comparable(_document(past), document)]
        same = [past for past in found if _code(_document(past)) == _code(document)]
        return next(iter(same or found), None)


def is_comparable(before: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Is a document another version of the same one, or the year before of the same budget?

    Nothing before compares with nothing.
    """
    return is_version(before, document) or is_year_before(before, document)


def is_version(before: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    names = ("exercice", "etape", "numero_dm")
    same = all(before.get(name) == document[name] for name in names)
    return same and _is_same_budget(before, document)


def is_year_before(before: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    earlier = before.get("exercice") == document["exercice"] - 1
    return earlier and _is_same_budget(before, document)


def _is_same_budget(before: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """A SIRET has one principal budget; its annexe budgets are told apart by their codes, where
    both are written."""
    for name in ("siret", "categorie"):
        if before.get(name) != document[name]:
            return False
    codes = _code(before), _code(document)
    return document["categorie"] == "principal" or not all(codes) or codes[0] == codes[1]


def _code(document: Mapping[str, Any]) -> str:
    return document.get("code_budget") or ""


def _document(past: Past) -> Mapping[str, Any]:
    return past.summary.get("document") or {}

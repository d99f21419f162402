"""What a harvest source is told: the JSON of its configuration, validated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ckanext.budgetod.sources import perimeter
from ckanext.budgetod.sources.faults import Fault
from ckanext.budgetod.sources.perimeter import Perimeter

ORGANISATIONS = ("defaut", "rattacher", "creer", "ignorer")
"""Whose the harvested datasets are: the default organisation's; that of the organisation with the
SIREN, else the default one's; else of one that is created; else they are skipped."""
VANISHED = ("retirer", "supprimer")
FIRST_EXERCICE = 2010
LONGEST = 20
_FLAGS = ("budgets_annexes", "fonctions", "syndicats", "courriel")
_KEYS = {
    "territoire",
    "exercices",
    "organisations",
    "organisation_par_defaut",
    "disparus",
    "mots",
    *_FLAGS,
}


@dataclass(frozen=True, slots=True)
class Config:
    """``exercices``: years, or how many of the last ones (``last``)."""

    perimeter: Perimeter
    years: tuple[int, ...] = ()
    last: int = 0
    organisations: str = "defaut"
    default_owner: str = ""
    vanished: str = "retirer"
    annexes: bool = True
    functions: bool = False
    syndicates: bool = False
    mail: bool = False
    words: tuple[str, ...] = ()

    @property
    def exercices(self) -> tuple[int, ...]:
        """The years asked for, newest first. The accounts of a year come in the next one."""
        if self.years:
            return self.years
        newest = datetime.now(timezone.utc).year - 1
        return tuple(range(newest, newest - self.last, -1))


def parse(text: str | None) -> Config:
    """The configuration of a source. Raises Fault, a ValueError that says what is wrong."""
    try:
        given = json.loads(text or "{}")
    except ValueError as error:
        raise Fault(
            "json",
            "the configuration is not valid JSON: {error}",
            "la configuration n’est pas du JSON valable : {error}",
            error=error,
        ) from None
    if not isinstance(given, Mapping):
        raise Fault(
            "json",
            "the configuration must be a JSON object",
            "la configuration doit être un objet JSON",
        )
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise Fault(
            "json",
            "unknown key: {keys} (known: {known})",
            "clé inconnue : {keys} (connues : {known})",
            keys=", ".join(unknown),
            known=", ".join(sorted(_KEYS)),
        )
    years, last = _exercices(given.get("exercices", {"derniers": 1}))
    flags = {name: _flag(given, name) for name in _FLAGS}
    return Config(
        perimeter=perimeter.from_config(given.get("territoire") or {}),
        years=years,
        last=last,
        organisations=_one_of(given, "organisations", ORGANISATIONS),
        default_owner=_text(given, "organisation_par_defaut"),
        vanished=_one_of(given, "disparus", VANISHED),
        annexes=flags["budgets_annexes"],
        functions=flags["fonctions"],
        syndicates=flags["syndicats"],
        mail=flags["courriel"],
        words=_words(given),
    )


def _exercices(given: Any) -> tuple[tuple[int, ...], int]:
    if isinstance(given, Mapping):
        last = given.get("derniers")
        if set(given) != {"derniers"} or last not in range(1, LONGEST + 1):
            raise Fault(
                "exercices",
                '"exercices" must be years or {{"derniers": 1…{longest}}}',
                '« exercices » doit être des années ou {{"derniers": 1…{longest}}}',
                longest=LONGEST,
            )
        return (), last
    newest = datetime.now(timezone.utc).year
    good = isinstance(given, list) and given and all(_is_number(year) for year in given)
    if not good or not all(FIRST_EXERCICE <= year <= newest for year in given):
        raise Fault(
            "exercices",
            '"exercices" must be years from {first} to {newest}',
            "« exercices » doit être des années de {first} à {newest}",
            first=FIRST_EXERCICE,
            newest=newest,
        )
    return tuple(sorted(set(given), reverse=True)), 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, name == "budgets_annexes")
    if not isinstance(value, bool):
        raise Fault(
            name, '"{name}" must be true or false', "« {name} » doit être true ou false", name=name
        )
    return value


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise Fault(name, '"{name}" must be a text', "« {name} » doit être un texte", name=name)
    return value.strip()


def _one_of(given: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name) or allowed[0]
    if value not in allowed:
        raise Fault(
            name,
            '"{name}" must be one of: {allowed}',
            "« {name} » doit être l’un de : {allowed}",
            name=name,
            allowed=", ".join(allowed),
        )
    return value


def _words(given: Mapping[str, Any]) -> tuple[str, ...]:
    value = given.get("mots") or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise Fault(
            "mots", '"mots" must be a list of texts', "« mots » doit être une liste de textes"
        )
    return tuple(word.strip() for word in value if word.strip())

"""What a search asks for, and how it is put to Solr.

Three rules, the same for everybody (``rewrite``):

1. **Names.** A plain search also looks at the spellings of the collectivity's name, with the
   weight of a title: a budget answers "epinal" as it answers "Épinal". Others score as before.
2. **Meaning.** Only a search that speaks of budgets (``understand``) and names a collectivity of
   the reference table (name, post code, INSEE code, SIREN) prefers that collectivity's SIREN; of
   several it is the largest. The number of words that must match stays what CKAN asks for.
3. **Type.** The page "Datasets" shows budgets too: CKAN's filter on the type ``dataset`` becomes
   ``dataset`` or ``budget``.

Nothing is changed in a fielded search (with ``:``) or one that brings its own ``qf``, ``mm`` or
query parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ckanext.budgetod.engine.siret import valid_siren
from ckanext.budgetod.search.document import NAME_FIELD
from ckanext.budgetod.sources.territory import Collectivity, fold, territory

CKAN_FIELDS = "name^4 title^4 tags^2 groups^2 text"
"""``ckan.lib.search.query.QUERY_FIELDS``, repeated so that an import cannot break on a new CKAN."""

NAMES = f"{NAME_FIELD}^4"
SIREN = "budget_siren^4"

MARKERS = frozenset({"budget", "budgets", "budgetaire", "budgetaires", "bp", "cfu", "primitif"})
"""Folded words, one of which says that a search is about budgets."""

WEAK_MARKERS = frozenset(
    {"administratif", "bs", "ca", "compte", "comptes", "dm", "finances", "financier"}
    | {"modificative", "supplementaire", "unique"}
)
"""Words that say so beside a year or another of them: "comptes 2023", "compte administratif"."""

COMMON_WORDS = (
    MARKERS
    | WEAK_MARKERS
    | {"annexe", "annexes", "commune", "communes", "conseil", "departement", "departemental"}
    | {"eau", "mairie", "metropole", "principal", "region", "regional", "ville", "villes"}
    | {"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "pour", "sur"}
)
"""Words that never stand for a collectivity on their own, though some commune bears them."""

MAX_NAME_WORDS = 8
PLAIN = re.compile(r"(?!.*(?:^|\s)-)[\w\s'’\-,.()/°ºª&]+")
"""Words only: no quotes, operators, fields or excluded words."""
SAINT = re.compile(r"\bst(e?)\b")


@dataclass(frozen=True, slots=True)
class Intent:
    """What was understood of a search about budgets; unknown parts are None or ""."""

    collectivity: Collectivity | None
    exercice: str
    stage: str


def understand(text: str) -> Intent | None:
    """The budget a search asks for; None when it does not speak of budgets.

    >>> understand("bp 2024 st die").collectivity.name
    'Saint-Dié-des-Vosges'
    """
    words = fold(text).split()
    years = [word for word in words if re.fullmatch(r"20[0-9]{2}", word)]
    if not (MARKERS & set(words) or len(WEAK_MARKERS & set(words)) + len(years) > 1):
        return None
    return Intent(
        collectivity=_collectivity(words),
        exercice=years[0] if years else "",
        stage=_stage(words),
    )


def rewrite(search: dict[str, Any]) -> dict[str, Any]:
    """The parameters of ``package_search`` with our three rules applied."""
    changed = dict(search)
    if changed.get("fq"):
        changed["fq"] = show_budgets(changed["fq"])
    text = changed.get("q") or ""
    if not _is_plain(text, changed):
        return changed
    changed["qf"] = f"{CKAN_FIELDS} {NAMES}"
    intent = understand(text)
    if intent and intent.collectivity:
        changed["mm"] = str(required(len(text.split())))
        changed["q"] = f"{text} {intent.collectivity.siren}"
        changed["qf"] += f" {SIREN}"
    return changed


def show_budgets(fq: str) -> str:
    """ "+dataset_type:dataset" -> "+dataset_type:(dataset OR budget)"; anything else as it is."""
    return re.sub(r"(?<!\S)\+dataset_type:dataset(?!\S)", "+dataset_type:(dataset OR budget)", fq)


def required(words: int) -> int:
    """How many of so many words must match: CKAN's ``mm`` of ``2<-1 5<80%``."""
    if words <= 2:
        return words
    return words - 1 if words <= 5 else words * 8 // 10


def _is_plain(text: str, search: dict[str, Any]) -> bool:
    own = any(search.get(name) for name in ("qf", "mm", "defType"))
    return bool(PLAIN.fullmatch(text)) and not own


def _stage(words: list[str]) -> str:
    """Slug of the stage that the words name, "" when they name none."""
    if "cfu" in words or {"financier", "unique"} <= set(words):
        return "cfu"
    for slug, marks in (
        ("bs", {"bs", "supplementaire"}),
        ("dm", {"dm", "modificative"}),
        ("ca", {"ca", "administratif"}),
        ("bp", {"bp", "primitif"}),
    ):
        if marks.intersection(words):
            return slug
    return ""


def _collectivity(words: list[str]) -> Collectivity | None:
    """The collectivity of a code among the words, else of the longest run of words."""
    for word in words:
        found = _of_code(word)
        if found:
            return found
    for length in range(min(len(words), MAX_NAME_WORDS), 0, -1):
        for start in range(len(words) - length + 1):
            found = _of_name(words[start : start + length])
            if found:
                return _nearest(found, words)
    return None


def _nearest(found: list[Collectivity], words: list[str]) -> Collectivity:
    """Of homonyms, largest first, the one whose département is among the words, else the first."""

    def is_named(one: Collectivity) -> bool:
        name = fold(territory().departement_name(one.departement))
        return one.departement.lower() in words or f" {name} " in f" {' '.join(words)} "

    return next(filter(is_named, found), found[0])


def _of_code(word: str) -> Collectivity | None:
    if valid_siren(word):
        return territory().lookup(word)
    if not re.fullmatch(r"[0-9][0-9ab][0-9]{3}", word):
        return None
    of_postcode = territory().by_postcode(word)
    return of_postcode[0] if of_postcode else territory().by_insee(word.upper())


def _of_name(words: list[str]) -> list[Collectivity]:
    if set(words) <= COMMON_WORDS or all(len(word) < 3 for word in words):
        return []
    name = SAINT.sub(r"saint\1", " ".join(words))
    open_end = words[-1] in COMMON_WORDS
    return territory().by_name(name) or ([] if open_end else territory().by_start(name))

"""The header of a document: from the leaves of its blocks to a ``Header``.

Refused, because a document without identity has no place: no SIREN, no year, no known stage, or
two of them (``Unreadable I00``). All else that is wrong is a ``ReadProblem`` and stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ckanext.budgetod.engine.document import Header, ReadProblem, Stage
from ckanext.budgetod.engine.errors import Unreadable
from ckanext.budgetod.engine.findings import TWO_VALUES, Where
from ckanext.budgetod.engine.siret import valid_siren

from . import values

T = TypeVar("T")
Leaves = Mapping[str, str]
FIRST_YEAR, LAST_YEAR = 2005, 2100
"""Documents of this kind begin in 2005 (reference); S03 tells years that are still to come."""
_IDENTITY = frozenset(("Exer", "NatDec", "NumDec", "IdEtab", "CodTypBud"))
"""Leaves that tell documents apart."""
_ELEMENTS = {"document": "EnTeteDocBudgetaire", "budget": "EnTeteBudget", "bloc": "BlocBudget"}


@dataclass(slots=True)
class Blocks:
    """What was read of a document before the first line of one of its budgets."""

    root: str = "DocumentBudgetaire"
    schema_version: str = ""
    editor: str = ""
    sealed_at: str = ""
    document: Leaves = field(default_factory=dict)
    budget: Leaves = field(default_factory=dict)
    bloc: Leaves = field(default_factory=dict)
    informations: tuple[tuple[str, str], ...] = ()
    accounting_siret: str = ""
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    """Block and name of leaves that say different things; none of them is kept."""

    def say(self, block: str, leaves: Iterable[tuple[str, str]]) -> None:
        """Add what an element says to a block. Raises Unreadable (I00) for a second identity."""
        said = dict(getattr(self, block))
        for name, text in leaves:
            if not text or (block, name) in self.conflicts:
                continue
            if said.setdefault(name, text) != text:
                if name in _IDENTITY:
                    raise Unreadable("I00", case="twice", element=name)
                self.conflicts.add((block, name))
                said[name] = ""
        setattr(self, block, said)

    def next_document(self) -> None:
        """Forget what belongs to the document before."""
        self.document, self.conflicts = {}, set()

    def next_budget(self) -> None:
        """Forget what belongs to the Budget before."""
        self.budget, self.bloc, self.informations = {}, {}, ()
        self.conflicts = {found for found in self.conflicts if found[0] == "document"}


_TEXTS = (
    ("libelle_collectivite", "document", "LibelleColl"),
    ("nature_cepl", "document", "NatCEPL"),
    ("departement", "document", "Departement"),
    ("libelle_poste", "document", "LibellePoste"),
    ("id_poste", "document", "IdPost"),
    ("libelle_etablissement", "budget", "LibelleEtab"),
    ("code_insee", "budget", "CodInseeColl"),
    ("code_collectivite", "budget", "CodColl"),
    ("code_budget", "budget", "CodBud"),
    ("nomenclature", "budget", "Nomenclature"),
    ("specif_budget", "budget", "SpecifBudget"),
    ("libelle_principal", "bloc", "LibelleEtabPal"),
    ("nat_vote", "bloc", "NatVote"),
    ("nat_fonc", "bloc", "NatFonc"),
    ("budg_prec", "bloc", "BudgPrec"),
    ("repr_res", "bloc", "ReprRes"),
    ("type_provision", "bloc", "TypProv"),
    ("affectation", "bloc", "Affect"),
)
"""Fields of the header that are texts of the file as they are: field, block, element."""


def build_header(blocks: Blocks) -> tuple[Header, list[ReadProblem]]:
    """The header, and what was wrong in it. Raises Unreadable (I00) without identity."""
    problems = [_conflict(*found) for found in sorted(blocks.conflicts)]

    def typed(leaves: Leaves, name: str, read: Callable[[str], T]) -> T | None:
        if not leaves.get(name):
            return None
        try:
            return read(leaves[name])
        except ValueError:
            kind = "boolean" if read is values.boolean else "date"
            problems.append(ReadProblem(kind, name, Where(element=f"BlocBudget/{name}")))
            return None

    document, bloc = blocks.document, blocks.bloc
    siret = _siret(blocks, problems)
    header = Header(
        siret=siret,
        exercice=_exercice(bloc.get("Exer", "")),
        stage=_stage(bloc.get("NatDec", "")),
        root=blocks.root,
        numero_dm=_number(bloc.get("NumDec", "")),
        id_coll=_digits(document.get("IdColl", "")),
        date_structure=typed(document, "DteStr", values.day),
        type_budget=bloc.get("CodTypBud") or "P",
        siret_principal=_digits(bloc.get("IdEtabPal", "")),
        schema_version=blocks.schema_version,
        editor=blocks.editor,
        projet_budget=typed(bloc, "ProjetBudget", values.boolean),
        date_vote=typed(bloc, "DteDec", values.day),
        date_vote_exercice=typed(bloc, "DteDecEx", values.day),
        sealed_at=typed({"Scellement": blocks.sealed_at}, "Scellement", values.moment),
        informations=blocks.informations,
        **_texts(blocks),
    )
    return header, problems


def _conflict(block: str, name: str) -> ReadProblem:
    where = Where(element=f"{_ELEMENTS[block]}/{name}", note=TWO_VALUES)
    return ReadProblem("repeated", name, where)


def _texts(blocks: Blocks) -> dict[str, Any]:
    return {name: getattr(blocks, block).get(element, "") for name, block, element in _TEXTS}


def _digits(text: str) -> str:
    """A number without the blanks that some people put in it."""
    return "".join(text.split())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _siret(blocks: Blocks, problems: list[ReadProblem]) -> str:
    """The file's SIRET, as it is; another one of the file only where IdEtab holds no SIREN."""
    stated = _digits(blocks.budget.get("IdEtab", ""))
    others = (
        _digits(blocks.document.get("IdColl", "")),
        _digits(blocks.accounting_siret),
        _digits(blocks.bloc.get("IdEtabPal", "")),
    )
    candidates = [text for text in (stated, *others) if len(text) >= 9 and _is_number(text)]
    chosen = next((text for text in candidates if _has_siren(text)), None)
    if chosen is None:
        chosen = next((text for text in candidates if text.strip("0")), None)
    if chosen is None:
        raise Unreadable("I00", case="siren")
    if chosen != stated:
        problems.append(ReadProblem("siret", "IdEtab", Where(element="EnTeteBudget/IdEtab")))
    return chosen


def _has_siren(text: str) -> bool:
    return text[:9] != "000000000" and valid_siren(text[:9])


def _exercice(text: str) -> int:
    text = text.strip()
    if not (len(text) == 4 and _is_number(text) and FIRST_YEAR <= int(text) <= LAST_YEAR):
        raise Unreadable("I00", case="exercice")
    return int(text)


def _stage(text: str) -> Stage:
    try:
        return Stage(text.strip().zfill(2))
    except ValueError:
        raise Unreadable("I00", case="etape") from None


def _number(text: str) -> str:
    """NumDec without leading zeros; "" for none or zero (seen on a CA)."""
    text = text.strip()
    return text.lstrip("0") if _is_number(text) else text

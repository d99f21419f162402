"""The shapes that every format shares: header, budget line, resolved line, annex row.

Amounts are ``Decimal`` euros with at most two decimals, ``None`` where the file says nothing.
Codes are text: zeros survive. Dates are ``datetime.date``. Booleans are three-valued: absent is
None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from .findings import Where


class Stage(str, Enum):
    """NatDec: the stage (étape budgétaire) of a document."""

    BP = "01"
    DM = "02"
    BS = "03"
    CA = "09"
    CFU = "10"

    @property
    def slug(self) -> str:
        """Short name used in addresses and file names: bp, dm, bs, ca, cfu."""
        return self.name.lower()

    @property
    def nom(self) -> str:
        """Official name in French, lower case: budget primitif, compte financier unique…"""
        return _STAGE_NAMES[self.name]

    @property
    def is_account(self) -> bool:
        """True for what was done (CA, CFU), False for what was voted."""
        return self in (Stage.CA, Stage.CFU)


_STAGE_NAMES = {
    "BP": "budget primitif",
    "DM": "décision modificative",
    "BS": "budget supplémentaire",
    "CA": "compte administratif",
    "CFU": "compte financier unique",
}


class Origin(str, Enum):
    """What the lines come from: a document of the authority, a balance of the DGFiP, a CSV."""

    DOCUMENT = "document"
    BALANCE = "balance"
    SCDL = "scdl"


class Section(str, Enum):
    FONCTIONNEMENT = "F"
    INVESTISSEMENT = "I"


class Side(str, Enum):
    RECETTE = "R"
    DEPENSE = "D"


AMOUNTS = (
    "MtReal",
    "MtBudgPrec",
    "MtRARPrec",
    "MtPropNouv",
    "MtPrev",
    "CredOuv",
    "MtRAR3112",
)
"""The seven amounts of a line, in the order of the SCDL columns 15 to 21."""


@dataclass(frozen=True, slots=True)
class Header:
    """Everything the document says of itself, as text of the file unless typed.

    Source: XSD V95 of DocumentBudgetaire, extended by what CFU samples (V113) carry.
    """

    siret: str
    exercice: int
    stage: Stage
    root: str = "DocumentBudgetaire"
    numero_dm: str = ""
    libelle_collectivite: str = ""
    libelle_etablissement: str = ""
    id_coll: str = ""
    nature_cepl: str = ""
    departement: str = ""
    libelle_poste: str = ""
    id_poste: str = ""
    date_structure: date | None = None
    code_insee: str = ""
    code_collectivite: str = ""
    code_budget: str = ""
    type_budget: str = "P"
    siret_principal: str = ""
    libelle_principal: str = ""
    nomenclature: str = ""
    schema_version: str = ""
    editor: str = ""
    projet_budget: bool | None = None
    date_vote: date | None = None
    date_vote_exercice: date | None = None
    nat_vote: str = ""
    nat_fonc: str = ""
    budg_prec: str = ""
    repr_res: str = ""
    type_provision: str = ""
    affectation: str = ""
    specif_budget: str = ""
    sealed_at: datetime | None = None
    informations: tuple[tuple[str, str], ...] = ()
    sommaire: tuple[tuple[str, bool], ...] = ()

    @property
    def siren(self) -> str:
        return self.siret[:9]

    @property
    def is_annexe(self) -> bool:
        return self.type_budget == "A"

    @property
    def norme(self) -> str:
        return self.nomenclature.partition("-")[0]

    @property
    def declinaison(self) -> str:
        return self.nomenclature.partition("-")[2]

    def information(self, code: str) -> str:
        """Raw text of ``InformationsGenerales/Information[@Code=code]``, "" when absent."""
        return next((value for key, value in self.informations if key == code), "")


class BudgetLine(NamedTuple):
    """One LigneBudget that TotEM did not calculate, untouched."""

    index: int
    source_line: int | None
    nature: str
    fonction: str
    operation: str
    cont_nat: str
    cont_fon: str
    cont_op: str
    art_spe: bool | None
    cod_rd: str
    op_budg: str
    typ_op_budg: str
    lib_compte: str
    compte_tiers: str
    mt_real: Decimal | None
    mt_budg_prec: Decimal | None
    mt_rar_prec: Decimal | None
    mt_prop_nouv: Decimal | None
    mt_prev: Decimal | None
    cred_ouv: Decimal | None
    mt_rar_3112: Decimal | None
    mt_sup: tuple[tuple[str, str], ...] = ()
    carac_sup: tuple[tuple[str, str], ...] = ()

    @property
    def amounts(self) -> tuple[Decimal | None, ...]:
        """The seven amounts in the order of ``AMOUNTS``."""
        everything: Any = self
        return everything[_FIRST_AMOUNT : _FIRST_AMOUNT + len(AMOUNTS)]

    @property
    def said(self) -> tuple[Any, ...]:
        """Everything but its place."""
        return self[_FIRST_SAID:]


_FIRST_SAID = BudgetLine._fields.index("nature")
_FIRST_AMOUNT = BudgetLine._fields.index("mt_real")


class ChapterOrigin(str, Enum):
    """Where the chapter of a line comes from (reference §5)."""

    OWN = "own"
    FUNCTION = "function"
    ROLE = "role"
    CHARACTERISTIC = "characteristic"
    PREFIX = "prefix"
    NONE = "none"


class LabelSource(str, Enum):
    """Where a label comes from (reference §6)."""

    EXACT = "exact"
    LATER_COPY = "later_copy"
    OTHER_YEAR = "other_year"
    SIBLING = "sibling"
    PREFIX = "prefix"
    DOCUMENT = "document"
    NONE = "none"


class ResolvedLine(NamedTuple):
    """A budget line with its chapter, section and labels, and how they were found."""

    line: BudgetLine
    chapitre: str
    chapitre_label: str
    section: str
    nature_label: str
    fonction_label: str
    chapter_origin: ChapterOrigin
    nature_source: LabelSource
    fonction_source: LabelSource | None
    equipment: bool = False


class ResolvedLines:
    """Resolved lines of one Budget that follow each other, ``each``; the same as columns, each
    under the name of its field: what was ``found``, and the ``line``."""

    def __init__(self, found: Any, line: Any) -> None:
        self.found, self.line = found, line
        self.each = list(map(ResolvedLine, *found))

    @classmethod
    def of(cls, each: Sequence[ResolvedLine]) -> ResolvedLines:
        """From the lines alone."""
        found: Any = ResolvedLine._make(zip(*each, strict=True))
        return cls(found, BudgetLine._make(zip(*found.line, strict=True)))

    def __len__(self) -> int:
        return len(self.each)


Column = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows that follow each other in the file, as columns: field name -> its text in each row, None
    where a row does not have the field. ``size``: how many rows."""

    columns: Mapping[str, Column]
    size: int

    def dicts(self) -> Iterator[dict[str, str]]:
        """Each row: field name -> text, without the fields that it does not have."""
        names = tuple(self.columns)
        for row in zip(*self.columns.values(), strict=True):
            yield {name: text for name, text in zip(names, row, strict=True) if text is not None}


@dataclass(frozen=True, slots=True)
class AnnexRows(TextRows):
    """Rows of one annex table, those that TotEM calculated left out. ``first`` is the rank of the
    first one in its table, from 1; ``lines`` are theirs in the file."""

    table: str
    item: str
    first: int = 1
    lines: Sequence[int | None] = ()

    def where(self, place: int, name: str = "") -> Where:
        """Where a row, or a field of it, stands."""
        path = f"Annexes/{self.table}/{self.item}[{self.first + place}]"
        line = self.lines[place] if self.lines else None
        return Where(source_line=line, element=f"{path}/{name}" if name else path)


@dataclass(frozen=True, slots=True)
class AccountingRows(TextRows):
    """Rows of a CFU's accountant (LigneComptable): balance sheet, income statement, execution. All
    have the same fields."""


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """A value of the file that is not one of its format: left empty, and reported.

    ``kind`` is "amount", "boolean", "date", "side" (CodRD), "ordre" (OpBudg), "repeated" (the same
    element with two values), "text_repaired" or "text_destroyed"; ``field`` is the name of the
    element. The value itself is never kept.
    """

    kind: str
    field: str
    where: Where

"""What is published of a territory, read in one pass over our tables.

A document counts while its files are public: published, not withdrawn, in an active and public
dataset. Annexe budgets do not count: they are no account of the collectivity as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ckan import model

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.model import BudgetDocument
from ckanext.budgetod.sources.perimeter import Perimeter
from ckanext.budgetod.sources.territory import Collectivity, Territory, fold, territory

STATES = ("deposited", "harvested", "missing")
ETAPES = ("ca", "bp")
"""``ca`` stands for the accounts: a compte administratif or a CFU."""

STAGES = {"ca": "ca", "cfu": "ca", "bp": "bp"}
"""Stage in an address -> the stage that is asked about."""

_CODES = {Stage[name.upper()].value: asked for name, asked in STAGES.items()}

_RANKS = ("deposit", "datagouv", "dgfip")


@dataclass(frozen=True, slots=True)
class Column:
    """A document that a collectivity may have published."""

    etape: str
    exercice: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What is published of a column: by whom, in which dataset (its name)."""

    origin: str = ""
    dataset: str = ""

    @property
    def state(self) -> str:
        if not self.origin:
            return "missing"
        return "deposited" if self.origin == "deposit" else "harvested"

    @property
    def rank(self) -> int:
        """Small is better: a deposit goes before what was harvested."""
        return _RANKS.index(self.origin) if self.origin in _RANKS else len(_RANKS)


MISSING = Cell()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, validated. ``within`` says which collectivities are listed."""

    region: str
    column: Column
    within: Perimeter
    etat: str = ""
    q: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The document asked about, last, and the two that came before it."""
        etape, year = self.column.etape, self.column.exercice
        before = ("ca", year - 1) if etape == "ca" else ("bp", year - 1)
        between = ("bp", year) if etape == "ca" else ("ca", year - 1)
        return Column(*before), Column(*between), self.column


@dataclass(slots=True)
class Board:
    """Collectivities by name, and what each has published."""

    question: Question
    everyone: tuple[Collectivity, ...]
    cells: dict[tuple[str, Column], Cell] = field(default_factory=dict)

    def cell(self, siren: str, column: Column) -> Cell:
        return self.cells.get((siren, column), MISSING)

    def state(self, siren: str) -> str:
        """State of the document asked about."""
        return self.cell(siren, self.question.column).state

    def listed(self) -> list[Collectivity]:
        """Those that the filters leave, by name."""
        asked = self.question
        words, code = fold(asked.q), asked.q.strip().upper()
        within = {one.siren for one in asked.within.collectivities()}
        return [
            one
            for one in self.everyone
            if one.siren in within
            and (not asked.etat or self.state(one.siren) == asked.etat)
            and (
                not words
                or words in fold(one.name)
                or code in (one.siren, one.insee, *one.postcodes)
            )
        ]


def look(asked: Question) -> Board:
    """Read our tables once, and lay what is published over the reference table."""
    former = Perimeter(region=asked.region).former()
    board = Board(asked, _by_name(territory(), asked.region))
    for siren, column, cell in _published(asked.columns):
        for holder in {siren, former.get(siren, siren)}:
            known = board.cells.get((holder, column))
            if known is None or cell.rank < known.rank:
                board.cells[holder, column] = cell
    return board


@lru_cache(maxsize=4)
def _by_name(table: Territory, region: str) -> tuple[Collectivity, ...]:
    members = Perimeter(region=region).collectivities()
    return tuple(sorted(members, key=lambda one: (fold(shown_name(one)), one.siren)))


def shown_name(one: Collectivity) -> str:
    """Official name; "Département de la Moselle" where the bare name could be a town's."""
    return one.title if one.type in ("departement", "region") else one.name


def _published(columns: tuple[Column, ...]) -> Iterator[tuple[str, Column, Cell]]:
    document, package = BudgetDocument, model.Package
    wanted = frozenset(columns)
    query = (
        model.Session.query(
            document.siren, document.exercice, document.etape, document.origin, package.name
        )
        .join(package, package.id == document.package_id)
        .filter(
            document.published_serial.isnot(None),
            document.withdrawn.is_(None),
            document.categorie == "principal",
            document.etape.in_(tuple(_CODES)),
            document.exercice.in_({column.exercice for column in columns}),
            package.state == "active",
            package.private.is_(False),
        )
    )
    for siren, exercice, etape, origin, name in query:
        column = Column(_CODES[etape], exercice)
        if column in wanted:
            yield siren, column, Cell(origin, name)

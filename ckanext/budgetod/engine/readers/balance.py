"""Balances by account of the DGFiP: the executed operations of each budget, as events.

A row is one account of one budget (``ident``: its SIRET): texts under the DGFiP's lower-case names.
``obnet…`` are the budget operations net of cancellations, ordre included; ``oob…`` the operations
of ordre among them. So réel = obnet − oob, ordre = oob; the debit side is dépense, the credit side
recette (our derivation: there is no official one). Opening balances, non-budget operations and
closing balances are no execution of the budget: accounts that have nothing else are left out.

Nothing is lost in silence: ``Balance`` counts what is not a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from ckanext.budgetod.engine.document import BudgetLine, Header, ReadProblem, Stage
from ckanext.budgetod.engine.findings import Where
from ckanext.budgetod.engine.ledger import ZERO
from ckanext.budgetod.engine.nomenclature.dgfip import nomenclature_of

from .totem import Event
from .values import clean

Row = Mapping[str, str | None]
NEEDED = ("ident", "compte", "obnetdeb", "obnetcre", "oobdeb", "oobcre")
SIDES = (("D", "obnetdeb", "oobdeb"), ("R", "obnetcre", "oobcre"))
DEFINITIVE = "DEF"
PROVISIONAL, FINAL = "provisoire", "definitif"
MAIN = "1"
"""``cbudg`` of a main budget; 2 is an attached one (CCAS…), 3 an annexe."""

_CENT = Decimal("0.01")
_NOISE = Decimal("0.0001")
"""Floating point numbers miss a cent by less; what misses by more is no amount in euros."""
_MOST_DIGITS = 15
_WITHOUT_FUNCTIONS = "M4"
"""Norms of commercial services: no functions exist there, the DGFiP writes a filler (01)."""
_BUDGET_CLASSES = frozenset("1234567")
_INVESTMENT = (("Section", "I"),)


@dataclass(frozen=True, slots=True)
class Whose:
    """What the caller knows of the collectivity; ``nom`` its official name."""

    siren: str
    exercice: int
    nom: str = ""
    departement: str = ""
    population: int | None = None


@dataclass(slots=True)
class Balance:
    """One budget. ``rows`` read; ``still`` those without budget movement; ``outside`` accounts that
    moved but belong to no budget class (8, 9…), with their two sums; ``state`` ``provisoire``,
    ``definitif`` or "" when no row says.
    """

    header: Header
    lines: list[BudgetLine] = field(default_factory=list)
    problems: list[ReadProblem] = field(default_factory=list)
    rows: int = 0
    still: int = 0
    outside: dict[str, list[Decimal]] = field(default_factory=dict)
    state: str = ""

    def events(self) -> Iterator[Event]:
        """As a document would be read."""
        yield self.header
        yield from self.lines
        yield from self.problems


def read_balances(rows: Iterable[Row], whose: Whose) -> list[Balance]:
    """The budgets of a collectivity: main ones first, then by label.

    ValueError when a needed column is not there: its absence would give wrong amounts.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        missing = [name for name in NEEDED if name not in row]
        if missing:
            raise ValueError(f"a balance without columns: {', '.join(missing)}")
        groups.setdefault(code(row["ident"]), []).append(row)
    facts = {ident: _Facts(found) for ident, found in groups.items()}
    order = sorted(groups, key=lambda i: (facts[i].annexe, facts[i]("lbudg"), i))
    mains = [ident for ident in order if not facts[ident].annexe]
    main = next((ident for ident in mains if ident[:9] == whose.siren), "".join(mains[:1]))
    name = clean(whose.nom or (facts[main]("lbudg") if main else ""))
    return [
        _balance(_header(ident, facts[ident], main, name, whose), groups[ident], facts[ident])
        for ident in order
    ]


def code(text: str | None) -> str:
    """A code as text, rid of what a spreadsheet or a float added."""
    bare = (text or "").strip()
    return bare[:-2] if bare.endswith(".0") and bare[:-2].isdigit() else bare


@lru_cache(maxsize=8192)
def euros(text: str) -> Decimal:
    """An amount to the cent, from ``680305.58``, ``680305.5800000001``, ``1.0E7`` or ``12,5``.

    "" is zero. ValueError for anything else, NaN and infinity among them.
    """
    bare = text.strip().replace(",", ".")
    if not bare:
        return ZERO
    try:
        value = Decimal(bare)
        if len(bare) > 40 or not value.is_finite() or value.adjusted() > _MOST_DIGITS:
            raise ValueError("not an amount")
        cents = value.quantize(_CENT, ROUND_HALF_EVEN)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if abs(cents - value) > _NOISE:
        raise ValueError("not an amount in euros and cents")
    return cents if cents else ZERO


class _Facts:
    """What most rows of a budget say of it, whatever their order."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self.annexe = self("cbudg") not in (MAIN, "")

    def __call__(self, name: str) -> str:
        found = Counter(code(row.get(name)) for row in self._rows)
        found.pop("", None)
        best = max(found.values(), default=0)
        return min((text for text, count in found.items() if count == best), default="")

    @property
    def state(self) -> str:
        said = {code(row.get("bal")).upper() for row in self._rows} - {""}
        if not said:
            return ""
        return FINAL if said == {DEFINITIVE} else PROVISIONAL


def _header(ident: str, facts: _Facts, main: str, name: str, whose: Whose) -> Header:
    people = whose.population or None
    label = clean(facts("lbudg"))
    told = (("PopTot", str(people or "")), ("Bal", facts("bal")), ("Nomen", facts("nomen")))
    return Header(
        siret=ident,
        exercice=whose.exercice,
        stage=Stage.CA,
        root="balance",
        libelle_collectivite=name if facts.annexe or ident == main else label,
        libelle_etablissement=label,
        departement=whose.departement or facts("ndept"),
        type_budget="A" if facts.annexe else "P",
        siret_principal=main if facts.annexe else "",
        libelle_principal=name if facts.annexe else "",
        nomenclature=nomenclature_of(facts("nomen"), whose.exercice, facts("ctype"), people),
        informations=tuple(pair for pair in told if pair[1]),
    )


def _balance(header: Header, rows: list[Row], facts: _Facts) -> Balance:
    balance = Balance(header, rows=len(rows), state=facts.state)
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for row in rows:
        _take(row, balance, sums)
    kept = sorted(key for key, amount in sums.items() if amount)
    balance.lines = [_line(rank, key, sums[key]) for rank, key in enumerate(kept, 1)]
    return balance


def _take(row: Row, balance: Balance, sums: dict[tuple[str, str, str, str], Decimal]) -> None:
    """Add the movements of a row to the sums of its account."""
    compte, fonction = code(row["compte"]), code(row.get("fonction"))
    if balance.header.norme == _WITHOUT_FUNCTIONS:
        fonction = ""
    budgetary = compte[:1] in _BUDGET_CLASSES and compte.isascii() and compte.isdigit()
    moved = False
    for side, net, ordre in SIDES:
        amounts = _amounts(row, (net, ordre), balance)
        if amounts is None:
            moved = True
            continue
        all_of_it, inner = amounts
        if not (all_of_it or inner):
            continue
        moved = True
        if not budgetary:
            outside = balance.outside.setdefault(compte, [ZERO, ZERO])
            outside[side == "R"] += all_of_it
            continue
        for kind, amount in (("0", all_of_it - inner), ("1", inner)):
            if amount:
                key = (compte, fonction, side, kind)
                sums[key] = sums.get(key, ZERO) + amount
    balance.still += not moved


def _amounts(row: Row, names: tuple[str, str], balance: Balance) -> tuple[Decimal, Decimal] | None:
    """The two amounts of a side; None when one cannot be read, which is told."""
    found = []
    for name in names:
        try:
            found.append(euros(row[name] or ""))
        except ValueError:
            balance.problems.append(ReadProblem("amount", name, Where(note=name)))
            return None
    return found[0], found[1]


def _line(rank: int, key: tuple[str, str, str, str], amount: Decimal) -> BudgetLine:
    compte, fonction, side, kind = key
    return BudgetLine(
        index=rank,
        source_line=None,
        nature=compte,
        fonction=fonction,
        operation="",
        cont_nat="",
        cont_fon="",
        cont_op="",
        art_spe=None,
        cod_rd=side,
        op_budg=kind,
        typ_op_budg="",
        lib_compte="",
        compte_tiers="",
        mt_real=amount,
        mt_budg_prec=None,
        mt_rar_prec=None,
        mt_prop_nouv=None,
        mt_prev=None,
        cred_ouv=None,
        mt_rar_3112=None,
        carac_sup=_INVESTMENT if compte[0] in "45" else (),
    )

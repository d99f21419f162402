"""Writes the accountant's whole part of a fictional CFU: all ten statements, headings and totals.

Everything comes from the budget lines. Execution states every account once, then the total of its
chapter; what was carried over (001, 002) is named and never counted. The balance sheet balances,
this year and the year before; the ``_S`` statements say the same in thousands of euros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from .builder_lines import CENT

Line = Mapping[str, str]
Row = dict[str, str]
Item = tuple[str, Decimal]

STOCK, WORN, BEFORE = Decimal(12), Decimal("0.35"), Decimal("0.97")
"""Years of purchases that the assets are worth, the share worn, and last year beside this one."""

_OPERATING = ("002", "011", "012", "013", "014", "016", "017", "023", "042", "6", "7", "93", "94")
_CARRIED = ("001", "002")
_NOT_DONE = (*_CARRIED, "021", "023")
_ASSETS = (
    ("Subventions d'investissement versées", ("204",)),
    ("Autres immobilisations incorporelles", ("203", "205")),
    ("Immobilisations corporelles", ("21",)),
    ("Immobilisations en cours", ("23",)),
    ("Immobilisations financières", ("27",)),
)
_INCOME = (
    ("Dotations de l'état", "R", ("74",)),
    ("Produits de la fiscalité", "R", ("73", "731")),
    ("Autres produits", "R", ()),
    ("Charges de personnel", "D", ("012",)),
    ("Interventions et aides sociales", "D", ("016", "017", "65")),
    ("Autres charges", "D", ()),
)
"""Heading, side and chapters; no chapter: those that no other heading of the side takes."""


def chapter_of(line: Line) -> str:
    """Chapter by nature or function; that of the account for a line of an equipment operation."""
    return line.get("ContNat") or line.get("ContFon") or line["Nature"][:2]


def section_of(line: Line) -> str:
    """F or I."""
    return "F" if chapter_of(line).startswith(_OPERATING) else "I"


def whole_accounting(lines: Sequence[Line]) -> list[Row]:
    """LigneComptable of the ten statements (``lines``: those that nobody calculated)."""
    assets, liabilities = _assets(lines), _liabilities(lines)
    income = list(_income(lines))
    rows = [*_summary("BI_S_A", assets), *_summary("BI_S_P", liabilities)]
    rows += _asset_rows(assets)
    rows += _statement("BI_P", "FONDS PROPRES", liabilities, "TOTAL GÉNÉRAL (I+II+III+IV)")
    rows += [*_summary("CR_S", income), *_statement("CR", "PRODUITS ET CHARGES", income)]
    for state in ("EB_DI", "EB_RI", "EB_DF", "EB_RF"):
        rows += _ranked(_execution(state, lines))
    return rows


def _real(line: Line) -> Decimal:
    return Decimal(line["MtReal"])


def _sum(lines: Sequence[Line], side: str, starts: tuple[str, ...]) -> Decimal:
    found = (x for x in lines if x["CodRD"] == side and x["OpBudg"] == "0")
    return sum((_real(x) for x in found if x["Nature"].startswith(starts)), Decimal(0))


def _assets(lines: Sequence[Line]) -> list[Item]:
    """Net values; cash is what all receipts leave above all expenses."""
    fixed = [(title, STOCK * _sum(lines, "D", starts)) for title, starts in _ASSETS]
    signed = (_real(x) if x["CodRD"] == "R" else -_real(x) for x in lines)
    cash = sum(signed, Decimal(0))
    net = [(title, amount - (amount * WORN).quantize(CENT)) for title, amount in fixed]
    return [*net, ("Disponibilités", cash)]


def _liabilities(lines: Sequence[Line]) -> list[Item]:
    """As much as the assets: endowments take what the others leave."""
    others = [
        ("Subventions d'investissement", STOCK * _sum(lines, "R", ("13",))),
        ("Résultat de l'exercice", _result(lines)),
        ("Dettes financières", STOCK * _sum(lines, "D", ("16",))),
    ]
    total = sum((amount for _, amount in _assets(lines)), Decimal(0))
    return [("Dotations", total - sum(amount for _, amount in others)), *others]


def _result(lines: Sequence[Line]) -> Decimal:
    found = [x for x in lines if section_of(x) == "F" and x["Nature"] not in _CARRIED]
    return sum((_real(x) if x["CodRD"] == "R" else -_real(x) for x in found), Decimal(0))


def _income(lines: Sequence[Line]) -> Iterator[Item]:
    named = {(side, chapter) for _, side, chapters in _INCOME for chapter in chapters}
    found = [x for x in lines if section_of(x) == "F" and x["Nature"] not in _CARRIED]
    for title, side, chapters in _INCOME:
        mine = [
            _real(x)
            for x in found
            if x["CodRD"] == side
            and (chapter_of(x) in chapters if chapters else (side, chapter_of(x)) not in named)
        ]
        yield title, sum(mine, Decimal(0))
    yield "RESULTAT DE L'EXERCICE", _result(lines)


def _ranked(rows: Sequence[Row]) -> list[Row]:
    return [{"Etat": row["Etat"], "NumOrdre": str(rank), **row} for rank, row in enumerate(rows, 1)]


def _amounts(amount: Decimal, unit: Decimal = Decimal(1)) -> Row:
    now, before = (amount / unit).quantize(CENT), (amount * BEFORE / unit).quantize(CENT)
    return {"MtNet": f"{now:.2f}", "MtNet-1": f"{before:.2f}"}


def _statement(state: str, heading: str, items: Sequence[Item], total: str = "") -> list[Row]:
    """A heading, the items, their total where the statement has one."""
    kind = "AGREGAT_CR" if state == "CR" else "AGREGAT_BILAN"
    first = {"Etat": state, "Intitule1": heading, "Format": "GAGE", "ModeTraitement": "TITRE"}
    rows = [first]
    for title, amount in items:
        row = {"Etat": state, "Intitule1": title, **_amounts(amount), "Format": "AG"}
        rows.append(row | {"ModeTraitement": kind})
    if total:
        rows.append(_total(state, total, items))
    return _ranked(rows)


def _total(state: str, title: str, items: Sequence[Item]) -> Row:
    """Sums of what the items show, for this year and for the one before."""
    shown = [_amounts(amount) for _, amount in items]
    sums = {name: sum(Decimal(row[name]) for row in shown) for name in ("MtNet", "MtNet-1")}
    row = {"Etat": state, "Intitule1": title, "Format": "GAGE", "ModeTraitement": "TOTALISATION"}
    return row | {name: f"{amount:.2f}" for name, amount in sums.items()}


def _asset_rows(items: Sequence[Item]) -> list[Row]:
    """As ``_statement``, with gross values and wear beside net ones."""
    total = "TOTAL GÉNÉRAL (I + II + III + IV + V)"
    rows = _statement("BI_A", "ACTIF IMMOBILISÉ", items, total)
    gross = []
    for row, (title, net) in zip(rows[1:-1], items, strict=True):
        worn = Decimal(0) if title == "Disponibilités" else net * WORN / (1 - WORN)
        gross.append((worn.quantize(CENT), net))
        row |= {"MtBrut": f"{net + gross[-1][0]:.2f}", "MtAmo": f"{gross[-1][0]:.2f}"}
    worn = sum((part for part, _ in gross), Decimal(0))
    rows[-1] |= {"MtBrut": f"{worn + sum(net for _, net in gross):.2f}", "MtAmo": f"{worn:.2f}"}
    return rows


def _summary(state: str, items: Sequence[Item]) -> list[Row]:
    """Thousands of euros."""
    thousand = Decimal(1000)
    rows = [
        {"Etat": state, "Intitule1": title, **_amounts(amount, thousand), "Format": "AG"}
        for title, amount in items
    ]
    return _ranked(rows)


def _execution(state: str, lines: Sequence[Line]) -> list[Row]:
    """Accounts of each chapter, its total, what was carried over, the total of the section."""
    base = {"Etat": state, "CodeRD": state[3], "Section": state[4]}
    mine = [x for x in lines if x["CodRD"] + section_of(x) == state[3:]]
    rows: list[Row] = []
    for chapter in sorted({chapter_of(x) for x in mine} - set(_CARRIED)):
        found = [x for x in mine if chapter_of(x) == chapter]
        rows += [base | row for row in _chapter(chapter, found)]
    carried = [x for x in mine if x["Nature"] in _CARRIED]
    for line in carried:
        row = {"Intitule1": f"{line['Nature']} Reporté", "Chapitre": line["Nature"]}
        row |= {"MtPrevisions": line["CredOuv"], "ModeTraitement": "CHAPITRE_SANS_EXECUTION"}
        rows.append(base | row)
    total = _executed([x for x in mine if x["Nature"] not in _CARRIED])
    return [*rows, base | {"Intitule1": "Total de la section", **total, "Format": "GAGE"}]


def _chapter(chapter: str, lines: Sequence[Line]) -> Iterator[Row]:
    for nature in sorted({x["Nature"] for x in lines} - set(_NOT_DONE)):
        done = _executed([x for x in lines if x["Nature"] == nature])
        row = {"Intitule1": nature, "Nature": nature.ljust(6, "0"), "Chapitre": chapter, **done}
        yield row | {"Format": "AGE", "ModeTraitement": "DETAIL_CHAPITRE"}
    row = {"Intitule1": f"total chapitre {chapter}", "Chapitre": chapter, **_executed(lines)}
    yield row | {"Format": "AGE", "ModeTraitement": "TOTAL_DETAIL_CHAPITRE"}


def _executed(lines: Sequence[Line]) -> Row:
    opened = sum((Decimal(x["CredOuv"]) for x in lines), Decimal(0))
    done = sum((_real(x) for x in lines), Decimal(0))
    amounts = {"MtPrevisions": opened, "MtEmissions": done, "MtAnnulations": Decimal(0)}
    amounts |= {"MtRealNettes": done, "MtSoldePrevReal": opened - done}
    return {name: f"{amount:.2f}" for name, amount in amounts.items()}

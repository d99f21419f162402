"""The financial aggregates of the stand-in of OFGL, derived from the fictional accounts.

Labels are OFGL's, to the letter (its typing error included); formulas are simplified. A term is a
side and a prefix of accounts: ``D`` net debit, ``C`` net credit, ``d`` and ``c`` the same without
cancellations, all without order operations; ``S`` is the closing credit; ``{label}`` another
aggregate.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .accounts import OB_CREDIT, OB_DEBIT, OOB_CREDIT, OOB_DEBIT, Rows

_TABLE = """
Achats et charges externes|CEDR|D60 D61 D62 -D621
Frais de personnel|CEDR|D64 D621 -C6419
Charges financières|CEDR|D66
Subventions aux personnes de droit privé|CEDR|D6574
Contributions aux SDIS|DR|D6553
Allocations APA|DR|D6511
Allocations PCH|DR|D65112
Allocations RSA|DR|D6517
Frais d'hébergement|CDR|D652
Dépenses d'intervention|CEDR|D65
Autres dépenses de fonctionnement|CEDR|D63 D67
Travaux en régie|CD|
Dépenses de fonctionnement|CEDR|D6 -D68 -D675 -D676 D739
Dotation globale de fonctionnement|CEDR|C741
Péréquations et compensations fiscales|CEDR|C7483
Autres dotations de fonctionnement|CEDR|C742 C744 C745 C746
Concours de l'Etat|CEDR|C741 C742 C744 C745 C746 C7483
Subventions reçues et participations|CEDR|C747 C748 -C7483
CNSA|DR|C74781
FMDI|DR|C74783
Fiscalité reversée|CEDR|C7321 C7328 -D73921
CVAE|DR|C73112
Impôts locaux|CEDR|C7311 C732 -D7391 -D7392
Taxe d'enlévement des ordures ménagères|CE|C73133
Versement transport|CE|C734
TVA|CEDR|C735 C7388
Cartes grises|R|C73151
TICPE|DR|C73142
TSCA|DR|C73171
DMTO avant péreq.|DR|C7312
DMTO après péreq.|DR|C7312 C73225 -D739225
Attribution fonds de péreq. DMTO|DR|C73225
Prélèvement fonds de péreq. DMTO|DR|D739225
Impôts et taxes|CEDR|C73 -D739
Autres impôts et taxes|CEDR|{Impôts et taxes} -{Impôts locaux}
Ventes de biens et services|CEDR|C70
Autres recettes de fonctionnement|CEDR|C75 C76 C77 -C775 -C776 -C777
Recettes de fonctionnement|CEDR|C7 -C775 -C776 -C777 -C78
FCTVA|CEDR|C10222
DDEC|DR|C13331
DRES|R|C13332
Autres dotations et subventions|CEDR|C13 C102 -C10222
Autres recettes d'investissement|CEDR|C775
Recettes d'investissement hors emprunts|CEDR|C775 C102 C13
Emprunts hors GAD|CEDR|c164 c168
Recettes d'investissement|CEDR|{Recettes d'investissement hors emprunts} {Emprunts hors GAD}
Dépenses d'équipement|CEDR|D20 -D204 D21 D23
Subventions d'équipement versées|CEDR|D204
Autres dépenses d'investissement|CEDR|D26 D27
Dépenses d'investissement hors remb|CEDR|D20 D21 D23 D26 D27
Remboursements d'emprunts hors GAD|CEDR|d164 d168
Dépenses d'investissement|CEDR|D20 D21 D23 D26 D27 d164 d168
Dépenses totales|CEDR|{Dépenses de fonctionnement} {Dépenses d'investissement}
Dépenses totales hors remb|CEDR|{Dépenses de fonctionnement} {Dépenses d'investissement hors remb}
Recettes totales|CEDR|{Recettes de fonctionnement} {Recettes d'investissement}
Recettes totales hors emprunts|CEDR|{Recettes de fonctionnement} C775 C102 C13
Epargne de gestion|CEDR|{Recettes de fonctionnement} -{Dépenses de fonctionnement} D66
Epargne brute|CEDR|{Recettes de fonctionnement} -{Dépenses de fonctionnement}
Epargne brute avant travaux en régie|CD|{Epargne brute}
Epargne nette|CEDR|{Epargne brute} -{Remboursements d'emprunts hors GAD}
Annuité de la dette|CEDR|{Remboursements d'emprunts hors GAD} {Charges financières}
Capacité ou besoin de financement|CEDR|{Epargne brute} C775 C102 C13 -D20 -D21 -D23 -D26 -D27
Flux net de dette|CEDR|{Emprunts hors GAD} -{Remboursements d'emprunts hors GAD}
Variation du fonds de roulement|CEDR|{Recettes totales} -{Dépenses totales}
Encours de dette|CEDR|S16
Encours de dette - Dettes bancaires et assimilées|CEDR|S164 S168
Encours de dette - Dépôts et cautionnements reçus|CEDR|S165
Produit des cessions d'immobilisations|CEDR|C775
Fonds de roulement|CEDR|-S3 -S4 -S5
Dépôts au Trésor|CEDR|-S515
Crédits de trésorerie|CEDR|S519
Fonds de soutien aux emprunts à risque|CEDR|-S44121
"""
_LEVELS = {"commune": "C", "epci": "E", "departement": "D", "region": "R"}
_TERM = re.compile(r"(-?)(?:\{([^}]+)\}|([DCdcS])(\d+))")


class Term(NamedTuple):
    sign: int
    label: str
    side: str
    prefix: str


@lru_cache(maxsize=8)
def aggregates(kind: str) -> tuple[tuple[str, tuple[Term, ...]], ...]:
    """Label and terms of each aggregate of a kind of collectivity, in the order of the table."""
    found = []
    for row in _TABLE.strip().splitlines():
        label, levels, formula = row.split("|")
        if _LEVELS[kind] in levels:
            terms = tuple(
                Term(-1 if sign else 1, other, side, prefix)
                for sign, other, side, prefix in _TERM.findall(formula)
            )
            found.append((label, terms))
    return tuple(found)


def amounts(rows: Rows, kind: str) -> dict[str, int]:
    """Label -> cents."""
    sums = _by_prefix(rows)
    found: dict[str, int] = {}
    for label, terms in aggregates(kind):
        found[label] = sum(
            term.sign * (found[term.label] if term.label else sums[term.side].get(term.prefix, 0))
            for term in terms
        )
    return found


@lru_cache(maxsize=1)
def _prefixes() -> frozenset[str]:
    kinds = (aggregates(kind) for kind in _LEVELS)
    return frozenset(term.prefix for table in kinds for _, terms in table for term in terms)


@lru_cache(maxsize=8192)
def _prefixes_of(code: str) -> tuple[str, ...]:
    return tuple(code[:n] for n in range(1, len(code) + 1) if code[:n] in _prefixes())


def _by_prefix(rows: Rows) -> dict[str, dict[str, int]]:
    """Side -> prefix -> cents."""
    sums: dict[str, dict[str, int]] = {side: {} for side in "DCdcS"}
    for code, row in rows.items():
        debit = row[OB_DEBIT] - row[OOB_DEBIT]
        credit = row[OB_CREDIT] - row[OOB_CREDIT]
        closing = row[1] + row[3] + row[5] - row[0] - row[2] - row[4]
        of_side = {
            "D": debit - credit if code[0] != "1" else debit,
            "C": credit - debit if code[0] != "1" else credit,
            "d": debit,
            "c": credit,
            "S": closing,
        }
        for prefix in _prefixes_of(code):
            for side, cents in of_side.items():
                sums[side][prefix] = sums[side].get(prefix, 0) + cents
    return sums

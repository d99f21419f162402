"""A fictional CFU of a department, 2024, voted by nature in M57_D with functions.

    from ckanext.budgetod.engine.builder_department import department_cfu
    department_cfu()                                    # sealed, with annexes

What a department has and a commune has not: APA and RSA in chapters of their own (016, 017),
social aid, collèges, departmental roads, the fire service, transfer duties, land consolidation for
third parties (45441), an equipment operation. No real CFU of a department could be had: accounts,
functions and chapters are those of the official plan, the rest is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from .builder import HAUTE_BRUME, Spec
from .builder_accounting import chapter_of, whole_accounting
from .builder_annexes import Rows, consolidation_rows, in_order, sample_annexes
from .builder_cfu import cfu_document
from .builder_lines import balanced, line_of, slot
from .document import Stage

SCALE = Decimal(80)
"""Of the sample annexes, so that their debt is that of the lines below."""
OPERATION = "1401"
"""The equipment operation: a collège. Its lines have no chapter by nature."""
SEALED = "2025-06-27T16:40:00"

Line = dict[str, str]

COUNCIL = Spec(
    siret=HAUTE_BRUME,
    collectivite="Département de la Haute-Brume",
    nature_cepl="Département",
    code_insee="",
    population="384 120",
)
"""Who the department is, whatever the year."""
DEPARTMENT = replace(
    COUNCIL,
    poste="PAIERIE DEPARTEMENTALE DE LA HAUTE-BRUME",
    exercice=2024,
    stage="CFU",
    schema_version="115",
    date_vote="2025-06-20",
)

# name nature chapitre side section credit done ordre fonction (RAR: etudes, travaux)
_LINES = """
energie       60612   011 D F   6200000.00 0.94 - 221
carburants    60622   011 D F   1150000.00 0.97 - 843
voiries       615231  011 D F   8400000.00 0.96 - 843
transport     6245    011 D F   5300000.00 0.98 - 81
maintenance   6156    011 D F   1900000.00 0.91 - 020
remunerations 64111   012 D F  58000000.00 0.99 - 020
contractuels  64131   012 D F  14000000.00 0.98 - 4213
retraites     6453    012 D F  19500000.00 0.99 - 020
fngir         739221  014 D F   2100000.00 1.00 - 01
perequation   7392251 014 D F   3400000.00 0.98 - 01
apa_domicile  6511411 016 D F  31000000.00 0.98 - 431
apa_benef     651143  016 D F   4200000.00 0.97 - 432
apa_etab      651144  016 D F  22500000.00 0.99 - 433
rsa           65171   017 D F  48000000.00 1.00 - 447
rsa_majore    65172   017 D F   6100000.00 0.99 - 447
pch           6511211 65  D F  16500000.00 0.99 - 425
actp          651122  65  D F   2300000.00 0.96 - 425
familles      65111   65  D F   1900000.00 0.93 - 4212
foyers        652411  65  D F   9800000.00 1.00 - 4213
mecs          652412  65  D F  28200000.00 0.99 - 4213
handicap      65242   65  D F  41000000.00 0.99 - 425
personnes_ag  65243   65  D F  17000000.00 0.98 - 4238
colleges      655111  65  D F   6400000.00 1.00 - 221
sdis          6553    65  D F  13200000.00 1.00 - 12
elus          65311   65  D F    980000.00 0.99 - 031
subventions   65748   65  D F   5600000.00 0.97 - 311
interets      66111   66  D F   3056036.00 1.00 - 01
depreciations 6817    68  D F    600000.00 1.00 - 01
virement      023     023 D F  24000000.00 0.00 2 01
amortissement 6811    042 D F  34000000.00 1.00 2 01
report_f      002     002 R F  21000000.00 1.00 - 01
personnel_r   6419    013 R F    620000.00 1.03 - 020
apa_cnsa      747811  016 R F  22000000.00 1.01 - 430
apa_indus     7533    016 R F    180000.00 0.96 - 430
rsa_indus     75342   017 R F    300000.00 1.05 - 447
produits      70388   70  R F   1000000.00 1.01 - 020
tva           7351    73  R F 148000000.00 1.00 - 01
cvae          7352    73  R F  31000000.00 1.00 - 01
frais_dmto    73224   73  R F   4200000.00 1.00 - 01
dmto          73121   731 R F  72000000.00 0.94 - 01
urbanisme     73131   731 R F   2400000.00 0.88 - 01
electricite   73141   731 R F   5100000.00 1.02 - 01
ticpe         731428  731 R F  21000000.00 1.00 - 01
dgf           74121   74  R F  52000000.00 1.00 - 01
minimale      741221  74  R F  18400000.00 1.00 - 01
pch_cnsa      747812  74  R F   7600000.00 1.02 - 425
fmdi          74783   74  R F   3100000.00 1.00 - 447
fse           74771   74  R F   1250000.00 0.71 - 444
recouvrements 7513    75  R F   4100000.00 0.97 - 4238
loyers        752     75  R F    310000.00 1.01 - 020
quote_part    777     042 R F   7500000.00 1.00 2 01
neutralise    7768    042 R F   8000000.00 1.00 2 01
report_i      001     001 D I  12000000.00 1.00 - 01
capital       1641    16  D I  20800000.00 1.00 - 01
etudes        2031    20  D I   1900000.00 0.55 - 843
logiciels     2051    20  D I   1200000.00 0.83 - 020
aide_communes 2041482 204 D I   9000000.00 0.72 - 54
aide_prives   20422   204 D I   2400000.00 0.64 - 555
informatique  21831   21  D I   1700000.00 0.92 - 221
voirie        2151    21  D I  24000000.00 0.93 - 843
travaux       2313    23  D I  22000000.00 0.66 - 221
travaux       2315    23  D I  11000000.00 0.71 - 843
operation     2313    -   D I   4000000.00 0.58 - 221
operation     21841   -   D I    350000.00 0.40 - 221
prets         2744    27  D I    400000.00 0.85 - 424
remembrement  45441 45441 D I    520000.00 0.81 - 631
neutralise_i  198     040 D I   8000000.00 1.00 2 01
ordre_040     13911   040 D I   7500000.00 1.00 2 01
ordre_041_d   2313    041 D I   1500000.00 1.00 1 01
fctva         10222   10  R I   9800000.00 1.02 - 01
excedent      1068    10  R I  14000000.00 1.00 - 01
colleges_i    133121  13  R I   2300000.00 1.00 - 221
soutien       13313   13  R I   2900000.00 0.63 - 843
region        1322    13  R I   1800000.00 0.52 - 221
radars        1335    13  R I   1100000.00 1.00 - 849
emprunt       1641    16  R I  10000000.00 0.60 - 01
prets_r       2744    27  R I    260000.00 0.94 - 424
remembrem_r   45442 45442 R I    520000.00 0.81 - 631
virement_i    021     021 R I  24000000.00 0.00 2 01
amort_batim   281312  040 R I  19000000.00 1.00 2 01
amort_voirie  28151   040 R I  15000000.00 1.00 2 01
ordre_041_r   2031    041 R I   1500000.00 1.00 1 01
"""


def department_lines() -> list[Line]:
    """The balanced budget lines, with what a CFU adds to each of them (V113)."""
    found = [slot(row) for row in _LINES.strip().splitlines()]
    lines = [
        _in_operation(line_of(each, credit, Stage.CFU, by_function=False))
        for each, credit in balanced(found, Decimal(1))
    ]
    return [_executed(line, rank) for rank, line in enumerate(lines, 1)]


def _in_operation(line: Line) -> Line:
    if line["ContNat"] != "-":
        return line
    kept = {name: text for name, text in line.items() if name != "ContNat"}
    return {
        **kept,
        "Operation": OPERATION,
        "ContOp": OPERATION,
        "+1": 'CaracSup Code="TypOpe" V="1"',
    }


def _executed(line: Line, rank: int) -> Line:
    opened, done = Decimal(line["CredOuv"]), Decimal(line["MtReal"])
    amounts = {
        "MtPrevCalcul": opened,
        "MtCumulDM": Decimal(0),
        "CredAnnules": opened - done - Decimal(line["MtRAR3112"]),
        "MtCumul": Decimal(0),
        "MtCumulCA": done,
        "MtMdtTitreEmis": done,
    }
    added = {"InfoAPCP": "TNULL", **{name: f"{amount:.2f}" for name, amount in amounts.items()}}
    if "Operation" in line:
        added["OperationEtAPCP"] = line["Operation"]
    return {"@id": f"HB_{rank}", **line, **added}


def chapter_totals(lines: Sequence[Line]) -> Iterator[Line]:
    """The totals that TotEM writes among the lines, one per chapter and side: never to be counted
    again."""

    def place(line: Line) -> tuple[str, str]:
        return line["CodRD"], chapter_of(line)

    mark = {"@calculated": "true", "@generator": "EnrichissementNomenclature.xsl"}
    for (side, chapter), found in groupby(sorted(lines, key=place), place):
        mine = list(found)
        sums = {
            name: f"{sum(Decimal(line[name]) for line in mine):.2f}"
            for name in ("MtPrev", "CredOuv", "MtReal", "MtRAR3112")
        }
        yield {**mark, "ChapitreNature": chapter, "CodRD": side, **sums, "OpBudg": "T"}


def department_annexes(lines: Sequence[Line]) -> Rows:
    """The sample annexes (fictional persons included), and what is proper to a department."""
    tables = sample_annexes(SCALE)
    tables["SIGNATURE"][0] |= {
        "LibPresentPar": "Mme Éléonore VANDREZANNE, présidente",
        "LibDelibPar": "le conseil départemental",
        "DtConvoc": "2025-06-06",
        "DtPresent": "2025-06-20",
        "DtDelib": "2025-06-20",
    }
    tables |= {"TIERS": list(_tiers(lines)), "CONSOLIDATION": list(consolidation_rows(lines))}
    return in_order(tables)


def _tiers(lines: Sequence[Line]) -> Iterator[Line]:
    for line in lines:
        if line["Nature"].startswith("4544"):
            yield {
                "CodOper": "7",
                "LibOper": "Aménagement foncier du val de Brume",
                "CodRD": line["CodRD"],
                "CodChapitre": line["Nature"],
                "MtCredOuv": line["CredOuv"],
                "MtRealExer": line["MtReal"],
                "RAR": "0.00",
                "MtCumulReal": line["MtReal"],
                "MtCumul": line["MtReal"],
                "MtCredAnnul": line["CredAnnules"],
            }


def department_cfu(*, seal: str | bool = SEALED, encoding: str = "ISO-8859-1") -> bytes:
    """The whole document: accountant's part, lines and calculated ones, annexes, signatures."""
    lines = department_lines()
    return cfu_document(
        spec=DEPARTMENT,
        lines=[*lines, *chapter_totals(lines)],
        calculated=False,
        accounting=whole_accounting(lines),
        annexes=department_annexes(lines),
        seal=seal,
        encoding=encoding,
    )

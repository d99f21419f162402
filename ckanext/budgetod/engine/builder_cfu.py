"""Writes fictional CFU: accountant's part, budget part and signatures (schema V113).

The accountant's part is made from the budget lines, so that EB_x agrees with MtReal without
001/002 and both sides of the balance sheet agree. Accountants, login and signatory are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from .builder import (
    Line,
    Spec,
    _block,
    _encoded,
    _leaf,
    budget_element,
    document_element,
    sealed,
)
from .builder_accounting import whole_accounting
from .builder_annexes import Rows, sample_annexes
from .builder_lines import sample_lines

CFU_NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/doccfu"
ACCOUNTING_NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/doccomptable"
CFU_PERSONS = (
    "hermine.vauquelade",
    "MME Hermine VAUQUELADE",
    "M Gontran ESCARBOUCLE",
    "ESCARBOUCLE Gontran (1099999999-0)",
)
"""Login, accountants and signatory of ``cfu_document``; none may be in anything published."""

_ROOT = (
    f'<doccfu:CompteFinancierUnique xmlns:doccfu="{CFU_NAMESPACE}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:db="http://www.minefi.gouv.fr/cp/demat/docbudgetaire"'
    f' xmlns:dc="{ACCOUNTING_NAMESPACE}"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
)
_SIGNATURE = """   <doccfu:Signatures>
      <doccfu:PageSignatures id="IDC_1">
         <ds:Signature>
            <ds:SignatureValue>Y2VjaSBuJ2VzdCBwYXMgdW5lIHNpZ25hdHVyZQ==</ds:SignatureValue>
            <ds:KeyInfo>
               <ds:X509Data><ds:X509Certificate>ZmljdGlm</ds:X509Certificate></ds:X509Data>
            </ds:KeyInfo>
            <ds:Object>
               <SignerName>ESCARBOUCLE Gontran (1099999999-0), comptable</SignerName>
            </ds:Object>
         </ds:Signature>
      </doccfu:PageSignatures>
   </doccfu:Signatures>
"""


def cfu_document(
    *,
    lines: Sequence[Line] | None = None,
    annexes: Rows | bool | None = None,
    accounting: Sequence[Line] | None = None,
    calculated: bool = True,
    scale: Decimal | int | str = 1,
    encoding: str = "ISO-8859-1",
    seal: str | bool = "",
    spec: Spec | None = None,
    **fields: object,
) -> bytes:
    """A whole CompteFinancierUnique; parameters as ``totem_document``.

    ``accounting``: LigneComptable as mappings (default: made from the lines). ``calculated``: add
    the totals that TotEM writes among the lines and that nobody may count twice.
    """
    spec = replace(spec or Spec(schema_version="113", stage="CFU"), **fields)  # type: ignore[arg-type]
    if lines is None:
        by_function = spec.nat_fonc == "2"
        lines = sample_lines(spec.nomenclature, "CFU", scale=scale, by_function=by_function)
    written = [*lines, *(_totals(lines) if calculated else ())]
    tables = sample_annexes(scale) if annexes is True else (annexes or {})
    rows = whole_accounting(lines) if accounting is None else accounting
    identity = f' identifiant="{spec.exercice}-057099-990-{spec.code_budget}-10--"'
    budget = document_element(spec, [budget_element(spec, written, tables)], attributes=identity)
    text = f"{_ROOT}\n   {_accounting(spec, rows)}\n   {budget}\n{_SIGNATURE}"
    document = _encoded(f"{text}</doccfu:CompteFinancierUnique>", encoding)
    return sealed(document, seal) if seal else document


def _totals(lines: Sequence[Line]) -> list[dict[str, str]]:
    """Two calculated lines as TotEM adds them: one with a side, one without."""
    total = sum(Decimal(line["MtReal"]) for line in lines if line["CodRD"] == "D")
    mark = {"@calculated": "true", "@generator": "groupes/total"}
    real = {"CredOuv": f"{total:.2f}", "MtReal": f"{total:.2f}", "OpBudg": "T"}
    return [
        {**mark, "Nature": "6", "Groupe": "G6", "CodRD": "D", **real},
        {**mark, "Groupe": "TOTAL", "ChapitreNature": "T", **real},
    ]


def _accounting(spec: Spec, rows: Sequence[Line]) -> str:
    declinaison = spec.nomenclature.partition("-")[2]
    infos = [
        _leaf("Nomenclature", declinaison),
        _leaf("Exercice", spec.exercice),
        f'<Edition DateArrete="{spec.exercice}-12-31" DateEdition="{spec.voted_on}" '
        'NomEdition="CG98" TypeEdition="D" Utilisateur="hermine.vauquelade"/>',
        f'<Collectivite CodeBC="99000" IdNat="9990001" Libelle={quoteattr(spec.collectivite)} '
        f'PlanCpte="{declinaison}" Population="{spec.population.replace(" ", "")}" '
        f'Siret="{spec.siret}" TypeBC="BP" TypeColl={quoteattr(spec.nature_cepl)}/>',
        f'<Gestion DateDebutGestion="{spec.exercice}-07-01" DateFinGestion="{spec.voted_on}" '
        'NomComptable="MME Hermine VAUQUELADE"/>',
        f'<Gestion DateDebutGestion="{spec.exercice}-01-01" '
        f'DateFinGestion="{spec.exercice}-06-30" NomComptable="M Gontran ESCARBOUCLE"/>',
        f'<Tresorerie Codique="057099" Dpt="57" LibellePoste={quoteattr(spec.poste)}/>',
        _leaf("NatFonc", spec.nat_fonc or "3"),
        _leaf("NatVot", "FcIc"),
    ]
    header = _block("EnteteComptable", [_block("Infos", infos, "         ")], "      ")
    body = _block(
        "BudgetComptable",
        [
            _block("LigneComptable", [_leaf(*item) for item in row.items()], "         ")
            for row in rows
        ],
        "      ",
        f' IdNat="9990001" SIRET="{spec.siret}"',
    )
    return _block("DocumentComptable", [header, body], "   ", f' xmlns="{ACCOUNTING_NAMESPACE}"')

"""Writes fictional TOTEM and CFU documents, for tests, demonstrations and documentation.

    from ckanext.budgetod.engine.builder import totem_document, cfu_document
    totem_document()                                    # CA 2023 of the Ville de Valmoselle, M57_D
    totem_document(stage="DM", numero_dm="1", exercice=2024)
    totem_document(nomenclature="M4-M49_A", annexe=True, etablissement="Eau", code_budget="02")
    cfu_document(exercice=2024)

``python -m ckanext.budgetod.engine.builder DIR`` writes the example documents. All names are
invented, SIREN and SIRET are Luhn-valid and belong to nobody. Structure: XSD V95, and what CFU
documents (V113) add to it. The CFU of a department is in ``builder_department``, what came up to
schema V115 in ``builder_recent``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from .builder_annexes import Rows, sample_annexes
from .builder_lines import sample_lines
from .document import Stage
from .numbers import whole

NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"
Line = Mapping[str, str]


def luhn_key(digits: str) -> str:
    """The digit that makes ``digits + key`` pass the Luhn check."""
    total = 0
    for rank, char in enumerate(reversed(digits)):
        number = int(char) * (2 if rank % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def fictional_siren(prefix: str = "21570990") -> str:
    """Nine digits that pass Luhn, from eight (21 57 099x: communes that do not exist)."""
    return prefix + luhn_key(prefix)


def fictional_siret(siren: str = "215709908", number: int = 1) -> str:
    """The SIRET of the nth establishment of a SIREN: fourteen digits that pass Luhn."""
    stem = f"{siren}{number:04d}"
    return stem + luhn_key(stem)


VALMOSELLE = fictional_siret("215709908")
SAINTE_OMBRELLE = fictional_siret(fictional_siren("21570991"))
VAL_DE_BRUME = fictional_siret(fictional_siren("24579901"))
HAUTE_BRUME = fictional_siret(fictional_siren("22579901"))
SDIS = fictional_siret(fictional_siren("28579901"))
REGION = fictional_siret(fictional_siren("23579901"))


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything that a document says besides its lines and annexes (texts of the file)."""

    siret: str = VALMOSELLE
    collectivite: str = "Ville de Valmoselle"
    poste: str = "SERVICE DE GESTION COMPTABLE DE VALMOSELLE"
    etablissement: str = ""
    exercice: int | str = 2023
    stage: str = "CA"
    numero_dm: str = ""
    nomenclature: str = "M57-M57_D"
    schema_version: str = "95"
    code_budget: str = "00"
    annexe: bool = False
    siret_principal: str = ""
    libelle_principal: str = ""
    nature_cepl: str = "Commune"
    departement: str = "57"
    code_insee: str = "57990"
    population: str = "12 480"
    date_vote: str = ""
    projet: bool = False
    nat_fonc: str = ""
    repr_res: str = "3"
    editor: str = "Plume Budgets 4.2"
    informations: Mapping[str, str] | None = None
    header_extra: str = ""
    document_extra: str = ""

    @property
    def nat_dec(self) -> str:
        """Two digits; a stage that is not in the list goes out as it is (faulty documents)."""
        name = str(getattr(self.stage, "name", self.stage)).upper()
        return Stage[name].value if name in Stage.__members__ else str(self.stage)

    @property
    def is_recent(self) -> bool:
        """Schema V113 or later, that of the CFU."""
        return (whole(self.schema_version) or 0) >= 113

    @property
    def voted_on(self) -> str:
        year = whole(str(self.exercice)) or 2023
        account = self.nat_dec in ("09", "10")
        return self.date_vote or (f"{year + 1}-04-02" if account else f"{year}-03-28")


def _leaf(name: str, value: object) -> str:
    return f"<{name} V={quoteattr(str(value))}/>"


def _block(name: str, leaves: Iterable[str], indent: str, attributes: str = "") -> str:
    inner = "".join(f"\n{indent}   {leaf}" for leaf in leaves)
    return f"<{name}{attributes}>{inner}\n{indent}</{name}>"


def _leaves(values: Mapping[str, object]) -> list[str]:
    return [_leaf(name, value) for name, value in values.items() if value not in ("", None)]


def _header(spec: Spec) -> str:
    values = {
        "DteStr": spec.voted_on,
        "LibellePoste": spec.poste,
        "IdPost": "057099",
        "LibelleColl": spec.collectivite,
        "IdColl": spec.siret_principal or spec.siret,
        "NatCEPL": spec.nature_cepl,
        "Departement": spec.departement,
    }
    return _block("EnTeteDocBudgetaire", _leaves(values), "   ")


def _budget_header(spec: Spec) -> str:
    values = {
        "LibelleEtab": spec.etablissement or spec.collectivite,
        "IdEtab": spec.siret,
        "CodColl": "990",
        "CodInseeColl": spec.code_insee,
        "CodBud": spec.code_budget,
        "Nomenclature": spec.nomenclature,
    }
    return _block("EnTeteBudget", _leaves(values), "      ")


def _budget_block(spec: Spec, lines: Sequence[Line]) -> str:
    functions = any(line.get("Fonction") for line in lines)
    values = {
        "NatDec": spec.nat_dec,
        "NumDec": spec.numero_dm,
        "Exer": spec.exercice,
        "ProjetBudget": "true" if spec.projet else "false",
        "DteDec": spec.voted_on,
        "DteDecEx": spec.voted_on,
        "NatVote": "FcIc",
        **(dict.fromkeys(("NatVoteInv", "NatVoteFonc"), "FcIc") if spec.is_recent else {}),
        "OpeEquip": "false",
        "VoteFormelChap": "false",
        "TypProv": "1",
        "BudgPrec": "1" if spec.nat_dec == "01" else "2",
        "ReprRes": spec.repr_res,
        "NatFonc": spec.nat_fonc or ("3" if functions else "1"),
        "CodTypBud": "A" if spec.annexe else "P",
        "IdEtabPal": spec.siret_principal,
        "LibelleEtabPal": spec.libelle_principal,
    }
    return _block("BlocBudget", _leaves(values), "      ")


def _informations(spec: Spec) -> str:
    informations = spec.informations
    if informations is None:
        informations = {"PopTot": spec.population, "NbResSec": "126"}
    items = [
        f"<Information Code={quoteattr(code)} V={quoteattr(value)}/>"
        for code, value in informations.items()
    ]
    return _block("InformationsGenerales", items, "      ")


def _line(line: Line) -> str:
    leaves = [_leaf(name, value) for name, value in line.items() if name[0] not in "@+"]
    leaves += [f"<{line[name]}/>" for name in line if name[0] == "+"]
    attributes = "".join(f" {n[1:]}={quoteattr(v)}" for n, v in line.items() if n[0] == "@")
    return _block("LigneBudget", leaves, "      ", attributes)


def _row(item: str, row: Mapping[str, str]) -> str:
    attributes = "".join(f" {n[1:]}={quoteattr(v)}" for n, v in row.items() if n[0] == "@")
    leaves = [_leaf(name, value) for name, value in row.items() if name[0] != "@"]
    return _block(item, leaves, "            ", attributes)


def _annexes(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    blocks = []
    for table, rows in tables.items():
        item = "MEMBREASA" if table == "MEMBRESASA" else table
        name = table if table.startswith("DATA_") else f"DATA_{table}"
        item = item.removeprefix("DATA_")
        blocks.append(_block(name, [_row(item, row) for row in rows], "         "))
    return [_block("Annexes", blocks, "      ")] if blocks else []


def budget_element(
    spec: Spec, lines: Sequence[Line] | None = None, annexes: Rows | None = None
) -> str:
    """One ``Budget`` element as text."""
    if lines is None:
        by_function = spec.nat_fonc == "2"
        stage = spec.stage if spec.nat_dec in list(Stage) else "CA"
        lines = sample_lines(spec.nomenclature, stage, by_function=by_function)
    parts = [_budget_header(spec), _budget_block(spec, lines), _informations(spec)]
    parts += [_line(line) for line in lines]
    return _block("Budget", parts + _annexes(annexes or {}), "   ")


def document_element(spec: Spec, budgets: Sequence[str], *, attributes: str = "") -> str:
    """The ``DocumentBudgetaire`` element as text, without seal."""
    editor = _block("BlocEditeur", [_leaf("CodeEditeur", spec.editor)], "   ")
    parts = [_leaf("VersionSchema", spec.schema_version), editor]
    parts += ['<VersionOutil outil="DSC_COMMON" version="30"/>']
    parts += [_header(spec), *([spec.header_extra] if spec.header_extra else []), *budgets]
    parts += [spec.document_extra] if spec.document_extra else []
    return _block("DocumentBudgetaire", parts, "", f' xmlns="{NAMESPACE}"{attributes}')


def _encoded(text: str, encoding: str) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    return (declaration + text + "\n").encode(encoding, "xmlcharrefreplace")


def totem_document(
    *,
    lines: Sequence[Line] | None = None,
    annexes: Rows | bool | None = None,
    scale: Decimal | int | str = 1,
    encoding: str = "ISO-8859-1",
    seal: str | bool = "",
    spec: Spec | None = None,
    budgets: Sequence[str] | None = None,
    **fields: object,
) -> bytes:
    """A whole DocumentBudgetaire. ``fields`` are those of ``Spec``.

    ``lines``: mappings element -> text (default: the balanced ``sample_lines``; keys starting with
    ``@`` are attributes of the line, with ``+`` further raw elements such as
    ``'MtSup Code="ICNE" V="1.00"'``). ``annexes``: table -> rows, True for ``sample_annexes``.
    ``seal``: True or a date and time seals the document as TotEM does.
    """
    spec = replace(spec or Spec(), **fields)  # type: ignore[arg-type]
    if lines is None and budgets is None and scale != 1:
        lines = sample_lines(spec.nomenclature, spec.stage, scale=scale)
    tables = sample_annexes(scale) if annexes is True else (annexes or {})
    whole = budgets if budgets is not None else [budget_element(spec, lines, tables)]
    document = _encoded(document_element(spec, whole), encoding)
    return sealed(document, seal) if seal else document


def cfu_document(**fields: object) -> bytes:
    """A whole CompteFinancierUnique: see ``builder_cfu.cfu_document``."""
    from .builder_cfu import cfu_document as build

    return build(**fields)  # type: ignore[arg-type]


def sealed(document: bytes, date: str | bool = True) -> bytes:
    """The document with the Scellement that TotEM would have written (reference §2)."""
    from .readers.seal import digests

    when = date if isinstance(date, str) else "2024-04-03T10:15:00"
    md5, sha1 = digests(document)
    element = f'<Scellement md5="{md5}" sha1="{sha1}" date="{when}"/>\n   '.encode()
    return document.replace(b"<EnTeteDocBudgetaire>", element + b"<EnTeteDocBudgetaire>", 1)


if __name__ == "__main__":
    from .builder_examples import main

    sys.exit(main(sys.argv[1:]))

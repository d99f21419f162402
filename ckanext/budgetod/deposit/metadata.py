"""What a dataset and its resources say of a budget, all of it read from the documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ckanext.budgetod import config
from ckanext.budgetod.engine.document import Header, Stage
from ckanext.budgetod.engine.numbers import whole
from ckanext.budgetod.engine.scdl.schema import URL as SCDL_SCHEMA
from ckanext.budgetod.model import BudgetDocument, Conversion
from ckanext.budgetod.sources import profile

from .identity import DEPOSIT

if TYPE_CHECKING:
    from ckanext.budgetod.engine.outputs import Output

ROLES = ("scdl", "etendu", "xml", "annexe", "comptable", "indicateurs")
"""Roles of published files, in the order in which a dataset lists them."""
STAGES = (Stage.CFU, Stage.CA, Stage.DM, Stage.BS, Stage.BP)
"""Most final first: the order of documents in a dataset."""
ORIGINS = {
    "deposit": "depose",
    "datagouv": "datagouv",
    "dgfip": "dgfip",
    "ofgl": "ofgl",
}
"""Origin of a document -> value of ``budget_origine`` of its resources."""
SOURCE_NAMES = {
    "datagouv": "data.gouv.fr",
    "dgfip": "balances comptables de la DGFiP",
    "ofgl": "indicateurs de l’OFGL",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What one publication brings: report, figures, fields of the collectivity, files."""

    report: Mapping[str, Any]
    summary: Mapping[str, Any]
    fields: Mapping[str, str]
    outputs: Sequence[Output] = ()
    xml: IO[bytes] | None = None


@dataclass(slots=True)
class Planned:
    """A file to publish: its kind, its place in the dataset, what its resource says."""

    kind: str
    filename: str
    content_type: str
    fields: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    rows: int | None = None
    columns: Sequence[Mapping[str, Any]] = ()

    @property
    def role(self) -> str:
        return role_of(self.kind)


def role_of(kind: str) -> str:
    """Role of a kind of output: ``annexe:emprunt`` is an ``annexe``, ``scdl#2`` a ``scdl``."""
    return kind.partition("#")[0].partition(":")[0]


def budget_fields(header: Header, report: Mapping[str, Any]) -> dict[str, str]:
    """Fields of the dataset that one document can tell: whose budget, which nomenclature."""
    return {
        **profile.dataset_fields(header),
        "budget_nomenclature": header.norme or header.nomenclature,
    }


# --- files ---------------------------------------------------------------------------------------
def files(row: Conversion, document: BudgetDocument, content: Content) -> list[Planned]:
    """Every file of a document, in the order of the dataset; empty ones do not exist."""
    common = _document_fields(row, document, content)
    planned = [
        _planned(output, document, common)
        for output in content.outputs
        if role_of(output.kind) in ROLES and role_of(output.kind) != "xml"
    ]
    if content.xml is not None:
        planned.append(_xml(row, document, common))
    return sorted(planned, key=lambda item: ROLES.index(item.role))


def _planned(output: Output, document: BudgetDocument, common: Mapping[str, Any]) -> Planned:
    fields = {
        **common,
        "budgetod_role": role_of(output.kind),
        "name": f"{document_title(document)}\u00a0: {output.title}",
        "format": "CSV",
        "mimetype": "text/csv",
    }
    if role_of(output.kind) == "scdl":
        fields["conforms_to"] = SCDL_SCHEMA
    if in_datastore(document):
        fields["datastore_active"] = True
    path = Path(output.path)
    name = path.name if document.origin == DEPOSIT else _harvested_name(output, document)
    return Planned(output.kind, name, "text/csv", fields, path, output.rows, output.columns)


def _harvested_name(output: Output, document: BudgetDocument) -> str:
    kind = output.kind.replace(":", "-").replace("#", "-")
    return f"{file_stem(document)}-{kind}.csv"


def in_datastore(document: BudgetDocument) -> bool:
    """Whether the tables of this document go to the DataStore."""
    return config.datastore() if document.origin == DEPOSIT else config.harvest_datastore()


def _xml(row: Conversion, document: BudgetDocument, common: Mapping[str, Any]) -> Planned:
    fields = {
        **common,
        "budgetod_role": "xml",
        "name": f"{document_title(document)}\u00a0: document XML anonymisé",
        "format": "XML",
        "mimetype": "application/xml",
        "hash": row.published_sha256 or "",
    }
    return Planned("xml", f"{file_stem(document)}.xml", "application/xml", fields)


def file_stem(document: BudgetDocument) -> str:
    """``budget-215709908-2023-dm1-principal``: the beginning of every file name of a document."""
    start = f"budget-{document.siren}-{document.exercice}"
    if not document.is_budget:
        return f"{start}-{document.origin}"
    stage = f"{Stage(document.etape).slug}{document.numero_dm}"
    budget = document.key.rpartition(".")[2]
    origin = "" if document.origin == DEPOSIT else f"-{document.origin}"
    return f"{start}-{stage}-{budget}{origin}"


def document_title(document: BudgetDocument) -> str:
    """« Décision modificative n° 1 2023, budget annexe Eau »; a harvested one names its source."""
    if not document.is_budget:
        return f"Données nationales {document.exercice} ({SOURCE_NAMES[document.origin]})"
    source = SOURCE_NAMES.get(document.origin)
    return f"{_budget_title(document)} ({source})" if source else _budget_title(document)


def _budget_title(document: BudgetDocument) -> str:
    number = f" n° {document.numero_dm}" if document.numero_dm else ""
    budget = "budget principal"
    if document.categorie == "annexe":
        budget = f"budget annexe {document.libelle or document.code_budget}".strip()
    return f"{Stage(document.etape).nom.capitalize()}{number} {document.exercice}, {budget}"


def _document_fields(row: Conversion, document: BudgetDocument, content: Content) -> dict[str, Any]:
    fields = {
        "budgetod_document": document.key,
        "budgetod_serial": str(row.serial),
        **source_fields(document),
    }
    return {**fields, **_stage_fields(document, content)} if document.is_budget else fields


def source_fields(document: BudgetDocument) -> dict[str, str]:
    """Where a document comes from: origin, address, licence, producer, whether it may change."""
    source = document.source or {}
    return {
        "budget_origine": ORIGINS[document.origin],
        "budget_source": source.get("url", ""),
        "budget_licence": source.get("licence", ""),
        "budget_producteur": source.get("producteur", ""),
        "budget_statut": source.get("statut", ""),
        "budget_retire": document.retired.date().isoformat() if document.retired else "",
    }


def _stage_fields(document: BudgetDocument, content: Content) -> dict[str, Any]:
    about = content.report["document"]
    counts = content.report["counts"]
    return {
        "budget_etape": Stage(document.etape).slug,
        "budget_numero_dm": document.numero_dm,
        "budget_categorie": document.categorie,
        "budget_libelle": document.libelle,
        "budget_siret": document.siret,
        "budget_code": document.code_budget,
        "budget_etab_principal": about.get("siret_principal") or "",
        "budget_date_vote": about.get("date_vote") or "",
        "budget_date_scellement": about.get("date_scellement") or "",
        "budget_version_totem": about.get("schema_version") or "",
        "budget_presentation": about.get("nat_fonc") or "",
        "budget_controles": f"{counts['passed']}/{counts['total']}",
        **_totals(content.summary, Stage(document.etape)),
    }


def _totals(summary: Mapping[str, Any], stage: Stage) -> dict[str, str]:
    """Real operations by section and side: done for an account, voted for the other stages."""
    column = "realise" if stage.is_account else "prevu"
    totals = summary.get("totals") or {}
    return {
        f"budget_total_{section.lower()}{side.lower()}": str(
            ((totals.get(section) or {}).get(side) or {}).get("reel", {}).get(column) or ""
        )
        for section in "FI"
        for side in "RD"
    }


def arrange(
    present: Iterable[dict[str, Any]], mine: list[dict[str, Any]], documents: list[BudgetDocument]
) -> list[dict[str, Any]]:
    """All resources of a dataset in its fixed order: documents, their files, then what is attached.

    ``mine`` replaces whatever the dataset holds of that document.
    """
    order = {document.key: rank for rank, document in enumerate(sort_documents(documents))}
    resources = [*present, *mine]
    places = {id(resource): place for place, resource in enumerate(resources)}

    def rank(resource: dict[str, Any]) -> tuple[int, int, int]:
        role = resource.get("budgetod_role")
        if role not in ROLES:
            return len(order), 0, places[id(resource)]
        document = order.get(resource.get("budgetod_document"), len(order))
        return document, ROLES.index(role), places[id(resource)]

    return sorted(resources, key=rank)


def sort_documents(documents: Iterable[BudgetDocument]) -> list[BudgetDocument]:
    """CFU, CA, DM n…1, BS, BP; the principal budget, then annexes by name; national figures."""

    def rank(document: BudgetDocument) -> tuple[Any, ...]:
        number = whole(document.numero_dm) or 0
        stage = STAGES.index(Stage(document.etape)) if document.is_budget else len(STAGES)
        return stage, -number, document.categorie == "annexe", document.libelle, document.key

    return sorted(documents, key=rank)

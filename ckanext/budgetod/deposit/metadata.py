"""What a dataset and its resources say of a budget, all of it read from the documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ckanext.budgetod import config
from ckanext.budgetod.engine.document import Header, Stage
from ckanext.budgetod.engine.scdl.schema import URL as SCDL_SCHEMA
from ckanext.budgetod.model import BudgetDocument, Conversion
from ckanext.budgetod.sources import profile

if TYPE_CHECKING:
    from ckanext.budgetod.engine.outputs import Output

ROLES = ("scdl", "etendu", "xml", "annexe", "comptable")
"""Roles of published files, in the order in which a dataset lists them."""
STAGES = (Stage.CFU, Stage.CA, Stage.DM, Stage.BS, Stage.BP)
"""Most final first: the order of documents in a dataset."""
MAIN = (Stage.CFU, Stage.CA, Stage.BP, Stage.BS, Stage.DM)
"""Which document speaks for the whole year, best first."""
PERSONAL = ("title", "notes", "maintainer", "maintainer_email")
"""What a person may correct; a correction is remembered and not rebuilt."""


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
        "name": f"{document_title(document)} : {output.title_fr}",
        "format": "CSV",
        "mimetype": "text/csv",
    }
    if role_of(output.kind) == "scdl":
        fields["conforms_to"] = SCDL_SCHEMA
    if config.datastore():
        fields["datastore_active"] = True
    path = Path(output.path)
    return Planned(output.kind, path.name, "text/csv", fields, path, output.rows, output.columns)


def _xml(row: Conversion, document: BudgetDocument, common: Mapping[str, Any]) -> Planned:
    fields = {
        **common,
        "budgetod_role": "xml",
        "name": f"{document_title(document)} : document XML anonymisé",
        "format": "XML",
        "mimetype": "application/xml",
        "hash": row.published_sha256 or "",
    }
    return Planned("xml", f"{file_stem(document)}.xml", "application/xml", fields)


def file_stem(document: BudgetDocument) -> str:
    """``budget-215709908-2023-dm1-principal``: the beginning of every file name of a document."""
    stage = f"{Stage(document.etape).slug}{document.numero_dm}"
    budget = document.key.rpartition(".")[2]
    return f"budget-{document.siren}-{document.exercice}-{stage}-{budget}"


def document_title(document: BudgetDocument) -> str:
    """« Décision modificative n° 1 2023, budget annexe Eau »."""
    number = f" n° {document.numero_dm}" if document.numero_dm else ""
    budget = "budget principal"
    if document.categorie == "annexe":
        budget = f"budget annexe {document.libelle or document.code_budget}".strip()
    return f"{Stage(document.etape).nom.capitalize()}{number} {document.exercice}, {budget}"


def _document_fields(row: Conversion, document: BudgetDocument, content: Content) -> dict[str, Any]:
    about = content.report["document"]
    counts = content.report["counts"]
    return {
        "budgetod_document": document.key,
        "budgetod_serial": str(row.serial),
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
    """CFU, CA, DM n…1, BS, BP; the principal budget, then annexes by name."""

    def rank(document: BudgetDocument) -> tuple[Any, ...]:
        number = int(document.numero_dm) if document.numero_dm.isdigit() else 0
        stage = STAGES.index(Stage(document.etape))
        return stage, -number, document.categorie == "annexe", document.libelle, document.key

    return sorted(documents, key=rank)


# --- dataset -------------------------------------------------------------------------------------
def title(collectivite: str, exercice: int) -> str:
    return f"Budget {exercice} — {collectivite}"


def notes(collectivite: str, exercice: int, documents: Iterable[BudgetDocument]) -> str:
    """One paragraph that says what the dataset holds."""
    names = list(dict.fromkeys(_plain_name(document) for document in sort_documents(documents)))
    held = f" : {', '.join(names)}" if names else ""
    return (
        f"Documents budgétaires de l’exercice {exercice} publiés par {collectivite}{held}. "
        "Lignes au format SCDL, documents XML anonymisés et tableaux annexes."
    )


def _plain_name(document: BudgetDocument) -> str:
    name = Stage(document.etape).nom
    return f"{name} n° {document.numero_dm}" if document.numero_dm else name


def dataset(
    published: list[tuple[BudgetDocument, Mapping[str, Any]]], siren: str, exercice: int
) -> dict[str, Any]:
    """Every field that publication writes. ``published``: documents in public and their fields."""
    documents = [document for document, _ in published]
    fields = dict(_speaker(published)) if published else {}
    collectivite = fields.get("budget_collectivite") or siren
    return {
        **fields,
        "title": title(collectivite, exercice),
        "notes": notes(collectivite, exercice, documents),
        "budget_siren": siren,
        "budget_exercice": str(exercice),
        "budget_etapes": sorted({Stage(document.etape).slug for document in documents}),
        "budget_categories": sorted({document.categorie for document in documents}),
        "budget_origine": "depose",
        "license_id": "etalab-2.0",
    }


def _speaker(published: list[tuple[BudgetDocument, Mapping[str, Any]]]) -> Mapping[str, Any]:
    """Fields of the document that speaks for the year: principal first, most final first."""

    def rank(item: tuple[BudgetDocument, Mapping[str, Any]]) -> tuple[bool, int]:
        return item[0].categorie == "annexe", MAIN.index(Stage(item[0].etape))

    return min(published, key=rank)[1]


def keep_personal(
    built: Mapping[str, Any], current: Mapping[str, Any], new: dict[str, Any]
) -> dict[str, Any]:
    """``new`` without what a person corrected: a value that is not the one last built."""
    kept = {
        name
        for name in PERSONAL
        if name in built and (current.get(name) or "") != (built[name] or "")
    }
    return {name: value for name, value in new.items() if name not in kept}

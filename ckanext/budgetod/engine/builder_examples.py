"""The example documents: two communes, an intercommunality, and one of each other kind.

``python -m ckanext.budgetod.engine.builder examples/`` writes them again, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from .builder import (
    REGION,
    SAINTE_OMBRELLE,
    SDIS,
    VAL_DE_BRUME,
    Spec,
    cfu_document,
    fictional_siret,
    totem_document,
)
from .builder_department import COUNCIL, department_cfu
from .builder_lines import sample_lines
from .builder_recent import recent_document
from .document import Stage

SEALED = "2024-04-03T10:15:00"
TOWN = Spec()
VILLAGE = Spec(
    siret=SAINTE_OMBRELLE,
    collectivite="Commune de Sainte-Ombrelle-sur-Seille",
    nomenclature="M57-M57_A",
    code_insee="57991",
    population="842",
)
EPCI = Spec(
    siret=VAL_DE_BRUME,
    collectivite="Communauté de communes du Val de Brume",
    nature_cepl="Communauté de communes",
    code_insee="",
    population="31 207",
)
EAU = replace(
    TOWN,
    siret=fictional_siret("215709908", 2),
    etablissement="Service de l'eau de Valmoselle",
    annexe=True,
    code_budget="02",
    siret_principal=TOWN.siret,
    libelle_principal="Budget principal",
    nomenclature="M4-M49_A",
)


def _town() -> Iterator[tuple[str, bytes]]:
    for year, nomenclature in ((2021, "M14-M14_COM_SUP3500"), (2022, "M57-M57_D")):
        spec = replace(TOWN, exercice=year, nomenclature=nomenclature)
        yield f"valmoselle-{year}-ca", _document(spec, "CA", annexes=True, seal=True)
    yield "valmoselle-2023-ca", _document(TOWN, "CA", annexes=True, seal=SEALED)
    for stage in ("BP", "BS"):
        spec = replace(TOWN, exercice=2024)
        yield f"valmoselle-2024-{stage.lower()}", _document(spec, stage, seal=True)
    spec = replace(TOWN, exercice=2024, numero_dm="1")
    yield "valmoselle-2024-dm1", _document(spec, "DM", seal=True)
    spec = replace(TOWN, exercice=2024, stage="CFU", schema_version="113")
    yield "valmoselle-2024-cfu", cfu_document(spec=spec, annexes=True, seal=True)
    yield "valmoselle-2023-ca-annexe-eau", _document(EAU, "CA", scale="0.2", seal=True)
    yield "valmoselle-2024-bp-annexe-eau", _document(replace(EAU, exercice=2024), "BP", scale="0.2")


def _others() -> Iterator[tuple[str, bytes]]:
    yield "sainte-ombrelle-2023-ca", _document(VILLAGE, "CA", scale="0.06", annexes=True)
    spec = replace(VILLAGE, exercice=2024)
    yield "sainte-ombrelle-2024-bp", _document(spec, "BP", scale="0.06", seal=True)
    yield "val-de-brume-2023-ca", _document(EPCI, "CA", scale="2.4", annexes=True, seal=True)
    spec = replace(EPCI, exercice=2024, nat_fonc="2")
    yield "val-de-brume-2024-bp-par-fonction", _document(spec, "BP")
    spec = replace(COUNCIL, nomenclature="M52-M52", exercice=2022)
    yield "haute-brume-2022-ca-m52", _document(spec, "CA", scale="40", annexes=True)
    spec = replace(
        spec,
        siret=SDIS,
        collectivite="Service départemental d'incendie et de secours de la Haute-Brume",
        nature_cepl="SDIS",
        nomenclature="M61-M61",
    )
    yield "sdis-haute-brume-2022-ca-m61", _document(spec, "CA", scale="4")
    spec = replace(
        spec,
        siret=REGION,
        collectivite="Région des Hautes-Brumes",
        nature_cepl="Région",
        nomenclature="M71-M71",
    )
    yield "region-hautes-brumes-2022-ca-m71", _document(spec, "CA", scale="200")
    yield "haute-brume-2024-cfu", department_cfu()
    yield "deux-brumes-2024-ca-v115", recent_document()


def _troubled() -> Iterator[tuple[str, bytes]]:
    spec = replace(TOWN, exercice=2024, projet=True)
    yield "projet-2024-bp", _document(spec, "BP")
    lines = sample_lines("M57-M57_D", Stage.BP)
    lines[0] = lines[0] | {"CredOuv": "413000.00", "MtPrev": "413000.00"}
    yield "desequilibre-2024-bp", totem_document(spec=spec, stage="BP", projet=False, lines=lines)
    altered = _document(TOWN, "CA", seal=SEALED).replace(b'V="412000.00"', b'V="412000.01"')
    yield "scellement-modifie-2023-ca", altered


def _document(spec: Spec, stage: str, **options: object) -> bytes:
    return totem_document(spec=replace(spec, stage=stage), **options)  # type: ignore[arg-type]


def examples() -> dict[str, bytes]:
    """Name (without extension) -> document."""
    return dict([*_town(), *_others(), *_troubled()])


def main(arguments: Sequence[str]) -> int:
    """Write every example into the folder given (``examples`` by default); 0 when done."""
    folder = Path(arguments[0] if arguments else "examples")
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in examples().items():
        (folder / f"{name}.xml").write_bytes(document)
    return 0

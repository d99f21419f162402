"""A fictional CA 2024 of schema V115, in M57_D: what came after XSD V95, all in one document.

    from ckanext.budgetod.engine.builder_recent import recent_document
    recent_document()

In the header NatVoteInv and NatVoteFonc. In the annexes: FORMATION with body, cost, date and place;
FISCALITE of kind 25; AUTRE_ENGAGEMENT.CodSTypEng; PERSONNEL.CodMotifRecrutement;
CONSOLIDATION.CredAnnul; TIERS with MtCumul, MtCredAnnul, OperationEtAPCP;
PATRIMOINE.MtPlusMoinsValueBien; CHARGE.MtSolde; PROVISION.MtProvRest; FLUX_CROISES.CredAnnules;
EMPRUNT with what is covered or not (``LATER``).

Left out, as only their names are known: the tables DATA_NPNRU and DATA_PRES_CROISEE, the further
columns of PPP, the environmental annex of the finance act for 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

from .builder import Spec, fictional_siren, fictional_siret, totem_document
from .builder_annexes import Rows, consolidation_rows, in_order, sample_annexes
from .builder_lines import sample_lines
from .document import Stage

SCALE = 4
AGGLOMERATION = Spec(
    siret=fictional_siret(fictional_siren("24579902")),
    collectivite="Communauté d'agglomération des Deux-Brumes",
    nature_cepl="Communauté d'agglomération",
    code_insee="",
    population="58 340",
    exercice=2024,
    schema_version="115",
)

LATER: Mapping[str, dict[str, str]] = {
    "FORMATION": {
        "CoutForm": "640.00",
        "NomOrgaForm": "Institut des élus du Val",
        "DateLieuForm": "12/03/2024, Val-de-Brume",
    },
    "AUTRE_ENGAGEMENT": {"CodSTypEng": "01"},
    "PERSONNEL": {"CodMotifRecrutement": "L332-8-2"},
    "PATRIMOINE": {"MtPlusMoinsValueBien": "1250.00"},
    "PROVISION": {"MtProvRest": "36000.00"},
    "EMPRUNT": {
        "MtCRDNonCouv01_01": "5680000.00",
        "MtCRDNonCouv31_12": "5040000.00",
        "PourcTypTx01_01": "100.00",
        "PourcTypTx31_12": "100.00",
        "PartNonCouv": "5040000.00",
        "CouvPartielle": "false",
    },
}
"""What V115 adds to rows of tables that XSD V95 has."""


def recent_annexes() -> Rows:
    """The sample annexes with what is later in each, and the tables that they lack."""
    tables = sample_annexes(SCALE)
    for name, later in LATER.items():
        tables[name] = [row | later for row in tables[name]]
    tables["FISCALITE"].append(
        {
            "CodTypContrib": "I",
            "CodSousTypContrib": "25",
            "LibTaxe": "Autre taxe votée",
            "MtProdVote": "410000.00",
        }
    )
    lines = sample_lines(AGGLOMERATION.nomenclature, Stage.CA, scale=SCALE)
    tables |= {
        "CHARGE": [_charge()],
        "TIERS": [_tiers()],
        "CONSOLIDATION": list(consolidation_rows(lines)),
        "FLUX_CROISES": [_flow()],
    }
    return in_order(tables)


def _charge() -> dict[str, str]:
    row = {"CodTypeCharge": "02", "Exer": "2021", "NatDepTransf": "Indemnité de renégociation"}
    row |= {"DureeEtal": "5", "DtDelib": "2021-12-09", "MtDepTransf": "50000.00"}
    return row | {"MtAmort": "30000.00", "MtDotAmort": "10000.00", "MtSolde": "10000.00"}


def _tiers() -> dict[str, str]:
    row = {"CodOper": "3", "LibOper": "Travaux d'office, îlot des Tanneurs", "CodRD": "D"}
    row |= {"CodChapitre": "45411", "TypOpDep": "R", "MtCredOuv": "0.00", "MtRealExer": "0.00"}
    row |= {"MtCumulReal": "18200.00", "MtCumul": "18200.00", "MtCredAnnul": "0.00"}
    return row | {"OperationEtAPCP": "AP-2022-01"}


def _flow() -> dict[str, str]:
    row = {"CodTypFlux": "01", "CodInvFonc": "F", "CodRD": "D", "MtCredOuv": "120000.00"}
    return row | {"MtReal": "118000.00", "MtRAR": "0.00", "CredAnnules": "2000.00"}


def recent_document(*, seal: str | bool = "2025-06-30T09:05:00") -> bytes:
    """The whole document."""
    return totem_document(spec=AGGLOMERATION, scale=SCALE, annexes=recent_annexes(), seal=seal)

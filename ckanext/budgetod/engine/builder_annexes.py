"""Fictional annexes: debt, staff, subsidies… with fictional persons that nobody may ever read.

Every person here is invented; the privacy tests look for these names in whatever goes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from .annex_cells import declared
from .builder_accounting import section_of

Rows = dict[str, list[dict[str, str]]]

PERSONS = (
    "Mme Éléonore VANDREZANNE",
    "M. Tancrède OUBLIÉRAC",
    "Philoména GRISTAUBE",
    "Mme Cunégonde PASTRELOUX",
    "Isidore FLAMBOISEUX",
    "M. Barnabé CHANTEPRUNE",
    "Léopoldine QUERVEZEC",
    "Monsieur Anatole BRISEMOUTIER",
)
"""Names that occur in ``sample_annexes``; none may be in anything published."""


def _money(amount: str, scale: Decimal) -> str:
    return f"{(Decimal(amount) * scale).quantize(Decimal('0.01')):.2f}"


def sample_annexes(scale: Decimal | int | str = 1) -> Rows:
    """Table -> rows (field -> text), in the order of XSD V95. Debt, staff and subsidies agree
    with ``sample_lines`` of the same scale."""
    factor = Decimal(scale)
    return {
        "EMPRUNT": _emprunts(factor),
        "AUTRE_ENGAGEMENT": _engagements(factor),
        "CONCOURS": _concours(factor),
        "FORMATION": [
            {"NomElu": "Philoména GRISTAUBE", "ActionFinanc": "Finances locales : les bases"}
        ],
        "FISCALITE": _fiscalite(factor),
        "ORGANISME_ENG": _organismes(factor),
        "ORGANISME_GROUP": _groupements(factor),
        "PATRIMOINE": _patrimoine(factor),
        "PERSONNEL": _personnel(factor),
        "PROVISION": _provisions(factor),
        "APCP": _apcp(factor),
        "SIGNATURE": [_signature()],
        "SIGNATAIRE": [
            {"Signataire": "Léopoldine QUERVEZEC"},
            {"Signataire": "Monsieur Anatole BRISEMOUTIER"},
        ],
        "PRET": _prets(factor),
        "SOMMAIRE": [
            {"CodeAnnexe": "A2.2", "Present": "true"},
            {"CodeAnnexe": "B1.7", "Present": "true"},
            {"CodeAnnexe": "C1.1", "Present": "true"},
            {"CodeAnnexe": "A9", "Present": "false"},
        ],
    }


def in_order(tables: Rows) -> Rows:
    """The tables in the order of the schema."""
    return {name: tables[name] for name in declared()["tables"] if name in tables}


def _groupements(factor: Decimal) -> list[dict[str, str]]:
    return [
        {
            "CodNatOrgGroup": "01",
            "NomOrgGroup": "Communauté de communes du Val de Brume",
            "DtAdhGroup": "2014-01-01",
            "MtFinancOrgGroup": _money("12000", factor),
        }
    ]


def _provisions(factor: Decimal) -> list[dict[str, str]]:
    return [
        {
            "CodTypTabProv": "E",
            "CodTypProv": "S",
            "CodSTypProv": "R",
            "LibNatProv": "Litige avec M. Barnabé CHANTEPRUNE",
            "MtProvExer": _money("4000", factor),
            "DtConstitProv": "2021-11-05",
            "MtProvConstit_01_01_N": _money("8000", factor),
            "MtProvRepr": "0.00",
            "LibObjProv": "Contentieux d'urbanisme",
            "CodNatProv": "L",
        }
    ]


def _apcp(factor: Decimal) -> list[dict[str, str]]:
    return [
        {
            "CodTypAutori": "P",
            "CodSTypAutori": "S",
            "NumAutori": "AP-2022-01",
            "LibAutori": "Groupe scolaire des Tilleuls",
            "Chapitre": "23",
            "MtAutoriPrec": _money("2400000", factor),
            "MtAutoriPropose": "0.00",
            "MtAutoriVote": _money("2400000", factor),
            "TypeChapitre": "1",
        }
    ]


def _emprunts(factor: Decimal) -> list[dict[str, str]]:
    def own(number: str, lender: str, capital: str, interest: str, left: str) -> dict[str, str]:
        return {
            "CodTypEmpr": "01",
            "CodProfilAmort": "C",
            "CodArticle": "1641",
            "AnEncaisse": "2016",
            "ObjEmpr": "Programme d'investissement",
            "MtEmprOrig": _money("3000000", factor),
            "DureeRest": "12.00",
            "CodTypPreteur": "01",
            "LibOrgaPreteur": lender,
            "CodPeriodRemb": "I",
            "CodTyptxInit": "F",
            "TxActuaInit": "1.850",
            "MtIntExer": _money(interest, factor),
            "MtCapitalExer": _money(capital, factor),
            "MtCapitalRestDu_31_12": _money(left, factor),
            "NumContrat": number,
            "Structure": "A",
            "DtSignInit": "2016-03-14",
        }

    guaranteed = {
        "CodTypEmpr": "09",
        "CodArticle": "8015",
        "ObjEmpr": "Résidence des Tilleuls",
        "MtEmprOrig": _money("900000", factor),
        "LibOrgaPreteur": "Caisse des dépôts et consignations",
        "MtIntExer": _money("9000", factor),
        "MtCapitalExer": _money("40000", factor),
        "MtCapitalRestDu_31_12": _money("620000", factor),
        "NomBenefEmprGaranti": "OPH Val de Brume Habitat",
        "CodTypEmprGaranti": "05",
    }
    return [
        own("2016-01", "Banque postale des territoires", "160000", "24100.25", "1420000"),
        own("2018-02", "Crédit mutuel du Val", "100000", "14100.20", "880000"),
        guaranteed,
    ]


def _engagements(factor: Decimal) -> list[dict[str, str]]:
    base = {"CodTypAutEng": "D", "CodArticle": "8018", "AnnOrig": "2019"}
    amounts = {
        "DureeEng": "5",
        "CodePeriod": "A",
        "MtDetteOrig": _money("5000", factor),
        "MtDette": _money("2000", factor),
        "MtAnnuit": _money("1000", factor),
    }
    return [
        {**base, "NatEng": "Bail du local associatif", "NomOrgaBenef": "SCI Les Tilleuls"}
        | amounts,
        {**base, "NatEng": "Rente viagère", "NomOrgaBenef": "Isidore FLAMBOISEUX"} | amounts,
    ]


def _concours(factor: Decimal) -> list[dict[str, str]]:
    def grant(article: str, code: str, who: str, amount: str, purpose: str) -> dict[str, str]:
        row = {"CodArticle": article, "CodInvFonc": "F", "CodNatJurBenefCA": code}
        row |= {"LibOrgaBenef": who, "MtSubv": _money(amount, factor), "ObjSubv": purpose}
        return {name: value for name, value in row.items() if value}

    return [
        grant("65748", "P1", "Association sportive de Valmoselle", "84000", "Fonctionnement"),
        grant("65748", "P1", "Harmonie municipale", "21000", "Achat d'instruments"),
        grant("65748", "P2", "Librairie des Arcades SARL", "18500", "Aide au commerce"),
        grant("65748", "P3", "Mme Éléonore VANDREZANNE", "1500", "Aide au permis de conduire"),
        grant("65748", "U3", "Commune de Sainte-Ombrelle-sur-Seille", "19000", "École"),
        grant("65748", "", "M. Tancrède OUBLIÉRAC", "1000", "Ravalement de façade"),
    ]


def _fiscalite(factor: Decimal) -> list[dict[str, str]]:
    def tax(code: str, base: str, product: str) -> dict[str, str]:
        return {
            "CodTypContrib": "D",
            "CodSousTypContrib": code,
            "MtBaseNotif": _money(base, factor),
            "MtProdVote": _money(product, factor),
        }

    return [
        tax("02", "6100000", "2100000"),
        tax("03", "210000", "96000"),
        tax("01", "900000", "284000"),
    ]


def _organismes(factor: Decimal) -> list[dict[str, str]]:
    return [
        {
            "CodNatEng": "02",
            "DtEng": "2015-06-30",
            "NatEng": "Détention d'une part du capital",
            "NomOrgEng": "SEM Énergies du Val",
            "RSOrgEng": "Société d'économie mixte",
            "MtOrgEng": _money("15000", factor),
        },
        {
            "CodNatEng": "99",
            "NomOrgEng": "Mme Cunégonde PASTRELOUX",
            "MtOrgEng": _money("800", factor),
        },
    ]


def _patrimoine(factor: Decimal) -> list[dict[str, str]]:
    def asset(label: str, amount: str, number: str) -> dict[str, str]:
        return {
            "CodVariPatrim": "01",
            "CodEntreeSorti": "E",
            "CodModalAcqui": "01",
            "CodTypImmo": "C",
            "LibBien": label,
            "MtValAcquiBien": _money(amount, factor),
            "MtCumulAmortBien": "0.00",
            "DureeAmortBien": "10",
            "NumInventaire": number,
            "DtAcquiBien": "2023-05-11",
        }

    return [
        asset("Mobilier de la médiathèque", "14200.40", "2023-014"),
        asset("Parcelle ZC 26 acquise de M. Barnabé CHANTEPRUNE", "21000", "2023-015"),
    ]


def _personnel(factor: Decimal) -> list[dict[str, str]]:
    def post(grade: str, category: str, budget: str, filled: str, pay: str) -> dict[str, str]:
        row = {"CodTypAgent": "I", "EmploiGradeAgent": grade, "CodCatAgent": category}
        row |= {"TempsComplet": "true", "CodSectAgentTitulaire": "ADM", "RemunAgent": pay}
        posts = {"EffectifBud": _money(budget, factor), "EffectifPourvu": _money(filled, factor)}
        return row | {"IndiceAgent": "512", **posts}

    return [
        post("Attaché territorial", "A", "2.00", "2.00", "48210.55"),
        post("Rédacteur principal", "B", "5.00", "4.50", "31877.20"),
        post("Adjoint administratif", "C", "24.00", "22.80", "25410.00"),
    ]


def _prets(factor: Decimal) -> list[dict[str, str]]:
    def loan(who: str, left: str) -> dict[str, str]:
        row = {"CodTypPret": "N", "NomBenefPret": who, "DtDelib": "2022-02-02"}
        return row | {"MtCapitalRestDu_31_12": _money(left, factor), "MtCapitalExer": "200.00"}

    return [loan("Association Les Amis du moulin", "4000"), loan("Isidore FLAMBOISEUX", "1200")]


def _signature() -> dict[str, str]:
    return {
        "NbrMembExer": "33",
        "NbrMembPresent": "29",
        "NbrSuffExprime": "31",
        "NbrVotePour": "27",
        "NbrVoteContre": "4",
        "NbrVoteAbstention": "2",
        "DtConvoc": "2024-03-20",
        "LibPresentPar": "Mme Éléonore VANDREZANNE, maire",
        "LibPresentLieu": "Valmoselle",
        "DtPresent": "2024-03-28",
        "LibDelibPar": "le conseil municipal",
        "LibDelibLieu": "Valmoselle",
        "DtDelib": "2024-03-28",
    }


def consolidation_rows(lines: Sequence[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """CONSOLIDATION of a principal budget as its lines say it, with CredAnnul (V113)."""
    for section, side in ("ID", "IR", "FD", "FR"):
        mine = [x for x in lines if x["CodRD"] == side and section_of(x) == section]
        opened, done, rest = (
            sum((Decimal(x[name]) for x in mine), Decimal(0))
            for name in ("CredOuv", "MtReal", "MtRAR3112")
        )
        amounts = {"MtCredOuv": opened, "MtRealMandatTitre": done, "RAR": rest}
        amounts["CredAnnul"] = max(opened - done - rest, Decimal(0))
        row = {"CodTypBudAgreg": "01", "CodInvFonc": section, "CodRD": side}
        yield row | {name: f"{amount:.2f}" for name, amount in amounts.items()}

"""What kind of collectivity a document speaks of: type, tranche of population, dataset fields."""

from __future__ import annotations

import re

from ckanext.budgetod.engine.document import Header, Stage
from ckanext.budgetod.sources.territory import collectivity_title, fold, territory

TYPES = (
    "commune",
    "epci",
    "departement",
    "region",
    "syndicat",
    "ccas",
    "caisse_ecoles",
    "sdis",
    "regie",
    "etablissement",
    "autre",
)
"""Values of ``budget_type_collectivite``."""

_WORDS = (
    ("ccas", r"c[ci]as|c [ci] a s|centre (?:inter)?communal d action"),
    ("sdis", r"sdis|s d i s|incendie"),
    ("caisse_ecoles", r"caisses? des ecoles"),
    ("etablissement", r"ehpad|residence autonomie|association (?:fonciere|syndicale)|afr"),
    ("syndicat", r"syndicats?|sivu|sivom|smictom|sictom|petr|pole metropolitain|syndicat mixte"),
    ("regie", r"regie|office de tourisme|epic"),
    (
        "epci",
        r"communautes?|metropole|eurometropole|intercommunalite|epci|ept"
        r"|cc|ca|cu|etablissement public territorial|cooperation intercommunale",
    ),
    ("departement", r"departements?|conseil departemental|conseil general|collectivite europeenne"),
    ("region", r"regions?|conseil regional|collectivite de corse|collectivite territoriale"),
    ("commune", r"communes?|villes?|mairie|municipalite"),
)
"""Type -> words of NatCEPL or LibelleColl, folded. The order decides: "communauté de communes"."""

_NORMES = {"M71": "region", "M52": "departement", "M61": "sdis"}
"""Nomenclatures of one kind of collectivity only. M14, M57 and M4x are shared by several."""

_PREFIXES = {
    "21": "commune",
    "22": "departement",
    "23": "region",
    "24": "epci",
    "25": "syndicat",
    "26": "ccas",
    "28": "sdis",
}
"""First two digits of a SIREN given before 2008 -> kind of body (Sirene's numbering)."""

TRANCHES = (
    (500, "0k-0.5k"),
    (2_000, "0.5k-2k"),
    (3_500, "2k-3.5k"),
    (10_000, "3.5k-10k"),
    (20_000, "10k-20k"),
    (50_000, "20k-50k"),
    (100_000, "50k-100k"),
)
"""Upper bound (excluded) -> value of ``budget_tranche``: DGCL's strata, the small ones joined.

In thousands: 20000 written out would answer searches for the post code 20000, 2000 for the year.
"""
LAST_TRANCHE = "100k+"


def tranche(population: int | None) -> str:
    """Tranche of a population, "" when it is unknown."""
    if population is None:
        return ""
    return next((name for bound, name in TRANCHES if population < bound), LAST_TRANCHE)


def type_from(header: Header) -> str:
    """Type of the collectivity: the table, else NatCEPL and name, else nomenclature, SIREN."""
    known = territory().lookup(header.siren)
    return (
        (known.type if known else "")
        or _type_of_words(f"{header.nature_cepl} {header.libelle_collectivite}")
        or _NORMES.get(header.norme, "")
        or _PREFIXES.get(header.siren[:2], "")
        or "autre"
    )


def _type_of_words(text: str) -> str:
    folded = fold(text)
    return next((kind for kind, words in _WORDS if re.search(rf"\b(?:{words})\b", folded)), "")


def population_of(header: Header) -> int | None:
    """Population the document declares (``PopTot``, may hold spaces), else the table's."""
    digits = re.sub(r"\s", "", header.information("PopTot"))
    if re.fullmatch(r"[0-9]{1,9}(?:[.,]0+)?", digits) and int(re.split("[.,]", digits)[0]):
        return int(re.split("[.,]", digits)[0])
    known = territory().lookup(header.siren)
    return known.population if known else None


def dataset_fields(header: Header) -> dict[str, str]:
    """Fields of a budget dataset that say whose budget it is. Unknown ones are "".

    Codes, not labels, for INSEE, département, région; SIREN for the EPCI.
    """
    known = territory().lookup(header.siren) or territory().by_insee(header.code_insee)
    mine = known if known and known.siren == header.siren else None
    population = population_of(header)
    departement = known.departement if known else _departement_code(header.departement)
    return {
        "budget_collectivite": collectivity_title(header.siren, header.libelle_collectivite),
        "budget_type_collectivite": type_from(header),
        "budget_insee": known.insee if known and known.type == "commune" else "",
        "budget_departement": departement,
        "budget_epci": (mine.epci if mine else "") or (known.epci if known else ""),
        "budget_region": known.region if known else territory().region_of(departement),
        "budget_population": "" if population is None else str(population),
        "budget_tranche": tranche(population),
    }


def fields_of(siren: str, name: str = "", departement: str = "") -> dict[str, str]:
    """The same for a SIREN of a national source.

    ``name`` and ``departement`` (its code) are for those that the table does not know.
    """
    header = Header(
        siret=siren,
        exercice=0,
        stage=Stage.CA,
        libelle_collectivite=name,
        departement=departement,
    )
    return dataset_fields(header)


def _departement_code(text: str) -> str:
    """ "054", "54" or "2a" -> "54", "2A"; "" for anything that is no département."""
    code = text.strip().upper()
    short = code[1:] if len(code) == 3 and code.startswith("0") else code
    return short if territory().region_of(short) else ""

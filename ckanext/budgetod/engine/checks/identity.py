"""Whose document it is, which one, when it was voted, and whether it is as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Stage
from ..findings import Finding, Level
from ..report import coded
from ..siret import candidate_siret, valid_siret
from .evidence import Evidence
from .registry import check

DEFINITIVE = "D"
"""``Edition@TypeEdition`` of a definitive CFU."""


@check("I05", Level.CONFIRM)
def siret_is_valid(evidence: Evidence) -> Iterator[Finding]:
    """Fourteen digits with a right key; ``repare`` is the one used instead, if any."""
    stated = evidence.header.siret
    if evidence.siret_missing or not valid_siret(stated):
        params = {"siret": stated, "repare": evidence.siret}
        if evidence.siret_missing:
            params["case"] = "missing"
        if not evidence.siret:
            params["candidat"] = candidate_siret(evidence.header)
        yield Finding("I05", Level.CONFIRM, params)


@check("I03", Level.INFO, applies=lambda e: e.header.is_annexe)
def annexe_of_the_same_siren(evidence: Evidence) -> Iterator[Finding]:
    header = evidence.header
    other = header.siret_principal
    if other and other != header.siret and other[:9] == header.siren:
        yield Finding("I03", Level.INFO)


@check("I07", Level.CONFIRM, applies=lambda e: e.header.is_annexe)
def annexe_names_its_principal(evidence: Evidence) -> Iterator[Finding]:
    """``CodTypBud`` A asks for ``IdEtabPal``."""
    if not evidence.header.siret_principal:
        yield Finding("I07", Level.CONFIRM)


@check("S07", Level.CONFIRM)
def only_amending_decisions_are_numbered(evidence: Evidence) -> Iterator[Finding]:
    """``NumDec`` is there for a DM and nowhere else; vendors write 0 for "none"."""
    header = evidence.header
    number = header.numero_dm.strip().lstrip("0")
    if header.stage is Stage.DM and not number:
        yield Finding("S07", Level.CONFIRM)
    elif header.stage is not Stage.DM and number:
        params = {"case": "unexpected", "numero": coded(number), "etape": header.stage.slug}
        yield Finding("S07", Level.CONFIRM, params)


@check("S02", Level.CONFIRM)
def document_is_voted(evidence: Evidence) -> Iterator[Finding]:
    """``ProjetBudget``; on an account, which is a fact, the mark is a leftover."""
    header = evidence.header
    if header.projet_budget:
        yield Finding("S02", Level.INFO if header.stage.is_account else Level.CONFIRM)


@check("S03", Level.CONFIRM)
def vote_date_is_plausible(evidence: Evidence) -> Iterator[Finding]:
    """Present, not in the future, from the year before (a budget) or after (an account) on.

    A year that nobody votes yet is told first: its dates cannot be right either.
    """
    header = evidence.header
    if header.exercice > evidence.today.year + 1:
        params = {"case": "year", "exercice": str(header.exercice)}
        yield Finding("S03", Level.CONFIRM, params)
        return
    voted = header.date_vote or header.date_vote_exercice
    if voted is None:
        yield Finding("S03", Level.CONFIRM, {"case": "missing"})
        return
    params = {"date": voted.isoformat(), "exercice": str(header.exercice)}
    earliest = header.exercice + 1 if header.stage.is_account else header.exercice - 1
    if voted > evidence.today:
        yield Finding("S03", Level.CONFIRM, params)
    elif not earliest <= voted.year <= header.exercice + 2:
        yield Finding("S03", Level.CONFIRM, {**params, "case": "far"})


def _is_cfu(evidence: Evidence) -> bool:
    return evidence.header.stage is Stage.CFU or bool(evidence.edition.get("type"))


@check("S04", Level.CONFIRM, applies=_is_cfu)
def account_is_final(evidence: Evidence) -> Iterator[Finding]:
    """A CFU of the definitive edition, and signed: signatures are seen by the gate alone."""
    unsigned = (evidence.facts or {}).get("signed") is False
    provisional = evidence.edition.get("type", DEFINITIVE) not in ("", DEFINITIVE)
    params: dict[str, object] = {"date": evidence.edition.get("date", "")}
    if provisional:
        yield Finding("S04", Level.CONFIRM, {**params, "unsigned": unsigned})
    elif unsigned:
        yield Finding("S04", Level.CONFIRM, {**params, "case": "unsigned"})


def _seal(evidence: Evidence) -> str:
    return str(((evidence.facts or {}).get("seal") or {}).get("verdict", ""))


@check("S01", Level.CONFIRM, applies=lambda e: bool(_seal(e)))
def document_is_sealed(evidence: Evidence) -> Iterator[Finding]:
    if _seal(evidence) == "none":
        yield Finding("S01", Level.CONFIRM)


@check("S06", Level.CONFIRM, applies=lambda e: _seal(e) in ("intact", "altered", "unchecked"))
def document_is_as_sealed(evidence: Evidence) -> Iterator[Finding]:
    """The print of the seal is recomputed on the original, by the gate."""
    verdict = _seal(evidence)
    sealed_at = ((evidence.facts or {}).get("seal") or {}).get("date") or ""
    if verdict == "altered":
        yield Finding("S06", Level.CONFIRM, {"date": str(sealed_at)[:10]})
    elif verdict == "unchecked":
        yield Finding("S06", Level.INFO)

"""Who and what a document is: its SIREN and SIRET, its key, the names and ids drawn from them.

Same identity again means replacement: same dataset, same resources, same addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine.document import Header, Stage
from ckanext.budgetod.engine.errors import Unreadable
from ckanext.budgetod.engine.siret import valid_siren, valid_siret
from ckanext.budgetod.sources.identifiers import without_spaces

NAMESPACE = uuid.UUID("6f4c0e2e-8b53-4b7e-9a55-2f0c5a2f9d11")
"""Seed of every id drawn from a budget's identity; never changes."""

XML_KIND = "xml"
DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class Identity:
    """A document among all documents: (SIRET, exercice, NatDec, NumDec, CodTypBud/CodBud)."""

    siren: str
    siret: str
    exercice: int
    stage: Stage
    numero_dm: str
    categorie: str
    code_budget: str
    libelle: str
    repaired: str = ""
    """The SIRET that stands in for an invalid one, "" when none is needed or known."""
    origin: str = DEPOSIT
    """``deposit``, or the national source it was harvested from."""

    @property
    def key(self) -> str:
        """Readable and fit for an address: ``21570990800018.2023.dm1.principal``.

        That of a harvested document begins with its origin: ``dgfip.21570990800018.2023…``.
        """
        stage = f"{self.stage.slug}{self.numero_dm}"
        budget = "principal"
        if self.categorie == "annexe":
            budget = f"annexe-{_slug(self.code_budget or self.libelle)}"
        start = "" if self.origin == DEPOSIT else f"{self.origin}."
        return f"{start}{self.siret}.{self.exercice}.{stage}.{budget}"

    @property
    def etape(self) -> str:
        """NatDec of the stage, as rows hold it."""
        return self.stage.value

    @property
    def budget(self) -> tuple[str, int]:
        """What a dataset holds: (SIREN, exercice)."""
        return self.siren, self.exercice


def establish(header: Header, answer: str = "", organisation_siret: str = "") -> Identity:
    """The identity of a document, an invalid SIRET being repaired where the rules allow it.

    The repair is the depositor's ``answer``, else a valid SIRET of the same SIREN in the header,
    else the organisation's own for a principal budget. Raises Unreadable (I00) without SIREN.
    """
    written = without_spaces(header.siret)
    answer = without_spaces(answer)
    siren = _siren(answer, written, header)
    siret, repaired = written, ""
    if not valid_siret(written):
        repaired = _repair(siren, answer, header, organisation_siret)
        siret = repaired or siren
    return Identity(
        siren=siren,
        siret=siret,
        exercice=header.exercice,
        stage=header.stage,
        numero_dm=_number(header),
        categorie="annexe" if header.is_annexe else "principal",
        code_budget=header.code_budget.strip(),
        libelle=" ".join(header.libelle_etablissement.split()),
        repaired=repaired,
    )


def _siren(answer: str, written: str, header: Header) -> str:
    named = (answer, written, header.siret_principal, header.id_coll)
    for number in named:
        siren = without_spaces(number)[:9]
        if valid_siren(siren):
            return siren
    raise Unreadable("I00")


def _repair(siren: str, answer: str, header: Header, organisation_siret: str) -> str:
    candidates = [answer, without_spaces(header.id_coll), without_spaces(header.siret_principal)]
    if not header.is_annexe:
        candidates.append(without_spaces(organisation_siret))
    good = (siret for siret in candidates if valid_siret(siret) and siret.startswith(siren))
    return next(good, "")


def _number(header: Header) -> str:
    """Rank of an amending decision without leading zeros; "" for every other stage."""
    return header.numero_dm.strip().lstrip("0") if header.stage is Stage.DM else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "sans-code"


def dataset_name(siren: str, exercice: int) -> str:
    """``budget-<siren>-<exercice>``: the name, and address, of a budget's dataset for ever."""
    return f"budget-{siren}-{exercice}"


def package_id(siren: str, exercice: int) -> str:
    """The id of a dataset that we create: known before it exists, the same if made again."""
    return str(uuid.uuid5(NAMESPACE, dataset_name(siren, exercice)))


def resource_id(key: str, kind: str) -> str:
    """The id drawn for one kind of file of a document."""
    return str(uuid.uuid5(NAMESPACE, f"{key}/{kind}"))


def private_hash(sha256: str) -> str:
    """The original's hash under the site's secret: equality can be seen, guesses not tested."""
    secret = tk.config["SECRET_KEY"].encode()
    return hmac.new(secret, sha256.encode(), hashlib.sha256).hexdigest()

"""Words for what the anonymiser masks and leaves out: what, where in the document, why.

Keys are the grounds of ``engine/anonymiser/rules.yaml`` and the names of annex tables; a key that
we do not know is shown as it is written.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from .naming import N_

WHAT = {
    "person": N_("Natural persons"),
    "undecidable": N_("Parties whose legal form is not known"),
    "person_table": N_("Tables about staff, elected members and owners"),
    "free_text": N_("Names or contact details in free texts"),
    "pay": N_("Pay and pay grades"),
    "signature": N_("Signatures and signatories"),
    "accountant": N_("Name and login of the accountant"),
    "attachment": N_("Names of attached files"),
}
"""Reasons that protect somebody: one line each in the table."""

ALSO = {
    "vendor": N_("free fields of the software"),
    "seal": N_("seal, which a masked copy cannot verify"),
    "technical": N_("technical elements"),
}
"""Reasons that protect nobody: told in one sentence below the table."""

WHY = {
    "person": N_("Private life"),
    "undecidable": N_("Masked as a precaution"),
    "person_table": N_("Private life"),
    "free_text": N_("Private life"),
    "pay": N_("Pay of an identifiable agent"),
    "signature": N_("Of no use to read the accounts"),
    "accountant": N_("Of no use to read the accounts"),
    "attachment": N_("Could name persons"),
}

KINDS = {
    "row": N_("rows left out"),
    "value": N_("values masked"),
    "element": N_("elements left out"),
    "attribute": N_("values left out"),
    "pattern": N_("passages masked"),
}

PLACES = {
    "DocumentBudgetaire": N_("Head of the document"),
    "CompteFinancierUnique": N_("Head of the document"),
    "EnteteComptable": N_("Accountant's part"),
    "Infos": N_("Accountant's part"),
    "PJRef": N_("Attached files"),
    "LigneBudget": N_("Budget lines"),
    "EMPRUNT": N_("Annex: loans"),
    "TRESORERIE": N_("Annex: credit lines"),
    "CHARGE": N_("Annex: deferred charges"),
    "TIERS": N_("Annex: operations for others"),
    "CREDIT_BAIL": N_("Annex: leasing"),
    "PPP": N_("Annex: public-private partnerships"),
    "AUTRE_ENGAGEMENT": N_("Annex: other commitments"),
    "CONCOURS": N_("Annex: grants"),
    "FORMATION": N_("Annex: training of elected members"),
    "ORGANISME_ENG": N_("Annex: bodies with a financial commitment"),
    "ORGANISME_GROUP": N_("Annex: groupings joined"),
    "PATRIMOINE": N_("Annex: assets"),
    "PERSONNEL": N_("Annex: staff"),
    "DETTE": N_("Annex: other debts"),
    "CONTRAT_COUV": N_("Annex: hedging contracts"),
    "PROVISION": N_("Annex: provisions"),
    "APCP": N_("Annex: multi-year authorisations"),
    "SIGNATURE": N_("Annex: vote and signatures"),
    "SIGNATAIRE": N_("Annex: signatories"),
    "PRET": N_("Annex: loans granted"),
    "MEMBRESASA": N_("Annex: members of the association"),
}


def what(reason: str, kind: str) -> str:
    """« Personnes physiques : lignes retirées »."""
    subject, action = _word(WHAT, reason), _word(KINDS, kind)
    return tk._("{subject}: {action}").format(subject=subject, action=action)


def why(reason: str) -> str:
    return _word(WHY, reason)


def place(table: str) -> str:
    return _word(PLACES, table)


def also(reason: str) -> str:
    return _word(ALSO, reason)


def protects(reason: str) -> bool:
    """False for what is left out without protecting anybody."""
    return reason not in ALSO


def _word(words: dict[str, str], key: str) -> str:
    return tk._(words[key]) if key in words else key

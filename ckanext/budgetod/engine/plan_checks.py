"""Accounts of a document against the plan of its very year: deleted ones, misplaced ones.

Runs once at the end of a reading, over the distinct entries of the ledger.
"""

from __future__ import annotations

from .checks.evidence import Evidence, Places, places
from .ledger import Account, Key, Place
from .nomenclature import Plans
from .nomenclature.plan import ROLES, Entry, Plan
from .numbers import whole

BY_FUNCTION = "2"


def confront(evidence: Evidence, plans: Plans) -> None:
    """Add deleted accounts, section conflicts and role conflicts to the evidence."""
    header = evidence.header
    plan = plans.plan(header.nomenclature, header.exercice)
    if plan is None:
        return
    for key, sums in evidence.ledger.accounts.items():
        account = plan.get("compte", key.nature)
        if account is None:
            continue
        if _is_deleted(account, header.exercice):
            _add(evidence.deleted_codes.setdefault(key.nature, Places()), key, sums)
        if header.nat_fonc != BY_FUNCTION and account.roles:
            _confront_roles(evidence, plan, account, key, sums)


def _is_deleted(account: Entry, exercice: int) -> bool:
    since = account.deleted
    year = whole(since)
    return bool(since) and (year is None or year <= exercice)


def _confront_roles(
    evidence: Evidence, plan: Plan, account: Entry, key: Key, sums: Account
) -> None:
    roles = dict(zip(ROLES, account.roles, strict=False))
    real = roles.get(f"{key.side}R", "")
    ordre = [roles.get(f"{key.side}{kind}", "") for kind in ("OES", "OIS")]
    chapters = [code for code in (real, *ordre) if code]
    sections = {found.section for code in chapters if (found := plan.get("chapitre", code))}
    if sections and key.section and key.section not in sections:
        _add(evidence.section_conflicts, key, sums)
    elif chapters and not (any(ordre) if key.ordre == "1" else real):
        _add(evidence.role_conflicts, key, sums)


def _add(found: Places, key: Key, sums: Account) -> None:
    for place in places(Place(line, source, key) for line, source in sums.places):
        found.add(place)
    found.count += sums.count - len(sums.places)

"""Reminders to publish: who may send one, to whom it can go, and the sending itself.

Sysadmins may remind everybody; admins of an organisation those whose SIREN or whose datasets it
holds, through that organisation's own admins. Nothing is sent but by ``send``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ckan import authz, model
from ckan.lib import mailer
from ckan.plugins import toolkit as tk

from ckanext.budgetod.deposit.owners import owner_of, sirens_of
from ckanext.budgetod.model import BudgetDataset

log = logging.getLogger(__name__)

MAX_SUBJECT, MAX_BODY = 200, 10_000
"""Longest subject and text, in characters."""


class NotSent(Exception):
    """No reminder went out: the mail server is not set up or does not take it."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to write to. ``name`` is shown; the address is only for sysadmins' eyes."""

    name: str
    email: str


def scope(user: str) -> frozenset[str] | None:
    """SIREN that this user may send reminders to; None for all of them."""
    if not user:
        return frozenset()
    if authz.is_sysadmin(user):
        return None
    organisations = _administered(user)
    held = {siren for one in organisations for siren in sirens_of(one)}
    return frozenset(held | _with_datasets([one.id for one in organisations]))


def may_remind(user: str, siren: str) -> bool:
    allowed = scope(user)
    return allowed is None or siren in allowed


def recipients(siren: str) -> list[Recipient]:
    """Admins with an address of the organisation that holds this SIREN."""
    organisation = owner_of(siren)
    if organisation is None:
        return []
    query = (
        model.Session.query(model.User)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(
            model.Member.group_id == organisation.id,
            model.Member.table_name == "user",
            model.Member.capacity == "admin",
            model.Member.state == "active",
            model.User.state == "active",
        )
    )
    found = [Recipient(one.display_name, one.email) for one in query if one.email]
    return sorted(found, key=lambda one: (one.name, one.email))


def send(siren: str, document: str, to: Sequence[Recipient], subject: str, body: str) -> int:
    """Send the text to each, one letter per address; how many went out. Raises NotSent for none.

    The log keeps what was reminded and how many letters went, no name and no address.
    """
    if not tk.config.get("smtp.mail_from"):  # CKAN's mailer would fail in a way of its own
        raise NotSent("smtp.mail_from")
    sent, failure = 0, ""
    for one in to:
        try:
            mailer.mail_recipient(one.name, one.email, " ".join(subject.split()), body)
        except (mailer.MailerException, OSError) as error:
            failure = type(error).__name__
        else:
            sent += 1
    log.info("reminder of %s to %s: %s of %s letters sent", document, siren, sent, len(to))
    if not sent:
        raise NotSent(failure)
    return sent


def _administered(user: str) -> list[Any]:
    person = model.User.get(user)
    ids = person.get_group_ids(group_type="organization", capacity="admin") if person else []
    groups = (model.Group.get(group_id) for group_id in ids)
    return [group for group in groups if group is not None and group.state == "active"]


def _with_datasets(organisations: list[str]) -> set[str]:
    """SIREN whose budgets these organisations hold (those of a harvest, for example)."""
    if not organisations:
        return set()
    package = model.Package
    query = (
        model.Session.query(BudgetDataset.siren)
        .join(package, package.id == BudgetDataset.package_id)
        .filter(package.owner_org.in_(organisations), package.state == "active")
        .distinct()
    )
    return {siren for (siren,) in query}


def valid_address(text: str) -> str:
    """The address, tidied. Raises tk.Invalid."""
    address = text.strip()
    tk.get_validator("email_validator")(address, {})
    return address

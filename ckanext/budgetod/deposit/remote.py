"""A budget document that a portal publishes: the gate, identity and row of a deposit.

What differs from a deposit: nobody is asked anything, the origin is in its identity, its source is
kept on its document, and the caller runs the job himself (``jobs.run``) instead of the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

from ckanext.budgetod.engine.document import Header
from ckanext.budgetod.engine.errors import DocumentRefused, Unreadable
from ckanext.budgetod.model import Conversion
from ckanext.budgetod.sources.territory import collectivity_title

from . import gate, identity, intake, publish, storage
from .gate import Staged
from .identity import Identity
from .intake import Deposit
from .messages import DepositRefused


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a document comes from and what is allowed with it.

    ``siret``: its producer's, for a document that lacks its own or has a wrong one. ``accept``
    raises for a document that is not wanted; ``owner`` gives the id of the organisation for a SIREN
    and a name, or raises.
    """

    origin: str
    siret: str
    source: Mapping[str, Any]
    accept: Callable[[Identity], None]
    owner: Callable[[str, str], str]


def take(stream: IO[bytes]) -> Staged:
    """The document through the gate: only what is anonymised stays. Raises DocumentRefused."""
    upload = storage.as_upload(stream, "document.xml", "application/xml")
    try:
        return gate.take(upload)
    except DepositRefused as refused:
        raise DocumentRefused(refused.code, **refused.params) from None


def register(staged: Staged, remote: Remote) -> Conversion:
    """The row of a staged document, its dataset found or made; the present one if it is the same.

    Can be called again when a service was away. Raises what ``accept`` and ``owner`` raise, and
    Unreadable for a document that does not say whose it is.
    """
    header = staged.passed.header
    found = replace(_establish(header, remote.siret), origin=remote.origin)
    remote.accept(found)
    name = collectivity_title(found.siren, header.libelle_collectivite)
    owner_org = remote.owner(found.siren, name)
    deposit = Deposit(
        staged=staged,
        identity=found,
        package_id=publish.ensure_dataset(found.budget, owner_org, name),
        owner_org=owner_org,
        extra={"collectivite": name},
        source=remote.source,
    )
    return intake.register(deposit, enqueue=False)


def _establish(header: Header, siret: str) -> Identity:
    """A document without any SIRET is its producer's; a wrong one is repaired as at a deposit."""
    try:
        return identity.establish(header, "", siret)
    except Unreadable:
        if header.siret.strip():
            raise
        return identity.establish(header, siret)

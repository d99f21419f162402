"""The budget documents of one request: through the gate, checked, then registered or forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.model import BudgetDataset, Conversion
from ckanext.budgetod.sources.territory import collectivity_title

from . import gate, identity, intake, messages, rights
from .gate import Staged
from .identity import Identity
from .intake import Deposit


@dataclass(slots=True)
class Arrival:
    """What one request deposits. ``package`` is the dataset it was dropped on, if any."""

    context: Context
    package: model.Package | None = None
    deposits: list[Deposit] = field(default_factory=list)
    new_dataset: bool = False
    """The request creates a dataset by hand: these documents must be the first of their budget."""

    def take(
        self,
        upload: FileStorage,
        *,
        siret: str = "",
        wanted: model.Group | None = None,
        answers: tuple[str, ...] = (),
        draft: bool = False,
    ) -> Deposit:
        """Pass one upload through the gate. Raises DepositRefused; nothing stays behind then."""
        staged = gate.take(upload)
        try:
            deposit = self._deposit(staged, siret, wanted, answers, draft)
        except BaseException:
            staged.discard()
            raise
        self.deposits.append(deposit)
        return deposit

    def register(self, commit: bool = True) -> list[Conversion]:
        """The rows of these deposits (or the existing ones of identical files)."""
        rows = [intake.register(deposit, commit) for deposit in self.deposits]
        self.deposits = []
        return rows

    def settle(self, package_id: str) -> None:
        """The dataset that the request created: these documents go there."""
        self.deposits = [replace(one, package_id=package_id) for one in self.deposits]

    def discard(self) -> None:
        """The request failed: nothing was deposited."""
        for deposit in self.deposits:
            deposit.staged.discard()
        self.deposits = []

    def _deposit(
        self,
        staged: Staged,
        siret: str,
        wanted: model.Group | None,
        answers: tuple[str, ...],
        draft: bool,
    ) -> Deposit:
        header = staged.passed.header
        found = _establish(staged, siret)
        if self.package is not None or self.new_dataset:
            self._check_budget(found, header.libelle_collectivite)
        if self.package is not None:
            wanted = model.Group.get(self.package.owner_org)
        name = collectivity_title(found.siren, header.libelle_collectivite)
        placed = rights.place(self.context, found, name, wanted)
        found = _establish(staged, siret, placed.siret)
        return Deposit(
            staged=staged,
            identity=found,
            package_id=self.package.id if self.package else identity.package_id(*found.budget),
            owner_org=placed.organisation.id,
            user_id=_user_id(self.context),
            question=placed.question,
            answers=answers,
            draft=draft,
            extra={"collectivite": name},
        )

    def _check_budget(self, found: Identity, collectivite: str) -> None:
        """A dataset holds one SIREN × exercice, and each of these has one dataset."""
        own_id = self.package.id if self.package is not None else None
        mine = BudgetDataset.of_package(own_id) if own_id else None
        if mine is not None and (mine.siren, mine.exercice) == found.budget:
            return
        held = BudgetDataset.get(*found.budget)
        other = model.Package.get(held.package_id) if held is not None else None
        if mine is None and (other is None or other.id == own_id):
            return
        raise messages.another_budget(
            collectivity_title(found.siren, collectivite), found.exercice, _address(other)
        )


def _establish(staged: Staged, siret: str, organisation_siret: str = "") -> Identity:
    try:
        return identity.establish(staged.passed.header, siret, organisation_siret)
    except DocumentRefused as error:
        raise messages.refused(error) from None


def _address(package: model.Package | None) -> str:
    """Where to deposit instead: the right dataset, else the deposit page."""
    there = package is not None and package.state == "active"
    path = f"/budget/{package.name}" if there else "/budget/new"
    return tk.url_for(path, qualified=True)


def _user_id(context: Context) -> str:
    user = model.User.get(context.get("user") or "")
    return user.id if user is not None else ""

"""The import stage of one file of a portal: taken as what its content is, whatever was declared.

A TOTEM or CFU document goes the way of a deposit; an SCDL table becomes a document per SIRET,
exercice and stage. Nothing else is a budget. The original lies in the object's private folder until
it is read, and goes before anything is published.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ckan import model

from ckanext.budgetod import config as settings
from ckanext.budgetod import engine
from ckanext.budgetod.deposit import harvested as objects
from ckanext.budgetod.deposit import identity, jobs, national, provenance, ranks, remote, retirement
from ckanext.budgetod.deposit.identity import Identity
from ckanext.budgetod.deposit.national import Harvested, NationalDocument
from ckanext.budgetod.deposit.remote import Remote
from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget
from ckanext.budgetod.engine.readers import sniff
from ckanext.budgetod.model import BudgetDataset, BudgetDocument, Conversion, State
from ckanext.budgetod.sources import profile, titles
from ckanext.budgetod.sources.answers import Downloaded

from . import organisations
from .config import Config
from .importing import Skipped, patiently, take_out
from .items import Item
from .parts import Part, conclude, faults, questions

LARGEST_TABLE = 50_000_000
"""Bytes of an SCDL table that the engine reads."""
NOT_BUDGETS = ("F01", "F02", "F03", "F04", "F05", "F06", "F11")
"""Refusals of what is something else than a budget."""


class FileSource(Protocol):
    """A source whose items are files."""

    origin: str

    def download(self, item: Item, target: Path) -> Downloaded: ...


def bring(
    harvest_object: Any, config: Config, item: Item, source: FileSource, folder: Path
) -> bool | str:
    """Publish what a file holds; True when something was written, "unchanged", or False."""
    got = source.download(item, folder / "original")
    if provenance.is_ours(got.sha256, source.origin):
        raise Skipped("loop")
    with got.path.open("rb") as stream:
        kind = sniff.kind_of(stream.read(sniff.HEAD))
    if kind not in (sniff.Kind.XML, sniff.Kind.SCDL, sniff.Kind.CSV):
        raise Skipped("not_a_budget")
    arriving = _Arriving(harvest_object, config, item, source.origin, kind)
    try:
        parts = arriving.document(got.path) if kind is sniff.Kind.XML else arriving.tables(got.path)
    except DocumentRefused as refused:
        if isinstance(refused, NotABudget) or refused.code in NOT_BUDGETS:
            raise Skipped("not_a_budget") from None
        raise
    arriving.end(parts)
    return conclude(arriving.object_id, parts)


class _Arriving:
    """One file on its way in."""

    def __init__(
        self, harvest_object: Any, config: Config, item: Item, origin: str, kind: sniff.Kind
    ) -> None:
        self.object_id = harvest_object.id
        self._source_id = harvest_object.harvest_source_id
        self._config, self._item, self._origin = config, item, origin
        self._seen: set[str] = set()
        self._source = {
            "url": item.url,
            "fichier": item.where["latest"],
            "titre": item.where["titre"],
            "licence": item.where["licence"],
            "producteur": item.where["producteur"],
            "modifie": item.where["modifie"],
            "asked": item.where["asked"],
            "format": "xml" if kind is sniff.Kind.XML else "csv",
            "guid": item.guid,
            "harvest_source": self._source_id,
        }

    # --- TOTEM and CFU ---------------------------------------------------------------------------
    def document(self, path: Path) -> list[Part]:
        """Through the gate, then as a deposit, converted and published here and now."""
        with path.open("rb") as stream:
            staged = remote.take(stream)
        path.unlink()
        told = Remote(
            self._origin, self._item.where["siret"], self._source, self._accept, self._owner
        )
        try:
            row = patiently(lambda: remote.register(staged, told))
        except Skipped as skipped:
            staged.discard()
            return [Part(0, skipped.outcome, params=skipped.params)]
        except BaseException:
            staged.discard()
            raise
        row_id, key, known = row.id, row.document_key, row.id != staged.key
        before = _is_public(row.package_id)
        if not (known and row.state == State.PUBLISHED.value and row.step == "done"):
            patiently(lambda: jobs.run(row_id))
            known = False
        return [self._published(row_id, key, known, before)]

    def _published(self, row_id: str, key: str, known: bool, before: bool) -> Part:
        """What the job made of a row. Raises when it has not ended."""
        row = Conversion.get(row_id)
        if row is None or row.state in (State.QUEUED.value, State.RUNNING.value):
            raise jobs.NotNow("another worker has this document")
        if row.state == State.WITHHELD.value:
            return Part(row.exercice, "held", params={"points": questions(row)})
        if row.state == State.REFUSED.value:
            raise DocumentRefused(row.error_code, **(row.error_params or {}))
        if row.state in (State.SUPERSEDED.value, State.REPLACED.value, State.WITHDRAWN.value):
            return Part(row.exercice, "outranked")
        if row.state != State.PUBLISHED.value:
            return Part(row.exercice, "error:internal", params={"reference": row.error_ref})
        document = BudgetDocument.get(key)
        back = document is not None and document.retired is not None
        if document is not None and back:
            patiently(lambda: retirement.bring_back([document]))
        if known and not back:
            return Part(row.exercice, "unchanged")
        count = len(row.outputs)
        self._join(row.package_id)
        model.Session.commit()
        return Part(row.exercice, "updated" if before else "added", files=count)

    # --- SCDL ------------------------------------------------------------------------------------
    def tables(self, path: Path) -> list[Part]:
        """A document per SIRET, exercice and stage; each dataset in one write."""
        where = self._item.where
        converted = engine.convert_scdl(
            path,
            path.parent / "files",
            siret=where["siret"],
            stage=titles.stage_of(where["nom"], where["titre"]),
            name=where["producteur"],
            plans=settings.plans(),
            formula_guard=settings.formula_guard(),
            max_size=LARGEST_TABLE,
        )
        path.unlink()
        parts, budgets = [], {}
        for one in converted:
            who = self._identity(one)
            try:
                self._accept(who)
            except Skipped as skipped:
                parts.append(Part(who.exercice, skipped.outcome, params=skipped.params))
                continue
            if not one.outputs:
                parts.append(Part(who.exercice, "error:table", params=faults(one)))
                continue
            budgets.setdefault(who.budget, []).append((who, one))
        return parts + [self._budget(found) for found in budgets.values()]

    def _identity(self, one: engine.Conversion) -> Identity:
        who = replace(identity.establish(one.header), origin=self._origin)
        if who.stage is Stage.DM:
            where = self._item.where
            number = titles.decision_number(where["nom"], where["titre"])
            who = replace(who, numero_dm=number)
        return who

    def _budget(self, found: list[tuple[Identity, engine.Conversion]]) -> Part:
        who, one = found[0]
        fields = profile.fields_of(who.siren, one.header.libelle_collectivite)
        harvested = Harvested(
            origin=self._origin,
            siren=who.siren,
            exercice=who.exercice,
            digest=self._item.digest,
            owner_org=self._owner(who.siren, fields["budget_collectivite"]),
            documents=[
                NationalDocument(given.outputs, mine, given.report.to_dict(), given.summary)
                for mine, given in found
            ],
            fields={**fields, "budget_nomenclature": one.header.norme},
            source=self._source,
        )
        outcome, _ = patiently(lambda: national.publish(harvested, self._join))
        count = sum(len(document.outputs) for document in harvested.documents)
        return Part(who.exercice, outcome.value, files=count)

    # --- both ------------------------------------------------------------------------------------
    def _accept(self, who: Identity) -> None:
        """Raises Skipped for a budget that this source is not to bring."""
        self._seen.add(who.key)
        if not self._is_producers(who.siren):
            told = self._item.where["producteur"]
            params = {"siren": who.siren, "producteur": told, "attendu": self._item.siren}
            raise Skipped("other_siren", **params)
        if who.exercice not in self._config.exercices:
            raise Skipped("other_year", exercice=who.exercice)
        if who.categorie == "annexe" and not self._config.annexes:
            raise Skipped("annexe", exercice=who.exercice)
        self._stand_back(who)

    def _is_producers(self, siren: str) -> bool:
        """A file speaks for its producer only, under its SIREN of today or of before a merger."""
        resolve = self._config.perimeter.resolve
        mine, theirs = resolve(self._item.siren), resolve(siren)
        same = mine is not None and theirs is not None and mine.siren == theirs.siren
        return siren == self._item.siren or same

    def _stand_back(self, who: Identity) -> None:
        """Raises Skipped where a better version is in public, or a person wants none."""
        if provenance.was_deleted(*who.budget):
            raise Skipped("withdrawn")
        held = BudgetDataset.get(*who.budget)
        present = BudgetDocument.all_of_package(held.package_id) if held else []
        if ranks.is_beaten(who, present):
            raise Skipped("outranked")
        document = BudgetDocument.get(who.key)
        if (document and document.withdrawn) or provenance.was_deleted(*who.budget):
            raise Skipped("withdrawn")
        other = provenance.elsewhere(who.key, self._item.guid, self._source)
        if other:
            raise Skipped("duplicate", titre=other)

    def _owner(self, siren: str, name: str) -> str:
        owner = organisations.owner(self._config, self._source_id, siren, name)
        if owner is None:
            raise Skipped("no_owner")
        return owner

    def _join(self, package_id: str) -> None:
        objects.join(self.object_id, self._item.guid, self._source_id, package_id)

    def end(self, parts: list[Part]) -> None:
        """Budgets that left the file are retired; what is public is that of this version."""
        left = [
            one
            for one in retirement.of_source(self._source_id)
            if provenance.guid_of(one) == self._item.guid
            and one.key not in self._seen
            and one.exercice in self._config.exercices
            and one.retired is None
        ]
        take_out(left, self._config)
        if not any(part.outcome == "held" or part.outcome.startswith("error:") for part in parts):
            provenance.remember(self._origin, self._item.guid, self._item.digest, self._source)


def _is_public(package_id: str) -> bool:
    return any(one.is_public for one in BudgetDocument.all_of_package(package_id))

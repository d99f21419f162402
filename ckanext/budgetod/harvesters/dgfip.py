"""Harvester of DGFiP's balances: executed accounts of every collectivity, in SCDL form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ckanext.budgetod import config as settings
from ckanext.budgetod import engine
from ckanext.budgetod.deposit import identity
from ckanext.budgetod.deposit.national import NationalDocument
from ckanext.budgetod.sources import blocks, dgfip, profile
from ckanext.budgetod.sources.dgfip import Scope
from ckanext.budgetod.sources.opendatasoft import Explore
from ckanext.budgetod.sources.territory import collectivity_title

from .base import BudgetHarvester
from .blocked import BlockSource
from .config import Config
from .importing import Skipped
from .items import Content, Glimpse, Item, Source

MAIN_KINDS = ("1", "")
"""``cbudg`` of the collectivity's own budget."""


class DgfipSource(BlockSource):
    """Blocks of balances, exported once per département and year, split by SIREN."""

    origin = "dgfip"
    columns, required = dgfip.COLUMNS, dgfip.REQUIRED

    def __init__(self, config: Config, explore: Explore) -> None:
        super().__init__(explore)
        self._config = config

    def scopes(self) -> Sequence[Scope]:
        wanted = self._config
        return list(
            dgfip.scopes(
                wanted.perimeter,
                wanted.exercices,
                functions=wanted.functions,
                syndicates=wanted.syndicates,
            )
        )

    def items(self, scope: Scope) -> Iterator[Item]:
        dataset = self._explore.dataset(dgfip.dataset_id(self._explore, scope))
        where = dgfip.where(dataset, scope)
        block = self._block(dataset.id, where)
        for siren in sorted(block.keys()):
            if self._is_wanted(siren, scope):
                yield self._item(scope, dataset.id, where, siren, block)

    def _is_wanted(self, siren: str, scope: Scope) -> bool:
        if scope.kind == "syndicat":
            return bool(siren)
        return self._config.perimeter.resolve(siren) is not None

    def _item(
        self, scope: Scope, dataset: str, where: str, siren: str, block: blocks.Block
    ) -> Item:
        name = collectivity_title(siren, siren)
        options = f"{self._config.annexes:d}"
        return Item(
            guid=f"{self.origin}/{siren}/{scope.exercice}",
            siren=siren,
            exercice=scope.exercice,
            digest=f"{block.digest(siren)}-{options}",
            title=f"Balance {scope.exercice} — {name}",
            url=dgfip.page(settings.sources().url(self.origin), dataset, siren),
            where={"dataset": dataset, "where": where},
        )

    def glance(self) -> Iterator[Callable[[], Iterable[Glimpse]]]:
        for scope in _together(self.scopes()):
            yield lambda scope=scope: self._seen(scope)

    def _seen(self, scope: Scope) -> Iterator[Glimpse]:
        """Who has accounts in a scope: one call that groups them by SIREN."""
        dataset = self._explore.dataset(dgfip.dataset_id(self._explore, scope))
        found = self._explore.groups(dataset.id, ["siren"], dgfip.where(dataset, scope))
        base = settings.sources().url(self.origin)
        for siren in sorted(str(row.get("siren") or "") for row in found):
            name = collectivity_title(siren, siren)
            yield Glimpse(
                siren=siren,
                exercice=scope.exercice,
                title=f"Balance {scope.exercice} — {name}",
                url=dgfip.page(base, dataset.id, siren),
                becomes="ca",
                wanted=bool(siren) and self._is_wanted(siren, scope),
            )

    def calls_needed(self) -> int:
        """One per dataset for its description, two per block: the count and the export."""
        scopes = self.scopes()
        datasets = {(one.kind, one.kind == "commune" and one.exercice) for one in scopes}
        return len(datasets) + 2 * len(scopes)

    def content(self, item: Item, folder: Path) -> Content:
        rows = self._rows(item)
        if not self._config.annexes:
            rows = [row for row in rows if row.get("cbudg", "") in MAIN_KINDS]
        first = rows[0] if rows else {}
        where = dgfip.departement(first.get("ndept") or "")
        fields = profile.fields_of(item.siren, first.get("lbudg") or "", where)
        converted = engine.convert_balance(
            rows,
            folder,
            siren=item.siren,
            exercice=item.exercice,
            collectivite=fields["budget_collectivite"],
            departement=fields["budget_departement"],
            population=int(fields["budget_population"] or 0) or None,
            plans=settings.plans(),
            formula_guard=settings.formula_guard(),
        )
        documents = [self._document(one) for one in converted if one.outputs]
        if converted and not documents:
            raise Skipped("no_table")
        nomenclature = converted[0].header.norme if converted else ""
        return Content(
            documents=documents,
            fields={**fields, "budget_nomenclature": nomenclature},
            source=self._source(item, converted),
        )

    def _document(self, converted: engine.Conversion) -> NationalDocument:
        who = replace(identity.establish(converted.header), origin=self.origin)
        report = converted.report.to_dict()
        return NationalDocument(converted.outputs, who, report, converted.summary)

    def _source(self, item: Item, converted: Sequence[engine.Conversion]) -> dict[str, str]:
        states = {one.report.document.get("etat") or "" for one in converted}
        return {
            "url": item.url,
            "titre": item.title,
            "licence": "etalab-2.0",
            "producteur": "DGFiP",
            "statut": "provisoire" if "provisoire" in states else next(iter(states), ""),
        }


def _together(scopes: Iterable[Scope]) -> Iterator[Scope]:
    """Scopes of one kind and year as one: a question by SIREN is small, whatever the territory."""
    kinds: dict[tuple[str, int], list[Scope]] = {}
    for scope in scopes:
        kinds.setdefault((scope.kind, scope.exercice), []).append(scope)
    for found in kinds.values():
        codes = sorted({code for scope in found for code in scope.departements})
        yield replace(found[0], departements=tuple(codes))


class DgfipHarvester(BudgetHarvester):
    """Plugin ``budgetod_dgfip``."""

    origin = DgfipSource.origin
    title = "Balances comptables de la DGFiP"
    description = "Comptes exécutés de toutes les collectivités, mis au format SCDL."

    def source(self, config: Config) -> Source:
        explore = self.explore("dgfip")
        return DgfipSource(config, explore)

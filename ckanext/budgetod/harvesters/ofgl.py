"""Harvester of OFGL's indicators: aggregates and euros per inhabitant, never budget lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ckanext.budgetod import config as settings
from ckanext.budgetod.deposit.national import NationalDocument
from ckanext.budgetod.engine.indicators import write_indicators
from ckanext.budgetod.sources import ofgl, profile
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.ofgl import Scope
from ckanext.budgetod.sources.opendatasoft import Explore
from ckanext.budgetod.sources.territory import collectivity_title

from .base import BudgetHarvester
from .blocked import BlockSource
from .config import Config
from .items import Content, Glimpse, Item, Source


class OfglSource(BlockSource):
    """Blocks of aggregates, exported once, split by SIREN; means of the strata beside them."""

    origin = "ofgl"
    columns, required = ofgl.COLUMNS, ofgl.REQUIRED

    def __init__(self, config: Config, explore: Explore, cache: Cache) -> None:
        super().__init__(explore)
        self._config, self._cache = config, cache

    def scopes(self) -> Sequence[Scope]:
        return list(ofgl.scopes(self._config.perimeter, self._config.exercices))

    def items(self, scope: Scope) -> Iterator[Item]:
        dataset = self._explore.dataset(ofgl.DATASETS[scope.kind])
        where = ofgl.where(dataset, scope)
        block = self._block(dataset.id, where)
        strata = ofgl.means(self._explore, self._cache, scope)
        mark = hashlib.sha256(str(ofgl.read_means(self._cache, strata)).encode()).hexdigest()[:16]
        for siren in sorted(block.keys()):
            if self._config.perimeter.resolve(siren) is not None:
                digest = f"{block.digest(siren)}-{mark}"
                yield self._item(scope, dataset.id, where, siren, digest, strata)

    def _item(
        self, scope: Scope, dataset: str, where: str, siren: str, digest: str, strata: str
    ) -> Item:
        return Item(
            guid=f"{self.origin}/{siren}/{scope.exercice}",
            siren=siren,
            exercice=scope.exercice,
            digest=digest,
            title=f"Indicateurs {scope.exercice} — {collectivity_title(siren, siren)}",
            url=ofgl.page(settings.sources().url(self.origin), dataset, siren),
            where={"dataset": dataset, "where": where, "kind": scope.kind, "strata": strata},
        )

    def glance(self) -> Iterator[Callable[[], Iterable[Glimpse]]]:
        for scope in ofgl.together(self.scopes()):
            yield lambda scope=scope: self._seen(scope)

    def _seen(self, scope: Scope) -> Iterator[Glimpse]:
        """Who has aggregates in a scope: one call that groups them by SIREN."""
        dataset = self._explore.dataset(ofgl.DATASETS[scope.kind])
        found = self._explore.groups(dataset.id, ["siren"], ofgl.where(dataset, scope))
        base = settings.sources().url(self.origin)
        for siren in sorted(str(row.get("siren") or "") for row in found):
            name = collectivity_title(siren, siren)
            yield Glimpse(
                siren=siren,
                exercice=scope.exercice,
                title=f"Indicateurs {scope.exercice} — {name}",
                url=ofgl.page(base, dataset.id, siren),
                wanted=bool(siren) and self._config.perimeter.resolve(siren) is not None,
            )

    def calls_needed(self) -> int:
        """One per dataset, one per year for its strata, two per block: the count, the export."""
        scopes = self.scopes()
        strata = {(one.kind, one.exercice) for one in scopes if one.kind in ofgl.STRATA}
        return len({one.kind for one in scopes}) + len(strata) + 2 * len(scopes)

    def content(self, item: Item, folder: Path) -> Content:
        strata = ofgl.read_means(self._cache, item.where["strata"])
        column = ofgl.STRATA.get(item.where["kind"], "")
        rows = [_with_mean(row, column, strata) for row in self._rows(item)]
        if not self._config.annexes:
            rows = [row for row in rows if row.get("type_de_budget") in (ofgl.MAIN, "", None)]
        path = folder / f"budget-{item.siren}-{item.exercice}-indicateurs-ofgl.csv"
        output = write_indicators(rows, path, formula_guard=settings.formula_guard())
        return Content(
            documents=[NationalDocument([output])] if output.rows else [],
            fields=profile.fields_of(item.siren, rows[0].get("lbudg") or "" if rows else ""),
            source={
                "url": item.url,
                "titre": item.title,
                "licence": "etalab-2.0",
                "producteur": "OFGL",
                "statut": "",
            },
        )


def _with_mean(row: dict[str, str], column: str, strata: ofgl.Means) -> dict[str, str]:
    """The row and the mean of its stratum for its aggregate."""
    mean = strata.get(row.get(column) or "", {}).get(row.get("agregat") or "", "")
    return {**row, "moyenne_strate": mean}


class OfglHarvester(BudgetHarvester):
    """Plugin ``budgetod_ofgl``."""

    origin = OfglSource.origin
    title = "Indicateurs de l’OFGL"
    description = "Agrégats et montants par habitant, pour comparer. Ne remplace pas un budget."

    def source(self, config: Config) -> Source:
        return OfglSource(config, self.explore("ofgl"), Cache(settings.sources().cache))

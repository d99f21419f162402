"""Sources that give whole blocks of an Opendatasoft dataset, split by SIREN, cached."""

from __future__ import annotations

from collections.abc import Sequence

from ckanext.budgetod.sources import blocks
from ckanext.budgetod.sources.opendatasoft import Explore, all_of, equals

from .items import Item, Source


class BlockSource(Source):
    """What reads blocks; a subclass names the ``columns`` it asks for and those it cannot miss."""

    columns: Sequence[str] = ()
    required: Sequence[str] = ()

    def __init__(self, explore: Explore) -> None:
        self._explore = explore

    @property
    def quota(self) -> tuple[int, int] | None:
        return self._explore.quota

    def fetch(self, item: Item) -> None:
        self._block_of(item)

    def _rows(self, item: Item) -> list[dict[str, str]]:
        return self._block_of(item).rows(item.siren)

    def _block(self, dataset: str, where: str) -> blocks.Block:
        csv = self._explore.export(dataset, where, self.columns, required=self.required)
        return blocks.split(csv, csv.with_suffix(""))

    def _block_of(self, item: Item) -> blocks.Block:
        """The block that an item was found in; asked for alone on another machine, a new day."""
        cached = self._explore.exported(item.where["dataset"], item.where["where"], self.columns)
        block = blocks.Block.open(cached.with_suffix("")) if cached else None
        return block if block is not None and item.siren in block else self._alone(item)

    def _alone(self, item: Item) -> blocks.Block:
        dataset = self._explore.dataset(item.where["dataset"])
        mine = all_of(equals(dataset, "exer", item.exercice), equals(dataset, "siren", item.siren))
        return self._block(dataset.id, mine)

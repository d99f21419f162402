"""Harvester of data.gouv.fr: budgets that local authorities publish there, SCDL and TOTEM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.budgetod import config as settings
from ckanext.budgetod import engine
from ckanext.budgetod.sources import titles
from ckanext.budgetod.sources.answers import Downloaded
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.datagouv import DataGouv, File, Producer
from ckanext.budgetod.sources.http import Client

from . import files
from .base import BudgetHarvester
from .config import Config
from .items import Content, Glimpse, Item, Source


class DatagouvSource(Source):
    """An item per file that may be a budget; what it is, ``files`` finds out."""

    origin = "datagouv"

    def __init__(
        self, config: Config, client: Client, cache: Cache, base: str, portal: str
    ) -> None:
        self._config, self._client = config, client
        self._portal = DataGouv(client, cache, base, portal)
        self._producers: list[Producer] | None = None

    def scopes(self) -> Sequence[Producer]:
        if self._producers is None:
            self._producers = self._portal.producers(self._config.perimeter)
        return self._producers

    def items(self, scope: Producer) -> Iterator[Item]:
        for found in self._portal.files(scope, self._config.words):
            yield self._item(scope, found)

    def _item(self, producer: Producer, found: File) -> Item:
        return Item(
            guid=f"{self.origin}/{found.dataset}/{found.resource}",
            siren=producer.siren,
            exercice=0,
            digest=found.digest,
            title=f"{found.title} — {found.name}",
            url=found.page,
            where={
                "latest": found.latest,
                "titre": found.title,
                "nom": found.name,
                "producteur": producer.name,
                "siret": producer.siret,
                "licence": found.licence,
                "modifie": found.modified,
                "asked": ",".join(map(str, self._config.exercices)),
                "pipeline": engine.PIPELINE_VERSION,
            },
            settled="loop" if found.ours else "",
        )

    def fetch(self, item: Item) -> None:
        """Nothing yet: an original may name persons, and none waits on a disk between stages."""

    def download(self, item: Item, target: Path) -> Downloaded:
        """The file as it is today. Raises SourceError."""
        most = max(settings.max_upload_size(), files.LARGEST_TABLE)
        return self._client.download(item.where["latest"], target, max_bytes=most)

    def content(self, item: Item, folder: Path) -> Content:
        raise NotImplementedError("a file is brought by harvesters.files")

    def glance(self) -> Iterator[Callable[[], Iterable[Glimpse]]]:
        for producer in self.scopes():
            yield lambda producer=producer: map(_glimpse, self.items(producer))

    def calls_needed(self) -> int:
        return 2 * len(self.scopes()) + 1


def _glimpse(item: Item) -> Glimpse:
    """The year is the title's, 0 where it names none: nothing is downloaded for a preview."""
    year = titles.year_of(item.where["nom"], item.where["titre"])
    return Glimpse(item.siren, year, item.title, item.url, wanted=not item.settled)


class DatagouvHarvester(BudgetHarvester):
    """Plugin ``budgetod_datagouv``."""

    origin = DatagouvSource.origin
    of_files = True
    import_seconds = 75
    """A file is called for when it is imported: conversion and writing take the rest."""
    title = "Budgets publiés sur data.gouv.fr"
    description = "Fichiers SCDL et documents TOTEM ou CFU que les collectivités y publient."

    def source(self, config: Config) -> DatagouvSource:
        told = settings.sources()
        portal = tk.config["ckan.site_url"]
        client = self.client()
        return DatagouvSource(config, client, Cache(told.cache), told.url(self.origin), portal)

    def bring(self, harvest_object: Any, config: Config, item: Item, folder: Path) -> bool | str:
        return files.bring(harvest_object, config, item, self.source(config), folder)

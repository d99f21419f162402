"""The harvester that the three sources share: gather, fetch, import, none of which ever raises.

ckanext-harvest's consumers die of an exception. Here each item has its own try; what went wrong is
written where its log shows it, and the next run starts from what is really published.
"""

from __future__ import annotations

import errno
import logging
import tempfile
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins as p
import sqlalchemy.exc
from ckan import model
from ckanext.harvest.interfaces import IHarvester

from ckanext.budgetod import config as settings
from ckanext.budgetod.deposit.work import HARVEST_PREFIX
from ckanext.budgetod.engine.errors import DocumentRefused, SourceError
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.faults import Fault
from ckanext.budgetod.sources.http import Client, within
from ckanext.budgetod.sources.opendatasoft import Explore

from . import importing, messages, organisations
from .config import Config, parse
from .gathering import Gathering
from .items import Item, Source
from .outcomes import answered, note, note_failure
from .patience import is_transient, patiently

log = logging.getLogger(__name__)

FETCH_SECONDS, IMPORT_SECONDS = 75, 45
"""How long calls of one object may go on. What is not done after 180 s is given to a second
consumer by ckanext-harvest; conversion and writing take the rest."""

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Faults of a disk that is full or protected."""


class BudgetHarvester(p.SingletonPlugin):
    """What every one of our harvesters is; a subclass names its source and how it is read."""

    p.implements(IHarvester, inherit=True)
    origin = ""
    import_seconds = IMPORT_SECONDS
    of_files = False
    """Its items are files, whose content tells whose budgets they are."""
    title = ""
    description = ""

    @abstractmethod
    def source(self, config: Config) -> Source:
        """The national source as one harvest source wants it."""

    # --- IHarvester ------------------------------------------------------------------------------
    def info(self) -> dict[str, str]:
        return {
            "name": f"budgetod_{self.origin}",
            "title": self.title,
            "description": self.description,
            "form_config_interface": "Text",
        }

    def validate_config(self, config: str) -> str:
        """The text as it is. Raises ValueError with a sentence for the form."""
        try:
            organisations.check(parse(config))
        except Fault as fault:
            raise ValueError(fault.text(messages.site_language())) from None
        return config

    def get_original_url(self, harvest_object_id: str) -> str | None:
        from ckanext.harvest.model import HarvestObject

        found = HarvestObject.get(harvest_object_id)
        return Item.load(found.content).url if found and found.content else None

    def gather_stage(self, harvest_job: Any) -> list[str]:
        """Ids of the objects to fetch; faults are in the job's gather errors."""
        return self.gather(harvest_job)

    def fetch_stage(self, harvest_object: Any) -> bool | str:
        with within(FETCH_SECONDS):
            return self._safely(harvest_object, "Fetch", self._fetch)

    def import_stage(self, harvest_object: Any) -> bool | str:
        with within(self.import_seconds):
            return self._safely(harvest_object, "Import", self._import)

    # --- what they do ----------------------------------------------------------------------------
    def gather(self, harvest_job: Any, progress: Callable[[Any, int], None] | None = None) -> list:
        """As ``gather_stage``; ``progress(scope, items so far)`` is told after every scope."""
        try:
            config = parse(harvest_job.source.config)
            return Gathering(self, harvest_job, config, progress).run()
        except Exception as error:  # noqa: BLE001 (an exception here ends the consumer)
            _note_gather_failure(harvest_job, error)
            return []

    def client(self) -> Client:
        return Client(settings.sources())

    def explore(self, service: str) -> Explore:
        """Access to an Opendatasoft portal, through the guarded client and the shared cache."""
        told = settings.sources()
        key = told.apikeys.get(service, "")
        return Explore(self.client(), Cache(told.cache), told.url(service), key)

    def _fetch(self, harvest_object: Any) -> bool | str:
        if importing.is_deletion(harvest_object) or answered(harvest_object) is not None:
            return True
        config = parse(harvest_object.source.config)
        self.source(config).fetch(Item.load(harvest_object.content))
        return True

    def _import(self, harvest_object: Any) -> bool | str:
        before = answered(harvest_object)
        if before is not None:
            return before
        config = parse(harvest_object.source.config)
        if importing.is_deletion(harvest_object):
            return importing.retire(harvest_object, config)
        item = Item.load(harvest_object.content)
        with tempfile.TemporaryDirectory(prefix=HARVEST_PREFIX) as folder:
            return self.bring(harvest_object, config, item, Path(folder))

    def bring(self, harvest_object: Any, config: Config, item: Item, folder: Path) -> bool | str:
        """Publish what an item holds, by way of a private ``folder``: as ``import_stage``."""
        return importing.publish(harvest_object, config, item, self.source(config), folder)

    def _safely(
        self, harvest_object: Any, stage: str, run: Callable[[Any], bool | str]
    ) -> bool | str:
        """The answer of ``run``; False when it failed, its reason noted on the object."""
        object_id = harvest_object.id
        try:
            answer = run(harvest_object)
            model.Session.refresh(harvest_object)
        except (SourceError, DocumentRefused) as error:
            model.Session.rollback()
            return note_failure(object_id, stage, error.code, error.params)
        except importing.Skipped as skipped:
            model.Session.rollback()
            note(object_id, skipped.outcome, **skipped.params)
            return "unchanged"
        except Exception as error:
            log.exception("Harvest object %s failed (%s)", object_id, stage)
            model.Session.rollback()
            return note_failure(object_id, stage, _code(error), {"reference": object_id[:8]})
        return answer


def _note_gather_failure(harvest_job: Any, error: Exception) -> None:
    try:
        patiently(lambda: messages.note_gather_failure(harvest_job, error))
    except sqlalchemy.exc.SQLAlchemyError:
        log.exception("The failure of a harvest job could not be written")
        model.Session.rollback()


def _code(error: Exception) -> str:
    """The outcome of a failure of ours."""
    if isinstance(error, OSError) and error.errno in DISK:
        return "storage"
    return "service" if is_transient(error) else "internal"


__all__ = ["BudgetHarvester", "Source"]

"""A sign of life of the worker in the row: what the sweep and the page look at."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from ckan import model
from sqlalchemy.exc import SQLAlchemyError

from ckanext.budgetod import config
from ckanext.budgetod.model import Conversion
from ckanext.budgetod.model.conversion import now

log = logging.getLogger(__name__)


class Heartbeat:
    """While inside, the row's ``heartbeat`` is renewed on a connection of its own."""

    def __init__(self, row_id: str):
        self.row_id = row_id
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"beat {row_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        table = Conversion.__table__
        statement = table.update().where(table.c.id == self.row_id)
        while not self._done.wait(max(config.stale_after() / 8, 1)):
            try:
                with model.meta.engine.begin() as connection:
                    connection.execute(statement.values(heartbeat=now()))
            except SQLAlchemyError:
                log.warning("Deposit %s: no heartbeat, the database does not answer", self.row_id)

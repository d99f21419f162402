"""Waiting for the site's own services: a database, index or queue that restarts is no failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import redis.exceptions
import sqlalchemy.exc
from ckan import model
from ckan.lib.search.common import SearchError, SearchIndexError

from ckanext.budgetod.deposit.jobs import NotNow

PAUSES = (1, 5, 15)
"""Seconds to wait when the site's own database, index or queue does not answer."""
TRANSIENT = (
    NotNow,
    SearchError,
    SearchIndexError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.InternalError,
    sqlalchemy.exc.PendingRollbackError,
    redis.exceptions.RedisError,
)
Answer = TypeVar("Answer")


def is_transient(error: BaseException) -> bool:
    return isinstance(error, TRANSIENT) or bool(getattr(error, "connection_invalidated", False))


def patiently(run: Callable[[], Answer]) -> Answer:
    """The answer of ``run``, tried again while one of the site's services is away.

    What ``run`` did to the session and did not commit is lost before it is called again.
    """
    for pause in PAUSES:
        try:
            return run()
        except Exception as error:
            if not is_transient(error):
                raise
            model.Session.rollback()
            time.sleep(pause)
    return run()

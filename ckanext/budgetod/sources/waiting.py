"""When to call again: pace, growing waits with jitter, and the quotas that services announce."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from ckanext.budgetod.engine.errors import SourceError

FIRST_WAIT = 1.0
"""Seconds before a second try; doubled for each one after it."""
LONGEST_WAIT = 60.0
"""A service that asks for more than these seconds is left alone: the item fails, with the time."""
ONE_YEAR = 366 * 86_400


class Again(Exception):
    """What failed may work next time. ``error`` is what to raise when there is no next time.

    ``wait``: seconds that the service asked for.
    """

    def __init__(self, error: SourceError, wait: float = 0.0) -> None:
        super().__init__(error)
        self.error = error
        self.wait = wait


def growing_wait(attempt: int) -> float:
    """Seconds before the try after ``attempt`` (1 is the first), different for each process."""
    return min(FIRST_WAIT * 2 ** (attempt - 1), 30.0) * random.uniform(0.5, 1.0)  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of ``Retry-After`` (a number or a date), None without one; a past date is 0."""
    value = headers.get("Retry-After")
    if not value:
        return None
    seconds = _number(value.strip())
    if seconds is None:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(seconds, 0.0)


def quota_wait(headers: Mapping[str, str], body: bytes) -> float | None:
    """Seconds until a 429 says that calls are welcome again, None when it does not say.

    ``Retry-After``, else ``reset_time`` of the body, else ``X-RateLimit-Reset`` (epoch seconds).
    A moment in the past is 0: clocks differ, and a reset just passed.
    """
    asked = retry_after(headers)
    if asked is None:
        reset = _reset_time(body) or _number(headers.get("X-RateLimit-Reset", ""))
        asked = None if reset is None else max(reset - time.time(), 0.0)
    return asked


def quota_left(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """(calls left, calls allowed) as ``X-RateLimit-*`` tell, None when they do not."""
    left = _number(headers.get("X-RateLimit-Remaining", ""))
    allowed = _number(headers.get("X-RateLimit-Limit", ""))
    return None if left is None or allowed is None else (int(left), int(allowed))


def _reset_time(body: bytes) -> float | None:
    """Epoch seconds of ``{"reset_time": "2021-01-26T00:00:00Z"}``."""
    try:
        text = json.loads(body)["reset_time"]
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _number(text: str) -> float | None:
    """A number of seconds without sign, since 1970 or from now on."""
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 11 else None


def moment_in(seconds: float) -> str:
    """ISO moment (UTC) that many seconds from now.

    >>> moment_in(0).endswith("+00:00")
    True
    """
    when = time.time() + min(seconds, ONE_YEAR)
    return datetime.fromtimestamp(when, timezone.utc).isoformat(timespec="seconds")


class Pace:
    """At most so many calls per second and host, counted over the whole process."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, rate: float) -> None:
        """Sleep until ``host`` may be called. ``rate``: calls per second, 0 for no limit."""
        if rate <= 0:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(self._next.get(host, 0.0), now)
            self._next[host] = turn + 1 / rate
        time.sleep(turn - now)


PACE = Pace()

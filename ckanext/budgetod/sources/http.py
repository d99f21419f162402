"""The only door to the network: everything that this extension calls, it calls through a Client.

http and https only; the IP address is checked while connecting; no proxy, cookie or password from
the environment; redirects followed by hand and checked again; every answer bounded in time and
bytes; retries bounded; quotas respected; an honest User-Agent. Failures are ``SourceError``: the
codes are listed in ``engine/errors.py``, each with the ``url`` that was called.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed

from .addresses import check_url, host_of, shown
from .answers import Downloaded, beginning, looks_like_html, message, pieces, save
from .connections import Clock, GuardedPools
from .settings import MEGABYTE, Settings
from .waiting import (
    LONGEST_WAIT,
    PACE,
    Again,
    growing_wait,
    moment_in,
    quota_left,
    quota_wait,
    retry_after,
)

REDIRECTS = 3
SMALL = 32 * MEGABYTE
"""Most that ``json`` and ``fetch`` take; larger answers are for ``download``."""
GRACE = 5
"""An answer may take this many read time-outs, and longer only while its bytes keep coming."""
PASSING = {500, 502, 503, 504}
ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
QUOTA_MEMORY = 3600.0
"""Seconds at most during which a host whose quota is used up is not asked again."""

_LIMIT: ContextVar[float] = ContextVar("moment when calls end", default=float("inf"))
"""On the clock of ``time.monotonic``."""

Params = Mapping[str, Any] | None
Answer = TypeVar("Answer")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """No call and no wait of any client inside the block goes on after so long: ``timeout``."""
    before = _LIMIT.set(min(_LIMIT.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _LIMIT.reset(before)


class Client:
    """Calls the sources as ``settings`` say. Belongs to one thread; ``calls`` counts real calls.

    ``quota``: (calls left, calls allowed) as the last answer that tells it says, None before.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.calls = 0
        self.quota: tuple[int, int] | None = None
        self._clock = Clock()
        self._closed_until: dict[str, tuple[float, str]] = {}
        self._session = _session(settings, self._clock)

    @property
    def offline(self) -> bool:
        """True when only what was downloaded before may be read."""
        return self.settings.offline

    def json(self, url: str, params: Params = None, *, headers: Params = None) -> Any:
        """The parsed JSON body of a GET. Raises ``not_json`` or ``html`` for anything else."""
        body = self.fetch(url, params, headers=headers)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            code = "html" if looks_like_html(body) else "not_json"
            raise RemoteFailed(code, url=shown(url)) from None

    def fetch(self, url: str, params: Params = None, *, headers: Params = None) -> bytes:
        """The body of a GET, at most ``SMALL`` bytes."""
        cap = min(SMALL, self.settings.max_bytes)
        return self._call(url, params, headers, lambda answer: b"".join(pieces(answer, cap)))

    def download(
        self,
        url: str,
        target: Path,
        params: Params = None,
        max_bytes: int | None = None,
        *,
        headers: Params = None,
    ) -> Downloaded:
        """Stream a GET into ``target``, which is there whole or not at all.

        Raises ``SourceError("disk")`` when it cannot be written.
        """
        cap = min(max_bytes or self.settings.max_bytes, self.settings.max_bytes)
        return self._call(url, params, headers, lambda answer: save(answer, target, cap))

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _call(
        self, url: str, params: Params, headers: Params, take: Callable[..., Answer]
    ) -> Answer:
        """Try until ``take`` read an answer, as often as the settings allow."""
        attempt = 1
        while True:
            try:
                return self._follow(url, params, headers, take)
            except Again as failed:
                wait = failed.wait + growing_wait(attempt)
                if attempt >= self.settings.attempts or time.monotonic() + wait > _LIMIT.get():
                    raise failed.error from failed.__cause__
                time.sleep(wait)
                attempt += 1

    def _follow(
        self, url: str, params: Params, headers: Params, take: Callable[..., Answer]
    ) -> Answer:
        request = self._request(url, params, headers)
        status = 0
        for _ in range(REDIRECTS + 1):
            with self._sent(request) as answer:
                target = self._session.get_redirect_target(answer)
                if target is None:
                    self._judge(answer)
                    return take(answer)
                status = answer.status_code
                url = urljoin(answer.url, target)
                if self._session.should_strip_auth(answer.url, url):
                    headers = None
                request = self._request(url, None, headers)
        raise RemoteFailed("status", status=status, url=shown(url))

    def _request(self, url: str, params: Params, headers: Params) -> requests.PreparedRequest:
        if not self.settings.enabled:
            raise Blocked("off", url=shown(url))
        if self.offline:
            raise Blocked("offline", url=shown(url))
        check_url(url)
        asked = requests.Request("GET", url, params=params, headers=dict(headers or {}))
        try:
            return self._session.prepare_request(asked)
        except (requests.RequestException, UnicodeError):
            raise Blocked("address", url=shown(url)) from None

    @contextmanager
    def _sent(self, request: requests.PreparedRequest) -> Iterator[requests.Response]:
        """Call once, in turn; faults of the network become ours until the answer is read."""
        url = request.url or ""
        check_url(url)
        if time.monotonic() >= _LIMIT.get():
            raise RemoteFailed("timeout", url=shown(url))
        host = host_of(url)
        until, moment = self._closed_until.get(host, (0.0, ""))
        if time.monotonic() < until:
            raise RemoteFailed("quota", until=moment, url=shown(url))
        PACE.wait(host, self.settings.rate)
        pause = self.settings.read_timeout
        self._clock.start(GRACE * pause, pause, _LIMIT.get())
        self.calls += 1
        timeouts = (self.settings.connect_timeout, pause)
        with (
            _translated(url),
            self._session.send(
                request, stream=True, allow_redirects=False, timeout=timeouts
            ) as answer,
        ):
            yield answer

    def _judge(self, answer: requests.Response) -> None:
        """Raise what any answer but a good one means."""
        status, url = answer.status_code, shown(answer.url)
        self.quota = quota_left(answer.headers) or self.quota
        error = RemoteFailed("status", status=status, url=url)
        if status in PASSING:
            wait = retry_after(answer.headers) or 0.0
            raise error if wait > LONGEST_WAIT else Again(error, wait)
        # One encoding inside another multiplies what a bomb can hold.
        if answer.headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
            raise error
        if status == 429:
            self._over_quota(answer)
        if status in (404, 410):
            raise RemoteFailed("gone", status=status, url=url)
        if status == 400:
            raise RemoteFailed("request", message=message(answer), status=400, url=url)
        if not 200 <= status < 300:
            raise error

    def _over_quota(self, answer: requests.Response) -> NoReturn:
        wait = quota_wait(answer.headers, beginning(answer))
        until = "" if wait is None else moment_in(wait)
        error = RemoteFailed("quota", until=until, url=shown(answer.url))
        if wait is not None and wait > LONGEST_WAIT:
            end = time.monotonic() + min(wait, QUOTA_MEMORY)
            self._closed_until[host_of(answer.url)] = (end, until)
            raise error
        raise Again(error, wait or 0.0)


def _session(settings: Settings, clock: Clock) -> requests.Session:
    session = requests.Session()
    # Neither proxies nor .netrc passwords: a proxy would connect where we cannot check.
    session.trust_env = False
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    session.verify = bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": _user_agent(settings.contact), "Accept-Encoding": "gzip"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, _GuardedAdapter(settings.allowed_hosts, clock))
    return session


class _GuardedAdapter(HTTPAdapter):
    """requests on guarded connections."""

    def __init__(self, allowed: frozenset[str], clock: Clock) -> None:
        self._allowed, self._clock = allowed, clock
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kw: Any):
        self.poolmanager = GuardedPools(
            self._allowed, self._clock, num_pools=connections, maxsize=maxsize, block=block, **kw
        )

    def proxy_manager_for(self, proxy: str, **kw: Any) -> NoReturn:
        raise Blocked("address", url=shown(proxy))


def _user_agent(contact: str) -> str:
    plain = " ".join(contact.encode("ascii", "ignore").decode().split())
    return f"ckanext-budgetod/{_release()}" + (f" (+{plain})" if plain else "")


@cache
def _release() -> str:
    """Our version; looked up once, for it is read from the disk."""
    try:
        return version("ckanext-budgetod")
    except PackageNotFoundError:
        return "0"


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Faults of requests become ``SourceError``, or ``Again`` when they may pass."""
    where = shown(url)
    try:
        yield
    except Blocked as error:
        raise Blocked(error.code, url=where) from None
    except requests.exceptions.SSLError as error:
        raise RemoteFailed("unreachable", url=where) from error
    except requests.Timeout as error:
        raise Again(RemoteFailed("timeout", url=where)) from error
    except (
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
    ) as error:
        raise Again(RemoteFailed("truncated", expected="", found="", url=where)) from error
    except requests.ConnectionError as error:
        slow = error.args and isinstance(error.args[0], ReadTimeoutError)
        code = "timeout" if slow else "unreachable"
        raise Again(RemoteFailed(code, url=where)) from error
    except requests.RequestException as error:
        raise Blocked("address", url=where) from error

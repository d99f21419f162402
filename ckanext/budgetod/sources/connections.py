"""Connections that check the address they connect to and that never wait for ever.

A name can resolve to one address when it is checked and to another when it is called: the only safe
moment for the check is the connection itself. And a time-out of a socket starts anew with each
byte: a server that drips is only stopped by a clock that every read looks at.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Collection
from functools import partial
from typing import Any

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from ckanext.budgetod.engine.errors import Blocked

from .addresses import is_allowed, is_public

SLOWEST = 250_000
"""Bytes per second under which a long answer is given up."""


class Clock:
    """How long an answer may take: ``grace`` seconds, plus what its bytes take at ``SLOWEST``.

    One per client; ``start`` begins an attempt. ``pause`` is the longest wait for the next bytes.
    """

    def __init__(self) -> None:
        self._end = self._limit = float("inf")
        self._pause = 60.0

    def start(self, grace: float, pause: float, limit: float = float("inf")) -> None:
        """A new attempt; ``limit`` is the moment (``time.monotonic``) after which nothing goes."""
        self._end, self._pause, self._limit = time.monotonic() + grace, pause, limit

    def received(self, size: int) -> None:
        """Bytes came: they earn time."""
        self._end += size / SLOWEST

    def left(self) -> float:
        """Seconds that the next read may take; raises ``TimeoutError`` when there are none."""
        left = min(self._end, self._limit) - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        return min(left, self._pause)


class _TimedReader(io.RawIOBase):
    """The bytes of a socket, read by the clock."""

    def __init__(self, raw: Any, sock: socket.socket, clock: Clock) -> None:
        self._raw, self._sock, self._clock = raw, sock, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left())
        size = self._raw.readinto(buffer)
        self._clock.received(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer whose status line, headers and body are read by the clock."""

    def __init__(self, sock: socket.socket, *args: Any, clock: Clock, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, clock))


class _Guarded:
    """What both kinds of connections add to urllib3's."""

    def __init__(self, *args: Any, allowed: Collection[str], clock: Clock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._allowed = allowed
        self.response_class = partial(_TimedResponse, clock=clock)

    def _new_conn(self: Any) -> socket.socket:
        """urllib3's own, with every address looked at before the first one is called."""
        try:
            return self._connect(self._resolve())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} does not answer") from error
        except OSError as error:
            raise NewConnectionError(self, f"{self.host}: {error}") from error

    def _resolve(self: Any) -> list[str]:
        host = self._dns_host.strip("[]")
        family = allowed_gai_family()
        try:
            found = socket.getaddrinfo(host, self.port, family, socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError(f"not a host name: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = is_allowed(host, self.port, self._allowed)
        # The address found is not told: who may enter a URL could ask for names of the inside.
        if not allowed and not all(map(is_public, addresses)):
            raise Blocked("address", url=f"{host}:{self.port}")
        return addresses

    def _connect(self: Any, addresses: list[str]) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                return create_connection(
                    (address, self.port),
                    self.timeout,
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                failure = error
        raise failure


class _GuardedHTTP(_Guarded, HTTPConnection):
    pass


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


class GuardedPools(PoolManager):
    """urllib3's pools, filled with guarded connections only."""

    def __init__(self, allowed: Collection[str], clock: Clock, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._guard = {"allowed": allowed, "clock": clock}

    def _new_pool(self, scheme: str, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, *args, **kwargs)
        kind = _GuardedHTTPS if scheme == "https" else _GuardedHTTP
        pool.ConnectionCls = partial(kind, **self._guard)  # type: ignore[assignment]
        return pool

"""What goes wrong when a test asks for it, and the log of calls.

A fault applies to one service (or all), to addresses that contain a text, a number of times or
until ``reset``. Kinds: ``FAULTS``.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import islice

from .reply import HTML, Reply, json_reply

INTERRUPTED = (
    "Streaming interrupted due to the following error: Invalid value for sum of offset + limit API"
    " parameter: 83714 was found but <= 10000 is expected. (error_code: InvalidRESTParameterError)"
)
_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass
class Call:
    """One call to a service; ``path`` is below the prefix of the service, with its query."""

    service: str
    path: str
    status: int
    at: float
    user_agent: str
    sent: int = 0
    """Bytes of body, known when the answer has ended."""


@dataclass
class Fault:
    """A kind of ``FAULTS`` and where it strikes. ``left``: how often still, None for ever."""

    kind: str
    service: str = ""
    match: str = ""
    left: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    def option(self, name: str, default: str = "") -> str:
        return self.options.get(name, default)


class Faults:
    """The faults in force and the calls received. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._faults: list[Fault] = []
            self._calls: list[Call] = []
            self._counts: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        if fault.kind not in FAULTS:
            raise ValueError(f"unknown fault: {fault.kind}; there are {', '.join(FAULTS)}")
        with self._lock:
            self._faults.append(fault)

    def take(self, service: str, path: str) -> Fault | None:
        """The first fault that strikes this call, counted."""
        with self._lock:
            for fault in self._faults:
                hit = fault.service in ("", service) and fault.match in path
                if hit and (fault.left is None or fault.left > 0):
                    fault.left = None if fault.left is None else fault.left - 1
                    return fault
        return None

    def log(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            self._counts[call.service] += 1

    def count(self, service: str) -> int:
        """Calls of a service, this one included."""
        return self._counts[service]

    def calls(self, service: str = "", match: str = "") -> list[Call]:
        with self._lock:
            found = list(self._calls)
        return [c for c in found if service in ("", c.service) and match in c.path]


Answer = Callable[[], Reply]
"""Makes the answer that would have been given."""

CUT = b"\0cut\0"
"""A chunk that tells the server to close the connection there and then."""


def _status(status: int) -> Callable[[Fault, Answer], Reply]:
    def fail(fault: Fault, _: Answer) -> Reply:
        body = {"message": fault.option("message", "Refused."), "error_code": "ODSQLError"}
        return json_reply(body, status)

    return fail


def _bad_request(fault: Fault, _: Answer) -> Reply:
    kind = fault.option("kind", "odsql")
    code, message = {
        "odsql": (
            "ODSQLError",
            "ODSQL query is malformed: Unknown field: x. Clause(s) containing the error(s): where.",
        ),
        "limit": (
            "InvalidRESTParameterError",
            "Invalid value for limit API parameter: 1473 was found"
            " but -1 <= limit <= 100 is expected.",
        ),
        "type": (
            "IncompatibleTypesInComparisonFilter",
            "Incompatible types in comparison filter: date and int.",
        ),
    }[kind]
    return json_reply({"message": message, "error_code": code}, 400)


def _too_many(code: int, limit: int, text: str) -> Callable[[Fault, Answer], Reply]:
    def refuse(fault: Fault, _: Answer) -> Reply:
        seconds = {"near": 2, "far": 6 * 3600, "past": -90 * 86_400}
        wait = seconds.get(fault.option("reset", "near"), 2)
        reset = datetime.now(timezone.utc) + timedelta(seconds=wait)
        body = {
            "errorcode": code,
            "reset_time": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "limit_time_unit": "day",
            "call_limit": limit,
            "error": text,
        }
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
        if fault.option("retry_after"):
            headers["Retry-After"] = fault.option("retry_after")
        return json_reply(body, 429, **headers)

    return refuse


def _page(status: int, title: str) -> Callable[[Fault, Answer], Reply]:
    return lambda *_: Reply(_PAGE.format(title).encode(), status, {"Content-Type": HTML})


def _reset(_: Fault, __: Answer) -> Reply:
    return Reply(iter([CUT]), status=0)


def _slow(fault: Fault, answer: Answer) -> Reply:
    """``seconds`` before the first byte, or with ``drip`` between small pieces of the body."""
    seconds = float(fault.option("seconds", "5"))
    if not fault.option("drip"):
        time.sleep(seconds)
        return answer()
    reply = answer()
    return _streamed(reply, _dripped(_chunks(reply), seconds))


def _dripped(chunks: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), 64):
            time.sleep(seconds)
            yield chunk[at : at + 64]


def _cut(_: Fault, answer: Answer) -> Reply:
    """The connection closes in the middle of the body."""
    reply = answer()
    return _streamed(reply, _half(_chunks(reply), CUT))


def _truncated(_: Fault, answer: Answer) -> Reply:
    """A well-formed 200 that lacks the second half of its lines."""
    reply = answer()
    lines = b"".join(_chunks(reply)).splitlines(True)
    return _streamed(reply, iter(lines[: max(1, len(lines) // 2)]))


def _interrupted(_: Fault, answer: Answer) -> Reply:
    """A 200 whose body ends with the text of an error."""
    reply = answer()
    lines = b"".join(_chunks(reply)).splitlines(True)
    kept = lines[: max(1, len(lines) // 2)]
    return _streamed(reply, iter([*kept, INTERRUPTED.encode()]))


def _short_rows(_: Fault, answer: Answer) -> Reply:
    """Every third line lost its last cells."""
    reply = answer()
    lines = b"".join(_chunks(reply)).splitlines(True)
    bent = [
        line.rsplit(b";", 3)[0] + b"\n" if at % 3 == 1 else line for at, line in enumerate(lines)
    ]
    return _streamed(reply, iter(bent))


def _half(chunks: Iterator[bytes], end: bytes) -> Iterator[bytes]:
    first = next(chunks, b"")
    yield first[: max(1, len(first) // 2)]
    yield end


def _redirect(target: str) -> Callable[[Fault, Answer], Reply]:
    def move(fault: Fault, _: Answer) -> Reply:
        location = fault.option("to", target)
        return Reply(b"", int(fault.option("status", "302")), {"Location": location})

    return move


def _gzip(_: Fault, answer: Answer) -> Reply:
    """The same body with Content-Encoding: gzip."""
    reply = answer()
    body = gzip.compress(b"".join(_chunks(reply)), 1)
    return Reply(body, reply.status, {**reply.headers, "Content-Encoding": "gzip"})


def _html_as_csv(_: Fault, __: Answer) -> Reply:
    return Reply(_PAGE.format("Connexion").encode(), 200, {"Content-Type": "text/csv"})


def _huge(fault: Fault, answer: Answer) -> Reply:
    """The answer, then lines without end: ``bytes`` in all (100 MB)."""
    reply = answer()
    wanted = int(fault.option("bytes", "100000000"))
    return _streamed(reply, _padded(_chunks(reply), wanted))


def _padded(chunks: Iterator[bytes], wanted: int) -> Iterator[bytes]:
    sent, last = 0, b"0;0\n" * 16_384
    for chunk in chunks:
        sent += len(chunk)
        yield chunk
    yield from islice(iter(lambda: last, b""), max(0, wanted - sent) // len(last) + 1)


def _not_json(_: Fault, __: Answer) -> Reply:
    return Reply(b"Internal Server Error", 500, {"Content-Type": "text/plain"})


def _as_it_is(_: Fault, answer: Answer) -> Reply:
    return answer()


def _chunks(reply: Reply) -> Iterator[bytes]:
    return iter([reply.body] if isinstance(reply.body, bytes) else reply.body)


def _streamed(reply: Reply, chunks: Iterable[bytes]) -> Reply:
    return Reply(chunks, reply.status, reply.headers)


_DOMAIN = "Too many requests on the domain. Please contact the domain administrator."
_ANONYMOUS = "You have exceeded the requests limit for anonymous users."

FAULTS: dict[str, Callable[[Fault, Answer], Reply]] = {
    "400": _bad_request,
    "403": _status(403),
    "404": _status(404),
    "410": _status(410),
    "429": _too_many(10002, 10_000, _DOMAIN),
    "429-domain": _too_many(10002, 10_000, _DOMAIN),
    "429-anonymous": _too_many(10005, 1_000, _ANONYMOUS),
    "500": _not_json,
    "502": _page(502, "Bad Gateway"),
    "503": _page(503, "Service Unavailable"),
    "504": _page(504, "Gateway Timeout"),
    "reset": _reset,
    "slow": _slow,
    "cut": _cut,
    "truncated": _truncated,
    "interrupted": _interrupted,
    "short-rows": _short_rows,
    "redirect": _redirect("/"),
    "redirect-private": _redirect("http://169.254.169.254/latest/meta-data/"),
    "gzip": _gzip,
    "html-as-csv": _html_as_csv,
    "huge": _huge,
    "column-added": _as_it_is,
    "column-removed": _as_it_is,
}
"""Kind -> how it bends an answer. Columns are bent by the Explore services themselves.

Options: ``kind`` (odsql, limit, type) of 400; ``reset`` (near, far, past) and ``retry_after`` of
429; ``seconds`` and ``drip`` of slow; ``to`` and ``status`` of redirects; ``bytes`` of huge;
``column`` of the columns. ``cut`` and ``reset`` break the connection, ``truncated`` does not.
"""

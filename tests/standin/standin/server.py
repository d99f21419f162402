"""The HTTP server: one port, a prefix per service, faults and the control addresses of tests."""

from __future__ import annotations

import struct
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .blocks import Cache
from .datagouv import DataGouv
from .dgfip import datasets as balances
from .explore import Explore
from .faults import CUT, FAULTS, Call, Fault, Faults
from .geo import Entreprises, Geo
from .ofgl import datasets as aggregates
from .reply import Reply, Request, json_reply
from .world import World

QUOTA = 50_000
SERVICES = ("ofgl", "dgfip", "datagouv", "geo", "entreprises")


class StandIn:
    """The services, running while the ``with`` block lasts.

    ``territory``: SIREN or collectivities to be limited to; the whole region when empty.
    ``portal``: address of a portal whose datasets data.gouv.fr has harvested.
    """

    def __init__(
        self,
        port: int = 0,
        territory: Iterable[object] = (),
        *,
        seed: int = 1,
        portal: str = "",
        region: str = "44",
    ) -> None:
        self.world = World(seed, region, territory or ())
        self.faults = Faults()
        self.cache = cache = Cache()
        self.services: dict[str, Any] = {
            "dgfip": Explore(self.world, balances(self.world, cache), "DGFiP"),
            "ofgl": Explore(self.world, aggregates(self.world, cache), "OFGL"),
            "datagouv": DataGouv(self.world, portal),
            "geo": Geo(self.world),
            "entreprises": Entreprises(self.world),
        }
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.standin = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def urls(self) -> dict[str, str]:
        """Service -> its base address, as the settings of the sources want it."""
        return {name: f"{self.url}/{name}" for name in SERVICES}

    def start(self) -> StandIn:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def scenario(
        self, service: str, fault: str, *, match: str = "", times: int | None = None, **options: Any
    ) -> None:
        """From now on calls of ``service`` ("" for all) whose address holds ``match`` go wrong."""
        texts = {name: str(value) for name, value in options.items()}
        self.faults.add(Fault(str(fault), service, match, times, texts))

    def calls(self, service: str = "", match: str = "") -> list[Call]:
        """Calls received since the last reset."""
        return self.faults.calls(service, match)

    def change(self, siren: str, exercice: int, *, quiet: bool = False) -> None:
        self.world.change(siren, exercice, quiet=quiet)

    def drop(self, siren: str, *, quiet: bool = False) -> None:
        self.world.drop(siren, quiet=quiet)

    def reset(self) -> None:
        """No fault, no call, no edit: as it started."""
        self.faults.reset()
        self.world.reset()

    def answer(self, request: Request, fault: Fault | None) -> Reply:
        """What the service answers to this call, bent by the fault."""
        service = self.services.get(request.service)
        if service is None:
            return json_reply({"message": f"no service at /{request.service}"}, 404)
        bent = {}
        explores = isinstance(service, Explore)
        if fault and explores and fault.kind.startswith("column-"):
            bent[fault.kind.removeprefix("column-")] = fault.option("column", "nouvelle_colonne")
        if fault is None:
            return service.answer(request)
        return FAULTS[fault.kind](fault, lambda: service.answer(request, **bent))

    def control(self, action: str, args: dict[str, list[str]]) -> Reply:
        """``/_scenario``, ``/_calls``, ``/_reset``, ``/_change`` and ``/_drop``."""
        given = {name: values[-1] for name, values in args.items()}
        if action == "calls":
            found = self.calls(given.get("service", ""), given.get("match", ""))
            return json_reply([asdict(call) for call in found])
        try:
            self._act(action, given)
        except (KeyError, ValueError) as error:
            return json_reply({"message": f"{type(error).__name__}: {error}"}, 400)
        return json_reply({"done": action})

    def _act(self, action: str, given: dict[str, str]) -> None:
        quiet = given.get("quiet", "") == "1"
        if action == "scenario":
            times = given.pop("times", "")
            fault, match = given.pop("fault"), given.pop("match", "")
            service = given.pop("service", "")
            self.scenario(service, fault, match=match, times=int(times) if times else None, **given)
        elif action == "change":
            self.change(given["siren"], int(given["exercice"]), quiet=quiet)
        elif action == "drop":
            self.drop(given["siren"], quiet=quiet)
        elif action == "reset":
            self.reset()
        else:
            raise ValueError(f"unknown action: {action}")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    standin: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle of a body are part of the game; faults of ours not."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the stand-in, writes what it says."""

    protocol_version = "HTTP/1.1"
    server_version = "standin"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: Server  # type: ignore[assignment]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Calls are kept in the log of the stand-in."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        standin = self.server.standin
        parts = urlsplit(self.path)
        query = parts.query
        if length := int(self.headers.get("Content-Length") or 0):
            query += "&" + self.rfile.read(length).decode()
        args = parse_qs(query, keep_blank_values=True)
        _, service, *rest = unquote(parts.path).split("/", 2)
        if service.startswith("_"):
            self._write(standin.control(service[1:], args))
            return
        path = "/" + (rest[0] if rest else "")
        base = f"http://{self.headers.get('Host', '')}/{service}"
        request = Request(service, path, args, dict(self.headers), base)
        asked = f"{path}?{unquote(parts.query)}" if parts.query else path
        fault = standin.faults.take(service, asked)
        reply = standin.answer(request, fault)
        agent = self.headers.get("User-Agent", "")
        call = Call(service, asked, reply.status, time.time(), agent)
        # Before the answer, so that whoever has it finds his call in the log.
        standin.faults.log(call)
        call.sent = self._write(reply, self._quota(service))

    def _quota(self, service: str) -> dict[str, str]:
        """Headers of the quota, renewed at midnight UTC."""
        now = datetime.now(timezone.utc)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        used = self.server.standin.faults.count(service)
        return {
            "X-RateLimit-Limit": str(QUOTA),
            "X-RateLimit-Remaining": str(max(0, QUOTA - used)),
            "X-RateLimit-Reset": str(int(midnight.timestamp())),
        }

    def _write(self, reply: Reply, headers: dict[str, str] | None = None) -> int:
        """Bytes of body sent."""
        if not reply.status:
            self._hang_up()
            return 0
        whole = isinstance(reply.body, bytes)
        self.send_response(reply.status)
        for name, value in {**(headers or {}), **reply.headers}.items():
            self.send_header(name, value)
        if whole:
            self.send_header("Content-Length", str(len(reply.body)))  # type: ignore[arg-type]
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return 0
        sent = self._whole(reply.body) if whole else self._chunked(reply.body)  # type: ignore[arg-type]
        self.wfile.flush()
        return sent

    def _whole(self, body: bytes) -> int:
        self.wfile.write(body)
        return len(body)

    def _chunked(self, chunks: Iterable[bytes]) -> int:
        sent = 0
        for chunk in chunks:
            if chunk == CUT:
                self.wfile.flush()
                self._hang_up()
                return sent
            if chunk:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                sent += len(chunk)
        self.wfile.write(b"0\r\n\r\n")
        return sent

    def _hang_up(self) -> None:
        """Close at once with a reset instead of a polite end."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

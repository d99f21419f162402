"""A real HTTP server on the loopback that answers as it is told, badly if need be."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ckanext.budgetod.sources.settings import Settings

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Call:
    """One request that came in."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HTTPServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.params = params
        self.close_connection = True
        owner = self.server.owner
        owner.calls.append(Call(parts.path, params, dict(self.headers)))
        answers = owner.routes.get(parts.path) or [text(404, "{}")]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(OSError):  # the client has had enough, which is what some tests want
            answer(self)

    def log_message(self, *args: Any) -> None:
        pass


class _HTTPServer(ThreadingHTTPServer):
    owner: Server

    def get_request(self) -> Any:
        self.owner.connections += 1
        return super().get_request()


class Server:
    """``on(path, *answers)``: what each call to a path gets, the last one again and again."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.calls: list[Call] = []
        self.connections = 0
        self.routes: dict[str, list[Answer]] = {}
        self._http = _HTTPServer((address, 0), Handler)
        self._http.owner = self
        self.port = self._http.server_port
        self.host = f"{address}:{self.port}"
        self.url = f"http://{self.host}"

    def on(self, path: str, *answers: Answer) -> str:
        self.routes[path] = list(answers)
        return self.url + path

    def __enter__(self) -> Server:
        threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.socket.close()

    def secure(self, context: Any) -> None:
        """Speak TLS from now on."""
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.url = f"https://{self.host}"


def settings(folder: Path, *servers: Server, **changes: Any) -> Settings:
    """Settings that may call these servers; patient, since the machine may be busy."""
    told: dict[str, Any] = {
        "cache": folder / "cache",
        "allowed_hosts": frozenset(server.host for server in servers),
        "rate": 0,
        "connect_timeout": 2.0,
        "read_timeout": 3.0,
        "attempts": 2,
    }
    return Settings(**{**told, **changes})


def text(status: int, body: str | bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """A complete answer."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        told = {"Content-Length": str(len(data)), "Connection": "close", **(headers or {})}
        for name, value in told.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def told(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return text(status, json.dumps(value), {**kind, **(headers or {})})


def raw(*pieces: bytes, pause: float = 0.0, reset: bool = False, times: int = 1) -> Answer:
    """Bytes as they are, status line included, with pauses; then closed, or reset."""

    def answer(handler: Handler) -> None:
        for piece in pieces * times:
            handler.wfile.write(piece)
            time.sleep(pause)
        if reset:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()

    return answer


def chunked(body: bytes, *, ended: bool = True) -> Answer:
    """An answer of unknown length, in one chunk; without its end when ``ended`` is false."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    end = b"0\r\n\r\n" if ended else b""
    return raw(head, b"%x\r\n" % len(body) + body + b"\r\n" + end)


def silent(seconds: float) -> Answer:
    """No answer for a while."""
    return lambda handler: time.sleep(seconds)


def redirect(to: str, status: int = 302) -> Answer:
    return text(status, "", {"Location": to})

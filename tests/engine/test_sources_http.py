"""The door to the network, against real servers: who is called, how long, how much, how often."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed, SourceError
from ckanext.budgetod.sources import http, waiting
from ckanext.budgetod.sources.addresses import is_allowed, is_public, shown
from ckanext.budgetod.sources.http import Client, within
from ckanext.budgetod.sources.settings import Settings

from .serving import Server, chunked, raw, redirect, settings, silent, text, told

OK = told({"ok": True})


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.01)


def failure(client: Client, url: str, **more: Any) -> SourceError:
    with pytest.raises(SourceError) as failed:
        client.fetch(url, **more)
    return failed.value


# --- which addresses ----------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
]
PUBLIC = ["192.134.5.1", "8.8.8.8", "2001:41d0:1::1", "::ffff:192.134.5.1", "64:ff9b::c086:501"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_the_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


HOSTS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.1",
    "0.0.0.0",  # noqa: S104
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "10.0.0.1",
    "169.254.169.254",
]


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_private_is_called(server: Server, tmp_path: Path, host: str) -> None:
    url = f"http://{host}:{server.port}/secret"
    client = Client(settings(tmp_path))
    error = failure(client, url)
    # Not every machine resolves IPv6 addresses or a name with a final dot.
    odd = host.startswith("[") or host.endswith(".")
    assert error.code == "address" or (odd and error.code == "unreachable")
    assert server.connections == 0
    assert error.params["url"].endswith("/secret")
    assert "127.0.0.1" not in str(error) or "127.0.0.1" in host


ADDRESSES = [
    "file:///etc/passwd",
    "ftp://data.example.fr/a",
    "gopher://127.0.0.1:70/",
    "//data.example.fr/a",
    "/etc/passwd",
    "http://",
    "http:///path",
    "http://me:secret@data.example.fr/",
    "http://me@data.example.fr/",
    "http://data.example.fr:0/",
    "http://data.example.fr:99999/",
    "http://data.example.fr:port/",
    "http://a b.fr/",
    "http://data.example.fr\\@127.0.0.1/",
    "http://data.example.fr/\r\nHost: x",
    "http://[::1/",
    "http://.../",
    "",
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_what_is_no_plain_address(tmp_path: Path, url: str) -> None:
    client = Client(settings(tmp_path))
    error = failure(client, url)
    assert isinstance(error, Blocked)
    assert error.code == "address"
    assert client.calls == 0
    assert "secret" not in str(error)


def test_names_that_lead_inside_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One private address among public ones is enough: the next connection could take it."""
    import socket

    answers = [(2, 1, 6, "", ("192.134.5.1", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)
    assert failure(Client(settings(tmp_path)), "http://mixed.example.fr/").code == "address"


def test_names_that_do_not_exist(tmp_path: Path) -> None:
    client = Client(settings(tmp_path, attempts=1))
    assert failure(client, f"http://{'a' * 70}.localdomain/").code in ("unreachable", "address")


def test_allowed_hosts_open_one_host_and_port(server: Server, tmp_path: Path) -> None:
    with Server() as other:
        client = Client(settings(tmp_path, server))
        assert client.json(server.on("/", OK)) == {"ok": True}
        assert failure(client, other.on("/", OK)).code == "address"
        assert failure(client, f"http://localhost:{server.port}/").code == "address"
        assert other.connections == 0
    assert is_allowed("[::1]", 80, ["::1:80"])
    assert is_allowed("::1", 80, ["[::1]:80"])
    assert is_allowed("Mirror.LOCAL", 80, ["mirror.local:80"])
    assert not is_allowed("mirror.local", 8080, ["mirror.local:80"])
    assert not is_allowed("mirror.local", 80, ["mirror.local"])


def test_blanks_and_accents_in_a_path(server: Server, tmp_path: Path) -> None:
    server.on("/budget%202024/r%C3%A9gion.csv", OK)
    url = f"{server.url}/budget 2024/région.csv?à=b c"
    assert Client(settings(tmp_path, server)).json(url) == {"ok": True}
    assert server.calls[0].params == {"à": "b c"}


def test_addresses_are_shown_without_credentials() -> None:
    assert shown("https://a:b@h.fr/x?y=1") == "https://h.fr/x?y=1"
    assert "pw" not in shown("http://u:pw@[bad/")


# --- redirects ----------------------------------------------------------------------------------


def test_redirects_are_followed_up_to_three(server: Server, tmp_path: Path) -> None:
    server.on("/1", redirect("/2", 301))
    server.on("/2", redirect("3?x=y", 307))
    server.on("/3", redirect(f"{server.url}/4", 308))
    server.on("/4", text(200, "a;b\n"))
    server.on("/0", redirect("/1"))
    client = Client(settings(tmp_path, server))
    got = client.download(f"{server.url}/1", tmp_path / "x", {"q": "1"})
    assert got.url == f"{server.url}/4"
    assert [call.params for call in server.calls] == [{"q": "1"}, {}, {"x": "y"}, {}]
    assert failure(client, f"{server.url}/0").params["status"] == 308


def test_redirect_loops_end(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    error = failure(client, server.on("/loop", redirect("/loop")))
    assert (error.code, error.params["status"], client.calls) == ("status", 302, 4)


@pytest.mark.parametrize(
    "target", ["http://{host}/", "file:///etc/passwd", "//{host}/", "ftp://x/"]
)
def test_redirects_to_the_inside_are_refused(server: Server, tmp_path: Path, target: str) -> None:
    with Server() as inside:
        client = Client(settings(tmp_path, server))
        url = server.on("/", redirect(target.format(host=inside.host)))
        assert failure(client, url).code == "address"
        assert (inside.connections, client.calls) in ((0, 1), (0, 2))


def test_a_key_stays_with_its_host(server: Server, tmp_path: Path) -> None:
    with Server() as other:
        client = Client(settings(tmp_path, server, other))
        server.on("/b", redirect(other.on("/c", redirect("/d"))))
        other.on("/d", OK)
        client.json(server.on("/a", redirect("/b")), headers={"Authorization": "Apikey 123"})
        assert [call.headers.get("Authorization") for call in server.calls] == ["Apikey 123"] * 2
        assert [call.path for call in other.calls] == ["/c", "/d"]
        assert not [call for call in other.calls if "Authorization" in call.headers]


# --- what it says of itself, and does not take from around ---------------------------------------


def test_it_says_who_calls(server: Server, tmp_path: Path) -> None:
    contact = "opendata@région.example.fr\r\nX-Evil: 1"
    Client(settings(tmp_path, server, contact=contact)).fetch(server.on("/", OK))
    Client(settings(tmp_path, server)).fetch(f"{server.url}/")
    first, second = (call.headers["User-Agent"] for call in server.calls)
    assert first.startswith("ckanext-budgetod/")
    assert first.endswith(" (+opendata@rgion.example.fr X-Evil: 1)")
    assert second == first.partition(" ")[0]
    assert "X-Evil" not in server.calls[0].headers


def test_nothing_is_taken_from_the_environment(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Server() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        client = Client(settings(tmp_path, server, proxy))
        server.on("/", told({}, headers={"Set-Cookie": "id=1"}), OK)
        assert client.json(f"{server.url}/") == {}
        assert client.json(f"{server.url}/") == {"ok": True}
        assert proxy.connections == 0
    assert not {"Authorization", "Cookie"} & {*server.calls[0].headers, *server.calls[1].headers}


def test_switches(server: Server, tmp_path: Path) -> None:
    url = server.on("/", OK)
    for code, change in (("off", {"enabled": False}), ("offline", {"offline": True})):
        client = Client(settings(tmp_path, server, **change))
        error = failure(client, url)
        assert isinstance(error, Blocked)
        assert error.code == code
        with pytest.raises(Blocked):
            client.download(url, tmp_path / "x")
        assert client.calls == 0
    assert server.connections == 0


def test_tls_is_verified(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = ["-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(
        ["openssl", "req", "-x509", *kind, *files, *options], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.secure(context)
    url = server.on("/", OK)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    client = Client(settings(tmp_path, server))
    assert (failure(client, url).code, client.calls) == ("unreachable", 1)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(cert))
        assert Client(settings(tmp_path, server)).json(url) == {"ok": True}
        monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert failure(Client(settings(tmp_path)), url).code == "address"


# --- answers that are not good -------------------------------------------------------------------

PASSING = {
    "500 that is no JSON": text(500, b"\xff\x00 oops"),
    "502 of a gateway": text(502, "<html><body>Bad Gateway</body></html>"),
    "503": text(503, ""),
    "503 that asks to wait": text(503, "", {"Retry-After": "0"}),
    "504": text(504, "x" * 100_000),
    "429 without a word": text(429, ""),
    "reset before the answer": raw(reset=True),
    "closed before the answer": raw(),
    "no HTTP": raw(b"SSH-2.0-OpenSSH\r\n"),
    "silence": silent(0.5),
    "cut by length": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"),
    "cut in a chunk": chunked(b'{"a":1}', ended=False),
    "reset in the body": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", reset=True),
    "no gzip": text(200, "{}", {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(server: Server, tmp_path: Path, fault) -> None:
    patience = 0.4 if fault is PASSING["silence"] else 3
    client = Client(settings(tmp_path, server, attempts=3, read_timeout=patience))
    target = tmp_path / "file"
    got = client.download(server.on("/once", fault, fault, text(200, "whole")), target)
    assert (target.read_bytes(), got.size, client.calls) == (b"whole", 5, 3)


CODES = {
    "500 that is no JSON": "status",
    "429 without a word": "quota",
    "reset before the answer": "unreachable",
    "silence": "timeout",
    "cut by length": "truncated",
    "cut in a chunk": "truncated",
    "reset in the body": "truncated",
}


@pytest.mark.parametrize("name", CODES)
def test_what_does_not_pass_is_told(server: Server, tmp_path: Path, name: str) -> None:
    client = Client(settings(tmp_path, server, read_timeout=0.1 if name == "silence" else 3))
    target = tmp_path / "in" / "file"
    with pytest.raises(RemoteFailed) as failed:
        client.download(server.on("/x", PASSING[name]), target)
    assert (failed.value.code, client.calls) == (CODES[name], 2)
    assert failed.value.params["url"] == f"{server.url}/x"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


FINAL = {
    400: ("request", {"message": "Unknown field: x", "error_code": "ODSQLError"}),
    401: ("status", {}),
    403: ("status", {}),
    404: ("gone", {"message": "not found"}),
    408: ("status", {}),
    410: ("gone", {}),
    501: ("status", {}),
}


@pytest.mark.parametrize("status", FINAL)
def test_what_will_not_pass_is_not_tried_again(server: Server, tmp_path: Path, status: int) -> None:
    code, body = FINAL[status]
    client = Client(settings(tmp_path, server))
    error = failure(client, server.on("/", told(body, status)))
    assert (error.code, error.params["status"], client.calls) == (code, status, 1)
    assert error.params.get("message", "") == ("Unknown field: x" if status == 400 else "")


def test_a_400_without_json(server: Server, tmp_path: Path) -> None:
    error = failure(Client(settings(tmp_path, server)), server.on("/", text(400, "[1]")))
    assert (error.code, error.params["message"]) == ("request", "")


def test_what_is_no_json(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    bodies = {"\ufeff <!DOCTYPE html><p>": "html", "{": "not_json", "[" * 100_000: "not_json"}
    for body, code in bodies.items():
        with pytest.raises(RemoteFailed) as failed:
            client.json(server.on("/", text(200, body)))
        assert failed.value.code == code


# --- quotas --------------------------------------------------------------------------------------


def iso(**delta: float) -> str:
    moment = datetime.now(timezone.utc) + timedelta(**delta)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def over(code: int, reset: str) -> dict[str, Any]:
    return {
        "errorcode": code,
        "reset_time": reset,
        "limit_time_unit": "day",
        "call_limit": 10000,
        "error": "Too many requests on the domain. Please contact the domain administrator.",
    }


@pytest.mark.parametrize("code", [10002, 10005])
def test_a_quota_far_away_stops_at_once(server: Server, tmp_path: Path, code: int) -> None:
    client = Client(settings(tmp_path, server))
    reset = iso(hours=3)
    url = server.on("/", told(over(code, reset), 429))
    begun = time.monotonic()
    for _ in range(3):
        error = failure(client, url)
        assert error.code == "quota"
        told_until = datetime.fromisoformat(error.params["until"])
        wanted = datetime.fromisoformat(reset.replace("Z", "+00:00"))
        assert abs(told_until - wanted) < timedelta(seconds=2)
    assert (client.calls, len(server.calls)) == (1, 1)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("code", [10002, 10005])
def test_a_quota_reset_in_the_past_is_the_least_wait(
    server: Server, tmp_path: Path, code: int
) -> None:
    client = Client(settings(tmp_path, server))
    begun = time.monotonic()
    past = told(over(code, "2021-01-26T00:00:00Z"), 429)
    assert client.json(server.on("/", past, OK)) == {"ok": True}
    assert time.monotonic() - begun < 5
    assert failure(client, server.on("/", past)).code == "quota"


def test_near_quotas_are_waited_for(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    begun = time.monotonic()
    assert client.json(server.on("/", text(429, "", {"Retry-After": "1"}), OK)) == {"ok": True}
    assert time.monotonic() - begun >= 1


def later(seconds: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds))


# Made when the test runs: the clock goes on between collection and then.
WAITS: list[tuple[Callable[[], tuple[dict, Any]], float | None]] = [
    (lambda: ({"Retry-After": "7"}, over(10002, iso(hours=1))), 7),
    (lambda: ({"Retry-After": later(90)}, {}), 90),
    (lambda: ({"Retry-After": later(-9 * 86_400)}, {}), 0),
    (lambda: ({"Retry-After": "soon"}, over(10002, iso(seconds=40))), 40),
    (lambda: ({}, over(10005, iso(seconds=40))), 40),
    (lambda: ({}, over(10005, iso(days=-3))), 0),
    (lambda: ({}, {"reset_time": "2999-13-45"}), None),
    (lambda: ({}, {"reset_time": 17}), None),
    (lambda: ({}, {"error": "no time"}), None),
    (lambda: ({}, []), None),
    (lambda: ({"X-RateLimit-Reset": str(int(time.time()) + 40)}, {}), 40),
    (lambda: ({"X-RateLimit-Reset": "0"}, {}), 0),
    (lambda: ({"X-RateLimit-Reset": "-1"}, {}), None),
    (lambda: ({"X-RateLimit-Reset": "9" * 40}, {}), None),
]


@pytest.mark.parametrize(("answer", "seconds"), WAITS)
def test_how_long_a_quota_asks_to_wait(
    answer: Callable[[], tuple[dict, Any]], seconds: float | None
) -> None:
    headers, body = answer()
    wait = waiting.quota_wait(headers, json.dumps(body).encode())
    if seconds is None:
        assert wait is None
    else:
        assert wait == pytest.approx(seconds, abs=3 if seconds else 0)


def test_a_503_that_asks_for_an_hour_is_left_alone(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    error = failure(client, server.on("/", text(503, "", {"Retry-After": "3600"})))
    assert (error.code, client.calls) == ("status", 1)


def test_waits_grow_and_differ() -> None:
    waits = [{waiting.growing_wait(attempt) for _ in range(20)} for attempt in range(1, 30)]
    assert min(waits[3]) > max(waits[0])
    assert len(waits[0]) > 10
    assert max(waits[-1]) <= 30


def test_calls_are_paced_over_all_clients(server: Server, tmp_path: Path) -> None:
    url = server.on("/", OK)
    begun = time.monotonic()
    for _ in range(4):
        Client(settings(tmp_path, server, rate=10)).fetch(url)
    assert time.monotonic() - begun >= 0.3


# --- time ----------------------------------------------------------------------------------------

DRIPS = {
    "status line": raw(*(b"%c" % char for char in b"HTTP/1.1 200 OK" * 20), pause=0.05),
    "headers": raw(b"HTTP/1.1 200 OK\r\nX: ", *([b"y"] * 300), pause=0.05),
    "many headers": raw(b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n"] * 300), pause=0.05),
    "body": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", *([b"y"] * 300), pause=0.05),
    "chunks": raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        *([b"1\r\ny\r\n"] * 300),
        pause=0.05,
    ),
}


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_answers_that_drip_are_given_up(server: Server, tmp_path: Path, drip) -> None:
    client = Client(settings(tmp_path, server, attempts=1, read_timeout=0.06))
    begun = time.monotonic()
    assert failure(client, server.on("/", drip)).code == "timeout"
    assert time.monotonic() - begun < 5


def test_large_answers_may_take_longer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that keeps coming fast enough outlives the grace of a small one."""
    monkeypatch.setattr(http, "GRACE", 0.1)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n"
    url = server.on("/", raw(head, *([b"y" * 200_000] * 20), pause=0.03))
    client = Client(settings(tmp_path, server, attempts=1))
    begun = time.monotonic()
    assert client.download(url, tmp_path / "x").size == 4_000_000
    assert time.monotonic() - begun > 0.1 * 3


def test_no_connection_is_waited_for_for_ever(tmp_path: Path) -> None:
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting_line = [socket.socket() for _ in range(4)]
        for one in waiting_line:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        allowed = frozenset({f"127.0.0.1:{port}"})
        client = Client(settings(tmp_path, allowed_hosts=allowed, attempts=1, connect_timeout=0.3))
        begun = time.monotonic()
        assert failure(client, f"http://127.0.0.1:{port}/").code == "timeout"
        assert time.monotonic() - begun < 5
        for one in waiting_line:
            one.close()


def test_nobody_there(tmp_path: Path) -> None:
    with Server() as gone:
        host = gone.host
    client = Client(settings(tmp_path, allowed_hosts=frozenset({host})))
    assert (failure(client, f"http://{host}/").code, client.calls) == ("unreachable", 2)


def test_a_block_of_calls_can_have_an_end(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server, attempts=50, read_timeout=30))
    drip = server.on("/drip", raw(*([b"H"] * 100), pause=0.05))
    begun = time.monotonic()
    with within(0.3):
        assert failure(client, drip).code == "timeout"
        assert failure(client, server.on("/", OK)).code == "timeout"
    with within(0.3):
        assert failure(client, server.on("/", text(503, "", {"Retry-After": "5"}))).code == "status"
    assert time.monotonic() - begun < 4
    assert client.json(server.on("/", OK)) == {"ok": True}


# --- bytes ---------------------------------------------------------------------------------------

BOMB = gzip.compress(b"0" * 60_000_000)


def test_gzip_is_opened_and_files_in_gzip_are_not(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    packed = gzip.compress(b"a;b\n1;2\n")
    url = server.on("/", text(200, packed, {"Content-Encoding": "gzip"}))
    got = client.download(url, tmp_path / "a.csv")
    assert got.path.read_bytes() == b"a;b\n1;2\n"
    assert got.size == 8
    url = server.on("/a.csv.gz", text(200, packed, {"Content-Type": "application/gzip"}))
    assert client.download(url, tmp_path / "a.csv.gz").path.read_bytes() == packed


def test_a_length_that_is_no_number_is_ignored(server: Server, tmp_path: Path) -> None:
    url = server.on("/", raw(b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n", b"a;b"))
    got = Client(settings(tmp_path, server)).download(url, tmp_path / "a.csv")
    assert got.path.read_bytes() == b"a;b"


HUGE = {
    "bomb": text(200, BOMB, {"Content-Encoding": "gzip"}),
    "announced": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x" * 9),
    "endless": raw(b"HTTP/1.1 200 OK\r\n\r\n", *([b"x" * 100_000] * 400)),
}


@pytest.mark.parametrize("huge", HUGE.values(), ids=HUGE)
def test_bytes_are_bounded(server: Server, tmp_path: Path, huge) -> None:
    url = server.on("/", huge)
    folder = tmp_path / "files"
    with pytest.raises(RemoteFailed) as failed:
        Client(settings(tmp_path, server, max_bytes=1_000_000)).download(url, folder / "x")
    assert failed.value.params["limit"] == 1_000_000
    client = Client(settings(tmp_path, server))
    with pytest.raises(RemoteFailed) as failed:
        client.download(url, folder / "x", max_bytes=2_000_000)
    assert (failed.value.code, client.calls) == ("too_large", 1)
    assert list(folder.iterdir()) == []
    assert failure(Client(settings(tmp_path, server, max_bytes=1000)), url).code == "too_large"


@pytest.mark.parametrize("status", [200, 400, 429])
def test_a_gzip_in_a_gzip_is_not_opened(server: Server, tmp_path: Path, status: int) -> None:
    url = server.on("/", text(status, gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"}))
    client = Client(settings(tmp_path, server))
    assert (failure(client, url).code, client.calls) == ("status", 1)


# --- files ---------------------------------------------------------------------------------------

NAMES = {
    'attachment; filename="budget 2024.csv"': "budget 2024.csv",
    "attachment; filename*=UTF-8''budget%20r%C3%A9gion.csv": "budget région.csv",
    'attachment; filename="../../etc/passwd"': "passwd",
    'attachment; filename="C:\\\\a\\\\b.csv"': "b.csv",
    "": "données.csv",
}


@pytest.mark.parametrize("disposition", NAMES)
def test_what_is_told_of_a_file(server: Server, tmp_path: Path, disposition: str) -> None:
    headers = {"Content-Type": "Text/CSV; charset=utf-8", "Content-Disposition": disposition}
    url = server.on("/r/donn%C3%A9es.csv", text(200, "a;b\n", headers))
    got = Client(settings(tmp_path, server)).download(url, tmp_path / "new" / "x.csv")
    assert got.filename == NAMES[disposition]
    assert got.content_type == "text/csv"
    assert got.path == tmp_path / "new" / "x.csv"
    assert got.sha256 == hashlib.sha256(b"a;b\n").hexdigest()
    assert got.framed


def test_an_answer_without_announced_end(server: Server, tmp_path: Path) -> None:
    client = Client(settings(tmp_path, server))
    url = server.on("/", raw(b"HTTP/1.0 200 OK\r\n\r\n", b"a;b"))
    assert not client.download(url, tmp_path / "x").framed
    assert client.download(server.on("/", chunked(b"a;b")), tmp_path / "x").framed


def test_a_failed_download_leaves_the_old_file(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "x"
    target.write_bytes(b"old")
    client = Client(settings(tmp_path, server))
    with pytest.raises(RemoteFailed):
        client.download(server.on("/", PASSING["cut by length"]), target)
    assert target.read_bytes() == b"old"
    client.download(server.on("/", text(200, "new")), target)
    assert target.read_bytes() == b"new"


FULL_DISK = """
import resource, sys
from pathlib import Path
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.settings import Settings
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
folder, host = Path(sys.argv[1]), sys.argv[2]
client = Client(Settings(cache=folder, allowed_hosts=frozenset([host]), rate=0, attempts=3))
try:
    client.download(f"http://{host}/big", folder / "full" / "big")
except SourceError as error:
    print(error.code, client.calls, list((folder / "full").iterdir()))
"""


def test_a_full_disk_is_told_as_such(server: Server, tmp_path: Path) -> None:
    server.on("/big", text(200, b"x" * 300_000))
    run = [sys.executable, "-c", FULL_DISK, str(tmp_path), server.host]
    seen = subprocess.run(run, capture_output=True, text=True, timeout=20, env=dict(os.environ))
    assert seen.stdout == "disk 1 []\n", seen.stderr


def test_a_place_that_is_no_folder(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    client = Client(settings(tmp_path, server))
    with pytest.raises(SourceError) as failed:
        client.download(server.on("/", OK), tmp_path / "file" / "x")
    assert failed.value.code == "disk"


def test_defaults_are_polite() -> None:
    told_ = Settings(cache=Path("/nowhere"))
    assert told_.rate <= 2
    assert told_.allowed_hosts == frozenset()
    assert not Client(told_).offline

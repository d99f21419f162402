"""A real site for tests: web process, job workers, and lines to Solr and Redis that can be cut.

Processes share the database, Solr core and Redis number of the tests, and keep files on disk.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

CKAN = Path(sys.executable).parent / "ckan"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Line:
    """A TCP line to a service that can be cut and mended: the service itself never notices."""

    def __init__(self, url: str):
        self._parts = urlsplit(url)
        self.port = free_port()
        self._server: socket.socket | None = None
        self._open: list[socket.socket] = []
        self.mend()

    @property
    def url(self) -> str:
        login, at, _ = self._parts.netloc.rpartition("@")
        return urlunsplit(self._parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    @property
    def is_up(self) -> bool:
        return self._server is not None

    def mend(self) -> None:
        """Accept connections (again)."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        """Refuse connections and end those that are open."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open = []

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
                target = (self._parts.hostname or "", self._parts.port or 0)
                far = socket.create_connection(target)
            except OSError:
                return
            self._open += [client, far]
            for pair in ((client, far), (far, client)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Site:
    """The processes of a portal. ``settings`` are lines of its ini file."""

    def __init__(self, folder: Path, test_ini: str, config: Any, **settings: Any):
        self.folder = folder
        self.solr = Line(config["solr_url"])
        self.redis = Line(config["ckan.redis.url"])
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ini = folder / "site.ini"
        self.log = folder / "site.log"
        self.processes: list[subprocess.Popen] = []
        self._write_ini(Path(test_ini).resolve(), settings)

    def _write_ini(self, test_ini: Path, settings: dict[str, Any]) -> None:
        files = self.folder / "files"
        files.mkdir()
        lines = {
            "use": f"config:{test_ini}",
            "ckan.site_url": self.url,
            "ckan.storage_path": str(files),
            "ckan.files.storage.test.type": "ckan:fs",
            "ckan.files.storage.test.path": str(files),
            "ckan.files.storage.test.create_path": "true",
            "ckan.files.storage.test.override_existing": "true",
            "SESSION_TYPE": "cookie",
            "budgetod.stale_after": "5",
            **settings,
        }
        text = "\n".join(f"{name} = {value}" for name, value in lines.items())
        # CKAN 2.11 wants its logging in the very file it is given.
        logging = test_ini.read_text(encoding="utf-8").partition("[loggers]")
        self.ini.write_text(f"[app:main]\n{text}\n{''.join(logging[1:])}", encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CKAN_INI": str(self.ini),
            "CKAN_SOLR_URL": self.solr.url,
            "CKAN_REDIS_URL": self.redis.url,
            "CKAN_STORAGE_PATH": str(self.folder / "files"),
            "CKAN_SITE_URL": self.url,
            "TMPDIR": str(self._tmp()),
        }

    def _tmp(self) -> Path:
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def start(self, *arguments: str) -> subprocess.Popen:
        """One process of this site, in its own process group, its words in ``log``."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(CKAN), "-c", str(self.ini), *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def run(self, *arguments: str) -> str:
        """One command of this site to its end; what it printed."""
        done = subprocess.run(
            [str(CKAN), "-c", str(self.ini), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        return done.stdout

    def start_web(self) -> None:
        self.start("run", "-H", "127.0.0.1", "-p", str(self.port), "--disable-reloader")
        wait_for(self._answers, 60)

    def start_worker(self) -> subprocess.Popen:
        return self.start("jobs", "worker", "budgetod")

    def sweep(self) -> str:
        return self.run("budgetod", "sweep")

    def _answers(self) -> bool:
        return self.get("/api/3/action/status_show")[0] == 200

    def get(self, path: str, token: str = "") -> tuple[int, bytes]:
        """Status and body; status 0 when nobody answers."""
        request = urllib.request.Request(self.url + path)  # noqa: S310 - our own loopback address
        if token:
            request.add_header("Authorization", token)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def kill(self, process: subprocess.Popen) -> None:
        """Kill -9: the process and all its descendants, no goodbye."""
        for pid in [process.pid, *_descendants(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)
        self.processes.remove(process)

    def calm(self) -> None:
        """Back to a web process alone, with all services up."""
        for process in self.processes[1:]:
            self.kill(process)
        for line in (self.solr, self.redis):
            line.cut()
            line.mend()

    def stop(self) -> None:
        for process in list(self.processes):
            self.kill(process)
        self.solr.cut()
        self.redis.cut()


def _descendants(pid: int) -> list[int]:
    """Children of a process, their children and so on (rq's work horse has its own group)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 30, step: float = 0.1) -> Any:
    """The first true answer of ``condition``; AssertionError when it does not come in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(step)
    raise AssertionError(f"not within {seconds} s: {condition}")

"""A region harvested from the stand-in, beside plain CKAN: ``python -m tests.bench.harvest``.

``scripts/bench-harvest.sh`` makes the two CKAN and says where they are (``BENCH_OURS``,
``BENCH_PLAIN``, ``BENCH_STANDIN``). Ratios are taken between turns of a few datasets of each, one
after the other, so that they hold on a busy machine. ``--write`` puts the table into
``docs/performance.md``.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .importer import YEAR

DOCS = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: harvest -->", "<!-- end of harvest -->"
TURN = 15
"""Datasets of one turn."""
CONSUMERS = (1, 2, 4)
GRAND_EST = {"region": "44"}
DEPARTEMENTS = 10
SAMPLE = 390
"""Objects by which throughput and its growth with consumers are measured."""


class Child:
    """A CKAN in a process of its own that does what it is told (``tests.bench.importer``)."""

    def __init__(self, ini: str) -> None:
        command = [sys.executable, "-m", "tests.bench.importer", ini]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self._ask([name, *arguments])

    def _ask(self, command: list[Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        raise RuntimeError(f"{command[0]}: the process ended ({self._process.wait()})")

    def stop(self) -> None:
        with self._process:  # closes its pipes
            self._process.terminate()


@contextlib.contextmanager
def child(variable: str) -> Iterator[Child]:
    running = Child(os.environ[variable])
    try:
        yield running
    finally:
        running.stop()


@contextlib.contextmanager
def consumers(number: int) -> Iterator[list[int]]:
    """So many fetch consumers of ckanext-harvest, as a portal runs them; their process ids."""
    ckan = Path(sys.executable).parent / "ckan"
    command = [str(ckan), "-c", os.environ["BENCH_OURS"], "harvester", "fetch-consumer"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(command, **quiet) for _ in range(number)]
    try:
        _until_idle([one.pid for one in running])
        yield [one.pid for one in running]
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(20)


def _until_idle(pids: list[int]) -> None:
    """Until consumers have loaded and wait for work: no CPU for a second."""
    before, end = -1.0, time.monotonic() + 90
    while time.monotonic() < end:
        now = sum(map(_cpu, pids))
        if now == before and now > 1:
            return
        before = now
        time.sleep(1)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int, name: str = "VmHWM") -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in status if line.startswith(name))) * 1024


# --- what the source was asked -------------------------------------------------------------------
def _standin(path: str) -> Any:
    with urllib.request.urlopen(os.environ["BENCH_STANDIN"] + path) as answer:  # noqa: S310
        return json.load(answer)


def forget_calls() -> None:
    _standin("/_reset")


def calls() -> int:
    """Calls that the source of balances received."""
    return len(_standin("/_calls?service=dgfip"))


# --- measures ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Turns:
    """Seconds of each turn, ours and plain, of ``TURN`` datasets with the same files."""

    ours: list[float]
    plain: list[float]
    files: int

    @property
    def ratio(self) -> float:
        """Throughput of ours over that of plain CKAN: the median of the turns."""
        return statistics.median(p / o for o, p in zip(self.ours, self.plain, strict=True))


def in_turns(ours: Child, plain: Child, ids: list[str]) -> Turns:
    """Import objects, and write what they became into plain CKAN, in turns."""
    owner = plain.organisation()
    told = Turns([], [], 0)
    files = 0
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(ids), TURN):
            mine = ids[start : start + TURN]
            told.ours.append(ours.consume(mine))
            datasets = ours.copies(mine, folder)
            assert len(datasets) == len(mine), "not every object became a dataset"
            files += sum(len(one["files"]) for one in datasets)
            told.plain.append(plain.create(datasets, owner))
    return Turns(told.ours, told.plain, files)


@dataclass(frozen=True, slots=True)
class Run:
    """Objects per second; the largest consumer's peak in bytes, after a tenth and at the end."""

    rate: float
    early: int
    peak: int


def in_parallel(ours: Child, ids: list[str], number: int) -> Run:
    """Give objects to so many consumers and wait until all are done."""
    early = 0
    with consumers(number) as pids:
        start = ours.send(ids)
        while left := ours.left(ids):
            if not early and left < 0.9 * len(ids):
                early = max(map(_memory, pids))
            time.sleep(0.25 if len(ids) < 1000 else 2)
        rate = len(ids) / (time.time() - start)
        return Run(rate, early, max(map(_memory, pids)))


def again(ours: Child, source: str) -> tuple[float, dict[str, int], bool]:
    """Objects per second of a harvest without news, their status, whether datasets were left."""
    before = ours.written()
    told = ours.gather(source)
    ours.close(told["job"])
    count = sum(told["states"].values())
    return count / told["seconds"], told["states"], ours.written() == before


# --- the whole region ----------------------------------------------------------------------------
def region(territory: Mapping[str, Any] = GRAND_EST, sample: int = SAMPLE) -> Iterator[str]:
    """Lines of the table. Harvests everything of a territory for a year."""
    forget_calls()
    with child("BENCH_OURS") as ours, child("BENCH_PLAIN") as plain:
        config = {"territoire": territory, "exercices": [YEAR]}
        source = ours.source(config)
        job = ours.gather(source)
        assert not job["errors"], job["errors"]
        # The order of the source is by département and kind: every part gets the same mixture.
        ids = job["ids"][::7] + [one for rank, one in enumerate(job["ids"]) if rank % 7]
        yield _row("collectivities found", f"{len(ids)} in {job['seconds']:.0f} s", "")
        yield _row("peak memory of the gather", f"{ours.peak() / 1e6:.0f} MB", "≤ 400 MB")
        asked = calls()
        yield from _turns(in_turns(ours, plain, _take(ids, sample)))
        for number in CONSUMERS:
            run = in_parallel(ours, _take(ids, sample), number)
            yield _row(f"{number} consumer(s)", f"{run.rate:.1f} datasets/s", "")
        run = in_parallel(ours, ids, 2)
        yield _row(f"the other {len(ids)}, 2 consumers", f"{run.rate:.1f} datasets/s", "")
        yield _row("peak memory of a fetch consumer", f"{run.peak / 1e6:.0f} MB", "≤ 400 MB")
        yield _row("of which after a tenth", f"{run.early / 1e6:.0f} MB", "the same")
        counts = ours.close(job["job"])
        yield _row("objects by status", json.dumps(counts, sort_keys=True), "")
        each = asked / DEPARTEMENTS
        yield _row("calls per département and year", f"{each:.1f} ({asked} in all)", "≤ 3")
        yield _row("calls while importing", str(calls() - asked), "0")
        speed, states, untouched = again(ours, source)
        yield _row("harvest without news", f"{speed:.0f} objects/s", "≥ 100 objects/s")
        told = json.dumps(states, sort_keys=True)
        yield _row("what it wrote", f"no dataset: {untouched}; {told}", "no dataset")


def _take(ids: list[str], number: int) -> list[str]:
    """The next ones, taken out of the list."""
    taken = ids[:number]
    del ids[:number]
    return taken


def _turns(told: Turns) -> Iterator[str]:
    count = TURN * len(told.ours)
    yield _row("files per dataset", f"{told.files / count:.2f}", "")
    for name, seconds in (("ours", told.ours), ("plain CKAN", told.plain)):
        rate = TURN / statistics.median(seconds)
        yield _row(f"one process, {name}", f"{rate:.1f} datasets/s", "")
    yield _row("throughput, ours / plain CKAN", f"{told.ratio:.2f}", "≥ 0.8")


def _row(*cells: str) -> str:
    line = f"| {' | '.join(cells)} |"
    print(line, file=sys.stderr, flush=True)
    return line


def main() -> None:
    """Print the table, or write it into the page."""
    head = ["| what | measured | target |", "| --- | --- | --- |"]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    told = "\n".join([f"On {machine}:", "", *head, *region()])
    print(told)
    if "--write" in sys.argv:
        page = DOCS.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        DOCS.write_text(
            f"{before}{BEGIN}\n\n{told}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()

"""Measures of the engine, as ratios to one bare pass of lxml over the same bytes, in one process.

CPU time, the best of several runs, garbage collected before each: ratios hold on a busy machine.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lxml import etree

from ckanext.budgetod import engine
from ckanext.budgetod.engine import anonymiser
from ckanext.budgetod.engine.builder import Spec, cfu_document, totem_document
from ckanext.budgetod.engine.builder_annexes import sample_annexes
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.streams import Nowhere

RUNS = 15
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing there outlives a measure
MEMORY = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
"""Where files are written: in memory where there is such a place, as disks are not measured."""
STAFF_ROWS = 40


def cpu_time(work: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of CPU of the best run, after one that warms up."""
    work()
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def bare_pass(document: bytes) -> None:
    """The unit: every end event of the document, each element cleared."""
    for _, element in etree.iterparse(io.BytesIO(document)):
        element.clear()


@dataclass(frozen=True, slots=True)
class Ratios:
    """Multiples of ``bare`` (seconds): lines only, gate without seal, seal, everything but seal."""

    bare: float
    lines: float
    gate: float
    seal: float
    everything: float


def ratios(document: bytes, runs: int = RUNS) -> Ratios:
    """Measure one document."""
    bare = cpu_time(lambda: bare_pass(document), runs)

    def lines() -> None:
        engine.write_scdl(io.BytesIO(document), Nowhere())

    def gate(check_seal: bool = False) -> None:
        anonymiser.anonymise(io.BytesIO(document), Nowhere(), check_seal=check_seal)  # type: ignore[arg-type]

    gate_time = cpu_time(gate, runs)
    seal = max(0.0, cpu_time(lambda: gate(check_seal=True), runs) - gate_time)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        whole = cpu_time(
            lambda: engine.convert(io.BytesIO(document), tempfile.mkdtemp(dir=folder)), runs
        )
    return Ratios(
        bare=bare,
        lines=cpu_time(lines, runs) / bare,
        gate=gate_time / bare,
        seal=seal / bare,
        everything=(whole - seal) / bare,
    )


def town(size: int = 4_000_000, *, annexes: bool = True, cfu: bool = False) -> bytes:
    """A fictional document of about ``size`` bytes: lines, and three times as much of annexes."""
    spec = Spec(schema_version="113", stage="CFU") if cfu else Spec()
    lines = sample_lines()
    tables = sample_annexes()
    per_line = 420
    share = 4 if annexes else 1
    wanted = max(1, size // share // (per_line * len(lines)))
    many = [_touched(line, rank) for rank in range(wanted) for line in lines]
    if not annexes:
        return totem_document(spec=spec, lines=many)
    repeat = max(1, size * 3 // 4 // 9_000)
    rows = {name: found * repeat for name, found in tables.items()}
    build = cfu_document if cfu else totem_document
    return build(spec=spec, lines=many, annexes=rows, seal=size <= 8_000_000)


def _touched(line: dict[str, str], rank: int) -> dict[str, str]:
    """Not quite the same line: amounts differ, as they do in real documents."""
    amount = Decimal(line["MtReal"]) + Decimal(rank) / 100
    return {**line, "MtReal": f"{amount:.2f}"}


def peak_memory(path: Path) -> int:
    """Bytes at the worst moment of a whole conversion in a fresh process (Linux).

    ``ru_maxrss`` would not do: a child begins with its parent's.
    """
    code = (
        "import sys, tempfile\n"
        "from ckanext.budgetod import engine\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    engine.convert(sys.argv[1], folder)\n"
        "print(next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True
    )
    return int(done.stdout) * 1024


def look_ups() -> float:
    """Seconds of CPU to know every code of one document, from nothing."""
    from ckanext.budgetod.engine.nomenclature import Plans, Resolver
    from ckanext.budgetod.engine.readers import open_document

    document = totem_document()
    with open_document(io.BytesIO(document)) as opened:
        events = list(opened)
    header, *rest = events
    lines = [event for event in rest if type(event).__name__ == "BudgetLine"]

    def work() -> None:
        resolver = Resolver(Plans(), header)  # type: ignore[arg-type]
        for line in lines:
            resolver.resolve(line)  # type: ignore[arg-type]

    return cpu_time(work, 3)


def help_time(runs: int = 7) -> float:
    """Seconds that ``budgetod --help`` takes above a bare Python start."""
    command = [sys.executable, "-m", "ckanext.budgetod.engine.cli", "--help"]
    return _child_time(command, runs) - _child_time([sys.executable, "-c", "pass"], runs)


def _child_time(command: list[str], runs: int) -> float:
    best = float("inf")
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, spent)
    return best

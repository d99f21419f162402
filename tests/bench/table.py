"""Writes the measured tables of ``docs/performance.md``: ``python -m tests.bench.table [--write]``.

Real documents are read from ``BUDGETOD_REAL_DATA`` when it is set, the fictional ones always. The
closest existing converter is measured beside ours when the extra ``bench`` is installed and the
official plans are there (it reads them one by one from a folder).
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from . import measure

DOCS = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: bench -->", "<!-- end of measures -->"
SIZES = (4_000_000, 100_000_000)


def documents() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each document that is measured."""
    yield "fictional CA, 2 MB", measure.town(2_000_000)
    yield "fictional CFU, 2 MB", measure.town(2_000_000, cfu=True)
    yield "fictional lines only, 0.4 MB", measure.town(400_000, annexes=False)
    folder = Path(os.environ.get("BUDGETOD_REAL_DATA", ""), "totem")
    for path in sorted(folder.glob("*.xml")) if folder.is_dir() else ():
        if path.stat().st_size > 400_000:
            yield path.stem, path.read_bytes()


def peer() -> Callable[[bytes], float] | None:
    """CPU seconds of yatotem2scdl for a document, None when it cannot be measured."""
    plans = Path(os.environ.get("BUDGETOD_REAL_DATA", ""), "plans-de-compte")
    try:
        from yatotem2scdl import conversion  # type: ignore[import-not-found]
    except ImportError:
        return None
    if not plans.is_dir():
        return None

    def run(document: bytes) -> float:
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            file.write(document)
            file.flush()
            path = Path(file.name)

            def convert() -> None:
                maker = conversion.ConvertisseurTotemBudget()
                maker.totem_budget_vers_scdl(path, plans, io.StringIO())

            return measure.cpu_time(convert, 1)

    return run


def rows() -> Iterator[list[str]]:
    """One row per document."""
    other = peer()
    for name, document in documents():
        told = _alone(document)
        cells = [name, f"{len(document) / 1e6:.1f}", f"{told.bare * 1000:.0f}"]
        cells += [f"{ratio:.2f}" for ratio in (told.lines, told.gate, told.seal, told.everything)]
        cells.append(_peer_ratio(other, document, told.bare))
        print(" | ".join(cells), file=sys.stderr)
        yield cells


def _alone(document: bytes) -> measure.Ratios:
    """Measured in a process that read nothing else: what others left in memory slows."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure.ratios, document).result()


def _peer_ratio(other: Callable[[bytes], float] | None, document: bytes, bare: float) -> str:
    if other is None:
        return "not measured"
    try:
        return f"{other(document) / bare:.1f}"
    except Exception as error:  # noqa: BLE001 - whatever the peer does with a document is the answer
        return type(error).__name__


def memory() -> Iterator[str]:
    """Peak memory of a whole conversion, small and large."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.xml"
            path.write_bytes(measure.town(size))
            peaks.append(measure.peak_memory(path))
            yield f"| {path.stat().st_size / 1e6:.0f} MB document | {peaks[-1] / 1e6:.0f} MB |"
    yield f"| growth | {(peaks[1] - peaks[0]) / 1e6:.0f} MB |"


def region() -> str:
    """The generated part of the page."""
    head = [
        "document",
        "MB",
        "bare, ms",
        "lines",
        "gate",
        "seal",
        "everything",
        "yatotem2scdl 0.1.5",
    ]
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows()), ""]
    lines += ["| peak memory of a whole conversion | |", "| --- | --- |", *memory(), ""]
    lines += ["| start | |", "| --- | --- |"]
    lines += [f"| plan look-ups, from nothing | {measure.look_ups() * 1000:.0f} ms |"]
    lines += [f"| `budgetod --help` over a bare Python | {measure.help_time() * 1000:.0f} ms |"]
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the tables, or write them into the page."""
    told = region()
    if "--write" not in sys.argv:
        print(told)
        return
    page = DOCS.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCS.write_text(f"{before}{BEGIN}\n\n{told}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

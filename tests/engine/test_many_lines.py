"""A document of a hundred thousand lines: exact to the cent, in seconds, in bounded memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.builder_lines import sample_lines

TIMES = 3_334
"""The thirty lines of the model town, so many times: 100,020."""
SECONDS = 20
"""Of processor; 2 on an ordinary machine."""
MEGABYTES = 100
"""At the worst moment, Python and libraries included; 42 on an ordinary machine."""
AMOUNTS = {"BGT_MTREAL": "MtReal", "BGT_CREDOUV": "CredOuv", "BGT_MTRAR3112": "MtRAR3112"}

CONVERT = """
import json, sys, time
from ckanext.budgetod import engine
told = []
start = time.process_time()
done = engine.convert(sys.argv[1], sys.argv[2], progress=lambda *step: told.append(step))
spent = time.process_time() - start
peak = next(x.split()[1] for x in open("/proc/self/status") if x.startswith("VmHWM"))
print(json.dumps({"rows": done.report.rows, "told": told, "seconds": spent, "kB": int(peak)}))
"""


def many_lines() -> Iterator[dict[str, str]]:
    """No two of a slot alike: amounts go up by a cent."""
    model = sample_lines()
    for rank in range(TIMES):
        for line in model:
            done = Decimal(line["MtReal"]) + Decimal(rank) / 100
            yield {**line, "MtReal": f"{done:.2f}", "MtRAR3112": "0.01"}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What a conversion in a process of its own tells, and the folder of its files."""
    folder = tmp_path_factory.mktemp("many")
    source = folder / "many.xml"
    source.write_bytes(totem_document(lines=list(many_lines())))
    command = [sys.executable, "-c", CONVERT, str(source), str(folder / "out")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(done.stdout), folder / "out"


def test_every_line_is_written_and_sums_are_exact(converted: tuple[dict[str, Any], Path]) -> None:
    told, folder = converted
    assert told["rows"] == {"read": TIMES * 30, "written": TIMES * 30, "valid": TIMES * 30}
    expected = dict.fromkeys(AMOUNTS, Decimal(0))
    for line in many_lines():
        for column, name in AMOUNTS.items():
            expected[column] += Decimal(line[name])
    for kind in ("scdl", "etendu"):
        sums = dict.fromkeys(AMOUNTS, Decimal(0))
        with next(folder.glob(f"*-{kind}.csv")).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for column in AMOUNTS:
                    sums[column] += Decimal(row[column])
        assert sums == expected


def test_the_summary_says_the_same_sums(converted: tuple[dict[str, Any], Path]) -> None:
    summary = json.loads(next(converted[1].glob("*-chiffres.json")).read_text(encoding="utf-8"))
    kinds = [
        kind
        for sides in summary["totals"].values()
        for kinds in sides.values()
        for kind in kinds.values()
    ]
    lines = [line for line in many_lines() if line["Nature"] not in ("001", "002")]
    assert sum(kind["lignes"] for kind in kinds) == len(lines)
    done = sum(Decimal(line["MtReal"]) for line in lines)
    assert sum(Decimal(kind["realise"]) for kind in kinds) == done


def test_progress_is_told_all_along(converted: tuple[dict[str, Any], Path]) -> None:
    steps = {step: list(parts) for step, parts in groupby(converted[0]["told"], lambda x: x[0])}
    assert list(steps) == ["anonymise", "checks", "conversion", "files"]
    for told in steps.values():
        parts = [part for _, part in told]
        assert parts == sorted(parts)
        assert parts[0] >= 0
        assert parts[-1] <= 1
    assert len(steps["conversion"]) > 20


def test_time_and_memory_are_bounded(converted: tuple[dict[str, Any], Path]) -> None:
    assert converted[0]["seconds"] < SECONDS
    assert converted[0]["kB"] < MEGABYTES * 1000

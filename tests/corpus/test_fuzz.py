"""Damaged documents: only results or refusals, in time and memory, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZER = Path(__file__).with_name("fuzzer.py")
CASES = int(os.environ.get("BUDGETOD_FUZZ", "2000"))
SEED = int(os.environ.get("BUDGETOD_FUZZ_SEED", "1"))


def test_damaged_documents_are_read_or_refused() -> None:
    done = subprocess.run(
        [sys.executable, str(FUZZER), "--cases", str(CASES), "--seed", str(SEED)],
        capture_output=True,
        text=True,
        timeout=120 + CASES,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert answer["failures"] == [], answer["failures"][:5]
    assert sum(answer["outcomes"].values()) == CASES
    assert answer["outcomes"]["taken"] > CASES // 20
    assert answer["outcomes"]["F07"] > CASES // 20


WITH_A_FAULT = """
import re, sys
sys.path.insert(0, sys.argv[1])
import fuzzer

def loop():
    while True:
        pass

def swallow():
    while True:
        try:
            loop()
        except Exception:
            pass

faults = {
    "loop": loop,
    "swallow": swallow,
    "pattern": lambda: re.fullmatch("(a+)+", "a" * 60 + "b"),
    "memory": lambda: bytearray(fuzzer.MEMORY + 1),
    "error": lambda: {}["absent"],
}
fuzzer.SECONDS = 0.2
fuzzer.use = lambda data, convert: faults[sys.argv[2]]()
sys.exit(fuzzer.main(["--cases", "2"]))
"""


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("loop", "Late()"),
        ("swallow", "Late()"),
        ("pattern", "Late()"),
        ("memory", "MemoryError()"),
        ("error", "KeyError('absent')"),
    ],
)
def test_each_limit_of_the_fuzzer_bites(fault: str, error: str) -> None:
    """An engine that hangs, eats memory or breaks is found out, at every case, and the run ends."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_FAULT, str(FUZZER.parent), fault],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert [failure["error"] for failure in answer["failures"]] == [error, error]
    assert [failure["seed"] for failure in answer["failures"]] == [1, 2]
    assert answer["outcomes"] == {}

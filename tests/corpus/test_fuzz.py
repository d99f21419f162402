"""Damaged documents: only results or refusals, in time and memory, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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

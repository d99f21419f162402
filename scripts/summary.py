"""Adds up the rings of a test run: a line for each, then one in the words of pytest.

Arguments: the seconds that all took together (rings run side by side), and the folder with
``results`` (name, status, seconds a line) and one ``NAME.xml`` of pytest per ring that has tests.
Ends with 1 when any ring failed.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def counts(report: Path) -> Counter[str]:
    """passed, failed, errors and skipped of one ring; nothing when it has no tests."""
    if not report.exists():
        return Counter()
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314 (our own file)
    assert suite is not None  # noqa: S101 (pytest always writes one)
    found = Counter(
        failed=int(suite.get("failures", 0)),
        errors=int(suite.get("errors", 0)),
        skipped=int(suite.get("skipped", 0)),
    )
    found["passed"] = int(suite.get("tests", 0)) - sum(found.values())
    return found


def described(found: Counter[str]) -> str:
    """``3 failed, 120 passed``; the order is pytest's."""
    names = ("failed", "passed", "skipped", "errors")
    return ", ".join(f"{found[name]} {name}" for name in names if found[name])


def main(seconds: str, folder: Path) -> int:
    total: Counter[str] = Counter()
    broken = False
    print("\nring        seconds  result")
    for line in (folder / "results").read_text().splitlines():
        name, status, took = line.split()
        found = counts(folder / f"{name}.xml")
        if status != "0" and not (found["failed"] or found["errors"]):
            found["errors"] += 1
        broken = broken or status != "0"
        total += found
        print(f"{name:<10} {took:>8}  {described(found) or 'ok'}")
    print(f"==== {described(total) or 'no tests'} in {seconds}s ====")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))

"""Whole documents against the files they must give, byte for byte.

``CASE/in.xml`` and ``CASE/options.json`` (arguments of ``convert``) give ``CASE/expected/``.
``make golden-update`` (or ``pytest tests/golden --update-golden``) writes the expected files anew;
the difference is then read in git. Documents are fictional.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod import engine

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/in.xml"))


def given(case: Path) -> dict[str, Any]:
    return json.loads((case / "options.json").read_text("utf-8"))


def facts_of_report(report: dict[str, Any]) -> dict[str, Any]:
    """What of a report depends on the document alone, not on how many controls exist."""
    findings = [
        {"code": found["code"], "level": found["level"], "count": found["count"]}
        for found in report["findings"]
    ]
    kept = {name: report[name] for name in ("document", "rows", "resolution", "seal")}
    return {**kept, "findings": sorted(findings, key=lambda found: found["code"])}


def produced(case: Path, folder: Path) -> dict[str, bytes]:
    """Files of a conversion: the tables, and the facts of the report."""
    conversion = engine.convert(case / "in.xml", folder, **given(case))
    tables = (path for path in folder.glob("*.csv") if not path.stem.endswith("-rapport"))
    files = {path.name: path.read_bytes() for path in tables}
    facts = facts_of_report(conversion.report.to_dict())
    text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return {**files, "report.json": text.encode("utf-8")}


def expected(case: Path) -> dict[str, bytes]:
    folder = case / "expected"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def write(case: Path, files: dict[str, bytes]) -> None:
    folder = case / "expected"
    folder.mkdir(exist_ok=True)
    for name in set(expected(case)) - set(files):
        (folder / name).unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def difference(name: str, want: bytes, have: bytes) -> str:
    lines = (data.decode("utf-8").splitlines(keepends=True) for data in (want, have))
    return "".join(difflib.unified_diff(*lines, f"expected/{name}", f"now/{name}", n=0))[:4000]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    files = produced(case, tmp_path)
    if request.config.getoption("--update-golden") or os.environ.get("BUDGETOD_GOLDEN_UPDATE"):
        write(case, files)
    wanted = expected(case)
    assert sorted(files) == sorted(wanted)
    for name, data in files.items():
        assert data == wanted[name], difference(name, wanted[name], data)


def test_there_are_cases() -> None:
    assert len(CASES) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_strict_files_satisfy_the_official_validator(case: Path, monkeypatch) -> None:
    frictionless = pytest.importorskip("frictionless")
    from ckanext.budgetod.engine.scdl.schema import table_schema

    monkeypatch.chdir(case)
    schema = frictionless.Schema.from_descriptor(table_schema())
    for path in sorted(Path("expected").glob("*-scdl.csv")):
        report = frictionless.Resource(path=str(path), schema=schema).validate()
        assert report.valid, report.flatten(["rowNumber", "fieldName", "type"])[:5]

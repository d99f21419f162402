"""``budgetod check`` and ``convert`` on a CSV that is already SCDL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ckanext.budgetod.engine.builder import VALMOSELLE, totem_document
from ckanext.budgetod.engine.cli import main
from ckanext.budgetod.engine.pipeline import write_scdl


@pytest.fixture
def valid(tmp_path: Path) -> Path:
    source, path = tmp_path / "ca.xml", tmp_path / "scdl.csv"
    source.write_bytes(totem_document())
    write_scdl(source, path)
    return path


@pytest.fixture
def spoiled(valid: Path, tmp_path: Path) -> Path:
    """Without SIRET, with semicolons and capitals."""
    path = tmp_path / "tableur.csv"
    rows = [line.split(",") for line in valid.read_text("utf-8").splitlines() if '"' not in line]
    text = "\r\n".join(";".join([row[0].title(), *row[1:2], *row[3:]]) for row in rows)
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_a_valid_file_is_fine(valid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(valid)]) == 0
    assert "30 lignes dont 30 conformes" in capsys.readouterr().out


def test_what_is_missing_is_said(spoiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(spoiled)]) == 1
    said = capsys.readouterr().out
    assert "il manque : BGT_SIRET" in said
    assert "séparateur (1)" in said


def test_convert_writes_the_repaired_file(
    spoiled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["convert", str(spoiled), "--out", str(out), "--siret", VALMOSELLE, "--json"]
    assert main(command) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["scdl"]["is_valid"]
    assert answer["scdl"]["repairs"]["given"] == answer["scdl"]["rows"]
    main(["check", str(out / "tableur-scdl.csv"), "--json"])
    again = json.loads(capsys.readouterr().out)
    assert again["scdl"]["is_valid"]
    assert not again["scdl"]["repairs"]
    (budget,) = again["budgets"]
    assert "Q01" in {finding["code"] for finding in budget["findings"]}, "rows were taken out"


def test_convert_writes_nothing_that_is_not_valid(spoiled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["convert", str(spoiled), "--out", str(out)]) == 1
    assert not list(out.glob("*.csv")) if out.exists() else True


def test_other_commands_refuse_it(valid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(valid)]) == 2
    assert "F03" in capsys.readouterr().out

"""``budgetod check`` and ``convert`` on a CSV that is already SCDL."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ckanext.budgetod.engine.builder import VALMOSELLE, totem_document
from ckanext.budgetod.engine.cli import main
from ckanext.budgetod.engine.pipeline import write_scdl
from ckanext.budgetod.engine.scdl.schema import COLUMNS


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


SECRETS = ("Zyxqw", "zyxqw@example.org", "06 12 34 56 78")


@pytest.fixture
def with_persons(valid: Path, tmp_path: Path) -> Path:
    """Persons in free texts, and in labels and codes that findings may quote."""
    with valid.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    for row in rows:
        row[head.index("BGT_CONTNAT_LABEL")] += " M. Jean Zyxqw"
        row[head.index("BGT_NATURE_LABEL")] += " zyxqw@example.org"
        row[head.index("BGT_FONCTION_LABEL")] = "Mme Zyxqw 06 12 34 56 78"
    rows[0][head.index("BGT_OPERATION")] = "Mme Zyxqw"
    rows[1][head.index("BGT_MTREAL")] = "999999.00"  # something for the controls to find
    path = tmp_path / "personnes.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("command", ["check", "convert"])
@pytest.mark.parametrize("how", [["--json"], ["-v"], []])
def test_persons_are_in_no_answer_and_no_file(
    with_persons: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    how: list[str],
    lang: str,
) -> None:
    out = tmp_path / "out"
    options = ["--out", str(out)] if command == "convert" else []
    assert main([command, str(with_persons), *options, *how, "--lang", lang]) == 1
    told = "".join(capsys.readouterr())
    if how == ["--json"]:
        assert json.loads(told)["scdl"]["masked"] == {"email": 30, "name": 61, "phone": 30}
    else:
        assert "P01" in told
    written = [path.read_text("utf-8") for path in out.iterdir()] if command == "convert" else []
    assert len(written) == (command == "convert")
    for secret in SECRETS:
        assert not any(secret.lower() in text.lower() for text in (told, *written))


def test_nothing_is_masked_when_that_is_asked_for(with_persons: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["convert", str(with_persons), "--out", str(out), "--profile", "none"])
    (written,) = out.iterdir()
    assert all(secret in written.read_text("utf-8") for secret in SECRETS)


def test_files_of_one_name_are_both_kept(valid: Path, tmp_path: Path) -> None:
    given = [tmp_path / folder / "budget.csv" for folder in ("a", "b")]
    for path in given:
        path.parent.mkdir()
        path.write_bytes(valid.read_bytes())
    out = tmp_path / "out"
    main(["convert", *map(str, given), "--out", str(out)])
    assert sorted(path.name for path in out.iterdir()) == ["budget-2-scdl.csv", "budget-scdl.csv"]


def test_what_is_missing_is_said(spoiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(spoiled)]) == 1
    said = capsys.readouterr().out
    assert "il manque\u00a0: BGT_SIRET" in said
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


def test_a_header_alone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    assert main(["convert", str(tmp_path / "x.csv"), "--out", str(tmp_path / "out")]) == 1
    assert "sans aucune ligne" in capsys.readouterr().out
    assert not list(tmp_path.glob("out/*"))

"""From what was typed to documents: folders, archives, streams read once; what options change."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import (
    Spec,
    budget_element,
    fictional_siret,
    totem_document,
)
from ckanext.budgetod.engine.cli import main

Captured = pytest.CaptureFixture[str]
BP = totem_document(stage="BP", exercice=2024, seal=True)
PLAN = (
    '<Nomenclature Norme="M57" Declinaison="M57_D" Exer="2031"><Nature><Comptes>'
    '<Compte Code="60612" Libelle="Gaz" DR="011"/></Comptes></Nature></Nomenclature>'
)
WRONG, RIGHT = "21570990800019", "21570990800010"
WATER = Spec(siret=fictional_siret("215709908", 2), annexe=True, code_budget="02")
GIVEN = "215 709 908\u00a000010"


def table(document: bytes = BP) -> bytes:
    target = io.BytesIO()
    engine.write_scdl(io.BytesIO(document), target)
    return target.getvalue()


def rows_of(arguments: list[str], capsys: Captured) -> list[dict[str, Any]]:
    main([arguments[0], "--json", *arguments[1:]])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- where documents are -------------------------------------------------------------------------
def test_a_folder_gives_its_documents_and_its_tables(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.xml").write_bytes(BP)
    (tmp_path / "sub" / "b.CSV").write_bytes(table())
    (tmp_path / "wide.csv").write_bytes(b"\xff\xfe" + table().decode().encode("utf-16-le"))
    (tmp_path / "other.csv").write_text("nom;prenom;age\n", encoding="utf-8")
    found = rows_of(["check", str(tmp_path)], capsys)
    assert [Path(row["file"]).name for row in found] == ["a.xml", "b.CSV", "wide.csv"]
    assert [row.get("scdl", {}).get("rows") for row in found] == [None, 30, 30]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_folder_without_documents_is_refused(tmp_path: Path, lang: str, capsys: Captured) -> None:
    (tmp_path / "note.txt").write_text("rien", encoding="utf-8")
    assert main(["check", "--lang", lang, str(tmp_path)]) == 2
    said = capsys.readouterr().out
    assert ("dans ce dossier" if lang == "fr" else "in this folder") in said


def test_an_archive_gives_its_tables_too(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", BP)
        archive.writestr("b.csv", table())
        archive.writestr("Dupont.pdf", b"%PDF-1.7")
    found = rows_of(["check", str(path)], capsys)
    assert ["report" in row for row in found] == [True, False]
    assert found[1]["scdl"]["is_valid"]


def test_an_archive_within_an_archive_is_named_by_its_kind(
    tmp_path: Path, capsys: Captured
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.xml", BP)
    path = tmp_path / "M. Dupont.gz"
    path.write_bytes(gzip.compress(inner.getvalue()))
    (row,) = rows_of(["check", str(path)], capsys)
    assert row["refused"]["params"]["liste"] == ".zip"


def test_what_can_be_read_only_once_is_read(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    feeding = threading.Thread(target=path.write_bytes, args=(BP,), daemon=True)
    feeding.start()
    assert main(["check", str(path)]) == 0
    feeding.join(timeout=10)
    capsys.readouterr()


def test_the_api_opens_archives() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.xml", BP)
        archive.writestr("two/two.xml", totem_document())
        archive.writestr("note.txt", "rien")
    packed.seek(0)
    found = [
        (name, engine.inspect(stream).header.exercice) for name, stream in engine.documents(packed)
    ]
    assert found == [("one.xml", 2024), ("two.xml", 2023)]
    (alone,) = [stream.read() for _, stream in engine.documents(io.BytesIO(BP))]
    assert alone == BP


def test_a_gz_on_the_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    packed = io.TextIOWrapper(io.BytesIO(gzip.compress(BP)))
    monkeypatch.setattr(sys, "stdin", packed)
    assert main(["check", "-"]) == 0
    capsys.readouterr()


def test_one_member_that_cannot_be_read_hides_no_other(tmp_path: Path, capsys: Captured) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", BP, compress_type=zipfile.ZIP_LZMA)
        archive.writestr("b.xml", BP)
    path = tmp_path / "all.zip"
    path.write_bytes(packed.getvalue())
    good, bad = rows_of(["check", str(path)], capsys)
    assert good["exit"] == 0
    assert bad["refused"]["code"] == "F07"


def test_what_a_conversion_wrote_is_not_read_again(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(totem_document(annexes=True))
    main(["convert", str(path), "--out", str(tmp_path)])
    capsys.readouterr()
    found = rows_of(["check", str(tmp_path)], capsys)
    assert {Path(row["file"]).suffix for row in found} == {".xml"}


def test_a_file_that_may_not_be_read_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (tmp_path / "a.xml").write_bytes(BP)
    (tmp_path / "b.xml").write_bytes(BP)
    real = Path.open

    def guarded(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "a.xml":
            raise PermissionError(13, "denied", str(self))
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", guarded)
    first, second = rows_of(["check", str(tmp_path)], capsys)
    assert first["refused"]["title"] == "Le fichier ne peut pas être lu"
    assert second["exit"] == 0


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("command", ["convert", "anonymise", "nomenclature add"])
def test_a_folder_that_may_not_be_written_to_is_named(
    command: str, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def denied(**options: Any) -> None:
        raise PermissionError(13, "denied", f"{options['dir']}/.0xgoltt0.part")

    for name in ("mkdtemp", "mkstemp"):
        monkeypatch.setattr(tempfile, name, denied)
    path, plan, out = tmp_path / "a.xml", tmp_path / "plan.xml", tmp_path / "out"
    path.write_bytes(BP)
    plan.write_text(PLAN)
    option, file = ("--plan", plan) if command == "nomenclature add" else ("--out", path)
    assert main([*command.split(), str(file), option, str(out), "--lang", lang]) == 3
    said = capsys.readouterr().err
    assert said.replace("\u00a0", "").startswith(f"budgetod: {out}: ")
    assert ("donnez-en un autre" if lang == "fr" else "give another one") in said
    assert "goltt0" not in said


@pytest.mark.parametrize("command", ["check", "convert", "summary"])
def test_plans_named_by_the_variable_must_be_there(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    path, nowhere, taken = tmp_path / "a.xml", tmp_path / "nowhere", tmp_path / "taken"
    path.write_bytes(BP)
    taken.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    for folder in (nowhere, taken):
        monkeypatch.setenv("BUDGETOD_PLANS", str(folder))
        assert main([command, str(path)]) == 3
        assert f"BUDGETOD_PLANS={folder}" in capsys.readouterr().err
        assert main([command, str(path), "--plan", str(tmp_path)]) == 0
        assert main(["inspect", str(path)]) == 0
        capsys.readouterr()
    monkeypatch.setenv("BUDGETOD_PLANS", "")
    assert main([command, str(path)]) == 0


def test_the_variable_may_name_a_folder_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, plans = tmp_path / "plan.xml", tmp_path / "plans"
    plan.write_text(PLAN)
    monkeypatch.setenv("BUDGETOD_PLANS", str(plans))
    assert main(["nomenclature", "diff", str(plan)]) == 1
    assert main(["nomenclature", "add", str(plan)]) == 0
    assert list(plans.iterdir())


def test_names_command_no_terminal(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("evil\x1b[2J\n\u2714 forged.xml", BP)
    main(["check", str(path)])
    (line,) = capsys.readouterr().out.splitlines()
    assert "\x1b" not in line
    assert "evil\\x1b[2J\\n" in line


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_any_terminal_can_show_what_is_told(encoding: str, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.xml"
    Path(os.fsdecode(path)).write_bytes(BP)
    command = [sys.executable, "-m", "ckanext.budgetod.engine.cli", "check", path]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


# --- options -------------------------------------------------------------------------------------
def test_a_siret_that_is_given_is_everywhere(tmp_path: Path, capsys: Captured) -> None:
    path, out = tmp_path / "bad.xml", tmp_path / "out"
    path.write_bytes(totem_document(siret=WRONG, stage="BP", annexes=True, seal=True))
    main(["convert", str(path), "--siret", GIVEN, "--out", str(out)])
    capsys.readouterr()
    (report,) = (json.loads(p.read_text()) for p in out.glob("*rapport.json"))
    (figures,) = (json.loads(p.read_text()) for p in out.glob("*chiffres.json"))
    assert report["document"]["siret"] == figures["document"]["siret"] == RIGHT
    (told,) = (f for f in report["findings"] if f["code"] == "I05")
    assert told["params"] == {"siret": WRONG, "repare": RIGHT}
    for csv_file in out.glob("*.csv"):
        assert WRONG not in csv_file.read_text().replace(f"({WRONG})", "")
    main(["summary", str(path), "--siret", GIVEN])
    assert json.loads(capsys.readouterr().out)["document"]["siret"] == RIGHT


def test_a_siret_never_stands_for_that_of_another_budget(tmp_path: Path) -> None:
    annexe = Spec(siret=fictional_siret("215709908", 2), annexe=True, siret_principal=WRONG)
    document = totem_document(budgets=[budget_element(Spec(siret=WRONG)), budget_element(annexe)])
    path = tmp_path / "two.xml"
    path.write_bytes(document)
    done = engine.convert(path, tmp_path, siret=RIGHT)
    assert done.header.siret == RIGHT
    assert done.others[0].header.siret == annexe.siret
    target = io.BytesIO()
    engine.write_scdl(path, target, siret=RIGHT)
    rows = list(csv.DictReader(io.StringIO(target.getvalue().decode())))
    assert {row["BGT_SIRET"] for row in rows} == {RIGHT, annexe.siret}


def test_every_budget_of_a_document_is_told(tmp_path: Path, capsys: Captured) -> None:
    broken = Spec(siret=fictional_siret("215709908", 2), annexe=True, siret_principal="")
    document = totem_document(budgets=[budget_element(Spec()), budget_element(broken)])
    path = tmp_path / "two.xml"
    path.write_bytes(document)
    assert "I07" in engine.check(path).codes()
    (row,) = rows_of(["convert", str(path), "--out", str(tmp_path / "out")], capsys)
    assert "I07" in {finding["code"] for finding in row["report"]["findings"]}
    assert len({p.name for p in (tmp_path / "out").iterdir()}) == len(row["outputs"])
    main(["summary", str(path)])
    assert len(json.loads(capsys.readouterr().out)["autres_budgets"]) == 1


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_wrong_document_to_compare_with_is_no_fault_of_the_other(
    tmp_path: Path, lang: str, capsys: Captured
) -> None:
    path, before = tmp_path / "a.xml", tmp_path / "before.xml"
    path.write_bytes(BP)
    before.write_bytes(b"%PDF-1.7")
    for broken in (b"%PDF-1.7", totem_document(exercice=2023)[:-300]):
        before.write_bytes(broken)
        arguments = ["check", "--lang", lang, str(path), "--previous", str(before)]
        assert main(arguments) == 3
        out, err = capsys.readouterr()
        assert not out
        assert err.startswith(f"budgetod: --previous {before}")


def test_a_document_that_cannot_be_compared_is_told(tmp_path: Path, capsys: Captured) -> None:
    path, before = tmp_path / "a.xml", tmp_path / "before.xml"
    path.write_bytes(BP)
    for spec, compared in (
        (Spec(stage="CA", exercice=2023), True),
        (Spec(stage="BP", exercice=2024), True),
        (Spec(stage="CA", exercice=2021), False),
        (Spec(stage="CA", exercice=2023, siret=fictional_siret("215709916")), False),
        (Spec(stage="CA", exercice=2023, annexe=True, code_budget="02"), False),
    ):
        before.write_bytes(totem_document(spec=spec))
        (row,) = rows_of(["check", str(path), "--previous", str(before)], capsys)
        assert row["compared"] is compared
        main(["check", str(path), "--previous", str(before)])
        assert ("rien n’a été comparé" in capsys.readouterr().err) is not compared


def test_a_document_of_several_budgets_is_compared_when_one_of_them_is(
    tmp_path: Path, capsys: Captured
) -> None:
    path, before = tmp_path / "a.xml", tmp_path / "before.xml"
    eau, bois = (Spec(annexe=True, code_budget=code) for code in ("02", "03"))
    path.write_bytes(totem_document(budgets=[budget_element(eau), budget_element(bois)]))
    for spec, compared in ((bois, True), (Spec(), False)):
        old = replace(spec, exercice=2022)
        before.write_bytes(totem_document(spec=old))
        for command in ("check", "convert"):
            arguments = [command, str(path), "--previous", str(before)]
            if command == "convert":
                arguments += ["--out", str(tmp_path / "out")]
            (row,) = rows_of(arguments, capsys)
            assert row["compared"] is compared


def test_formats_of_a_table_made_by_others(tmp_path: Path, capsys: Captured) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is an extra")
    path, out = tmp_path / "autre.csv", tmp_path / "out"
    path.write_bytes(table().replace(b"BGT_NOM", b"bgt_nom"))
    main(["convert", str(path), "--format", "parquet,json", "--out", str(out)])
    assert {p.name for p in out.iterdir()} == {"autre-scdl.parquet", "autre-scdl.json"}
    assert len(json.loads((out / "autre-scdl.json").read_text())) == 30
    capsys.readouterr()


def test_a_wrong_siret_of_a_table_is_replaced(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "tableur.csv"
    path.write_bytes(table().replace(RIGHT.encode(), b"2.15709908000E+13"))
    out = ["--out", str(tmp_path / "out")]
    assert main(["convert", str(path), *out]) == 1
    assert main(["convert", str(path), *out, "--siret", GIVEN]) == 1
    assert RIGHT in (tmp_path / "out" / "tableur-scdl.csv").read_text("utf-8")
    assert "valeur donnée (30)" in capsys.readouterr().out


def test_a_siret_that_was_not_needed_is_told(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "eau.xml"
    siret = fictional_siret("215709908", 2)
    path.write_bytes(totem_document(siret=siret, seal=True))
    (row,) = rows_of(["check", str(path), "--siret", RIGHT], capsys)
    assert row["report"]["document"]["siret"] == siret
    main(["check", str(path), "--siret", RIGHT])
    assert f"--siret n’a pas servi, le document porte le SIRET {siret}" in capsys.readouterr().err


def test_no_document_of_a_run_takes_the_files_of_another(tmp_path: Path, capsys: Captured) -> None:
    both = totem_document(budgets=[budget_element(Spec()), budget_element(WATER)])
    (tmp_path / "a.xml").write_bytes(both)
    (tmp_path / "b.xml").write_bytes(totem_document())
    (tmp_path / "budget-215709908-2023-ca-principal.csv").write_bytes(table())
    found = rows_of(["convert", str(tmp_path), "--out", str(tmp_path / "out")], capsys)
    written = [output["path"] for row in found for output in row["outputs"]]
    assert len(written) == len(set(written)) == len(list((tmp_path / "out").iterdir()))
    assert any(path.endswith("ca-annexe-02-scdl.csv") for path in written)


def test_two_years_with_one_wrong_siret_are_compared(tmp_path: Path, capsys: Captured) -> None:
    now, before = tmp_path / "now.xml", tmp_path / "before.xml"
    now.write_bytes(totem_document(siret=WRONG, exercice=2023))
    before.write_bytes(totem_document(siret=WRONG, exercice=2022, scale="0.05"))
    arguments = ["check", str(now), "--previous", str(before)]
    for siret in ([], ["--siret", RIGHT]):
        (row,) = rows_of([*arguments, *siret], capsys)
        assert row["compared"]
        assert "Q03" in {finding["code"] for finding in row["report"]["findings"]}


def test_a_column_found_twice_is_told(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "deux.csv"
    path.write_text(
        "\n".join(f"{line},{line.split(',')[1]}" for line in table().decode().splitlines()),
        encoding="utf-8",
    )
    assert main(["check", str(path)]) == 1
    assert "colonnes en double, la première est lue\u00a0: BGT_ANNEE" in capsys.readouterr().out


def test_a_summary_is_json_and_nothing_else(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.xml").write_bytes(BP)
    (tmp_path / "b.xml").write_bytes(b"%PDF-1.7")
    assert main(["summary", str(tmp_path / "a.xml"), str(tmp_path / "b.xml")]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["document"]["exercice"] == 2024
    assert "F01" in err


def test_languages_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown language: de"):
        engine.convert(io.BytesIO(BP), tmp_path, lang="de")
    assert not list(tmp_path.iterdir())


def test_only_the_years_asked_for_are_taken(tmp_path: Path, capsys: Captured) -> None:
    plan = (
        '<Nomenclature Norme="M57" Declinaison="M57_D" Exer="{year}"><Nature><Comptes>'
        '<Compte Code="60612" Libelle="Gaz" DR="011"/></Comptes></Nature></Nomenclature>'
    )
    for year in (2031, 2032):
        folder = tmp_path / "mirror" / str(year) / "M57" / "M57_D"
        folder.mkdir(parents=True)
        (folder / "planDeCompte.xml").write_text(plan.format(year=year), encoding="utf-8")
    update = ["nomenclature", "update", "--plan", str(tmp_path / "plans"), "--json"]
    update += ["--source", str(tmp_path / "mirror")]
    assert main([*update, "--year", "2032"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == ["M57-M57_D 2032"]
    assert main([*update, "--year", "2040"]) == 2
    assert "2040" in capsys.readouterr().err
    assert main(update) == 0
    assert json.loads(capsys.readouterr().out)["added"] == ["M57-M57_D 2031"]


def test_inspect_counts_the_annexes_of_every_budget(tmp_path: Path, capsys: Captured) -> None:
    rows = {"EMPRUNT": [{"CodTypEmpr": "01", "MtCapitalRestDu_31_12": "5.00"}]}
    budgets = [budget_element(spec, annexes=rows) for spec in (Spec(), WATER)]
    (tmp_path / "x.xml").write_bytes(totem_document(budgets=budgets))
    (told,) = rows_of(["inspect", str(tmp_path / "x.xml")], capsys)
    assert told["budgets"] == 2
    assert told["annexes"] == {"EMPRUNT": 2}


def test_a_summary_says_which_siret_it_kept(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "x.xml").write_bytes(BP)
    assert main(["summary", "--siret", "21570990800028", str(tmp_path / "x.xml")]) == 0
    assert "21570990800010" in capsys.readouterr().err


def test_a_column_with_a_blank_in_its_name_is_no_extra(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "x.csv").write_text("BGT_NATURE,BGT ANNEE,BGT_SIRET\n60612,2023,21570990800010\n")
    main(["check", "--json", str(tmp_path / "x.csv")])
    assert json.loads(capsys.readouterr().out)["scdl"]["extra"] == []

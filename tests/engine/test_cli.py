"""The ``budgetod`` command as people and scripts use it."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine import archives
from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.cli import main

SOUND = totem_document(stage="BP", seal=True)
TO_CONFIRM = totem_document()
REFUSED = b"%PDF-1.7 maquette"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("a.xml", SOUND), ("b.xml", TO_CONFIRM), ("c.xml", REFUSED)):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "note.txt").write_text("sans rapport")
    return tmp_path


def run(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ckanext.budgetod.engine.cli", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_exit_codes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder / "a.xml")]) == 0
    assert main(["check", str(folder / "b.xml")]) == 1
    assert main(["check", str(folder / "c.xml")]) == 2
    assert main(["check", str(folder / "nowhere.xml")]) == 3
    assert main(["check", str(folder)]) == 2
    capsys.readouterr()


def test_wrong_usage_is_three(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["check"], ["convert", "x", "--format", "xls"], ["unknown"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 3, arguments
    assert main([]) == 3
    capsys.readouterr()


def test_one_line_a_file_without_colours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(folder)])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert "\033" not in out + err
    assert "budget primitif 2023, Ville de Valmoselle" in out
    assert "S01" in out
    assert "F01 C’est un PDF" in out


def test_english_and_quiet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--lang", "en", "--quiet", str(folder)])
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2
    assert "This is a PDF" in out[1]


def test_verbose_explains(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "-v", str(folder / "b.xml")])
    assert "S01 Le fichier ne porte pas de scellement TotEM." in capsys.readouterr().out


def test_json_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--json", str(folder)])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["exit"] for row in rows] == [0, 1, 2]
    assert rows[0]["report"]["format"] == "budgetod-report"
    assert rows[2]["refused"]["code"] == "F01"


def test_convert_writes_and_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    assert main(["convert", str(folder / "a.xml"), "--out", str(out), "--format", "csv,json"]) == 0
    assert (out / "budget-215709908-2023-bp-principal-scdl.csv").exists()
    assert (out / "budget-215709908-2023-bp-principal-scdl.json").exists()
    assert "fichiers" in capsys.readouterr().out


def test_two_documents_of_one_identity_do_not_overwrite(folder: Path) -> None:
    (folder / "again.xml").write_bytes(SOUND)
    out = folder / "out"
    main(["convert", str(folder / "a.xml"), str(folder / "again.xml"), "--out", str(out)])
    assert (out / "budget-215709908-2023-bp-principal-scdl.csv").exists()
    assert (out / "budget-215709908-2023-bp-principal-2-scdl.csv").exists()


def test_siret_repairs_and_a_wrong_one_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder / "bad.xml"
    bad.write_bytes(totem_document(siret="21570990800019", seal=True))
    out = folder / "out"
    assert main(["convert", str(bad), "--out", str(out)]) == 1
    assert not list(out.glob("*scdl.csv"))
    assert main(["convert", str(bad), "--out", str(out), "--siret", "21570990800010"]) == 1
    assert list(out.glob("*scdl.csv"))
    assert main(["convert", str(bad), "--out", str(out), "--siret", "12"]) == 3
    assert "SIRET" in capsys.readouterr().err


def test_an_option_that_cannot_be_followed_is_a_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = folder / "good.xml"
    good.write_bytes(totem_document())
    rules = folder / "rules.yaml"
    rules.write_text("- a list", encoding="utf-8")
    for options in (
        ["check", str(good), "--plan", str(folder / "nowhere")],
        ["convert", str(good), "--out", str(good)],
        ["convert", str(good), "--out", str(folder), "--rules", str(folder / "nowhere")],
        ["convert", str(good), "--out", str(folder), "--rules", str(rules)],
        ["anonymise", str(good), "--out", str(good)],
    ):
        assert main(options) == 3, options
        assert capsys.readouterr().err.startswith("budgetod: ")


def test_rules_of_an_administrator_complete_a_conversion(folder: Path) -> None:
    source, rules, out = folder / "new.xml", folder / "rules.yaml", folder / "out"
    row = {"CodTypPret": "A", "NomBenefPret": "SARL Petit", "Nouveau": "12"}
    source.write_bytes(totem_document(annexes={"PRET": [row]}, seal=True))
    rules.write_text("tables: {PRET: {keep: [Nouveau]}}", encoding="utf-8")
    for options, published in (([], False), (["--rules", str(rules)], True)):
        main(["convert", str(source), "--out", str(out), *options])
        (xml,) = out.glob("*principal.xml")
        (table,) = out.glob("*annexe-pret.csv")
        assert (b'<Nouveau V="12"/>' in xml.read_bytes()) is published
        assert (",Nouveau" in table.read_text(encoding="utf-8")) is published


def test_anonymise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = folder / "annexes.xml"
    source.write_bytes(totem_document(annexes=True))
    main(["anonymise", str(source), "--out", str(folder / "out")])
    written = (folder / "out" / "annexes-anonymise.xml").read_text(encoding="utf-8")
    assert "VANDREZANNE" not in written
    assert "CONCOURS" in written
    capsys.readouterr()


@pytest.mark.parametrize("command", ["check", "convert", "anonymise", "inspect", "summary"])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_command_can_be_verbose(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, lang: str
) -> None:
    out = ["--out", str(tmp_path / "out")] if command in ("convert", "anonymise") else []
    assert main([command, "-v", "--lang", lang, str(folder / "a.xml"), *out]) in (0, 1)
    assert capsys.readouterr().out


def test_inspect_and_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "--json", str(folder / "a.xml")]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["lines"], seen["seal"]) == (30, "intact")
    assert main(["summary", "--json", str(folder / "a.xml")]) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["montants"] == "prevu"
    assert main(["summary", str(folder / "a.xml")]) == 0
    assert json.loads(capsys.readouterr().out) == summary


def test_standard_input() -> None:
    done = run("check", "-", stdin=SOUND)
    assert done.returncode == 0, done.stderr
    assert "Valmoselle" in done.stdout.decode()
    assert run("check", "-", stdin=b"").returncode == 2


def test_a_scdl_table_is_checked_year_by_year(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two years in one file; the second has lost most of its revenue."""
    years = []
    for year, scale in ((2022, 1), (2023, 1)):
        target = io.BytesIO()
        engine.write_scdl(io.BytesIO(totem_document(exercice=year, scale=scale)), target)
        years.append(target.getvalue().decode().splitlines())
    (head, *first), (_, *second) = years
    kept = [row for row in second if ",recette," not in row or ",752," in row]
    path = folder / "deux-ans.csv"
    path.write_text("\n".join([head, *first, *kept]) + "\n", encoding="utf-8")
    assert main(["check", "--json", str(path)]) == 1
    (budget,) = json.loads(capsys.readouterr().out)["budgets"]
    codes = {finding["code"] for finding in budget["findings"]}
    assert budget["exercice"] == 2023
    assert {"Q01", "Q02", "Q03"} <= codes
    path.write_text("\n".join([head, *first]) + "\n", encoding="utf-8")
    assert main(["check", "-v", str(path)]) == 0
    assert "2022 :" not in capsys.readouterr().out


# --- archives ------------------------------------------------------------------------------------
def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return target.getvalue()


def test_zip_gz_and_tar_gz(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.zip").write_bytes(zipped(a=SOUND, pdf=REFUSED, sub__b=TO_CONFIRM))
    assert main(["check", str(folder / "x.zip")]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "2 documents budgétaires trouvés, 1 autre fichier ignoré" in err
    (folder / "a.xml.gz").write_bytes(gzip.compress(SOUND))
    assert main(["check", str(folder / "a.xml.gz")]) == 0
    with tarfile.open(folder / "acte.tar.gz", "w:gz") as archive:
        for name in ("a.xml", "c.xml"):
            archive.add(folder / name, arcname=f"../../{name}")
    assert main(["check", str(folder / "acte.tar.gz")]) == 0
    capsys.readouterr()


def test_an_archive_writes_nothing_outside(folder: Path) -> None:
    (folder / "evil.zip").write_bytes(zipped(_dot__dot_____dot__dot___evil_dot_xml=SOUND))
    out = folder / "out"
    before = {path for path in folder.rglob("*") if path.is_file()}
    main(["convert", str(folder / "evil.zip"), "--out", str(out)])
    after = {path for path in folder.rglob("*") if path.is_file()} - before
    assert after
    assert all(path.parent == out for path in after)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped(pdf=REFUSED), "F11"),
        (zipped(inner_dot_zip=zipped(a=SOUND)), "F11"),
        (b"PK\x03\x04 broken", "F07"),
        (gzip.compress(SOUND)[:200], "F07"),
        (gzip.compress(b"<" + b" " * 30_000_000), "F09"),
    ],
)
def test_archives_that_are_refused(
    folder: Path, content: bytes, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "archive.bin"
    path.write_bytes(content)
    assert main(["check", "--json", str(path)]) == 2
    assert json.loads(capsys.readouterr().out)["refused"]["code"] == code


def test_an_encrypted_member(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(zipped(a=SOUND))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path = folder / "secret.zip"
    path.write_bytes(content)
    assert main(["check", "--json", str(path)]) == 2
    assert json.loads(capsys.readouterr().out)["refused"]["code"] == "F12"


def test_too_many_members(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    path = folder / "many.zip"
    path.write_bytes(zipped(a=SOUND, b=SOUND, c=SOUND))
    assert main(["check", "--quiet", str(path)]) == 2


# --- the rest ------------------------------------------------------------------------------------
def test_nomenclature_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nomenclature", "list", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert 2024 in known["M57-M57_D"]
    assert main(["nomenclature", "list"]) == 0
    assert "M57-M57_D: " in capsys.readouterr().out


PLAN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<Nomenclature Norme="M57" Declinaison="M57_D" Exer="2031"><Nature>
<Chapitres><Chapitre Code="011" Libelle="Charges" TypeChapitre="C" Section="F" Special="0"/>
</Chapitres><Comptes><Compte Code="60612" Libelle="Gaz" DR="011" RR="" DOES="" ROES=""
DOIS="" ROIS="" DEquip="0" REquip="0"/></Comptes></Nature></Nomenclature>"""


def test_nomenclature_diff_add_update(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mirror = folder / "miroir" / "2031" / "M57" / "M57_D"
    mirror.mkdir(parents=True)
    plan = mirror / "planDeCompte.xml"
    plan.write_text(PLAN, encoding="latin-1")
    plans = folder / "plans"
    assert main(["nomenclature", "diff", str(plan), "--plan", str(plans)]) == 1
    assert main(["nomenclature", "add", str(plan), "--plan", str(plans)]) == 0
    assert "M57-M57_D 2031" in capsys.readouterr().out
    update = ["nomenclature", "update", "--source", str(folder / "miroir"), "--plan", str(plans)]
    assert main(update) == 0
    assert "0 plan ajouté, 1 déjà connu" in capsys.readouterr().out
    document = folder / "2031.xml"
    document.write_bytes(totem_document(exercice=2031))
    main(["check", "--json", "--plan", str(plans), str(document)])
    told = json.loads(capsys.readouterr().out)["report"]
    assert told["resolution"]["nature_label"]["exact"] == 1


def test_nomenclature_refuses_what_is_no_plan(folder: Path) -> None:
    assert main(["nomenclature", "add", str(folder / "a.xml"), "--plan", str(folder)]) == 2
    assert main(["nomenclature", "add", str(folder / "nowhere"), "--plan", str(folder)]) == 3


def test_nomenclature_wants_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUDGETOD_PLANS", raising=False)
    assert main(["nomenclature", "add", str(folder / "a.xml")]) == 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("convert", "siret", "nomenclature", "sans_xml"):
        assert word in script


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("conv", "convert"),
        ("--la", "--lang"),
        ("--lang en conv", "convert"),
        ("--lang en convert --prof", "--profile"),
        ("nomenclature upd", "update"),
    ],
)
def test_bash_understands_the_completion(folder: Path, typed: str, offered: str) -> None:
    script = run("completion", "bash").stdout
    (folder / "completion.sh").write_bytes(script)
    asked = (
        f". {folder}/completion.sh; COMP_WORDS=(budgetod {typed});"
        " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _budgetod; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, check=True)
    assert done.stdout.split() == [offered.encode()]


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert "budgetod" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0


def test_help_is_light() -> None:
    """Nothing heavy is imported before a file is read."""
    code = (
        "import sys; from ckanext.budgetod.engine import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'lxml', 'pandas', 'yaml', 'pyarrow', 'ckan'} & set(sys.modules)\n"
        "sys.exit(1 if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0


def test_a_closed_pipe_is_no_error(folder: Path) -> None:
    command = f"{sys.executable} -m ckanext.budgetod.engine.cli summary {folder}/a.xml | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert b"Traceback" not in done.stderr


def test_colours_and_progress_on_a_terminal_only(folder: Path) -> None:
    import pty

    parent, child = pty.openpty()
    command = [sys.executable, "-m", "ckanext.budgetod.engine.cli", "convert"]
    command += [str(folder / "a.xml"), "--out", str(folder / "out")]
    process = subprocess.Popen(command, stdout=child, stderr=child)
    os.close(child)
    process.wait()
    time.sleep(0.05)
    shown = os.read(parent, 100_000).decode()
    os.close(parent)
    assert "\033[32m" in shown
    assert "█" in shown


def test_ended_by_the_system_it_leaves_nothing_behind(folder: Path) -> None:
    (folder / "long.xml").write_bytes(totem_document(lines=sample_lines() * 500))
    out = folder / "out"
    out.mkdir()
    command = [sys.executable, "-m", "ckanext.budgetod.engine.cli", "convert"]
    process = subprocess.Popen([*command, str(folder / "long.xml"), "--out", str(out)])
    while process.poll() is None and not list(out.glob(".*/*/*")):
        time.sleep(0.001)
    process.terminate()
    assert process.wait(timeout=30) == 143
    assert not list(out.iterdir())

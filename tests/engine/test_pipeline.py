"""A conversion end to end: which files, complete or absent, the same every time, described."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import (
    VALMOSELLE,
    Spec,
    budget_element,
    cfu_document,
    fictional_siret,
    totem_document,
)
from ckanext.budgetod.engine.builder_annexes import PERSONS
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.errors import DocumentRefused, Unreadable

NAME = re.compile(r"budget-\d{9}-\d{4}-(bp|bs|dm\d*|ca|cfu)-(principal|annexe-\w+)[\w.-]*")
BAD_SIRET = VALMOSELLE[:-1] + "9"


def convert(document: bytes, out: Path, **options: Any) -> Any:
    return engine.convert(io.BytesIO(document), out, **options)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def kinds(done: Any) -> list[str]:
    return [output.kind for output in done.outputs]


def test_everything_about_an_account(tmp_path: Path) -> None:
    done = convert(totem_document(annexes=True, seal=True), tmp_path)
    found = kinds(done)
    assert found[:2] == ["scdl", "etendu"]
    for kind in ("annexe:emprunt", "annexe:concours", "annexe:subventions", "xml"):
        assert kind in found
    assert found[-4:] == ["report_json", "report_csv", "summary", "datapackage"]
    assert {output.path for output in done.outputs} == set(tmp_path.iterdir())
    assert all(NAME.fullmatch(path.name) for path in tmp_path.iterdir())
    assert done.report.rows == {"read": 30, "written": 30, "valid": 30}
    assert done.report.masked


def test_names_of_files(tmp_path: Path) -> None:
    convert(totem_document(stage="DM", numero_dm="2", exercice=2024), tmp_path)
    assert (tmp_path / "budget-215709908-2024-dm2-principal-scdl.csv").exists()
    convert(totem_document(annexe=True, code_budget="02"), tmp_path)
    assert (tmp_path / "budget-215709908-2023-ca-annexe-02-scdl.csv").exists()
    convert(totem_document(), tmp_path, basename="mon-budget")
    assert (tmp_path / "mon-budget-scdl.csv").exists()


def test_the_accountant_s_part_of_a_cfu(tmp_path: Path) -> None:
    done = convert(cfu_document(), tmp_path)
    assert {"comptable:bilan", "comptable:resultat", "comptable:execution"} <= set(kinds(done))
    path = next(output.path for output in done.outputs if output.kind == "comptable:execution")
    row = table(path)[0]
    assert row["BGT_NATDEC"] == "compte financier unique"
    assert row["BGT_SIRET"] == VALMOSELLE
    assert row["MtRealNettes"]


def test_strict_file_is_valid_for_frictionless(tmp_path: Path) -> None:
    done = convert(totem_document(annexes=True), tmp_path)
    package = next(output.path for output in done.outputs if output.kind == "datapackage")
    told = frictionless.validate(str(package))
    assert told.valid, told.flatten(["name", "rowNumber", "fieldName", "type", "message"])
    described = json.loads(package.read_text())
    strict = described["resources"][0]
    assert strict["schema"]["fields"][0]["title"]
    assert strict["schema"]["fields"][14]["unit"] == "EUR"


def test_data_package_of_a_cfu_is_valid(tmp_path: Path) -> None:
    done = convert(cfu_document(annexes=True), tmp_path)
    package = next(output.path for output in done.outputs if output.kind == "datapackage")
    told = frictionless.validate(str(package))
    assert told.valid, told.flatten(["name", "rowNumber", "fieldName", "type", "message"])


def test_report_file_follows_its_schema(tmp_path: Path) -> None:
    done = convert(totem_document(annexes=True), tmp_path)
    path = next(output.path for output in done.outputs if output.kind == "report_json")
    data = json.loads(path.read_text())
    schema = json.loads((files("ckanext.budgetod.engine") / "report.schema.json").read_text())
    jsonschema.validate(data, schema)
    assert data == done.report.to_dict()
    output = next(output for output in done.outputs if output.kind == "report_csv")
    rows = table(output.path)
    assert {row["code"] for row in rows} >= {check["code"] for check in data["checks"]}


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    document = cfu_document(annexes=True)
    for name in ("one", "two"):
        convert(document, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_no_strict_file_rather_than_an_invalid_one(tmp_path: Path) -> None:
    done = convert(totem_document(siret=BAD_SIRET), tmp_path)
    assert "scdl" not in kinds(done)
    assert "etendu" in kinds(done)
    assert {"kind": "scdl", "reason": "siret_invalide"} in done.report.absent_files
    assert done.report.rows["written"] == 0


def test_lines_that_cannot_conform(tmp_path: Path) -> None:
    lines = sample_lines()
    lines[0] = {**lines[0], "Nature": "60999999"}
    done = convert(totem_document(lines=lines), tmp_path)
    assert "scdl" not in kinds(done)
    assert {"kind": "scdl", "reason": "lignes_non_conformes"} in done.report.absent_files
    assert done.report.rows == {"read": 30, "written": 0, "valid": 29}
    assert "Q23" in done.report.codes()


def test_a_given_siret_repairs(tmp_path: Path) -> None:
    done = convert(totem_document(siret=BAD_SIRET), tmp_path, siret=VALMOSELLE)
    path = next(output.path for output in done.outputs if output.kind == "scdl")
    row = table(path)[0]
    assert row["BGT_SIRET"] == VALMOSELLE


def test_empty_files_do_not_exist(tmp_path: Path) -> None:
    done = convert(totem_document(), tmp_path)
    assert not any(kind.startswith("annexe:") for kind in kinds(done))
    assert {"kind": "annexe", "reason": "aucune_ligne"} in done.report.absent_files


def test_a_refused_document_leaves_nothing(tmp_path: Path) -> None:
    whole = totem_document()
    for document in (whole[: len(whole) // 2], b"%PDF-1.4", b"", b"<a/>"):
        with pytest.raises(DocumentRefused):
            convert(document, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_conversion_leaves_the_former_files(tmp_path: Path) -> None:
    convert(totem_document(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def stop(step: str, fraction: float) -> None:
        if step == "conversion":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(totem_document(scale=3), tmp_path, progress=stop)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_progress_goes_forward(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    convert(totem_document(), tmp_path, progress=lambda step, part: told.append((step, part)))
    steps = list(dict.fromkeys(step for step, _ in told))
    assert steps == ["anonymise", "checks", "conversion", "files"]
    assert all(0 <= part <= 1 for _, part in told)


def test_profiles(tmp_path: Path) -> None:
    document = totem_document(annexes=True)
    strict = convert(document, tmp_path / "strict")
    assert "annexe:personnel" not in kinds(strict)
    annexes = convert(document, tmp_path / "annexes", profile="annexes")
    assert "annexe:personnel" in kinds(annexes)
    without_xml = convert(document, tmp_path / "sans", profile="sans_xml")
    assert "xml" not in kinds(without_xml)
    as_is = convert(document, tmp_path / "none", profile="none")
    xml = next(output.path for output in as_is.outputs if output.kind == "xml")
    assert xml.read_bytes() == document
    for name in ("strict", "annexes", "sans"):
        for path in (tmp_path / name).iterdir():
            text = path.read_text(encoding="utf-8")
            assert not any(person.split()[-1] in text for person in PERSONS), path


def test_unknown_profile_and_format(tmp_path: Path) -> None:
    for options in ({"profile": "x"}, {"formats": ("xls",)}, {"formats": ()}):
        with pytest.raises(ValueError, match="unknown"):
            convert(totem_document(), tmp_path, **options)


def test_facts_say_that_the_source_is_anonymised(tmp_path: Path) -> None:
    clean = io.BytesIO()
    gate = engine.anonymise(io.BytesIO(totem_document(annexes=True, seal=True)), clean)
    clean.seek(0)
    done = engine.convert(clean, tmp_path, facts=gate.facts)
    assert "xml" not in kinds(done)
    assert done.report.seal == "intact"
    assert done.header.sealed_at is not None
    assert done.report.masked == ()
    whole = done.report.with_gate(gate.findings, gate.masked, gate.dropped)
    direct = convert(totem_document(annexes=True, seal=True), tmp_path / "direct")
    assert whole.to_dict() == direct.report.to_dict()
    assert done.summary == direct.summary


def test_json_and_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    done = convert(totem_document(), tmp_path, formats=("json", "parquet"))
    assert not any(output.path.name.endswith("scdl.csv") for output in done.outputs)
    paths = {o.path.suffix: o.path for o in done.outputs if o.kind == "scdl"}
    rows = json.loads(paths[".json"].read_text())
    columns = parquet.read_table(paths[".parquet"])
    assert len(rows) == columns.num_rows == 30
    assert rows[0]["BGT_SIRET"] == VALMOSELLE
    assert rows[0]["BGT_CREDOUV"] == 412000
    column = columns.column("BGT_CONTNAT").to_pylist()
    assert column[0] == "011"
    assert str(columns.column("BGT_CREDOUV").to_pylist()[0]) == "412000.00"


def test_formula_guard(tmp_path: Path) -> None:
    lines = sample_lines()
    lines[0] = {**lines[0], "Operation": "=1+1"}
    for guard, expected in ((False, "=1+1"), (True, "'=1+1")):
        done = convert(totem_document(lines=lines), tmp_path, formula_guard=guard)
        path = next(output.path for output in done.outputs if output.kind == "scdl")
        assert table(path)[0]["BGT_OPERATION"] == expected


def test_several_budgets_in_one_document(tmp_path: Path) -> None:
    second = Spec(siret=fictional_siret("215709908", 2), annexe=True, code_budget="02")
    document = totem_document(budgets=[budget_element(Spec()), budget_element(second)])
    done = convert(document, tmp_path)
    assert len(done.others) == 1
    names = {path.name for path in tmp_path.iterdir()}
    assert "budget-215709908-2023-ca-principal-scdl.csv" in names
    assert "budget-215709908-2023-ca-annexe-02-scdl.csv" in names


def test_sources_may_be_paths_or_streams_of_any_kind(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        """Readable once, as a network stream is."""

        def __init__(self, data: bytes) -> None:
            self._data = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return False

        def read(self, size: int = -1) -> bytes:
            return self._data.read(size)

    document = totem_document()
    path = tmp_path / "document.xml"
    path.write_bytes(document)
    reports = [
        engine.check(source).to_dict()
        for source in (path, str(path), io.BytesIO(document), Pipe(document))
    ]
    assert all(told == reports[0] for told in reports)


def test_read_lines_and_write_scdl(tmp_path: Path) -> None:
    document = totem_document()
    lines = list(engine.read_lines(io.BytesIO(document)))
    assert len(lines) == 30
    assert lines[0].chapitre == "011"
    assert lines[0].nature_label
    path = tmp_path / "strict.csv"
    assert engine.write_scdl(io.BytesIO(document), path) == 30
    done = convert(document, tmp_path / "all")
    whole = next(output.path for output in done.outputs if output.kind == "scdl")
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(("siret", "code"), [(BAD_SIRET, "I05"), (VALMOSELLE, "Q23")])
def test_write_scdl_writes_a_valid_file_or_none(tmp_path: Path, siret: str, code: str) -> None:
    lines = sample_lines()
    lines[0] = {**lines[0], "Nature": "60999999"}
    path = tmp_path / "strict.csv"
    with pytest.raises(Unreadable) as refused:
        engine.write_scdl(io.BytesIO(totem_document(siret=siret, lines=lines)), path)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_inspect(tmp_path: Path) -> None:
    document = totem_document(annexes=True, seal=True)
    seen = engine.inspect(io.BytesIO(document))
    assert (seen.lines, seen.size, seen.seal) == (30, len(document), "intact")
    assert seen.header.exercice == 2023
    assert seen.facts["annex_rows"]["PERSONNEL"] == 3
    assert len(seen.sha256) == 64


@pytest.mark.parametrize(
    "element",
    ["Nature", "Fonction", "NumDec", "CodBud", "Nomenclature", "VersionSchema", "NatFonc", "CodRD"],
)
def test_a_name_typed_where_a_code_stands_is_in_no_report(element: str, tmp_path: Path) -> None:
    """A code that is none is not repeated: not in the report, the figures, the names of files."""
    document = totem_document(stage="DM", numero_dm="1").decode("latin-1")
    planted = re.sub(f'<{element} V="[^"]*"', f'<{element} V="ZORGLUB Ada"', document)
    done = convert(planted.encode("latin-1"), tmp_path)
    for output in done.outputs:
        assert "zorglub" not in output.path.name
        if output.kind in ("report_json", "report_csv", "summary", "datapackage"):
            assert "ZORGLUB" not in output.path.read_text(encoding="utf-8"), output.kind

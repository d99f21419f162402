"""SCDL files of other producers as documents: per budget, repaired, told, or refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine import foreign
from ckanext.budgetod.engine.builder import VALMOSELLE, fictional_siret, totem_document
from ckanext.budgetod.engine.errors import DocumentRefused, NotABudget, TooLarge, Unreadable
from ckanext.budgetod.engine.scdl.schema import AMOUNT_COLUMNS, COLUMNS, table_schema

ANNEXE = fictional_siret(VALMOSELLE[:9], 2)
BAD = VALMOSELLE[:-1] + "9"


def rows_of(**options: Any) -> list[dict[str, str]]:
    """Strict rows of a fictional document."""
    out = io.BytesIO()
    engine.write_scdl(io.BytesIO(totem_document(**options)), out)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode())))


CA = rows_of(nomenclature="M57-M57_D", exercice=2023)
BP = rows_of(nomenclature="M57-M57_D", exercice=2024, stage="BP")


def table(
    rows: Sequence[dict[str, str]],
    columns: Sequence[str] = COLUMNS,
    separator: str = ",",
    encoding: str = "utf-8",
) -> io.BytesIO:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=separator, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(out.getvalue().encode(encoding))


def with_cells(rows: Sequence[dict[str, str]], **cells: str) -> list[dict[str, str]]:
    return [row | cells for row in rows]


def convert(source: Any, out: Path, **options: Any) -> list[Any]:
    return engine.convert_scdl(source, out, **options)


def strict(done: Any) -> list[dict[str, str]]:
    path = next(output.path for output in done.outputs if output.kind == "scdl")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def finding(done: Any, code: str) -> Any:
    (found,) = (found for found in done.report.findings if found.code == code)
    return found


def test_a_valid_file_is_left_alone(tmp_path: Path) -> None:
    (done,) = convert(table(CA), tmp_path)
    assert strict(done) == CA
    assert [path.name for path in tmp_path.iterdir()] == [done.outputs[0].path.name]
    header = done.header
    assert (header.siret, header.exercice, header.stage.slug) == (VALMOSELLE, 2023, "ca")
    assert header.libelle_collectivite == CA[0]["BGT_NOM"]
    assert header.nomenclature == "M57-M57_D"
    count = len(CA)
    assert done.report.rows == {"read": count, "written": count, "valid": count, "file": count}
    assert done.report.document["origine"] == "scdl"
    assert not {"H06", "H07", "P01", "I05", "Q23"} & set(done.report.codes())
    schema = frictionless.Schema.from_descriptor(table_schema())
    with frictionless.system.use_context(trusted=True):
        told = frictionless.Resource(path=str(done.outputs[0].path), schema=schema).validate()
    assert told.valid


def test_one_conversion_per_siret_year_and_stage(tmp_path: Path) -> None:
    rows = [*BP, *with_cells(CA, BGT_SIRET=ANNEXE, BGT_NOM="Eau"), *CA]
    done = convert(table(rows), tmp_path, siret=VALMOSELLE)
    told = [(c.header.exercice, c.header.siret, c.header.stage.slug) for c in done]
    assert told == [(2023, VALMOSELLE, "ca"), (2023, ANNEXE, "ca"), (2024, VALMOSELLE, "bp")]
    assert [c.header.type_budget for c in done] == ["P", "A", "P"]
    assert strict(done[1]) == with_cells(CA, BGT_SIRET=ANNEXE, BGT_NOM="Eau")
    assert strict(done[2]) == BP
    assert len({output.path.name for c in done for output in c.outputs}) == 3


def test_repairs_are_made_and_told(tmp_path: Path) -> None:
    spoiled = [
        row | {"BGT_MTREAL": row["BGT_MTREAL"].replace(".", ","), "BGT_CODRD": row["BGT_CODRD"][:1]}
        for row in with_cells(CA, BGT_NATDEC="Compte Administratif")
    ]
    (done,) = convert(table(spoiled, separator=";", encoding="utf-8-sig"), tmp_path)
    assert strict(done) == CA
    found = finding(done, "H06")
    told = {line["reparation"]: line["nombre"] for line in found.params["table"]}
    assert told["separator"] == told["byte_order_mark"] == 1
    assert told["enumeration"] == 2 * len(CA)
    assert found.params["n"] == found.count == sum(told.values())


def test_what_the_file_lacks_can_be_given(tmp_path: Path) -> None:
    columns = [c for c in COLUMNS if c not in ("BGT_SIRET", "BGT_NOM", "BGT_NATDEC")]
    given = {"siret": VALMOSELLE, "stage": "ca", "name": CA[0]["BGT_NOM"]}
    (done,) = convert(table(CA, columns), tmp_path, **given)
    assert strict(done) == CA
    with pytest.raises(Unreadable, match="etape"):
        convert(table(CA, columns), tmp_path, siret=VALMOSELLE)
    with pytest.raises(Unreadable, match="I00"):
        convert(table(CA, columns), tmp_path, stage="ca")
    with pytest.raises(ValueError, match="unknown stage"):
        convert(table(CA), tmp_path, stage="xx")


def test_chapters_sections_and_labels_come_from_the_plan(tmp_path: Path) -> None:
    names = ("BGT_CONTNAT", "BGT_CONTNAT_LABEL", "BGT_NATURE_LABEL", "BGT_SECTION")
    (done,) = convert(table(CA, [c for c in COLUMNS if c not in names]), tmp_path)
    assert done.report.rows["written"] == len(CA)
    assert [row["BGT_SECTION"] for row in strict(done)] == [row["BGT_SECTION"] for row in CA]


def test_rows_without_identity_are_counted(tmp_path: Path) -> None:
    rows = [*CA, CA[0] | {"BGT_ANNEE": "²⁰²³"}, CA[0] | {"BGT_SIRET": "Valmoselle"}]
    (done,) = convert(table(rows), tmp_path)
    assert strict(done) == CA
    assert finding(done, "H07").params == {"n": 2}
    assert done.report.rows["file"] == len(CA) + 2


@pytest.mark.parametrize(
    ("cells", "code"),
    [({"BGT_CODRD": "?"}, "Q23"), ({"BGT_MTREAL": "douze"}, "Q23"), ({"BGT_SIRET": BAD}, "I05")],
)
def test_no_strict_file_rather_than_an_invalid_one(
    tmp_path: Path, cells: dict[str, str], code: str
) -> None:
    (done,) = convert(table(with_cells(CA, **cells)), tmp_path)
    assert done.outputs == []
    assert code in done.report.codes()
    assert done.report.absent_files[0]["kind"] == "scdl"
    assert done.report.rows["written"] == 0


def test_persons_in_texts_are_masked_and_never_quoted(tmp_path: Path) -> None:
    rows = [CA[0] | {"BGT_OPERATION": "Achat à Mme Zélie Planterose"}, *CA[1:]]
    (done,) = convert(table(rows), tmp_path, extended=True)
    everything = "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    assert "Planterose" not in everything
    assert finding(done, "P01").count == 1
    assert done.report.masked[0]["count"] == 1
    assert done.report.rows["written"] == len(CA)


NO_VALUE = ("BGT_SECTION", "BGT_OPBUDG", "BGT_CODRD", "BGT_ARTSPE", *AMOUNT_COLUMNS)


@pytest.mark.parametrize("column", NO_VALUE)
def test_what_is_no_value_of_its_column_never_goes_out(tmp_path: Path, column: str) -> None:
    shifted = [CA[0] | {column: "M. Zdurand Paul"}, CA[1] | {column: "zdurand@example.org"}]
    (done,) = convert(table([*shifted, *CA[2:]]), tmp_path, extended=True)
    assert "scdl" not in [output.kind for output in done.outputs]
    for path in tmp_path.iterdir():
        assert "zdurand" not in path.read_bytes().decode("utf-8", "replace").lower()
    path = next(output.path for output in done.outputs if output.kind == "etendu")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [row[column] for row in rows[:3]] == ["", "", CA[2][column]]
    assert done.report.rows["valid"] == len(CA) - 2
    (told,) = finding(done, "Q23").params["table"]
    assert (told["colonne"], told["lignes"]) == (column, 2)
    assert told["raison"] in ("not_listed", "not_a_number")


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    (done,) = convert(table(CA, ["Commentaire", *COLUMNS]), tmp_path)
    assert done.report.dropped == ({"what": "Commentaire", "count": 1},)


def test_names_of_unknown_columns_are_masked_and_bounded(tmp_path: Path) -> None:
    odd = ["M. Zdurand", "zdurand@example.org", "x" * 3000]
    (done,) = convert(table(CA, [*odd, *COLUMNS]), tmp_path, extended=True)
    told = [row["what"] for row in done.report.dropped]
    assert told == ["[nom occulté]", "[courriel occulté]", "x" * 100]
    for path in tmp_path.iterdir():
        assert "zdurand" not in path.read_bytes().decode("utf-8", "replace").lower()


def test_figures_and_controls(tmp_path: Path) -> None:
    (theirs,) = convert(table(CA), tmp_path / "theirs", extended=True)
    document = totem_document(nomenclature="M57-M57_D", exercice=2023)
    ours = engine.convert(io.BytesIO(document), tmp_path / "ours")
    for name in ("totals", "chapitres", "resultats", "epargne_brute", "equipement"):
        assert theirs.summary[name] == ours.summary[name], name
    assert {"Q01", "Q07"} & set(ours.report.codes()) == {"Q01", "Q07"} & set(theirs.report.codes())
    asked = {check.code for check in theirs.report.checks if check.state != "not_applicable"}
    assert not asked & {"S01", "S03", "I07", "N01", "N05", "Q17"}
    data = json.loads(next(o.path for o in theirs.outputs if o.kind == "report_json").read_text())
    jsonschema.validate(
        data, json.loads((files("ckanext.budgetod.engine") / "report.schema.json").read_text())
    )


def test_a_year_is_compared_with_the_year_before(tmp_path: Path) -> None:
    inflated = [
        row | {name: str(Decimal(row[name]) * 100) for name in row if "_MT" in name and row[name]}
        for row in with_cells(CA, BGT_ANNEE="2024")
    ]
    before, after = convert(table([*inflated, *CA]), tmp_path)
    assert "Q03" not in before.report.codes()
    assert "Q03" in after.report.codes()


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"<!DOCTYPE html><html><body>404, BGT_SIRET</body></html>", NotABudget, "F05"),
        (b"", Unreadable, "F09"),
        (b"  \n ", Unreadable, "F09"),
        (b"%PDF-1.7 BGT_", NotABudget, "F01"),
        (b"PK\x03\x04" + b"\0" * 60, NotABudget, "F11"),
        (gzip.compress(b"BGT_NATDEC", mtime=0), NotABudget, "F11"),
        (b"<?xml version='1.0'?><a/>", NotABudget, "F05"),
        (b"nom,prenom,age\nx,y,3\n", NotABudget, "F02"),
        (b"\x00\x01\x02\x03" * 50, DocumentRefused, "F02"),
        (",".join(COLUMNS).encode(), Unreadable, "F15"),
    ],
)
def test_refusals(tmp_path: Path, content: bytes, error: type, code: str) -> None:
    with pytest.raises(error) as refused:
        convert(io.BytesIO(content), tmp_path)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLarge):
        convert(table(CA), tmp_path, max_size=1000)
    monkeypatch.setattr(foreign, "MAX_ROWS", len(CA) - 1)
    with pytest.raises(TooLarge):
        convert(table(CA), tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(foreign, "MAX_BUDGETS", 1)
    with pytest.raises(TooLarge):
        convert(table([*CA, *BP]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_and_a_stream_that_cannot_go_back(tmp_path: Path) -> None:
    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    path = tmp_path / "in.csv"
    path.write_bytes(table(CA).getvalue())
    for source in (path, str(path), Once(path.read_bytes())):
        (done,) = convert(source, tmp_path / "out")
        assert strict(done) == CA


def test_the_regional_file_of_another_portal(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "expected" / "scdl-like-ca-region-grand-est-2016-2020.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the real data")
    given = {"siret": VALMOSELLE, "stage": "ca", "name": "Région"}
    done = convert(path, tmp_path, **given)
    assert [c.header.exercice for c in done] == [2016, 2017, 2018, 2019, 2020]
    assert sum(c.report.rows["read"] for c in done) == done[0].report.rows["file"] == 9355
    assert all(c.report.absent_files == () for c in done)

"""The data package of a conversion: accepted by Frictionless, every column in words."""

from __future__ import annotations

import io
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import frictionless
import pyarrow.parquet
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.accounting import ACCOUNTING_ORDER, AccountingTables
from ckanext.budgetod.engine.annex_cells import declared
from ckanext.budgetod.engine.annexes import IDENTITY, SUBVENTIONS, AnnexTables
from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.document import AccountingRows, AnnexRows
from ckanext.budgetod.engine.fields import columns, field
from ckanext.budgetod.engine.scdl.schema import EXTENDED_AMOUNTS, EXTENDED_COLUMNS
from ckanext.budgetod.engine.tables import FORMATS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.xml"))
TEXTS = json.loads(
    resources.files("ckanext.budgetod.engine").joinpath("field_texts.json").read_text("utf-8")
)
FAMILIES = ("lines", "identity", "annexes", "grants", "accounting", "indicators")
SAME_WORD = {"Commune", "Session", "Abstentions", "SIREN", "Source"}
WITHOUT_UNIT = {
    "NumOrdre",
    "Superficie",
    *(f"RatioCouvAutoriAffect_{year}" for year in ("N", "NMoins1", "NMoins2", "NMoins3")),
}
"""A rank, an area whose unit no schema sets, ratios."""


def package_of(source: Any, folder: Path, **options: Any) -> tuple[Path, dict[str, Any]]:
    done = engine.convert(source, folder, **options)
    path = next(output.path for output in done.outputs if output.kind == "datapackage")
    return path, json.loads(path.read_text(encoding="utf-8"))


def accepted(path: Path) -> None:
    told = frictionless.validate(str(path))
    assert told.valid, told.flatten(["title", "rowNumber", "fieldName", "type", "message"])[:5]


def described(fields: list[dict[str, Any]]) -> None:
    """Every column has a title and a description; every quantity a unit."""
    for column in fields:
        name = column["name"]
        assert column["title"].strip(), name
        assert column["description"].strip(), name
        if column["type"] in ("number", "integer") and name not in WITHOUT_UNIT:
            assert column["unit"], name


def json_cells_fit(resource: dict[str, Any], folder: Path) -> None:
    """Frictionless reads JSON as a table only with an extra: its cells are read here one by one."""
    schema = frictionless.Schema.from_descriptor(resource["schema"])
    for row in json.loads((folder / resource["path"]).read_text(encoding="utf-8")):
        assert list(row) == schema.field_names
        _, notes = schema.read_cells(list(row.values()))
        assert not any(notes), notes


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_in_every_format_is_accepted(example: Path, tmp_path: Path) -> None:
    path, package = package_of(example, tmp_path, formats=FORMATS)
    accepted(path)
    for resource in package["resources"]:
        described(resource["schema"]["fields"])
        if resource["format"] == "json":
            json_cells_fit(resource, tmp_path)
    assert {resource["format"] for resource in package["resources"]} == set(FORMATS)


@pytest.mark.parametrize("formats", [("csv",), ("parquet",), ("json",), ("json", "csv")])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_choice_of_formats_is_accepted(
    formats: tuple[str, ...], lang: str, tmp_path: Path
) -> None:
    example = next(path for path in EXAMPLES if path.stem == "valmoselle-2024-cfu")
    path, package = package_of(example, tmp_path, formats=formats, lang=lang)
    accepted(path)
    assert {resource["format"] for resource in package["resources"]} == set(formats)
    for resource in package["resources"]:
        described(resource["schema"]["fields"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_english_package_has_no_french_title(example: Path, tmp_path: Path) -> None:
    _, french = package_of(example, tmp_path / "fr")
    _, english = package_of(example, tmp_path / "en", lang="en")
    pairs = zip(french["resources"], english["resources"], strict=True)
    for one, other in pairs:
        described(other["schema"]["fields"])
        titles = zip(one["schema"]["fields"], other["schema"]["fields"], strict=True)
        same = {mine["title"] for mine, yours in titles if mine["title"] == yours["title"]}
        assert same <= SAME_WORD, one["name"]


def test_a_year_with_blanks_stays_a_year_in_parquet(tmp_path: Path) -> None:
    """Read by pandas, as Frictionless does, a column with a blank must not become floats."""
    parquet = pytest.importorskip("pyarrow.parquet")
    from ckanext.budgetod.engine.parquet import write_parquet

    source, target = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("AnEncaisse,NumOrdre,Nom\n2010,,a\n,7,b\n", encoding="utf-8")
    kinds = {"AnEncaisse": "year", "NumOrdre": "integer", "Nom": "string"}
    write_parquet(source, target, [{"name": name, "type": kind} for name, kind in kinds.items()])
    frame = parquet.read_table(target).to_pandas()
    assert str(frame["AnEncaisse"][0]) == "2010"
    assert str(frame["NumOrdre"][1]) == "7"
    fields = [{"name": name, "type": kind} for name, kind in kinds.items()]
    schema = frictionless.Schema.from_descriptor({"fields": fields})
    told = frictionless.Resource(path=target.name, basepath=str(tmp_path), schema=schema)
    assert told.validate().valid


def test_a_boolean_is_one_in_json(tmp_path: Path) -> None:
    from ckanext.budgetod.engine.json_rows import write_json_rows

    source, target = tmp_path / "in.csv", tmp_path / "out.json"
    source.write_text("Permanent,Nom,Mt\ntrue,true,+010.50\n,,\nfalse,1,-2\n", encoding="utf-8")
    kinds = {"Permanent": "boolean", "Nom": "string", "Mt": "number"}
    write_json_rows(source, target, [{"name": name, "type": kind} for name, kind in kinds.items()])
    rows = json.loads(target.read_text(encoding="utf-8"), parse_float=str)
    assert [row["Permanent"] for row in rows] == [True, None, False]
    assert [row["Nom"] for row in rows] == ["true", None, "1"]
    assert [row["Mt"] for row in rows] == ["10.50", None, -2]


@pytest.mark.parametrize("family", FAMILIES)
def test_words_stand_in_both_languages(family: str) -> None:
    for name, both in TEXTS[family].items():
        (title_fr, about_fr), (title_en, about_en) = both["fr"], both["en"]
        assert title_fr != title_en or title_fr in SAME_WORD, name
        assert about_fr != about_en, name
        for text in (title_fr, about_fr, title_en, about_en):
            assert text == text.strip() != "", name
        assert about_fr.endswith((".", "…")), name
        assert about_en.endswith((".", "…")), name


def test_french_words_keep_their_spaces_together() -> None:
    """A no-break space stands before a double mark and inside guillemets."""
    french = [text for family in FAMILIES for both in TEXTS[family].values() for text in both["fr"]]
    french += [text for both in TEXTS["generic"].values() for text in both["fr"]]
    assert not [text for text in french if re.search(r"[^\u00a0][:;?!»](\s|$)|«[^\u00a0]|'", text)]


def test_every_declared_field_has_its_words_and_no_other() -> None:
    names = {name for table in declared()["tables"].values() for name in table["fields"]}
    assert set(TEXTS["annexes"]) == names
    assert set(TEXTS["lines"]) == set(EXTENDED_COLUMNS)
    assert set(TEXTS["identity"]) == set(IDENTITY)
    assert set(TEXTS["grants"]) == {name for name, *_ in SUBVENTIONS}
    assert set(TEXTS["accounting"]) >= set(ACCOUNTING_ORDER)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_column_of_every_table_is_described(lang: str) -> None:
    described([*columns(EXTENDED_COLUMNS, lang, EXTENDED_AMOUNTS)])
    tables = AnnexTables()
    for name, declaration in declared()["tables"].items():
        cells = dict.fromkeys(declaration["fields"], ("1",))
        tables.add(AnnexRows(cells, 1, name, name, 1))
    statements = AccountingTables()
    for etat in ("BI_A", "BI_S_A", "CR", "CR_S", "EB_DF", "XX"):
        cells = dict.fromkeys(TEXTS["accounting"], ("1",)) | {"Etat": (etat,)}
        statements.add(AccountingRows(cells, 1))
    found = [*tables.tables(lang), *statements.tables(lang)]
    assert len(found) == 39 + 1 + 6
    for table in found:
        described(table.columns)


@pytest.mark.parametrize(("lang", "quoted"), [("fr", "«\u00a0MtNeuf\u00a0»"), ("en", "“MtNeuf”")])
def test_a_field_that_nobody_knows_is_described_as_such(lang: str, quoted: str) -> None:
    column = field("annexes", "MtNeuf", "string", lang)
    assert column["title"]
    assert quoted in column["description"]


def test_units_are_said_in_the_language_asked_for() -> None:
    assert field("annexes", "DureeAnn", "number", "fr", "years")["unit"] == "année"
    assert field("annexes", "DureeAnn", "number", "en", "years")["unit"] == "year"
    share = field("grants", "pourcentageSubvention", "number", "en", "fraction")
    assert share["unit"] == "fraction"


def test_a_whole_number_may_be_written_with_decimals() -> None:
    tables = AnnexTables()
    tables.add(AnnexRows({"NbreProduit": ("3.00", "2.5")}, 2, "EMPRUNT", "EMPRUNT", 1))
    (table,) = tables.tables()
    assert [cells[-1] for cells in table.rows()] == ["3", ""]


def test_size_and_encoding_are_those_of_the_files(tmp_path: Path) -> None:
    _, package = package_of(io.BytesIO(totem_document(annexes=True)), tmp_path, formats=FORMATS)
    for resource in package["resources"]:
        if resource["format"] != "parquet":
            assert resource["bytes"] == (tmp_path / resource["path"]).stat().st_size
            assert resource["encoding"] == "utf-8"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_package_and_each_file_are_described(tmp_path: Path, lang: str) -> None:
    document = totem_document(stage="DM", numero_dm="2", exercice=2024, annexes=True)
    done = engine.convert(io.BytesIO(document), tmp_path, lang=lang)
    package = json.loads(done.outputs[-1].path.read_text("utf-8"))
    number = "n°\u00a02 de 2024" if lang == "fr" else "no. 2 of 2024"
    assert number in package["title"]
    assert "Ville de Valmoselle" in package["title"]
    told = [package["description"], *(each["description"] for each in package["resources"])]
    assert len(set(told)) == 5  # package, strict, extended, annexes, grants
    assert all(text.endswith(".") for text in told)


@pytest.mark.parametrize(
    ("name", "value", "cell"),
    [
        ("TxActuaInit", "1.8512345", "1.8512345"),
        ("TxActuaInit", "9" * 50, ""),
        ("NbrVotePour", "9" * 20, ""),
        ("ObjEmpr", "mot " * 40_000, "mot " * 40_000),
    ],
)
def test_odd_values_go_through_every_format(
    name: str, value: str, cell: str, tmp_path: Path
) -> None:
    """Seven decimals, numbers that no tool holds, a text beyond what the csv module reads."""
    document = totem_document(annexes=True).decode("latin-1")
    document = re.sub(f'<{name} V="[^"]*"', f'<{name} V="{value}"', document, count=1)
    source = io.BytesIO(document.encode("latin-1"))
    done = engine.convert(source, tmp_path, formats=FORMATS)
    accepted(next(out.path for out in done.outputs if out.kind == "datapackage"))
    tables = [out for out in done.outputs if name in {field["name"] for field in out.columns}]
    assert [out.path.suffix for out in tables] == [".csv", ".parquet", ".json"]
    (row, *_) = json.loads(tables[2].path.read_text("utf-8"))
    assert str(row[name] or "").strip() == cell.strip()
    column = pyarrow.parquet.read_table(tables[1].path).column(name)
    assert str(column[0].as_py() or "").strip() == cell.strip()

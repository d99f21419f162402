"""Real public documents: every row valid, every sum right to the cent, faults as decided.

Oracles: control sums computed independently, the official validator, and what another converter
gives for the cells that it fills. Nothing of a document is printed but file names and counts.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from ckanext.budgetod.engine.document import AMOUNTS, BudgetLine, Header, ReadProblem
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.nomenclature import Resolver, Standing, plans
from ckanext.budgetod.engine.nomenclature.compiler import compile_plan
from ckanext.budgetod.engine.nomenclature.install import update
from ckanext.budgetod.engine.readers import open_document
from ckanext.budgetod.engine.readers.scdl import open_scdl
from ckanext.budgetod.engine.readers.values import clean
from ckanext.budgetod.engine.scdl.mapping import StrictRows
from ckanext.budgetod.engine.scdl.schema import COLUMNS, table_schema
from ckanext.budgetod.engine.scdl.validator import RowValidator
from ckanext.budgetod.engine.scdl.writer import write_csv
from ckanext.budgetod.engine.siret import candidate_siret, usable_siret

DOCUMENTS = (
    "bp-2022-m14-crach-lotissement-annexe",
    "bp-2022-m14-crach",
    "bp-2022-m43-transport-annexe",
    "ca-2013-m52-one-line",
    "ca-2016-m14-montreuil",
    "ca-2017-m14-montreuil",
    "ca-2018-m14-montreuil",
    "ca-2018-m57-montpellier-voted-by-function",
    "ca-2019-m14-montreuil",
    "ca-2021-m14-crach",
    "cfu-2023-m57a-mohon",
    "dm1-2022-m14-crach-lotissement-annexe",
    "dm2-2021-m14-crach",
)


@pytest.fixture(scope="module")
def strict(real_data: Path):
    """Strict rows of a real document, computed once per document."""
    known: dict[str, list[list[str]]] = {}

    def rows_of(name: str) -> list[list[str]]:
        if name not in known:
            known[name] = _strict(real_data / "totem" / f"{name}.xml")
        return known[name]

    return rows_of


def _strict(path: Path) -> list[list[str]]:
    rows: list[list[str]] = []
    with open_document(path) as document:
        for event in document:
            if type(event) is Header:
                resolver, maker = Resolver(plans(), event), StrictRows(event, usable_siret(event))
            elif type(event) is BudgetLine:
                rows.append(maker.row(resolver.resolve(event)))
    return rows


@pytest.fixture(scope="module")
def control(real_data: Path) -> dict[str, dict[tuple[str, str, str], list[Decimal]]]:
    """Control sums: document -> (section, side, ordre) -> number of lines and seven sums."""
    sums: dict[str, dict] = defaultdict(dict)
    with (real_data / "expected" / "control-totals.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["section"], row["codrd"], row["opbudg"])
            values = [Decimal(row["lines"]), *(Decimal(row[name]) for name in AMOUNTS)]
            sums[row["sample"].removesuffix(".xml")][key] = values
    return sums


@pytest.mark.parametrize("name", DOCUMENTS)
def test_sums_are_right_to_the_cent(name: str, strict, control) -> None:
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    ordre = {"réel": "0", "ordre": "1"}
    for row in strict(name):
        key = (row[11][0].upper(), row[13][0].upper(), ordre[row[12]])
        total = sums.setdefault(key, [Decimal(0)] * 8)
        total[0] += 1
        for rank, text in enumerate(row[14:21], 1):
            total[rank] += Decimal(text or 0)
    assert sums == control[name]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_row_is_valid(name: str, strict, real_data: Path, tmp_path, monkeypatch) -> None:
    frictionless = pytest.importorskip("frictionless")
    rows = strict(name)
    validator = RowValidator()
    for row in rows:
        validator.check(row)
    assert validator.is_valid, validator.bad
    monkeypatch.chdir(tmp_path)
    write_csv("strict.csv", COLUMNS, rows)
    descriptor = json.loads((real_data / "scdl" / "budget-0.8.3.json").read_text("utf-8"))
    schema = frictionless.Schema.from_descriptor(descriptor)
    report = frictionless.Resource(path="strict.csv", schema=schema).validate()
    assert report.valid, report.flatten(["fieldName", "type"])[:5]
    assert report.stats["errors"] == 0


LATER_LABELS = {"73111", "6512", "6518", "6331", "734", "238"}
"""Accounts whose label changed in a later publication of the plan than the other converter's.

The last three: the plan M43_D of 2022 holds that of 2020; ours are those of 2021.
"""


@pytest.mark.parametrize(
    "name", [n for n in DOCUMENTS if n.startswith(("bp", "dm", "ca-2021", "cfu"))]
)
def test_cells_that_another_converter_fills(name: str, strict, real_data: Path) -> None:
    path = real_data / "expected" / f"{name}.yatotem2scdl.csv"
    theirs = list(csv.reader(path.read_text("utf-8").splitlines()))[1:]
    ours = strict(name)
    assert len(ours) == len(theirs)
    different = set()
    for mine, other in zip(ours, theirs, strict=True):
        for column, cell, known in zip(COLUMNS, mine, other, strict=True):
            same = cell.casefold() == clean(known).casefold()
            if known and not same and mine[6] not in LATER_LABELS:
                different.add(column)
    # They name an annexe budget after the commune, and leave an article where a chapter belongs.
    assert different <= {"BGT_NOM", "BGT_CONTNAT"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_plans_are_the_exact_ones(name: str, real_data: Path) -> None:
    with open_document(real_data / "totem" / f"{name}.xml", annexes=False) as document:
        for event in document:
            assert type(event) is not ReadProblem
    header = document.header
    standing = plans().standing(header.nomenclature, header.exercice)
    gone = header.nomenclature == "M4-M43_D" and header.exercice == 2022
    assert standing is (Standing.OTHER_YEAR if gone else Standing.EXACT)


FAULTY = {
    "mauvaise_annee": ("I00", "exercice"),
    "mauvaise_etape": ("I00", "etape"),
    "no-budget-element": ("F05", "no_budget"),
}


@pytest.mark.parametrize(("name", "refusal"), FAULTY.items())
def test_faults_that_refuse(name: str, refusal: tuple[str, str], real_data: Path) -> None:
    with pytest.raises(DocumentRefused) as caught:
        _strict(real_data / "totem" / "faulty" / f"{name}.xml")
    assert (caught.value.code, caught.value.params["case"]) == refusal


def test_a_bad_siret_keeps_identity_and_offers_a_valid_one(real_data: Path) -> None:
    with open_document(real_data / "totem" / "faulty" / "mauvais_siret.xml") as document:
        assert len(list(document)) > 20
    header = document.header
    assert len(header.siret) == 13
    assert usable_siret(header) == ""
    assert candidate_siret(header).startswith(header.siren)


def test_an_unknown_nomenclature_is_still_converted(real_data: Path) -> None:
    rows = _strict(real_data / "totem" / "faulty" / "mauvaise_nomenclature.xml")
    right = _strict(real_data / "totem" / "bp-2022-m14-crach-lotissement-annexe.xml")
    assert [row[10:] for row in rows] == [row[10:] for row in right]
    assert [row[4] for row in rows] == [row[4] for row in right]


def test_destroyed_accents_are_reported(real_data: Path) -> None:
    with open_document(real_data / "totem" / "faulty" / "cfu-2023-m57a-mohon-mojibake.xml") as doc:
        kinds = {event.kind for event in doc if type(event) is ReadProblem}
    assert kinds == {"text_destroyed"}


def test_the_regional_scdl_file(real_data: Path) -> None:
    path = real_data / "expected" / "scdl-like-ca-region-grand-est-2016-2020.csv"
    with open_scdl(path) as table:
        rows = list(table)
    assert table.missing_required == ["BGT_NATDEC", "BGT_SIRET", "BGT_NOM"]
    assert len(rows) == 9355
    given = {
        "BGT_NATDEC": "compte administratif",
        "BGT_SIRET": "20005226400013",
        "BGT_NOM": "Région Grand Est",
    }
    validator = RowValidator()
    with open_scdl(path, given=given) as table:
        for row in table:
            validator.check(row)
    assert validator.is_valid
    assert set(table.repairs) == {"given", "text"}


@pytest.mark.parametrize("name", ["bp-2022-m14-crach", "ca-2021-m14-crach", "cfu-2023-m57a-mohon"])
def test_files_of_another_converter_are_repaired_to_ours(name: str, strict, real_data) -> None:
    with open_scdl(real_data / "expected" / f"{name}.yatotem2scdl.csv") as table:
        rows = list(table)
    skipped = [n for n, row in enumerate(rows) if row[6] in LATER_LABELS]
    ours = strict(name)
    assert [r for n, r in enumerate(rows) if n not in skipped] == [
        r for n, r in enumerate(ours) if n not in skipped
    ]


def test_package_data_are_the_official_plans(real_data: Path, tmp_path: Path) -> None:
    """Compiling the official files again gives, byte for byte, what the package ships."""
    update([real_data / "plans-de-compte", real_data / "plans-de-compte-newer"], tmp_path)
    shipped = Path(plans.__code__.co_filename).parent / "data"
    names = sorted(path.name for path in shipped.glob("*.plan"))
    assert names == sorted(path.name for path in tmp_path.glob("*.plan"))
    for name in names:
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes(), name


def test_plans_in_their_official_encoding(real_data: Path) -> None:
    folder = real_data / "plans-de-compte-original-encoding"
    for path in folder.glob("*.xml"):
        for _, entry in compile_plan(path):
            assert not any("\x7f" <= char <= "\x9f" for char in entry.label)


def test_our_schema_is_the_official_one(real_data: Path) -> None:
    official = json.loads((real_data / "scdl" / "budget-0.8.3.json").read_text("utf-8"))
    ours = table_schema()
    assert ours["missingValues"] == official["missingValues"]
    for mine, theirs in zip(ours["fields"], official["fields"], strict=True):
        assert (mine["name"], mine["type"]) == (theirs["name"], theirs["type"])
        assert mine["constraints"] == theirs.get("constraints", {}), mine["name"]


def test_reading_from_memory_and_from_a_path(real_data: Path) -> None:
    path = real_data / "totem" / "cfu-2023-m57a-mohon.xml"
    with open_document(path) as document:
        first = list(document)
    with open_document(io.BytesIO(path.read_bytes())) as document:
        assert list(document) == first
    assert (document.lines, document.calculated) == (163, 650)
    assert document.comptable.rows == 421

"""Annex tables and accountant's statements: every table, codes with labels, typed cells."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine import builder
from ckanext.budgetod.engine.accounting import AccountingTables
from ckanext.budgetod.engine.annex_cells import declared
from ckanext.budgetod.engine.annex_titles import title
from ckanext.budgetod.engine.annexes import AnnexTables
from ckanext.budgetod.engine.document import AccountingRows, AnnexRows, Header, Stage
from ckanext.budgetod.engine.readers import open_document

HEADER = Header(
    siret="21570990800010",
    exercice=2023,
    stage=Stage.CFU,
    libelle_collectivite="Ville de Valmoselle ",
    date_vote=date(2024, 4, 2),
)


def row(table: str, index: int = 1, **values: str) -> AnnexRows:
    columns = {name: (text,) for name, text in values.items()}
    return AnnexRows(columns, 1, table, table, index)


def dicts(table) -> list[dict[str, str]]:
    return [dict(zip(table.names, cells, strict=True)) for cells in table.rows()]


def collected(*rows: AnnexRows) -> dict[str, object]:
    tables = AnnexTables(HEADER)
    for item in rows:
        tables.add(item)
    return {table.kind: table for table in tables.tables()}


def test_all_tables_of_the_schema_are_declared() -> None:
    assert len(declared()["tables"]) == 39
    used = {kind for t in declared()["tables"].values() for kind in t["fields"].values()}
    lists = {kind for kind in used if kind.startswith(("AT", "TN", "TP", "TT"))}
    assert lists == set(declared()["lists"])


@pytest.mark.parametrize("name", sorted(declared()["tables"]))
def test_a_full_row_of_each_table_fits_its_columns(name: str) -> None:
    fields = declared()["tables"][name]["fields"]
    table = collected(row(name, **dict.fromkeys(fields, "1")))[f"annexe:{name.lower()}"]
    (cells,) = table.rows()
    assert len(cells) == len(table.columns)
    assert {column["name"] for column in table.columns} >= set(fields)
    assert all(column["title"] for column in table.columns)


def test_a_code_has_its_label_beside_it() -> None:
    table = collected(row("CONCOURS", CodNatJurBenefCA="P1", MtSubv="84000.00"))["annexe:concours"]
    (cells,) = dicts(table)
    assert cells["CodNatJurBenefCA_libelle"] == "Associations"
    names = table.names
    assert names.index("CodNatJurBenefCA_libelle") == names.index("CodNatJurBenefCA") + 1
    assert cells["BGT_NATDEC"] == "compte financier unique"
    assert cells["BGT_NOM"] == "Ville de Valmoselle"


@pytest.mark.parametrize(
    ("field", "text", "cell"),
    [
        ("MtCapitalExer", "NaN", ""),
        ("MtCapitalExer", "-12.50", "-12.50"),
        ("TxActuaInit", "1.850", "1.850"),
        ("DtSignInit", "14/03/2016", "2016-03-14"),
        ("DtSignInit", "mars", ""),
        ("RtAnticipe", "1", "true"),
        ("AnEncaisse", "2016", "2016"),
        ("AnEncaisse", "vers 2016", ""),
    ],
)
def test_what_is_not_of_its_type_leaves_an_empty_cell(field: str, text: str, cell: str) -> None:
    (cells,) = dicts(collected(row("EMPRUNT", **{field: text}))["annexe:emprunt"])
    assert cells[field] == cell


def test_an_unknown_table_and_an_unknown_field_go_out_as_text() -> None:
    tables = collected(row("NPNRU", Libelle="x"), row("DETTE", MtRestDette="1.00", Neuf="y"))
    assert dicts(tables["annexe:npnru"])[0]["Libelle"] == "x"
    assert dicts(tables["annexe:dette"])[0]["Neuf"] == "y"
    assert list(tables) == ["annexe:dette", "annexe:npnru"]


def test_a_row_without_a_field_has_an_empty_cell() -> None:
    both = AnnexRows({"NumContrat": ("1", None), "MtCapitalExer": (None, "2")}, 2, "EMPRUNT", "E")
    cells = dicts(collected(both)["annexe:emprunt"])
    assert [row["NumContrat"] for row in cells] == ["1", ""]
    assert [row["MtCapitalExer"] for row in cells] == ["", "2"]


def test_grants_in_the_national_shape() -> None:
    tables = collected(row("CONCOURS", LibOrgaBenef="Harmonie", MtSubv="10", ObjSubv="Fête"))
    (cells,) = dicts(tables["annexe:subventions"])
    assert cells["nomAttribuant"] == "Ville de Valmoselle"
    assert (cells["nature"], cells["montant"]) == ("aide en numéraire", "10")
    assert cells["dateConvention"] == ""


def test_rows_wait_on_disk_and_come_back_in_order() -> None:
    rows = [row("DETTE", i, LibTypDette="é" * 500, MtRestDette=str(i)) for i in range(5000)]
    with AnnexTables(HEADER) as tables:
        for item in rows:
            tables.add(item)
        (table,) = tables.tables()
        assert table.count == 5000
        assert [cells[-1] for cells in table.rows()] == [str(i) for i in range(5000)]


def test_statements_of_a_cfu() -> None:
    statements = AccountingTables(HEADER)
    with open_document(io.BytesIO(builder.cfu_document())) as document:
        for event in document:
            if isinstance(event, AccountingRows):
                statements.add(event)
    tables = {table.kind: table for table in statements.tables()}
    whole = {"comptable:bilan", "comptable:resultat", "comptable:execution"}
    assert set(tables) == whole | {"comptable:bilan_synthetique", "comptable:resultat_synthetique"}
    assets, liabilities = (
        next(
            r
            for r in dicts(tables["comptable:bilan"])
            if r["Etat"] == etat and "TOTAL" in r["Intitule1"]
        )
        for etat in ("BI_A", "BI_P")
    )
    assert assets["MtNet"] == liabilities["MtNet"] != ""
    assert assets["Etat_libelle"] == "Bilan, actif"


@pytest.mark.parametrize("name", ["MtCapitalRestDu_31_12", "MtSubv", "CodInvFonc", "MtAmortExer"])
def test_titles_are_words(name: str) -> None:
    assert " " in title(name)
    assert name not in title(name)


def test_names_that_would_collide_get_a_number(tmp_path: Path) -> None:
    """Tables that differ by capitals only, fields named as a column that is there already."""
    row = {"BGT_NOM": "1", "CodInvFonc": "I", "CodInvFonc_libelle": "x"}
    document = builder.totem_document(annexes={"ZORG": [row], "zorg": [row], "DETTE": [row]})
    done = engine.convert(io.BytesIO(document), tmp_path, profile="none")
    tables = [out for out in done.outputs if out.kind.startswith("annexe:")]
    assert len({out.path for out in tables}) == len({out.kind for out in tables}) == 3
    for out in tables:
        names = [column["name"] for column in out.columns]
        assert len(names) == len(set(names))
        head = next(csv.reader(out.path.read_text("utf-8").splitlines()))
        assert head == names


def test_no_two_tables_share_a_file(tmp_path: Path) -> None:
    odd = {name: [{"Libelle": name}] for name in ("X", "x", "X-2", "SUBVENTIONS")}
    document = builder.totem_document(annexes={**builder.sample_annexes(), **odd})
    done = engine.convert(io.BytesIO(document), tmp_path, profile="none")
    annexes = [out for out in done.outputs if out.kind.startswith("annexe:")]
    kinds = [out.kind for out in annexes]
    assert {"annexe:x", "annexe:x-2", "annexe:x-2-2", "annexe:subventions-2"} <= set(kinds)
    assert len(set(kinds)) == len({out.path for out in annexes}) == len(annexes)
    for name, kind in {"X": "x", "x": "x-2", "X-2": "x-2-2"}.items():
        (path,) = (out.path for out in annexes if out.kind == f"annexe:{kind}")
        assert path.read_text("utf-8").rstrip().endswith(f",{name}")

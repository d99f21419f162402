"""Indicators of the OFGL: a shape of their own, in a fixed order, never SCDL, never summed."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import frictionless
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import VALMOSELLE, fictional_siret
from ckanext.budgetod.engine.indicators import (
    COLUMNS,
    DESCRIPTIONS,
    MAIN_AGGREGATES,
    SOURCE,
    indicator_columns,
)
from ckanext.budgetod.engine.scdl import schema

SIREN = VALMOSELLE[:9]
ANNEXE = fictional_siret(SIREN, 2)


def row(agregat: str, montant: str = "1000.0", **changes: Any) -> dict[str, str]:
    texts = {
        "exer": "2024",
        "siren": SIREN,
        "ident": VALMOSELLE,
        "type_de_budget": "Budget principal",
        "agregat": agregat,
        "montant": montant,
        "ptot": "4321",
        "euros_par_habitant": "0.23142791",
        "tranche_population": "4",
    }
    return texts | changes


def written(rows: list[dict[str, str]], tmp_path: Path, **options: Any) -> list[dict[str, str]]:
    output = engine.write_indicators(rows, tmp_path / "indicateurs.csv", **options)
    text = output.path.read_text(encoding="utf-8")
    found = list(csv.DictReader(io.StringIO(text)))
    assert output.rows == len(found)
    return found


def test_a_row(tmp_path: Path) -> None:
    rows = [row("Encours de dette", "1694.7311248", moyenne_strate="812.5")]
    assert written(rows, tmp_path) == [
        {
            "IND_EXERCICE": "2024",
            "IND_SIREN": SIREN,
            "IND_SIRET": VALMOSELLE,
            "IND_TYPE_BUDGET": "Budget principal",
            "IND_AGREGAT": "Encours de dette",
            "IND_MONTANT": "1694.73",
            "IND_POPULATION": "4321",
            "IND_EUROS_HABITANT": "0.23",
            "IND_STRATE": "4",
            "IND_STRATE_EUROS_HABITANT": "812.50",
            "IND_SOURCE": SOURCE,
        }
    ]


@pytest.mark.parametrize("exer", ["2024", "2024-01-01", "2024-01-01T00:00:00+00:00"])
def test_years_as_portals_write_them(tmp_path: Path, exer: str) -> None:
    (found,) = written([row("FCTVA", exer=exer)], tmp_path)
    assert found["IND_EXERCICE"] == "2024"


@pytest.mark.parametrize("people", ["0", "0.0", "", None])
def test_without_inhabitants_there_is_no_euro_per_inhabitant(tmp_path: Path, people: Any) -> None:
    (found,) = written([row("FCTVA", ptot=people)], tmp_path)
    assert found["IND_POPULATION"] == found["IND_EUROS_HABITANT"] == ""


def test_consolidated_rows_have_no_budget(tmp_path: Path) -> None:
    bare = {"exer": "2024", "siren": SIREN, "agregat": "FCTVA", "montant": "-1.0E3"}
    (found,) = written([bare], tmp_path)
    assert (found["IND_SIRET"], found["IND_TYPE_BUDGET"]) == ("", "")
    assert found["IND_MONTANT"] == "-1000.00"


@pytest.mark.parametrize("text", ["n.c.", "NaN", "1e99999", "9" * 50])
def test_what_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="montant"):
        written([row("FCTVA", text)], tmp_path)


def test_official_order_then_names_whatever_the_order_of_rows(tmp_path: Path) -> None:
    names = ["Épargne verte", "Autres", *MAIN_AGGREGATES]
    rows = [row(name) for name in names]
    rows += [row(name, ident=ANNEXE, type_de_budget="Budget annexe") for name in names]
    first = written(rows, tmp_path)
    random.Random(7).shuffle(rows)
    assert written(rows, tmp_path) == first
    expected = [*MAIN_AGGREGATES, "Autres", "Épargne verte"]
    assert [found["IND_AGREGAT"] for found in first] == expected * 2
    kinds = [found["IND_TYPE_BUDGET"] for found in first]
    assert kinds == ["Budget principal"] * len(names) + ["Budget annexe"] * len(names)


def test_names_of_the_main_aggregates_are_those_of_the_ofgl(real_data: Path) -> None:
    path = real_data / "national" / "ofgl" / "ofgl_agregats_72_definitions_formulas.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the real data")
    text = path.read_text(encoding="utf-8-sig")
    known = {found["agregat"] for found in csv.DictReader(io.StringIO(text))}
    assert set(MAIN_AGGREGATES) <= known


def test_columns_are_described_in_both_languages_and_none_is_scdl() -> None:
    french, english = indicator_columns("fr"), indicator_columns("en")
    names = [column["name"] for column in french]
    assert names == [column["name"] for column in english] == [c.name for c in COLUMNS]
    assert not set(names) & set(schema.EXTENDED_COLUMNS)
    mapping = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
    assert not [name for name in names if f"`{name}`" not in mapping]
    for column in (*french, *english):
        assert column["title"]
        assert column["description"]
    units = {column["name"]: column.get("unit") for column in french}
    assert units["IND_MONTANT"] == "EUR"
    assert units["IND_EUROS_HABITANT"] == "EUR/habitant"
    assert {column["name"]: column.get("unit") for column in english}["IND_POPULATION"] == (
        "inhabitant"
    )
    assert "additionnez jamais" in DESCRIPTIONS["fr"]
    assert "never add" in DESCRIPTIONS["en"]


def test_the_file_follows_its_description(tmp_path: Path) -> None:
    rows = [row("FCTVA"), row("Autres", ptot="0", tranche_population="")]
    output = engine.write_indicators(rows, tmp_path / "x.csv", lang="en")
    assert output.kind == "indicateurs"
    fields = {"fields": [dict(c) for c in output.columns], "missingValues": [""]}
    with frictionless.system.use_context(trusted=True):
        described = frictionless.Schema.from_descriptor(fields)
        told = frictionless.Resource(path=str(output.path), schema=described).validate()
    assert told.valid, told.flatten(["rowNumber", "fieldName", "message"])


def test_formulas_are_guarded_when_asked(tmp_path: Path) -> None:
    (found,) = written([row("=1+1", "-5")], tmp_path, formula_guard=True)
    assert found["IND_AGREGAT"] == "'=1+1"
    assert found["IND_MONTANT"] == "-5.00"

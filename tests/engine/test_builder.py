"""The public builder of fictional documents: balanced, legal, Luhn-valid."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from ckanext.budgetod.engine import builder
from ckanext.budgetod.engine.builder_examples import examples
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.nomenclature import Plans

NOMENCLATURES = Plans().names
STAGES = ("BP", "DM", "BS", "CA", "CFU")
INVESTISSEMENT = ("10", "13", "16", "20", "21", "23", "001", "021", "040", "041")


def totals(lines: list[dict[str, str]], amount: str, keep=lambda line: True) -> dict[str, Decimal]:
    """Sum per section and side, of the lines that ``keep`` accepts."""
    sums: dict[str, Decimal] = {}
    for line in filter(keep, lines):
        section = "I" if line["ContNat"] in INVESTISSEMENT else "F"
        key = section + line["CodRD"]
        sums[key] = sums.get(key, Decimal(0)) + Decimal(line[amount])
    return sums


@pytest.mark.parametrize("nomenclature", NOMENCLATURES)
@pytest.mark.parametrize("stage", STAGES)
def test_sections_balance_to_the_cent(nomenclature: str, stage: str) -> None:
    for scale in ("1", "0.0613", "217.31"):
        opened = totals(sample_lines(nomenclature, stage, scale=scale), "CredOuv")
        assert opened["FD"] == opened["FR"]
        assert opened["ID"] == opened["IR"]


@pytest.mark.parametrize("nomenclature", NOMENCLATURES)
def test_ordre_mirrors_itself(nomenclature: str) -> None:
    for amount in ("CredOuv", "MtReal"):
        lines = sample_lines(nomenclature, "CA")
        sums = totals(lines, amount, lambda line: line["OpBudg"] == "1")
        assert sums["FD"] + sums["ID"] == sums["FR"] + sums["IR"]


@pytest.mark.parametrize("number", [1, 2, 37])
def test_fictional_siret_pass_luhn(number: int) -> None:
    siret = builder.fictional_siret(builder.fictional_siren("24579901"), number)
    assert len(siret) == 14
    assert siret[:9][-1] == builder.luhn_key(siret[:8])
    assert siret[-1] == builder.luhn_key(siret[:-1])


def test_the_town_is_the_one_of_the_documentation() -> None:
    assert builder.VALMOSELLE == "21570990800010"
    assert builder.luhn_key("21570990") == "8"


def test_examples_are_the_files_of_the_repository() -> None:
    folder = Path(__file__).parents[2] / "examples"
    assert {p.stem for p in folder.glob("*.xml")} == set(examples())
    for name, document in examples().items():
        assert (folder / f"{name}.xml").read_bytes() == document, name


@pytest.mark.skipif("BUDGETOD_REAL_DATA" not in os.environ, reason="needs the official XSD")
def test_examples_are_valid_against_the_official_schema() -> None:
    from lxml import etree

    xsd = Path(os.environ["BUDGETOD_REAL_DATA"], "xsd/V95/SchemaDocBudg/DocumentBudgetaire.xsd")
    schema = etree.XMLSchema(etree.parse(str(xsd)))
    for name, document in examples().items():
        root = etree.fromstring(document)
        if root.find("{*}VersionSchema[@V='95']") is not None:
            schema.assertValid(root)
        else:
            assert name.endswith(("cfu", "v115"))

"""The engine's public face: signatures that others rely on, light imports, documented examples."""

from __future__ import annotations

import doctest
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ckanext.budgetod import engine

ROOT = Path(__file__).parents[2]
FACE = {
    "documents": ["source"],
    "inspect": ["source"],
    "check": ["source", "previous", "facts", "siret", "plans"],
    "read_lines": ["source", "plans"],
    "convert_balance": [
        *("rows", "out_dir", "siren", "exercice", "collectivite", "departement", "population"),
        *("plans", "formula_guard", "lang", "extended"),
    ],
    "convert": [
        *("source", "out_dir", "formats", "profile", "rules", "facts", "siret", "lang"),
        *("basename", "plans", "progress", "previous", "formula_guard"),
    ],
    "convert_scdl": [
        *("source", "out_dir", "siret", "stage", "name", "nomenclature", "plans"),
        *("formula_guard", "lang", "extended", "max_size"),
    ],
    "write_indicators": ["rows", "target", "lang", "formula_guard"],
    "write_scdl": ["source", "target", "siret", "plans"],
    "anonymise": ["source", "target", "profile", "rules", "max_size"],
}


@pytest.mark.parametrize("name", sorted(FACE))
def test_signatures(name: str) -> None:
    function = getattr(engine, name)
    assert list(inspect.signature(function).parameters) == FACE[name]
    assert function.__doc__


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, ckanext.budgetod.engine, ckanext.budgetod.engine.cli\n"
        "sys.exit(bool({'lxml', 'pandas', 'yaml', 'ckan', 'flask'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_examples_of_the_documentation_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert os.path.isdir("examples")
    told = doctest.testmod(engine, optionflags=doctest.ELLIPSIS)
    assert told.attempted >= 5
    assert told.failed == 0

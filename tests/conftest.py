"""Options and fixtures that every ring shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_DATA = os.environ.get("BUDGETOD_REAL_DATA", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the expected files of tests/golden anew; read the git diff afterwards",
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real public documents; CONTRIBUTING says how to get one."""
    if not REAL_DATA or not Path(REAL_DATA, "totem").is_dir():
        pytest.skip("BUDGETOD_REAL_DATA names no folder with real documents")
    return Path(REAL_DATA)

"""The wheel, not the checkout, is what people install: everything must be in it, and work.

Built from the files of the repository, installed in a clean environment: first alone (the engine
converts a document), then with CKAN (a page in French, migrations, assets) where the environment
names the services (``CKAN_SQLALCHEMY_URL``, …).
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "ckanext/budgetod/"
IN_CKAN = Path(__file__).with_name("wheel_in_ckan.py")

Run = Callable[..., str]


def run(*command: object, **options: object) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def repository_files() -> list[str]:
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT)
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in a copy so that the checkout gets no ``build/`` of older files."""
    source = tmp_path_factory.mktemp("source")
    for name in repository_files():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", target, source)
    return next(target.glob("*.whl"))


def environment(folder: Path, *requirements: str) -> Path:
    """A clean virtual environment with these requirements; its ``bin`` folder."""
    if uv := shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent)):
        run(uv, "venv", "-q", "-p", sys.executable, folder)
        run(uv, "pip", "install", "-q", "-p", folder / "bin" / "python", *requirements)
    else:
        run(sys.executable, "-m", "venv", folder)
        run(folder / "bin" / "pip", "install", "-q", *requirements)
    return folder / "bin"


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {name for name in repository_files() if name.startswith(PACKAGE)}
    expected = {name for name in expected if not name.endswith(".gitkeep")}
    assert expected
    assert expected <= packed
    kinds = {Path(name).suffix for name in packed}
    assert {".html", ".yaml", ".css", ".js", ".po", ".mo", ".py", ".json"} <= kinds


def test_the_wheel_holds_the_licence_and_nothing_else(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    strangers = [name for name in packed if not name.startswith((PACKAGE, "ckanext_budgetod-"))]
    assert not strangers


@pytest.fixture(scope="session")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("alone") / "venv", str(wheel))


def test_the_engine_works_without_ckan(alone: Path, tmp_path: Path) -> None:
    assert subprocess.run([alone / "python", "-c", "import ckan"], capture_output=True).returncode
    document = ROOT / "examples" / "valmoselle-2024-bp.xml"
    run(alone / "budgetod", "convert", document, "--out", tmp_path / "out", cwd=tmp_path)
    (rows,) = (tmp_path / "out").glob("*-scdl.csv")
    header, *lines = csv.reader(rows.read_text(encoding="utf-8").splitlines())
    assert len(header) == 22
    assert len(lines) > 10


@pytest.mark.skipif(
    "CKAN_SQLALCHEMY_URL" not in os.environ,
    reason="no services named in the environment (CKAN_SQLALCHEMY_URL): see make test",
)
def test_the_wheel_serves_pages_and_migrates(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bin_ = environment(tmp_path_factory.mktemp("portal") / "venv", *portal(wheel))
    ini = tmp_path_factory.mktemp("ini") / "wheel.ini"
    shutil.copy(ROOT / "test.ini", ini)
    said = run(bin_ / "python", IN_CKAN, ini, cwd=ini.parent)
    assert said.splitlines()[-1] == "ok"


def portal(wheel: Path) -> list[str]:
    """Requirements of a portal around the wheel, on the CKAN line of this environment."""
    version = os.environ.get("CKAN_VERSION", "2.12.0")
    return [f"{wheel}[portal]", f"ckan[requirements]=={version}"]

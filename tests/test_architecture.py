"""The house's two rules: imports run one way, and each danger has one door.

Read from the syntax tree, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ckanext" / "budgetod"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)

CKAN = {"ckan", "flask", "sqlalchemy", "alembic", "rq", "redis", "werkzeug", "jinja2"}
# Storeys from the top of the house to its ground: nobody imports from a storey above his own.
STOREYS = [
    {"plugin"},
    {"views", "cli", "commands", "harvesters", "logic", "search", "helpers", "terminal"},
    {"deposit", "model", "config", "interfaces", "migration"},
    {"engine", "sources"},
]
SOURCES_MAY_TAKE = {"errors", "findings", "document", "numbers"}

# danger -> (the names that give it away, the only modules that may use them)
IMPORT_DOORS = {
    "lxml": {"engine/readers/safexml.py"},
    "requests": {"sources/http.py"},
    "urllib3": {"sources/http.py", "sources/connections.py"},
    "urllib.request": set(),
    "http.client": {"sources/connections.py"},
}
CALL_DOORS = {
    "writes CSV": ({"csv.writer", "csv.DictWriter", ".to_csv"}, {"engine/scdl/writer.py"}),
    "enqueues jobs": ({".enqueue_job", ".enqueue_call", "queue.enqueue"}, {"deposit/jobs.py"}),
}
WRITES_DATASETS = {"package_create", "package_update", "package_revise", "package_patch"}
FORMS = ("views/edit.py", "views/deposit.py")
WRITES_DATASETS |= {"resource_create", "resource_update", "resource_patch", "resource_delete"}


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def imports(module: Path) -> set[str]:
    """Full dotted names of everything that ``module`` imports, relative imports resolved."""
    home = ["ckanext", "budgetod", *module.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = home[: len(home) - node.level + 1] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def storey(room: str) -> int | None:
    return next((rank for rank, rooms in enumerate(STOREYS) if room in rooms), None)


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def calls(module: Path) -> set[str]:
    """What ``module`` calls, as written (``csv.writer``), plus the bare last name (``writer``)."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    written = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return written | {f".{name.rpartition('.')[2]}" for name in written if "." in name}


def actions_fetched(module: Path) -> set[str]:
    """Names given to ``get_action``: the way one action calls another."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "get_action"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_run_downwards(module: Path) -> None:
    own = storey(room_of(module))
    rooms = {n.split(".")[2] for n in imports(module) if n.startswith("ckanext.budgetod.")}
    above = {
        room
        for room in rooms
        if own is not None and (rank := storey(room)) is not None and rank < own
    }
    assert not above, f"{name_of(module)} imports from a storey above its own"


def test_every_room_has_a_storey() -> None:
    rooms = {room_of(module) for module in MODULES} - {"__init__"}
    assert {room for room in rooms if storey(room) is None} == set()


@pytest.mark.parametrize(
    "module", [m for m in MODULES if room_of(m) in {"engine", "sources"}], ids=name_of
)
def test_the_ground_floor_knows_nothing_of_ckan(module: Path) -> None:
    foreign = {name for name in imports(module) if name.split(".")[0] in CKAN}
    assert not foreign
    if room_of(module) == "engine":
        assert not {name for name in imports(module) if name.startswith("ckanext.budgetod.sources")}
    else:
        engine = {
            n.split(".")[3] for n in imports(module) if n.startswith("ckanext.budgetod.engine.")
        }
        assert engine <= SOURCES_MAY_TAKE


@pytest.mark.parametrize("library", IMPORT_DOORS)
def test_one_door_per_dangerous_library(library: str) -> None:
    users = {
        name_of(m) for m in MODULES if any(f"{n}.".startswith(f"{library}.") for n in imports(m))
    }
    assert users <= IMPORT_DOORS[library]


@pytest.mark.parametrize("danger", CALL_DOORS)
def test_one_door_per_dangerous_call(danger: str) -> None:
    functions, doors = CALL_DOORS[danger]
    assert {name_of(m) for m in MODULES if (calls(m) | imports(m)) & functions} <= doors


def test_one_module_writes_datasets() -> None:
    """Forms may send what a person typed, as that person: CKAN's checks and the gate apply."""
    writers = {name_of(m) for m in MODULES if actions_fetched(m) & WRITES_DATASETS}
    assert writers <= {"deposit/datasets.py", *FORMS}
    assert not {form for form in FORMS if "ignore_auth" in (PACKAGE / form).read_text("utf-8")}


def test_the_plugin_is_composition() -> None:
    assert len((PACKAGE / "plugin.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_engine_is_light_to_import() -> None:
    look = "import sys, ckanext.budgetod.engine; print(*sys.modules)"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "lxml", "requests", "ckan"} & set(seen.stdout.split())


TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
NOT_IN_TEMPLATES = {
    "marks text as safe": r"(?<!')\|\s*safe\b|Markup\(",
    "inline script": r"<script(?![^>]*\b(src|type=.application/json.))",
    "inline style": r"<style|\sstyle\s*=",
    "inline handler": r"\son[a-z]+\s*=\s*[\"']",
}


@pytest.mark.parametrize("fault", NOT_IN_TEMPLATES)
def test_templates_work_behind_a_strict_csp(fault: str) -> None:
    pattern = re.compile(NOT_IN_TEMPLATES[fault])
    found = [t.name for t in TEMPLATES if pattern.search(t.read_text(encoding="utf-8"))]
    assert not found

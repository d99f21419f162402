"""The documentation says what is, and what it tells to do works."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "docker" / "README.md"])
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def fences(language: str = "") -> list[tuple[Path, str]]:
    """Every fenced block of a language in every page."""
    return [
        (page, body)
        for page in PAGES
        for kind, body in FENCE.findall(text_of(page))
        if kind == language
    ]


def commands(program: str) -> list[str]:
    """Lines of the unmarked fences that start with ``program``, without trailing comments."""
    lines = (line.strip() for _, body in fences() for line in body.splitlines())
    return sorted(
        {line.split("   #")[0].strip() for line in lines if line.startswith(program + " ")}
    )


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_docs", ROOT / "scripts/generate_docs.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_up_to_date(generator: ModuleType) -> None:
    stale = [name_of(page) for page in generator.stale_pages()]
    assert not stale, "run: python scripts/generate_docs.py"


def test_every_region_is_on_a_page(generator: ModuleType) -> None:
    present = {
        name for page in PAGES for name in re.findall(r"<!-- generated: (\S+) -->", text_of(page))
    }
    assert present - {"bench"} == set(generator.REGIONS), "bench: python -m tests.bench.table"


def test_settings_controls_and_actions_are_documented(generator: ModuleType) -> None:
    configuration = text_of(ROOT / "docs" / "configuration.md")
    controls = text_of(ROOT / "docs" / "controles.md")
    api = text_of(ROOT / "docs" / "api.md")
    keys = [option["key"] for option in generator.settings()]
    assert len(keys) > 5
    assert all(f"### `{key}`" in configuration for key in keys)
    assert all(f'<a id="{code.lower()}">' in controls for code in generator.catalogue())
    assert all(f"### `{name}`" in api for name in generator.actions())


def test_refusals_of_the_portal_are_documented() -> None:
    """Codes that the deposit gives of itself, beside those of the engine's catalogue."""
    messages = text_of(ROOT / "ckanext" / "budgetod" / "deposit" / "messages.py")
    codes = set(re.findall(r'DepositRefused\("(\w+)"', messages))
    assert "D05" in codes
    for page in ("controles.md", "controls.md"):
        missing = {c for c in codes if f'id="{c.lower()}"' not in text_of(ROOT / "docs" / page)}
        assert not missing


def test_every_setting_and_action_says_what_it_does(generator: ModuleType) -> None:
    assert not [option["key"] for option in generator.settings() if not option.get("description")]
    assert not [name for name, text in generator.actions().items() if len(text) < 40]


def test_every_setting_does_something(generator: ModuleType) -> None:
    """``config.py`` reads each one, and somebody calls the function that does."""
    package = ROOT / "ckanext" / "budgetod"
    reading = ast.parse(text_of(package / "config.py"))
    readers = [node for node in reading.body if isinstance(node, ast.FunctionDef)]
    code = "".join(text_of(path) for path in package.rglob("*.py"))
    for option in generator.settings():
        functions = [node.name for node in readers if f"'{option['key']}'" in ast.unparse(node)]
        assert functions, option["key"]
        assert any(
            re.search(rf"config\.{name}\(|{name}\(\)", code.replace(f"def {name}()", ""))
            for name in functions
        ), option["key"]


def test_actions_of_the_plugin_are_those_of_the_page(generator: ModuleType) -> None:
    pytest.importorskip("ckan")
    action = importlib.import_module("ckanext.budgetod.logic.action")
    public = {name for name in vars(action) if name.startswith("budgetod_")}
    assert public == set(generator.actions())


def test_facets_are_documented() -> None:
    code = text_of(ROOT / "ckanext" / "budgetod" / "search" / "document.py")
    names = re.findall(r'^        "(\w+)": (?:\[|as_list|normes)', code, re.MULTILINE)
    assert len(names) > 8
    api = text_of(ROOT / "docs" / "api.md")
    assert not [name for name in names if f"`vocab_budget_{name}`" not in api]


def test_columns_are_documented() -> None:
    from ckanext.budgetod.engine.scdl.schema import EXTENDED_COLUMNS

    mapping = text_of(ROOT / "docs" / "mapping.md")
    assert not [column for column in EXTENDED_COLUMNS if f"`{column}`" not in mapping]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", text_of(page))):
        if not link.startswith(("http://", "https://", "mailto:")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    index = text_of(ROOT / "docs" / "README.md")
    pages = [page.name for page in PAGES if page.parent.name == "docs" and page.name != "README.md"]
    assert not [name for name in pages if f"({name})" not in index]


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as the usual renderers make them, and its explicit ones."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text_of(page)))


def test_make_targets_exist() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    spoken = {
        name for page in PAGES for name in re.findall(r"(?:`|^)make ([\w-]+)", text_of(page), re.M)
    }
    assert spoken <= targets


PLAN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<Nomenclature Norme="M57" Declinaison="M57_A" Exer="2031">
  <Nature>
    <Chapitres><Chapitre Code="011" Libelle="Charges" Section="F" Special="0"/></Chapitres>
    <Comptes><Compte Code="60" Libelle="Achats" DR="011" RR=""/></Comptes>
  </Nature>
  <Fonction/>
</Nomenclature>"""


@pytest.mark.parametrize("command", commands("budgetod"))
def test_budgetod_commands_run(command: str, tmp_path: Path) -> None:
    """As written, in a folder that has ``examples/`` and a document under each name used."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    words = [re.sub(r"^/var/lib/ckan", str(tmp_path), word) for word in shlex.split(command)]
    for word in words:
        if word.endswith(".xml") and not word.startswith("examples/"):
            (tmp_path / word).write_bytes(content_of(word))
    done = subprocess.run(
        [sys.executable, "-m", "ckanext.budgetod.engine.cli", *words[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    fine_or_to_confirm = (0, 1)
    assert done.returncode in fine_or_to_confirm, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def content_of(name: str) -> bytes:
    if name.startswith("plan"):
        return PLAN.encode("latin-1")
    return (ROOT / "examples" / "valmoselle-2023-ca.xml").read_bytes()


@pytest.mark.parametrize("command", commands("ckan"))
def test_ckan_commands_exist(command: str) -> None:
    core = pytest.importorskip("ckan.cli.cli").ckan.commands
    words = [word for word in shlex.split(command)[1:] if word[0] != "-" and word[-4:] != ".ini"]
    if words[0] == "budgetod":
        ours = importlib.import_module("ckanext.budgetod.cli").budgetod.commands
        assert words[1] in ours
    else:
        assert words[0] in {*core, "datastore", "harvester"}


@pytest.mark.parametrize(
    "case", fences("python"), ids=lambda case: name_of(case[0]) if isinstance(case, tuple) else ""
)
def test_python_examples_run(
    case: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(case[1], name_of(case[0]), "exec"), {})  # noqa: S102 our own documentation


def test_workflows_are_pinned_and_modest() -> None:
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        content = yaml.safe_load(text_of(workflow))
        assert content["permissions"] == {}
        used = re.findall(r"uses: (\S+)", text_of(workflow))
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)


def test_nothing_private_is_named() -> None:
    """No page tells of a machine or a folder that only its writer has."""
    assert not [name_of(page) for page in PAGES if re.search(r"/(home|Users|root)/", text_of(page))]

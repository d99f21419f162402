"""Nothing that the command prints, on either output, or writes names anybody: every command, in
both languages, as text and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ckanext.budgetod.engine.builder_annexes import PERSONS
from ckanext.budgetod.engine.builder_cfu import CFU_PERSONS
from ckanext.budgetod.engine.builder_department import department_cfu
from ckanext.budgetod.engine.builder_recent import recent_document
from ckanext.budgetod.engine.cli import main

from .planting import Garden
from .test_anonymiser import planted_header
from .test_anonymiser_places import Bed, contents, folded, planted

Capture = pytest.CaptureFixture[str]
COMMANDS = ("check", "convert", "anonymise", "inspect", "summary")
STYLES = {"text": ["-v"], "english": ["-v", "--lang", "en"], "json": ["--json"]}
WHOLE = {"convert": ["--format", "csv,json,parquet"]}
DOCUMENTS: dict[str, Callable[[Garden], bytes]] = {
    "header": planted_header,
    "totem": lambda bed: planted(bed, coded=False, cfu=False),
    "cfu": lambda bed: planted(bed, coded=True, cfu=True),
}


def run(
    document: bytes, command: str, style: str, folder: Path, capfd: Capture, codes: set[int]
) -> dict[str, str]:
    """What a command leaves: both outputs and every file, in small letters without accents."""
    source = folder / "depot.xml"
    source.write_bytes(document)
    out = folder / "out"
    options = [*STYLES[style], *WHOLE.get(command, [])]
    if command in ("convert", "anonymise"):
        options += ["--out", str(out)]
    capfd.readouterr()
    assert main([command, *options, str(source)]) in codes
    told = capfd.readouterr()
    texts = {"stdout": folded(told.out.encode()), "stderr": folded(told.err.encode())}
    assert texts["stdout"] or texts["stderr"]
    for path in out.iterdir() if out.is_dir() else ():
        texts[path.name] = folded(contents(path))
    return texts


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_command_names_a_planted_person(
    kind: str, command: str, style: str, tmp_path: Path, capfd: Capture
) -> None:
    bed = Bed()
    texts = run(DOCUMENTS[kind](bed), command, style, tmp_path, capfd, {0, 1})
    assert len(bed.names) > 20
    leaks = {name: bed.leaks(text) for name, text in texts.items()}
    assert {name: found for name, found in leaks.items() if found} == {}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_refusal_names_nobody(command: str, style: str, tmp_path: Path, capfd: Capture) -> None:
    """A document that is cut in the middle of a person's name."""
    bed = Bed()
    document = planted(bed, coded=False, cfu=False)
    place = document.rindex(b"zwx") + 6
    texts = run(document[:place], command, style, tmp_path, capfd, {2})
    assert set(texts) == {"stdout", "stderr"}
    assert not any("zwx" in text for text in texts.values())


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("build", [department_cfu, recent_document])
def test_no_command_names_a_person_of_the_examples(
    build: Callable[[], bytes],
    command: str,
    style: str,
    tmp_path: Path,
    capfd: Capture,
) -> None:
    names = {folded(word.encode()) for person in PERSONS for word in re.findall(r"\w{6,}", person)}
    names |= {folded(word.encode()) for person in CFU_PERSONS for word in re.split(r"\W", person)}
    names = {name for name in names if len(name) > 4 and not name.isdigit()}
    assert len(names) > 10
    document = build()
    assert "vandrezanne" in folded(document.decode("iso-8859-1").encode())
    for name, text in run(document, command, style, tmp_path, capfd, {0, 1}).items():
        assert {word for word in names if word in text} == set(), name

"""What the command says when something is wrong: in the language asked for, with what to do."""

from __future__ import annotations

import argparse
import errno
import inspect
import re
from pathlib import Path

import pytest

from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.cli import main
from ckanext.budgetod.engine.command import argparse_words, arguments, messages
from ckanext.budgetod.engine.command.help_texts import TEXTS
from ckanext.budgetod.engine.document import Stage

Captured = pytest.CaptureFixture[str]
PROGRAMMERS = re.compile(
    r"callable|__call__|subparser|merge actions|mode %r|dest=|mutually|conflict|invalid option "
    r"string|unexpected option string|at most one|show this help|error: %"
)
"""Sentences of argparse that only a wrong parser can say, or one that we do not make."""


def told(arguments: list[str], capsys: Captured) -> str:
    """The standard error of a wrong usage."""
    code: object = None
    try:
        code = main(arguments)
    except SystemExit as left:
        code = left.code
    assert code == 3
    return capsys.readouterr().err


def test_argparse_speaks_french_altogether() -> None:
    source = inspect.getsource(argparse)
    said = set(re.findall(r"\b_\(\s*'((?:[^'\\]|\\.)*)'", source))
    wanted = {text for text in said if not PROGRAMMERS.search(text)} - {"options"}
    assert len(wanted) > 8
    known = {text.replace("\n", "\\n") for text in argparse_words.FRENCH}
    assert not wanted - known


@pytest.mark.parametrize("texts", [*TEXTS.items(), *messages.SENTENCES.items()])
def test_every_text_has_both_languages_and_the_same_holes(texts: tuple) -> None:
    _, (french, english) = texts
    assert french
    assert english
    holes = [set(re.findall(r"[{<](\w+)", text)) for text in (french, english)]
    assert holes[0] - {"n"} == holes[1] - {"n"}


@pytest.mark.parametrize(
    ("arguments", "french", "english"),
    [
        (["check"], "il manque", "arguments are required"),
        (["chek"], "valeur inconnue", "invalid choice"),
        (["check", "x", "--wrong"], "arguments inconnus", "unrecognized"),
        (["check", "x", "--siret"], "une valeur est attendue", "expected one argument"),
        (["check", "x", "--siret", "12"], "n’est pas un SIRET", "not a valid SIRET"),
        (["check", "nowhere.xml"], "fichier introuvable", "no such file"),
        (["check", ""], "nom de fichier est vide", "name is empty"),
        (["check", "x", "--plan", __file__], "pas un dossier", "not a folder"),
        (["convert", "x", "--rules", "/"], "est un dossier", "is a folder"),
        (["check", "x", "--previous", "nowhere.xml"], "fichier introuvable", "no such file"),
        (["convert", "x", "--format", "xls"], "format inconnu", "unknown format"),
        (["check", "x", "--siret", ""], "n’est pas un SIRET", "not a valid SIRET"),
        (["convert", "x", "--out", ""], "nom de fichier est vide", "name is empty"),
    ],
)
def test_wrong_usages(arguments: list[str], french: str, english: str, capsys: Captured) -> None:
    assert french in told(arguments, capsys)
    assert english in told(["--lang", "en", *arguments], capsys)
    if arguments != ["chek"]:
        assert english in told([*arguments[:1], "--lang", "en", *arguments[1:]], capsys)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(
    "command", [[], ["check"], ["convert"], ["nomenclature"], ["nomenclature", "update"]]
)
def test_help_is_in_one_language(lang: str, command: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["--lang", lang, *command, "--help"])
    printed = capsys.readouterr().out
    said = " ".join(printed.split())
    pairs = [texts if lang == "fr" else texts[::-1] for texts in TEXTS.values()]
    long = [(ours, foreign) for ours, foreign in pairs if len(foreign) > 12 and ours != foreign]
    assert not [foreign for _, foreign in long if " ".join(foreign.split()) in said]
    assert len([ours for ours, _ in long if " ".join(ours.split()) in said]) >= 3
    assert ("usage\u00a0: " in printed) is (lang == "fr")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "accès refusé"),
        (errno.ENOSPC, "disque est plein"),
        (errno.EEXIST, "pas un dossier"),
        (errno.ELOOP, "ELOOP"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(number: int, words: str) -> None:
    said = messages.of_system(OSError(number, "Any text of the system", "public"), "fr")
    assert words in said
    assert said.startswith("public")
    assert "Any text" not in said


def test_a_place_that_is_taken_is_told_by_its_own_name() -> None:
    error = OSError(errno.EISDIR, "any", "public/.abc.part", None, "public/a.xml")
    assert messages.of_system(error, "fr").startswith("public/a.xml est un dossier")


def test_an_english_answer_has_no_french_word(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "dm.xml"
    path.write_bytes(totem_document(stage="DM", numero_dm="1", exercice=2024, scale=0))
    main(["check", "-v", "--lang", "en", str(path)])
    english = capsys.readouterr().out
    assert "amending decision no. 1 of 2024, " in english
    main(["check", "-v", str(path)])
    french = capsys.readouterr().out
    assert "décision modificative n°\u00a01 de 2024, " in french
    for word in ("dépense", "recette", "réel", "contrôle"):
        assert word not in english


def test_places_are_told_in_the_language(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "ca.xml"
    line = {"Nature": "99999", "ContNat": "011", "CodRD": "D", "OpBudg": "0", "MtReal": "5"}
    path.write_bytes(totem_document(lines=[line]))
    for lang, words in (("fr", "dépense, réel"), ("en", "expenditure, real")):
        main(["check", "-v", "--lang", lang, str(path)])
        assert words in capsys.readouterr().out


def test_the_report_as_a_table_is_in_the_language(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "ca.xml"
    path.write_bytes(totem_document())
    for lang, here, there in (("en", "to confirm", "à confirmer"), ("fr", "réussi", "passed")):
        out = tmp_path / lang
        main(["convert", "--lang", lang, str(path), "--out", str(out)])
        (report,) = out.glob("*-rapport.csv")
        text = report.read_text("utf-8")
        assert here in text
        assert there not in text
    capsys.readouterr()


def test_the_stages_of_the_command_are_those_of_documents() -> None:
    assert set(arguments.STAGE_SLUGS) == {stage.slug for stage in Stage}

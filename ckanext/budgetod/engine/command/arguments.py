"""What may be typed after ``budgetod``: sub-commands and their options, in either language."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ..choices import FORMATS, LANGUAGES, PROFILES
from .codes import USAGE
from .help_texts import help_text

STAGE_SLUGS = ("bp", "bs", "dm", "ca", "cfu")
"""Those of ``document.Stage``, written out: the help loads nothing that reads documents."""
DOCUMENT_COMMANDS = ("check", "convert", "anonymise", "inspect", "summary")
SHELLS = ("bash", "zsh", "fish")

Text = Callable[[str], str]


class Parser(argparse.ArgumentParser):
    """Leaves with code 3 on a wrong usage, so that 2 always means a refused document.

    Options are written in full: what scripts rely on does not change with a new option.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def language(typed: Sequence[str]) -> str:
    """The language asked for, known before anything else is understood; French without one."""
    before = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    before.add_argument("--lang")
    try:
        found = before.parse_known_args(list(typed))[0].lang
    except (argparse.ArgumentError, SystemExit):
        return LANGUAGES[0]
    return found if found in LANGUAGES else LANGUAGES[0]


def parser(lang: str = "fr") -> Parser:
    """The whole command line, explained in ``lang``."""

    def text(name: str) -> str:
        return help_text(name, lang)

    whole = Parser(prog="budgetod", description=text("about"), epilog=text("codes"), add_help=False)
    _help(whole, text)
    whole.add_argument("--version", action="store_true", help=text("version"))
    _language(whole, text, default=LANGUAGES[0])
    commands = whole.add_subparsers(dest="command", metavar=text("command"))
    for name in DOCUMENT_COMMANDS:
        _document_options(_command(commands, name, text), name, text, lang)
    _nomenclature_options(_command(commands, "nomenclature", text), text)
    completion = _command(commands, "completion", text)
    completion.add_argument("shell", choices=SHELLS)
    _language(completion, text)
    return whole


def _command(commands: argparse._SubParsersAction, name: str, text: Text) -> Parser:
    made = commands.add_parser(name, help=text(name), description=text(name), add_help=False)
    _help(made, text)
    return made


def _help(command: argparse.ArgumentParser, text: Text) -> None:
    command.add_argument("-h", "--help", action="help", help=text("help"))


def _language(
    command: argparse.ArgumentParser, text: Text, default: str = argparse.SUPPRESS
) -> None:
    """Before or after the sub-command: only the whole command line has a default."""
    command.add_argument("--lang", choices=LANGUAGES, default=default, help=text("lang"))


def _document_options(command: argparse.ArgumentParser, name: str, text: Text, lang: str) -> None:
    command.add_argument("files", nargs="+", metavar=text("file"), help=text("files"))
    _language(command, text)
    command.add_argument("--json", action="store_true", help=text("json"))
    command.add_argument("--quiet", action="store_true", help=text("quiet"))
    command.add_argument("-v", "--verbose", action="store_true", help=text("verbose"))
    if name in ("check", "convert", "summary"):
        command.add_argument("--plan", metavar=text("folder"), help=text("plan"))
        command.add_argument("--siret", help=text("siret"))
    if name in ("check", "convert"):
        command.add_argument("--previous", metavar=text("file"), help=text("previous"))
        _scdl_options(command, text)
    if name in ("convert", "anonymise"):
        _writing_options(command, name, text, lang)


def _writing_options(command: argparse.ArgumentParser, name: str, text: Text, lang: str) -> None:
    command.add_argument("--out", metavar=text("folder"), default=".", help=text("out"))
    profiles = PROFILES if name == "convert" else [p for p in PROFILES if p != "sans_xml"]
    command.add_argument("--profile", choices=profiles, default="strict", help=text("profile"))
    command.add_argument("--rules", metavar=text("file"), help=text("rules"))
    if name == "convert":
        command.add_argument(
            "--format",
            type=lambda typed: _formats(typed, lang),
            default=("csv",),
            metavar=",".join(FORMATS),
            help=text("format"),
        )


def _scdl_options(command: argparse.ArgumentParser, text: Text) -> None:
    """What a CSV that is already SCDL may lack (``--siret`` too)."""
    group = command.add_argument_group(text("scdl"))
    group.add_argument("--nom", help=text("nom"))
    group.add_argument("--etape", choices=STAGE_SLUGS, help=text("etape"))
    group.add_argument("--nomenclature", metavar="M57-M57_A", help=text("nature_plan"))


def _formats(typed: str, lang: str) -> tuple[str, ...]:
    from .messages import say

    chosen = tuple(dict.fromkeys(part.strip() for part in typed.split(",") if part.strip()))
    if not chosen or set(chosen) - set(FORMATS):
        told = say("bad_format", lang, name=typed, known=", ".join(FORMATS))
        raise argparse.ArgumentTypeError(told)
    return chosen


def _nomenclature_options(group: argparse.ArgumentParser, text: Text) -> None:
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {name: _command(actions, name, text) for name in ("list", "add", "diff", "update")}
    for name in ("add", "diff"):
        made[name].add_argument("files", nargs="+", metavar="planDeCompte.xml")
    update = made["update"]
    update.add_argument("--source", metavar=text("mirror"), help=text("source"))
    update.add_argument(
        "--year", type=int, action="append", metavar=text("year_name"), help=text("year")
    )
    for command in made.values():
        command.add_argument("--plan", metavar=text("folder"), help=text("plan_folder"))
        command.add_argument("--json", action="store_true", help=text("as_json"))
        _language(command, text)

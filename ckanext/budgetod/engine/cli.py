"""The ``budgetod`` command: budgets on the command line, without CKAN.

budgetod check|convert|anonymise|inspect|summary FILE… (files, folders, zip, gz, tar.gz, - for the
standard input); budgetod nomenclature list|add|diff|update; budgetod completion bash|zsh|fish.

Exit codes: 0 fine, 1 something to confirm, 2 refused, 3 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

USAGE = 3
FORMATS = ("csv", "parquet", "json")
PROFILES = ("strict", "annexes", "sans_xml", "none")
LANGUAGES = ("fr", "en")
STAGES = ("bp", "bs", "dm", "ca", "cfu")


class _Parser(argparse.ArgumentParser):
    """Leaves with code 3 on a wrong usage, so that 2 always means a refused document."""

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    whole = parser()
    options = whole.parse_args(argv)
    if not (options.version or options.command):
        whole.error("COMMANDE ?")
    try:
        return _dispatch(options)
    except FileNotFoundError as error:
        print(f"budgetod: no such file: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"budgetod: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 130


def _dispatch(options: argparse.Namespace) -> int:
    if options.version:
        from .version import package_version

        print(f"budgetod {package_version()}")
        return 0
    if options.command == "completion":
        from .command.completion import script

        print(script(parser(), options.shell))
        return 0
    if options.command == "nomenclature":
        from .command.nomenclature import run as nomenclature

        return nomenclature(options)
    from .command.run import run

    return run(options)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    main_parser = _Parser(
        prog="budgetod",
        description="Budgets locaux (TOTEM, CFU) en données ouvertes : contrôler, convertir, "
        "anonymiser.",
        epilog="Codes de sortie : 0 tout va bien, 1 à confirmer, 2 refusé, 3 mauvais usage.",
    )
    main_parser.add_argument("--version", action="store_true", help="version, puis s'arrêter")
    commands = main_parser.add_subparsers(dest="command", metavar="COMMANDE")
    for name, text in (
        ("check", "contrôler des documents, sans rien écrire"),
        ("convert", "écrire tout ce qui peut être publié"),
        ("anonymise", "écrire le XML sans données personnelles"),
        ("inspect", "dire ce que sont des fichiers"),
        ("summary", "écrire les chiffres d'un document en JSON"),
    ):
        _document_options(commands.add_parser(name, help=text, description=text), name)
    _nomenclature_options(commands)
    completion = commands.add_parser("completion", help="complétion pour le terminal")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    return main_parser


def _document_options(command: argparse.ArgumentParser, name: str) -> None:
    command.add_argument(
        "files", nargs="+", metavar="FICHIER", help="fichier, dossier, archive, - (entrée standard)"
    )
    command.add_argument("--lang", choices=LANGUAGES, default="fr", help="langue des messages")
    command.add_argument("--json", action="store_true", help="une ligne JSON par document")
    command.add_argument("--quiet", action="store_true", help="seulement ce qui ne va pas")
    command.add_argument("-v", "--verbose", action="store_true", help="expliquer chaque point")
    command.add_argument("--plan", metavar="DOSSIER", help="plans de comptes supplémentaires")
    command.add_argument("--siret", help="SIRET à utiliser à la place de celui du fichier")
    if name in ("check", "convert"):
        command.add_argument("--previous", metavar="FICHIER", help="l'année ou la version d'avant")
        _scdl_options(command)
    if name in ("convert", "anonymise"):
        command.add_argument("--out", metavar="DOSSIER", default=".", help="où écrire")
        command.add_argument("--profile", choices=PROFILES, default="strict", help="anonymisation")
        command.add_argument("--rules", metavar="FICHIER", help="règles supplémentaires (YAML)")
    if name == "convert":
        command.add_argument(
            "--format",
            type=_formats,
            default=("csv",),
            metavar="csv,parquet,json",
            help="formats des tableaux",
        )


def _scdl_options(command: argparse.ArgumentParser) -> None:
    """What a CSV that is already SCDL may lack (``--siret`` too)."""
    group = command.add_argument_group("CSV déjà au format SCDL")
    group.add_argument("--nom", help="nom du budget, s'il manque")
    group.add_argument("--etape", choices=STAGES, help="étape budgétaire, si elle manque")
    group.add_argument("--nomenclature", metavar="M57-M57_A", help="plan de comptes à suivre")


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [part for part in chosen if part not in FORMATS]
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"formats: {', '.join(FORMATS)}")
    return chosen


def _nomenclature_options(commands: argparse._SubParsersAction) -> None:
    group = commands.add_parser("nomenclature", help="plans de comptes connus")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="années et nomenclatures connues")
    add = actions.add_parser("add", help="ajouter un planDeCompte.xml")
    diff = actions.add_parser("diff", help="ce qu'un planDeCompte.xml changerait")
    update = actions.add_parser("update", help="chercher les plans de l'année")
    for command in (add, diff):
        command.add_argument("files", nargs="+", metavar="planDeCompte.xml")
    update.add_argument("--source", metavar="ADRESSE|DOSSIER", help="miroir ou dossier")
    update.add_argument("--year", type=int, action="append", help="exercice (répétable)")
    for command in (listing, add, diff, update):
        command.add_argument("--plan", metavar="DOSSIER", help="dossier des plans ajoutés")
        command.add_argument("--json", action="store_true", help="réponse en JSON")


if __name__ == "__main__":
    sys.exit(main())

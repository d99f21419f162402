"""The ``budgetod`` command: budgets on the command line, without CKAN.

budgetod check|convert|anonymise|inspect|summary FILE… (files, folders, zip, gz, tar.gz, - for the
standard input); budgetod nomenclature list|add|diff|update; budgetod completion bash|zsh|fish.

Exit codes: 0 fine, 1 something to confirm, 2 refused, 3 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .command import argparse_words
from .command.arguments import language, parser
from .command.codes import USAGE, Misuse

if TYPE_CHECKING:
    from .command.nomenclature import Fetch


def main(argv: Sequence[str] | None = None, *, fetch: Fetch | None = None) -> int:
    """Read what was typed and do it; returns the exit code.

    ``fetch`` copies account plans from an address; without it no address is called.
    """
    if argv is None:
        _end_cleanly()
    _make_writable()
    typed = sys.argv[1:] if argv is None else list(argv)
    lang = language(typed)
    argparse_words.speak(lang)
    whole = parser(lang)
    options = whole.parse_args(typed)
    if not (options.version or options.command):
        whole.print_help(sys.stderr)
        return USAGE
    try:
        return _dispatch(options, lang, fetch)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Misuse as wrong:
        return _misused(str(wrong))
    except OSError as error:
        from .command.messages import of_system

        return _misused(of_system(error, lang))
    except KeyboardInterrupt:
        return 130


def _misused(why: str) -> int:
    print(f"budgetod: {why}", file=sys.stderr)
    return USAGE


def _end_cleanly() -> None:
    """Ended by the system, the command leaves as by itself: nothing half written stays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _make_writable() -> None:
    """Whatever is told can be written: to a closed stream, to a terminal of another encoding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _dispatch(options: argparse.Namespace, lang: str, fetch: Fetch | None) -> int:
    if options.version:
        from .version import package_version

        print(f"budgetod {package_version()}")
        return 0
    if options.command == "completion":
        from .command.completion import script

        print(script(parser(lang), options.shell))
        return 0
    if options.command == "nomenclature":
        from .command.nomenclature import run as nomenclature

        return nomenclature(options, fetch)
    from .command.run import run

    return run(options)


if __name__ == "__main__":
    sys.exit(main())

"""argparse's own sentences in French: it takes them from ``gettext``, which ships none.

``speak(lang)`` is called once, by the command alone, before its parser is made.
"""

from __future__ import annotations

import argparse
import gettext

FRENCH = {
    "usage: ": "usage\u00a0: ",
    "positional arguments": "arguments\u00a0",
    "subcommands": "commandes\u00a0",
    "options": "options\u00a0",
    "expected one argument": "une valeur est attendue",
    "expected at least one argument": "au moins une valeur est attendue",
    "the following arguments are required: %s": "il manque\u00a0: %s",
    "one of the arguments %s is required": "il faut l’un de ces arguments\u00a0: %s",
    "unrecognized arguments: %s": "arguments inconnus\u00a0: %s",
    "not allowed with argument %s": "incompatible avec l’argument %s",
    "ignored explicit argument %r": "valeur en trop\u00a0: %r",
    "invalid choice: %(value)r (choose from %(choices)s)": (
        "valeur inconnue\u00a0: %(value)r (au choix\u00a0: %(choices)s)"
    ),
    "unknown parser %(parser_name)r (choices: %(choices)s)": (
        "commande inconnue\u00a0: %(parser_name)r (au choix\u00a0: %(choices)s)"
    ),
    "invalid %(type)s value: %(value)r": "valeur illisible\u00a0: %(value)r",
    "argument %(argument_name)s: %(message)s": "argument %(argument_name)s\u00a0: %(message)s",
    "ambiguous option: %(option)s could match %(matches)s": (
        "option ambiguë\u00a0: %(option)s peut désigner %(matches)s"
    ),
}


def speak(lang: str) -> None:
    """Make argparse speak a language."""
    sentences = FRENCH if lang == "fr" else {}

    def translated(message: str) -> str:
        return sentences.get(message, gettext.gettext(message))

    setattr(argparse, "_", translated)  # noqa: B010 - a name that its types leave out

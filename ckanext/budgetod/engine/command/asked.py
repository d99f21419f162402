"""Can what was asked on the command line be followed? Known before any answer is given."""

from __future__ import annotations

import os
from argparse import Namespace
from errno import ENOTDIR
from importlib.util import find_spec
from pathlib import Path

from ..errors import RulesError
from ..siret import bare, valid_siret
from .codes import Misuse
from .messages import say


def verify(options: Namespace) -> None:
    """Raise Misuse for an option that cannot be followed, OSError for a file that is not there."""
    if hasattr(options, "plan"):
        _plan(options.plan)
    _siret(getattr(options, "siret", None), options.lang)
    _rules(getattr(options, "rules", None), options.lang)
    if getattr(options, "out", None) == "":
        raise FileNotFoundError(options.out)
    if "parquet" in getattr(options, "format", ()) and find_spec("pyarrow") is None:
        raise Misuse(say("no_parquet", options.lang))


def _plan(given: str | None) -> None:
    """The folder of ``--plan``, else that of the variable."""
    from ..nomenclature import ENVIRONMENT

    folder = name = given
    if given is None and os.environ.get(ENVIRONMENT):
        folder = os.environ[ENVIRONMENT]
        name = f"{ENVIRONMENT}={folder}"
    if folder is not None and not (folder and Path(folder).exists()):
        raise FileNotFoundError(name)
    if folder is not None and not Path(folder).is_dir():
        raise NotADirectoryError(ENOTDIR, "", name)


def _siret(given: str | None, lang: str) -> None:
    if given is not None and not valid_siret(bare(given)):
        raise Misuse(say("not_a_siret", lang, siret=given))


def _rules(path: str | None, lang: str) -> None:
    from ..anonymiser.rules import load

    try:
        load(path)
    except RulesError as error:
        raise Misuse(say(error.code, lang, **error.params)) from None

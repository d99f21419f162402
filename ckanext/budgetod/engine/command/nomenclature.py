"""``budgetod nomenclature list|add|diff|update``: the account plans that this installation knows.

Plans are added to a folder of the administrator's (``--plan``, else ``BUDGETOD_PLANS``), never to
the package. ``update`` reads a mirror: a folder, or an address of the official layout
that the caller's ``fetch`` reads.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import NomenclatureError
from ..nomenclature import ENVIRONMENT, plans
from ..nomenclature.compiler import compile_plan
from ..nomenclature.install import Update, diff, install_plan, update
from .codes import FINE, REFUSED, TO_CONFIRM, Misuse
from .messages import say
from .screen import Screen

OFFICIAL = "http://odm-budgetaire.org/composants/normes"
Fetch = Callable[
    [str, Sequence[int], Collection[str], Path, Callable[[int, int], None] | None], int
]
"""``fetch(address, years, names, folder, progress)`` copies the plans that an address holds."""


def run(options: Namespace, fetch: Fetch | None = None) -> int:
    """Exit code: 0 done, 1 something was left out, 2 nothing usable. Raises Misuse, OSError."""
    try:
        if options.action == "update":
            return _update(options, fetch)
        return _ACTIONS[options.action](options)
    except NomenclatureError as error:
        print(f"budgetod: {_reason(error, options)}", file=sys.stderr)
        return REFUSED


def _reason(error: NomenclatureError, options: Namespace) -> str:
    return say(error.code, options.lang, **error.params)


@contextmanager
def _reading(name: object) -> Iterator[None]:
    """What goes wrong with a file is told with its name."""
    try:
        yield
    except NomenclatureError as error:
        raise NomenclatureError(error.code, **{"name": str(name), **error.params}) from error


def _folder(options: Namespace) -> Path:
    named = options.plan or os.environ.get(ENVIRONMENT)
    if not named:
        raise Misuse(say("plan_folder", options.lang, name=ENVIRONMENT))
    return Path(named)


def _print(options: Namespace, data: Any, lines: Iterable[str]) -> None:
    if options.json:
        print(json.dumps(data, ensure_ascii=False))
    else:
        for line in lines:
            print(line)


def _list(options: Namespace) -> int:
    known = plans(options.plan)
    years = {name: list(known.family(name).years) for name in known.names}  # type: ignore[union-attr]
    _print(options, years, (f"{name}: {_ranges(found)}" for name, found in years.items()))
    return FINE


def _ranges(years: list[int]) -> str:
    """``2013-2018, 2020``."""
    parts: list[list[int]] = []
    for year in sorted(years):
        if parts and year == parts[-1][-1] + 1:
            parts[-1].append(year)
        else:
            parts.append([year])
    return ", ".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


def _add(options: Namespace) -> int:
    folder = _folder(options)
    done = []
    for name in options.files:
        with _reading(name):
            plan, new = install_plan(_file(name), folder)
        done.append({"plan": str(plan.key), "codes": len(plan), "new": new})
    lines = (
        say(
            "plan_added" if row["new"] else "plan_already",
            options.lang,
            plan=row["plan"],
            n=row["codes"],
        )
        for row in done
    )
    _print(options, done, lines)
    return FINE


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(name)
    return path


def _diff(options: Namespace) -> int:
    known = plans(options.plan)
    changed = False
    for name in options.files:
        with _reading(name):
            after = compile_plan(_file(name))
        before = known.plan(after.key.family, after.key.exercice)
        if before is None:
            line = say("plan_new", options.lang, plan=str(after.key))
            _print(options, {"plan": str(after.key), "new": True}, [line])
            changed = True
            continue
        changes = list(diff(before, after))
        changed = changed or bool(changes)
        rows = [{"kind": c.kind, "code": c.code, "change": _word(c)} for c in changes]
        lines = [say("plan_changes", options.lang, plan=str(after.key), n=len(changes))]
        lines += [f"  {row['change']} {row['kind']} {row['code']}" for row in rows]
        _print(options, {"plan": str(after.key), "changes": rows}, lines)
    return TO_CONFIRM if changed else FINE


def _word(change: Any) -> str:
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _update(options: Namespace, fetch: Fetch | None) -> int:
    folder = _folder(options)
    source = options.source or OFFICIAL
    if source.startswith(("http://", "https://")):
        years = options.year or [datetime.now(tz=timezone.utc).year]
        if fetch is None:
            raise Misuse(say("plan_no_network", options.lang, name=source))
        with tempfile.TemporaryDirectory() as mirror:
            _mirror(source, years, Path(mirror), options, fetch)
            done = update([Path(mirror)], folder)
    elif Path(source).is_dir():
        years = options.year or []
        done = update([Path(source)], folder, years)
    else:
        raise FileNotFoundError(source)
    if not (done.added or done.known or done.stale or done.rejected):
        raise NomenclatureError("plan_none", name=source, years=years)
    _tell(options, done)
    return TO_CONFIRM if done.rejected or done.stale else FINE


def _tell(options: Namespace, done: Update) -> None:
    data = {
        "added": [str(key) for key in done.added],
        "known": len(done.known),
        "stale": [str(key) for _, key in done.stale],
        "rejected": [
            say(error.code, options.lang, **{"name": str(path), **error.params})
            for path, error in done.rejected
        ],
    }
    counts = {"added": len(done.added), "known": len(done.known)}
    lines = [say("plan_update", options.lang, **counts)]
    lines += [say("plan_stale", options.lang, plan=key) for key in data["stale"]]
    lines += [say("plan_rejected", options.lang, why=why) for why in data["rejected"]]
    _print(options, data, lines)


def _mirror(base: str, years: list[int], folder: Path, options: Namespace, fetch: Fetch) -> None:
    """Copy the plans of some years from an address, with a progress bar."""
    screen = Screen(as_json=options.json, quiet=False, lang=options.lang)
    show = screen.progress(base)
    try:
        fetch(base, years, plans(options.plan).names, folder, show and _steps(show))
    finally:
        screen.clear()


def _steps(show: Callable[[str, float], None]) -> Callable[[int, int], None]:
    return lambda done, whole: show("plans", done / whole)


_ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "list": _list,
    "add": _add,
    "diff": _diff,
}

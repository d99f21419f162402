"""``budgetod nomenclature list|add|diff|update``: the account plans that this installation knows.

Plans are added to a folder of the administrator's (``--plan``, else ``BUDGETOD_PLANS``), never to
the package. ``update`` reads a mirror: a folder, or an address of the official layout
``YEAR/NORM/DECL/planDeCompte.xml``, bounded and without following it elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import BudgetodError, NomenclatureError
from ..nomenclature import ENVIRONMENT, plans
from ..nomenclature.compiler import compile_plan
from ..nomenclature.install import Update, diff, install_plan, update
from ..nomenclature.plans import cached

OFFICIAL = "http://odm-budgetaire.org/composants/normes"
MAX_PLAN_BYTES = 20_000_000
TIMEOUT = 30
FINE, TO_CONFIRM, REFUSED, USAGE = range(4)


def run(options: Namespace) -> int:
    """Exit code: 0 done, 1 something was left out, 2 nothing usable, 3 wrong usage."""
    try:
        return _ACTIONS[options.action](options)
    except BudgetodError as error:
        print(f"budgetod: {error}", file=sys.stderr)
        return REFUSED


def _folder(options: Namespace) -> Path:
    named = options.plan or os.environ.get(ENVIRONMENT)
    if not named:
        print(f"budgetod: --plan DOSSIER, ou la variable {ENVIRONMENT}", file=sys.stderr)
        raise SystemExit(USAGE)
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
        plan, new = install_plan(_file(name), folder)
        cached.cache_clear()
        done.append({"plan": str(plan.key), "codes": len(plan), "new": new})
    _print(
        options,
        done,
        (
            f"{row['plan']}: {row['codes']} codes{'' if row['new'] else ', déjà connu'}"
            for row in done
        ),
    )
    return FINE


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(name)
    if path.stat().st_size > MAX_PLAN_BYTES:
        raise NomenclatureError(f"{name}: over {MAX_PLAN_BYTES} bytes")
    return path


def _diff(options: Namespace) -> int:
    known = plans(options.plan)
    changed = False
    for name in options.files:
        after = compile_plan(_file(name))
        before = known.plan(after.key.family, after.key.exercice)
        if before is None:
            _print(options, {"plan": str(after.key), "new": True}, [f"{after.key}: nouveau"])
            changed = True
            continue
        changes = list(diff(before, after))
        changed = changed or bool(changes)
        rows = [{"kind": c.kind, "code": c.code, "change": _word(c)} for c in changes]
        lines = [f"{after.key}: {len(changes)} différences"]
        lines += [f"  {row['change']} {row['kind']} {row['code']}" for row in rows]
        _print(options, {"plan": str(after.key), "changes": rows}, lines)
    return TO_CONFIRM if changed else FINE


def _word(change: Any) -> str:
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _update(options: Namespace) -> int:
    folder = _folder(options)
    source = options.source or OFFICIAL
    if source.startswith(("http://", "https://")):
        years = options.year or [datetime.now(tz=timezone.utc).year]
        with tempfile.TemporaryDirectory() as mirror:
            fetched = _mirror(source.rstrip("/"), years, Path(mirror), plans(options.plan).names)
            if not fetched:
                print(f"budgetod: aucun plan trouvé à {source}", file=sys.stderr)
                return REFUSED
            done = update([Path(mirror)], folder)
    elif Path(source).is_dir():
        done = update([Path(source)], folder)
    else:
        raise FileNotFoundError(source)
    cached.cache_clear()
    _tell(options, done)
    return TO_CONFIRM if done.rejected or done.stale else FINE


def _tell(options: Namespace, done: Update) -> None:
    data = {
        "added": [str(key) for key in done.added],
        "known": len(done.known),
        "stale": [str(key) for _, key in done.stale],
        "rejected": [reason for _, reason in done.rejected],
    }
    lines = [f"{len(done.added)} plans ajoutés, {len(done.known)} déjà connus"]
    lines += [f"laissé de côté (périmé) : {key}" for key in data["stale"]]
    lines += [f"refusé : {reason}" for reason in data["rejected"]]
    _print(options, data, lines)


def _mirror(base: str, years: Iterable[int], folder: Path, names: Iterable[str]) -> int:
    """Copy the plans of some years from an address; the number of files."""
    count = 0
    for year in years:
        for name in names:
            norme, _, declinaison = name.partition("-")
            place = f"{year}/{norme}/{declinaison}"
            content = _fetch(f"{base}/{place}/planDeCompte.xml")
            if content:
                (folder / place).mkdir(parents=True, exist_ok=True)
                (folder / place / "planDeCompte.xml").write_bytes(content)
                count += 1
    return count


def _fetch(url: str) -> bytes | None:
    """The bytes of a plan; None when it is not there. NomenclatureError above the bound."""
    import urllib.error
    import urllib.request

    opener = urllib.request.build_opener(_no_redirect())
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            content = answer.read(MAX_PLAN_BYTES + 1)
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        raise NomenclatureError(f"{url}: {error}") from None
    if len(content) > MAX_PLAN_BYTES:
        raise NomenclatureError(f"{url}: over {MAX_PLAN_BYTES} bytes")
    return content


def _no_redirect() -> Any:
    import urllib.request

    class Handler(urllib.request.HTTPRedirectHandler):
        """Another address is another source: the administrator names it."""

        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    return Handler()


_ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "list": _list,
    "add": _add,
    "diff": _diff,
    "update": _update,
}

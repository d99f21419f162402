"""Adding, comparing and updating plans: what ``budgetod nomenclature`` does, without a network.

Plans live in folders of family files (see ``family``). The package's own folder is written by its
maintainers only (``python -m ckanext.budgetod.engine.nomenclature.install FOLDER… --out DIR``); an
administrator's folder is given to ``Plans`` or named by ``BUDGETOD_PLANS``.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ckanext.budgetod.engine.errors import NomenclatureError
from ckanext.budgetod.engine.files import fresh_file

from .compiler import compile_plan
from .family import SUFFIX, Family, dump, load
from .plan import Entry, Key, Plan
from .plans import cached

OFFICIAL_NAME = "planDeCompte.xml"


class Change(NamedTuple):
    """One difference between two plans: ``before`` or ``after`` is None when it is not there."""

    kind: str
    code: str
    before: Entry | None
    after: Entry | None


@dataclass(slots=True)
class Update:
    """What an update did: plans added, already known, stale (year of the folder differs), bad."""

    added: list[Key] = field(default_factory=list)
    known: list[Key] = field(default_factory=list)
    stale: list[tuple[Path, Key]] = field(default_factory=list)
    rejected: list[tuple[Path, NomenclatureError]] = field(default_factory=list)


def install_plan(source: bytes | Path, folder: Path, declinaison: str = "") -> tuple[Plan, bool]:
    """Compile an official plan into a folder; the plan, and whether it is new there.

    ``declinaison`` (``M57_P``) corrects a file that carries the name of another. Raises
    NomenclatureError when the file is not a plan.
    """
    plan = compile_plan(source)
    if declinaison:
        plan.key = plan.key._replace(declinaison=declinaison)
    return plan, _install(plan, folder)


def _install(plan: Plan, folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plan.key.family}{SUFFIX}"
    family = load(path) if path.exists() else Family(plan.key.family)
    if not family.add(plan):
        return False
    _write(path, dump(family))
    return True


def _write(path: Path, text: str) -> None:
    """Replace a file whole: a reader sees the old one or the new one."""
    with fresh_file(path) as file:
        file.write(text.encode())
    cached.cache_clear()


def diff(before: Plan, after: Plan) -> Iterator[Change]:
    """Codes added, removed or changed from one plan to another."""
    for kind, table in before.tables.items():
        later = after.tables[kind]
        for code in sorted({*table, *later}):
            old, new = table.get(code), later.get(code)
            if old != new:
                yield Change(kind, code, old, new)


def official_plans(folder: Path) -> Iterator[Path]:
    """Plans of a mirror of the official site (``YEAR/NORM/DECL/planDeCompte.xml``), in order."""
    return iter(sorted(folder.rglob(OFFICIAL_NAME)))


def update(sources: Iterable[Path], folder: Path, years: Collection[int] | None = None) -> Update:
    """Compile the plans of mirrors into a folder; later mirrors are later publications.

    ``years``: only plans of one of them; None for all.
    """
    done = Update()
    families: dict[str, Family] = {}
    for source in sources:
        for path in official_plans(source):
            _take(path, folder, families, done, years or ())
    for family in families.values():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{family.name}{SUFFIX}", dump(family))
    return done


def _take(
    path: Path,
    folder: Path,
    families: dict[str, Family],
    done: Update,
    years: Collection[int],
) -> None:
    """Compile a plan into its family; one of another year is passed over."""
    year = _year_of(path)
    if years and year and int(year) not in years:
        return
    try:
        plan = compile_plan(path)
    except NomenclatureError as error:
        done.rejected.append((path, error))
        return
    if years and plan.key.exercice not in years:
        return
    if year and str(plan.key.exercice) != year:
        done.stale.append((path, plan.key))
        return
    name = _address(path, plan)
    if name not in families:
        present = folder / f"{name}{SUFFIX}"
        families[name] = load(present) if present.exists() else Family(name)
    new = families[name].add(plan)
    (done.added if new else done.known).append(plan.key)


def _address(path: Path, plan: Plan) -> str:
    """The nomenclature of a plan: that of its address, where documents look for it.

    One official file (M57_P of 2023) still carries the name of the plan it was copied from.
    """
    declinaison = path.parent.name
    if path.parent.parent.name == plan.key.norme and declinaison != plan.key.declinaison:
        plan.key = plan.key._replace(declinaison=declinaison)
    return plan.key.family


def _year_of(path: Path) -> str:
    """The year in the address of a plan; "" when there is none (then any year is taken)."""
    years = [part for part in path.parts if len(part) == 4 and part.isdecimal()]
    return years[-1] if years else ""


def main() -> None:
    """Compile mirrors of the official site into a folder of family files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("sources", nargs="+", type=Path, help="YEAR/NORM/DECL/planDeCompte.xml")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    done = update(options.sources, options.out)
    print(f"{len(done.added)} plans added, {len(done.known)} known")
    for path, key in done.stale:
        print(f"left out: {path} holds {key}")
    for path, error in done.rejected:
        print(f"rejected: {path}: {error}")


if __name__ == "__main__":
    main()

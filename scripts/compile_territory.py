#!/usr/bin/env python3
"""Compile ckanext/budgetod/sources/data/territory.tsv.gz, the table of French local authorities.

Source: the npm package @etalab/decoupage-administratif (facts of INSEE, DGCL and La Poste, Licence
Ouverte), fetched with ``npm pack``: the newest vintage first, then older ones for the communes and
EPCI that exist no more (their budgets do). SIREN of départements and régions, which the package
lacks, are the facts of ``upper_sirens.tsv`` (Sirene register, Licence Ouverte).

    python scripts/compile_territory.py [--target FILE] [--cache FOLDER]

The result is the same, byte for byte, for the same packages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

PACKAGE = "@etalab/decoupage-administratif"
VINTAGES = {"2026": "6.0.0", "2025": "5.3.0", "2024": "4.1.0", "2023": "3.1.1", "2022": "2.3.1"}
"""Vintage -> version of the package, newest first. Older versions have no SIREN of communes."""

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "ckanext/budgetod/sources/data/territory.tsv.gz"
MAX_BYTES = 2_000_000
COLUMNS = (
    "siren", "insee", "name", "type", "liaison", "departement", "epci", "postcodes", "population",
    "vintage",
)  # fmt: skip
METROPOLE_LYON = "200046977"
"""Holds the powers of a département on its communes: they do not count in the Rhône's."""
EPCI_NATURES = {
    "CC": "Communauté de communes",
    "CA": "Communauté d'agglomération",
    "CU": "Communauté urbaine",
}


def fetch(version: str, cache: Path) -> Path:
    """Folder ``data`` of one version of the package, downloaded once into ``cache``."""
    folder = cache / version
    if not folder.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is needed to fetch the package: apt-get install npm")
        out = subprocess.run(  # noqa: S603 - fixed command, constant arguments
            [npm, "pack", "--silent", f"{PACKAGE}@{version}"],
            cwd=cache, check=True, capture_output=True, text=True,
        )  # fmt: skip
        with tarfile.open(cache / out.stdout.strip().splitlines()[-1]) as archive:
            archive.extractall(folder, filter="data")
    return folder / "package/data"


def read(folder: Path, name: str) -> list[dict]:
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def epci_name(entry: dict) -> str:
    """ "CC du Pays Riolais" -> "Communauté de communes du Pays Riolais"."""
    short, _, rest = entry["nom"].partition(" ")
    return f"{EPCI_NATURES[short]} {rest}" if short in EPCI_NATURES else entry["nom"]


def epci_rows(folder: Path, vintage: str, departements: dict[str, str]) -> list[dict]:
    """EPCI and EPT; their département is the one where most of their inhabitants live."""
    rows = []
    for entry in read(folder, "epci") + read(folder, "ept"):
        weights: Counter[str] = Counter()
        for member in entry["membres"]:
            weights[departements.get(member["code"], "")] += member.get("populationTotale") or 1
        population = entry.get("populationMunicipale") or sum(
            member.get("populationMunicipale") or 0 for member in entry["membres"]
        )
        rows.append({
            "siren": entry["code"], "name": epci_name(entry), "type": "epci",
            "departement": weights.most_common(1)[0][0], "population": population,
            "vintage": vintage,
        })  # fmt: skip
    return rows


def membership(folder: Path) -> dict[str, str]:
    """INSEE code of a commune -> SIREN of its EPCI (an EPT only where there is no EPCI)."""
    found: dict[str, str] = {}
    for entry in read(folder, "ept") + read(folder, "epci"):
        found.update({member["code"]: entry["code"] for member in entry["membres"]})
    return found


def commune_rows(folder: Path, vintage: str) -> list[dict]:
    epcis = membership(folder)
    return [
        {
            "siren": entry["siren"], "insee": entry["code"], "name": entry["nom"],
            "type": "commune", "liaison": entry.get("typeLiaison", ""),
            "departement": entry["departement"], "epci": epcis.get(entry["code"], ""),
            "postcodes": " ".join(entry.get("codesPostaux", ())),
            "population": entry.get("population", ""), "vintage": vintage,
        }
        for entry in read(folder, "communes")
        if entry["type"] == "commune-actuelle" and entry.get("siren")
    ]  # fmt: skip


def upper_rows(vintage: str, communes: list[dict], departements: dict, regions: dict) -> list[dict]:
    """Départements and régions: names from the package, SIREN from ``upper_sirens.tsv``."""
    rows = []
    region_of = {code: entry[2] for code, entry in departements.items()}
    for line in (HERE / "upper_sirens.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, code, siren, covers, name = line.split("\t")
        inside = set(covers.split()) or {code}
        if kind == "region":
            inside = {dep for dep, region in region_of.items() if region == code}
        official, liaison = (regions if kind == "region" else departements).get(code, ["", ""])[:2]
        rows.append({
            "siren": siren, "insee": code, "name": name or official, "type": kind,
            "liaison": "" if name else liaison,
            "departement": "" if kind == "region" else min(inside), "vintage": vintage,
            "population": sum(
                c["population"] or 0
                for c in communes
                if c["departement"] in inside and (kind == "region" or c["epci"] != METROPOLE_LYON)
            ),
        })  # fmt: skip
    return rows


def compile_rows(cache: Path) -> tuple[dict, list[dict]]:
    """Header of the table and its rows, one per SIREN, the newest vintage of each."""
    rows: dict[str, dict] = {}
    header: dict = {}
    for vintage, version in VINTAGES.items():
        folder = fetch(version, cache)
        communes = commune_rows(folder, vintage)
        where = {row["insee"]: row["departement"] for row in communes}
        found = communes + epci_rows(folder, vintage, where)
        if not header:
            header = describe(folder, vintage)
            found += upper_rows(vintage, communes, header["departements"], header["regions"])
        for row in found:
            rows.setdefault(row["siren"], row)
    return header, [rows[siren] for siren in sorted(rows)]


def describe(folder: Path, vintage: str) -> dict:
    """What the first line of the table says: source, licence, départements and régions."""
    return {
        "source": f"{PACKAGE} {', '.join(VINTAGES.values())} (INSEE, DGCL, La Poste); Sirene",
        "licence": "Licence Ouverte / Open Licence 2.0",
        "vintage": vintage,
        "columns": COLUMNS,
        "departements": {
            d["code"]: [d["nom"], d["typeLiaison"], d["region"]]
            for d in read(folder, "departements")
        },
        "regions": {r["code"]: [r["nom"], r["typeLiaison"]] for r in read(folder, "regions")},
    }


def write(target: Path, header: dict, rows: list[dict]) -> None:
    lines = [json.dumps(header, ensure_ascii=False, separators=(",", ":"))]
    lines += ["\t".join(str(row.get(name, "")) for name in COLUMNS) for row in rows]
    data = gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{len(data)} bytes: more than {MAX_BYTES}")
    target.write_bytes(data)
    print(f"{target}: {len(rows)} rows, {len(data)} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--cache", type=Path, help="keep the packages here between runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cache = options.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        write(options.target, *compile_rows(cache))


if __name__ == "__main__":
    main()

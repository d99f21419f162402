"""Creates two harvest sources through the portal's API, starts them and waits for their end.

Reads ``PORTAL_URL`` and ``ADMIN_TOKEN``. Small territories of two presets, from the stand-in: real
names, fictional accounts. Safe to repeat: sources that exist are left alone.
"""

from __future__ import annotations

import time
from typing import Any

from seed import call

from ckanext.budgetod.harvesters.presets import PRESETS, as_text

OWNER = {
    "name": "donnees-nationales-demonstration",
    "title": "Données nationales (démonstration, comptes fictifs)",
}
VOSGES = {"region": "", "departements": ["88"]}
SOURCES = {"dgfip-grand-est-3500": "demo-dgfip-vosges", "ofgl-grand-est": "demo-ofgl-vosges"}
"""Preset -> name of the source: municipalities of the Vosges above 3,500 inhabitants, last year."""
PATIENCE = 240
"""Seconds until the portal is handed over although a job has not ended."""


def create(preset_name: str, name: str) -> str:
    """The id of a new source that takes one year of a small territory."""
    preset = PRESETS[preset_name]
    territory = {"types": ["commune"], "population_min": 3500, **preset.config["territoire"]}
    config = {
        **preset.config,
        "territoire": {**territory, **VOSGES},
        "exercices": {"derniers": 1},
    }
    source = call(
        "harvest_source_create",
        name=name,
        title=f"Vosges · communes ≥ 3 500 habitants · {preset.kind.removeprefix('budgetod_')}",
        url=f"https://example.org/{name}",
        source_type=preset.kind,
        owner_org=OWNER["name"],
        config=as_text(config),
        frequency="MANUAL",
    )
    return source["id"]


def job_of(source_id: str) -> str:
    """The newest job of a source, made when it has none."""
    jobs = call("harvest_job_list", source_id=source_id)
    if jobs:
        return max(jobs, key=lambda job: job["created"])["id"]
    return call("harvest_job_create", source_id=source_id, run=True)["id"]


def wait(jobs: list[str]) -> list[dict[str, Any]]:
    """The jobs once all of them have ended, or as they are when patience does."""
    end = time.monotonic() + PATIENCE
    while True:
        call("harvest_jobs_run")  # closes the jobs whose last object is done
        found = [call("harvest_job_show", id=job) for job in jobs]
        if all(job["status"] == "Finished" for job in found) or time.monotonic() > end:
            return found
        time.sleep(2)


def main() -> None:
    if OWNER["name"] not in call("organization_list"):
        call("organization_create", **OWNER)
    there = call("package_search", fq="dataset_type:harvest", rows=100)["results"]
    known = {source["name"]: source["id"] for source in there}
    ids = [known.get(name) or create(preset, name) for preset, name in SOURCES.items()]
    jobs = [job_of(source_id) for source_id in ids]
    for job in wait(jobs):
        stats = {name: count for name, count in job["stats"].items() if count}
        print(job["status"], stats, flush=True)
        if job["status"] != "Finished" or stats.get("errored"):
            raise SystemExit(f"harvest job {job['id']}: see /harvest on the portal")


if __name__ == "__main__":
    main()

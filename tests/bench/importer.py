"""One CKAN that imports when it is told to: ``python -m tests.bench.importer INI``.

Reads one JSON command a line, ``[name, *arguments]``, and answers each with one line. With our
plugins it imports harvest objects exactly as ckanext-harvest's fetch consumer does; without them it
writes the same files into plain datasets: ``package_create``, then one upload per file.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ckan import model
from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.lib import uploader
from ckan.plugins import toolkit as tk
from werkzeug.datastructures import FileStorage

YEAR = 2024
Dataset = dict[str, Any]
"""``title``, ``notes`` and ``files`` (pairs of path and name) of a dataset to write again."""


class Channel:
    """What a consumer acknowledges to."""

    def basic_ack(self, tag: str) -> None:
        """Nothing waits for it here."""


class Method:
    delivery_tag = ""


def site() -> dict[str, Any]:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True}


def organisation() -> str:
    """The id of a new organisation."""
    name = f"bench-{uuid.uuid4()}"
    return tk.get_action("organization_create")(site(), {"name": name, "title": "Bench"})["id"]


# --- with our plugins ----------------------------------------------------------------------------
def source(config: dict[str, Any], kind: str = "budgetod_dgfip") -> str:
    """The id of a new harvest source."""
    name = f"bench-{uuid.uuid4()}"
    data = {"name": name, "title": name, "url": f"http://example.org/{name}", "source_type": kind}
    data |= {"owner_org": organisation(), "config": json.dumps(config), "frequency": "MANUAL"}
    return tk.get_action("harvest_source_create")(site(), data)["id"]


def gather(source_id: str) -> dict[str, Any]:
    """A new job, gathered: its id, its objects by state and by SIREN, seconds, gather errors."""
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestGatherError, HarvestJob

    made = tk.get_action("harvest_job_create")(site(), {"source_id": source_id, "run": False})
    job = HarvestJob.get(made["id"])
    job.status = "Running"
    job.save()
    start = time.perf_counter()
    ids = queue.gather_stage(queue.get_harvester(job.source.type), job)
    seconds = time.perf_counter() - start
    errors = model.Session.query(HarvestGatherError).filter_by(harvest_job_id=made["id"])
    told = {"job": made["id"], "ids": ids, "seconds": seconds, "states": states(made["id"])}
    return {**told, "errors": [error.message for error in errors]}


def states(job_id: str) -> dict[str, int]:
    """Number of objects of a job by status."""
    from ckanext.harvest.model import HarvestObject

    model.Session.rollback()
    query = model.Session.query(HarvestObject.state, HarvestObject.report_status)
    counts: dict[str, int] = {}
    for state, status in query.filter_by(harvest_job_id=job_id):
        name = status or state
        counts[name] = counts.get(name, 0) + 1
    return counts


def close(job_id: str) -> dict[str, int]:
    """End a job whose objects are all done; they by status."""
    from ckanext.harvest.model import HarvestJob

    counts = states(job_id)
    source_id = HarvestJob.get(job_id).source_id
    tk.get_action("harvest_jobs_run")(
        {**site(), "model": model, "session": model.Session}, {"source_id": source_id}
    )
    return counts


def consume(ids: list[str]) -> float:
    """Seconds to fetch and import these objects, one after the other."""
    from ckanext.harvest import queue

    start = time.perf_counter()
    for object_id in ids:
        queue.fetch_callback(
            Channel(), Method(), None, json.dumps({"harvest_object_id": object_id})
        )
    return time.perf_counter() - start


def send(ids: list[str]) -> float:
    """Give objects to the consumers that run; the moment of it (``time.time``)."""
    from ckanext.harvest import queue

    publisher = queue.get_fetch_publisher()
    start = time.time()
    for object_id in ids:
        publisher.send({"harvest_object_id": object_id})
    return start


def left(ids: list[str]) -> int:
    """How many of these objects are not done."""
    from ckanext.harvest.model import HarvestObject

    model.Session.rollback()
    query = model.Session.query(HarvestObject.id).filter(HarvestObject.id.in_(ids))
    return query.filter(HarvestObject.state.notin_(("COMPLETE", "ERROR"))).count()


def copies(ids: list[str], folder: str) -> list[Dataset]:
    """The datasets that these objects became, their files copied into ``folder``."""
    from ckanext.harvest.model import HarvestObject

    query = model.Session.query(HarvestObject.package_id).filter(HarvestObject.id.in_(ids))
    return [_copy(package_id, Path(folder)) for (package_id,) in query if package_id]


def _copy(package_id: str, folder: Path) -> Dataset:
    dataset = tk.get_action("package_show")({**site(), "use_cache": False}, {"id": package_id})
    files = []
    for resource in dataset["resources"]:
        target = folder / f"{resource['id']}.csv"
        upload = uploader.get_resource_uploader(resource)
        location, storage = upload.get_path(resource["id"]), getattr(upload, "storage", None)
        path = Path(storage.settings.path, location) if storage is not None else location
        shutil.copyfile(path, target)
        files.append((str(target), resource["url"].rpartition("/")[2]))
    return {"title": dataset["title"], "notes": dataset["notes"], "files": files}


def written() -> list[Any]:
    """Changes with every write of a dataset."""
    model.Session.rollback()
    packages = model.Session.query(model.Package.id, model.Package.metadata_modified)
    newest = max(modified for _, modified in packages)
    return [packages.count(), newest.isoformat()]


# --- without -------------------------------------------------------------------------------------
def create(datasets: list[Dataset], owner: str) -> float:
    """Seconds to write these datasets as anybody would."""
    start = time.perf_counter()
    for dataset in datasets:
        _create(dataset, owner)
        model.Session.remove()
    return time.perf_counter() - start


def _create(dataset: Dataset, owner: str) -> None:
    data = {"name": f"bench-{uuid.uuid4()}", "owner_org": owner, "license_id": "etalab-2.0"}
    data |= {"title": dataset["title"], "notes": dataset["notes"]}
    package_id = tk.get_action("package_create")(site(), data)["id"]
    for path, name in dataset["files"]:
        with open(path, "rb") as stream:
            resource = {"package_id": package_id, "name": name, "format": "CSV"}
            upload = FileStorage(stream, name, content_type="text/csv")
            tk.get_action("resource_create")(site(), {**resource, "upload": upload})


# --- commands ------------------------------------------------------------------------------------
def peak() -> int:
    """Bytes of this process at its worst moment (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(x.split()[1] for x in status.splitlines() if x.startswith("VmHWM"))) * 1024


COMMANDS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        organisation, source, gather, states, close, consume, send, left, copies, written,
        create, peak,
    )
}  # fmt: skip


MEASURED = ("consume", "create", "gather")
"""Run as consumers run them, without a request."""


def main() -> None:
    app = make_app(load_config(sys.argv[1]))._wsgi_app
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        bare = name in MEASURED
        with contextlib.nullcontext() if bare else app.test_request_context():
            answer = COMMANDS[name](*arguments)
        print(f"answer {json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    main()

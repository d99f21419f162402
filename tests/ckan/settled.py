"""What must hold after every harvest, whatever went wrong in it; and small towns to harvest."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from harvesting import dataset
from standin.world import World

from ckanext.budgetod.sources.territory import Collectivity, territory

EXERCICE = 2024


def small_towns(departement: str, exercices: Iterable[int] = (EXERCICE,)) -> Iterator[Collectivity]:
    """Municipalities of a few hundred people that have accounts in these exercices."""
    years, world = tuple(exercices), World()
    for one in territory():
        here = one.type == "commune" and one.departement == departement
        small = here and one.vintage == "2026" and 100 < (one.population or 0) < 400
        if small and all(world.has_accounts(one, year) for year in years):
            yield one


def last_job(source_id: str) -> Any:
    from ckan import model
    from ckanext.harvest.model import HarvestJob

    model.Session.rollback()
    query = model.Session.query(HarvestJob).filter_by(source_id=source_id)
    return query.order_by(HarvestJob.created.desc()).first()


def objects(job: Any) -> list[Any]:
    """The harvest objects of a job, as they are in the database now."""
    from ckan import model
    from ckanext.harvest.model import HarvestObject

    model.Session.rollback()
    query = model.Session.query(HarvestObject).filter_by(harvest_job_id=job.id)
    return query.order_by(HarvestObject.guid).populate_existing().all()


def told(source_id: str) -> str:
    """What the log of the last job says went wrong, on ckanext-harvest's own pages."""
    from ckan import model
    from ckanext.harvest.model import HarvestGatherError, HarvestObjectError

    job = last_job(source_id)
    ids = [one.id for one in objects(job)]
    gather = model.Session.query(HarvestGatherError.message).filter_by(harvest_job_id=job.id)
    found = model.Session.query(HarvestObjectError.message)
    mine = found.filter(HarvestObjectError.harvest_object_id.in_(ids))
    return "\n".join(text for (text,) in (*gather, *mine))


def assert_settled(
    source_id: str,
    sirens: Iterable[str],
    download: Callable[[dict[str, Any]], bytes | None],
    exercice: int = EXERCICE,
) -> dict[str, dict[str, Any]]:
    """Nothing on its way, nothing twice, nothing half there. The public datasets by SIREN."""
    job = last_job(source_id)
    assert job.status == "Finished"
    made = objects(job)
    assert {one.state for one in made} <= {"COMPLETE", "ERROR"}
    assert all(one.report_status for one in made)
    assert max(Counter(one.guid for one in made).values(), default=1) == 1
    found = {siren: dataset(siren, exercice) for siren in sirens}
    public = {siren: one for siren, one in found.items() if one and one["state"] == "active"}
    for siren, one in public.items():
        assert _names(siren, exercice) == [one["name"]]
        assert one["resources"], "a dataset is never public and empty"
        assert one["private"] is False
        _whole(one, download)
    return public


def _names(siren: str, exercice: int) -> list[str]:
    """Names of the active datasets that are this budget: one, whatever happened."""
    from ckan import model

    query = model.Session.query(model.Package.name).filter(
        model.Package.state == "active",
        model.Package.type == "budget",
        model.Package.name.startswith(f"budget-{siren}-{exercice}"),
    )
    return [name for (name,) in query]


def _whole(one: dict[str, Any], download: Callable[[dict[str, Any]], bytes | None]) -> None:
    ids = [resource["id"] for resource in one["resources"]]
    assert len(set(ids)) == len(ids)
    files = [(r["budgetod_document"], r["budgetod_role"]) for r in one["resources"]]
    assert len(set(files)) == len(files), "each file once"
    for resource in one["resources"]:
        content = download(resource)
        assert content is not None
        assert len(content) == resource["size"]
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1, "no row was cut"

"""The action of the harvest log: failed items once more."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk
from ckan.types import Context

from . import schema


def budgetod_harvest_retry(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Run failed items of a harvest job again, in a job of their own.

    :param id: id of the harvest job
    :param objects: ids of harvest objects of that job (optional: all that failed)

    :returns: ``{"id", "source_id"}`` of the new job
    :raises ValidationError: nothing of it failed, or a job of the source is under way
    """
    data = schema.validated(data_dict, schema.harvest_retry(), context)
    job = find_job(data["id"])
    tk.check_access("budgetod_harvest_retry", context, {"id": data["id"]})
    from ckanext.harvest.logic import HarvestJobExists, HarvestSourceInactiveError

    from ckanext.budgetod.harvesters.retry import NothingToRetry, retry

    source_id = job.source_id
    try:
        return {"id": retry(job, data.get("objects") or ()), "source_id": source_id}
    except NothingToRetry:
        fault = tk._("Nothing of this has failed.")
    except HarvestJobExists:
        fault = tk._("A harvest of this source is already waiting or running: wait for its end.")
    except HarvestSourceInactiveError:
        fault = tk._("This source is not active.")
    model.Session.rollback()
    raise tk.ValidationError({"id": [fault]})


def find_job(job_id: str) -> Any:
    """The job of one of our sources. Raises ObjectNotFound."""
    if plugin_loaded("harvest"):
        from ckanext.harvest.model import HarvestJob

        job = HarvestJob.get(job_id)
        if job is not None and job.source.type.startswith("budgetod_"):
            return job
    raise tk.ObjectNotFound(tk._("Harvest job not found"))

"""ckanext-harvest's "clear" takes only what the source brought; ended jobs are told by mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context

from ckanext.budgetod.deposit import retirement
from ckanext.budgetod.harvesters import healing, mail

__all__ = ["harvest_jobs_run", "harvest_source_clear"]

Next = Callable[[Context, dict[str, Any]], Any]


@tk.chained_action
def harvest_source_clear(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """Clear a harvest source.

    ckanext-harvest deletes every package that the source ever named. Budgets share datasets: those
    that hold somebody else's files keep them, and leave the source before it clears.
    """
    tk.check_access("harvest_source_clear", context, data_dict)
    from ckanext.harvest.model import HarvestSource

    source = HarvestSource.get(data_dict.get("id"))
    if source is None or not source.type.startswith("budgetod_"):
        return next_(context, data_dict)
    alone, shared = retirement.split(source.id)
    retirement.leave_shared(source.id, alone, shared)
    result = next_(context, data_dict)
    retirement.forget(alone)
    retirement.index_again(shared)
    return result


@tk.chained_action
def harvest_jobs_run(next_: Next, context: Context, data_dict: dict[str, Any]) -> Any:
    """As ckanext-harvest's, which ends jobs; those of ours whose source asks for it get a mail."""
    tk.check_access("harvest_jobs_run", context, data_dict)
    running = mail.running(data_dict.get("source_id"))
    healing.heal(running)
    answer = next_(context, data_dict)
    mail.tell_finished(running)
    return answer

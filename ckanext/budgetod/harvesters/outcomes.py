"""What happened to a harvest object, kept as codes: pages and exports put it into words."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy.exc
from ckan import model
from sqlalchemy.orm import aliased

from . import messages
from .patience import patiently

log = logging.getLogger(__name__)

WRITTEN = ("added", "updated", "partly", "retired", "removed")
OUTCOME, PARAMS = "budgetod_outcome", "budgetod_params"
STAYS = ("not_a_budget", "other_year", "other_siren")
"""Outcomes of a file that only another content, or another configuration, can change."""


def note(object_id: str, outcome: str, **params: Any) -> None:
    """Keep the outcome of an object (committed)."""
    patiently(lambda: _write(object_id, outcome, params))


def note_failure(object_id: str, stage: str, code: str, params: Mapping[str, Any]) -> bool:
    """Keep why an object failed; always False, which ckanext-harvest takes for "errored"."""
    try:
        patiently(lambda: _write(object_id, f"error:{code}", params, stage))
    except sqlalchemy.exc.SQLAlchemyError:
        log.exception("The failure of harvest object %s could not be written", object_id)
        model.Session.rollback()
    return False


def _write(object_id: str, outcome: str, params: Mapping[str, Any], stage: str = "") -> None:
    """Outcome and parameters, and with ``stage`` the sentence for ckanext-harvest's own pages."""
    from ckanext.harvest.model import HarvestObjectError, HarvestObjectExtra

    given = {OUTCOME: outcome}
    if params:
        given[PARAMS] = json.dumps(params, ensure_ascii=False, default=str)
    known = model.Session.query(HarvestObjectExtra).filter_by(harvest_object_id=object_id)
    present = {extra.key: extra for extra in known}
    for key in (OUTCOME, PARAMS):
        value, extra = given.get(key), present.get(key)
        if extra is not None and value is None:
            model.Session.delete(extra)
        elif extra is not None:
            extra.value = value
        elif value is not None:
            model.Session.add(HarvestObjectExtra(harvest_object_id=object_id, key=key, value=value))
    if stage:
        told = messages.sentence(outcome, params)
        model.Session.add(
            HarvestObjectError(message=told, stage=stage, harvest_object_id=object_id)
        )
    model.Session.commit()


def decided(source_id: str) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """guid -> (item as it was, what was noted) of files of a source that need not be read again."""
    from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

    params = aliased(HarvestObjectExtra)
    query = (
        model.Session.query(
            HarvestObject.guid, HarvestObject.content, HarvestObjectExtra.value, params.value
        )
        .join(HarvestObjectExtra, HarvestObjectExtra.harvest_object_id == HarvestObject.id)
        .outerjoin(params, (params.harvest_object_id == HarvestObject.id) & (params.key == PARAMS))
        .filter(
            HarvestObject.harvest_source_id == source_id,
            HarvestObjectExtra.key == OUTCOME,
            HarvestObjectExtra.value.in_(STAYS),
        )
        .order_by(HarvestObject.gathered)
    )
    return {
        guid: (content, ((OUTCOME, outcome), *(((PARAMS, told),) if told else ())))
        for guid, content, outcome, told in query
    }


def read(harvest_object: Any) -> tuple[str, dict[str, Any]]:
    """Outcome and parameters of an object; from ckanext-harvest's own status when none is kept."""
    extras = {extra.key: extra.value for extra in harvest_object.extras}
    outcome = extras.get(OUTCOME) or messages.FROM_STATUS.get(harvest_object.report_status, "")
    return outcome, json.loads(extras.get(PARAMS) or "{}")


def answered(harvest_object: Any) -> bool | str | None:
    """What the import answered when it ended well already: ckanext-harvest may ask twice.

    None for an object that is to be done, or that failed.
    """
    outcome, _ = read(harvest_object)
    if harvest_object.import_finished is None or outcome.startswith("error:") or not outcome:
        return None
    return True if outcome in WRITTEN else "unchanged"


def sentence_of(harvest_object: Any, lang: str = "") -> str:
    """What happened to an object, in words."""
    outcome, params = read(harvest_object)
    return messages.sentence(outcome, params, lang)

"""Lets ckanext-dcat serialise when scheming describes budgets but not plain datasets.

Its profiles ask scheming for the schema of the type ``dataset`` and fail (404 on every ``.ttl``)
when there is none, as on a portal that installs scheming for budgets only. In-process callers are
told of an empty schema instead, which those profiles take for "no scheming"; the API is unchanged.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk

__all__ = ["scheming_dataset_schema_show"]


@tk.chained_action
@tk.side_effect_free
def scheming_dataset_schema_show(next_action, context, data_dict):
    """The schema of a dataset type; {} for an undescribed ``dataset``, except through the API."""
    try:
        return next_action(context, data_dict)
    except tk.ObjectNotFound:
        if data_dict.get("type") != "dataset" or "api_version" in context:
            raise
        return {}

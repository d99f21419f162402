"""Validators of an organisation's identity: ``siren``, ``siret``, ``sirens_rattaches``.

The SIREN decides who may deposit whose budgets, so only sysadmins write it (and the attached
ones). Anybody else may send the value back as it is, or leave it out: it is kept.
"""

from __future__ import annotations

import ckan.authz as authz
import ckan.plugins.toolkit as tk

from ckanext.budgetod.deposit.owners import owners_of
from ckanext.budgetod.engine.siret import valid_siren, valid_siret
from ckanext.budgetod.sources.identifiers import siren_list, without_spaces

__all__ = ["budgetod_siren", "budgetod_sirens_rattaches", "budgetod_siret"]


def budgetod_siren(key, data, errors, context):
    """Valid, of no other active organisation, changed by sysadmins only."""
    value = _protected(key, data, context, without_spaces)
    if not valid_siren(value):
        raise _refuse(key, errors, tk._("“%s” is not a valid SIREN (nine digits).") % value)
    _refuse_taken(key, errors, context, [value])


def budgetod_sirens_rattaches(key, data, errors, context):
    """List of valid SIREN, none of another organisation, changed by sysadmins only."""
    value = _protected(key, data, context, _tidy_list)
    wrong = [siren for siren in value.split() if not valid_siren(siren)]
    if wrong:
        message = tk._("These are not valid SIREN numbers: %s.") % ", ".join(wrong)
        raise _refuse(key, errors, message)
    _refuse_taken(key, errors, context, value.split())


def budgetod_siret(key, data, errors, context):
    """Valid, and an establishment of the organisation's SIREN."""
    value = without_spaces(_text(data.get(key)))
    if not value:
        data.pop(key, None)
        raise tk.StopOnError
    data[key] = value
    if not valid_siret(value):
        raise _refuse(key, errors, tk._("“%s” is not a valid SIRET (fourteen digits).") % value)
    siren = without_spaces(_text(data.get(("siren",)))) or _stored(("siren",), context)
    if not value.startswith(siren):
        message = tk._("This SIRET does not belong to the organization's SIREN %s.") % siren
        raise _refuse(key, errors, message)


def _protected(key, data, context, tidy) -> str:
    """The tidied value, already in ``data``; refused when a non-sysadmin changes it."""
    current = _stored(key, context)
    given = data.get(key, tk.missing)
    value = current if given is tk.missing else tidy(_text(given))
    if value != current and not _may_change(context):
        message = tk._("Only a sysadmin can set or change this number.")
        raise tk.Invalid(message)
    if not value:
        data.pop(key, None)
        raise tk.StopOnError
    data[key] = value
    return value


def _may_change(context) -> bool:
    return bool(context.get("ignore_auth")) or authz.is_sysadmin(context.get("user"))


def _stored(key, context) -> str:
    """What the organisation holds now; "" when it is being created."""
    group = context.get("group")
    return (group.extras or {}).get(key[0]) or "" if group else ""


def _text(value) -> str:
    return "" if value is None or value is tk.missing else str(value)


def _tidy_list(text: str) -> str:
    return " ".join(siren_list(text))


def _refuse(key, errors, message) -> tk.StopOnError:
    errors[key].append(message)
    return tk.StopOnError()


def _refuse_taken(key, errors, context, sirens: list[str]) -> None:
    group = context.get("group")
    for siren in sirens:
        others = [one for one in owners_of(siren) if group is None or one.id != group.id]
        if others:
            message = tk._("The SIREN %s already belongs to the organization “%s”.")
            raise _refuse(key, errors, message % (siren, others[0].display_name))

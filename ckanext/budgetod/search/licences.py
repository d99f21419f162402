"""The licence of budgets in the site's list, where that list lacks it."""

from __future__ import annotations

import ckan.model as model
from ckan.model.license import License

ETALAB = {
    "id": "etalab-2.0",
    "title": "Licence Ouverte / Open Licence version 2.0",
    "url": "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
    "status": "active",
    "maintainer": "Etalab",
    "family": "",
    "is_generic": False,
    "domain_content": True,
    "domain_data": True,
    "domain_software": False,
    "od_conformance": "approved",
    "osd_conformance": "not reviewed",
}


def add_licence() -> None:
    """Append the Licence Ouverte 2.0 to CKAN's register, unless the site's list has it."""
    register = model.Package.get_license_register()
    if ETALAB["id"] not in register.keys():  # noqa: SIM118 - the register is no mapping
        register.licenses.append(License(dict(ETALAB)))


ELSEWHERE = {
    "lov2": ETALAB["url"],
    "fr-lo": "https://www.data.gouv.fr/licences/ouverte",
    "odc-odbl": "https://opendatacommons.org/licenses/odbl/",
}
"""Identifiers of data.gouv.fr that CKAN does not know -> address of the licence."""


def licence_url(licence: str) -> str:
    """Address of a licence by the id that CKAN or data.gouv.fr gives it, "" when unknown."""
    if licence in ELSEWHERE:
        return ELSEWHERE[licence]
    known = model.Package.get_license_register().get(licence)
    if known is not None and known.url:
        return known.url
    return ETALAB["url"] if licence == ETALAB["id"] else ""

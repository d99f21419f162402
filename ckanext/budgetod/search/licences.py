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

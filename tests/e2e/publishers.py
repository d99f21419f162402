"""What a portal looks like when a region has begun to publish: rows of documents, then none again.

    python tests/e2e/publishers.py fill YEAR     # as many deposits and harvests as in a real region
    python tests/e2e/publishers.py empty

Runs inside CKAN, with the settings in ``CKAN_INI``. The rows belong to one dataset, which holds no
file: only the coverage page looks at them.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator

from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.sources.perimeter import Perimeter

NAME = "couverture-essai"


def documents(year: int, package_id: str) -> Iterator[dict[str, object]]:
    """A good part of those of 3,500 inhabitants and more, drawn from their SIREN."""
    for one in Perimeter(region="44", population_min=3_500).collectivities():
        for rank, (exercice, stage) in enumerate(
            ((year - 1, Stage.CA), (year, Stage.BP), (year, Stage.CA))
        ):
            luck = zlib.crc32(f"{one.siren}.{rank // 2}".encode()) % 100 + 12 * rank
            origin = "deposit" if luck < 60 else "dgfip" if luck < 90 else ""
            if origin:
                yield {
                    "key": f"essai.{one.siren}.{exercice}.{stage.slug}",
                    "package_id": package_id,
                    "origin": origin,
                    "siren": one.siren,
                    "siret": f"{one.siren}00010",
                    "exercice": exercice,
                    "etape": stage.value,
                    "published_serial": 1,
                }


def main(action: str, year: int = 2024) -> None:
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    app = make_app(load_config(os.environ["CKAN_INI"]))
    with app._wsgi_app.test_request_context():
        (fill if action == "fill" else empty)(year)


def fill(year: int) -> None:
    from ckan import model
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import BudgetDocument

    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    made = tk.get_action("package_create")(
        {"user": site, "ignore_auth": True},
        {"name": NAME, "title": "Couverture", "owner_org": "ville-de-valmoselle"},
    )
    model.Session.execute(BudgetDocument.__table__.insert(), list(documents(year, made["id"])))
    model.Session.commit()


def empty(_: int) -> None:
    from ckan import model
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import BudgetDocument

    model.Session.query(BudgetDocument).filter(BudgetDocument.key.startswith("essai.")).delete(
        synchronize_session=False
    )
    model.Session.commit()
    if model.Package.get(NAME):
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        tk.get_action("dataset_purge")({"user": site, "ignore_auth": True}, {"id": NAME})


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))

"""What the CKAN tests share: fictional collectivities, their editors, deposits, a worker.

Every test makes its own organisations with SIREN of their own, so that nothing needs emptying
between tests; ``clean_db`` is for those that count.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from harvesting import settings_of
from standin import StandIn
from towns import Town, as_file, new_siren, person

from ckanext.budgetod.engine import builder


@pytest.fixture
def clean_db(reset_db, migrate_db_for):
    """CKAN's own ``clean_db``, with the tables of our plugins."""
    reset_db()
    migrate_db_for("activity")
    migrate_db_for("budgetod")
    migrate_db_for("harvest")


@pytest.fixture
def cleaned(request, with_plugins):
    """As ``clean_db`` and ``clean_index``, once for a module whose tests use towns of their own."""
    if not getattr(request.module, "is_cleaned", False):
        request.getfixturevalue("clean_db")
        request.getfixturevalue("clean_index")
        request.module.is_cleaned = True


@pytest.fixture
def make_town(with_plugins, app):
    """A factory of collectivities, each with an organisation and an editor."""
    from ckan.tests import factories

    def make(title: str = "Ville de Valmoselle") -> Town:
        siren = new_siren()
        editor = person(factories.UserWithToken)
        organisation = factories.Organization(
            user=person(factories.Sysadmin),
            title=title,
            siren=siren,
            users=[{"name": editor["name"], "capacity": "editor"}],
        )
        return Town(siren, builder.fictional_siret(siren), organisation, editor)

    return make


@pytest.fixture
def town(make_town) -> Town:
    return make_town()


@pytest.fixture
def submit():
    """Deposit as an editor through the action; the answer of ``budgetod_submit``."""
    from ckan.plugins import toolkit as tk

    def run(town: Town, content: bytes | None = None, user: str | None = None, **data: Any):
        upload = as_file(content if content is not None else town.document())
        context = {"user": user or town.editor["name"], "ignore_auth": False}
        return tk.get_action("budgetod_submit")(context, {"upload": upload, **data})

    return run


@pytest.fixture
def work(with_test_worker):
    """Run every waiting job, in this process, by CKAN's own worker."""
    from ckan.lib.jobs import Worker

    def run() -> None:
        Worker(["budgetod"]).work(burst=True)

    return run


@pytest.fixture
def row_of():
    """The row of a conversion, read afresh."""
    from ckan import model

    from ckanext.budgetod.model import Conversion

    def read(conversion_id: str):
        model.Session.rollback()
        return Conversion.get(conversion_id)

    return read


@pytest.fixture
def publish(submit, work, row_of):
    """Deposit and wait for the publication; a deposit that is not published says why."""

    def run(town: Town, content: bytes | None = None, **data: Any):
        made = submit(town, content, **data)
        work()
        row = row_of(made["conversion_id"])
        seen = (row.state, row.step, row.questions, row.error_code, row.attempt, row.job_id)
        assert seen[:2] == ("published", "done"), f"deposit {row.id} is not published: {seen}"
        return made

    return run


@pytest.fixture
def show():
    """A dataset as a sysadmin sees it in the database."""
    from ckan.plugins import toolkit as tk

    def read(name: str) -> dict[str, Any]:
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
        context = {"user": site["name"], "ignore_auth": True, "use_cache": False}
        return tk.get_action("package_show")(context, {"id": name})

    return read


@pytest.fixture
def download(app):
    """The public bytes of a resource, as anybody gets them; None when there is nothing to get."""

    def get(resource: dict[str, Any], headers: dict[str, str] | None = None) -> bytes | None:
        path = f"/dataset/{resource['package_id']}/resource/{resource['id']}/download"
        answer = app.get(path, headers=headers or {})
        return answer.data if answer.status_code == 200 else None

    return get


@pytest.fixture
def territory() -> tuple[str, ...]:
    """SIREN that the stand-in of the sources knows; all of the region when empty."""
    return ()


@pytest.fixture
def standin(territory):
    """The stand-in of the national sources, running."""
    with StandIn(territory=territory) as running:
        yield running


@pytest.fixture
def calls_the_standin(standin, monkeypatch, tmp_path, with_plugins):
    """Makes the site call the stand-in instead of the sources."""
    from ckan.common import config

    for key, value in settings_of(standin).items():
        monkeypatch.setitem(config, key, value)
    monkeypatch.setitem(config, "budgetod.sources.cache_path", str(tmp_path / "cache"))


@pytest.fixture
def region(with_plugins):
    """The organisation that harvests."""
    from ckan.tests import factories

    return factories.Organization(title="Région Grand Est")


def real_data() -> str | None:
    """Folder of real documents, None when they are not at hand."""
    return os.environ.get("BUDGETOD_REAL_DATA") or None

"""``ckan budgetod import|sweep|run``."""

from __future__ import annotations

import json

import pytest

from ckanext.budgetod import cli as commands

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


@pytest.fixture
def folder(town, tmp_path):
    """Two good documents, one below, and one that is not a budget."""
    (tmp_path / "ca.xml").write_bytes(town.document())
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "bp.XML").write_bytes(town.document(stage="BP"))
    (tmp_path / "other.xml").write_bytes(b"<?xml version='1.0'?><facture/>")
    (tmp_path / "notes.txt").write_text("not an XML")
    return tmp_path


def run(cli, *arguments):
    return cli.invoke(commands.budgetod, [str(one) for one in arguments])


def test_a_folder_is_imported_with_a_report_per_file(cli, folder, town, work, show, tmp_path):
    out = tmp_path / "report.json"
    result = run(cli, "import", folder, "--report", out)
    assert result.exit_code == 1, "one file was refused"
    assert "2 queued" in result.output
    assert "1 refused" in result.output
    told = {one["file"].rpartition("/")[2]: one for one in json.loads(out.read_text())}
    assert told["other.xml"]["code"] == "F05"
    assert told["ca.xml"]["document"] == f"{town.siret}.2023.ca.principal"
    work()
    stages = {r["budget_etape"] for r in show(town.dataset_name())["resources"]}
    assert stages == {"ca", "bp"}


def test_a_dry_run_stores_nothing(cli, folder, town):
    from ckan import model

    from ckanext.budgetod.model import Conversion

    result = run(cli, "import", "--dry-run", folder)
    assert "2 checked" in result.output
    assert Conversion.newest(siren=town.siren) == []
    assert model.Package.get(town.dataset_name()) is None


def test_importing_again_deposits_nothing_new(cli, folder, work):
    run(cli, "import", folder)
    work()
    result = run(cli, "import", folder)
    assert result.output.count("(already deposited)") == 2


def test_answers_come_on_the_command_line(cli, town, tmp_path, work, row_of, submit):
    path = tmp_path / "projet.xml"
    path.write_bytes(town.document(stage="BP", projet=True))
    run(cli, "import", path, "--confirm", "S02")
    work()
    assert submit(town, path.read_bytes())["state"] == "published"


def test_a_user_deposits_for_his_organisation_only(cli, make_town, town, tmp_path):
    path = tmp_path / "ca.xml"
    path.write_bytes(town.document())
    other = make_town("Sainte-Ombrelle")
    result = run(cli, "import", path, "--user", other.editor["name"])
    assert "I02" in result.output
    assert "1 queued" in run(cli, "import", path, "--user", town.editor["name"]).output


def test_nothing_to_import_is_an_error(cli, tmp_path):
    assert run(cli, "import", tmp_path).exit_code == 1


def test_sweep_says_what_it_did(cli, town, submit):
    from ckan.lib.jobs import get_queue

    submit(town)
    get_queue("budgetod").empty()
    result = run(cli, "sweep")
    assert result.exit_code == 0
    assert "enqueued" in result.output


def test_run_takes_a_failed_conversion_up_again(cli, town, submit, work, row_of, monkeypatch):
    from ckanext.budgetod.deposit import publish

    made = submit(town)
    with monkeypatch.context() as broken:
        broken.setattr(publish, "publish", lambda *_: 1 / 0)
        work()
    assert row_of(made["conversion_id"]).state == "failed"
    assert run(cli, "run", made["conversion_id"]).exit_code == 0
    work()
    assert row_of(made["conversion_id"]).state == "published"

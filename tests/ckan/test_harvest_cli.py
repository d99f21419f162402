"""``ckan budgetod harvest``: a region filled from one shell."""

from __future__ import annotations

import json

import pytest
from harvesting import dataset

from ckanext.budgetod import cli as commands

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ, PARIS_METZ = "215403957", "215704636", "200039865"


@pytest.fixture
def territory():
    return (NANCY, METZ, PARIS_METZ)


def run(cli, *arguments):
    return cli.invoke(commands.budgetod, ["harvest", *map(str, arguments)])


def answer_of(done):
    """The JSON that a command wrote; the runner of CKAN 2.11 puts stderr before it."""
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.fixture
def moselle(cli, region):
    done = run(
        cli, "create", "dgfip-grand-est", "--department", "57", "--exercice", "2024",
        "--organization", region["name"], "--name", "moselle",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return "moselle"


def test_a_source_is_made_from_a_preset_and_harvested(cli, moselle):
    done = run(cli, "run", moselle)
    assert (done.exit_code, "2 added" in done.output) == (0, True), done.output
    assert dataset(METZ, 2024)["state"] == "active"
    assert dataset(NANCY, 2024) is None
    again = answer_of(run(cli, "run", moselle, "--json"))
    assert (again["ok"], again["counts"]) == (True, {"not modified": 2})


def test_list_tells_presets_and_sources_with_their_last_result(cli, moselle):
    before = run(cli, "list").output
    assert "dgfip-grand-est-3500" in before
    assert "Pas encore lancé" in before
    run(cli, "run", moselle)
    line = next(one for one in run(cli, "list").output.splitlines() if "  moselle " in one)
    assert "Terminé sans échec" in line


def test_preview_of_a_source_and_of_a_preset(cli, moselle, standin):
    of_source = run(cli, "preview", moselle)
    assert of_source.output.startswith("2 found, 2 will be read")
    told = answer_of(run(cli, "preview", "dgfip-grand-est", "--json"))
    assert told["found"] == 3
    assert told["first"][0][0]["siren"]
    assert not standin.calls("dgfip", "/exports/")


def test_a_failed_gather_is_exit_code_1_and_is_told(cli, moselle, standin):
    standin.scenario("dgfip", "500")
    done = run(cli, "run", moselle)
    assert done.exit_code == 1
    assert "gather: commune 57 2024\u00a0: La source a répondu par une erreur (500)." in done.output
    assert run(cli, "preview", moselle).exit_code == 1


def test_a_failed_item_is_exit_code_1_and_is_named(cli, moselle, monkeypatch):
    from ckanext.budgetod.harvesters import importing

    def failing(harvested, note):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(importing.national, "publish", failing)
    done = run(cli, "run", moselle)
    assert done.exit_code == 1
    assert f"dgfip/{METZ}/2024: Une erreur de notre côté." in done.output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "nowhere"], "no source"),
        (["preview", "nowhere"], "no source"),
        (["create", "dgfip-grand-est", "--organization", "nobody"], "no organization nobody"),
        (["create", "dgfip-grand-est", "--department", "99"], "not a known department code: 99"),
        (["create", "unknown"], "'unknown'"),
    ],
)
def test_mistakes_are_one_sentence(cli, region, arguments, word):
    done = run(cli, *arguments)
    assert done.exit_code in (1, 2)
    assert word in done.output
    assert "Traceback" not in done.output


def test_the_organization_must_be_said_when_there_are_several(cli, region):
    from ckan.tests import factories

    assert run(cli, "create", "dgfip-grand-est", "--name", "one").exit_code == 0
    factories.Organization()
    assert "--organization" in run(cli, "create", "dgfip-grand-est-epci").output

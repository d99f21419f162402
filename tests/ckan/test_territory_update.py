"""``ckan budgetod territory update`` against the stand-in of geo.api.gouv.fr, over real HTTP."""

from __future__ import annotations

import pytest
from standin import StandIn

from ckanext.budgetod import cli as commands
from ckanext.budgetod.sources import overlay
from ckanext.budgetod.sources.perimeter import Perimeter
from ckanext.budgetod.sources.territory import territory, use_overlays

pytestmark = pytest.mark.usefixtures("with_plugins")

EPINAL = "218801603"


@pytest.fixture(scope="module")
def standin():
    with StandIn() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch, standin):
    """The portal's folder of overlays; the portal asks the stand-in."""
    from ckan.common import config

    standin.reset()
    for key, value in {
        "budgetod.territory_path": str(tmp_path / "territory"),
        "budgetod.sources.geo.url": standin.urls["geo"],
        "budgetod.sources.allowed_hosts": [f"127.0.0.1:{standin.port}"],
        "budgetod.sources.cache_path": str(tmp_path / "cache"),
        "budgetod.sources.calls_per_minute": 6000,
        "budgetod.sources.attempts": 1,
        "budgetod.sources.read_timeout": 10,
    }.items():
        monkeypatch.setitem(config, key, value)
    use_overlays(tmp_path / "territory")
    yield tmp_path / "territory"
    use_overlays(None)


@pytest.fixture
def run(cli):
    def call(*arguments: str):
        return cli.invoke(commands.budgetod, ["territory", "update", *arguments])

    return call


def stale(folder, siren: str, **changed: str) -> None:
    """An older overlay in which one collectivity is not as the service says today."""
    one = territory().lookup(siren)
    row = {
        "siren": one.siren, "insee": one.insee, "name": one.name, "type": one.type,
        "liaison": one.article, "departement": one.departement, "epci": one.epci,
        "postcodes": " ".join(one.postcodes), "population": one.population,
        "vintage": one.vintage, **changed,
    }  # fmt: skip
    overlay.write(folder, "44", {"vintage": "2026"}, [overlay.line_of(row)])


def test_a_region_is_asked_in_two_calls_and_written(run, folder, standin):
    today = territory().lookup(EPINAL).population
    stale(folder, EPINAL, population="7", name="Spinal")
    standin.reset()
    result = run()
    assert result.exit_code == 0, result.output
    assert "Grand Est 2026: 5115 municipalities, 150 inter-municipal bodies" in result.output
    assert "1 renamed: Spinal -> Épinal" in result.output
    assert f"Épinal: 7 -> {today}" in result.output
    assert f"written: {folder / 'territory-44.tsv.gz'}" in result.output
    assert territory().lookup(EPINAL).population == today
    assert len(Perimeter(region="44", types=("commune",)).collectivities()) == 5115
    assert len(standin.calls("geo")) == 2
    assert all("codeRegion=44" in call.path for call in standin.calls("geo"))


def test_twice_the_same_writes_once(run, folder):
    stale(folder, EPINAL, population="7")
    run()
    before = overlay.path_of(folder, "44").stat().st_mtime_ns
    assert "nothing to write" in run().output
    assert overlay.path_of(folder, "44").stat().st_mtime_ns == before


def test_a_dry_run_tells_and_writes_nothing(run, folder):
    stale(folder, EPINAL, population="7")
    before = overlay.path_of(folder, "44").read_bytes()
    result = run("--dry-run")
    assert result.exit_code == 0
    assert "Épinal: 7 ->" in result.output
    assert "dry run: nothing was written" in result.output
    assert overlay.path_of(folder, "44").read_bytes() == before


def test_another_region_has_a_file_of_its_own(run, folder):
    result = run("--region", "94")
    assert result.exit_code == 1
    assert "more than 5% would be lost" in result.output  # the stand-in knows Grand Est only
    assert "not a known region code: 99" in run("--region", "99").output
    assert not folder.exists()


def test_an_answer_that_loses_communes_is_refused(run, folder, monkeypatch):
    with StandIn(territory=[one for one in territory() if one.departement != "57"]) as smaller:
        from ckan.common import config

        monkeypatch.setitem(config, "budgetod.sources.geo.url", smaller.urls["geo"])
        monkeypatch.setitem(config, "budgetod.sources.allowed_hosts", [f"127.0.0.1:{smaller.port}"])
        result = run()
    assert result.exit_code == 1
    assert "where the table has 5115: more than 5% would be lost" in result.output
    assert not folder.exists()


@pytest.mark.parametrize("fault", ["404", "500", "502", "429", "cut", "reset", "interrupted"])
def test_a_service_that_fails_changes_nothing(run, folder, standin, fault):
    standin.scenario("geo", fault)
    result = run()
    assert result.exit_code == 1
    assert "Nothing was written." in result.output
    assert not folder.exists()


@pytest.mark.parametrize(
    ("key", "value"), [("budgetod.sources.enabled", False), ("budgetod.sources.offline", True)]
)
def test_switched_off_or_offline_calls_nobody(run, folder, standin, monkeypatch, key, value):
    from ckan.common import config

    monkeypatch.setitem(config, key, value)
    result = run()
    assert result.exit_code == 1
    assert "Nothing was written." in result.output
    assert standin.calls("geo") == []


def test_an_address_that_was_not_allowed_is_not_called(run, folder, standin, monkeypatch):
    from ckan.common import config

    monkeypatch.setitem(config, "budgetod.sources.allowed_hosts", [])
    assert run().exit_code == 1
    assert standin.calls("geo") == []


def test_without_a_folder_there_is_nowhere_to_write(run, folder, monkeypatch):
    from ckan.common import config

    monkeypatch.setitem(config, "budgetod.territory_path", "")
    result = run()
    assert result.exit_code == 1
    assert "budgetod.territory_path" in result.output
    assert run("--dry-run").exit_code == 0

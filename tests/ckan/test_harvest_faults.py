"""The fault matrix of the national sources: whatever they answer, what is public stays whole.

Each fault strikes a first harvest and a later one; then the source recovers. Nothing is lost,
nothing is there twice, nothing is retired that was not seen to be gone, and the log says in French
what happened and what to do.
"""

from __future__ import annotations

import resource

import pytest
from harvesting import dataset, make_source, run, site_context
from settled import EXERCICE, assert_settled, last_job, objects, small_towns, told

pytestmark = pytest.mark.usefixtures("with_plugins", "cleaned", "quick", "calls_the_standin")

MEUSE, VOSGES = small_towns("55"), small_towns("88")


@pytest.fixture
def towns():
    """Municipalities that no other test has, in two départements: two blocks to export."""
    return [one.siren for one in (next(MEUSE), next(VOSGES))]


@pytest.fixture
def territory(towns):
    return towns


@pytest.fixture(scope="module")
def kept():
    """What is made once for the whole module."""
    return {}


@pytest.fixture
def region(with_plugins, cleaned, kept):
    from ckan.tests import factories

    if not kept:
        kept["region"] = factories.Organization(title="Région Grand Est")
    return kept["region"]


@pytest.fixture
def quick(monkeypatch):
    """Tries follow each other at once."""
    monkeypatch.setattr("ckanext.budgetod.sources.waiting.FIRST_WAIT", 0.01)


@pytest.fixture
def setting(monkeypatch):
    """Set ``budgetod.sources.…`` until the end of the test."""
    from ckan.common import config

    def put(name, value):
        monkeypatch.setitem(config, f"budgetod.sources.{name}", value)

    return put


@pytest.fixture
def source(region, towns):
    return make_source("budgetod_dgfip", config_of(towns), region["id"])


def config_of(towns, **more):
    return {"territoire": {"sirens": list(towns)}, "exercices": [EXERCICE], **more}


EXPORTS, DATASET = "/exports/", "balances-comptables-des-communes"
AGAIN = "Dernière version gardée\u00a0; réessayez"
REFUSED = {
    "400-odsql": ("400", EXPORTS, {"kind": "odsql"}, "a refusé la demande\u00a0: ODSQL query is"),
    "400-limit": ("400", "/records", {"kind": "limit"}, "a refusé la demande\u00a0: Invalid value"),
    "400-type": ("400", EXPORTS, {"kind": "type"}, "a refusé la demande\u00a0: Incompatible types"),
    "403": ("403", EXPORTS, {}, "répondu par une erreur (403)"),
    "404-export": ("404", EXPORTS, {}, "n’existe plus à la source (404)"),
    "404-dataset": ("404", DATASET, {}, "n’a pas (encore) le jeu"),
    "410": ("410", EXPORTS, {}, "n’existe plus à la source (410)"),
    "redirect-private": ("redirect-private", EXPORTS, {}, "n’est pas publique\u00a0: appel refusé"),
    "redirect-loop": ("redirect", EXPORTS, {"to": "/dgfip/x/exports/"}, "une erreur (302)"),
}
QUOTA = {
    "domain-far": ("429-domain", EXPORTS, {"reset": "far"}, "Relancez après cette date"),
    "anonymous-far": ("429-anonymous", EXPORTS, {"reset": "far"}, "quota d’appels"),
    "domain-past": ("429-domain", EXPORTS, {"reset": "past"}, "quota d’appels"),
    "retry-after": ("429-anonymous", EXPORTS, {"retry_after": "900"}, "quota d’appels"),
}
BROKEN = {
    "500-not-json": ("500", EXPORTS, {}, "répondu par une erreur (500)"),
    "502-html": ("502", DATASET, {}, "répondu par une erreur (502)"),
    "503": ("503", "/records", {}, AGAIN),
    "reset": ("reset", EXPORTS, {}, "injoignable"),
    "cut": ("cut", EXPORTS, {}, "Le fichier est incomplet"),
    "slow": ("slow", EXPORTS, {"seconds": 2}, "délai dépassé"),
}
CONTENT = {
    "truncated": ("truncated", EXPORTS, {}, "Rien n’a été repris\u00a0; réessayez"),
    "interrupted": ("interrupted", EXPORTS, {}, "a interrompu son envoi"),
    "short-rows": ("short-rows", EXPORTS, {}, "Le fichier est incomplet"),
    "html-as-csv": ("html-as-csv", EXPORTS, {}, "est une page web"),
    "html-as-json": ("html-as-csv", "/records", {}, "page web"),
    "column-removed": ("column-removed", "", {"column": "oobdeb"}, "Des colonnes manquent"),
    "huge": ("huge", EXPORTS, {"bytes": 3_000_000}, "dépasse la limite de ce portail"),
}


@pytest.mark.parametrize("faults", [REFUSED, QUOTA, BROKEN, CONTENT], ids=" ".join)
def test_faults_of_the_source(faults, source, standin, towns, download, setting):
    setting("max_size", 1)
    setting("read_timeout", 1)
    setting("connect_timeout", 1)

    def nothing_but(before):
        """Under each fault in turn, what is public stays as it is and the log says why."""
        for name, (fault, match, options, sentence) in faults.items():
            standin.scenario("dgfip", fault, match=match, **options)
            counts = run(source)
            assert set(counts) == {"gather"}, (name, counts)
            assert sentence in told(source), name
            assert assert_settled(source, towns, download) == before, name
            standin.faults.reset()

    nothing_but({})
    assert run(source) == {"added": 2}
    before = assert_settled(source, towns, download)
    standin.change(towns[0], EXERCICE)
    standin.drop(towns[1])
    nothing_but(before)
    assert run(source) == {"updated": 1, "deleted": 1}
    after = assert_settled(source, towns, download)
    assert [one["id"] for one in after.values()] == [one["id"] for one in before.values()]
    assert all(r["budget_retire"] for r in after[towns[1]]["resources"])
    assert not any(r.get("budget_retire") for r in after[towns[0]]["resources"])


def test_faults_that_pass_are_not_even_seen(source, standin, towns, download):
    assert run(source) == {"added": 2}
    for fault in ("500", "502", "reset", "cut", "interrupted", "truncated"):
        standin.change(towns[0], EXERCICE)
        standin.scenario("dgfip", fault, match=EXPORTS, times=1)
        assert run(source) == {"updated": 1, "not modified": 1}, fault
        assert told(source) == ""
        assert len(assert_settled(source, towns, download)) == 2


def test_a_quota_that_is_about_to_be_renewed_is_waited_for(source, standin, towns, download):
    standin.scenario("dgfip", "429", match=EXPORTS, times=1, reset="near")
    assert run(source) == {"added": 2}
    moments = [call.at for call in standin.calls("dgfip", EXPORTS)]
    assert moments[1] - moments[0] > 0.5
    assert_settled(source, towns, download)


def test_a_quota_that_is_used_up_is_not_asked_again(source, standin):
    standin.scenario("dgfip", "429", match="/records", reset="far")
    assert run(source) == {"gather": 2}
    assert len(standin.calls("dgfip", "/records")) == 1


@pytest.mark.parametrize("fault", ["gzip", "column-added"])
def test_what_is_no_fault(fault, source, standin, towns, download):
    standin.scenario("dgfip", fault)
    assert run(source) == {"added": 2}
    assert_settled(source, towns, download)
    standin.faults.reset()
    assert run(source) == {"not modified": 2}, "a column that nobody reads changes nothing"


def test_a_body_that_drips_is_given_up(source, standin, towns, download, setting):
    setting("read_timeout", 1)
    setting("attempts", 1)
    standin.scenario("dgfip", "slow", match=EXPORTS, drip=1, seconds=0.3)
    assert run(source) == {"gather": 2}
    assert "délai dépassé" in told(source)
    assert assert_settled(source, towns, download) == {}


def test_half_a_gather_publishes_its_half_and_retires_nothing(source, standin, towns, download):
    standin.scenario("dgfip", "500", match='"055"')
    assert run(source) == {"gather": 1, "added": 1}
    assert list(assert_settled(source, towns, download)) == towns[1:]
    standin.faults.reset()
    assert run(source) == {"added": 1, "not modified": 1}
    standin.drop(towns[1])
    standin.change(towns[0], EXERCICE)
    standin.scenario("dgfip", "500", match='"088"')
    assert run(source) == {"gather": 1, "updated": 1}
    public = assert_settled(source, towns, download)
    assert not any(r.get("budget_retire") for r in public[towns[1]]["resources"])


def test_a_dataset_that_disappears_retires_nothing(region, standin, towns, download, monkeypatch):
    """With « derniers », a year that the source does not have yet is no fault; a lost one is."""
    years = range(EXERCICE, EXERCICE - 2, -1)
    monkeypatch.setattr(
        "ckanext.budgetod.harvesters.config.Config.exercices", property(lambda self: tuple(years))
    )
    config = {"territoire": {"sirens": towns}, "exercices": {"derniers": 2}}
    source = make_source("budgetod_dgfip", config, region["id"])
    standin.scenario("dgfip", "404", match=f"{DATASET}-en-{EXERCICE}")
    first = run(source)
    assert first["gather"] == 0
    assert first["added"] > 0
    standin.faults.reset()
    assert run(source)["added"] == 2
    standin.scenario("dgfip", "404", match=f"{DATASET}-en-{EXERCICE}")
    counts = run(source)
    assert (counts["gather"], counts["deleted"]) == (2, 0)
    for one in assert_settled(source, towns, download).values():
        assert not any(r.get("budget_retire") for r in one["resources"])


def test_a_source_that_answers_nothing_at_all_retires_nothing(
    source, standin, towns, download, monkeypatch
):
    """A portal that is being refilled answers 200 and has no row."""
    monkeypatch.setattr("ckanext.budgetod.harvesters.gathering.MANY", 2)
    run(source)
    for siren in towns:
        standin.drop(siren)
    assert run(source) == {"gather": 1}
    assert "D’un coup, 2 jeux sur 2 manquent à la source" in told(source)
    for one in assert_settled(source, towns, download).values():
        assert not any(r.get("budget_retire") for r in one["resources"])


def test_a_full_disk_of_the_cache(source, standin, towns, download):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
    try:
        counts = run(source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert counts == {"gather": 2}
    assert "Le disque du cache est plein ou protégé. Libérez de la place" in told(source)
    assert assert_settled(source, towns, download) == {}
    assert run(source) == {"added": 2}
    assert_settled(source, towns, download)


def after_gather(source, act):
    """Harvest in the foreground; ``act`` is called between gather and fetch."""
    from ckanext.budgetod.harvesters import run as foreground

    def hear(what, done, total):
        if what == f"commune 88 {EXERCICE}":
            act()

    return foreground.run(source, hear)


def test_a_cache_that_was_emptied_between_gather_and_import(source, standin, towns, download):
    """Another machine, or a cleaned disk: what one object needs is asked for again, alone."""
    assert after_gather(source, _empty_cache).counts == {"added": 2}
    assert len(standin.calls("dgfip", EXPORTS)) == 4
    assert_settled(source, towns, download)


def _empty_cache():
    import shutil

    from ckan.common import config

    shutil.rmtree(config["budgetod.sources.cache_path"], ignore_errors=True)


def test_the_source_goes_away_between_gather_and_import(source, standin, towns, download):
    def go_away():
        _empty_cache()
        standin.scenario("dgfip", "reset")

    summary = after_gather(source, go_away)
    assert summary.counts == {"errored": 2}
    assert not summary.ok
    assert "La source est injoignable" in told(source)
    assert assert_settled(source, towns, download) == {}
    standin.faults.reset()
    assert run(source) == {"added": 2}


def test_an_object_ends_before_another_consumer_gets_it(
    source, standin, towns, download, monkeypatch, setting
):
    """ckanext-harvest gives what takes over 180 s to a second consumer: calls end long before."""
    import time

    from ckanext.budgetod.harvesters import base

    assert base.FETCH_SECONDS + base.IMPORT_SECONDS <= 120
    monkeypatch.setattr(base, "FETCH_SECONDS", 1)
    setting("read_timeout", 30)
    setting("attempts", 50)
    begun = []

    def slow_down():
        _empty_cache()
        standin.scenario("dgfip", "slow", seconds=4)
        begun.append(time.monotonic())

    assert after_gather(source, slow_down).counts == {"errored": 2}
    assert time.monotonic() - begun[0] < 6
    assert "délai dépassé" in told(source)
    assert assert_settled(source, towns, download) == {}


@pytest.fixture
def solr(monkeypatch):
    """The line to the index, which can be cut."""
    from ckan.common import config
    from ckan.lib.search import common
    from running import Line

    line, itself = Line(config["solr_url"]), config["solr_url"]
    monkeypatch.setitem(config, "solr_url", line.url)
    monkeypatch.setattr("ckanext.budgetod.harvesters.patience.PAUSES", (0.01, 0.01))
    kept = getattr(common, "SolrSettings", None)  # CKAN 2.11 reads the setting once
    if kept is not None:
        kept.init(line.url)
    yield line
    line.cut()
    if kept is not None:
        kept.init(itself)


def test_the_index_is_down_for_good(source, standin, towns, download, solr):
    from ckan.plugins import toolkit as tk

    solr.cut()
    assert run(source) == {"errored": 2}
    assert "Un service de ce portail (base, index, file) n’a pas répondu" in told(source)
    assert assert_settled(source, towns, download) == {}
    solr.mend()
    assert run(source) == {"added": 2}
    before = assert_settled(source, towns, download)
    standin.change(towns[0], EXERCICE)
    solr.cut()
    assert run(source) == {"errored": 1, "not modified": 1}
    assert assert_settled(source, towns, download) == before
    solr.mend()
    assert run(source) == {"updated": 1, "not modified": 1}
    fq = "budget_siren:(" + " OR ".join(towns) + ")"
    assert tk.get_action("package_search")({}, {"fq": fq})["count"] == 2


def test_a_failure_of_ours_ends_one_object_only(source, towns, download, monkeypatch):
    from ckanext.budgetod import engine

    real = engine.convert_balance

    def broken(rows, *args, **given):
        if given["siren"] == towns[0]:
            raise ZeroDivisionError
        return real(rows, *args, **given)

    monkeypatch.setattr(engine, "convert_balance", broken)
    assert run(source) == {"added": 1, "errored": 1}
    failed = next(one for one in objects(last_job(source)) if one.report_status == "errored")
    assert f"Une erreur de notre côté. Dernière version gardée. Référence {failed.id[:8]}" in told(
        source
    )
    assert list(assert_settled(source, towns, download)) == towns[1:]


def test_a_failure_of_ours_ends_one_block_only(source, towns, download, monkeypatch):
    from ckanext.budgetod.harvesters.dgfip import DgfipSource

    real = DgfipSource.items

    def broken(self, scope):
        if scope.departements == ("88",):
            raise KeyError("x")
        return real(self, scope)

    monkeypatch.setattr(DgfipSource, "items", broken)
    assert run(source) == {"added": 1, "gather": 1}
    assert "Une erreur de notre côté" in told(source)
    assert list(assert_settled(source, towns, download)) == towns[:1]


class TestSwitches:
    def test_off(self, source, standin, towns, download, setting):
        run(source)
        before = assert_settled(source, towns, download)
        standin.faults.reset()
        standin.drop(towns[0])
        setting("enabled", False)
        assert run(source) == {"gather": 2}
        assert standin.calls() == []
        assert "coupés sur ce portail (budgetod.sources.enabled)" in told(source)
        assert assert_settled(source, towns, download) == before

    def test_offline_before_anything_was_read(self, source, standin, setting):
        setting("offline", True)
        assert run(source) == {"gather": 2}
        assert standin.calls() == []
        assert "hors ligne" in told(source)

    @pytest.mark.parametrize("kind", ["budgetod_dgfip", "budgetod_ofgl"])
    def test_offline_replay_into_an_emptied_database(
        self, kind, towns, region, standin, download, setting, request
    ):
        source = make_source(kind, config_of(towns), region["id"])
        assert run(source) == {"added": 2}
        before = assert_settled(source, towns, download)
        bodies = [[download(r) for r in one["resources"]] for one in before.values()]
        _forget_everything(source, before)
        assert all(dataset(siren, EXERCICE) is None for siren in towns)
        standin.faults.reset()
        setting("offline", True)
        source = make_source(kind, config_of(towns), region["id"])
        assert run(source) == {"added": 2}
        assert standin.calls() == []
        after = assert_settled(source, towns, download)
        assert [[download(r) for r in one["resources"]] for one in after.values()] == bodies
        resources = [[r["id"] for r in one["resources"]] for one in before.values()]
        assert [[r["id"] for r in one["resources"]] for one in after.values()] == resources


def _forget_everything(source, datasets):
    """As a database that was restored empty: no dataset, no row of ours for these budgets."""
    from ckan import model
    from ckan.plugins import toolkit as tk

    context = {**site_context(), "model": model, "session": model.Session}
    tk.get_action("harvest_source_clear")(context, {"id": source})
    assert datasets

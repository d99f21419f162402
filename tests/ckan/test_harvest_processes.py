"""ckanext-harvest's real consumers on a real site: killed, cut off, two at once.

Lines to Redis, Solr and PostgreSQL can be cut, as when these services restart. Objects are held in
the middle of their work by a lock of the test's own, so that nothing depends on luck.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import resource
import subprocess
from itertools import islice

import pytest
import sqlalchemy as sa
from harvesting import dataset, make_source, settings_of, site_context
from running import Line, Site, wait_for
from settled import EXERCICE, assert_settled, last_job, objects, small_towns, told
from standin import StandIn

pytestmark = pytest.mark.usefixtures("with_plugins", "cleaned")

TOWNS = small_towns("54")
NEIGHBOUR = next(small_towns("57")).siren


class HarvestSite(Site):
    """A site whose consumers reach PostgreSQL by a line that can be cut too."""

    def __init__(self, folder, test_ini, config, **settings):
        super().__init__(folder, test_ini, config, **settings)
        self.postgres = Line(config["sqlalchemy.url"])

    @property
    def environment(self):
        return {**super().environment, "CKAN_SQLALCHEMY_URL": self.postgres.url}

    def consumers(self) -> None:
        """One of each kind at least, and all lines mended."""
        self.processes = [one for one in self.processes if one.poll() is None]
        running = {one.args[-1] for one in self.processes}
        for kind in {"gather-consumer", "fetch-consumer"} - running:
            self.start("harvester", kind)

    def of(self, kind: str) -> list[subprocess.Popen]:
        return [one for one in self.processes if one.args[-1] == kind and one.poll() is None]

    def mend(self) -> None:
        """Mend what is cut; what is not stays, or consumers would lose their connections."""
        for line in (self.solr, self.redis, self.postgres):
            if not line.is_up:
                line.mend()

    def stop(self) -> None:
        super().stop()
        self.postgres.cut()


@pytest.fixture(scope="module")
def standin():
    near = [one.siren for one in islice(small_towns("54"), 60)]
    with StandIn(territory=[*near, NEIGHBOUR]) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory, pytestconfig, standin):
    from ckan.common import config

    told = {
        key: " ".join(value) if isinstance(value, list) else value
        for key, value in settings_of(standin).items()
    }
    folder = tmp_path_factory.mktemp("site")
    told["budgetod.sources.cache_path"] = folder / "cache"
    running = HarvestSite(folder, pytestconfig.getoption("--ckan-ini"), config, **told)
    yield running
    running.stop()


@pytest.fixture
def site(house, standin):
    """The site with its consumers; no message and no job of another test."""
    _purge()
    house.consumers()
    yield house
    standin.faults.reset()
    house.mend()
    _purge()


def _purge():
    """Forget messages, and what consumers noted that they had taken."""
    from ckanext.harvest import queue

    connection = queue.get_connection()
    for key in connection.scan_iter("*harvest_*_id*"):
        connection.delete(key)


@pytest.fixture
def towns():
    return [next(TOWNS).siren for _ in range(3)]


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def source(towns, kept, cleaned):
    from ckan.tests import factories

    if not kept:
        kept["region"] = factories.Organization(title="Région Grand Est")
    return make_source("budgetod_dgfip", config_of(towns), kept["region"]["id"])


def config_of(towns):
    return {"territoire": {"sirens": towns}, "exercices": [EXERCICE]}


@pytest.fixture
def download(site):
    """The files as the consumers wrote them: they keep them on disk, this process does not."""

    def read(one):
        found = [p for p in (site.folder / "files").rglob("*") if p.is_file() and _is(p, one["id"])]
        assert len(found) == 1
        return found[0].read_bytes()

    return read


def _is(path, resource_id):
    return path.as_posix().replace("/", "").endswith(resource_id)


# --- what the tests do -------------------------------------------------------------------------
def begin(source):
    """As « Moissonner » in ckanext-harvest's pages: the job, and its message to the consumers."""
    from ckan.plugins import toolkit as tk

    tk.get_action("harvest_job_create")(_context(), {"source_id": source, "run": True})


def tick():
    """As ``ckan harvester run``, which cron calls every few minutes."""
    from ckan.plugins import toolkit as tk

    tk.get_action("harvest_jobs_run")(_context(), {})


def _context():
    from ckan import model

    return {**site_context(), "model": model, "session": model.Session}


def ended(source):
    """Ticks until the job is finished."""

    def is_finished():
        tick()
        return last_job(source).status == "Finished"

    wait_for(is_finished, 90, step=0.3)


def harvest(source):
    begin(source)
    ended(source)
    return statuses(source)


def statuses(source):
    return sorted(one.report_status for one in objects(last_job(source)))


def states(source):
    return sorted(one.state for one in objects(last_job(source)))


def later(seconds=200):
    """Let what consumers took, and objects begun, be ``seconds`` older than they are."""
    from ckan import model
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob, HarvestObject

    connection = queue.get_connection()
    delta = datetime.timedelta(seconds=seconds)
    for key in connection.scan_iter("*harvest_*_id:*"):
        moment = datetime.datetime.strptime(connection.get(key), "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007
        connection.set(key, str(moment - delta))
    for column in (HarvestObject.fetch_started, HarvestJob.created):
        table = column.property.columns[0].table
        change = sa.update(table).values({column.key: column - delta})
        model.Session.execute(change)
    model.Session.commit()


@contextlib.contextmanager
def held(statement):
    """Whoever needs what this statement locks waits until the block ends."""
    from ckan import model

    with model.meta.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.text(statement))
        yield lambda: wait_for(_somebody_waits, 60, step=0.05)
        transaction.rollback()


def _somebody_waits():
    from ckan import model

    model.Session.rollback()
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return model.Session.execute(sa.text(query + " AND datname = current_database()")).scalar()


BEFORE_WRITING = "LOCK TABLE budgetod_dataset IN ACCESS EXCLUSIVE MODE"
FILES_WRITTEN = "LOCK TABLE resource IN EXCLUSIVE MODE"


# --- tests ---------------------------------------------------------------------------------------
def test_the_commands_of_ckanext_harvest_fill_the_portal(site, source, towns, download):
    begin(source)
    wait_for(lambda: states(source) == ["COMPLETE"] * 3, 60)
    site.run("harvester", "run")
    assert last_job(source).status == "Finished"
    assert statuses(source) == ["added"] * 3
    assert len(assert_settled(source, towns, download)) == 3
    assert harvest(source) == ["not modified"] * 3
    assert len(site.of("fetch-consumer")) == len(site.of("gather-consumer")) == 1


class TestKilled:
    def test_a_fetch_consumer_whose_files_are_written(self, site, source, towns, download):
        with held(FILES_WRITTEN) as somebody_waits:
            begin(source)
            somebody_waits()
            (consumer,) = site.of("fetch-consumer")
            site.kill(consumer)
        assert "IMPORT" in states(source)
        assert all(dataset(siren, EXERCICE) is None for siren in towns)
        later()
        tick()
        site.consumers()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3
        assert harvest(source) == ["not modified"] * 3

    def test_a_fetch_consumer_in_the_middle_of_an_update(
        self, site, source, towns, download, standin
    ):
        harvest(source)
        before = assert_settled(source, towns, download)
        standin.change(towns[0], EXERCICE)
        with held(FILES_WRITTEN) as somebody_waits:
            begin(source)
            somebody_waits()
            (consumer,) = site.of("fetch-consumer")
            site.kill(consumer)
        later()
        tick()
        site.consumers()
        ended(source)
        assert statuses(source) == ["not modified", "not modified", "updated"]
        after = assert_settled(source, towns, download)
        assert [one["id"] for one in after.values()] == [one["id"] for one in before.values()]

    def test_a_gather_consumer_between_two_blocks(
        self, site, source, towns, download, standin, kept
    ):
        both = [*towns[:2], NEIGHBOUR]
        source = make_source("budgetod_dgfip", config_of(both), kept["region"]["id"])
        standin.scenario("dgfip", "slow", match='"057"', seconds=20)
        begin(source)
        wait_for(lambda: len(objects(last_job(source))) == 2, 60)
        (consumer,) = site.of("gather-consumer")
        site.kill(consumer)
        standin.faults.reset()
        assert last_job(source).gather_finished is None
        later(7300)
        tick()
        site.consumers()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, both, download)) == 3


class TestServicesAway:
    def test_postgresql_restarts(self, site, source, towns, download):
        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            site.postgres.cut()
        wait_for(lambda: True, 1)
        site.postgres.mend()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3
        assert len(site.of("fetch-consumer")) == 1, "the consumer lives on"

    def test_solr_restarts(self, site, source, towns, download):
        site.solr.cut()
        begin(source)
        wait_for(lambda: "IMPORT" in states(source), 60)
        site.solr.mend()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3
        assert len(_found(towns)) == 3

    def test_redis_restarts(self, site, source, towns, download):
        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            site.redis.cut()
        wait_for(lambda: not site.of("fetch-consumer") + site.of("gather-consumer"), 60)
        assert "COMPLETE" in states(source), "the object itself came to its end"
        site.redis.mend()
        site.consumers()
        ended(source)
        assert statuses(source) == ["added"] * 3
        later()
        tick()
        ended(source)
        assert statuses(source) == ["added"] * 3, "sent again, an object that is done stays done"
        assert len(assert_settled(source, towns, download)) == 3

    def test_redis_forgets_everything_while_a_consumer_dies(self, site, source, towns, download):
        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            (consumer,) = site.of("fetch-consumer")
            site.kill(consumer)
        _purge()
        assert "IMPORT" in states(source)
        later()
        tick()
        site.consumers()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3

    def test_redis_forgets_a_job_that_nobody_gathered(self, site, source, towns, download):
        for consumer in site.of("gather-consumer"):
            site.kill(consumer)
        begin(source)
        _purge()
        later()
        tick()
        site.consumers()
        ended(source)
        assert statuses(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3

    def test_the_disk_of_the_files_is_full(self, site, source, towns, download):
        (consumer,) = site.of("fetch-consumer")
        before = resource.prlimit(consumer.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(consumer.pid, resource.RLIMIT_FSIZE, (1_000, before[1]))
        try:
            assert harvest(source) == ["errored"] * 3
        finally:
            resource.prlimit(consumer.pid, resource.RLIMIT_FSIZE, before)
        assert "Le disque" in told(source)
        assert "Libérez de la place" in told(source)
        assert assert_settled(source, towns, download) == {}
        assert harvest(source) == ["added"] * 3
        assert len(assert_settled(source, towns, download)) == 3
        assert site.of("fetch-consumer") == [consumer]


def _found(towns):
    from ckan.plugins import toolkit as tk

    fq = "budget_siren:(" + " OR ".join(towns) + ")"
    return tk.get_action("package_search")(_context(), {"fq": fq})["results"]


class TestTwoAtOnce:
    def test_two_consumers_and_two_sources_into_the_same_datasets(
        self, site, source, towns, download, kept
    ):
        indicators = make_source("budgetod_ofgl", config_of(towns), kept["region"]["id"])
        second = site.start("harvester", "fetch-consumer")
        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            begin(indicators)
            somebody_waits()
        ended(source)
        ended(indicators)
        site.kill(second)
        assert "errored" not in statuses(source) + statuses(indicators)
        public = assert_settled(source, towns, download)
        assert_settled(indicators, towns, download)
        for one in public.values():
            assert {r["budget_origine"] for r in one["resources"]} == {"dgfip", "ofgl"}
        assert harvest(source) == ["not modified"] * 3
        assert harvest(indicators) == ["not modified"] * 3

    def test_two_consumers_with_the_same_object(self, site, source, towns, download):
        second = site.start("harvester", "fetch-consumer")
        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            _send_again(source)
        ended(source)
        site.kill(second)
        assert "errored" not in statuses(source)
        assert len(assert_settled(source, towns, download)) == 3
        assert harvest(source) == ["not modified"] * 3


def _send_again(source):
    """Every message twice, as ckanext-harvest sends those that it takes for lost."""
    from ckanext.harvest import queue

    publisher = queue.get_fetch_publisher()
    for one in objects(last_job(source)):
        publisher.send({"harvest_object_id": one.id})


class TestWeakPointsOfCkanextHarvest:
    def test_an_object_given_up_after_five_tries_is_counted_and_done_next_time(
        self, site, source, towns, download
    ):
        from ckan import model

        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            last = objects(last_job(source))[-1]
            last.retry_times = 4
            model.Session.commit()
        ended(source)
        assert statuses(source) == ["added", "added", "errored"]
        assert len(assert_settled(source, towns, download)) == 2
        assert harvest(source) == ["added", "not modified", "not modified"]

    def test_a_job_that_was_aborted_leaves_the_source_free(self, site, source, towns, download):
        from ckan.plugins import toolkit as tk

        with held(BEFORE_WRITING) as somebody_waits:
            begin(source)
            somebody_waits()
            tk.get_action("harvest_job_abort")(_context(), {"source_id": source})
        assert last_job(source).status == "Finished"
        harvest(source)
        assert len(assert_settled(source, towns, download)) == 3

    def test_messages_that_are_no_objects_do_no_harm(self, site, source, towns, download):
        from ckanext.harvest import queue

        connection = queue.get_connection()
        for routing in (queue.get_fetch_routing_key(), queue.get_gather_routing_key()):
            name = routing.rpartition(":")[2]
            connection.rpush(routing, json.dumps({name: "unknown"}))
        assert harvest(source) == ["added"] * 3
        assert len(site.of("fetch-consumer")) == len(site.of("gather-consumer")) == 1

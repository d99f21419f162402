"""The hard cases on a real site: several deposits at once, dead workers, services that go away.

A web process, real job workers and files on disk; lines to Solr and Redis that can be cut.
"""

from __future__ import annotations

import datetime
import io
import json
import subprocess
import threading
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import BeautifulSoup
from running import Site, free_port, wait_for

from ckanext.budgetod.engine import builder_annexes

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


@pytest.fixture(scope="module")
def house(tmp_path_factory, pytestconfig):
    """One site for all tests of this module: its web process starts once."""
    from ckan.common import config

    folder = tmp_path_factory.mktemp("site")
    running = Site(folder, pytestconfig.getoption("--ckan-ini"), config)
    running.start_web()
    yield running
    running.stop()


@pytest.fixture
def site(house):
    """The site, all services up, no worker; nothing of another test on its way."""
    _settle_others()
    yield house
    house.calm()


def _settle_others():
    """Deposits that other tests left on their way are not for this site's sweep."""
    from ckan import model

    from ckanext.budgetod.model import ACTIVE, Conversion

    query = model.Session.query(Conversion)
    query.filter(Conversion.state.in_(ACTIVE)).update({"state": "superseded"})
    query.filter(Conversion.state == "published").update({"step": "done"})
    model.Session.commit()


def send(site, town, content, action="budgetod_submit", **fields):
    """Deposit by HTTP as API clients do; (status, answer)."""
    boundary = uuid.uuid4().hex
    body = io.BytesIO()
    for name, value in fields.items():
        body.write(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        )
        body.write(f"{value}\r\n".encode())
    head = 'Content-Disposition: form-data; name="upload"; filename="budget.xml"'
    body.write(f"--{boundary}\r\n{head}\r\nContent-Type: text/xml\r\n\r\n".encode())
    body.write(content + f"\r\n--{boundary}--\r\n".encode())
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{site.url}/api/3/action/{action}",
        data=body.getvalue(),
        headers={
            "Authorization": town.editor["token"],
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())["result"]
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def deposit(site, town, content=None, **fields):
    status, answer = send(site, town, content or town.document(), **fields)
    assert status == 200, answer
    return answer


def rows(town):
    from ckan import model

    from ckanext.budgetod.model import Conversion

    model.Session.rollback()
    return Conversion.newest(siren=town.siren)


def states(*towns):
    return [row.state for town in towns for row in rows(town)]


def published(site, town, exercice=2023):
    """The public dataset as anybody reads it, None while there is none."""
    status, body = site.get(f"/api/3/action/package_show?id={town.dataset_name(exercice)}")
    return json.loads(body)["result"] if status == 200 else None


def make_due(town):
    """Let the pause after a failed attempt be over."""
    from ckan import model

    from ckanext.budgetod.model.conversion import now

    for row in rows(town):
        if row.not_before:
            row.not_before = now() - datetime.timedelta(seconds=1)
    model.Session.commit()


class TestManyAtOnce:
    def test_two_documents_into_one_dataset_both_survive(self, site, town):
        for _ in range(2):
            site.start_worker()
        contents = [town.document(stage="BP"), town.document(stage="CA")]
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda content: deposit(site, town, content), contents))
        assert len({answer["package_id"] for answer in answers}) == 1
        wait_for(lambda: states(town) == ["published"] * 2, 90)
        dataset = published(site, town)
        assert {r["budget_etape"] for r in dataset["resources"]} == {"bp", "ca"}
        assert all(site.get(_path(r))[0] == 200 for r in dataset["resources"])

    def test_ten_deposits_for_ten_collectivities(self, site, make_town):
        towns = [make_town(f"Commune {rank}") for rank in range(10)]
        for _ in range(2):
            site.start_worker()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda town: deposit(site, town), towns))
        wait_for(lambda: states(*towns) == ["published"] * 10, 180)
        for town in towns:
            roles = [r["budgetod_role"] for r in published(site, town)["resources"]]
            assert sorted(set(roles)) == sorted(roles), "each file once"

    def test_the_same_first_file_twice_is_one_deposit(self, site, town):
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: deposit(site, town), range(4)))
        assert len({answer["conversion_id"] for answer in answers}) == 1
        assert len(rows(town)) == 1


class TestDeadWorkers:
    def test_a_worker_killed_mid_job_is_swept_and_the_run_again_succeeds(self, site, town):
        worker = site.start_worker()
        deposit(site, town, town.document(scale=1))
        _stop_at(town, "running")
        site.kill(worker)
        assert states(town) == ["running"]
        assert published(site, town) is None, "nothing is half published"
        wait_for(lambda: "1 ended" in site.sweep(), 60, step=1)
        site.start_worker()
        wait_for(lambda: states(town) == ["published"], 150)
        dataset = published(site, town)
        assert len({r["id"] for r in dataset["resources"]}) == len(dataset["resources"])
        assert len(rows(town)) == 1

    def test_the_published_version_is_whole_while_the_worker_dies(self, site, town):
        worker = site.start_worker()
        deposit(site, town)
        wait_for(lambda: states(town) == ["published"], 150)
        before = _bytes(site, published(site, town))
        deposit(site, town, town.document(lines=_many_lines()))
        _stop_at(town, "running")
        site.kill(worker)
        assert _bytes(site, published(site, town)) == before


def _published_by_sweeps(site, town) -> bool:
    """As the sweep's service does, again and again: a worker may have died in the second try."""
    site.sweep()
    return states(town) == ["published"]


class TestSolrDown:
    def test_at_deposit(self, site, town):
        site.solr.cut()
        answer = deposit(site, town)
        assert answer["state"] == "queued"
        worker = site.start_worker()
        wait_for(lambda: rows(town)[0].attempt == 1 and states(town) == ["queued"], 60)
        site.kill(worker)
        site.solr.mend()
        make_due(town)
        site.start_worker()
        wait_for(lambda: _published_by_sweeps(site, town), 150)
        _whole_once(site, town)

    def test_at_a_deposit_through_the_resource_form_of_ckan(self, site, town):
        from ckan.plugins import toolkit as tk

        dataset = tk.get_action("package_create")(
            {"user": town.editor["name"]},
            {
                "type": "budget",
                "name": f"by-hand-{town.siren}",
                "title": "Budget",
                "owner_org": town.organisation["id"],
            },
        )
        site.solr.cut()
        status, _ = send(site, town, town.document(), "resource_create", package_id=dataset["id"])
        assert status == 200
        assert states(town) == ["queued"]
        site.solr.mend()
        site.start_worker()
        wait_for(lambda: states(town) == ["published"], 150)
        _whole_once(site, town)

    def test_at_publication(self, site, town):
        answer = deposit(site, town)
        site.solr.cut()
        worker = site.start_worker()
        wait_for(lambda: rows(town)[0].attempt == 1 and states(town) == ["queued"], 60)
        site.kill(worker)
        site.solr.mend()
        make_due(town)
        site.start_worker()
        wait_for(lambda: _published_by_sweeps(site, town), 150)
        assert rows(town)[0].id == answer["conversion_id"]
        _whole_once(site, town)

    def test_in_the_very_write(self, town, submit, work, row_of, monkeypatch, show):
        """Solr is there when publication begins and gone when the index is written."""
        from ckan.common import config
        from ckan.lib.search import common

        from ckanext.budgetod.deposit import datasets

        original = datasets.revise

        def down_inside(*args, **options):
            with monkeypatch.context() as cut:
                gone = f"http://127.0.0.1:{free_port()}/solr/gone"
                cut.setitem(config, "solr_url", gone)
                if hasattr(common, "SolrSettings"):  # CKAN 2.11
                    cut.setattr(common.SolrSettings, "_url", gone)
                return original(*args, **options)

        made = submit(town)
        with monkeypatch.context() as broken:
            broken.setattr(datasets, "revise", down_inside)
            work_once()
        make_due(town)
        assert row_of(made["conversion_id"]).state in ("queued", "published")
        from ckanext.budgetod.deposit import jobs

        jobs.enqueue(made["conversion_id"])
        work()
        row = row_of(made["conversion_id"])
        assert (row.state, row.step) == ("published", "done")
        resources = show(town.dataset_name())["resources"]
        assert len({r["id"] for r in resources}) == len(resources)
        assert {r["budgetod_serial"] for r in resources} == {str(row.serial)}


LATE = {
    "fr": "Le fichier est gardé en sûreté, mais son tour n’est pas encore venu",
    "en": "The file is kept safe, but its turn has not come yet",
}


def _read(site, path, town):
    """The words of a page as the town's editor reads it."""
    status, html = site.get(path, town.editor["token"])
    assert status == 200
    return " ".join(BeautifulSoup(html, "html.parser").select_one("main").get_text(" ").split())


class TestRedisDown:
    def test_the_deposit_is_kept_and_the_page_says_so(self, site, town):
        site.redis.cut()
        answer = deposit(site, town)
        assert answer["state"] == "queued"
        path = f"/api/3/action/budgetod_conversion_show?id={answer['conversion_id']}"
        _, body = site.get(path, town.editor["token"])
        assert json.loads(body)["result"]["queue_late"] is True
        page = f"/budget/{answer['package_id']}/depot/{answer['conversion_id']}"
        assert LATE["fr"] in _read(site, page, town)
        assert LATE["en"] in _read(site, f"/en{page}", town)
        site.redis.mend()
        assert "1 enqueued" in site.sweep()
        assert LATE["fr"] not in _read(site, page, town)
        site.start_worker()
        wait_for(lambda: states(town) == ["published"], 150)
        _whole_once(site, town)


class TestNames:
    """Names of persons in a file are in no public byte at any moment, and nowhere after."""

    def test_they_are_found_nowhere(self, site, town):
        content = town.document(annexes=True, encoding="UTF-8")
        surnames = [name.rpartition(" ")[2] for name in builder_annexes.PERSONS]
        assert all(surname.encode() in content for surname in surnames)
        watch = Watch(site, town, surnames)
        with watch:
            site.start_worker()
            deposit(site, town, content)
            wait_for(lambda: states(town) == ["published"], 150)
        assert watch.looked > 0
        assert watch.found == []
        places = {
            "log": site.log.read_text(encoding="utf-8", errors="replace"),
            "database": _database(),
            "redis": _redis(),
            **{
                str(p): p.read_text("utf-8", "replace")
                for p in site.folder.rglob("*")
                if p.is_file() and p.suffix != ".log"
            },
        }
        found = [(place, s) for place, text in places.items() for s in surnames if s in text]
        assert found == []


class Watch:
    """Reads everything public about a town again and again while something happens."""

    def __init__(self, site, town, words):
        self.site, self.town = site, town
        self.words = [word.encode() for word in words]
        self.found: list[str] = []
        self.looked = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._look()
        self._end.set()
        self._thread.join(30)

    def _run(self):
        while not self._end.is_set():
            self._look()

    def _look(self):
        paths = [
            f"/api/3/action/package_show?id={self.town.dataset_name()}",
            f"/budget/{self.town.dataset_name()}",
            f"/api/3/action/budgetod_conversion_list?siren={self.town.siren}",
            f"/api/3/action/budgetod_dataset_documents?id={self.town.dataset_name()}",
        ]
        dataset = published(self.site, self.town) or {"resources": []}
        paths += [_path(resource) for resource in dataset["resources"]]
        paths += [f"/budget/{r['package_id']}/resource/{r['id']}" for r in dataset["resources"]]
        for path in paths:
            body = self.site.get(path)[1]
            self.found += [(path, word) for word in self.words if word in body]
            self.looked += 1


def work_once():
    """One job, whatever becomes of it; planned retries stay where they are."""
    from ckan.lib.jobs import Worker, get_queue

    Worker(["budgetod"]).work(burst=True, max_jobs=1)
    get_queue("budgetod").empty()


def _path(resource):
    return f"/dataset/{resource['package_id']}/resource/{resource['id']}/download"


def _bytes(site, dataset):
    return {r["id"]: site.get(_path(r))[1] for r in dataset["resources"]}


def _whole_once(site, town):
    """Everything of the one deposit is public, and nothing twice."""
    dataset = published(site, town)
    resources = dataset["resources"]
    assert len(rows(town)) == 1
    assert {"scdl", "xml"} <= {r["budgetod_role"] for r in resources}
    assert len({r["budgetod_role"] + r["name"] for r in resources}) == len(resources)
    assert all(site.get(_path(r))[0] == 200 for r in resources)
    _, body = site.get(f"/api/3/action/package_search?q=budget_siren:{town.siren}")
    found = json.loads(body)["result"]["results"]
    assert [one["id"] for one in found] == [dataset["id"]] or found == []


def _stop_at(town, state):
    """As soon as the worker has taken the job."""
    wait_for(lambda: states(town)[0] == state, 60, step=0.005)


def _many_lines():
    """Enough lines for a job that lasts."""
    from ckanext.budgetod.engine.builder_lines import sample_lines

    return list(sample_lines("M57-M57_D", "CA")) * 400


def _database():
    """Everything that the database holds, as text."""
    from ckan.plugins import toolkit as tk

    texts = []
    for key in ("sqlalchemy.url", "ckan.datastore.write_url"):
        done = subprocess.run(
            ["pg_dump", "--inserts", tk.config[key]], capture_output=True, check=True
        )
        texts.append(done.stdout.decode("utf-8", "replace"))
    return "".join(texts)


def _redis():
    """Every key of our Redis number with its value."""
    from ckan.lib.redis import connect_to_redis

    connection = connect_to_redis()
    parts = []
    for key in connection.scan_iter():
        parts.append(key)
        parts.append(connection.dump(key) or b"")
        if connection.type(key) == b"hash":
            parts += connection.hgetall(key).values()
    return b" ".join(parts).decode("utf-8", "replace")

"""Deposits on their way: replaced meanwhile, withheld, refused, failed, swept."""

from __future__ import annotations

import datetime

import pytest

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


def call(action, user, /, **data):
    from ckan.plugins import toolkit as tk

    return tk.get_action(action)({"user": user["name"], "ignore_auth": False}, data)


def files_of(dataset, download):
    return {resource["id"]: download(resource) for resource in dataset["resources"]}


def interrupt(monkeypatch, action):
    """Run ``action`` when the job has converted and is about to publish."""
    from ckanext.budgetod.deposit import publish

    original = publish.publish

    def late(row_id, content):
        monkeypatch.setattr(publish, "publish", original)
        action()
        return original(row_id, content)

    monkeypatch.setattr(publish, "publish", late)


class TestReplacedMeanwhile:
    def test_a_file_replaced_while_its_job_runs_is_superseded(
        self, town, submit, work, row_of, monkeypatch, show
    ):
        first = submit(town)
        second = {}
        interrupt(monkeypatch, lambda: second.update(submit(town, town.document(scale=2))))
        work()
        assert row_of(first["conversion_id"]).state == "superseded"
        assert row_of(second["conversion_id"]).state == "published"
        serials = {r["budgetod_serial"] for r in show(town.dataset_name())["resources"]}
        assert serials == {str(row_of(second["conversion_id"]).serial)}

    def test_a_document_withdrawn_while_its_job_runs_stays_withdrawn(
        self, town, submit, work, row_of, monkeypatch, show
    ):
        from ckan.plugins import toolkit as tk

        first = submit(town)
        site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        interrupt(
            monkeypatch,
            lambda: tk.get_action("budgetod_document_withdraw")(
                {"user": site}, {"id": first["document_key"]}
            ),
        )
        work()
        assert row_of(first["conversion_id"]).state == "withdrawn"
        assert show(town.dataset_name())["resources"] == []

    def test_two_documents_deposited_at_once_both_survive(
        self, town, submit, work, monkeypatch, show
    ):
        submit(town)
        interrupt(monkeypatch, lambda: submit(town, town.document(stage="BP")))
        work()
        stages = {r["budget_etape"] for r in show(town.dataset_name())["resources"]}
        assert stages == {"ca", "bp"}


class TestWithheld:
    def test_a_project_of_budget_waits_for_an_answer(self, town, submit, work, row_of, show):
        made = submit(town, town.document(stage="BP", projet=True))
        work()
        row = row_of(made["conversion_id"])
        assert (row.state, row.questions) == ("withheld", ["S02"])
        assert show(town.dataset_name())["private"] is True
        assert show(town.dataset_name())["resources"] == []
        answer = call("budgetod_conversion_confirm", town.editor, id=row.id, answers=["S02"])
        assert answer["state"] == "queued"
        work()
        assert row_of(row.id).state == "published"
        assert show(town.dataset_name())["private"] is False

    def test_an_account_marked_as_project_does_not_wait(self, town, submit, work, row_of):
        made = submit(town, town.document(stage="CA", projet=True))
        work()
        assert row_of(made["conversion_id"]).state == "published"

    def test_answers_can_come_with_the_deposit(self, town, submit, work, row_of):
        made = submit(town, town.document(stage="BP", projet=True), confirm="S02")
        work()
        assert row_of(made["conversion_id"]).state == "published"

    def test_the_published_version_stays_while_the_new_one_waits(
        self, town, submit, work, row_of, show, download
    ):
        first = submit(town, town.document(stage="BP"))
        work()
        before = files_of(show(town.dataset_name()), download)
        second = submit(town, town.document(stage="BP", projet=True))
        work()
        assert row_of(second["conversion_id"]).state == "withheld"
        assert row_of(first["conversion_id"]).state == "published"
        assert files_of(show(town.dataset_name()), download) == before
        assert all(before.values())

    def test_an_older_seal_waits(self, town, submit, work, row_of):
        submit(town, town.document(seal="2024-05-02T10:00:00"))
        work()
        older = submit(town, town.document(scale=2, seal="2024-04-02T10:00:00"))
        work()
        row = row_of(older["conversion_id"])
        assert (row.state, row.questions) == ("withheld", ["S05"])

    def test_a_second_decision_without_number_waits(self, town, submit, publish, work, row_of):
        publish(town, town.document(stage="DM", numero_dm=""))
        again = submit(town, town.document(stage="DM", numero_dm="", scale=2))
        work()
        row = row_of(again["conversion_id"])
        assert (row.state, row.questions) == ("withheld", ["D03"])
        (told,) = [f for f in row.report["findings"] if f["code"] == "D03"]
        assert told["params"] == {"exercice": 2023, "numero": 2}

    def test_numbered_decisions_do_not_wait(self, town, publish):
        publish(town, town.document(stage="DM", numero_dm="1"))
        publish(town, town.document(stage="DM", numero_dm="1", scale=2))
        publish(town, town.document(stage="DM", numero_dm="2"))

    def test_a_newer_seal_replaces(self, town, submit, work, row_of):
        submit(town, town.document(seal="2024-05-02T10:00:00"))
        work()
        newer = submit(town, town.document(scale=2, seal="2024-06-02T10:00:00"))
        work()
        assert row_of(newer["conversion_id"]).state == "published"

    def test_a_draft_waits(self, town, submit, work, row_of):
        made = submit(town, draft=True)
        work()
        assert row_of(made["conversion_id"]).questions == ["draft"]
        call(
            "budgetod_conversion_confirm", town.editor, id=made["conversion_id"], answers=["draft"]
        )
        work()
        assert row_of(made["conversion_id"]).state == "published"

    @pytest.mark.ckan_config("budgetod.publish_when", "confirmed")
    def test_under_confirmed_every_question_waits(self, town, submit, work, row_of):
        made = submit(town)
        work()
        row = row_of(made["conversion_id"])
        assert row.state == "withheld"
        assert "S01" in row.questions

    def test_it_is_readable_by_nobody_but_its_editors(
        self, app, town, submit, work, make_town, row_of
    ):
        made = submit(town, town.document(stage="BP", projet=True))
        work()
        assert row_of(made["conversion_id"]).state == "withheld"
        stranger = make_town("Sainte-Ombrelle").editor
        actions = (
            f"budgetod_conversion_show?id={made['conversion_id']}",
            f"package_show?id={made['package_id']}",
            f"budgetod_dataset_documents?id={made['package_id']}",
        )
        for action in actions:
            path = f"/api/3/action/{action}"
            assert app.get(path).status_code == 403
            assert app.get(path, headers={"Authorization": stranger["token"]}).status_code == 403
            mine = app.get(path, headers={"Authorization": town.editor["token"]})
            assert mine.status_code == 200
        path = f"/api/3/action/budgetod_conversion_list?siren={town.siren}"
        assert app.get(path).json["result"] == []


class TestFailure:
    def test_an_unexpected_error_fails_and_can_be_run_again(
        self, town, submit, work, row_of, monkeypatch
    ):
        from ckanext.budgetod.deposit import publish

        made = submit(town)
        with monkeypatch.context() as broken:
            broken.setattr(publish, "publish", _explode)
            work()
        row = row_of(made["conversion_id"])
        assert (row.state, row.error_code) == ("failed", "X01")
        assert row.error_params == {"id": row.id[:8]}
        call("budgetod_conversion_run", town.editor, id=row.id)
        work()
        assert row_of(row.id).state == "published"

    def test_the_published_version_stays_when_the_new_one_fails(
        self, town, submit, work, row_of, show, download, monkeypatch
    ):
        from ckanext.budgetod.deposit import datasets

        submit(town)
        work()
        before = files_of(show(town.dataset_name()), download)
        made = submit(town, town.document(scale=2))
        with monkeypatch.context() as broken:
            broken.setattr(datasets, "revise", _explode)
            work()
        assert row_of(made["conversion_id"]).state == "failed"
        assert files_of(show(town.dataset_name()), download) == before

    def test_only_a_failed_conversion_runs_again(self, town, submit, work):
        from ckan.plugins import toolkit as tk

        made = submit(town)
        work()
        with pytest.raises(tk.ValidationError):
            call("budgetod_conversion_run", town.editor, id=made["conversion_id"])

    def test_a_failed_file_deposited_again_is_a_new_row(
        self, town, submit, work, row_of, monkeypatch
    ):
        from ckanext.budgetod.deposit import publish

        first = submit(town)
        with monkeypatch.context() as broken:
            broken.setattr(publish, "publish", _explode)
            work()
        second = submit(town)
        work()
        assert second["existing"] is False
        assert row_of(first["conversion_id"]).state == "superseded"
        assert row_of(second["conversion_id"]).state == "published"


class TestSweep:
    def test_a_row_of_a_dead_worker_is_queued_again_and_ends_well(self, town, submit, work, row_of):
        from ckan import model

        from ckanext.budgetod.deposit.sweep import sweep
        from ckanext.budgetod.model.conversion import now

        made = submit(town)
        _empty_queue()
        row = row_of(made["conversion_id"])
        row.state, row.attempt = "running", 1
        row.heartbeat = now() - datetime.timedelta(hours=1)
        model.Session.commit()
        swept = sweep()
        assert swept.ended >= 1
        work()
        assert row_of(made["conversion_id"]).state == "published"

    def test_a_living_worker_is_left_alone(self, town, submit, row_of):
        from ckan import model

        from ckanext.budgetod.deposit.sweep import sweep
        from ckanext.budgetod.model.conversion import now

        made = submit(town)
        row = row_of(made["conversion_id"])
        row.state, row.heartbeat = "running", now()
        model.Session.commit()
        sweep()
        assert row_of(made["conversion_id"]).state == "running"

    def test_a_lost_job_is_enqueued_again_once(self, town, submit, work, row_of):
        from ckanext.budgetod.deposit.sweep import sweep

        made = submit(town)
        _empty_queue()
        assert sweep().enqueued >= 1
        assert sweep().enqueued == 0
        work()
        assert row_of(made["conversion_id"]).state == "published"

    def test_a_job_whose_worker_was_killed_is_put_in_the_queue_again(self, town, submit, row_of):
        """It stays "started" in Redis for ever, though its row went back to the queue."""
        from ckan.lib import jobs as ckan_jobs

        from ckanext.budgetod import config
        from ckanext.budgetod.deposit.sweep import sweep

        sent = submit(town)
        job = ckan_jobs.job_from_id(row_of(sent["conversion_id"]).job_id)
        job.set_status("started")
        job.started_at = datetime.datetime.now(datetime.timezone.utc)
        job.save()
        assert sweep().enqueued == 0
        job.started_at -= datetime.timedelta(seconds=config.stale_after() + 1)
        job.save()
        assert sweep().enqueued == 1
        assert row_of(sent["conversion_id"]).job_id != job.id

    def test_staging_is_empty_after_publication(self, town, submit, work):
        from ckanext.budgetod.deposit import storage

        made = submit(town)
        assert storage.is_staged(made["conversion_id"])
        work()
        assert not storage.is_staged(made["conversion_id"])


def test_publishing_enqueues_nothing(town, submit, work):
    from ckan import model
    from ckan.lib.jobs import get_queue

    from ckanext.budgetod.model import Conversion

    submit(town)
    work()
    model.Session.rollback()
    assert len(Conversion.newest(siren=town.siren)) == 1
    assert get_queue("budgetod").count == 0


def test_the_job_carries_the_row_id_and_nothing_else(town, submit):
    from ckan.lib.jobs import get_queue

    made = submit(town)
    (job,) = get_queue("budgetod").jobs
    assert job.args == [made["conversion_id"]] or list(job.args) == [made["conversion_id"]]
    assert job.kwargs == {}
    assert job.timeout == 1800


def test_the_job_sees_a_committed_deposit(town, submit, work, monkeypatch, row_of):
    """Nothing is enqueued before the row is in the database for everybody."""
    import sqlalchemy as sa
    from ckan import model

    from ckanext.budgetod.deposit import intake, jobs

    seen = []
    original = jobs.enqueue

    def look(row_id):
        with model.meta.engine.connect() as other:
            query = sa.text("SELECT state FROM budgetod_conversion WHERE id = :id")
            seen.append(other.execute(query, {"id": row_id}).scalar())
        return original(row_id)

    monkeypatch.setattr(intake.jobs, "enqueue", look)
    submit(town)
    assert seen == ["queued"]


def _explode(*_args, **_kwargs):
    raise RuntimeError("planned by the test")


def _empty_queue():
    from ckan.lib.jobs import get_queue

    get_queue("budgetod").empty()

"""The summary of a job by mail: asked for, in French, to the owners, once; never fatal."""

from __future__ import annotations

import email
import email.policy
import threading

import pytest
from harvesting import make_source, run, site_context
from towns import person

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ = "215403957", "215704636"


@pytest.fixture
def territory():
    return (NANCY, METZ)


@pytest.fixture(autouse=True)
def has_an_address(monkeypatch, with_plugins):
    from ckan.common import config

    monkeypatch.setitem(config, "smtp.mail_from", "budgets@budgetod.test")


@pytest.fixture
def owner(with_plugins):
    from ckan.tests import factories

    return person(factories.User)


@pytest.fixture
def asks(owner):
    """A source that asks for mail, of an organisation with one admin and one editor."""
    from ckan.tests import factories

    region = factories.Organization(
        title="Région Grand Est",
        users=[
            {"name": owner["name"], "capacity": "admin"},
            {"name": person(factories.User)["name"], "capacity": "editor"},
        ],
    )

    def make(**changed):
        config = {"territoire": {"sirens": [NANCY, METZ]}, "exercices": [2024], "courriel": True}
        return make_source("budgetod_dgfip", {**config, **changed}, region["id"])

    return make


@pytest.fixture
def letters(mail_server):
    """Letters received: (address, subject, text)."""

    def read():
        found = []
        for _, _, to, raw in mail_server.get_smtp_messages():
            text = raw if isinstance(raw, str) else raw.decode()
            message = email.message_from_string(text, policy=email.policy.default)
            body = message.get_body(("plain",)).get_content()
            found += [(address, str(message["Subject"]), body) for address in to]
        return found

    return read


def test_owners_get_the_verdict_once(asks, owner, letters):
    source = asks()
    run(source)
    (letter,) = letters()
    address, subject, body = letter
    assert address == owner["email"]
    assert subject.startswith("Moissonnage « source-")
    assert subject.endswith("Terminé sans échec")
    assert "Ajoutés : 2" in body
    assert "/budgets/moissonnage/source-" in body
    assert "http://budgetod.test/" in body
    from ckan.plugins import toolkit as tk

    tk.get_action("harvest_jobs_run")(site_context(), {})
    assert len(letters()) == 1
    run(source)
    assert len(letters()) == 2, "each job has a letter of its own"


def test_failures_are_named_with_their_reasons(asks, letters, standin, monkeypatch):
    from ckanext.budgetod.harvesters import importing

    def failing(harvested, note):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(importing.national, "publish", failing)
    run(asks())
    ((_, subject, body),) = letters()
    assert subject.endswith("Terminé avec 2 échecs")
    assert "- Balance 2024 — Ville de Nancy : Une erreur de notre côté." in body
    standin.scenario("dgfip", "500")
    run(asks(exercices=[2023]))
    _, subject, body = letters()[-1]
    assert "la source n’a pas tout dit" in subject
    assert "erreur (500)" in body


def test_nobody_gets_what_was_not_asked_for(asks, letters):
    run(asks(courriel=False))
    assert letters() == []


def test_two_sweeps_at_once_send_one_letter(asks, letters):
    """Both saw the job running; the row of the database lets one of them write."""
    from ckan import model
    from ckanext.harvest.model import HarvestJob

    from ckanext.budgetod.harvesters import mail

    source = asks(courriel=False)
    run(source)
    row = model.Session.query(HarvestJob).filter_by(source_id=source).one()
    row.source.config = row.source.config.replace("false", "true")
    model.Session.commit()
    job_id, answers = row.id, []

    def claim():
        answers.append(mail._claim(job_id))
        model.Session.remove()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]
    mail.tell_finished([job_id])
    assert letters() == []


def test_a_mail_server_that_is_away_stops_nothing(asks, owner, monkeypatch, said):
    from ckan.common import config

    monkeypatch.setitem(config, "smtp.test_server", "127.0.0.1:9")
    monkeypatch.setitem(config, "smtp.server", "127.0.0.1:9")
    assert run(asks()) == {"added": 2}
    (line,) = said
    assert "not sent: MailerException" in line
    assert owner["email"] not in line


def test_a_site_without_address_of_its_own_stops_nothing(asks, monkeypatch, said):
    from ckan.common import config

    monkeypatch.setitem(config, "smtp.mail_from", None)
    assert run(asks()) == {"added": 2}
    (line,) = said
    assert "smtp.mail_from is not set" in line


@pytest.fixture
def said(monkeypatch):
    """What the module logs, whatever the site's logging does with it."""
    from ckanext.budgetod.harvesters import mail

    lines = []
    for level in ("warning", "exception"):
        monkeypatch.setattr(mail.log, level, lambda text, *args: lines.append(text % args))
    return lines

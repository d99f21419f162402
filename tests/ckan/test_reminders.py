"""Reminders: prepared for administrators, sent by a second action, to a real mail server."""

from __future__ import annotations

import logging

import pytest
from bs4 import BeautifulSoup
from posting import PostOffice
from towns import person

from ckanext.budgetod.sources.territory import territory

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

NANCY, METZ, SMALL = "215403957", "215704636", "200002160"
DOCUMENT = "ca-2024"


@pytest.fixture
def office(monkeypatch):
    from ckan.common import config

    with PostOffice() as post:
        monkeypatch.setitem(config, "smtp.server", post.address)
        monkeypatch.setitem(config, "smtp.mail_from", "budgets@budgetod.test")
        yield post


@pytest.fixture
def sysadmin():
    from ckan.tests import factories

    return person(factories.SysadminWithToken)


@pytest.fixture
def organisation(sysadmin):
    """Nancy's organisation: two admins with an address, and an editor."""
    from ckan.tests import factories

    people = [person(factories.UserWithToken) for _ in range(3)]
    capacities = ("admin", "admin", "editor")
    users = [
        {"name": one["name"], "capacity": capacity}
        for one, capacity in zip(people, capacities, strict=True)
    ]
    made = factories.Organization(user=sysadmin, siren=NANCY, users=users)
    # whoever creates an organisation is an admin of it: here nobody but the two
    from ckan.plugins import toolkit as tk

    tk.get_action("organization_member_delete")(
        {"ignore_auth": True, "user": sysadmin["name"]},
        {"id": made["id"], "username": sysadmin["name"]},
    )
    return {"admins": people[:2], "editor": people[2], "id": made["id"]}


def address(siren: str, document: str = DOCUMENT) -> str:
    return f"/budgets/couverture/rappel/{siren}?document={document}"


def headers(user):
    return {"Authorization": user["token"]} if user else {}


def prepared(app, siren: str, user, status: int = 200) -> BeautifulSoup:
    answer = app.get(address(siren), headers=headers(user), status=status, follow_redirects=False)
    return BeautifulSoup(answer.body, "html.parser")


def text(node) -> str:
    return " ".join(node.get_text(" ").split())


def filled(seen: BeautifulSoup, **changed: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = seen.select_one("form.bod-form")
    data = {"subject": form.select_one("#bod-subject")["value"]}
    data["body"] = form.select_one("#bod-body").text
    if form.select_one("#bod-admins[checked]"):
        data["admins"] = "yes"
    return {**data, **changed}


def send(app, siren: str, user, data, **options):
    return app.post(
        address(siren), data=data, headers=headers(user), follow_redirects=False, **options
    )


def admins(organisation) -> set[str]:
    return {one["email"] for one in organisation["admins"]}


# --- prepared ---
def test_the_text_is_ready_and_nothing_is_sent(app, office, organisation, sysadmin):
    seen = prepared(app, NANCY, sysadmin)
    body = seen.select_one("#bod-body").text
    assert "compte administratif ou CFU 2024" in body
    assert "Ville de Nancy" in body
    assert "/budget/new" in body
    assert "3\u00a0500 habitants" in body
    assert "Ville de Nancy" in seen.select_one("#bod-subject")["value"]
    for admin in organisation["admins"]:
        assert admin["display_name"] in text(seen.select_one(".bod-check"))
        assert admin["email"] not in seen.text
    assert organisation["editor"]["display_name"] not in text(seen.select_one(".bod-check"))
    assert [text(b) for b in seen.select(".bod-button-main")] == ["Envoyer le rappel"]
    assert office.letters == []


def test_the_law_is_only_told_to_those_it_is_about(app, sysadmin):
    assert territory().lookup(SMALL).population < 3500
    assert "3\u00a0500" not in prepared(app, SMALL, sysadmin).select_one("#bod-body").text


def test_without_anybody_to_write_to_a_sysadmin_types_an_address(app, office, sysadmin):
    seen = prepared(app, METZ, sysadmin)
    assert seen.select_one("#bod-admins") is None
    assert send(app, METZ, sysadmin, filled(seen, to="mairie@metz.test")).status_code == 302
    assert [letter.to for letter in office.letters] == [["mairie@metz.test"]]


# --- sent ---
def test_the_second_action_sends_what_was_written(
    app, office, organisation, sysadmin, caplog, monkeypatch
):
    from ckanext.budgetod.logic import reminders

    monkeypatch.setattr(reminders.log, "disabled", False)  # migrations switch loggers off
    seen = prepared(app, NANCY, sysadmin)
    written = "Bonjour,\n\nÀ bientôt.\n.\nfin"
    with caplog.at_level(logging.INFO, logger="ckanext.budgetod"):
        answer = send(app, NANCY, sysadmin, filled(seen, subject="Rappel : CFU", body=written))
    assert answer.status_code == 302
    assert "/budgets/couverture" in answer.headers["Location"]
    assert {letter.to[0] for letter in office.letters} == admins(organisation)
    assert all(len(letter.to) == 1 for letter in office.letters)
    assert {letter.subject for letter in office.letters} == {"Rappel : CFU"}
    assert "À bientôt." in office.letters[0].text
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("ckanext.budgetod")]
    assert ours == [f"reminder of {DOCUMENT} to {NANCY}: 2 of 2 letters sent"]


def test_nobody_ticked_and_nobody_typed_sends_nothing(app, office, organisation, sysadmin):
    data = filled(prepared(app, NANCY, sysadmin))
    del data["admins"]
    answer = send(app, NANCY, sysadmin, data)
    assert answer.status_code == 200
    alert = BeautifulSoup(answer.body, "html.parser").select_one("[role=alert]")
    assert "Choisissez au moins un destinataire." in text(alert)
    assert office.letters == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"to": "not an address"}, "Ce n’est pas une adresse"),
        ({"to": "a@b.test\r\nBcc: c@d.test"}, "Ce n’est pas une adresse"),
        ({"subject": " "}, "Ce champ est vide."),
        ({"body": ""}, "Ce champ est vide."),
        ({"subject": "x" * 201}, "200 caractères au plus."),
        ({"body": "x" * 10_001}, "10000 caractères au plus."),
    ],
)
def test_a_faulty_form_sends_nothing_and_keeps_what_was_typed(
    app, office, organisation, sysadmin, changed, fault
):
    answer = send(app, NANCY, sysadmin, filled(prepared(app, NANCY, sysadmin), **changed))
    seen = BeautifulSoup(answer.body, "html.parser")
    assert fault in text(seen.select_one("[role=alert]"))
    wrong = seen.select_one("[aria-invalid]")
    assert wrong["name"] == next(iter(changed))
    assert seen.select_one(f"#{wrong['aria-describedby']}")
    assert office.letters == []


def test_a_subject_of_several_lines_is_one_line(app, office, organisation, sysadmin):
    data = filled(prepared(app, NANCY, sysadmin), subject="Rappel\r\nBcc: autre@x.test")
    send(app, NANCY, sysadmin, data)
    assert {letter.subject for letter in office.letters} == {"Rappel Bcc: autre@x.test"}
    assert all(letter.message["Bcc"] is None for letter in office.letters)


def test_a_mail_server_that_refuses_is_told(app, office, organisation, sysadmin):
    office.refuses = True
    answer = send(app, NANCY, sysadmin, filled(prepared(app, NANCY, sysadmin)))
    alert = BeautifulSoup(answer.body, "html.parser").select_one("[role=alert]")
    assert "Le serveur de messagerie" in text(alert)
    assert office.letters == []


@pytest.mark.parametrize(
    ("server", "mail_from"), [("127.0.0.1:9", "budgets@budgetod.test"), ("127.0.0.1:9", None)]
)
def test_a_mail_server_that_is_away_or_not_set_up_is_told(
    app, organisation, sysadmin, monkeypatch, server, mail_from
):
    from ckan.common import config

    monkeypatch.setitem(config, "smtp.server", server)
    monkeypatch.setitem(config, "smtp.mail_from", mail_from)
    answer = send(app, NANCY, sysadmin, filled(prepared(app, NANCY, sysadmin)))
    assert "Rien n’a été envoyé" in answer.body


# --- rights ---
def test_visitors_log_in_and_others_are_refused(app, organisation):
    answer = app.get(address(NANCY), follow_redirects=False)
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]
    prepared(app, NANCY, organisation["editor"], status=403)
    prepared(app, METZ, organisation["admins"][0], status=403)


def test_who_may_not_prepare_may_not_send(app, office, organisation):
    data = {"subject": "x", "body": "y", "admins": "yes", "to": "a@b.test"}
    assert send(app, NANCY, organisation["editor"], data).status_code == 403
    assert send(app, NANCY, None, data).status_code == 302
    assert office.letters == []


def test_an_organisations_admin_writes_to_its_admins_only(app, office, organisation):
    admin = organisation["admins"][0]
    seen = prepared(app, NANCY, admin)
    assert seen.select_one("#bod-to") is None
    send(app, NANCY, admin, filled(seen, to="elsewhere@x.test"))
    assert {letter.to[0] for letter in office.letters} == admins(organisation)


def test_an_admin_may_remind_those_whose_datasets_his_organisation_holds(app, organisation):
    from ckan import model
    from ckan.tests import factories

    from ckanext.budgetod.model import BudgetDataset

    package = factories.Dataset(owner_org=organisation["id"])
    model.Session.add(BudgetDataset(siren=METZ, exercice=2023, package_id=package["id"]))
    model.Session.commit()
    seen = prepared(app, METZ, organisation["admins"][0])
    assert seen.select_one(".bod-button-main") is None
    assert "Copiez le texte" in text(seen.select_one("fieldset"))


@pytest.mark.parametrize(
    ("siren", "document"), [("999999999", DOCUMENT), (NANCY, "dm-2024"), (NANCY, "ca-x")]
)
def test_what_does_not_exist_is_404(app, sysadmin, siren, document):
    app.get(address(siren, document), headers=headers(sysadmin), status=404)


@pytest.mark.ckan_config("WTF_CSRF_ENABLED", True)
def test_a_form_of_another_site_is_refused(make_app, office):
    app = make_app()
    for _ in range(2):
        answer = app.post(address(NANCY), data={"subject": "x"}, follow_redirects=False)
        assert answer.status_code == 400
    assert office.letters == []

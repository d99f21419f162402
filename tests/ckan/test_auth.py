"""Who may do what: every action for every kind of person."""

from __future__ import annotations

import io

import pytest
from towns import as_file, person

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")

PEOPLE = ("anonymous", "nobody", "stranger", "member", "editor", "admin", "sysadmin")
EDITORS = {"editor", "admin", "sysadmin"}
EVERYBODY = set(PEOPLE)

# action -> who may call it on a published document, who on a withheld one
TABLE = {
    "budgetod_conversion_show": (EVERYBODY, EDITORS),
    "budgetod_dataset_documents": (EVERYBODY, EDITORS | {"member"}),
    "budgetod_conversion_run": (EDITORS, EDITORS),
    "budgetod_conversion_confirm": (EDITORS, EDITORS),
    "budgetod_document_withdraw": (EDITORS, EDITORS),
}


@pytest.fixture
def people(town, make_town):
    """One user name per kind of person; the editor is the town's."""
    from ckan.plugins import toolkit as tk
    from ckan.tests import factories

    def member(capacity):
        user = person(factories.User)
        tk.get_action("organization_member_create")(
            {"user": person(factories.Sysadmin)["name"], "ignore_auth": True},
            {"id": town.organisation["id"], "username": user["name"], "role": capacity},
        )
        return user["name"]

    return {
        "anonymous": "",
        "nobody": person(factories.User)["name"],
        "stranger": make_town("Sainte-Ombrelle").editor["name"],
        "member": member("member"),
        "editor": town.editor["name"],
        "admin": member("admin"),
        "sysadmin": person(factories.Sysadmin)["name"],
    }


def allowed(action, user, data):
    from ckan import model
    from ckan.plugins import toolkit as tk

    model.Session.rollback()
    try:
        tk.check_access(action, {"user": user}, data)
    except tk.NotAuthorized:
        return False
    return True


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("kind", ["published", "withheld"])
def test_table_of_roles_and_actions(action, kind, town, people, submit, work):
    spec = {"stage": "BP", "projet": True} if kind == "withheld" else {}
    made = submit(town, town.document(**spec))
    work()
    of_dataset = action == "budgetod_dataset_documents"
    data = {"id": made["package_id"] if of_dataset else made["conversion_id"]}
    expected = TABLE[action][0 if kind == "published" else 1]
    assert {who for who, user in people.items() if allowed(action, user, data)} == expected


def test_submit_is_for_editors_of_some_organisation(people):
    may = {who for who, user in people.items() if allowed("budgetod_submit", user, {})}
    assert may == {"stranger", "editor", "admin", "sysadmin"}


def test_checking_is_for_people_with_an_account(people):
    may = {who for who, user in people.items() if allowed("budgetod_document_check", user, {})}
    assert may == EVERYBODY - {"anonymous"}


@pytest.mark.parametrize("action", [*TABLE, "budgetod_submit", "budgetod_document_check"])
def test_visitors_of_the_api_do_nothing(action, app, town, submit, work):
    made = submit(town, town.document(stage="BP", projet=True))
    work()
    of_dataset = action == "budgetod_dataset_documents"
    data = {"id": made["package_id"] if of_dataset else made["conversion_id"]}
    if action in ("budgetod_submit", "budgetod_document_check"):
        data = {"upload": (io.BytesIO(town.document()), "document.xml")}
    answer = app.post(f"/api/3/action/{action}", data=data, content_type="multipart/form-data")
    assert answer.status_code == 403


def test_editors_of_another_organisation_cannot_deposit(town, make_town, submit):
    from ckan import model

    from ckanext.budgetod.deposit.messages import DepositRefused
    from ckanext.budgetod.model import Conversion

    other = make_town("Sainte-Ombrelle")
    with pytest.raises(DepositRefused) as refused:
        submit(town, user=other.editor["name"])
    assert refused.value.code == "I02"
    model.Session.rollback()
    assert Conversion.newest(siren=town.siren) == []
    assert model.Package.get(town.dataset_name()) is None


def test_a_sysadmin_deposits_for_anybody(town, people, submit):
    assert submit(town, user=people["sysadmin"])["state"] == "queued"


def test_an_attached_siren_is_deposited_by_its_organisation(town, submit, work, row_of):
    from ckan.plugins import toolkit as tk
    from ckan.tests import factories
    from towns import new_siren

    siren = new_siren()
    sysadmin = {"user": person(factories.Sysadmin)["name"]}
    data = {"id": town.organisation["id"], "sirens_rattaches": siren}
    tk.get_action("organization_patch")(sysadmin, data)
    town.siren = siren
    from ckanext.budgetod.engine.builder import fictional_siret

    town.siret = fictional_siret(siren)
    made = submit(town)
    work()
    assert row_of(made["conversion_id"]).state == "published"


class TestUnknownSiren:
    """I04: nobody on the portal holds the SIREN."""

    @pytest.fixture
    def ccas(self, town):
        from towns import new_siren

        from ckanext.budgetod.engine.builder import fictional_siret, totem_document

        siren = new_siren()
        return siren, totem_document(siret=fictional_siret(siren), collectivite="CCAS")

    def test_it_waits_for_a_sysadmin(self, town, submit, work, row_of, ccas, people):
        from ckan.plugins import toolkit as tk

        siren, content = ccas
        made = submit(town, content)
        work()
        row = row_of(made["conversion_id"])
        assert (row.state, row.questions) == ("withheld", ["I04"])
        answer = {"id": row.id, "answers": ["I04"]}
        with pytest.raises(tk.NotAuthorized):
            tk.get_action("budgetod_conversion_confirm")({"user": people["editor"]}, answer)
        tk.get_action("budgetod_conversion_confirm")({"user": people["sysadmin"]}, answer)
        work()
        assert row_of(row.id).state == "published"
        organisation = tk.get_action("organization_show")({}, {"id": town.organisation["id"]})
        assert organisation["sirens_rattaches"] == siren

    def test_an_organisation_without_siren_is_told_so(self, submit, town, ccas):
        from ckan.tests import factories

        from ckanext.budgetod.deposit.messages import DepositRefused

        user = person(factories.User)
        factories.Organization(users=[{"name": user["name"], "capacity": "editor"}])
        with pytest.raises(DepositRefused) as refused:
            submit(town, ccas[1], user=user["name"])
        assert refused.value.code == "I06"


def test_where_personal_data_was_found_is_for_editors(town, people, submit, work):
    from ckan.plugins import toolkit as tk

    made = submit(town)
    work()
    from ckan import model

    from ckanext.budgetod.model import Conversion

    row = Conversion.get(made["conversion_id"])
    row.report = {
        **row.report,
        "findings": [
            {
                "code": "P01",
                "level": "confirm",
                "params": {},
                "count": 1,
                "where": [{"line": 3, "source_line": 9, "element": "x", "note": ""}],
            }
        ],
    }
    model.Session.commit()

    def places(user):
        answer = tk.get_action("budgetod_conversion_show")(
            {"user": user, "ignore_auth": False}, {"id": row.id}
        )
        return answer["report"]["findings"][0]["where"], answer["filename"]

    assert places(people["editor"])[0]
    assert places("") == ([], "")
    assert places(people["member"])[0] == []


def test_only_the_gate_takes_a_file(town):
    from ckan.plugins import toolkit as tk

    context = {"user": town.editor["name"], "ignore_auth": False}
    for action in ("budgetod_submit", "budgetod_document_check"):
        with pytest.raises(tk.ValidationError):
            tk.get_action(action)(dict(context), {"upload": "a text"})
        with pytest.raises(tk.ValidationError):
            tk.get_action(action)(dict(context), {})


def test_a_check_stores_nothing(town):
    from ckan import model
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import Conversion

    context = {"user": town.editor["name"], "ignore_auth": False}
    answer = tk.get_action("budgetod_document_check")(context, {"upload": as_file(town.document())})
    assert answer["report"]["counts"]["total"] > 0
    assert answer["dataset_name"] == town.dataset_name()
    assert Conversion.newest(siren=town.siren) == []
    assert model.Package.get(town.dataset_name()) is None

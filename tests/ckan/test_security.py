"""What an editor of one organisation, or a visitor, must never be able to do."""

from __future__ import annotations

import pytest
from towns import as_file, new_siren

from ckanext.budgetod.engine import builder

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


def call(action, user, /, **data):
    from ckan.plugins import toolkit as tk

    return tk.get_action(action)({"user": user["name"], "ignore_auth": False}, data)


def by_hand(town, name):
    """A budget dataset made through CKAN's own action."""
    organisation = town.organisation["id"]
    return call("package_create", town.editor, type="budget", name=name, owner_org=organisation)


def test_an_editor_attaches_no_siren_by_answering_in_advance(town, submit, work, row_of):
    content = town.document(siret=builder.fictional_siret(new_siren()))
    deposit = submit(town, content, confirm=["I04"])
    work()
    row = row_of(deposit["conversion_id"])
    assert (row.state, row.questions) == ("withheld", ["I04"])


@pytest.mark.parametrize("kind", ["budget", "dataset"])
def test_the_address_of_a_budget_is_kept_for_its_holder(make_town, kind):
    from ckan.plugins import toolkit as tk

    town, other = make_town(), make_town("Autre ville")
    organisation = other.organisation["id"]
    fields = {"type": kind, "name": town.dataset_name(), "owner_org": organisation}
    with pytest.raises(tk.ValidationError):
        call("package_create", other.editor, **fields)


def test_a_dataset_made_before_the_siren_was_held_comes_home(
    make_town, submit, work, row_of, show, monkeypatch
):
    """Editors of another organisation neither read nor answer what waits there."""
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.logic import chained

    town, other = make_town(), make_town("Autre ville")
    with monkeypatch.context() as before:
        before.setattr(chained, "owner_of", lambda siren: None)
        by_hand(other, town.dataset_name())
    deposit = submit(town, draft=True)
    work()
    row = row_of(deposit["conversion_id"])
    assert row.state == "withheld"
    assert show(row.package_id)["owner_org"] == town.organisation["id"]
    for action in ("budgetod_conversion_show", "budgetod_document_withdraw"):
        with pytest.raises(tk.NotAuthorized):
            call(action, other.editor, id=row.id)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "  JaVa\nScript:alert(1)", "data:text/html,x", "vbscript:x"]
)
def test_a_link_is_an_address_on_the_web(town, url):
    from ckan.plugins import toolkit as tk

    dataset = by_hand(town, f"by-hand-{town.siren}")
    with pytest.raises(tk.ValidationError):
        call("resource_create", town.editor, package_id=dataset["id"], name="x", url=url)


def test_a_budget_is_not_attached_as_a_pdf(town):
    """The mark of a PDF in a comment at the head of an XML does not make it one."""
    from ckan.plugins import toolkit as tk

    dataset = by_hand(town, f"by-hand-{town.siren}")
    head, mark, rest = town.document().partition(b"?>")
    upload = as_file(head + mark + b"<!-- %PDF-1.7 -->" + rest, "budget.pdf")
    fields = {"package_id": dataset["id"], "name": "x", "budgetod_role": "document"}
    with pytest.raises(tk.ValidationError):
        call("resource_create", town.editor, upload=upload, **fields)


def test_a_dataset_deleted_by_its_state_is_published_again(town, submit, work, row_of, show):
    first = submit(town)
    work()
    package_id = row_of(first["conversion_id"]).package_id
    call("package_patch", town.editor, id=package_id, state="deleted")
    again = submit(town)
    assert not again["existing"]
    work()
    dataset = show(package_id)
    assert row_of(again["conversion_id"]).state == "published"
    assert (dataset["state"], dataset["private"]) == ("active", False)
    assert {r["budgetod_role"] for r in dataset["resources"]} >= {"scdl", "xml"}


def test_no_empty_budget_is_made_public_in_bulk(town, submit, work, row_of, show):
    from ckan import model
    from ckan.tests import factories

    deposit = submit(town, draft=True)
    work()
    package_id = row_of(deposit["conversion_id"]).package_id
    organisation = town.organisation["id"]
    call("bulk_update_public", factories.Sysadmin(), datasets=[package_id], org_id=organisation)
    model.Session.expire_all()
    assert show(package_id)["private"] is True


def test_deleting_in_bulk_leaves_budgets_of_others_alone(make_town, submit, work, row_of, show):
    from ckan.tests import factories

    town, other = make_town(), make_town("Autre ville")
    deposit = submit(town)
    work()
    row = row_of(deposit["conversion_id"])
    organisation = other.organisation["id"]
    call("bulk_update_delete", factories.Sysadmin(), datasets=[row.package_id], org_id=organisation)
    assert row_of(row.id).state == "published"
    assert show(row.package_id)["resources"]


def test_what_was_never_public_leaves_no_trace_in_public(app, town, submit, work):
    """A project that waits, then is withdrawn, in a dataset that is public for another document."""
    submit(town)
    project = submit(town, town.document(stage="BP", projet=True))
    work()
    call("budgetod_document_withdraw", town.editor, id=project["conversion_id"])
    path = f"/api/3/action/budgetod_dataset_documents?id={project['package_id']}"
    stages = [one["stage_slug"] for one in app.get(path).json["result"]]
    assert stages
    assert "bp" not in stages
    mine = app.get(path, headers={"Authorization": town.editor["token"]}).json["result"]
    assert "bp" in [one["stage_slug"] for one in mine]


@pytest.mark.parametrize(
    ("asked", "found"), [("", 1), ("&state=published", 1), ("&state=failed", 0)]
)
def test_a_visitor_lists_what_is_public_only(app, town, submit, work, asked, found):
    submit(town)
    submit(town, town.document(stage="BP", projet=True))
    work()
    path = f"/api/3/action/budgetod_conversion_list?siren={town.siren}{asked}"
    assert len(app.get(path).json["result"]) == found

"""The pages, on the real application: what each person sees, and what each button does."""

from __future__ import annotations

import io
import json

import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


def headers(user):
    return {"Authorization": user["token"]}


def page(app, path, user=None, status=200, **options):
    answer = app.get(path, headers=headers(user) if user else {}, status=status, **options)
    return BeautifulSoup(answer.body, "html.parser")


def text(node):
    return " ".join(node.get_text(" ").split())


def send(app, path, town, content, name="budget.xml"):
    return app.post(
        path,
        data={"upload": (io.BytesIO(content), name), "save": ""},
        content_type="multipart/form-data",
        headers=headers(town.editor),
        follow_redirects=False,
    )


@pytest.fixture
def published(town, publish):
    return publish(town)


# --- deposit ---
def test_the_form_has_one_file_field_and_one_filled_button(app, town):
    form = page(app, "/budget/new", town.editor).select_one("form[data-bod-once]")
    fields = [f for f in form.select("input, select, textarea") if f.get("type") != "hidden"]
    assert [(f["type"], f["name"]) for f in fields] == [("file", "upload")]
    assert [text(b) for b in form.select(".bod-button-main")] == ["Publier"]


def test_somebody_unknown_is_sent_to_the_login(app):
    answer = app.get("/budget/new", follow_redirects=False)
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]


def test_a_deposit_leads_to_its_progress_page(app, town, work):
    answer = send(app, "/budget/new", town, town.document())
    assert answer.status_code == 302
    place = answer.headers["Location"]
    assert (
        f"/budget/budget-{town.siren}-2023/depot/"
        in app.get(place, headers=headers(town.editor)).request.path
    )
    block = page(app, place, town.editor).select_one("#bod-progress")
    assert block["data-state"] == "queued"
    assert block["hx-get"].endswith("/etat")
    work()
    block = page(app, place, town.editor).select_one("#bod-progress")
    assert block["data-state"] == "published"
    assert not block.has_attr("hx-get")


def test_live_block_says_286_when_nothing_is_left_to_wait_for(app, town, submit, work):
    row = submit(town)
    path = f"/budget/{town.dataset_name()}/depot/{row['conversion_id']}/etat"
    assert app.get(path, headers=headers(town.editor)).status_code == 200
    work()
    answer = app.get(path, headers=headers(town.editor), status=286)
    assert "<html" not in answer.body


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.4 maquette", "F01"),
        (b"<PES_Aller/>", "F04"),
        (b"<html/>", "F05"),
        (b"", "F09"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><DocumentBudgetaire/>', "F08"),
    ],
)
def test_a_wrong_file_is_refused_in_the_form_and_changes_nothing(app, town, content, code):
    from ckan import model

    from ckanext.budgetod.model import Conversion

    answer = send(app, "/budget/new", town, content, "PESALR2.xml")
    assert answer.status_code == 200
    soup = BeautifulSoup(answer.body, "html.parser")
    alert = soup.select_one("[role=alert]")
    assert alert.has_attr("autofocus")
    card = text(soup.select_one(".bod-refusal"))
    assert code in card
    assert "PESALR2.xml" in card
    assert Conversion.newest(siren=town.siren) == []
    assert not model.Session.query(model.Package).filter_by(owner_org=town.organisation["id"]).all()


def test_without_a_file_the_form_says_so(app, town):
    answer = app.post("/budget/new", data={"save": ""}, headers=headers(town.editor))
    assert (
        "Aucun fichier" in BeautifulSoup(answer.body, "html.parser").select_one("[role=alert]").text
    )


def test_a_file_of_another_year_is_refused_with_the_right_link(app, town, published):
    path = f"/budget/{town.dataset_name()}/resource/new"
    answer = send(app, path, town, town.document(exercice=2021))
    card = BeautifulSoup(answer.body, "html.parser").select_one(".bod-refusal")
    assert "D06" in text(card)
    assert [a["href"] for a in card.select("a") if not a["href"].startswith("#")]


def test_a_pdf_can_be_attached_and_nothing_else(app, town, published):
    path = f"/budget/{town.dataset_name()}/joindre"
    for content, expected in ((b"PK\x03\x04", 200), (b"%PDF-1.4 x", 302)):
        answer = app.post(
            path,
            data={"name": "Délibération", "upload": (io.BytesIO(content), "d.pdf"), "save": ""},
            content_type="multipart/form-data",
            headers=headers(town.editor),
            follow_redirects=False,
        )
        assert answer.status_code == expected
    soup = page(app, f"/budget/{town.dataset_name()}")
    assert "Délibération" in text(soup.select_one("#bod-attachments-title").parent)


# --- dataset ---
def test_the_dataset_page_has_its_fixed_order(app, town, published):
    soup = page(app, f"/budget/{town.dataset_name()}")
    assert len(soup.select("h1")) == 1 or len(soup.select("main h1")) == 1
    assert [text(h) for h in soup.select("main h2")][:2] == ["L’essentiel", "Documents et fichiers"]
    names = [element.name for element in soup.select("main, aside")]
    assert names.index("main") < names.index("aside")


def test_the_public_sees_published_rows_and_nothing_to_do(app, town, published, submit):
    submit(town, town.document(stage="bp"))
    public = page(app, f"/budget/{town.dataset_name()}")
    assert [text(s) for s in public.select("main .bod-state")] == ["Publié"]
    assert not public.select("form[method=post][action*=budget]")
    mine = page(app, f"/budget/{town.dataset_name()}", town.editor)
    assert sorted(text(s) for s in mine.select("main .bod-state")) == ["En attente", "Publié"]


def test_a_live_row_asks_for_itself(app, town, submit, work):
    submit(town)
    soup = page(app, f"/budget/{town.dataset_name()}", town.editor)
    row = soup.select_one("tr[hx-get]")
    assert row["hx-trigger"] == "every 2s"
    assert app.get(row["hx-get"], headers=headers(town.editor)).status_code == 200
    work()
    answer = app.get(row["hx-get"], headers=headers(town.editor), status=286)
    assert "hx-get" not in answer.body
    assert "Publié" in answer.body


def test_no_inline_script_or_style_in_our_parts(app, town, published):
    for path in (
        f"/budget/{town.dataset_name()}",
        f"/budget/{town.dataset_name()}/controles/{published['conversion_id']}",
        "/budget/new",
        "/budget/",
    ):
        part = page(app, path, town.editor).select_one(".bod")
        assert not part.select("script, style, [style]"), path
        on = [a for e in part.find_all(True) for a in e.attrs if a.startswith(("on", "hx-on"))]
        assert on == [], path


def test_tables_say_what_their_cells_are(app, town, published):
    """CSS turns rows into grids on a telephone: the roles must be written."""
    for table in page(app, f"/budget/{town.dataset_name()}").select(".bod table"):
        assert table["role"] == "table"
        assert all(row.get("role") == "row" for row in table.select("tr"))
        assert all(cell.get("role") for cell in table.select("th, td"))


def test_the_page_stays_readable_when_the_search_server_is_away(
    app, town, published, ckan_config, monkeypatch
):
    from ckan.lib.search import common

    nobody = "http://127.0.0.1:9/solr/nobody"
    monkeypatch.setitem(ckan_config, "solr_url", nobody)
    if hasattr(common, "SolrSettings"):  # CKAN 2.11 keeps it apart
        monkeypatch.setattr(common.SolrSettings, "_url", nobody)
    assert not common.is_available()
    soup = page(app, f"/budget/{town.dataset_name()}")
    assert "Publié" in text(soup.select_one("main"))


def test_the_same_file_again_leads_to_the_deposit_it_already_had(app, town, published):
    answer = send(app, "/budget/new", town, town.document())
    soup = page(app, answer.headers["Location"], town.editor)
    assert soup.select_one("#bod-progress")["data-state"] == "published"


def test_an_interrupted_deposit_shows_its_reference_and_runs_again(app, town, submit, work, row_of):
    from ckan import model

    from ckanext.budgetod.model import State

    row = submit(town)
    row_of(row["conversion_id"]).enter(State.FAILED, error_code="X01")
    model.Session.commit()
    path = f"/budget/{town.dataset_name()}/depot/{row['conversion_id']}"
    block = page(app, path, town.editor).select_one("#bod-progress")
    assert "Interrompu" in text(block)
    assert "Référence" in text(block)
    again = block.select_one("form")["action"]
    app.post(again, headers=headers(town.editor), follow_redirects=False)
    assert page(app, path, town.editor).select_one("#bod-progress")["data-state"] == "queued"
    work()
    assert page(app, path, town.editor).select_one("#bod-progress")["data-state"] == "published"


# --- report ---
def test_a_project_waits_and_can_be_published_as_it_is(app, town, submit, work):
    row = submit(town, town.document(stage="bp", projet=True))
    work()
    path = f"/budget/{town.dataset_name()}/controles/{row['conversion_id']}"
    soup = page(app, path, town.editor)
    assert [text(b) for b in soup.select("main .bod-button-main")] == ["Publier tel quel"]
    headings = [text(h) for h in soup.select(".bod-finding[open] h4")]
    assert headings[:3] == ["Ce qui se passe", "Pourquoi c’est important", "Que faire"]
    action = soup.select_one("form[action$=publier]")["action"]
    app.post(action, headers=headers(town.editor), follow_redirects=False)
    work()
    assert "Publié" in text(page(app, f"/budget/{town.dataset_name()}").select_one("main"))


def test_what_was_masked_is_counted_and_never_shown(app, town, submit, work):
    row = submit(town, town.document(annexes=True))
    work()
    path = f"/budget/{town.dataset_name()}/controles/{row['conversion_id']}"
    section = page(app, path).select_one("#bod-masked").parent
    total = int(text(section.select_one("tfoot .bod-num")))
    assert total == sum(int(text(c)) for c in section.select("tbody .bod-num")) > 0


def test_the_report_comes_as_json_and_csv(app, town, published):
    path = f"/budget/{town.dataset_name()}/controles/{published['conversion_id']}/rapport"
    found = app.get(f"{path}.json")
    assert json.loads(found.body)["format"] == "budgetod-report"
    assert "attachment" in found.headers["Content-Disposition"]
    lines = app.get(f"{path}.csv").body.splitlines()
    assert lines[0].startswith("code,niveau,titre,")


def test_the_public_reads_the_report_of_what_is_public_only(app, town, submit, work, published):
    waiting = submit(town, town.document(stage="bp", projet=True))
    work()
    base = f"/budget/{town.dataset_name()}/controles"
    assert page(app, f"{base}/{published['conversion_id']}")
    app.get(f"{base}/{waiting['conversion_id']}", status=404)


# --- one file, withdrawal ---
def resource(show, town, role):
    dataset = show(town.dataset_name())
    return next(r for r in dataset["resources"] if r.get("budgetod_role") == role)


def test_the_page_of_a_file_shows_figures_schema_and_sister_files(app, town, published, show):
    scdl = resource(show, town, "scdl")
    soup = page(app, f"/budget/{town.dataset_name()}/resource/{scdl['id']}")
    assert len(soup.select("#bod-totals ~ table tbody tr")) == 4
    assert scdl["conforms_to"] in [a["href"] for a in soup.select("aside a")]
    assert len(soup.select("#bod-all-files li")) >= 2


def test_a_withdrawn_document_leaves_an_explanation(app, town, published, show):
    xml = resource(show, town, "xml")
    withdraw = f"/budget/{town.dataset_name()}/document/{xml['budgetod_document']}/retirer"
    asked = page(app, withdraw, town.editor)
    assert [text(b) for b in asked.select(".bod-button-main")] == ["Retirer le document"]
    assert show(town.dataset_name())["resources"]
    app.post(withdraw, headers=headers(town.editor), follow_redirects=False)
    for path in (
        f"/budget/{town.dataset_name()}/resource/{xml['id']}",
        f"/dataset/{town.dataset_name()}/resource/{xml['id']}/download/x.xml",
    ):
        gone = page(app, path, status=410)
        assert "retiré" in text(gone.select_one("main h1"))


def test_files_of_a_deleted_dataset_leave_an_explanation(app, town, published, show):
    from ckan.plugins import toolkit as tk

    address = next(r["url"] for r in show(town.dataset_name())["resources"])
    context = {"user": town.editor["name"], "ignore_auth": False}
    tk.get_action("package_delete")(context, {"id": town.dataset_name()})
    answer = app.get(address)
    assert answer.status_code == 410
    assert "retiré" in answer.body


def test_only_its_editors_withdraw_publish_or_edit(app, make_town, town, published, show):
    other = make_town()
    key = resource(show, town, "xml")["budgetod_document"]
    base = f"/budget/{town.dataset_name()}"
    for path in (f"{base}/document/{key}/retirer", f"/budget/edit/{town.dataset_name()}"):
        app.get(path, headers=headers(other.editor), status=403)
        app.post(path, headers=headers(other.editor), status=403)


# --- correcting ---
def test_a_person_corrects_title_description_and_contact_only(app, town, published, show):
    path = f"/budget/edit/{town.dataset_name()}"
    form = page(app, path, town.editor).select_one("form.bod-edit")
    names = [f["name"] for f in form.select("input:not([type=hidden]), textarea")]
    assert names == ["title", "notes", "maintainer", "maintainer_email"]
    before = show(town.dataset_name())
    app.post(
        path,
        data={"title": "Budget de la ville", "notes": "N", "maintainer": "Finances"},
        headers=headers(town.editor),
    )
    after = show(town.dataset_name())
    assert after["title"] == "Budget de la ville"
    assert len(after["resources"]) == len(before["resources"])
    assert after["budget_siren"] == town.siren


def test_a_wrong_address_is_said_in_the_form(app, town, published):
    answer = app.post(
        f"/budget/edit/{town.dataset_name()}",
        data={"title": "T", "notes": "", "maintainer": "", "maintainer_email": "nowhere"},
        headers=headers(town.editor),
    )
    soup = BeautifulSoup(answer.body, "html.parser")
    assert soup.select_one("#bod-maintainer_email")["aria-invalid"] == "true"


# --- search, menu ---
@pytest.mark.usefixtures("clean_index")
def test_search_shows_facets_chips_and_plain_results(app, town, published):
    soup = page(app, f"/budget/?q={town.siren}&vocab_budget_etape=ca")
    assert len(soup.select(".bod-result")) == 1
    assert "Compte administratif" in text(soup.select_one(".bod-tags"))
    assert "Compte administratif" in text(soup.select_one(".bod-chips"))
    assert soup.select(".bod-facets details[open]")
    nothing = page(app, "/budget/?q=zzzz")
    assert "zzzz" in text(nothing.select_one("main h1"))


def test_budgets_are_the_second_entry_of_the_main_menu(app):
    entries = page(app, "/about").select(".main-navbar li")
    assert text(entries[1]) == "Budgets"


@pytest.mark.ckan_config("WTF_CSRF_ENABLED", True)
@pytest.mark.parametrize("path", ["/budget/new", "/budget/edit/x", "/budget/x/joindre"])
def test_forms_without_token_are_refused_even_after_an_anonymous_call(make_app, path):
    app = make_app()
    for _ in range(2):
        answer = app.post(path, data={"save": ""}, follow_redirects=False)
        assert answer.status_code == 400


@pytest.mark.ckan_config("WTF_CSRF_ENABLED", True)
def test_a_script_with_an_api_token_needs_no_form_token(make_app, town):
    answer = make_app().post("/budget/new", data={"save": ""}, headers=headers(town.editor))
    assert answer.status_code == 200

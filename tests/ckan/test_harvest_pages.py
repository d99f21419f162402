"""The pages of the harvest on the real application: form, preview, saving, log, retry, CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest
from bs4 import BeautifulSoup
from harvesting import dataset, make_source, run
from towns import person

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ, PARIS_METZ = "215403957", "215704636", "200039865"
TOWNS = (NANCY, METZ, PARIS_METZ)
HOME = "/budgets/moissonnage"


@pytest.fixture
def territory():
    return TOWNS


@pytest.fixture
def admin(with_plugins):
    from ckan.tests import factories

    return person(factories.SysadminWithToken)


@pytest.fixture
def source(region):
    return make_source(
        "budgetod_dgfip", {"territoire": {"sirens": list(TOWNS)}, "exercices": [2024]}, region["id"]
    )


def headers(user):
    return {"Authorization": user["token"]}


def get(app, path, user=None, status=200):
    answer = app.get(path, headers=headers(user) if user else {}, status=status)
    return BeautifulSoup(answer.body, "html.parser")


def post(app, path, user, follow=True, **data):
    answer = app.post(path, data=data, headers=headers(user), follow_redirects=follow)
    return BeautifulSoup(answer.body, "html.parser")


def text(node):
    return " ".join(node.get_text(" ").split())


def choices(region, **changed):
    given = {
        "kind": "budgetod_dgfip",
        "region": "44",
        "who": "tout",
        "years": "choisis",
        "exercices": ["2024"],
        "owner_org": region["id"],
        "frequency": "WEEKLY",
        "organisations": "rattacher",
        "flags": ["budgets_annexes"],
    }
    return {**given, **changed}


def sources():
    from ckan import model
    from ckanext.harvest.model import HarvestSource

    model.Session.rollback()
    return model.Session.query(HarvestSource).all()


def job_of(source_id, number=-1):
    from ckan import model
    from ckanext.harvest.model import HarvestJob

    model.Session.rollback()
    query = model.Session.query(HarvestJob).filter_by(source_id=source_id)
    return query.order_by(HarvestJob.created).all()[number]


# --- who ---
def test_pages_are_for_those_who_may_create_harvest_sources(app, admin, source):
    from ckan.tests import factories

    nobody = person(factories.UserWithToken)
    for path in (HOME, f"{HOME}/nouvelle", f"{HOME}/{source}/journal", f"{HOME}/{source}/modifier"):
        assert app.get(path, follow_redirects=False).status_code == 302
        get(app, path, nobody, status=403)
        get(app, path, admin)
    for path in ("apercu", "enregistrer", f"{source}/lancer", f"{source}/relancer"):
        assert app.post(f"{HOME}/{path}", headers=headers(nobody)).status_code == 403


def test_an_editor_elsewhere_does_not_see_the_source_of_the_region(app, source):
    from ckan.tests import factories

    editor = person(factories.UserWithToken)
    factories.Organization(users=[{"name": editor["name"], "capacity": "editor"}])
    assert not get(app, HOME, editor).select("tbody tr")
    for path in ("journal", "journal.csv", "modifier"):
        get(app, f"{HOME}/{source}/{path}", editor, status=403)
    assert app.post(f"{HOME}/{source}/lancer", headers=headers(editor)).status_code == 403


def test_forms_need_the_token_of_their_page(app, admin, monkeypatch):
    from ckan.common import config

    monkeypatch.setitem(config, "WTF_CSRF_ENABLED", True)
    for path in ("apercu", "enregistrer", "nouvelle"):
        assert app.post(f"{HOME}/{path}", data={}).status_code == 400


# --- form ---
def test_the_form_starts_from_a_preset_and_has_one_exit(app, admin, region):
    page = get(app, f"{HOME}/nouvelle?modele=dgfip-grand-est-3500", admin)
    assert page.select_one("input[name=kind][checked]")["value"] == "budgetod_dgfip"
    assert page.select_one("#bod-who option[selected]")["value"] == "communes-3500"
    assert page.select_one("#bod-last option[selected]").text == "5"
    assert [text(b) for b in page.select("main button[type=submit]")] == ["Voir l’aperçu"]
    assert page.select_one("[aria-current=true]")["href"].endswith("dgfip-grand-est-3500")


def test_wrong_choices_are_told_beside_their_fields(app, admin, region):
    from ckan import model

    wrong = choices(region, sirens="12", exercices=[], owner_org="", frequency="?")
    page = post(app, f"{HOME}/apercu", admin, **wrong)
    assert page.select_one("[role=alert]")
    assert "neuf chiffres" in text(page.select_one("#bod-sirens-fault"))
    for name in ("sirens", "owner_org", "frequency"):
        field = page.select_one(f"#bod-{name}")
        assert field["aria-invalid"] == "true"
        assert f"bod-{name}-fault" in field["aria-describedby"]
    assert page.select_one("#bod-sirens").text == "12", "what was typed is kept"
    page = post(app, f"{HOME}/apercu", admin, **choices(region, exercices=[]))
    assert "années" in text(page.select_one("#bod-years-fault"))
    page = post(app, f"{HOME}/apercu", admin, **choices(region, json="{"))
    assert "JSON" in text(page.select_one("#bod-json-fault"))
    page = post(app, f"{HOME}/apercu", admin, **choices(region, json='{"exercice": [2024]}'))
    assert "Clé inconnue : exercice" in text(page.select_one("#bod-json-fault"))
    assert model.Session.query(model.Package).count() == 0


# --- preview ---
def test_the_preview_tells_what_would_come_and_saves_nothing(app, admin, region, standin):
    page = post(app, f"{HOME}/apercu", admin, **choices(region))
    assert text(page.select_one("main .bod-box h2")) == "3 jeux trouvés, 3 seront importés"
    first = [text(row) for row in page.select("main .bod-stack tbody tr")]
    assert "Balance 2024 — Ville de Nancy" in first[0]
    assert "Budget 2024, CA 2024" in first[0]
    buttons = [text(button) for button in page.select("main button[type=submit]")]
    assert buttons == ["Changer les choix", "Enregistrer", "Enregistrer et lancer"]
    assert "sur 50 000 par jour" in text(page.select_one("main aside"))
    assert sources() == []
    hidden = [(i["name"], i["value"]) for i in page.select("form input[type=hidden]")]
    back = post(app, f"{HOME}/nouvelle", admin, **_listed(hidden))
    assert back.select_one("#bod-frequency option[selected]")["value"] == "WEEKLY"
    assert back.select_one("#bod-organisations option[selected]")["value"] == "rattacher"
    assert back.select_one("input[name=exercices][value='2024']").has_attr("checked")


def _listed(pairs):
    given = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return given


def test_a_source_that_is_down_keeps_the_choices_and_offers_to_retry(app, admin, region, standin):
    standin.scenario("dgfip", "500")
    page = post(app, f"{HOME}/apercu", admin, **choices(region))
    assert "La source a répondu par une erreur (500)" in text(page.select_one("[role=alert]"))
    assert "Réessayer" in [text(button) for button in page.select("main button[type=submit]")]
    hidden = [(i["name"], i["value"]) for i in page.select("form input[type=hidden]")]
    standin.faults.reset()
    again = post(app, f"{HOME}/apercu", admin, **_listed(hidden))
    assert "3 jeux trouvés" in text(again.select_one("main .bod-box h2"))


def test_saving_creates_the_source_and_running_queues_it(app, admin, region, show):
    page = post(app, f"{HOME}/enregistrer", admin, then="run", **choices(region))
    (made,) = sources()
    config = json.loads(made.config)
    assert config["territoire"] == {"region": "44"}
    assert config["exercices"] == [2024]
    assert (config["organisations"], config["budgets_annexes"]) == ("rattacher", True)
    assert made.frequency == "WEEKLY"
    assert show(made.id)["owner_org"] == region["id"]
    assert text(page.select_one(".bod-harvest-verdict h2")) == "En attente"
    assert job_of(made.id).status == "Running"
    again = post(app, f"{HOME}/enregistrer", admin, then="save", **choices(region))
    assert "exactement ces choix" in text(again.select_one("[role=alert]"))
    assert len(sources()) == 1


def test_a_source_is_changed_in_its_form(app, admin, region, source):
    page = get(app, f"{HOME}/{source}/modifier", admin)
    assert page.select_one("#bod-sirens").text == " ".join(TOWNS)
    changed = choices(region, source=source, sirens=NANCY, frequency="MONTHLY", title="Nancy")
    post(app, f"{HOME}/enregistrer", admin, then="save", **changed)
    (row,) = sources()
    assert json.loads(row.config)["territoire"]["sirens"] == [NANCY]
    assert (row.frequency, row.title) == ("MONTHLY", "Nancy")


def test_what_the_fields_cannot_say_stays_as_json(app, admin, region):
    given = {"territoire": {"region": "44", "types": ["epci", "region"]}, "exercices": [2024]}
    source = make_source("budgetod_dgfip", given, region["id"])
    page = get(app, f"{HOME}/{source}/modifier", admin)
    assert json.loads(page.select_one("#bod-json").text) == given


# --- log ---
def test_the_log_tells_every_item_and_its_results_are_choices(app, admin, source, standin):
    run(source)
    standin.change(NANCY, 2024)
    run(source)
    page = get(app, f"{HOME}/{source}/journal", admin)
    assert text(page.select_one(".bod-harvest-verdict h2")) == "Terminé sans échec"
    shown = [text(a) for a in page.select(".bod-choices a") if "resultat" in a["href"]]
    assert shown == ["Mis à jour · 1", "Inchangés · 2"]
    page = get(app, f"{HOME}/{source}/journal?resultat=misajour", admin)
    current = page.select_one("nav[aria-label='Résultats'] [aria-current=true]")
    assert text(current) == "Mis à jour · 1"
    (row,) = page.select("main tbody tr")
    assert "Balance 2024 — Ville de Nancy" in text(row)
    assert row.select_one("a")["href"].endswith(f"/budget/budget-{NANCY}-2024")
    assert NANCY in row.select_one("a.bod-harvest-origin")["href"]
    first = job_of(source, 0)
    page = get(app, f"{HOME}/{source}/journal?job={first.id}", admin)
    assert "Ajoutés · 3" in text(page.select_one("nav[aria-label='Résultats']"))
    get(app, f"{HOME}/{source}/journal?job=autre", admin, status=404)
    index = get(app, HOME, admin)
    assert "Terminé sans échec" in text(index.select_one("tbody tr"))


def test_the_log_is_a_csv_too(app, admin, source):
    run(source)
    answer = app.get(f"{HOME}/{source}/journal.csv", headers=headers(admin))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body)))
    assert {row["siren"] for row in rows} == set(TOWNS)
    assert {row["resultat"] for row in rows} == {"ajoutes"}
    assert all(row["adresse_ici"].startswith("http") for row in rows)


def test_failed_items_are_run_again_by_the_real_queue(app, admin, source, monkeypatch, consume):
    """One fails while publishing; its retry is a job of one object, taken by the consumer."""
    from ckanext.budgetod.harvesters import importing

    real = importing.national.publish

    def failing(harvested, note):
        if harvested.siren == METZ:
            raise RuntimeError("broken on purpose")
        return real(harvested, note)

    monkeypatch.setattr(importing.national, "publish", failing)
    assert run(source) == {"added": 2, "errored": 1}
    monkeypatch.setattr(importing.national, "publish", real)
    page = get(app, f"{HOME}/{source}/journal", admin)
    assert text(page.select_one(".bod-harvest-verdict h2")) == "Terminé avec 1 échec"
    assert "Relancer l’échec" in [text(b) for b in page.select("main button")]
    row = page.select("main tbody tr")[0]
    assert text(row.select_one(".bod-state")) == "Échec"
    data = {i["name"]: i["value"] for i in row.select("input[type=hidden]")}
    data.pop("_csrf_token", None)
    after = post(app, f"{HOME}/{source}/relancer", admin, **data)
    assert text(after.select_one(".bod-harvest-verdict h2")) == "En cours"
    assert "0 jeux traités sur 1" in text(after.select_one(".bod-harvest-verdict"))
    busy = post(app, f"{HOME}/{source}/relancer", admin, **data)
    assert "déjà en attente ou en cours" in text(busy)
    consume()
    done = get(app, f"{HOME}/{source}/journal", admin)
    assert text(done.select_one(".bod-harvest-verdict h2")) == "Terminé sans échec"
    assert dataset(METZ, 2024)["state"] == "active"
    assert job_of(source).status == "Finished"
    nothing = post(app, f"{HOME}/{source}/relancer", admin, job=job_of(source).id)
    assert "Rien de tout cela n’a échoué" in text(nothing)


@pytest.fixture
def consume():
    """What ``ckan harvester fetch-consumer`` and ``run`` do, until the queue is empty."""
    from ckan.plugins import toolkit as tk
    from ckanext.harvest import queue
    from harvesting import site_context

    queue.purge_queues()

    def work():
        consumer = queue.get_fetch_consumer()
        while True:
            method, header, body = consumer.basic_get(queue.get_fetch_queue_name())
            if body is None:
                break
            queue.fetch_callback(consumer, method, header, body)
        tk.get_action("harvest_jobs_run")(site_context(), {})

    return work


def test_what_the_source_did_not_tell_is_in_the_verdict(app, admin, source, standin):
    standin.scenario("dgfip", "500", match="communes-en-2024")
    run(source)
    page = get(app, f"{HOME}/{source}/journal", admin)
    box = text(page.select_one(".bod-harvest-verdict"))
    assert "la source n’a pas tout dit" in box
    assert "erreur (500)" in box


def test_our_pages_and_those_of_ckanext_harvest_lead_to_each_other(app, admin, source):
    from ckan import model

    name = model.Package.get(source).name
    theirs = get(app, f"/harvest/admin/{name}", admin)
    assert theirs.select(f"a[href$='{HOME}/{name}/journal']")
    ours = get(app, f"{HOME}/{name}/journal", admin)
    assert ours.select(f"a[href$='/harvest/admin/{name}']")


def test_questions_about_national_data_are_answered_in_public(app):
    page = get(app, "/budgets/donnees-nationales")
    assert len(page.select("main section h3")) == 5
    assert "ne remplacent pas" in text(page.select_one("main"))
    assert "does it replace" in app.get("/en/budgets/donnees-nationales").body.lower()

"""Coverage on the real database: what counts as deposited, harvested, missing; page and files."""

from __future__ import annotations

import csv
import io
import json
import time
from contextlib import contextmanager

import pytest
from bs4 import BeautifulSoup
from towns import Town, person

from ckanext.budgetod.engine import builder
from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.sources.perimeter import Perimeter

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_queues")

EPINAL, NANCY, METZ = "218801603", "215403957", "215704636"
NEUFCHATEAU, BEFORE = "933709198", "218803211"
SMALL = "200002160"
"""Cuisles (Marne), 133 inhabitants."""
YEAR = 2024


@pytest.fixture
def organisation_of():
    """An organisation that holds a SIREN of the table, with an editor."""
    from ckan.tests import factories

    def make(siren: str, **fields) -> Town:
        editor = person(factories.UserWithToken)
        users = [{"name": editor["name"], "capacity": fields.pop("capacity", "editor")}]
        made = factories.Organization(
            user=person(factories.Sysadmin), siren=siren, users=users, title=f"Org {siren}"
        )
        return Town(siren, builder.fictional_siret(siren), made, editor)

    return make


@pytest.fixture
def harvested():
    """Rows of documents taken from a national source, each in a dataset of its own."""
    from ckan import model
    from ckan.tests import factories

    from ckanext.budgetod.model import BudgetDocument

    admin = person(factories.Sysadmin)

    def make(siren: str, origin: str = "dgfip", exercice: int = YEAR, etape: str = "ca", **fields):
        owner = fields.pop("owner_org", None) or factories.Organization(user=admin)["id"]
        package = factories.Dataset(private=fields.pop("private", False), owner_org=owner)
        document = BudgetDocument(
            key=f"{origin}.{siren}.{exercice}.{etape}.{package['id']}",
            package_id=package["id"],
            origin=origin,
            siren=siren,
            siret=f"{siren}00011",
            exercice=exercice,
            etape=Stage[etape.upper()].value if etape else "",
            **{"published_serial": 1, **fields},
        )
        model.Session.add(document)
        model.Session.commit()
        return package

    return make


def ask(**data):
    from ckan.plugins import toolkit as tk

    return tk.get_action("budgetod_coverage")({"user": ""}, {"exercice": YEAR, **data})


def states(siren: str, **data) -> list[str]:
    found = ask(q=siren, **data)["results"]
    return [document["state"] for document in found[0]["documents"]]


# --- what counts ---
def test_without_documents_everybody_is_missing():
    found = ask()
    expected = len(Perimeter(region="44").collectivities())
    duty = len(Perimeter(region="44", population_min=3500).collectivities())
    assert found["all"]["count"] == found["all"]["missing"] == expected == found["count"]
    assert found["duty"]["count"] == found["duty"]["missing"] == duty
    assert found["duty"]["share_deposited"] == 0
    assert found["territory"] == {"region": "44", "name": "Grand Est"}


def test_a_deposit_counts_and_its_columns_are_those_of_the_document(organisation_of, publish):
    town = organisation_of(EPINAL)
    publish(town, town.document(exercice=YEAR, stage="CA"))
    assert states(EPINAL) == ["missing", "missing", "deposited"]
    found = ask(q=EPINAL)
    assert found["columns"] == [
        {"etape": "ca", "exercice": 2023},
        {"etape": "bp", "exercice": 2024},
        {"etape": "ca", "exercice": 2024},
    ]
    assert found["results"][0]["documents"][-1]["dataset"] == town.dataset_name(YEAR)
    assert found["results"][0]["documents"][-1]["origin"] == "deposit"
    assert found["duty"]["deposited"] == 1
    assert states(EPINAL, etape="bp") == ["missing", "missing", "missing"]
    assert states(EPINAL, etape="bp", exercice=2025) == ["missing", "deposited", "missing"]


def test_a_withdrawn_deposit_counts_no_more(organisation_of, publish):
    from ckan.plugins import toolkit as tk

    town = organisation_of(EPINAL)
    made = publish(town, town.document(exercice=YEAR, stage="CA"))
    tk.get_action("budgetod_document_withdraw")(
        {"ignore_auth": True, "user": town.editor["name"]}, {"id": made["document_key"]}
    )
    assert states(EPINAL)[-1] == "missing"


def test_harvested_documents_count_as_such_and_a_deposit_goes_before(harvested):
    harvested(EPINAL, "dgfip")
    assert states(EPINAL)[-1] == "harvested"
    assert ask(q=EPINAL)["results"][0]["documents"][-1]["origin"] == "dgfip"
    harvested(EPINAL, "datagouv")
    assert ask(q=EPINAL)["results"][0]["documents"][-1]["origin"] == "datagouv"
    harvested(EPINAL, "deposit", etape="cfu")
    assert states(EPINAL)[-1] == "deposited"


@pytest.mark.parametrize(
    "fields",
    [
        {"published_serial": None},
        {"categorie": "annexe"},
        {"etape": "dm"},
        {"etape": ""},
        {"exercice": YEAR - 4},
        {"private": True},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_is_not_the_public_document_does_not_count(harvested, fields):
    harvested(EPINAL, "deposit", **fields)
    if fields.get("private") is None:
        assert states(EPINAL) == ["missing"] * 3
    else:
        assert states(EPINAL)[-1] == "missing"


def test_a_deleted_dataset_does_not_count(harvested):
    from ckan.plugins import toolkit as tk

    package = harvested(EPINAL)
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    tk.get_action("package_delete")({"user": site, "ignore_auth": True}, {"id": package["id"]})
    assert states(EPINAL)[-1] == "missing"


def test_documents_of_before_a_merger_count_for_the_commune_of_today(harvested):
    harvested(BEFORE)
    found = ask(q="88321")["results"]
    assert [one["siren"] for one in found] == [NEUFCHATEAU]
    assert found[0]["documents"][-1]["state"] == "harvested"


def test_totals_by_department_and_type_and_inhabitants(harvested):
    alsace, region = "200094332", "200052264"
    for siren in (EPINAL, alsace, region, SMALL):
        harvested(siren, "deposit")
    found = ask()
    by_code = {one["code"]: one for one in found["departements"]}
    assert list(by_code) == ["08", "10", "51", "52", "54", "55", "57", "67", "68", "88"]
    assert [by_code[code]["deposited"] for code in ("67", "68", "88", "51")] == [1, 1, 1, 0]
    by_type = {one["type"]: one["deposited"] for one in found["types"]}
    assert by_type == {"commune": 1, "epci": 0, "departement": 1, "region": 1}
    assert (found["duty"]["deposited"], found["all"]["deposited"]) == (3, 4)
    people = Perimeter(sirens=(EPINAL, SMALL)).collectivities()
    assert found["inhabitants"]["deposited"] == sum(one.population for one in people)


# --- filters ---
def test_filters_narrow_the_list_and_not_the_totals(harvested):
    harvested(EPINAL)
    found = ask(departement="88", type="commune", population_min=3500, etat="harvested")
    assert [one["siren"] for one in found["results"]] == [EPINAL]
    assert found["found"]["count"] == found["count"] == 1
    assert found["duty"]["count"] > 400
    assert "Épinal" in [one["name"] for one in ask(q="epinal")["results"]]
    assert ask(q="54000", type="commune")["count"] == 1
    assert ask(epci="245400676")["count"] == 21
    assert ask(departement="68", type="departement")["count"] == 1


def test_results_are_by_name_and_in_pages():
    first, second = ask(limit=50), ask(limit=50, offset=50)
    sirens = [one["siren"] for one in (*first["results"], *second["results"])]
    assert len(set(sirens)) == 100
    assert [one["siren"] for one in ask(limit=100)["results"]] == sirens
    assert len(ask(limit=5000)["results"]) == 1000


@pytest.mark.parametrize(
    "data",
    [
        {"region": "99"},
        {"departement": "8"},
        {"type": "ville"},
        {"etape": "dm"},
        {"etat": "x"},
        {"exercice": "abc"},
        {"exercice": 12},
        {"population_min": -1},
        {"limit": "x"},
    ],
)
def test_what_cannot_be_asked_is_refused(data):
    from ckan.plugins import toolkit as tk

    with pytest.raises(tk.ValidationError):
        ask(**data)


def test_the_accounts_asked_for_by_default_are_those_that_had_to_be_voted():
    from datetime import date

    from ckanext.budgetod.logic.coverage import last_due

    assert last_due(date(2025, 11, 22)) == 2024
    assert last_due(date(2025, 6, 30)) == 2023
    assert last_due(date(2025, 7, 1)) == 2024


# --- time ---
@contextmanager
def counted_queries():
    from ckan import model
    from sqlalchemy import event

    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    engine = model.Session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_whole_region_with_three_documents_each_is_one_query_and_a_moment():
    from ckan import model
    from ckan.tests import factories

    from ckanext.budgetod.model import BudgetDocument

    package = factories.Dataset(owner_org=factories.Organization()["id"])
    everyone = Perimeter(region="44").collectivities()
    rows = [
        {
            "key": f"dgfip.{one.siren}.{year}.{etape}",
            "package_id": package["id"],
            "origin": "dgfip",
            "siren": one.siren,
            "siret": one.siren,
            "exercice": year,
            "etape": Stage[etape.upper()].value,
            "published_serial": 1,
        }
        for one in everyone
        for year, etape in ((YEAR - 1, "ca"), (YEAR, "bp"), (YEAR, "ca"))
    ]
    model.Session.execute(BudgetDocument.__table__.insert(), rows)
    model.Session.commit()
    ask()
    with counted_queries() as queries:
        start = time.perf_counter()
        found = ask(limit=1000)
        spent = time.perf_counter() - start
    assert found["all"]["harvested"] == len(everyone)
    assert len([one for one in queries if "budgetod_document" in one]) == 1
    assert len(queries) < 5
    print(f"coverage of {len(everyone)} × 3: {spent:.3f} s")
    assert spent < 2  # 0.2 s when the machine has nothing else to do


# --- files ---
def test_json_is_what_the_action_answers(app, harvested):
    harvested(EPINAL)
    told = json.loads(app.get(f"/budgets/couverture.json?document=ca-{YEAR}&q={EPINAL}").body)
    assert told == ask(q=EPINAL)


def test_csv_has_a_line_per_collectivity_and_document(app, harvested):
    package = harvested(EPINAL)
    answer = app.get(f"/budgets/couverture.csv?exercice={YEAR}&etape=ca")
    assert "couverture-44-2024-ca.csv" in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.body)))
    assert len(lines) == 3 * len(Perimeter(region="44").collectivities())
    mine = [line for line in lines if line["siren"] == EPINAL]
    assert [(line["exercice"], line["etape"], line["etat"]) for line in mine] == [
        ("2023", "ca", "manquant"),
        ("2024", "bp", "manquant"),
        ("2024", "ca", "moissonné"),
    ]
    assert (mine[2]["origine"], mine[2]["jeu_de_donnees"]) == ("dgfip", package["name"])
    assert (mine[0]["obligation"], mine[0]["departement"]) == ("oui", "88")
    only = app.get(f"/budgets/couverture.csv?exercice={YEAR}&departement=88&type=departement")
    assert len(only.body.splitlines()) == 4


# --- page ---
def page(app, path, user=None, status=200):
    headers = {"Authorization": user["token"]} if user else {}
    answer = app.get(path, headers=headers, status=status, follow_redirects=False)
    return BeautifulSoup(answer.body, "html.parser")


def text(node) -> str:
    return " ".join(node.get_text(" ").split())


def board(app, user=None, **params):
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return page(app, f"/budgets/couverture?document=ca-{YEAR}&{query}", user)


def test_the_page_says_the_sentence_the_figures_and_the_bars(app, harvested):
    for siren in (EPINAL, NANCY):
        harvested(siren, "deposit")
    harvested(METZ)
    seen = board(app)
    count = ask()["duty"]["count"]
    assert text(seen.select_one(".bod-answer")) == (
        f"Sur {count} collectivités qui doivent publier leurs données, 2 ont déposé leurs "
        "comptes 2024 sur le portail."
    )
    values = [text(one) for one in seen.select(".bod-figures dd strong")]
    assert values[:3] == ["2", "1", str(count - 3)]
    names = [text(one.th) for one in seen.select(".bod-cover-departements tbody tr")]
    assert names[0] == "Ardennes (08)"
    assert len(names) == 10
    row = seen.select(".bod-cover-departements tbody tr")[-1]
    assert [part["class"][0] for part in row.select("rect")] == [
        "bod-part-deposited",
        "bod-part-missing",
    ]
    assert [one["href"].split("?")[0] for one in seen.select(".bod-cover-head a")] == [
        "/budgets/couverture.csv",
        "/api/3/action/budgetod_coverage",
    ]


def test_the_table_shows_words_and_pages(app, harvested):
    package = harvested(EPINAL, "deposit")
    seen = board(app, departement="88", type="commune")
    heads = [text(one) for one in seen.select(".bod-cover-rows thead th")]
    assert heads[3:6] == ["CA 2023", "BP 2024", "CA 2024"]
    row = next(r for r in seen.select(".bod-cover-rows tbody tr") if "Épinal" in text(r.th))
    assert row.th.a["href"] == f"/budget/{package['name']}"
    assert [text(one) for one in row.select(".bod-mark")] == ["Manquant", "Manquant", "Déposé"]
    everyone = board(app)
    assert everyone.select_one("[rel=next]")["href"].startswith("/budgets/couverture?")
    second = page(app, everyone.select_one("[rel=next]")["href"])
    assert second.select_one("[rel=prev]")
    assert text(second.select_one(".bod-cover-rows tbody th")) != text(
        everyone.select_one(".bod-cover-rows tbody th")
    )


def test_filters_are_a_form_that_remembers(app):
    seen = board(app, departement="57", type="epci", etat="missing", population_min="")
    chosen = {
        s["name"]: s.select_one("option[selected]")["value"]
        for s in seen.select(".bod-filters select")
    }
    assert chosen == {
        "departement": "57",
        "type": "epci",
        "population_min": "",
        "document": f"ca-{YEAR}",
        "etat": "missing",
    }
    assert seen.select_one(".bod-filters")["method"] == "get"
    assert all("Moselle" not in text(one) for one in seen.select(".bod-cover-rows caption"))


def test_a_filter_that_leaves_nobody_says_so(app):
    seen = board(app, q="zzzz")
    assert "Aucune collectivité" in text(seen.select_one(".bod-cover-none"))
    assert seen.select_one(".bod-chips a")["href"].count("q=") == 0


def test_an_address_that_means_nothing_is_refused(app):
    assert app.get("/budgets/couverture?departement=xx", status=400)
    assert app.get("/budgets/couverture.csv?etat=xx", status=400)


def test_the_menu_and_the_search_lead_to_it(app):
    seen = page(app, "/budget/")
    assert seen.select_one(".bod-search a[href='/budgets/couverture']")
    assert board(app).select_one(".navbar-nav li.active a[href='/budget/']")


# --- who may do what ---
def actions(seen) -> list[str]:
    return [text(one).split(" pour ")[0] for one in seen.select(".bod-cover-todo a")]


def test_visitors_see_no_action(app):
    assert actions(board(app, q="nancy", type="commune")) == []


def test_an_editor_is_led_to_the_deposit_of_his_own(app, organisation_of):
    town = organisation_of(NANCY)
    assert actions(board(app, town.editor, q=NANCY)) == ["Déposer"]
    assert actions(board(app, town.editor, q=METZ)) == []


def test_an_administrator_may_remind_his_own_and_a_sysadmin_everybody(
    app, organisation_of, sysadmin
):
    town = organisation_of(NANCY, capacity="admin")
    assert actions(board(app, town.editor, q=NANCY)) == ["Déposer", "Préparer un rappel"]
    assert actions(board(app, town.editor, q=METZ)) == []
    assert actions(board(app, sysadmin, q=METZ)) == ["Déposer", "Préparer un rappel"]


def test_what_is_deposited_needs_no_reminder(app, harvested, sysadmin):
    harvested(NANCY, "deposit")
    assert actions(board(app, sysadmin, q=NANCY)) == []


@pytest.fixture
def sysadmin():
    from ckan.tests import factories

    return person(factories.SysadminWithToken)

"""Budgets that local authorities publish on data.gouv.fr, harvested from the stand-in.

The stand-in is a real server; a test that needs another file than its own puts it there.
"""

from __future__ import annotations

import csv
import io
import logging
import subprocess
import tempfile

import pytest
from harvesting import dataset, make_source, run
from standin import StandIn
from towns import Town, person

from ckanext.budgetod.engine import builder, builder_annexes, builder_cfu

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

METZ, STRASBOURG, REIMS = "215704636", "216704825", "215104217"
MULHOUSE, TROYES, COLMAR = "216802249", "211003744", "216800664"
EPINAL, NANCY, BAR = "218801603", "215403957", "215500299"
EVERYONE = (METZ, STRASBOURG, REIMS, MULHOUSE, TROYES, COLMAR, EPINAL, NANCY, BAR)


@pytest.fixture
def territory():
    return EVERYONE


@pytest.fixture
def standin(territory):
    from ckan.common import config

    with StandIn(territory=territory, portal=config["ckan.site_url"]) as running:
        yield running


@pytest.fixture
def harvest(region):
    """Makes a harvest source of these SIREN."""

    def make(*sirens, kind="budgetod_datagouv", exercices=(2024, 2023), **config):
        given = {"territoire": {"sirens": list(sirens)}, "exercices": list(exercices), **config}
        return make_source(kind, given, region["id"])

    return make


@pytest.fixture
def serve(standin, monkeypatch):
    """Puts another content behind the file of a SIREN × exercice, in place of the stand-in's."""
    portal = standin.services["datagouv"]
    put, original = {}, portal.content

    def content(entry):
        return put.get((entry.one.siren, entry.exercice, entry.stage)) or original(entry)

    monkeypatch.setattr(portal, "content", content)
    return lambda siren, exercice, stage, given: put.update({(siren, exercice, stage): given})


@pytest.fixture
def settle():
    """A collectivity of the reference table joins the portal."""
    from ckan.tests import factories

    def make(siren: str) -> Town:
        editor = person(factories.UserWithToken)
        organisation = factories.Organization(
            user=person(factories.Sysadmin),
            title=f"Collectivité {siren}",
            siren=siren,
            users=[{"name": editor["name"], "capacity": "editor"}],
        )
        return Town(siren, builder.fictional_siret(siren), organisation, editor)

    return make


def told(source_id):
    """Title of the file -> outcome, of the last job."""
    from ckan import model
    from ckanext.harvest.model import HarvestJob, HarvestObject

    from ckanext.budgetod.harvesters import outcomes
    from ckanext.budgetod.harvesters.items import Item

    model.Session.rollback()
    jobs = model.Session.query(HarvestJob).filter_by(source_id=source_id)
    last = jobs.order_by(HarvestJob.created.desc()).first()
    found = model.Session.query(HarvestObject).filter_by(harvest_job_id=last.id)
    return {Item.load(one.content).title.split(" — ")[0]: outcomes.read(one)[0] for one in found}


def sentences(source_id):
    from ckan import model
    from ckanext.harvest.model import HarvestObject

    from ckanext.budgetod.harvesters import outcomes

    found = model.Session.query(HarvestObject).filter_by(harvest_source_id=source_id)
    return [outcomes.sentence_of(one, "fr") for one in found]


def origins(siren, exercice):
    return {one["budget_origine"] for one in dataset(siren, exercice)["resources"]}


def roles(found):
    return {(r["budget_etape"], r["budgetod_role"]) for r in found["resources"]}


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


# --- what is taken --------------------------------------------------------------------------------
def test_a_table_and_documents_become_datasets(harvest, region, download):
    from ckanext.budgetod.model import Conversion

    source = harvest(METZ, EPINAL, NANCY)
    assert run(source) == {"added": 4, "not modified": 1}
    metz = dataset(METZ, 2024)
    (table,) = metz["resources"]
    assert (metz["title"], metz["private"]) == ("Budget 2024 — Ville de Metz", False)
    assert (metz["budget_origine"], metz["owner_org"]) == ("moissonne", region["id"])
    assert table["conforms_to"].endswith("0.8.3/schema.json")
    assert (table["budget_origine"], table["budget_licence"]) == ("datagouv", "etalab-2.0")
    assert table["budget_producteur"] == "Ville de Metz"
    assert "/datasets/compte-administratif-2024-metz-scdl/#/resources/" in table["budget_source"]
    assert {row["BGT_NATDEC"] for row in rows_of(download(table))} == {"compte administratif"}
    nancy = dataset(NANCY, 2024)
    assert {("cfu", "scdl"), ("cfu", "xml")} <= roles(nancy)
    assert all(r["budget_origine"] == "datagouv" for r in nancy["resources"])
    assert not any(r.get("datastore_active") for r in nancy["resources"])
    assert {(r.state, r.step) for r in Conversion.newest()} == {("published", "done")}
    assert dataset(EPINAL, 2023)["budget_etapes"] == ["ca"]
    assert dataset(EPINAL, 2024)["budget_etapes"] == ["bp"]
    assert dataset(METZ, 2025) is None, "that year was not asked for"


def test_the_content_decides_not_what_was_declared(harvest, standin):
    source = harvest(MULHOUSE, TROYES, COLMAR, BAR)
    assert run(source) == {"added": 1, "not modified": 3, "errored": 1}
    expected = {
        "Compte administratif 2023 - Mulhouse": "added",
        "Compte administratif 2024 - Mulhouse": "not_a_budget",
        "Compte administratif 2024 - Troyes": "not_a_budget",
        "Compte administratif 2024 - Colmar": "loop",
        "Compte administratif 2024 - Bar-le-Duc": "error:table",
    }
    assert told(source) == expected
    assert dataset(COLMAR, 2024) is None
    standin.faults.reset()
    run(source)
    assert told(source) == {**expected, "Compte administratif 2023 - Mulhouse": "unchanged"}
    assert len(standin.calls("datagouv", "/files/")) == 1, "only what failed is read again"


def test_what_is_missing_comes_from_the_producer_and_the_title(harvest, download):
    run(harvest(REIMS))
    (table,) = dataset(REIMS, 2024)["resources"]
    (first, *_) = rows_of(download(table))
    assert first["BGT_SIRET"] == builder.fictional_siret(REIMS)
    assert (first["BGT_NATDEC"], first["BGT_NOM"]) == ("budget primitif", "Ville de Reims")
    assert "given" in str(report_of(REIMS, 2024)["findings"])


def report_of(siren, exercice):
    from ckanext.budgetod.model import Conversion

    return Conversion.newest(siren=siren, exercice=exercice, state="published")[0].report


def without(content, *columns):
    rows = rows_of(content)
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in rows[0] if name not in columns])
    writer.writeheader()
    writer.writerows([{n: v for n, v in row.items() if n not in columns} for row in rows])
    return text.getvalue().encode()


def original(standin, siren, exercice, stage):
    portal = standin.services["datagouv"]
    entries = [e for e in portal.known() if (e.one.siren, e.exercice) == (siren, exercice)]
    return portal.content(next(e for e in entries if e.stage == stage))


def test_a_table_without_year_is_a_clear_failure(harvest, serve, standin):
    serve(METZ, 2024, "CA", without(original(standin, METZ, 2024, "CA"), "BGT_ANNEE"))
    source = harvest(METZ)
    assert run(source)["errored"] == 1
    assert any("exercice du document est absent" in one for one in sentences(source))


def test_a_file_speaks_for_its_producer_only(harvest, serve):
    """A metropolis that publishes the accounts of its member towns, for example."""
    document = builder.totem_document(siret=builder.fictional_siret(NANCY), exercice=2023)
    serve(EPINAL, 2023, "CA", document)
    source = harvest(EPINAL, NANCY, exercices=[2023])
    assert told_after(source)["Compte administratif 2023 - Épinal"] == "other_siren"
    assert dataset(NANCY, 2023) is None
    assert any(f"porte le SIREN {NANCY}, mais" in one for one in sentences(source))


def told_after(source):
    run(source)
    return told(source)


def test_a_file_of_several_years_fills_several_datasets(harvest, serve, standin):
    older, newer = (
        original(standin, siren, year, "CA") for siren, year in ((METZ, 2024), (METZ, 2024))
    )
    both = newer + b"".join(older.replace(b",2024,", b",2023,").splitlines(keepends=True)[1:])
    both += b"".join(older.replace(b",2024,", b",2021,").splitlines(keepends=True)[1:])
    serve(METZ, 2024, "CA", both)
    source = harvest(METZ)
    assert run(source)["added"] == 1
    assert told(source)["Compte administratif 2024 - Metz"] == "partly"
    assert any("2021 : Budget 2021" in one for one in sentences(source))
    for exercice in (2023, 2024):
        assert roles(dataset(METZ, exercice)) == {("ca", "scdl")}
    assert dataset(METZ, 2021) is None
    assert run(source) == {"not modified": 2}


def test_of_two_files_of_one_document_the_xml_is_kept(harvest, serve, standin):
    siret = builder.fictional_siret(MULHOUSE)
    serve(MULHOUSE, 2024, "CA", builder.totem_document(siret=siret, exercice=2023))
    source = harvest(MULHOUSE)
    run(source)
    for _ in range(2):
        assert {("ca", "scdl"), ("ca", "xml")} <= roles(dataset(MULHOUSE, 2023))
        before = dataset(MULHOUSE, 2023)["metadata_modified"]
        run(source)
        assert told(source)["Compte administratif 2023 - Mulhouse"] == "duplicate"
        assert dataset(MULHOUSE, 2023)["metadata_modified"] == before


def test_a_project_of_budget_waits_for_an_answer(harvest, serve, work):
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import Conversion

    siret = builder.fictional_siret(EPINAL)
    document = builder.totem_document(siret=siret, exercice=2024, stage="BP", projet=True)
    serve(EPINAL, 2024, "BP", document)
    source = harvest(EPINAL, exercices=[2024])
    assert run(source)["not modified"] == 2
    assert told(source)["Budget primitif 2024 - Épinal"] == "held"
    assert dataset(EPINAL, 2024)["private"] is True
    (row,) = Conversion.newest(siren=EPINAL, exercice=2024)
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    tk.get_action("budgetod_conversion_confirm")(
        {"user": site, "ignore_auth": True}, {"id": row.id, "answers": row.questions}
    )
    work()
    assert origins(EPINAL, 2024) == {"datagouv"}
    assert told_after(source)["Budget primitif 2024 - Épinal"] == "unchanged"


# --- again and again ------------------------------------------------------------------------------
def test_what_did_not_change_is_neither_read_nor_written(harvest, standin):
    source = harvest(METZ, EPINAL, NANCY)
    run(source)
    before = dataset(NANCY, 2024)["metadata_modified"]
    standin.faults.reset()
    assert run(source) == {"not modified": 5}
    assert dataset(NANCY, 2024)["metadata_modified"] == before
    assert standin.calls("datagouv", "/files/") == []
    assert len(standin.calls("datagouv")) == 4, "producers, then the datasets of each"


@pytest.mark.parametrize(("siren", "files"), [(METZ, 2), (NANCY, 1)])
def test_what_changed_is_updated_in_place(harvest, standin, siren, files):
    source = harvest(siren)
    run(source)
    before = dataset(siren, 2024)
    standin.change(siren, 2024)
    assert run(source)["updated"] == 1
    after = dataset(siren, 2024)
    for name in ("id", "url"):
        assert [r[name] for r in after["resources"]] == [r[name] for r in before["resources"]]
    assert after["resources"][0]["budget_total_fd"] != before["resources"][0]["budget_total_fd"]


@pytest.mark.parametrize("siren", [METZ, NANCY])
def test_what_vanished_is_retired_and_comes_back(harvest, standin, siren):
    source = harvest(siren)
    run(source)
    standin.drop(siren)
    assert run(source)["deleted"] == 1
    gone = dataset(siren, 2024)
    assert (gone["state"], gone["private"]) == ("active", False)
    assert all(one["budget_retire"] for one in gone["resources"])
    standin.world.reset()
    assert run(source)["updated"] == 1
    assert not any(one["budget_retire"] for one in dataset(siren, 2024)["resources"])


def test_after_a_partial_gather_nothing_is_retired(harvest, standin):
    source = harvest(METZ, NANCY)
    run(source)
    standin.drop(NANCY)
    standin.scenario("datagouv", "500", match="/datasets/?")
    assert run(source) == {"gather": 1}
    assert not any(one["budget_retire"] for one in dataset(NANCY, 2024)["resources"])


def test_a_dead_file_keeps_the_last_version(harvest, standin):
    source = harvest(NANCY)
    run(source)
    standin.change(NANCY, 2024)
    standin.scenario("datagouv", "404", match="/files/")
    assert run(source) == {"errored": 1}
    assert {("cfu", "xml"), ("cfu", "scdl")} <= roles(dataset(NANCY, 2024))


@pytest.mark.parametrize("siren", [METZ, NANCY])
def test_what_vanished_is_deleted_by_option_only(harvest, standin, siren):
    source = harvest(siren, disparus="supprimer")
    run(source)
    standin.drop(siren)
    assert run(source)["deleted"] == 1
    assert dataset(siren, 2024)["state"] == "deleted"
    standin.world.reset()
    run(source)
    assert dataset(siren, 2024)["state"] == "active"
    assert origins(siren, 2024) == {"datagouv"}


def test_a_budget_that_left_its_file_is_retired(harvest, serve, standin):
    """The producer put another year's document in the place of the one harvested before."""
    source = harvest(EPINAL)
    run(source)
    siret = builder.fictional_siret(EPINAL)
    serve(EPINAL, 2023, "CA", builder.totem_document(siret=siret, exercice=2024, stage="CA"))
    standin.change(EPINAL, 2023)
    assert run(source)["updated"] == 1
    assert all(one["budget_retire"] for one in dataset(EPINAL, 2023)["resources"])
    assert ("ca", "xml") in roles(dataset(EPINAL, 2024))


def test_a_file_too_large_is_refused_whole(harvest, monkeypatch):
    from ckanext.budgetod.harvesters import files

    monkeypatch.setattr(files.settings, "max_upload_size", lambda: 1000)
    monkeypatch.setattr(files, "LARGEST_TABLE", 1000)
    source = harvest(NANCY)
    assert run(source) == {"errored": 1}
    assert told(source)["Compte financier unique 2024 - Nancy"] == "error:too_large"
    assert dataset(NANCY, 2024) is None


# --- who goes before whom -------------------------------------------------------------------------
def test_a_copy_of_an_account_takes_the_place_of_the_balance(harvest):
    balances = harvest(METZ, kind="budgetod_dgfip", exercices=[2024])
    run(balances)
    assert origins(METZ, 2024) == {"dgfip"}
    principal = [r["budget_categorie"] for r in dataset(METZ, 2024)["resources"]]
    run(harvest(METZ))
    found = dataset(METZ, 2024)["resources"]
    held = {(r["budget_origine"], r["budget_categorie"]) for r in found}
    assert ("datagouv", "principal") in held
    assert ("dgfip", "principal") not in held
    assert len(found) == len(principal)
    run(balances)
    assert dataset(METZ, 2024)["resources"] == found


def test_a_deposit_goes_before_everything_and_gives_way_when_deleted(harvest, settle, publish):
    from ckan.plugins import toolkit as tk

    balances, copies = harvest(NANCY, kind="budgetod_dgfip", exercices=[2024]), harvest(NANCY)
    run(balances)
    run(copies)
    before = dataset(NANCY, 2024)
    town = settle(NANCY)
    made = publish(town, town.document(exercice=2024, stage="CA"))
    after = dataset(NANCY, 2024)
    assert after["id"] == before["id"] == made["package_id"]
    assert after["owner_org"] == town.organisation["id"]
    principal = [r for r in after["resources"] if r["budget_categorie"] == "principal"]
    assert {r["budget_origine"] for r in principal} == {"depose"}
    (copy,) = [f for f in report_of(NANCY, 2024)["findings"] if f["code"] == "D04"]
    assert copy["params"]["source"] == "data.gouv.fr"
    run(balances)
    assert told_after(copies) == {"Compte financier unique 2024 - Nancy": "outranked"}
    assert dataset(NANCY, 2024)["resources"] == after["resources"]

    tk.get_action("budgetod_document_withdraw")(
        {"user": town.editor["name"]}, {"id": made["conversion_id"]}
    )
    run(copies)
    back = dataset(NANCY, 2024)
    assert {("cfu", "scdl"), ("cfu", "xml")} <= roles(back)
    assert back["private"] is False
    assert back["owner_org"] == town.organisation["id"]


def test_what_a_person_withdrew_stays_withdrawn(harvest, show):
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import Conversion

    source = harvest(NANCY)
    run(source)
    (row,) = Conversion.newest(siren=NANCY, exercice=2024)
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context = {"user": site, "ignore_auth": True}
    tk.get_action("budgetod_document_withdraw")(context, {"id": row.id})
    assert told_after(source) == {"Compte financier unique 2024 - Nancy": "withdrawn"}
    assert dataset(NANCY, 2024)["resources"] == []


@pytest.mark.parametrize("siren", [METZ, NANCY])
def test_a_dataset_that_a_person_deleted_is_not_made_again(harvest, siren):
    from ckan.plugins import toolkit as tk

    source = harvest(siren, exercices=[2024])
    run(source)
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    context = {"user": site, "ignore_auth": True}
    tk.get_action("package_delete")(context, {"id": dataset(siren, 2024)["id"]})
    assert "withdrawn" in told_after(source).values()
    assert dataset(siren, 2024)["state"] == "deleted"


@pytest.mark.parametrize("role", ["scdl", "xml"])
def test_what_this_portal_published_is_not_taken_back(
    harvest, serve, settle, publish, download, role
):
    town = settle(METZ)
    publish(town, town.document(exercice=2023, stage="CA"))
    files = {r["budgetod_role"]: r for r in dataset(METZ, 2023)["resources"]}
    serve(METZ, 2024, "CA", download(files[role]))
    assert told_after(harvest(METZ))["Compte administratif 2024 - Metz"] == "loop"


# --- persons --------------------------------------------------------------------------------------
@pytest.fixture
def originals(tmp_path, monkeypatch):
    """Where files lie while they are read, here and nowhere else."""
    folder = tmp_path / "originals"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_names_in_remote_files_are_found_nowhere_after(
    harvest, standin, serve, download, originals, tmp_path, caplog
):
    names = [*builder_annexes.PERSONS, *builder_cfu.CFU_PERSONS]
    surnames = sorted({name.rpartition(" ")[2] for name in names} | {"Planterose"})
    table = original(standin, METZ, 2024, "CA").splitlines(keepends=True)
    place = table[0].decode().strip().split(",").index("BGT_NATURE_LABEL")
    cells = next(csv.reader([table[1].decode()]))
    cells[place] = "Achat à Mme Zélie Planterose"
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    serve(METZ, 2024, "CA", b"".join([table[0], text.getvalue().encode(), *table[2:]]))
    remote = [original(standin, *one) for one in ((NANCY, 2024, "CFU"), (EPINAL, 2023, "CA"))]
    planted = [s for s in surnames if any(s.encode() in one for one in remote)]
    assert len(planted) > 2, "the remote files do name persons"

    with caplog.at_level(logging.DEBUG):
        assert run(harvest(METZ, NANCY, EPINAL))["added"] == 4
    public = [
        download(resource)
        for budget in ((METZ, 2024), (NANCY, 2024), (EPINAL, 2023))
        for resource in dataset(*budget)["resources"]
    ]
    assert len(public) > 5
    places = {
        "files": b"".join(public).decode("utf-8", "replace"),
        "log": caplog.text,
        "database": database(),
        "redis": redis_content(),
        "cache": "".join(p.read_text("utf-8", "replace") for p in files_under(tmp_path)),
    }
    found = [(p, s) for p, text in places.items() for s in (*planted, "Planterose") if s in text]
    assert found == []
    assert files_under(originals) == []


def test_a_refused_document_leaves_no_original(harvest, serve, originals, tmp_path):
    name = builder_annexes.PERSONS[0]
    siret = builder.fictional_siret(NANCY)
    document = builder.totem_document(siret=siret, exercice=2024, annexes=True, encoding="UTF-8")
    assert name.encode() in document
    serve(NANCY, 2024, "CFU", document[: len(document) - 200])
    source = harvest(NANCY)
    assert run(source) == {"errored": 1}
    assert files_under(originals) == []
    assert name not in "".join(p.read_text("utf-8", "replace") for p in files_under(tmp_path))
    assert name not in database()


def files_under(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def database():
    """Everything that the database holds, as text."""
    from ckan.plugins import toolkit as tk

    texts = []
    for key in ("sqlalchemy.url", "ckan.datastore.write_url"):
        done = subprocess.run(
            ["pg_dump", "--inserts", tk.config[key]], capture_output=True, check=True
        )
        texts.append(done.stdout.decode("utf-8", "replace"))
    return "".join(texts)


def redis_content():
    from ckan.lib.redis import connect_to_redis

    connection = connect_to_redis()
    keys = list(connection.scan_iter())
    values = [connection.dump(key) or b"" for key in keys]
    return b" ".join([*keys, *values]).decode("utf-8", "replace")

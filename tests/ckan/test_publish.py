"""What publication writes, keeps, replaces and takes away."""

from __future__ import annotations

import csv
import io

import pytest
from towns import as_file, person

from ckanext.budgetod.engine.builder import fictional_siret

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")

WITH_XLOADER = (
    "budgetod activity datastore xloader scheming_datasets scheming_organizations harvest dcat"
)


def call(action, user, /, **data):
    from ckan.plugins import toolkit as tk

    return tk.get_action(action)({"user": user["name"], "ignore_auth": False}, data)


def public(action, /, **data):
    from ckan.plugins import toolkit as tk

    return tk.get_action(action)({"user": "", "ignore_auth": False}, data)


def by_role(dataset):
    return {r["budgetod_role"]: r for r in dataset["resources"] if r.get("budgetod_role")}


@pytest.fixture
def published(town, publish, show):
    """A dataset with a published CA 2023."""
    publish(town)
    return show(town.dataset_name())


def test_everything_is_read_from_the_file(town, published):
    assert published["title"].startswith("Budget 2023 — ")
    assert published["budget_siren"] == town.siren
    assert published["budget_exercice"] == "2023"
    assert published["budget_etapes"] == ["ca"]
    assert published["budget_categories"] == ["principal"]
    assert published["license_id"] == "etalab-2.0"
    assert published["owner_org"] == town.organisation["id"]
    scdl = by_role(published)["scdl"]
    assert scdl["conforms_to"].endswith("scdl/budget/0.8.3/schema.json")
    assert scdl["budget_etape"] == "ca"
    assert scdl["budget_siret"] == town.siret
    assert scdl["budget_date_vote"] == "2024-04-02"
    assert float(scdl["budget_total_fd"]) > 0
    assert (
        "conforms_to" not in by_role(published)["xml"]
        or not by_role(published)["xml"]["conforms_to"]
    )


def test_files_can_be_read_by_anybody(published, download):
    roles = by_role(published)
    rows = list(csv.DictReader(io.StringIO(download(roles["scdl"]).decode("utf-8"))))
    assert rows
    assert rows[0]["BGT_ANNEE"] == "2023"
    assert b"DocumentBudgetaire" in download(roles["xml"])


def test_the_xml_is_an_attachment(app, published):
    answer = app.get(by_role(published)["xml"]["url"])
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_same_document_again_keeps_ids_and_addresses(town, submit, work, show, published):
    submit(town, town.document(scale=2))
    work()
    after = show(town.dataset_name())
    ids = {r["budgetod_role"]: r["id"] for r in published["resources"]}
    assert {r["budgetod_role"]: r["id"] for r in after["resources"]} == ids
    before, now = (by_role(d)["scdl"]["budget_total_fd"] for d in (published, after))
    assert float(now) == pytest.approx(2 * float(before))


def test_the_identical_file_returns_the_existing_conversion(town, submit, work):
    first = submit(town)
    again = submit(town)
    work()
    once_more = submit(town)
    assert again["conversion_id"] == once_more["conversion_id"] == first["conversion_id"]
    assert [again["existing"], once_more["existing"]] == [True, True]
    assert once_more["state"] == "published"


def test_a_then_b_then_a(town, submit, work, row_of, show):
    a, b = town.document(), town.document(scale=3)
    first, second, third = [(submit(town, content), work())[0] for content in (a, b, a)]
    assert third["conversion_id"] != first["conversion_id"]
    states = [row_of(one["conversion_id"]).state for one in (first, second, third)]
    assert states == ["replaced", "replaced", "published"]


def test_documents_are_listed_in_their_fixed_order(town, submit, work, show):
    for spec in (
        {"stage": "BP"},
        {"stage": "DM", "numero_dm": "1"},
        {"stage": "CA"},
        {"stage": "DM", "numero_dm": "2"},
    ):
        submit(town, town.document(**spec))
    work()
    dataset = show(town.dataset_name())
    files = [(r["budget_etape"], r["budget_numero_dm"]) for r in dataset["resources"]]
    assert list(dict.fromkeys(files)) == [("ca", ""), ("dm", "2"), ("dm", "1"), ("bp", "")]
    assert set(dataset["budget_etapes"]) == {"bp", "ca", "dm"}
    answer = public("budgetod_dataset_documents", id=dataset["id"])
    assert [d["key"].split(".")[2] for d in answer] == ["ca", "dm2", "dm1", "bp"]
    assert all(d["files"]["scdl"] and d["files"]["xml"] for d in answer)


@pytest.mark.parametrize(("voted", "told"), [("2024-04-02", "2024-04-02"), ("2023-01-01", None)])
def test_a_vote_that_a_check_doubts_is_not_told_as_a_fact(town, publish, show, voted, told):
    publish(town, town.document(date_vote=voted))
    documents = public("budgetod_dataset_documents", id=show(town.dataset_name())["id"])
    assert [document["date_vote"] for document in documents] == [told]


def test_an_annexe_budget_joins_its_principal(town, submit, work, show):
    from ckanext.budgetod.engine.builder import fictional_siret

    submit(town)
    annexe = {
        "annexe": True,
        "etablissement": "Eau",
        "code_budget": "02",
        "nomenclature": "M4-M49_A",
        "siret": fictional_siret(town.siren, 2),
        "siret_principal": town.siret,
    }
    submit(town, town.document(**annexe))
    work()
    dataset = show(town.dataset_name())
    assert set(dataset["budget_categories"]) == {"annexe", "principal"}
    assert {r["budget_categorie"] for r in dataset["resources"]} == {"principal", "annexe"}


class TestPeople:
    """What a person corrects stays; what is read from documents cannot be touched."""

    def test_a_corrected_title_and_contact_are_kept(self, town, submit, work, show, published):
        call(
            "package_patch",
            town.editor,
            id=published["id"],
            title="Le budget, en clair",
            maintainer="Service des finances",
        )
        submit(town, town.document(scale=2))
        work()
        after = show(published["id"])
        assert after["title"] == "Le budget, en clair"
        assert after["maintainer"] == "Service des finances"
        assert after["notes"] == published["notes"]

    def test_editing_metadata_converts_nothing(self, town, published):
        from ckan import model

        from ckanext.budgetod.model import Conversion

        count = model.Session.query(Conversion).count()
        call("package_patch", town.editor, id=published["id"], notes="Autre texte")
        call("package_update", town.editor, **{**published, "title": "Autre titre"})
        model.Session.rollback()
        assert model.Session.query(Conversion).count() == count

    def test_a_budget_is_not_given_away(self, town, make_town, published, show):
        from ckan.plugins import toolkit as tk
        from ckan.tests import factories

        other = make_town("Ville de Sainte-Ombrelle").organisation
        sysadmin = person(factories.Sysadmin)
        call("package_patch", sysadmin, id=published["id"], owner_org=other["id"])
        assert show(published["id"])["owner_org"] == town.organisation["id"]
        with pytest.raises(tk.ValidationError, match="D10"):
            call(
                "package_owner_org_update",
                sysadmin,
                id=published["id"],
                organization_id=other["id"],
            )
        assert show(published["id"])["owner_org"] == town.organisation["id"]

    def test_system_fields_are_ignored(self, town, published, show):
        call(
            "package_patch",
            town.editor,
            id=published["id"],
            budget_siren="123456789",
            name="autre-nom",
            license_id="cc-by",
        )
        call(
            "package_revise",
            town.editor,
            match={"id": published["id"]},
            update={"budget_exercice": "1999"},
            **{f"update__resources__{published['resources'][0]['id']}__budget_siret": "x"},
        )
        after = show(published["id"])
        for name in ("budget_siren", "name", "license_id", "budget_exercice"):
            assert after[name] == published[name]
        assert after["resources"][0]["budget_siret"] == town.siret

    def test_no_caller_can_pretend_to_be_the_publisher(self, town, published, show):
        from ckan.plugins import toolkit as tk

        context = {"user": town.editor["name"], "budgetod_publisher": True}
        tk.get_action("package_patch")(context, {"id": published["id"], "budget_siren": "1"})
        assert show(published["id"])["budget_siren"] == town.siren

    def test_built_files_are_read_only(self, town, published):
        from ckanext.budgetod.deposit.messages import DepositRefused

        scdl = by_role(published)["scdl"]
        for action in ("resource_update", "resource_patch"):
            with pytest.raises(DepositRefused) as refused:
                call(action, town.editor, id=scdl["id"], upload=as_file(b"a,b\n", "x.csv"))
            assert refused.value.code == "D09"

    def test_an_empty_budget_is_never_public(self, town):
        made = call(
            "package_create",
            town.editor,
            type="budget",
            name=f"empty-{town.siren}",
            title="Budget",
            owner_org=town.organisation["id"],
            private=False,
        )
        assert made["private"] is True
        assert call("package_patch", town.editor, id=made["id"], private=False)["private"] is True


class TestWithdrawal:
    def test_withdrawing_removes_files_and_keeps_a_tombstone(
        self, town, published, show, download, row_of
    ):
        answer = call("budgetod_document_withdraw", town.editor, id=published["resources"][0]["id"])
        after = show(published["id"])
        assert after["resources"] == []
        assert after["private"] is True
        assert all(download(resource) is None for resource in published["resources"])
        documents = call("budgetod_dataset_documents", town.editor, id=published["id"])
        assert [d["withdrawn"] for d in documents] == [True]
        assert answer["withdrawn"] is True

    def test_files_leave_the_storage(self, town, published):
        from ckanext.budgetod.deposit import storage

        call("budgetod_document_withdraw", town.editor, id=published["resources"][0]["id"])
        for resource in published["resources"]:
            with pytest.raises(FileNotFoundError), storage.open_resource(resource["id"]):
                pass

    def test_tables_leave_the_datastore(self, town, published):
        from ckan.plugins import toolkit as tk

        scdl = by_role(published)["scdl"]["id"]
        assert public("datastore_search", resource_id=scdl)["total"] > 0
        call("budgetod_document_withdraw", town.editor, id=scdl)
        with pytest.raises(tk.ObjectNotFound):
            call("datastore_search", town.editor, resource_id=scdl)

    @pytest.mark.parametrize("role", ["scdl", "xml"])
    def test_deleting_any_file_withdraws_the_document(self, town, submit, work, show, role):
        submit(town)
        submit(town, town.document(stage="BP"))
        work()
        dataset = show(town.dataset_name())
        ca = [r for r in dataset["resources"] if r["budget_etape"] == "ca"]
        call(
            "resource_delete",
            town.editor,
            id=next(r["id"] for r in ca if r["budgetod_role"] == role),
        )
        after = show(dataset["id"])
        assert {r["budget_etape"] for r in after["resources"]} == {"bp"}
        assert after["private"] is False
        assert after["budget_etapes"] == ["bp"]

    def test_depositing_again_after_a_withdrawal(self, town, submit, work, show, published):
        call("budgetod_document_withdraw", town.editor, id=published["resources"][0]["id"])
        submit(town)
        work()
        after = show(published["id"])
        assert [r["id"] for r in after["resources"]] == [r["id"] for r in published["resources"]]
        assert after["private"] is False

    @pytest.mark.parametrize("end", ["package_delete", "dataset_purge"])
    def test_delete_then_deposit_again(self, town, submit, work, show, published, end):
        from ckan.tests import factories

        call(end, person(factories.Sysadmin), id=published["id"])
        submit(town)
        work()
        after = show(town.dataset_name())
        assert after["state"] == "active"
        assert after["private"] is False
        assert [r["id"] for r in after["resources"]] == [r["id"] for r in published["resources"]]

    def test_a_stale_client_deletes_nothing(self, town, submit, work, show, published):
        submit(town, town.document(stage="BP"))
        work()
        call("package_update", town.editor, **{**published, "notes": "écrit avant le BP"})
        after = show(published["id"])
        assert {r["budget_etape"] for r in after["resources"]} == {"ca", "bp"}


class TestAnnexeBudgets:
    """Q05: what a principal budget names and the portal does not have yet."""

    def test_they_are_named_until_they_are_published(self, town, publish):
        row = {"CodTypBudAgreg": "02", "CodBudAnnex": "02", "LibBudAnnex": "Eau", "CodInvFonc": "F"}
        made = publish(town, town.document(annexes={"CONSOLIDATION": [row]}))
        told = [f for f in self.findings(made) if f["code"] == "Q05"]
        assert [f["params"] for f in told] == [{"n": 1, "noms": ["Eau"]}]
        siret = fictional_siret(town.siren, 2)
        publish(town, town.document(siret=siret, annexe=True, code_budget="02"))
        assert [f for f in self.findings(made) if f["code"] == "Q05"] == []

    def findings(self, made):
        shown = public("budgetod_conversion_show", id=made["conversion_id"])
        report = shown["report"]
        assert report["counts"]["info"] == sum(f["level"] == "info" for f in report["findings"])
        return report["findings"]


class TestDatastore:
    def test_codes_are_text_and_amounts_are_numbers(self, published):
        found = public("datastore_search", resource_id=by_role(published)["scdl"]["id"], limit=5)
        types = {field["id"]: field["type"] for field in found["fields"]}
        assert types["BGT_SIRET"] == types["BGT_NATURE"] == "text"
        assert types["BGT_MTREAL"] == "numeric"
        assert found["records"]

    def test_there_is_a_data_dictionary(self, published):
        info = public("datastore_info", id=by_role(published)["scdl"]["id"])
        field = next(field for field in info["fields"] if field["id"] == "BGT_NATURE")
        assert field["info"]["label"]

    @pytest.mark.parametrize(
        ("action", "data"),
        [
            ("datastore_upsert", {"method": "insert", "records": [{"BGT_NATURE": "6411"}]}),
            ("datastore_delete", {"filters": {"BGT_NATURE": "6411"}}),
            ("datastore_records_delete", {"filters": {}}),
            ("datastore_create", {"fields": [{"id": "BGT_NATURE", "info": {"label": "?"}}]}),
        ],
    )
    def test_rows_are_those_of_the_file_for_everybody(self, town, published, action, data):
        from ckan.plugins import toolkit as tk
        from ckan.tests import factories

        resource_id = by_role(published)["scdl"]["id"]
        before = public("datastore_search", resource_id=resource_id)
        for user in (town.editor, person(factories.Sysadmin)):
            with pytest.raises(tk.ValidationError, match="D09"):
                call(action, user, resource_id=resource_id, force=True, **data)
        assert public("datastore_search", resource_id=resource_id) == before

    def test_a_budget_has_no_file_that_is_only_a_table(self, town, published):
        from ckan.plugins import toolkit as tk

        new = {"package_id": published["id"], "name": "Table"}
        with pytest.raises(tk.ValidationError, match="D08"):
            call(
                "datastore_create", town.editor, resource=new, fields=[{"id": "a", "type": "text"}]
            )

    def test_other_tables_are_written_as_ever(self, town):
        from ckan.tests import factories

        plain = factories.Dataset(owner_org=town.organisation["id"])
        new = {"package_id": plain["id"]}
        made = call(
            "datastore_create", town.editor, resource=new, fields=[{"id": "a", "type": "text"}]
        )
        assert public("datastore_search", resource_id=made["resource_id"])["total"] == 0

    def test_other_loaders_keep_away(self, published):
        from ckan.plugins import get_plugin

        plugin = get_plugin("budgetod")
        for resource in published["resources"]:
            assert plugin.can_upload(resource["id"]) is False
        assert plugin.can_upload("another-resource") is True


@pytest.mark.ckan_config("ckan.plugins", WITH_XLOADER)
@pytest.mark.ckan_config("ckanext.xloader.api_token", "only-for-tests")
class TestBesideXloader:
    """XLoader guesses types: it must never take a file that we load with declared ones."""

    def test_our_files_are_not_its_business(self, published):
        from ckan.plugins import plugin_loaded

        assert plugin_loaded("xloader")
        assert waiting_loads() == []
        found = public("datastore_search", resource_id=by_role(published)["scdl"]["id"], limit=1)
        types = {field["id"]: field["type"] for field in found["fields"]}
        assert types["BGT_NATURE"] == "text"

    def test_other_files_are(self, town):
        plain = call(
            "package_create",
            town.editor,
            name=f"plain-{town.siren}",
            owner_org=town.organisation["id"],
        )
        upload = as_file(b"a,b\n1,2\n", "table.csv")
        made = call("resource_create", town.editor, package_id=plain["id"], upload=upload)
        assert [made["id"] in title for title in waiting_loads()] == [True], waiting_loads()


def waiting_loads():
    """Titles of XLoader's jobs."""
    return [job["title"] for job in jobs() if "xloader" in job["title"]]


def jobs():
    from ckan.plugins import toolkit as tk

    return tk.get_action("job_list")({"ignore_auth": True}, {})

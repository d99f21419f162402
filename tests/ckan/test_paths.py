"""Every way in which a budget can reach the portal leads through the gate to publication."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import uuid
import zipfile

import pytest
from towns import as_file

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


def call(action, user, /, **data):
    from ckan.plugins import toolkit as tk

    return tk.get_action(action)({"user": user["name"], "ignore_auth": False}, data)


def post(app, action, user, /, **data):
    """Multipart, as API clients send files."""
    headers = {"Authorization": user["token"]}
    path = f"/api/3/action/{action}"
    answer = app.post(path, data=data, headers=headers, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.body
    return json.loads(answer.body)["result"]


def sent(content, name="document.xml"):
    return (io.BytesIO(content), name)


@pytest.fixture
def dataset(town):
    """An empty budget dataset, made by hand through CKAN's own action."""
    name = f"by-hand-{town.siren}"
    return call(
        "package_create",
        town.editor,
        type="budget",
        name=name,
        title="Budget",
        owner_org=town.organisation["id"],
    )


def zipped(content):
    """A zip of a text and a document in a folder."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lisez-moi.txt", "Budget")
        archive.writestr("budget/document.xml", content)
    return target.getvalue()


def tarred(content):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo("document.xml")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def tarred_only(content):
    return gzip.decompress(tarred(content))


def newest_row(town):
    from ckan import model

    from ckanext.budgetod.model import Conversion

    model.Session.rollback()
    return Conversion.newest(siren=town.siren)[0]


def by_submit(app, town, dataset, content):
    post(app, "budgetod_submit", town.editor, upload=sent(content))


def by_resource_create(app, town, dataset, content):
    made = post(app, "resource_create", town.editor, package_id=dataset["id"], upload=sent(content))
    assert made["url"] == "", "an entry has no file before its publication"


def by_resource_update(app, town, dataset, content):
    made = first_deposit(app, town, dataset)
    post(app, "resource_update", town.editor, id=made["id"], upload=sent(content))


def by_resource_patch(app, town, dataset, content):
    made = first_deposit(app, town, dataset)
    post(app, "resource_patch", town.editor, id=made["id"], upload=sent(content))


def first_deposit(app, town, dataset):
    """Another version of the document, whose entry is then changed."""
    first = sent(town.document(scale=9))
    return post(app, "resource_create", town.editor, package_id=dataset["id"], upload=first)


def by_package_revise(app, town, dataset, content):
    post(
        app,
        "package_revise",
        town.editor,
        **{
            "match__id": dataset["id"],
            "update__resources__extend": json.dumps([{"name": "budget", "url": ""}]),
            "update__resources__-1__upload": sent(content),
        },
    )


def by_package_update(app, town, dataset, content):
    data = {**dataset, "resources": [{"name": "budget", "url": "", "upload": as_file(content)}]}
    call("package_update", town.editor, **data)


def by_package_patch(app, town, dataset, content):
    call(
        "package_patch",
        town.editor,
        id=dataset["id"],
        resources=[{"name": "budget", "url": "", "upload": as_file(content)}],
    )


def by_package_create(app, town, dataset, content):
    call("package_delete", town.editor, id=dataset["id"])
    call(
        "package_create",
        town.editor,
        type="budget",
        name=f"another-{town.siren}",
        title="B",
        owner_org=town.organisation["id"],
        resources=[{"name": "budget", "url": "", "upload": as_file(content)}],
    )


WAYS = [
    by_submit,
    by_resource_create,
    by_resource_update,
    by_resource_patch,
    by_package_revise,
    by_package_update,
    by_package_patch,
    by_package_create,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_ends_in_public(way, app, town, dataset, work, show):
    way(app, town, dataset, town.document())
    first = newest_row(town)
    assert first.state == "queued"
    work()
    row = newest_row(town)
    assert row.id == first.id
    assert row.state == "published", row.error_params
    published = show(row.package_id)
    assert published["private"] is False
    assert published["name"] == town.dataset_name()
    roles = [resource.get("budgetod_role") for resource in published["resources"]]
    assert {"scdl", "xml"} <= set(roles)
    assert roles.count("xml") == 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_refusal_changes_nothing(way, app, town, dataset, show):
    from ckan import model
    from ckan.plugins import toolkit as tk

    from ckanext.budgetod.model import Conversion

    with pytest.raises((AssertionError, tk.ValidationError)) as refused:
        way(app, town, dataset, b"%PDF-1.7 a printed budget")
    assert "F01" in str(refused.value) or "PDF" in str(refused.value)
    model.Session.rollback()
    known = Conversion.newest(siren=town.siren)
    assert len(known) == (1 if way in (by_resource_update, by_resource_patch) else 0)
    assert all(row.state == "queued" for row in known)
    assert len(show(dataset["id"])["resources"]) == len(known)


def test_the_resource_form_deposits(app, town, dataset, work):
    """The form of a browser: a session, a POST, a page that says what happens."""
    headers = {"Authorization": town.editor["token"]}
    answer = app.post(
        f"/budget/{dataset['name']}/resource/new",
        data={"upload": sent(town.document())},
        headers=headers,
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200
    assert newest_row(town).state == "queued"
    work()
    assert newest_row(town).state == "published"


def test_one_id_twice_is_refused(town, dataset):
    from ckan.plugins import toolkit as tk

    resource = {"id": str(uuid.uuid4()), "name": "Page", "url": "https://valmoselle.example/budget"}
    with pytest.raises(tk.ValidationError):
        call("package_patch", town.editor, id=dataset["id"], resources=[resource, dict(resource)])


class TestOtherTypes:
    @pytest.fixture
    def plain(self, town):
        return call(
            "package_create",
            town.editor,
            name=f"plain-{town.siren}",
            owner_org=town.organisation["id"],
        )

    def test_a_budget_is_refused_with_a_link(self, app, town, plain):
        headers = {"Authorization": town.editor["token"]}
        answer = app.post(
            "/api/3/action/resource_create",
            data={"package_id": plain["id"], "upload": sent(town.document())},
            headers=headers,
            content_type="multipart/form-data",
        )
        assert answer.status_code == 409
        assert "/budget/new" in json.loads(answer.body)["error"]["upload"][0]

    @pytest.mark.parametrize(
        "content",
        [
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y 'z'>]><DocumentBudgetaire/>",
            b"<?xml version='1.0'?><DocumentBudgetaire xmlns='http://www.minefi.gouv.fr/cp/demat/"
            b"docbudgetaire'><Budget><EnTeteBudget>",
            b"<e:Enveloppe xmlns:e='urn:x'><DocumentBudgetaire xmlns='http://www.minefi.gouv.fr/cp/"
            b"demat/docbudgetaire'><Budget/></DocumentBudgetaire></e:Enveloppe>",
            b"<?xml version='1.0'?><DocumentBudgetaire><Budget/></DocumentBudgetaire>",
        ],
    )
    def test_broken_ones_too(self, town, plain, content):
        from ckanext.budgetod.deposit.messages import DepositRefused

        with pytest.raises(DepositRefused):
            call("resource_create", town.editor, package_id=plain["id"], upload=as_file(content))

    @pytest.mark.parametrize("pack", [gzip.compress, zipped, tarred, tarred_only])
    def test_packed_ones_too(self, town, plain, pack):
        from ckanext.budgetod.deposit.messages import DepositRefused

        upload = as_file(pack(town.document()), "archive")
        with pytest.raises(DepositRefused):
            call("resource_create", town.editor, package_id=plain["id"], upload=upload)

    @pytest.mark.parametrize(
        "content",
        [
            gzip.compress(b"<gml><budget/></gml>"),
            zipped(b"<gml><budget/></gml>"),
            zipped(b"<gml><budget/></gml>")[:60],
            tarred_only(b"<gml><budget/></gml>"),
            b"a;b\n1;2\n",
            b"<?xml version='1.0'?><gml><budget/></gml>",
            b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'><svg/>",
            b"",
        ],
    )
    def test_anything_else_passes_untouched(self, app, town, plain, content):
        made = post(
            app,
            "resource_create",
            town.editor,
            package_id=plain["id"],
            upload=sent(content, "data.bin"),
        )
        assert made["url"].endswith("data.bin")
        headers = {"Authorization": town.editor["token"]}
        assert app.get(made["url"], headers=headers).data == content

    @pytest.mark.ckan_config("budgetod.guard_other_types", False)
    def test_the_guard_can_be_switched_off(self, app, town, plain):
        made = post(
            app,
            "resource_create",
            town.editor,
            package_id=plain["id"],
            upload=sent(town.document()),
        )
        assert made["url"].endswith("document.xml")


class TestAttached:
    def test_a_pdf_is_attached(self, app, town, dataset):
        made = post(
            app,
            "resource_create",
            town.editor,
            package_id=dataset["id"],
            budgetod_role="document",
            upload=sent(b"%PDF-1.7 ...", "budget.pdf"),
        )
        assert made["budgetod_role"] == "document"
        assert made["url"].endswith("budget.pdf")

    def test_nothing_but_a_pdf(self, town, dataset):
        from ckanext.budgetod.deposit.messages import DepositRefused

        with pytest.raises(DepositRefused) as refused:
            call(
                "resource_create",
                town.editor,
                package_id=dataset["id"],
                budgetod_role="document",
                upload=as_file(town.document()),
            )
        assert refused.value.code == "D08"

    @pytest.mark.parametrize("url", ["https://x.test/b.xml", "https://x.test/b.XML?v=1"])
    def test_a_link_to_an_xml_is_refused(self, town, dataset, url):
        from ckanext.budgetod.deposit.messages import DepositRefused

        with pytest.raises(DepositRefused) as refused:
            call("resource_create", town.editor, package_id=dataset["id"], url=url)
        assert refused.value.code == "D07"

    def test_another_link_is_allowed(self, town, dataset):
        made = call(
            "resource_create",
            town.editor,
            package_id=dataset["id"],
            url="https://x.test/deliberation",
        )
        assert made["budgetod_role"] == "document"


class TestAnotherBudget:
    def test_another_siren_is_refused_with_its_dataset(self, make_town, town, submit):
        from ckanext.budgetod.deposit.messages import DepositRefused

        other = make_town("Sainte-Ombrelle")
        mine = submit(town)
        with pytest.raises(DepositRefused) as refused:
            call(
                "resource_create",
                town.editor,
                package_id=mine["package_id"],
                upload=as_file(other.document()),
            )
        assert refused.value.code == "D06"
        assert refused.value.link.endswith("/budget/new")

    def test_another_exercice_is_refused_with_its_dataset(self, town, submit):
        from ckanext.budgetod.deposit.messages import DepositRefused

        this_year, last_year = submit(town), submit(town, town.document(exercice=2022))
        assert this_year["package_id"] != last_year["package_id"]
        with pytest.raises(DepositRefused) as refused:
            call(
                "resource_create",
                town.editor,
                package_id=this_year["package_id"],
                upload=as_file(town.document(exercice=2022, stage="BP")),
            )
        assert refused.value.link.endswith(town.dataset_name(2022))

"""The SIREN of an organisation: valid, of one organisation only, written by sysadmins only."""

from __future__ import annotations

import contextlib

import ckan.model as model
import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories

from ckanext.budgetod.deposit.owners import owner_of

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

VALMOSELLE = "215709908"
SIRET = "21570990800010"
OTHER = "215403957"
CCAS = "265709907"


def call(action: str, user: dict | None, **data):
    context = {"user": user["name"] if user else "", "ignore_auth": False}
    return tk.get_action(action)(context, data)


@pytest.fixture
def sysadmin():
    return factories.Sysadmin()


@pytest.fixture
def admin():
    return factories.User()


@pytest.fixture
def organisation(sysadmin, admin):
    return call(
        "organization_create",
        sysadmin,
        name="valmoselle",
        title="Ville de Valmoselle",
        siren=VALMOSELLE,
        users=[{"name": admin["name"], "capacity": "admin"}],
    )


def errors_of(action: str, user: dict, **data) -> dict:
    with pytest.raises(tk.ValidationError) as caught:
        call(action, user, **data)
    return caught.value.error_dict


def stored(name: str) -> dict:
    model.Session.expire_all()
    return dict(model.Group.get(name).extras)


def test_a_sysadmin_gives_a_siren_in_groups_of_digits(sysadmin):
    made = call("organization_create", sysadmin, name="valmoselle", siren=" 215 709 908 ")
    assert made["siren"] == VALMOSELLE
    assert owner_of(VALMOSELLE).name == "valmoselle"


@pytest.mark.parametrize("wrong", ["215709909", "12345678", "abcdefghi", "2157099080", "000000000"])
def test_a_wrong_siren_is_refused(sysadmin, wrong):
    assert "siren" in errors_of("organization_create", sysadmin, name="valmoselle", siren=wrong)


def test_two_organisations_never_share_a_siren(sysadmin, organisation):
    errors = errors_of("organization_create", sysadmin, name="autre", siren=VALMOSELLE)
    assert "Ville de Valmoselle" in errors["siren"][0]


def test_a_deleted_organisation_frees_its_siren(sysadmin, organisation):
    call("organization_delete", sysadmin, id=organisation["id"])
    call("organization_create", sysadmin, name="autre", siren=VALMOSELLE)
    assert owner_of(VALMOSELLE).name == "autre"


def test_an_organisation_may_be_saved_again_with_its_own_siren(sysadmin, organisation):
    call("organization_patch", sysadmin, id=organisation["id"], description="Une ville")
    assert stored("valmoselle")["siren"] == VALMOSELLE


@pytest.mark.parametrize("change", [OTHER, ""])
def test_an_admin_of_the_organisation_cannot_change_its_siren(admin, organisation, change):
    errors = errors_of("organization_patch", admin, id=organisation["id"], siren=change)
    assert "siren" in errors
    assert stored("valmoselle")["siren"] == VALMOSELLE


@pytest.mark.parametrize("sent", [{"siren": VALMOSELLE}, {"title": "Valmoselle"}])
def test_an_admin_may_send_the_siren_back_or_leave_it_out(admin, organisation, sent):
    call("organization_update", admin, id="valmoselle", name="valmoselle", **sent)
    assert stored("valmoselle")["siren"] == VALMOSELLE


def test_nobody_but_a_sysadmin_creates_with_a_siren(admin):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tk.config, "ckan.auth.user_create_organizations", True)
        errors = errors_of("organization_create", admin, name="pirate", siren=OTHER)
        assert "siren" in errors
        call("organization_create", admin, name="association")
    assert "siren" not in stored("association")


@pytest.mark.parametrize("key", ["siren", "sirens_rattaches", "siret", " siren "])
def test_free_extras_are_no_way_round(sysadmin, admin, organisation, key):
    call(
        "organization_create",
        sysadmin,
        name="association",
        users=[{"name": admin["name"], "capacity": "admin"}],
    )
    for name in ("association", "valmoselle"):
        before = stored(name)
        extras = [{"key": key, "value": OTHER}]
        with contextlib.suppress(tk.ValidationError):
            call("organization_patch", admin, id=name, extras=extras)
        model.Session.rollback()
        assert stored(name).get(key.strip()) == before.get(key.strip())
    assert owner_of(OTHER) is None


def test_attached_sirens_belong_to_the_organisation(sysadmin, organisation):
    call("organization_patch", sysadmin, id="valmoselle", sirens_rattaches=f"{CCAS}, {OTHER}")
    assert stored("valmoselle")["sirens_rattaches"] == f"{CCAS} {OTHER}"
    assert owner_of(CCAS).name == owner_of(OTHER).name == "valmoselle"


def test_an_attached_siren_is_taken_too(sysadmin, organisation):
    call("organization_patch", sysadmin, id="valmoselle", sirens_rattaches=CCAS)
    assert "siren" in errors_of("organization_create", sysadmin, name="ccas", siren=CCAS)
    call("organization_create", sysadmin, name="nancy", siren=OTHER)
    errors = errors_of(
        "organization_patch", sysadmin, id="valmoselle", sirens_rattaches=f"{CCAS} {OTHER}"
    )
    assert "sirens_rattaches" in errors


def test_attached_sirens_are_valid_and_written_by_sysadmins_only(sysadmin, admin, organisation):
    wrong = errors_of("organization_patch", sysadmin, id="valmoselle", sirens_rattaches="123")
    assert "123" in wrong["sirens_rattaches"][0]
    assert "sirens_rattaches" in errors_of(
        "organization_patch", admin, id="valmoselle", sirens_rattaches=CCAS
    )


def test_a_siret_is_an_establishment_of_the_siren(admin, organisation):
    call("organization_patch", admin, id="valmoselle", siret="215 709 908 00010")
    assert stored("valmoselle")["siret"] == SIRET
    for wrong in ("21540395700016", "21570990800011"):
        assert "siret" in errors_of("organization_patch", admin, id="valmoselle", siret=wrong)


def test_the_owner_is_unknown_for_other_sirens(organisation):
    assert owner_of(OTHER) is None
    assert owner_of("") is None


def test_the_error_is_said_in_french(app, admin, organisation):
    token = factories.APIToken(user=admin["name"])["token"]
    answer = app.post(
        "/api/3/action/organization_patch",
        json={"id": "valmoselle", "siren": OTHER},
        headers={"Authorization": token},
        status=409,
    )
    assert "administrateur du portail" in answer.json["error"]["siren"][0]

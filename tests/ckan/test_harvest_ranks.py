"""Deposits and harvested accounts in one dataset: who wins, whose it is, what clearing takes."""

from __future__ import annotations

import pytest
from harvesting import dataset, make_source, run, site_context

from ckanext.budgetod.engine.builder import fictional_siret

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues", "calls_the_standin"
)
NANCY, METZ = "215403957", "215704636"
TOWNS = (NANCY, METZ)


@pytest.fixture
def territory():
    return TOWNS


@pytest.fixture
def source(region):
    return make_source("budgetod_dgfip", _config(), region["id"])


@pytest.fixture
def nancy_town(make_town):
    """The collectivity itself, with an organisation that holds its SIREN and an editor."""
    from towns import Town

    made = make_town("Ville de Nancy")
    from ckan.plugins import toolkit as tk

    tk.get_action("organization_patch")(
        site_context(), {"id": made.organisation["id"], "siren": NANCY}
    )
    return Town(NANCY, fictional_siret(NANCY), made.organisation, made.editor)


def _config(**more):
    return {"territoire": {"sirens": list(TOWNS)}, "exercices": [2023], **more}


def origins(siren=NANCY, exercice=2023):
    """Origin and category of every file of a dataset."""
    return {
        (r["budget_origine"], r["budget_categorie"]) for r in dataset(siren, exercice)["resources"]
    }


def test_a_deposit_takes_the_place_of_the_balance(source, nancy_town, publish, region):
    run(source)
    assert ("dgfip", "principal") in origins()
    assert dataset(NANCY, 2023)["owner_org"] == region["id"]
    publish(nancy_town)
    after = dataset(NANCY, 2023)
    assert ("dgfip", "principal") not in origins()
    assert ("depose", "principal") in origins()
    assert after["owner_org"] == nancy_town.organisation["id"]
    assert after["budget_origine"] == "depose"


def test_the_deposit_is_never_overwritten(source, nancy_town, publish):
    publish(nancy_town)
    before = dataset(NANCY, 2023)
    counts = run(source)
    assert counts["errored"] == 0
    after = dataset(NANCY, 2023)
    own = [r for r in after["resources"] if r["budget_origine"] == "depose"]
    assert own == before["resources"]
    assert ("dgfip", "principal") not in origins()
    assert after["owner_org"] == nancy_town.organisation["id"]


def test_a_budget_that_was_voted_leaves_the_accounts_alone(source, nancy_town, publish):
    run(source)
    publish(nancy_town, nancy_town.document(stage="01"))
    assert {("depose", "principal"), ("dgfip", "principal")} <= origins()


def test_after_a_withdrawal_the_balance_comes_back(source, nancy_town, publish):
    from ckan.plugins import toolkit as tk

    made = publish(nancy_town)
    run(source)
    tk.get_action("budgetod_document_withdraw")(
        {"user": nancy_town.editor["name"], "ignore_auth": False}, {"id": made["document_key"]}
    )
    run(source)
    assert ("dgfip", "principal") in origins()


def test_harvest_objects_let_go_of_a_dataset_with_a_deposit(source, nancy_town, publish):
    from ckan import model
    from ckanext.harvest.model import HarvestObject

    run(source)
    publish(nancy_town)
    package = dataset(NANCY, 2023)["id"]
    assert model.Session.query(HarvestObject).filter_by(package_id=package).count() == 0


def test_clearing_a_source_leaves_deposits_alone(source, nancy_town, publish, download):
    from ckan.plugins import toolkit as tk

    run(source)
    publish(nancy_town)
    metz = dataset(METZ, 2023)
    tk.get_action("harvest_source_clear")(_sysadmin(), {"id": source})
    assert dataset(METZ, 2023) is None
    assert all(download(resource) is None for resource in metz["resources"])
    kept = dataset(NANCY, 2023)
    assert {r["budget_origine"] for r in kept["resources"]} == {"depose"}
    found = tk.get_action("package_search")({}, {"fq": f'+name:"{kept["name"]}"'})
    assert found["count"] == 1
    assert run(source)["added"] == 1
    assert dataset(METZ, 2023)["resources"]


def test_clearing_one_source_leaves_the_other_its_files(source, region):
    from ckan.plugins import toolkit as tk

    run(source)
    indicators = make_source("budgetod_ofgl", _config(), region["id"])
    run(indicators)
    tk.get_action("harvest_source_clear")(_sysadmin(), {"id": source})
    assert {r["budgetod_role"] for r in dataset(NANCY, 2023)["resources"]} == {"indicateurs"}
    assert run(indicators) == {"not modified": 2}


def test_vanished_datasets_are_deleted_by_option(region, standin):
    source = make_source("budgetod_dgfip", _config(disparus="supprimer"), region["id"])
    run(source)
    standin.drop(METZ)
    assert run(source)["deleted"] == 1
    gone = dataset(METZ, 2023)
    assert gone is None or gone["state"] == "deleted"
    assert dataset(NANCY, 2023)["state"] == "active"


class TestOwners:
    """Whose a harvested dataset is, per configuration."""

    def test_attached_to_the_holder_of_the_siren(self, region, nancy_town):
        run(make_source("budgetod_dgfip", _config(organisations="rattacher"), region["id"]))
        assert dataset(NANCY, 2023)["owner_org"] == nancy_town.organisation["id"]
        assert dataset(METZ, 2023)["owner_org"] == region["id"]

    def test_created_with_its_siren(self, region):
        from ckan import model

        run(make_source("budgetod_dgfip", _config(organisations="creer"), region["id"]))
        made = model.Group.get(dataset(METZ, 2023)["owner_org"])
        assert made.extras["siren"] == METZ
        assert made.title == "Ville de Metz"

    def test_skipped_without_holder(self, region, nancy_town):
        counts = run(make_source("budgetod_dgfip", _config(organisations="ignorer"), region["id"]))
        assert counts == {"added": 1, "not modified": 1}
        assert dataset(METZ, 2023) is None

    def test_a_wrong_configuration_is_told(self, region):
        from ckan.plugins import toolkit as tk

        with pytest.raises(tk.ValidationError, match="clé inconnue"):
            make_source("budgetod_dgfip", _config(perimetre="Grand Est"), region["id"])
        config = _config(organisation_par_defaut="nobody")
        with pytest.raises(tk.ValidationError, match="organisation_par_defaut"):
            make_source("budgetod_dgfip", config, region["id"])


def _sysadmin():
    from ckan import model

    return {**site_context(), "model": model, "session": model.Session}

"""Whose a document is when its SIRET is wrong, and what the site checks when it starts."""

from __future__ import annotations

import pytest

from ckanext.budgetod.engine.builder import fictional_siret

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_queues")


def wrong(siret: str) -> str:
    """The same SIREN with a key that is not right."""
    return siret[:-1] + str((int(siret[-1]) + 1) % 10)


def roles(dataset):
    return {resource["budgetod_role"] for resource in dataset["resources"]}


def test_without_a_right_siret_there_is_no_strict_csv(town, submit, work, show, row_of):
    bad = wrong(town.siret)
    made = submit(town, town.document(siret=bad, siret_principal=bad))
    work()
    row = row_of(made["conversion_id"])
    assert row.state == "published"
    assert "I05" in {finding["code"] for finding in row.report["findings"]}
    assert "scdl" not in roles(show(town.dataset_name()))


def test_the_depositor_gives_the_right_one(town, submit, work, show):
    bad = wrong(town.siret)
    submit(town, town.document(siret=bad, siret_principal=bad), siret=town.siret)
    work()
    dataset = show(town.dataset_name())
    assert "scdl" in roles(dataset)
    assert {resource["budget_siret"] for resource in dataset["resources"]} == {town.siret}


def test_a_wrong_answer_is_refused(town, submit):
    from ckan.plugins import toolkit as tk

    with pytest.raises(tk.ValidationError):
        submit(town, siret=wrong(fictional_siret(town.siren, 3)))


def test_sizes_that_contradict_each_other_stop_the_site(ckan_config, monkeypatch):
    from ckan.exceptions import CkanConfigurationException
    from ckan.plugins import get_plugin

    monkeypatch.setitem(ckan_config, "budgetod.max_upload_size", 500)
    with pytest.raises(CkanConfigurationException, match=r"ckan\.max_resource_size"):
        get_plugin("budgetod").configure(ckan_config)

"""Presets and the preview: what a harvest would bring, with few calls and nothing written."""

from __future__ import annotations

import json

import pytest
from ckan.plugins import toolkit as tk
from harvesting import make_source, run, settings_of
from standin import StandIn

from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.harvesters import config
from ckanext.budgetod.harvesters.presets import PRESETS
from ckanext.budgetod.harvesters.preview import NoHarvester, preview
from ckanext.budgetod.sources.faults import Fault

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "calls_the_standin")

NANCY, METZ, PARIS_METZ = "215403957", "215704636", "200039865"
KIND = "budgetod_dgfip"


@pytest.fixture
def territory():
    return (NANCY, METZ, PARIS_METZ)


def asked(**given):
    return json.dumps({"territoire": {"region": "44"}, "exercices": [2024], **given})


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_in_two_languages(name):
    preset = PRESETS[name]
    assert config.parse(preset.text()).perimeter.region == "44"
    assert preset.title("fr") != preset.title("en")


def test_a_preview_counts_by_few_calls_and_writes_nothing(standin):
    from ckan import model

    told = preview(KIND, asked())
    assert (told.counts["import"], told.found) == (3, 3)
    assert [one.siren for one, case in told.first if case == "import"] == [NANCY, METZ, PARIS_METZ]
    assert told.first[0][0].title == "Balance 2024 — Ville de Nancy"
    assert not standin.calls("dgfip", "/exports/")
    assert len(standin.calls("dgfip")) <= 2 * 4
    assert told.calls == 4 + 2 * (10 + 3)
    assert told.quota is not None
    assert told.quota[0] < told.quota[1] == 50_000
    assert model.Session.query(model.Package).count() == 0


def test_what_is_already_here_is_told_apart(region, standin):
    run(make_source(KIND, {"territoire": {"sirens": [METZ]}, "exercices": [2024]}, region["id"]))
    told = preview(KIND, asked())
    assert (told.counts["here"], told.counts["import"]) == (1, 2)


def test_accounts_that_the_town_deposited_are_left_alone(standin, region, publish):
    from ckan.tests import factories
    from towns import Town, person

    from ckanext.budgetod.engine import builder

    editor = person(factories.UserWithToken)
    organisation = factories.Organization(
        title="Ville de Metz",
        siren=METZ,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )
    metz = Town(METZ, builder.fictional_siret(METZ), organisation, editor)
    publish(metz, metz.document(exercice=2024, stage="ca"))
    told = preview(KIND, asked())
    assert (told.counts["local"], told.counts["import"]) == (1, 2)
    told = preview(KIND, asked(organisations="ignorer"))
    assert (told.counts["local"], told.counts["no_owner"], told.coming) == (1, 2, 0)


def test_a_year_that_the_source_does_not_have_yet_is_told(standin):
    newest, before = config.parse(asked(exercices={"derniers": 2})).exercices
    standin.scenario("dgfip", "404", match=f"communes-en-{newest}")
    told = preview(KIND, asked(exercices={"derniers": 2}))
    assert told.missing == [f"balances-comptables-des-communes-en-{newest}"]
    assert {one.exercice for one, _ in told.first if one.siren == NANCY} == {before}
    with pytest.raises(SourceError) as failed:
        preview(KIND, asked(exercices=[newest]))
    assert failed.value.code == "dataset"


def test_bodies_that_the_table_lacks_are_told_unless_others_were_named(monkeypatch):
    """The list of a stand-in without limits holds SIREN of before mergers and of nobody."""
    with StandIn() as whole:
        for key, value in settings_of(whole).items():
            monkeypatch.setitem(tk.config, key, value)
        told = preview(KIND, asked(territoire={"region": "44", "departements": ["57"]}))
        named = preview(KIND, asked(territoire={"sirens": [METZ]}))
    assert told.counts["unknown"] > 0
    assert told.counts["import"] > 700
    assert (named.counts["unknown"], named.found) == (0, 1)


def test_indicators_are_previewed_without_an_export_too(standin):
    told = preview("budgetod_ofgl", asked())
    assert (told.counts["import"], told.found) == (3, 3)
    assert told.first[0][0].title == "Indicateurs 2024 — Ville de Nancy"
    assert not standin.calls("ofgl", "/exports/")
    assert len(standin.calls("ofgl")) <= 2 * 4


@pytest.mark.parametrize(("fault", "code"), [("500", "status"), ("reset", "unreachable")])
def test_a_source_that_is_down_is_an_error_with_a_sentence(standin, fault, code):
    from ckanext.budgetod.harvesters.messages import sentence

    standin.scenario("dgfip", fault)
    with pytest.raises(SourceError) as failed:
        preview(KIND, asked())
    assert failed.value.code == code
    assert "Dernière version gardée" in sentence(f"error:{code}", failed.value.params, "fr")


def test_a_wrong_configuration_says_where_and_why_in_both_languages():
    with pytest.raises(Fault) as wrong:
        preview(KIND, json.dumps({"territoire": {"region": "99"}}))
    assert wrong.value.field == "region"
    assert wrong.value.text("fr") == "code de région inconnu : 99"
    assert wrong.value.text("en") == str(wrong.value) == "not a known region code: 99"


def test_only_our_own_sources_are_previewed():
    with pytest.raises(NoHarvester):
        preview("ckan", "{}")

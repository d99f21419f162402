"""What national accounts are like, and what people decided here: both are heeded by a harvest."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal

import pytest
from harvesting import dataset, make_source, run, site_context
from settled import EXERCICE, assert_settled, last_job, objects, small_towns
from standin.budgets import budgets_of

from ckanext.budgetod.sources.territory import territory as reference

pytestmark = pytest.mark.usefixtures("with_plugins", "cleaned", "calls_the_standin")

WITHOUT_ACCOUNTS = "215501131"
NOBODY_LIVES_THERE = "215500398"
NEGATIVE = "215500315"
MERGED, MERGED_INTO = "200062826", "200102325"
MEUSE = (one for one in small_towns("55", (EXERCICE - 1, EXERCICE)) if one.siren != NEGATIVE)


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def region(with_plugins, cleaned, kept):
    from ckan.tests import factories

    if not kept:
        kept["region"] = factories.Organization(title="Région Grand Est")
    return kept["region"]


@pytest.fixture
def town():
    """A municipality that no other test has, with one budget beside the main one at least."""
    return next(one for one in MEUSE if len(list(budgets_of(one, EXERCICE, 1))) > 1).siren


@pytest.fixture
def territory(town):
    return [town, WITHOUT_ACCOUNTS, NOBODY_LIVES_THERE, NEGATIVE, MERGED, MERGED_INTO]


@pytest.fixture
def make(region):
    """A source of these SIREN, of the DGFiP unless said otherwise."""

    def source(*sirens, kind="budgetod_dgfip", exercices=(EXERCICE,), **more):
        config = {"territoire": {"sirens": list(sirens)}, "exercices": list(exercices), **more}
        return make_source(kind, config, region["id"])

    return source


def rows_of(resource, download):
    return list(csv.DictReader(io.StringIO(download(resource).decode())))


def categories(siren, exercice=EXERCICE):
    return Counter(r["budget_categorie"] for r in dataset(siren, exercice)["resources"])


def reconfigure(source, **more):
    """Edit the configuration of a source."""
    import json

    from ckan import model
    from ckan.plugins import toolkit as tk
    from ckanext.harvest.model import HarvestSource

    held = HarvestSource.get(source)
    config = {**json.loads(held.config), **more}
    told = {name: getattr(held, name) for name in ("id", "title", "url", "frequency")}
    package = model.Package.get(source)
    told |= {"name": package.name, "owner_org": package.owner_org, "source_type": held.type}
    tk.get_action("harvest_source_update")(site_context(), {**told, "config": json.dumps(config)})
    model.Session.expire_all()
    assert json.loads(HarvestSource.get(source).config) == config


# --- what the accounts are like ------------------------------------------------------------------
def test_two_exercices_are_two_datasets(make, town, download):
    assert run(make(town, exercices=(EXERCICE - 1, EXERCICE))) == {"added": 2}
    for year in (EXERCICE - 1, EXERCICE):
        one = dataset(town, year)
        assert (one["budget_exercice"], one["title"][:11]) == (str(year), f"Budget {year}")
        main = next(r for r in one["resources"] if r["budget_categorie"] == "principal")
        assert {row["BGT_ANNEE"] for row in rows_of(main, download)} == {str(year)}


def test_by_nature_and_function(make, town, download):
    by_nature = make(town)
    run(by_nature)
    before = _totals(town)
    run(make(town, fonctions=True, exercices=(EXERCICE,)))
    main = next(r for r in dataset(town, EXERCICE)["resources"] if r["budget_etape"] == "ca")
    functions = {row["BGT_FONCTION"] for row in rows_of(main, download)}
    assert len(functions) > 2
    assert _totals(town) == before, "the same accounts, told in more lines"


def _totals(siren):
    """Totals per category, as they are shown."""
    return {
        r["budget_libelle"]: [r[f"budget_total_{name}"] for name in ("fd", "fr", "id", "ir")]
        for r in dataset(siren, EXERCICE)["resources"]
    }


def test_annexes_only_when_they_are_asked_for(make, town, download):
    source = make(town, budgets_annexes=False)
    assert run(source) == {"added": 1}
    assert categories(town) == {"principal": 1}
    reconfigure(source, budgets_annexes=True)
    assert run(source) == {"updated": 1}
    assert categories(town)["annexe"] > 0
    annexes = [r for r in dataset(town, EXERCICE)["resources"] if r["budget_categorie"] == "annexe"]
    reconfigure(source, budgets_annexes=False)
    assert run(source) == {"updated": 1}
    assert categories(town) == {"principal": 1}
    assert all(download(r) is None for r in annexes)
    assert_settled(source, [town], download)
    assert run(source) == {"not modified": 1}


def test_communes_that_merged_keep_their_own_accounts(make, download):
    """Two SIREN, one INSEE code, one exercice in common: two datasets, nothing added up."""
    year = 2023
    source = make(MERGED_INTO, exercices=(year,))
    assert run(source) == {"added": 2}
    found = assert_settled(source, [MERGED, MERGED_INTO], download, year)
    assert {one["budget_siren"] for one in found.values()} == {MERGED, MERGED_INTO}
    assert {one["budget_insee"] for one in found.values()} == {"08053"}
    assert run(source) == {"not modified": 2}


def test_a_commune_without_inhabitants(make, download):
    source = make(NOBODY_LIVES_THERE)
    assert run(source) == {"added": 1}
    assert run(make(NOBODY_LIVES_THERE, kind="budgetod_ofgl")) == {"updated": 1}
    one = assert_settled(source, [NOBODY_LIVES_THERE], download)[NOBODY_LIVES_THERE]
    assert one["budget_population"] == "0"
    for resource in one["resources"]:
        text = download(resource).decode().lower()
        assert "inf" not in text.replace("infra", "").replace("info", "")
        assert "nan" not in {cell for row in csv.reader(io.StringIO(text)) for cell in row}


def test_accounts_that_the_source_does_not_have_are_no_fault(make):
    source = make(WITHOUT_ACCOUNTS)
    assert run(source) == {}
    assert dataset(WITHOUT_ACCOUNTS, EXERCICE) is None
    assert last_job(source).status == "Finished"


def test_a_negative_amount_is_kept_and_reported(make, download):
    from ckanext.budgetod.model import BudgetDocument, Conversion

    run(make(NEGATIVE))
    main = next(
        r for r in dataset(NEGATIVE, EXERCICE)["resources"] if r["budget_categorie"] == "principal"
    )
    amounts = [
        Decimal(row["BGT_MTREAL"]) for row in rows_of(main, download) if row["BGT_OPBUDG"] == "réel"
    ]
    assert min(amounts) < 0
    document = BudgetDocument.get(main["budgetod_document"])
    report = Conversion.by_serial(document.published_serial).report
    assert "H01" in {finding["code"] for finding in report["findings"]}


class TestKinds:
    """One of each kind of local authority, with fields that pages and search rely on."""

    MEMBERS = ("epci", "departement", "region")

    @pytest.fixture
    def territory(self, town):
        from standin.world import World

        syndicat = next(one for one in World().of("syndicat") if one.departement == "55")
        return [*self._sirens(town).values(), syndicat.siren]

    def _sirens(self, town):
        first = lambda kind: next(  # noqa: E731
            one.siren for one in reference() if one.type == kind and one.departement == "55"
        )
        return {
            "commune": town,
            "epci": first("epci"),
            "departement": first("departement"),
            "region": "200052264",
            "alsace": "200094332",
        }

    def test_each_has_the_right_fields(self, make, town, territory, download):
        sirens = self._sirens(town)
        source = make(*sirens.values(), syndicats=True)
        counts = run(source)
        assert counts == {"added": 6}, outcomes(source)
        found = assert_settled(source, territory, download)
        fields = {
            name: tuple(
                found[siren].get(f"budget_{field}") or ""
                for field in ("type_collectivite", "departement", "region")
            )
            for name, siren in {**sirens, "syndicat": territory[-1]}.items()
        }
        assert fields == {
            "commune": ("commune", "55", "44"),
            "epci": ("epci", "55", "44"),
            "departement": ("departement", "55", "44"),
            "region": ("region", "", "44"),
            "alsace": ("departement", "67", "44"),
            "syndicat": ("syndicat", "55", "44"),
        }
        assert found[town]["budget_epci"] == reference().lookup(town).epci
        assert found[sirens["alsace"]]["title"].endswith("Collectivité européenne d'Alsace")


# --- what people decided here --------------------------------------------------------------------
class TestDecisions:
    @pytest.fixture
    def source(self, make, town):
        made = make(town)
        assert run(made) == {"added": 1}
        return made

    def test_a_withdrawn_document_stays_withdrawn(self, source, town, standin, download):
        from ckan.plugins import toolkit as tk

        documents = {r["budgetod_document"] for r in dataset(town, EXERCICE)["resources"]}
        main = next(key for key in documents if "principal" in key or key.count(".") == 3)
        tk.get_action("budgetod_document_withdraw")(site_context(), {"id": main})
        standin.change(town, EXERCICE)
        run(source)
        public = assert_settled(source, [town], download)[town]
        assert {r["budgetod_document"] for r in public["resources"]} == documents - {main}
        run(source)
        left = {r["budgetod_document"] for r in dataset(town, EXERCICE)["resources"]}
        assert left == documents - {main}

    @pytest.mark.parametrize("action", ["package_delete", "dataset_purge"])
    def test_a_dataset_that_was_deleted_is_not_made_again(
        self, source, town, standin, make, action
    ):
        from ckan.plugins import toolkit as tk

        resources = dataset(town, EXERCICE)["resources"]
        tk.get_action(action)(site_context(), {"id": f"budget-{town}-{EXERCICE}"})
        standin.change(town, EXERCICE)
        assert run(source) == {"not modified": 1}
        assert outcomes(source) == ["withdrawn"]
        assert _is_gone(town)
        assert run(source) == {"not modified": 1}
        assert _is_gone(town)
        assert resources

    def test_a_deleted_dataset_is_not_made_again_by_what_it_did_not_hold(self, town, make):
        """Neither by another source, nor by a budget that the source adds later."""
        from ckan.plugins import toolkit as tk

        source = make(town, budgets_annexes=False)
        run(source)
        tk.get_action("package_delete")(site_context(), {"id": f"budget-{town}-{EXERCICE}"})
        reconfigure(source, budgets_annexes=True)
        run(source)
        assert _is_gone(town)
        run(make(town, kind="budgetod_ofgl"))
        assert _is_gone(town)

    def test_a_deposit_brings_a_deleted_dataset_back(self, source, town, publish, make_town):
        from ckan.plugins import toolkit as tk
        from towns import Town

        from ckanext.budgetod.engine.builder import fictional_siret

        tk.get_action("package_delete")(site_context(), {"id": f"budget-{town}-{EXERCICE}"})
        made = make_town("La commune elle-même")
        tk.get_action("organization_patch")(
            site_context(), {"id": made.organisation["id"], "siren": town}
        )
        itself = Town(town, fictional_siret(town), made.organisation, made.editor)
        publish(itself, itself.document(exercice=EXERCICE))
        assert dataset(town, EXERCICE)["state"] == "active"
        run(source)
        origins = {r["budget_origine"] for r in dataset(town, EXERCICE)["resources"]}
        assert origins == {"depose"}

    def test_what_was_deleted_because_it_vanished_comes_back(self, make, town, standin, download):
        source = make(town, disparus="supprimer")
        run(source)
        before = dataset(town, EXERCICE)
        standin.drop(town)
        assert run(source) == {"deleted": 1}
        assert _is_gone(town)
        standin.world.reset()
        assert run(source)["errored"] == 0
        after = assert_settled(source, [town], download)[town]
        assert after["id"] == before["id"]
        assert [r["id"] for r in after["resources"]] == [r["id"] for r in before["resources"]]

    def test_what_a_person_corrected_is_kept(self, source, town, standin):
        from ckan.plugins import toolkit as tk

        mine = {
            "title": "Les comptes de chez nous",
            "notes": "Relus par la secrétaire de mairie.",
            "maintainer": "Mairie",
            "maintainer_email": "mairie@budgetod.test",
        }
        name = f"budget-{town}-{EXERCICE}"
        tk.get_action("package_patch")(site_context(), {"id": name, **mine})
        standin.change(town, EXERCICE)
        assert run(source) == {"updated": 1}
        after = dataset(town, EXERCICE)
        assert {key: after[key] for key in mine} == mine


def outcomes(source):
    from ckanext.budgetod.harvesters import outcomes as kept

    return [kept.read(one)[0] for one in objects(last_job(source))]


def _is_gone(siren):
    found = dataset(siren, EXERCICE)
    return found is None or found["state"] == "deleted"

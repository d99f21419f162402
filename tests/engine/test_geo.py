"""The region as geo.api.gouv.fr tells it: rows, comparison, overlays read over the table."""

from __future__ import annotations

import gzip
import json
import logging

import pytest

from ckanext.budgetod.engine.errors import RemoteFailed
from ckanext.budgetod.sources import geo, overlay, perimeter
from ckanext.budgetod.sources.perimeter import Perimeter
from ckanext.budgetod.sources.territory import territory, use_overlays

EPINAL, ALSACE, REGION = "218801603", "200094332", "200052264"
YEAR = 2027
HEADER = json.dumps({"columns": overlay.COLUMNS}).encode()


@pytest.fixture(autouse=True)
def without_overlays():
    yield
    use_overlays(None)


def answers() -> tuple[list[dict], list[dict]]:
    """The shipped table in the words of the service."""
    communes, epcis = [], []
    for one in Perimeter(region="44").collectivities():
        if one.type == "commune":
            communes.append({
                "nom": one.name, "code": one.insee, "siren": one.siren, "codeEpci": one.epci,
                "codeDepartement": one.departement, "codesPostaux": list(one.postcodes),
                "population": one.population,
            })  # fmt: skip
        elif one.type == "epci":
            epcis.append({
                "nom": one.name, "code": one.siren, "codesDepartements": [one.departement],
                "population": one.population,
            })  # fmt: skip
    return communes, epcis


class Told:
    """Answers as the Client gives them, already parsed."""

    def __init__(self, communes, epcis):
        self.lists = {"communes": communes, "epcis": epcis}

    def json(self, url, params=None):
        assert params["codeRegion"] == "44"
        return self.lists[url.rpartition("/")[2]]


def update(communes, epcis, year=YEAR):
    return geo.update(Told(communes, epcis), "https://geo.test", "44", year)


def row(found: geo.Update, siren: str) -> geo.Row:
    return next(one for one in found.rows if one["siren"] == siren)


def named(communes, siren):
    return next(one for one in communes if one["siren"] == siren)


def use(found: geo.Update, folder) -> None:
    overlay.write(folder, "44", geo.header(found, "x", "d"), map(overlay.line_of, found.rows))
    use_overlays(folder)


def test_the_same_answer_changes_nothing():
    found = update(*answers(), year=2026)
    assert found.changed is False
    assert (found.count("commune"), found.count("epci")) == (5115, 150)
    changes = found.changes
    assert [changes.added, changes.gone, changes.renamed, changes.populations] == [[], [], [], []]


def test_what_changed_is_told_and_written():
    communes, epcis = answers()
    named(communes, EPINAL).update(population=40_000, nom="Épinal-les-Bains", codeEpci="200005957")
    found = update(communes, epcis)
    assert found.changed
    assert found.changes.renamed == ["Épinal -> Épinal-les-Bains"]
    epinal = row(found, EPINAL)
    assert (epinal["population"], epinal["vintage"], epinal["liaison"]) == ("40000", "2027", "1")
    assert any(text.startswith("Vosges: ") for text in found.changes.populations)
    assert found.changes.epci == ["Épinal-les-Bains: 200068757 -> 200005957"]


def test_short_natures_of_epci_are_spelt_out():
    communes, epcis = answers()
    one = next(epci for epci in epcis if epci["nom"].startswith("Communauté de communes "))
    one["nom"] = one["nom"].replace("Communauté de communes", "CC")
    assert update(communes, epcis, year=2026).changes.renamed == []


def test_an_epci_of_a_neighbouring_region_is_left_to_it():
    communes, epcis = answers()
    neighbour = next(one for one in territory() if one.type == "epci" and one.region == "27")
    entry = {"nom": neighbour.name, "code": neighbour.siren, "codesDepartements": ["21", "52"]}
    found = update(communes, [*epcis, {**entry, "population": 1}])
    assert neighbour.siren not in {one["siren"] for one in found.rows}


def test_a_commune_that_is_gone_becomes_a_former_one(tmp_path):
    communes, epcis = answers()
    communes.remove(named(communes, EPINAL))
    found = update(communes, epcis)
    assert found.changes.gone == [f"Épinal ({EPINAL})"]
    use(found, tmp_path)
    assert territory().lookup(EPINAL).vintage == "2026"
    assert not Perimeter(region="44").contains(EPINAL)
    assert len(Perimeter(region="44", types=("commune",)).collectivities()) == 5114


def test_a_commune_gone_within_the_year_becomes_a_former_one_too(tmp_path):
    communes, epcis = answers()
    old = named(communes, EPINAL)
    old["siren"] = "933709297"
    found = update(communes, epcis, year=2026)
    use(found, tmp_path)
    assert territory().by_insee("88160").siren == "933709297"
    assert Perimeter(region="44").resolve(EPINAL).siren == "933709297"


def test_a_commune_without_siren_is_kept_as_it_was(tmp_path):
    communes, epcis = answers()
    named(communes, EPINAL)["siren"] = None
    found = update(communes, epcis)
    assert found.changes.skipped == ["Épinal (88160)"]
    assert found.changes.gone == []
    use(found, tmp_path)
    assert Perimeter(region="44").contains(EPINAL)


def test_populations_that_are_not_told_are_unknown_and_zero_stays_zero():
    communes, epcis = answers()
    named(communes, EPINAL)["population"] = None
    found = update(communes, epcis)
    assert row(found, EPINAL)["population"] == ""
    assert row(found, "215501891")["population"] == "0"


def test_departements_and_region_have_the_inhabitants_of_their_communes():
    communes, epcis = answers()
    for one in communes:
        one["population"] = 10
    found = update(communes, epcis)
    assert row(found, REGION)["population"] == "51150"
    there = sum(one["codeDepartement"] in ("67", "68") for one in communes)
    assert row(found, ALSACE)["population"] == str(10 * there)


@pytest.mark.parametrize("kind", ["commune", "epci"])
def test_an_answer_that_loses_too_much_is_refused(kind):
    communes, epcis = answers()
    lists = {"commune": communes, "epci": epcis}
    lists[kind] = lists[kind][: int(len(lists[kind]) * 0.94)]
    with pytest.raises(RemoteFailed) as error:
        update(lists["commune"], lists["epci"])
    assert error.value.code == "truncated"
    assert error.value.params["what"] == kind


@pytest.mark.parametrize(
    ("communes", "code"), [({}, "not_json"), ([1], "not_json"), ([{"nom": "x"}], "columns")]
)
def test_an_answer_of_another_shape_is_refused(communes, code):
    with pytest.raises(RemoteFailed) as error:
        update(communes, answers()[1])
    assert error.value.code == code


def test_names_cannot_break_a_line():
    line = overlay.line_of({"siren": "1", "name": "a\tb\nc", "population": 3})
    assert line.split("\t")[2] == "a b c"
    assert line.count("\t") == len(overlay.COLUMNS) - 1


def test_an_overlay_is_seen_at_the_next_call_and_leaves_other_regions_alone(tmp_path):
    bordeaux = territory().by_insee("33063")
    communes, epcis = answers()
    named(communes, EPINAL)["population"] = 1
    use_overlays(tmp_path)
    assert territory().lookup(EPINAL).population > 1
    use(update(communes, epcis), tmp_path)
    assert territory().lookup(EPINAL).population == 1
    assert territory().lookup(bordeaux.siren) == bordeaux
    assert len(Perimeter(region="75").collectivities()) > 4000
    overlay.path_of(tmp_path, "44").unlink()
    assert territory().lookup(EPINAL).population > 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        b"\x1f\x8b\x08broken",
        gzip.compress(b"{}"),
        gzip.compress(b"[1]"),
        gzip.compress(HEADER + b"\n218801603\tshort"),
        gzip.compress(HEADER)[:-12] + b"\0" * 12,
    ],
    ids=["empty", "text", "cut", "header", "list", "row", "damaged"],
)
def test_a_broken_overlay_is_left_out_and_logged(tmp_path, caplog, content):
    overlay.path_of(tmp_path, "44").write_bytes(content)
    use_overlays(tmp_path)
    with caplog.at_level(logging.ERROR):
        assert territory().lookup(EPINAL).name == "Épinal"
    assert "territory-44.tsv.gz is left out" in caplog.text


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    overlay.write(tmp_path, "44", {"vintage": "2026"}, ["old"])
    before = overlay.path_of(tmp_path, "44").read_bytes()
    monkeypatch.setattr(overlay.os, "replace", _no_space)
    with pytest.raises(OSError, match="No space"):
        overlay.write(tmp_path, "44", {"vintage": "2027"}, ["new"])
    assert overlay.path_of(tmp_path, "44").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["territory-44.tsv.gz"]


def _no_space(*_):
    raise OSError(28, "No space left on device")


def test_perimeters_follow_the_overlay(tmp_path):
    communes, epcis = answers()
    named(communes, EPINAL)["population"] = 3_499
    assert Perimeter(region="44", population_min=3500).contains(EPINAL)
    use(update(communes, epcis), tmp_path)
    assert not Perimeter(region="44", population_min=3500).contains(EPINAL)
    assert perimeter._index.cache_info().maxsize == 2

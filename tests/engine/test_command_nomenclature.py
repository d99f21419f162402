"""``budgetod nomenclature update`` from an address: a real server on the loopback is the mirror."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ckanext.budgetod.engine import cli
from ckanext.budgetod.engine.nomenclature import compiler
from ckanext.budgetod.sources import official_plans, waiting
from ckanext.budgetod.terminal import main

from .serving import Server, redirect, text

PLACE = "/normes/2031/M57/M57_D/planDeCompte.xml"
PLAN = (
    '<Nomenclature Norme="M57" Declinaison="M57_D" Exer="2031"><Nature><Comptes>'
    '<Compte Code="60612" Libelle="Gaz" DR="011"/></Comptes></Nature></Nomenclature>'
)
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(official_plans, "CALLS_PER_SECOND", 1000.0)
    with Server() as running:
        yield running


def update(address: str, plans: Path, *more: str) -> int:
    command = ["nomenclature", "update", "--source", address, "--year", "2031"]
    return main([*command, "--plan", str(plans), *more])


def test_plans_come_from_a_mirror(mirror: Server, tmp_path: Path, capsys: Captured) -> None:
    mirror.on(PLACE, text(200, PLAN))
    assert update(f"{mirror.url}/normes/", tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["added"] == ["M57-M57_D 2031"]
    assert PLACE in {call.path for call in mirror.calls}
    assert update(f"{mirror.url}/normes", tmp_path) == 0
    assert "0 plan ajouté, 1 déjà connu" in capsys.readouterr().out


def test_a_failing_mirror_changes_nothing(mirror: Server, tmp_path: Path, capsys: Captured) -> None:
    mirror.on(PLACE, text(503, "later"))
    assert update(f"{mirror.url}/normes", tmp_path) == 2
    told = capsys.readouterr().err
    assert PLACE in told
    assert "(HTTP 503)" in told
    assert not list(tmp_path.iterdir())


def test_a_mirror_without_plans_says_so(mirror: Server, tmp_path: Path, capsys: Captured) -> None:
    assert update(mirror.url, tmp_path, "--lang", "en") == 2
    assert f"no plan found at {mirror.url} for 2031" in capsys.readouterr().err


def test_a_plan_too_large_is_not_read_whole(
    mirror: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(official_plans, "MAX_PLAN_BYTES", 100)
    mirror.on(PLACE, text(200, PLAN))
    assert update(f"{mirror.url}/normes", tmp_path) == 2
    assert "trop gros" in capsys.readouterr().err


def test_what_is_fetched_can_be_compiled() -> None:
    assert official_plans.MAX_PLAN_BYTES == compiler.MAX_PLAN_BYTES


def test_a_mirror_leads_to_no_other_private_address(
    mirror: Server, tmp_path: Path, capsys: Captured
) -> None:
    with Server() as other:
        mirror.on(PLACE, redirect(other.on("/plan.xml", text(200, PLAN))))
        assert update(f"{mirror.url}/normes", tmp_path) == 2
        assert not other.calls
    assert "adresse http ou https" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://me:secret@example.org", "https:///normes"])
def test_addresses_that_are_not_called(address: str, tmp_path: Path, capsys: Captured) -> None:
    assert update(address, tmp_path) == 2
    told = capsys.readouterr().err
    assert "adresse http ou https" in told
    assert "secret" not in told


def test_no_answer_at_all(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.01)
    with Server() as gone:
        address = gone.url
    assert update(address, tmp_path) == 2
    assert "ne répond pas comme attendu." in capsys.readouterr().err


def test_a_broken_plan_does_not_stop_the_others(tmp_path: Path, capsys: Captured) -> None:
    for name, content in (("a", "<Nomenclature"), ("b", PLAN)):
        (tmp_path / "mirror" / name).mkdir(parents=True)
        (tmp_path / "mirror" / name / "planDeCompte.xml").write_text(content)
    assert update(str(tmp_path / "mirror"), tmp_path / "plans") == 1
    told = capsys.readouterr().out
    assert "1 plan ajouté" in told
    assert "/a/planDeCompte.xml" in told


def test_the_engine_alone_calls_nobody(mirror: Server, tmp_path: Path, capsys: Captured) -> None:
    command = ["nomenclature", "update", "--source", mirror.url, "--plan", str(tmp_path)]
    assert cli.main(command) == 3
    assert "n’appelle aucune adresse" in capsys.readouterr().err.replace("'", "’")
    assert not mirror.calls

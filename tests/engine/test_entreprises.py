"""Names of SIREN that the reference table lacks, asked of the stand-in of the register."""

from __future__ import annotations

from pathlib import Path

import pytest
from standin import StandIn

from ckanext.budgetod.engine.errors import RemoteFailed
from ckanext.budgetod.sources import entreprises
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.settings import Settings

NANCY = "215403957"


@pytest.fixture
def standin():
    with StandIn(territory=[NANCY]) as running:
        yield running


@pytest.fixture
def client(standin: StandIn, tmp_path: Path) -> Client:
    hosts = frozenset([f"127.0.0.1:{standin.port}"])
    return Client(Settings(tmp_path, standin.urls, allowed_hosts=hosts, rate=1000, attempts=1))


def test_a_name_is_asked_for_once(client: Client, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = entreprises.name_of(client, cache, NANCY)
    assert "nancy" in first.lower()
    assert entreprises.name_of(client, cache, NANCY) == first
    assert client.calls == 1


def test_an_unknown_siren_has_no_name(client: Client, tmp_path: Path) -> None:
    assert entreprises.name_of(client, Cache(tmp_path), "999999992") == ""


def test_a_fault_is_told_and_not_remembered(
    client: Client, standin: StandIn, tmp_path: Path
) -> None:
    standin.scenario("entreprises", "502", times=1)
    with pytest.raises(RemoteFailed, match="status"):
        entreprises.name_of(client, Cache(tmp_path), NANCY)
    assert entreprises.name_of(client, Cache(tmp_path), NANCY)

"""Explore API: what is asked, and that only whole exports are believed. Against a real server."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ckanext.budgetod.engine.errors import Blocked, RemoteFailed, SourceError
from ckanext.budgetod.sources import waiting
from ckanext.budgetod.sources.cache import Cache
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.opendatasoft import Dataset, Explore, all_of, any_of, equals
from ckanext.budgetod.sources.table import check_table

from .serving import Server, chunked, raw, settings, silent, text, told

API = "/dgfip/api/explore/v2.1/catalog/datasets"
ID = "balances-comptables-des-communes-en-2024"
FIELDS = {"exer": "date", "siren": "text", "compte": "text", "sd": "double", "ptot": "int"}
COLUMNS = ["siren", "compte", "sd", "invented"]
ROWS = ["215403957;6411;1234.5", "215403957;0021;0.0", '215704636;60;"a ""b"" ; c"']
WHOLE = "\r\n".join(["siren;compte;sd", *ROWS, ""])
INTERRUPTED = (
    "Streaming interrupted due to the following error: Invalid value for sum of offset + limit API"
    " parameter: 83714 was found but <= 10000 is expected."
    " (error_code: InvalidRESTParameterError)"
)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.on(f"{API}/{ID}", told(metadata()))
        running.on(f"{API}/{ID}/records", total(len(ROWS)))
        running.on(f"{API}/{ID}/exports/csv", chunked(WHOLE.encode()))
        yield running


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.01)


def metadata(modified: str = "2026-07-13T08:00:00+00:00", **metas: Any) -> dict[str, Any]:
    default = {"modified": modified, "records_count": 6963040, "title": "Balances 2024", **metas}
    fields = [{"name": name, "type": kind, "label": name} for name, kind in FIELDS.items()]
    return {"dataset_id": ID, "fields": fields, "metas": {"default": default}}


def total(count: int):
    return told({"total_count": count, "results": []})


def explore(server: Server, folder: Path, apikey: str = "", **changes: Any) -> Explore:
    client = Client(settings(folder, server, **changes))
    return Explore(client, Cache(folder / "cache"), f"{server.url}/dgfip/", apikey)


def failure(source: Explore, **more: Any) -> SourceError:
    with pytest.raises(SourceError) as failed:
        source.export(ID, 'ndept="054"', COLUMNS, **more)
    return failed.value


def paths(server: Server) -> list[str]:
    return [call.path.removeprefix(f"{API}/{ID}") for call in server.calls]


# --- what the catalogue says ----------------------------------------------------------------------


def test_a_dataset_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    source = explore(server, tmp_path)
    dataset = source.dataset(ID)
    assert dataset is source.dataset(ID)
    assert dataset.fields == FIELDS
    assert (dataset.id, dataset.records_count) == (ID, 6963040)
    assert (dataset.title, dataset.modified) == ("Balances 2024", "2026-07-13T08:00:00+00:00")
    assert len(server.calls) == 1


def test_any_sign_of_change_is_another_version(server: Server, tmp_path: Path) -> None:
    versions = set()
    changes = [{}, {"modified": "2026-12"}, {"data_processed": "2026-12"}, {"records_count": 7}]
    for change in changes:
        server.on(f"{API}/{ID}", told(metadata(**change)))
        versions.add(explore(server, tmp_path).dataset(ID).version)
    assert len(versions) == 4


def test_an_unknown_dataset_has_a_code_of_its_own(server: Server, tmp_path: Path) -> None:
    server.on(f"{API}/unknown", told({"message": "x", "error_code": "y"}, 404))
    for name in ("unknown", "../../etc", ""):
        with pytest.raises(RemoteFailed) as failed:
            explore(server, tmp_path).dataset(name)
        assert (failed.value.code, failed.value.params["dataset"]) == ("dataset", name)
    assert len(server.calls) == 1


@pytest.mark.parametrize("body", [[], {}, {"dataset_id": ID}, {"dataset_id": ID, "fields": [1]}])
def test_other_json_is_no_dataset(server: Server, tmp_path: Path, body: Any) -> None:
    server.on(f"{API}/{ID}", told(body))
    with pytest.raises(RemoteFailed) as failed:
        explore(server, tmp_path).dataset(ID)
    assert failed.value.code == "not_json"


def test_the_key_goes_into_a_header(server: Server, tmp_path: Path) -> None:
    explore(server, tmp_path, "k3y").export(ID, "", COLUMNS)
    assert {call.headers["Authorization"] for call in server.calls} == {"Apikey k3y"}
    assert not [call for call in server.calls if "apikey" in call.params]


# --- exports --------------------------------------------------------------------------------------


def test_what_an_export_asks(server: Server, tmp_path: Path) -> None:
    where = 'ndept="054" and year(exer)=2024'
    path = explore(server, tmp_path).export(ID, where, COLUMNS)
    assert path.read_bytes() == WHOLE.encode()
    assert paths(server) == ["", "/records", "/exports/csv"]
    _, count, export = (call.params for call in server.calls)
    assert count == {"limit": "0", "where": where}
    assert export == {
        "select": "siren,compte,sd",
        "where": where,
        "delimiter": ";",
        "use_labels": "false",
    }


def test_an_unchanged_export_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    first = explore(server, tmp_path).export(ID, 'ndept="054"', COLUMNS)
    again = explore(server, tmp_path)
    assert again.export(ID, 'ndept="054"', COLUMNS) == first
    assert again.export(ID, 'ndept="054"', COLUMNS) == first
    assert paths(server) == ["", "/records", "/exports/csv", ""]
    again.export(ID, 'ndept="057"', COLUMNS)
    again.export(ID, 'ndept="054"', ["siren", "compte", "sd", "ptot"][:3])
    assert len(server.calls) == 4 + 2 + 2


def test_three_calls_per_department_and_year(server: Server, tmp_path: Path) -> None:
    source = explore(server, tmp_path)
    groups = told({"results": [{"siren": "215403957", "n": 2}]})
    server.on(f"{API}/{ID}/records", *[groups, total(len(ROWS))] * 10)
    for department in range(10):
        where = equals(source.dataset(ID), "siren", department)
        source.groups(ID, ["siren"], where)
        source.export(ID, where, COLUMNS)
    assert len(server.calls) <= 3 * 10 + 1


def test_a_changed_dataset_is_exported_again(server: Server, tmp_path: Path) -> None:
    seen = []
    for month in ("07", "08", "09"):
        server.on(f"{API}/{ID}", told(metadata(f"2026-{month}-01")))
        seen.append(explore(server, tmp_path).export(ID, "", COLUMNS))
    assert len(set(seen)) == 3
    assert [path.exists() for path in seen] == [False, True, True]
    assert paths(server).count("/exports/csv") == 3
    server.on(f"{API}/{ID}", told(metadata("2026-08-01")))
    assert explore(server, tmp_path).export(ID, "", COLUMNS) == seen[1]


BODIES = {
    "BOM": "\ufeff" + WHOLE,
    "line feeds": WHOLE.replace("\r\n", "\n"),
    "no last line end": WHOLE.rstrip(),
    "quoted": WHOLE.replace("6411", '"6411"'),
    "line end in a cell": WHOLE.replace("6411", '"64\n11"'),
    "other order": WHOLE.replace("siren;compte;sd", "sd;siren;compte"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_whole_exports(server: Server, tmp_path: Path, body: str) -> None:
    server.on(f"{API}/{ID}/exports/csv", chunked(body.encode()))
    path = explore(server, tmp_path).export(ID, "", COLUMNS)
    assert path.read_bytes() == body.encode()


FAULTS = {
    "row missing": ("\r\n".join(["siren;compte;sd", *ROWS[:2], ""]), "truncated"),
    "row too many": (WHOLE + "215704636;61;1\r\n", "truncated"),
    "short row": (WHOLE.replace("0021;0.0", "0021"), "truncated"),
    "short last row": (WHOLE[: WHOLE.rindex(";")], "truncated"),
    "long row": (WHOLE.replace("0021;0.0", "0021;0.0;9"), "truncated"),
    "open quote": (WHOLE.replace("6411", '"6411'), "truncated"),
    "cut in a quote": (WHOLE.rstrip()[:-1], "truncated"),
    "blank line": (WHOLE.replace("\r\n", "\r\n\r\n", 1), "truncated"),
    "nothing": ("", "truncated"),
    "header only": ("siren;compte;sd\r\n", "truncated"),
    "header twice": (WHOLE.replace("compte", "siren", 1), "truncated"),
    "wrong encoding": (WHOLE.encode().replace(b"6411", b"64\xe911"), "truncated"),
    "column missing": ("\n".join(["siren;sd", "1;2", "1;2", "1;2", ""]), "columns"),
    "labels": (WHOLE.replace("siren;compte;sd", "SIREN;Compte;SD"), "columns"),
    "commas": ("\n".join(["siren,compte,sd", "1,2,3", "1,2,3", "1,2,3", ""]), "columns"),
    "HTML": ("\n <!DOCTYPE html><html>" + "<p>x</p>" * 99, "html"),
    "error as JSON": ('{"error_code":"x","message":"y"}', "columns"),
    "tail on a line": (WHOLE + INTERRUPTED, "interrupted"),
    "tail in a row": (WHOLE[:40] + INTERRUPTED, "interrupted"),
    "tail in a quote": (WHOLE.rstrip()[:-4] + INTERRUPTED, "interrupted"),
    "tail only": (INTERRUPTED, "interrupted"),
    "tail with the right number of rows": (
        "\r\n".join(["siren;compte;sd", *ROWS[:2], "215704636;60;" + INTERRUPTED]),
        "interrupted",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_exports_that_are_not_whole(server: Server, tmp_path: Path, fault: str) -> None:
    body, code = FAULTS[fault]
    data = body if isinstance(body, bytes) else body.encode()
    server.on(f"{API}/{ID}/exports/csv", chunked(data))
    error = failure(explore(server, tmp_path))
    assert isinstance(error, RemoteFailed)
    assert error.code == code
    assert error.params["url"].startswith(server.url)
    if code == "truncated":
        assert error.params["expected"] == 3
    if code == "interrupted":
        assert error.params["message"].startswith("Invalid value for sum of offset + limit")
    assert paths(server).count("/exports/csv") == (2 if code in ("truncated", "interrupted") else 1)
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*.data")]
    assert data not in kept
    offline = explore(server, tmp_path, offline=True)
    assert failure(offline).code == "offline"
    server.on(f"{API}/{ID}/exports/csv", chunked(WHOLE.encode()))
    assert explore(server, tmp_path).export(ID, 'ndept="054"', COLUMNS).read_bytes()


def test_a_second_export_may_be_whole(server: Server, tmp_path: Path) -> None:
    answers = [chunked((WHOLE[:30] + INTERRUPTED).encode()), chunked(WHOLE.encode())]
    server.on(f"{API}/{ID}/exports/csv", *answers)
    assert explore(server, tmp_path).export(ID, "", COLUMNS).read_bytes() == WHOLE.encode()


TRANSPORT = {
    "cut chunk": (chunked(WHOLE.encode(), ended=False), "truncated"),
    "length": (text(200, WHOLE, {"Content-Length": "9999"}), "truncated"),
    "reset": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsi", reset=True), "truncated"),
    "closed in the last row": (raw(b"HTTP/1.0 200 OK\r\n\r\n", WHOLE[:-4].encode()), "truncated"),
    "502": (text(502, "<html>"), "status"),
    "500": (text(500, "oops"), "status"),
    "400": (told({"message": "Unknown field", "error_code": "ODSQLError"}, 400), "request"),
    "429": (told({"errorcode": 10002, "reset_time": "2999-01-01T00:00:00Z"}, 429), "quota"),
    "410": (text(410, ""), "gone"),
    "silence": (silent(0.5), "timeout"),
    "too large": (text(200, "x", {"Content-Length": str(10**12)}), "too_large"),
}


@pytest.mark.parametrize("fault", TRANSPORT)
def test_exports_that_do_not_arrive(server: Server, tmp_path: Path, fault: str) -> None:
    answer, code = TRANSPORT[fault]
    server.on(f"{API}/{ID}/exports/csv", answer)
    patience = 0.2 if fault == "silence" else 3
    assert failure(explore(server, tmp_path, read_timeout=patience)).code == code
    assert failure(explore(server, tmp_path, offline=True)).code == "offline"
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_columns_come_and_go(server: Server, tmp_path: Path) -> None:
    error = failure(explore(server, tmp_path), required=["siren", "obnetdeb", "oobdeb"])
    assert (error.code, error.params["missing"]) == ("columns", "obnetdeb, oobdeb")
    with pytest.raises(RemoteFailed) as failed:
        explore(server, tmp_path).export(ID, "", ["invented"])
    assert failed.value.code == "columns"
    assert "/exports/csv" not in paths(server)


def test_no_row_is_a_whole_answer(server: Server, tmp_path: Path) -> None:
    server.on(f"{API}/{ID}/records", total(0))
    path = explore(server, tmp_path).export(ID, "", COLUMNS)
    assert check_table(path) == (["siren", "compte", "sd"], 0)
    assert "/exports/csv" not in paths(server)


# --- offline --------------------------------------------------------------------------------------


def test_everything_is_replayed_offline(server: Server, tmp_path: Path) -> None:
    groups = told({"results": [{"siren": "215403957", "n": 2}]})
    server.on(f"{API}/{ID}/records", groups, total(3))
    server.on(API, told({"total_count": 1, "results": [metadata()]}))
    online = explore(server, tmp_path)

    def asked(source: Explore) -> list[Any]:
        return [
            source.dataset(ID),
            source.groups(ID, ["siren"], ""),
            source.count(ID, ""),
            source.export(ID, "", COLUMNS).read_bytes(),
            source.search("balances"),
        ]

    before = asked(online)
    calls = len(server.calls)
    assert asked(explore(server, tmp_path, offline=True)) == before
    assert len(server.calls) == calls
    for ask in (lambda s: s.count(ID, "other"), lambda s: s.search("x"), lambda s: s.dataset("y")):
        with pytest.raises(Blocked) as failed:
            ask(explore(server, tmp_path, offline=True))
        assert failed.value.code == "offline"


def test_the_newest_whole_export_is_replayed(server: Server, tmp_path: Path) -> None:
    for month in ("07", "08"):
        server.on(f"{API}/{ID}", told(metadata(f"2026-{month}-01")))
        newest = explore(server, tmp_path).export(ID, "", COLUMNS)
    server.on(f"{API}/{ID}", told(metadata("2026-09-01")))
    explore(server, tmp_path).dataset(ID)
    assert explore(server, tmp_path, offline=True).export(ID, "", COLUMNS) == newest
    newest.write_bytes(b"damaged")
    assert explore(server, tmp_path, offline=True).export(ID, "", COLUMNS) != newest


# --- other questions ------------------------------------------------------------------------------


def test_groups(server: Server, tmp_path: Path) -> None:
    found = [{"siren": "215403957", "ident": None, "n": 12}]
    server.on(f"{API}/{ID}/records", told({"results": found}))
    source = explore(server, tmp_path)
    assert source.groups(ID, ["siren", "compte"], "a=1") == found
    params = server.calls[-1].params
    assert int(params.pop("limit")) < 20_000
    assert params == {
        "select": "siren,compte,count(*) as n",
        "group_by": "siren,compte",
        "where": "a=1",
    }
    with pytest.raises(RemoteFailed) as failed:
        source.groups(ID, ["nothing"], "")
    assert failed.value.code == "columns"
    server.on(f"{API}/{ID}/records", told({"results": [{"siren": "", "n": 1}] * 19_999}))
    with pytest.raises(RemoteFailed) as failed:
        source.groups(ID, ["siren"], "")
    assert failed.value.code == "too_large"


def page(rows: list[dict[str, Any]], first: int, whole: int):
    return told({"total_count": whole, "results": rows[first : first + 100]})


def test_pages_stay_under_the_ceiling(server: Server, tmp_path: Path) -> None:
    rows = [{"compte": str(number)} for number in range(250)]
    server.on(f"{API}/{ID}/records", *(page(rows, first, 250) for first in (0, 100, 200)))
    source = explore(server, tmp_path)
    assert source.records(ID, "a=1", ["compte"], "compte") == rows
    asked = [call.params for call in server.calls if call.path.endswith("/records")]
    assert [(one["limit"], one["offset"]) for one in asked] == [
        ("100", "0"),
        ("100", "100"),
        ("100", "200"),
    ]
    assert {one["order_by"] for one in asked} == {"compte"}
    server.on(f"{API}/{ID}/records", page(rows, 0, 9_950))
    calls = len(server.calls)
    with pytest.raises(RemoteFailed) as failed:
        source.records(ID, "", ["compte"], "compte")
    assert failed.value.code == "too_large"
    assert len(server.calls) == calls + 1
    server.on(f"{API}/{ID}/records", page(rows, 200, 250), page(rows, 250, 250))
    with pytest.raises(RemoteFailed) as failed:
        source.records(ID, "", ["compte"], "compte")
    assert failed.value.code == "truncated"


@pytest.mark.parametrize("body", [[], {}, {"total_count": "many"}, {"total_count": None}])
def test_other_json_is_no_count(server: Server, tmp_path: Path, body: Any) -> None:
    server.on(f"{API}/{ID}/records", told(body))
    with pytest.raises(RemoteFailed) as failed:
        explore(server, tmp_path).count(ID, "")
    assert failed.value.code == "not_json"


def test_search_in_the_catalogue(server: Server, tmp_path: Path) -> None:
    rows: list[Any] = [metadata(), {"dataset_id": "other"}]
    server.on(API, told({"total_count": 2, "results": rows}))
    found = explore(server, tmp_path).search('balances "comptables"')
    assert found == [(ID, "Balances 2024"), ("other", "")]
    params = server.calls[0].params
    assert params["where"] == 'search(dataset_id,"balances \\"comptables\\"")'
    assert int(params["limit"]) <= 100


# --- conditions -----------------------------------------------------------------------------------

DATASET = Dataset(ID, FIELDS)


def test_literals_follow_the_declared_type() -> None:
    assert equals(DATASET, "siren", 215403957) == 'siren="215403957"'
    assert equals(DATASET, "siren", 'a" or 1=1 or "') == 'siren="a\\" or 1=1 or \\""'
    assert equals(DATASET, "siren", "Taxe d'enlévement") == 'siren="Taxe d\'enlévement"'
    assert equals(DATASET, "exer", 2024) == "year(exer)=2024"
    assert equals(DATASET, "exer", "2024-01-01") == "year(exer)=2024"
    assert equals(DATASET, "ptot", "12") == "ptot=12"
    assert equals(DATASET, "sd", "1E3") == "sd=1000"
    textual = dataclasses.replace(DATASET, fields={"exer": "text"})
    assert equals(textual, "exer", 2024) == 'exer="2024"'


@pytest.mark.parametrize("value", ["1 or 1=1", "", "NaN", "inf", None])
def test_what_is_no_number_is_no_condition(value: Any) -> None:
    with pytest.raises(ValueError):
        equals(DATASET, "ptot", value)
    with pytest.raises(ValueError):
        equals(DATASET, "exer", value)


def test_conditions_name_known_fields() -> None:
    for field in ("nothing", "siren or 1=1"):
        with pytest.raises(RemoteFailed) as failed:
            equals(DATASET, field, "x")
        assert failed.value.params["missing"] == field


def test_conditions_together() -> None:
    assert any_of(DATASET, "siren", ["1", "2", "1"]) == 'siren in ("1","2")'
    assert any_of(DATASET, "siren", ["1"]) == 'siren="1"'
    years = any_of(DATASET, "exer", [2023, 2024])
    assert years == "(year(exer)=2023 or year(exer)=2024)"
    assert all_of(years, "", 'siren="1"') == f'{years} and siren="1"'
    assert all_of("", "") == ""
    with pytest.raises(ValueError):
        any_of(DATASET, "siren", [])


def test_nothing_but_json_is_kept_of_an_answer(server: Server, tmp_path: Path) -> None:
    explore(server, tmp_path).dataset(ID)
    (kept,) = (tmp_path / "cache").rglob("*.data")
    assert json.loads(kept.read_bytes())["dataset_id"] == ID

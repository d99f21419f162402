"""The stand-in of the national sources, asked through real HTTP."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from standin import StandIn
from standin.faults import INTERRUPTED

from ckanext.budgetod.engine.scdl.schema import COLUMNS, SECTIONS
from ckanext.budgetod.engine.siret import valid_siret

NANCY, FLEURY, METZ, ALSACE = "215403957", "215501891", "215704636", "200094332"
BOTH_NEUFCHATEAU = ("218803211", "933709198")
DGFIP = "/dgfip/api/explore/v2.1/catalog/datasets"
OFGL = "/ofgl/api/explore/v2.1/catalog/datasets/ofgl-base-communes"
DATAGOUV = "/datagouv/api/1"
COMMUNES = f"{DGFIP}/balances-comptables-des-communes-en-2024"


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(running: StandIn) -> Iterator[StandIn]:
    running.reset()
    yield running
    running.reset()


def ask(standin: StandIn, path: str, **params: object) -> requests.Response:
    return requests.get(standin.url + path, params=params, timeout=30, allow_redirects=False)  # type: ignore[arg-type]


def rows(standin: StandIn, path: str, **params: object) -> list[dict[str, str]]:
    answer = ask(standin, f"{path}/exports/csv", **params)
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def count(standin: StandIn, path: str, where: str) -> int:
    return ask(standin, f"{path}/records", where=where, limit=0).json()["total_count"]


def of(siren: str) -> str:
    return f'siren="{siren}"'


def real(row: dict[str, str]) -> Decimal:
    """What an account spent, without order operations."""
    net = Decimal(row["obnetdeb"]) - Decimal(row["obnetcre"])
    return net - Decimal(row["oobdeb"]) + Decimal(row["oobcre"])


def described(standin: StandIn, slug: str) -> dict:
    """The one resource of a dataset of data.gouv.fr."""
    return ask(standin, f"{DATAGOUV}/datasets/{slug}/").json()["resources"][0]


def file(standin: StandIn, slug: str) -> bytes:
    return requests.get(described(standin, slug)["latest"], timeout=30).content


class TestAccounts:
    def test_the_same_seed_gives_the_same_accounts(self, standin: StandIn) -> None:
        first = rows(standin, COMMUNES, where=of(NANCY))
        with StandIn(territory=[NANCY]) as other, StandIn(territory=[NANCY], seed=2) as seeded:
            assert rows(other, COMMUNES, where=of(NANCY)) == first
            assert rows(seeded, COMMUNES, where=of(NANCY)) != first

    def test_debits_equal_credits(self, standin: StandIn) -> None:
        found = rows(standin, COMMUNES, where=of(NANCY))
        for debit, credit in (("bedeb", "becre"), ("sd", "sc")):
            total = [sum(Decimal(row[name]) for row in found) for name in (debit, credit)]
            assert total[0] == total[1] > 0
        moved = [
            sum(Decimal(row[f"{kind}{side}"]) for row in found for kind in ("obnet", "onb"))
            for side in ("deb", "cre")
        ]
        assert moved[0] == moved[1]

    def test_a_town_spends_what_towns_spend(self, standin: StandIn) -> None:
        found = [r for r in rows(standin, COMMUNES, where=of(NANCY)) if r["cbudg"] == "1"]
        real = sum(
            Decimal(r["obnetdeb"]) - Decimal(r["oobdeb"]) for r in found if r["compte"][0] == "6"
        )
        assert 600 < real / 104_000 < 1_300

    def test_budgets_apart_have_their_own_siret(self, standin: StandIn) -> None:
        found = rows(standin, COMMUNES, where='ndept="055"', select="siren,ident,cbudg,nomen,lbudg")
        budgets = {(r["siren"], r["ident"], r["cbudg"], r["nomen"]) for r in found}
        assert len({ident for _, ident, _, _ in budgets}) == len(budgets)
        assert {cbudg for _, _, cbudg, _ in budgets} == {"1", "2", "3"}
        assert {"M57", "M57A", "M49A"} <= {nomen for _, _, _, nomen in budgets}
        assert all(valid_siret(ident) for _, ident, _, _ in budgets)

    def test_what_is_odd_in_the_sources_is_odd_here(self, standin: StandIn) -> None:
        assert rows(standin, COMMUNES, where=of(FLEURY)), "a village of nobody has accounts"
        assert all(rows(standin, COMMUNES, where=of(siren)) for siren in BOTH_NEUFCHATEAU)
        department = f"{DGFIP}/balances-comptables-des-departements"
        alsace = rows(standin, department, where='exer=2024 and ndept="67A"')
        assert {r["siren"] for r in alsace} == {ALSACE}
        found = rows(standin, COMMUNES, where='ndept="057"')
        odd = [r for r in found if Decimal(r["oobdeb"]) > Decimal(r["obnetdeb"])]
        assert 0 < len(odd) < len(found) / 1000
        still = [r for r in found if not any(Decimal(r[c]) for c in ("obnetdeb", "obnetcre"))]
        assert len(still) > len(found) / 20, "balance-only rows"

    def test_some_communes_have_no_accounts(self, standin: StandIn) -> None:
        answer = ask(
            standin,
            f"{COMMUNES}/records",
            select="count(*) as n",
            group_by="siren",
            where='cbudg="1"',
            limit=20_000,
        )
        assert 0.95 < len(answer.json()["results"]) / 5_118 < 0.99


class TestExplore:
    def test_counts_equal_exports(self, standin: StandIn) -> None:
        for where in (
            'ndept="052"',
            'ndept="052" and compte in ("1021", "515")',
            f"siren in ({NANCY}, {METZ}) and obnetdeb > 1000 and not startswith(compte, '2')",
            f'({of(NANCY)} or {of(METZ)}) and cbudg="1"',
        ):
            assert count(standin, COMMUNES, where) == len(rows(standin, COMMUNES, where=where)) > 0

    def test_an_export_has_the_columns_asked_in_their_order(self, standin: StandIn) -> None:
        answer = ask(
            standin, f"{COMMUNES}/exports/csv", where=of(METZ), select="compte,siren", limit=2
        )
        assert answer.content.startswith("\ufeffcompte;siren\r\n1021;215704636".encode())
        assert answer.headers["Transfer-Encoding"] == "chunked"
        plain = ask(standin, f"{COMMUNES}/exports/csv", where=of(METZ), with_bom="false")
        assert plain.content.startswith(b"exer;ident;ndept")
        packed = ask(standin, f"{COMMUNES}/exports/csv", where=of(METZ), compressed="true")
        assert gzip.decompress(packed.content).startswith("\ufeffexer;".encode())

    def test_json_is_typed_and_flat(self, standin: StandIn) -> None:
        objects = ask(standin, f"{COMMUNES}/exports/json", where=of(METZ)).json()
        lines = ask(standin, f"{COMMUNES}/exports/jsonl", where=of(METZ)).text.splitlines()
        assert len(objects) == len(lines) == count(standin, COMMUNES, of(METZ))
        assert isinstance(objects[0]["becre"], float)
        assert objects[0]["secteur"] is None

    def test_groups(self, standin: StandIn) -> None:
        answer = ask(
            standin,
            f"{COMMUNES}/records",
            select="count(*) as n, sum(obnetdeb) as spent",
            group_by="siren,cbudg",
            where=of(NANCY),
            limit=100,
        )
        found = answer.json()["results"]
        assert sum(group["n"] for group in found) == count(standin, COMMUNES, of(NANCY))
        assert found[0]["spent"] > 1_000_000

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"limit": 1473}, "InvalidRESTParameterError"),
            ({"offset": 9_990, "limit": 50}, "InvalidRESTParameterError"),
            ({"where": "typo=1"}, "ODSQLError"),
            ({"select": "typo"}, "ODSQLError"),
            ({"where": "siren="}, "ODSQLError"),
        ],
    )
    def test_errors_of_the_service(self, standin: StandIn, params: dict, code: str) -> None:
        answer = ask(standin, f"{COMMUNES}/records", **params)
        assert (answer.status_code, answer.json()["error_code"]) == (400, code)

    def test_a_year_is_written_as_its_type_says(self, standin: StandIn) -> None:
        gfp = f"{DGFIP}/balances-comptables-des-groupements-a-fiscalite-propre-depuis-2010"
        fields = {f["name"]: f["type"] for f in ask(standin, gfp).json()["fields"]}
        assert fields["exer"] == "date"
        refused = ask(standin, f"{gfp}/records", where="exer=2024")
        assert refused.json()["error_code"] == "IncompatibleTypesInComparisonFilter"
        assert count(standin, gfp, "year(exer)=2024") > 50_000

    def test_unknown_datasets_and_the_catalogue(self, standin: StandIn) -> None:
        missing = ask(standin, f"{DGFIP}/balances-comptables-des-communes-en-1999")
        assert missing.status_code == 404
        assert set(missing.json()) == {"message", "error_code"}
        listed = ask(standin, DGFIP, where='search(dataset_id,"fonction-2025")').json()
        assert [one["dataset_id"][-4:] for one in listed["results"]] == ["2025"]

    def test_nature_and_function_agree_with_nature(self, standin: StandIn) -> None:
        crossed = f"{DGFIP}/balances-comptables-des-collectivites-et-des-epl-avec-fonction-2023"
        found = rows(standin, crossed, where=f"siren={METZ}")
        plain = rows(standin, COMMUNES.replace("2024", "2023"), where=of(METZ))
        assert len({r["fonction"] for r in found}) > 5
        for column in ("obnetdeb", "onbcre", "bedeb"):
            sums = [sum(Decimal(r[column]) for r in some) for some in (found, plain)]
            assert sums[0] == sums[1] > 0


class TestChanges:
    def test_an_account_corrected_upstream(self, standin: StandIn) -> None:
        before, dataset = rows(standin, COMMUNES, where=of(NANCY)), ask(standin, COMMUNES).json()
        ask(standin, "/_change", siren=NANCY, exercice=2024)
        assert rows(standin, COMMUNES, where=of(NANCY)) != before
        after = ask(standin, COMMUNES).json()
        assert after["metas"]["default"]["modified"] > dataset["metas"]["default"]["modified"]

    def test_a_collectivity_that_vanishes(self, standin: StandIn) -> None:
        assert count(standin, COMMUNES, of(NANCY)) > 0
        ask(standin, "/_drop", siren=NANCY)
        assert count(standin, COMMUNES, of(NANCY)) == 0
        ask(standin, "/_reset")
        assert count(standin, COMMUNES, of(NANCY)) > 0


class TestFaults:
    @pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 502, 503])
    def test_statuses_strike_as_often_as_told(self, standin: StandIn, status: int) -> None:
        ask(standin, "/_scenario", service="dgfip", fault=status, times=2, match="/records")
        seen = [ask(standin, f"{COMMUNES}/records", limit=0).status_code for _ in range(3)]
        assert seen == [status, status, 200]
        assert [call.status for call in standin.calls("dgfip")] == seen

    def test_quotas(self, standin: StandIn) -> None:
        assert ask(standin, COMMUNES).headers["X-RateLimit-Limit"] == "50000"
        standin.scenario("dgfip", "429-anonymous", reset="past", retry_after=1)
        refused = ask(standin, COMMUNES)
        assert refused.json()["errorcode"] == 10005
        assert refused.json()["reset_time"] < time.strftime("%Y-%m-%d", time.gmtime())
        assert refused.headers["Retry-After"] == "1"

    def test_bodies_that_end_badly(self, standin: StandIn) -> None:
        whole = ask(standin, f"{COMMUNES}/exports/csv", where=of(NANCY)).text
        standin.scenario("dgfip", "interrupted", match="/exports/", times=1)
        assert ask(standin, f"{COMMUNES}/exports/csv", where=of(NANCY)).text.endswith(INTERRUPTED)
        standin.scenario("dgfip", "truncated", match="/exports/", times=1)
        half = ask(standin, f"{COMMUNES}/exports/csv", where=of(NANCY))
        assert half.status_code == 200
        assert whole.startswith(half.text)
        assert half.text != whole

    @pytest.mark.parametrize("fault", ["cut", "reset"])
    def test_connections_that_break(self, standin: StandIn, fault: str) -> None:
        standin.scenario("dgfip", fault, times=1)
        with pytest.raises(requests.RequestException):
            ask(standin, f"{COMMUNES}/exports/csv", where=of(NANCY))
        assert ask(standin, f"{COMMUNES}/exports/csv", where=of(NANCY)).ok

    def test_columns_that_come_and_go(self, standin: StandIn) -> None:
        standin.scenario("dgfip", "column-added", column="nouveau", times=2)
        names = [field["name"] for field in ask(standin, COMMUNES).json()["fields"]]
        assert names[-1] == "nouveau"
        assert rows(standin, COMMUNES, where=of(NANCY))[0]["nouveau"] == "nouveau"
        standin.scenario("dgfip", "column-removed", column="categ")
        refused = ask(standin, f"{COMMUNES}/exports/csv", select="categ")
        assert refused.json()["error_code"] == "ODSQLError"

    def test_other_answers(self, standin: StandIn) -> None:
        path = f"{COMMUNES}/exports/csv"
        whole = ask(standin, path, where=of(FLEURY)).content
        for fault in ("redirect-private", "html-as-csv", "huge", "gzip"):
            standin.scenario("dgfip", fault, times=1, bytes=1_000_000)
        assert ask(standin, path, where=of(FLEURY)).headers["Location"].startswith("http://169.254")
        assert b"<html" in ask(standin, path, where=of(FLEURY)).content
        assert len(ask(standin, path, where=of(FLEURY)).content) >= 1_000_000
        packed = ask(standin, path, where=of(FLEURY))
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.content == whole

    def test_a_slow_answer(self, standin: StandIn) -> None:
        standin.scenario("dgfip", "slow", seconds=0.3, times=1)
        start = time.monotonic()
        ask(standin, COMMUNES)
        assert time.monotonic() - start >= 0.3


class TestOfgl:
    def test_spending_is_that_of_the_balances(self, standin: StandIn) -> None:
        where = f'{of(NANCY)} and year(exer)=2024 and type_de_budget="Budget principal"'
        label = "Dépenses de fonctionnement"
        found = rows(standin, OFGL, where=f'{where} and agregat="{label}"')
        assert len(found) == 1
        balance = [r for r in rows(standin, COMMUNES, where=of(NANCY)) if r["cbudg"] == "1"]
        spent = sum(
            real(r) if r["compte"].startswith(("6", "739")) else Decimal(0)
            for r in balance
            if not r["compte"].startswith(("68", "675", "676"))
        )
        assert Decimal(found[0]["montant"]) == spent
        each = float(found[0]["montant"]) / int(found[0]["ptot"])
        assert float(found[0]["euros_par_habitant"]) == pytest.approx(each)

    def test_years_are_dates(self, standin: StandIn) -> None:
        refused = ask(standin, f"{OFGL}/records", where=f"{of(NANCY)} and exer=2025")
        assert refused.json()["error_code"] == "IncompatibleTypesInComparisonFilter"
        since = ask(
            standin,
            f"{OFGL}/records",
            where=f"{of(NANCY)} and exer>=date'2024-01-01'",
            select="count(*) as n",
            group_by="exer",
        )
        assert [group["exer"] for group in since.json()["results"]] == ["2024", "2025"]

    def test_nobody_lives_there(self, standin: StandIn) -> None:
        found = rows(standin, OFGL, where=f"{of(FLEURY)} and year(exer)=2023")
        assert {(r["ptot"], r["euros_par_habitant"]) for r in found} == {("0", "")}

    def test_two_sirens_of_one_commune(self, standin: StandIn) -> None:
        where = 'com_code="88321" and year(exer)=2024 and agregat="Encours de dette"'
        found = rows(standin, OFGL, where=f'{where} and type_de_budget="Budget principal"')
        assert {r["siren"] for r in found} == set(BOTH_NEUFCHATEAU)

    def test_alsace_was_two_departments(self, standin: StandIn) -> None:
        path = OFGL.replace("communes", "departements")
        where = 'dep_code="67A" and agregat="Epargne brute" and type_de_budget="Budget principal"'
        found = rows(standin, path, where=where, select="exer,siren")
        years = [row["exer"] for row in found]
        assert years == ["2019", "2019", "2020", "2020", "2021", "2022", "2023", "2024", "2025"]


class TestDataGouv:
    def test_pages_of_a_list(self, standin: StandIn) -> None:
        first = ask(standin, f"{DATAGOUV}/datasets/", schema="scdl/budget", page_size=10).json()
        second = requests.get(first["next_page"], timeout=30).json()
        assert first["total"] == second["total"] > 20
        assert not {d["id"] for d in first["data"]} & {d["id"] for d in second["data"]}
        assert second["previous_page"]
        unknown = ask(standin, f"{DATAGOUV}/datasets/", schema="scdl-budget").json()
        assert unknown["total"] == 0
        slug = ask(standin, f"{DATAGOUV}/datasets/", organization="ville-de-metz")
        assert slug.status_code == 400

    def test_producers_say_their_siret(self, standin: StandIn) -> None:
        found = ask(standin, f"{DATAGOUV}/organizations/", q="ville metz").json()["data"]
        metz = next(one for one in found if one["name"] == "Ville de Metz")
        assert metz["business_number_id"][:9] == METZ
        listed = ask(standin, f"{DATAGOUV}/datasets/", organization=metz["id"]).json()
        assert [d["organization"]["id"] for d in listed["data"]] == [metz["id"]] * 2
        assert "business_number_id" not in listed["data"][0]["organization"]

    def test_a_good_file_is_valid(self, standin: StandIn) -> None:
        text = file(standin, "compte-administratif-2024-metz-scdl").decode()
        found = list(csv.DictReader(io.StringIO(text)))
        assert list(found[0]) == list(COLUMNS)
        assert {row["BGT_SECTION"] for row in found} == set(SECTIONS)
        assert all(valid_siret(row["BGT_SIRET"]) for row in found)

    def test_files_as_people_write_them(self, standin: StandIn) -> None:
        french = file(standin, "compte-administratif-2024-strasbourg-scdl-french")
        assert french.startswith("\ufeffbgt_natdec;".encode())
        assert b"BGT_SIRET" not in file(standin, "budget-primitif-2024-reims-scdl-nameless")
        assert b"<html" in file(standin, "compte-administratif-2024-troyes-html")
        with zipfile.ZipFile(
            io.BytesIO(file(standin, "budget-primitif-2024-metropole-du-grand-nancy-zip"))
        ) as archive:
            assert len(archive.namelist()) == 3

    def test_documents_are_those_of_the_state(self, standin: StandIn) -> None:
        totem = file(standin, "compte-administratif-2023-epinal-totem")
        cfu = file(standin, "compte-financier-unique-2024-nancy-cfu")
        assert b"DocumentBudgetaire" in totem[:300]
        assert b"CompteFinancierUnique" in cfu[:300]
        assert all(name in totem.decode("latin-1") for name in ("Tancr", "VANDREZANNE"))

    def test_a_dead_address_has_a_living_one(self, standin: StandIn) -> None:
        resource = described(standin, "budget-primitif-2024-charleville-mezieres-scdl")
        assert requests.get(resource["url"], timeout=30).status_code == 404
        moved = requests.get(resource["latest"], timeout=30, allow_redirects=False)
        assert moved.status_code == 302
        content = requests.get(moved.headers["Location"], timeout=30).content
        assert resource["checksum"]["value"] == hashlib.sha1(content).hexdigest()  # noqa: S324

    def test_gone_and_unknown(self, standin: StandIn) -> None:
        gone = ask(
            standin, f"{DATAGOUV}/datasets/compte-administratif-2024-chalons-en-champagne-scdl/"
        )
        assert (gone.status_code, list(gone.json())) == (410, ["message"])
        assert ask(standin, f"{DATAGOUV}/datasets/unknown/").status_code == 404

    def test_what_came_from_a_portal(self) -> None:
        with StandIn(territory=["216800664"], portal="https://budgets.example.org") as other:
            found = ask(other, f"{DATAGOUV}/datasets/").json()["data"]
        assert [d["harvest"]["domain"] for d in found] == ["budgets.example.org"]
        assert found[0]["resources"][0]["url"].startswith("https://budgets.example.org/")

    def test_a_producer_corrects_a_file(self, standin: StandIn) -> None:
        slug = "compte-administratif-2024-metz-scdl"
        before, content = described(standin, slug), file(standin, slug)
        standin.change(METZ, 2024)
        after = described(standin, slug)
        assert (after["id"], after["url"]) == (before["id"], before["url"])
        assert after["last_modified"] > before["last_modified"]
        assert file(standin, slug) != content


class TestReferences:
    def test_communes_and_epci_of_the_region(self, standin: StandIn) -> None:
        communes = ask(standin, "/geo/communes", codeRegion="44", fields="nom,siren").json()
        assert len(communes) > 5_000
        assert set(communes[0]) == {"nom", "code", "siren"}
        assert len(ask(standin, "/geo/epcis", codeRegion="44").json()) == 150
        members = ask(standin, "/geo/epcis/245400676/communes").json()
        assert {"nom": "Nancy", "siren": NANCY}.items() <= next(
            one for one in members if one["code"] == "54395"
        ).items()
        departements = ask(standin, "/geo/regions/44/departements").json()
        assert [one["code"] for one in departements][:3] == ["08", "10", "51"]

    def test_legal_units(self, standin: StandIn) -> None:
        found = ask(standin, "/entreprises/search", q=NANCY).json()
        assert found["results"][0]["siege"]["siret"] == "21540395700016"
        nothing = ask(standin, "/entreprises/search", q="999999999").json()
        assert nothing == {
            "results": [],
            "total_results": 0,
            "page": 1,
            "per_page": 10,
            "total_pages": 0,
        }


class TestSpeed:
    def test_nothing_is_made_before_it_is_asked(self) -> None:
        with StandIn() as fresh:
            assert len(fresh.cache) == 0
            count(fresh, COMMUNES, of(NANCY))
            assert len(fresh.cache) == 1

    def test_an_export_starts_before_it_is_whole(self) -> None:
        with StandIn() as fresh:
            url = f"{fresh.url}{COMMUNES}/exports/csv"
            with requests.get(url, stream=True, timeout=30) as answer:
                next(answer.iter_content(1024))
                assert len(fresh.cache) < 4_000

    def test_what_was_rendered_is_served_again(self, standin: StandIn) -> None:
        where = 'ndept="010"'
        first = ask(standin, f"{COMMUNES}/exports/csv", where=where).content
        ready = len(standin.cache)
        assert ask(standin, f"{COMMUNES}/exports/csv", where=where).content == first
        assert len(standin.cache) == ready

    def test_many_ask_at_once(self, standin: StandIn) -> None:
        codes = ["008", "010", "051", "052", "054", "055", "057", "088"]
        paths = [f"{COMMUNES}/exports/csv"] * len(codes)
        with ThreadPoolExecutor(len(codes)) as pool:
            answers = list(
                pool.map(lambda p, code: ask(standin, p, where=f'ndept="{code}"'), paths, codes)
            )
        for code, answer in zip(codes, answers, strict=True):
            assert answer.text.count("\n") - 1 == count(standin, COMMUNES, f'ndept="{code}"')


def test_it_runs_from_a_shell() -> None:
    script = Path(__file__).parents[1] / "standin" / "serve.py"
    with subprocess.Popen(
        [sys.executable, script, "--seed", "3"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert requests.get(f"{url}/_calls", timeout=30).json() == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

"""Sentences and the report as JSON: every code has texts in both languages, as people write."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import jsonschema
import pytest

from ckanext.budgetod.engine import findings_render as render
from ckanext.budgetod.engine.checks import registered
from ckanext.budgetod.engine.findings import Finding, Level, Where
from ckanext.budgetod.engine.report import (
    CheckResult,
    Report,
    blocking_codes,
    missing_annexe_budgets,
    withholding_codes,
)

NBSP = "\u00a0"
DOCUMENT = {
    "siret": "21570990800012",
    "siren": "215709908",
    "exercice": 2023,
    "etape": "bp",
    "etape_code": "01",
    "categorie": "principal",
    "nomenclature": "M57-M57_D",
}


def finding(code: str, level: Level = Level.CONFIRM, **params: object) -> Finding:
    return Finding(code, level, params)


def report(*findings: Finding, **document: object) -> Report:
    checks = (CheckResult("Q01", Level.CONFIRM, "passed"), CheckResult("N02", Level.INFO, "passed"))
    base = Report(document={**DOCUMENT, **document}, checks=checks, rows={"read": 3, "written": 3})
    return base.with_findings(findings)


@pytest.mark.parametrize("code", render.codes())
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_code_has_four_texts(code: str, lang: str) -> None:
    texts = render.render(finding(code), lang)
    for name in render.TEXTS:
        assert texts[name].strip(), (code, lang, name)
        assert "{" not in texts[name]
    assert texts["anchor"] == code.lower()


@pytest.mark.parametrize("code", render.codes())
def test_variants_are_bilingual(code: str) -> None:
    for variant in render.entry(code).get("variants", {}).values():
        assert set(variant) == {"fr", "en"}


@pytest.mark.parametrize("code", render.codes())
def test_french_typography(code: str) -> None:
    for name in render.TEXTS:
        text = render.render(finding(code), "fr")[name]
        assert "'" not in text
        assert not re.search(r" [;:!?»]|« ", text), text


def test_every_control_has_a_name_and_the_level_of_the_catalogue() -> None:
    for control in registered():
        found = render.entry(control.code)
        assert found["level"] == control.level.value
        assert render.check_name(control.code, "fr") != control.code
        assert render.check_name(control.code, "en") != control.code


def test_money_is_written_as_in_french() -> None:
    assert render.money("1250") == f"1{NBSP}250,00{NBSP}€"
    assert render.money("-1234567.5") == f"\u22121{NBSP}234{NBSP}567,50{NBSP}€"
    assert render.money("1250", "en") == "€1,250.00"


def test_plural_follows_the_language() -> None:
    assert "1 ligne" in render.render(finding("N02", n=1), "fr")["title"]
    assert "2 lignes" in render.render(finding("N02", n=2), "fr")["title"]
    assert "0 lines" in render.render(finding("N02", n=0), "en")["title"]


def test_dates_sizes_and_holes() -> None:
    assert f"1er{NBSP}mars 2027" in render.render(finding("S03", date="2027-03-01"))["what"]
    too_big = render.render_refusal("F09", {"case": "too_large", "size": 73_400_000, "max": 5e7})
    assert too_big["what"] == f"73,4{NBSP}Mo{NBSP}: la limite est de 50{NBSP}Mo."
    assert "…" in render.render_refusal("F05", {})["what"]
    assert f"(arrêt ligne 12{NBSP}000)" in render.render_refusal("F07", {"line": 12000})["what"]
    assert "arrêt" not in render.render_refusal("F07", {})["what"]


def test_a_value_of_the_document_cannot_open_a_hole() -> None:
    text = render.render_refusal("F05", {"racine": "{size:size}"}, "fr")["what"]
    assert "{size:size}" in text


def test_section_words_and_table() -> None:
    row = {"chapitre": "041", "depenses": "86250", "recettes": "85000", "ecart": "1250.00"}
    shown = render.render(
        finding("Q01", section="I", plus="D", moins="R", ecart="1250", table=[row])
    )
    assert shown["title"] == "Les crédits d’investissement ne sont pas équilibrés"
    assert shown["table"]["columns"][0] == "Chapitre"
    assert shown["table"]["rows"][0][3] == f"1{NBSP}250,00{NBSP}€"


def test_unknown_code_still_renders() -> None:
    assert render.render({"code": "Z99", "level": "info", "params": {}}, "fr")["title"]


def test_the_same_variant_follows_the_level() -> None:
    assert "projet de budget" in render.render(finding("S02"), "fr")["title"]
    assert "compte" in render.render(finding("S02", Level.INFO), "fr")["title"].lower()


def test_report_round_trip_and_schema() -> None:
    told = Finding("Q01", Level.CONFIRM, {"ecart": "1.00"}, (Where(2, 40, "Budget", "n"),), 3)
    data = (
        report(told)
        .with_gate(
            [finding("P02", Level.INFO)], [{"kind": "nom", "count": 2}], [{"what": "X", "count": 1}]
        )
        .to_dict()
    )
    schema = json.loads((files("ckanext.budgetod.engine") / "report.schema.json").read_text())
    jsonschema.validate(data, schema)
    again = Report.from_dict(json.loads(json.dumps(data)))
    assert again.to_dict() == data
    assert data["counts"] == {"blocking": 0, "confirm": 2, "info": 1, "passed": 1, "total": 2}


def test_report_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="not a"):
        Report.from_dict({"format": "other"})
    with pytest.raises(ValueError, match="version"):
        Report.from_dict({"format": "budgetod-report", "version": "2.0", "document": {}})


def test_findings_are_ordered_and_told_once() -> None:
    told = report(finding("N03", Level.INFO), finding("Q01"), finding("I02", Level.BLOCKING))
    assert [f.code for f in told.findings] == ["I02", "Q01", "N03"]
    assert told.with_findings([finding("Q01")]).codes() == ["I02", "Q01", "N03"]
    assert told.worst is Level.BLOCKING
    assert blocking_codes(told) == ["I02"]


@pytest.mark.parametrize(
    ("codes", "etape_code", "expected"),
    [
        (["S02"], "01", ["S02"]),
        (["S02"], "09", []),
        (["S05", "I01", "I04", "Q01"], "09", ["I01", "I04", "S05"]),
        (["Q01", "S01"], "02", []),
    ],
)
def test_what_withholds_by_default(codes: list[str], etape_code: str, expected: list[str]) -> None:
    told = report(*map(finding, codes), etape_code=etape_code)
    assert withholding_codes(told) == expected


def test_everything_to_confirm_withholds_when_asked() -> None:
    told = report(finding("Q01"), finding("N03", Level.INFO))
    assert withholding_codes(told, "confirmed") == ["Q01"]
    with pytest.raises(ValueError, match="publish_when"):
        withholding_codes(told, "never")


def test_annexe_budgets_that_are_not_published() -> None:
    summary = {
        "budgets_annexes": [
            {"code": "02", "libelle": "Eau", "siret": "21570990800028"},
            {"code": "03", "libelle": "Lotissement", "siret": ""},
        ]
    }
    (told,) = missing_annexe_budgets(summary, ["21570990800028"])
    assert told.params == {"n": 2, "noms": ["Lotissement"]}
    assert "Lotissement" in render.render(told)["what"]
    assert missing_annexe_budgets(summary, ["21570990800028", "03"]) == []
    assert missing_annexe_budgets({}, []) == []

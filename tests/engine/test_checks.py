"""Each control: one fictional document that passes it, one that fails it, nothing else moving."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import (
    VALMOSELLE,
    Spec,
    budget_element,
    cfu_document,
    fictional_siret,
    sealed,
    totem_document,
)
from ckanext.budgetod.engine.builder_accounting import whole_accounting
from ckanext.budgetod.engine.builder_annexes import sample_annexes
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.checks import registered
from ckanext.budgetod.engine.conversion import Conversion
from ckanext.budgetod.engine.document import Stage
from ckanext.budgetod.engine.findings import Finding, Level
from ckanext.budgetod.engine.findings_render import render
from ckanext.budgetod.engine.report import Report

SEALED = "2024-04-03T10:15:00"
OTHER = fictional_siret("215709908", 2)


def report(document: bytes, **options: Any) -> Report:
    return engine.check(io.BytesIO(document), **options)


def found(told: Report, code: str) -> list[Finding]:
    return [finding for finding in told.findings if finding.code == code]


def ca(**options: Any) -> bytes:
    """A sound, sealed compte administratif 2023."""
    options.setdefault("seal", SEALED)
    return totem_document(**options)


def bp(**options: Any) -> bytes:
    options.setdefault("seal", SEALED)
    return totem_document(stage="BP", exercice=2024, **options)


def dm(**options: Any) -> bytes:
    options = {"numero_dm": "1", "seal": SEALED, **options}
    return totem_document(stage="DM", exercice=2024, **options)


def cfu(**options: Any) -> bytes:
    return cfu_document(exercice=2024, seal=SEALED, **options)


def lines(
    change: Callable[[dict[str, str]], Mapping[str, str] | None], stage: str = "CA"
) -> list[dict[str, str]]:
    """The sample lines; ``change`` gives what to write over a line, None to leave it."""
    changed = []
    for line in sample_lines("M57-M57_D", Stage[stage]):
        new = change(line)
        changed.append(line if new is None else {**line, **new})
    return changed


def only(nature: str, **values: str) -> Callable[[dict[str, str]], dict[str, str] | None]:
    """Write over the lines of one account."""
    return lambda line: values if line["Nature"] == nature else None


def without(test: Callable[[dict[str, str]], bool], stage: str = "CA") -> list[dict[str, str]]:
    return [line for line in sample_lines("M57-M57_D", Stage[stage]) if not test(line)]


INVESTMENT = ("10", "13", "16", "20", "21", "23", "001", "021", "040", "041")


def is_investment(line: dict[str, str]) -> bool:
    return line["ContNat"] in INVESTMENT


CASES: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "F13": (ca, lambda: ca(lines=lines(only("60612", LibCpte="Gaz \u0096 électricité")))),
    "F14": (ca, lambda: ca(lines=lines(only("60612", LibCpte="\u00ef\u00bf\u00bdlectricit")))),
    "F16": (ca, lambda: ca(lines=lines(only("60612", **{"+Inconnu V='x'": "Inconnu V='x'"})))),
    "N03": (ca, lambda: ca(schema_version="999")),
    "Q20": (ca, lambda: ca(lines=lines(only("60612", MtReal="douze")))),
    "Q23": (ca, lambda: ca(lines=lines(only("60612", CodRD="X")))),
    "I03": (ca, lambda: ca(annexe=True, siret=OTHER, siret_principal=VALMOSELLE)),
    "I05": (ca, lambda: ca(siret="2157099080001")),
    "I07": (
        lambda: ca(annexe=True, siret=OTHER, siret_principal=VALMOSELLE),
        lambda: ca(annexe=True, siret=OTHER),
    ),
    "S01": (ca, lambda: ca(seal="")),
    "S02": (bp, lambda: bp(projet=True)),
    "S03": (ca, lambda: ca(date_vote="2199-01-01")),
    "S04": (cfu, lambda: cfu().replace(b'TypeEdition="D"', b'TypeEdition="P"')),
    "S06": (ca, lambda: ca().replace(b'V="412000.00"', b'V="412000.01"')),
    "S07": (dm, lambda: dm(numero_dm="")),
    "N01": (ca, lambda: ca(nomenclature="M99-M99_Z")),
    "N02": (ca, lambda: ca(exercice=2025)),
    "N04": (ca, lambda: ca(nomenclature="M57-M57_A", lines=_without_functions())),
    "N05": (ca, lambda: ca(lines=lines(only("60612", Nature="60999999")))),
    "N06": (ca, lambda: ca(lines=lines(only("60612", Nature="999", ContNat="")))),
    "N07": (ca, lambda: ca(lines=lines(only("60612", **_section("I"))))),
    "Q01": (bp, lambda: bp(lines=lines(only("60612", CredOuv="413250.00"), "BP"))),
    "Q02": (ca, lambda: ca(lines=without(is_investment))),
    "Q04": (ca, lambda: ca(lines=lines(lambda line: {"MtReal": "0.00", "MtRAR3112": "0.00"}))),
    "Q06": (ca, lambda: ca(lines=lines(only("021", CredOuv="1.00")))),
    "Q07": (ca, lambda: ca(lines=lines(only("777", MtReal="1.00")))),
    "Q08": (ca, lambda: ca(lines=[*sample_lines(), _result("001", "R", "001")])),
    "Q09": (ca, lambda: ca(lines=lines(only("60612", MtPrev="1.00")))),
    "Q10": (ca, lambda: ca(lines=lines(only("65748", MtReal="999999.00")))),
    "Q12": (lambda: ca(annexes=True), lambda: ca(annexes=_consolidation("1.00"))),
    "Q13": (lambda: ca(annexes=True), lambda: ca(annexes=_debt("9.00"))),
    "Q14": (
        lambda: m14(annexes={**sample_annexes(), "SOMMAIRE": _sommaire()}),
        lambda: m14(annexes={"SOMMAIRE": _sommaire()}),
    ),
    "Q15": (
        lambda: ca(informations={"PopTot": "12 480"}),
        lambda: ca(informations={"PopTot": "12 480", "ValDepRFonc": "1,00"}),
    ),
    "Q16": (ca, lambda: ca(lines=[*sample_lines(), sample_lines()[0]])),
    "Q17": (cfu, lambda: cfu(accounting=_accounting("EB_DF", "MtRealNettes"))),
    "Q18": (cfu, lambda: cfu(accounting=_accounting("BI_P", "MtNet"))),
    "Q19": (ca, lambda: ca(lines=lines(only("60612", OpBudg="1")))),
    "Q21": (lambda: ca(annexes=True), lambda: ca(annexes=_staff("1.00"))),
    "N08": (
        ca,
        lambda: ca(nomenclature="M57-M57_A", exercice=2023, lines=_abridged_with_deleted()),
    ),
    "P01": (ca, lambda: ca(lines=lines(only("60612", LibCpte="Loyer de Mme Ida VALCOURBE")))),
    "P02": (
        ca,
        lambda: ca(annexes={"PRET": [{"CodTypPret": "A", "NomBenefPret": "VALCOURBE Ida"}]}),
    ),
}


def m14(**options: Any) -> bytes:
    return ca(exercice=2021, nomenclature="M14-M14_COM_SUP3500", **options)


def _without_functions() -> list[dict[str, str]]:
    return [
        {name: value for name, value in line.items() if name != "Fonction"}
        for line in sample_lines("M57-M57_A")
    ]


def _section(code: str) -> dict[str, str]:
    element = f'CaracSup Code="Section" V="{code}"'
    return {f"+{element}": element}


def _result(nature: str, side: str, chapter: str) -> dict[str, str]:
    amounts = {"CredOuv": "120000.00", "MtReal": "120000.00"}
    return {"Nature": nature, "ContNat": chapter, "CodRD": side, **amounts, "OpBudg": "0"}


def _consolidation(gap: str) -> dict[str, list[dict[str, str]]]:
    row = {"CodTypBudAgreg": "01", "CodInvFonc": "F", "CodRD": "D"}
    return {"CONSOLIDATION": [{**row, "MtCredOuv": gap, "MtRealMandatTitre": gap}]}


def _debt(capital: str) -> dict[str, list[dict[str, str]]]:
    loan = {"CodTypEmpr": "01", "MtCapitalExer": capital, "MtIntExer": "38200.45"}
    return {"EMPRUNT": [{**loan, "MtCapitalRestDu_31_12": "1000.00"}]}


def _staff(filled: str) -> dict[str, list[dict[str, str]]]:
    return {"PERSONNEL": [{"EmploiGradeAgent": "Agent", "EffectifPourvu": filled}]}


def _sommaire() -> list[dict[str, str]]:
    return [{"CodeAnnexe": "IV-A2.1", "Present": "true"}]


def _accounting(etat: str, field: str) -> list[dict[str, str]]:
    rows = whole_accounting(sample_lines("M57-M57_D", Stage.CFU))
    mine = [row for row in rows if row["Etat"] == etat]
    touched = mine[0] if "Nature" in mine[0] else mine[-1]
    touched[field] = "7.00"
    return rows


def _abridged_with_deleted() -> list[dict[str, str]]:
    changed = sample_lines("M57-M57_A")
    changed[0] = {**changed[0], "Nature": "6062"}
    return changed


LEVELS = {control.code: control.level for control in registered()}
ELSEWHERE = {"F00", "Q03", "Q11", "Q22", "S05", "D02", "D03"}
"""F00 always passes; the others need another document: see below."""


def test_no_control_is_left_untested() -> None:
    assert set(CASES) | ELSEWHERE == set(LEVELS)


@pytest.mark.parametrize("code", sorted(CASES))
def test_the_sound_document_passes(code: str) -> None:
    told = report(CASES[code][0]())
    assert not found(told, code), found(told, code)


@pytest.mark.parametrize("code", sorted(CASES))
def test_the_faulty_document_is_told(code: str) -> None:
    told = report(CASES[code][1]())
    findings = found(told, code)
    assert findings
    assert findings[0].level is LEVELS[code]
    states = {check.code: check.state for check in told.checks}
    if LEVELS[code] is Level.INFO:
        assert code not in states
    else:
        assert states[code] == "failed"


@pytest.mark.parametrize("make", [ca, bp, dm, cfu, lambda: ca(annexes=True)])
def test_a_sound_document_has_nothing_to_confirm(make: Callable[[], bytes]) -> None:
    told = report(make())
    counts = told.counts
    confirm = [code for code in told.codes(Level.CONFIRM) if code != "P01"]
    assert confirm == []
    assert counts["blocking"] == 0
    assert 14 <= counts["total"] <= 30


def test_the_list_of_controls_is_the_same_for_every_document() -> None:
    lists = [[check.code for check in report(make()).checks] for make in (ca, bp, dm, cfu)]
    assert all(codes == lists[0] for codes in lists)
    assert 15 <= len(lists[0]) <= 33


def test_imbalance_says_how_much_where_and_which_chapters() -> None:
    told = report(bp(lines=lines(only("60612", CredOuv="413250.00"), "BP")))
    (finding,) = found(told, "Q01")
    assert finding.params["section"] == "F"
    assert finding.params["plus"] == "D"
    assert finding.params["ecart"] == "1250.00"
    assert {"chapitre", "depenses", "recettes", "ecart", "lignes"} <= set(
        finding.params["table"][0]
    )
    assert finding.where[0].source_line
    assert finding.where[0].element.startswith("Budget/LigneBudget[")


def test_the_chapter_at_fault_is_told_when_it_can_be() -> None:
    """041 is one movement seen twice: when it alone does not balance, it is the one."""

    def change(line: dict[str, str]) -> dict[str, str] | None:
        wrong = line["ContNat"] == "041" and line["CodRD"] == "D"
        return {"CredOuv": "16250.00", "MtPrev": "16250.00"} if wrong else None

    (finding,) = found(report(bp(lines=lines(change, "BP"))), "Q01")
    own, others = finding.params["table"]
    assert own["chapitre"] == "041 Opérations patrimoniales"
    assert (own["ecart"], others["ecart"]) == ("1250.00", "0.00")
    assert {place.line for place in finding.where} == set(own["lignes"])
    shown = render(finding)
    assert shown["table"]["rows"][1][0] == "Autres chapitres"


def test_one_cent_is_an_imbalance() -> None:
    told = report(bp(lines=lines(only("60612", CredOuv="412000.01"), "BP")))
    assert found(told, "Q01")[0].params["ecart"] == "0.01"


def test_credits_are_votes_where_no_credit_is_written() -> None:
    """A vendor that leaves CredOuv out votes in MtPrev: the budget balances all the same."""
    bare = [
        {name: value for name, value in line.items() if name != "CredOuv"}
        for line in sample_lines("M57-M57_D", Stage.BP)
    ]
    assert not found(report(bp(lines=bare)), "Q01")


def test_a_project_that_holds_proposals_alone_has_its_four_sides() -> None:
    """Reference: in a project, totals use MtPropNouv."""
    proposed = [
        {"MtPropNouv" if name == "CredOuv" else name: value for name, value in line.items()}
        for line in sample_lines("M57-M57_D", Stage.BP)
    ]
    for line in proposed:
        line.pop("MtPrev", None)
    told = report(bp(lines=proposed, projet=True))
    assert not found(told, "Q01")
    assert not found(told, "Q02")
    assert not found(told, "Q04")
    half = [line for line in proposed if not is_investment(line)]
    assert len(found(report(bp(lines=half, projet=True)), "Q02")) == 2


def test_project_on_an_account_is_information() -> None:
    (finding,) = found(report(ca(projet=True)), "S02")
    assert finding.level is Level.INFO


def test_number_on_another_stage_and_zero_is_none() -> None:
    assert found(report(ca(numero_dm="3")), "S07")[0].params["case"] == "unexpected"
    assert not found(report(ca(numero_dm="0")), "S07")


@pytest.mark.parametrize(
    ("voted", "case"), [("", "missing"), ("2023-01-01", "far"), ("2026-01-02", "far")]
)
def test_vote_dates(voted: str, case: str) -> None:
    document = ca(date_vote=voted or "2024-04-02", seal="")
    if not voted:
        for name in (b"DteDecEx", b"DteDec"):
            document = document.replace(b"<" + name + b' V="2024-04-02"/>', b"")
    assert found(report(document), "S03")[0].params["case"] == case


@pytest.mark.parametrize(("ahead", "told"), [(1, False), (2, True)])
def test_a_year_that_nobody_votes_yet(ahead: int, told: bool) -> None:
    year = datetime.now().astimezone().year + ahead
    cases = [one.params.get("case") for one in found(report(ca(exercice=year)), "S03")]
    assert (cases == ["year"]) is told


def unsigned(document: bytes) -> bytes:
    """The CFU without its signatures."""
    return re.sub(rb" *<doccfu:Signatures>.*</doccfu:Signatures>\n", b"", document, flags=re.DOTALL)


PROVISIONAL = cfu().replace(b'TypeEdition="D"', b'TypeEdition="P"')


@pytest.mark.parametrize(
    ("document", "said", "not_said"),
    [
        (PROVISIONAL, "semble provisoire", "signé"),
        (unsigned(PROVISIONAL), "et il n’est pas signé", "aucune signature"),
        (unsigned(cfu()), "aucune signature", "provisoire"),
        (cfu(), "", ""),
    ],
)
def test_a_cfu_that_is_not_final(document: bytes, said: str, not_said: str) -> None:
    texts = [render(finding)["what"] for finding in found(report(document), "S04")]
    assert [said in text and not_said not in text for text in texts] == ([True] if said else [])


def test_an_empty_block_is_no_signature() -> None:
    empty = cfu_document(exercice=2024)
    empty = unsigned(empty).replace(
        b"</doccfu:CompteFinancierUnique>", b"<doccfu:Signatures/></doccfu:CompteFinancierUnique>"
    )
    assert found(report(empty), "S04")[0].params["case"] == "unsigned"


def test_without_facts_nobody_says_that_a_cfu_is_unsigned() -> None:
    """An anonymised copy has lost its signatures; the original's facts come with it."""
    copy = io.BytesIO()
    passed = engine.anonymise(io.BytesIO(cfu()), copy)
    assert passed.facts["signed"] is True
    assert b"Signatures" not in copy.getvalue()
    old = {name: value for name, value in passed.facts.items() if name != "signed"}
    for facts in (passed.facts, old):
        assert not found(report(copy.getvalue(), facts=facts), "S04")


def test_a_repaired_siret_is_told() -> None:
    told = report(ca(siret=VALMOSELLE[:-1] + "9"), siret=VALMOSELLE)
    assert found(told, "I05")[0].params["repare"] == VALMOSELLE


def test_a_wrong_given_siret_is_an_error() -> None:
    with pytest.raises(ValueError, match="SIRET"):
        report(ca(), siret="1234")


def test_real_lines_in_an_internal_chapter() -> None:
    told = report(ca(lines=lines(only("777", OpBudg="0"))))
    assert found(told, "Q19")


def test_overspending_ignores_internal_operations() -> None:
    told = report(ca(lines=lines(only("6811", MtReal="999999.00"))))
    assert not found(told, "Q10")


def test_not_a_number_in_an_annex() -> None:
    loan = {"CodTypEmpr": "01", "MtCapitalExer": "NaN", "TxActua": "3.250"}
    told = report(ca(annexes={"EMPRUNT": [loan]}))
    (finding,) = found(told, "Q20")
    assert finding.count == 1
    assert finding.where[0].element == "Annexes/EMPRUNT/EMPRUNT[1]/MtCapitalExer"


def test_an_account_given_twice_is_told_with_its_place() -> None:
    told = report(ca(lines=lines(only("60612", **{"+again": "Nature V='6068'"}))))
    (finding,) = found(told, "Q20")
    assert finding.where[0].element.endswith("/Nature")
    assert render(finding)["places"][0]["note"] == "deux valeurs"
    assert render(finding, "en")["places"][0]["note"] == "two values"


def test_places_are_bounded_but_counted() -> None:
    told = report(ca(lines=lines(lambda line: {"MtReal": "x"})))
    (finding,) = found(told, "Q20")
    assert finding.count == len(sample_lines())
    assert len(finding.where) == 10


# --- another document ----------------------------------------------------------------------------
def year_before(**options: Any) -> io.BytesIO:
    return io.BytesIO(ca(exercice=2022, **options))


def test_magnitude_of_the_year_before() -> None:
    now = ca(exercice=2023)
    assert not found(report(now, previous=year_before()), "Q03")
    small = found(report(now, previous=year_before(scale="0.05")), "Q03")
    assert {finding.params["sens"] for finding in small} == {"D", "R"}
    assert small[0].level is Level.CONFIRM


def test_results_taken_over() -> None:
    before = engine_summary(ca(exercice=2022))
    closing = before["resultats"]
    amounts = {"MtReal": closing["I"]["cloture"].lstrip("-"), "CredOuv": "1.00"}
    side = "D" if closing["I"]["cloture"].startswith("-") else "R"
    rest = f"{float(closing['F']['cloture']) - 250000:.2f}"

    def change(line: dict[str, str]) -> dict[str, str] | None:
        if line["Nature"] == "001":
            return {**amounts, "CodRD": side}
        return {"MtReal": rest} if line["Nature"] == "002" else None

    right = report(ca(exercice=2023, lines=lines(change)), previous=before)
    assert not found(right, "Q22")
    assert not found(right, "Q11")
    wrong = report(ca(exercice=2023), previous=before)
    assert found(wrong, "Q22")
    assert found(wrong, "Q11")


def engine_summary(document: bytes) -> dict[str, Any]:
    from ckanext.budgetod.engine.pipeline import read

    return read(io.BytesIO(document)).summary


def test_an_older_seal_than_the_version_before() -> None:
    newer = io.BytesIO(ca(seal="2024-06-01T08:00:00"))
    assert found(report(ca(), previous=newer), "S05")[0].level is Level.CONFIRM
    older = io.BytesIO(ca(seal="2024-01-01T08:00:00"))
    assert not found(report(ca(), previous=older), "S05")


@pytest.mark.parametrize("as_summary", [True, False])
def test_differences_from_the_version_before(as_summary: bool) -> None:
    before = ca()
    after = ca(lines=lines(only("60612", MtReal="400000.00")))
    previous: Any = engine_summary(before) if as_summary else io.BytesIO(before)
    (finding,) = found(report(after, previous=previous), "D02")
    assert finding.params["montant"] == "16840.00"
    previous = engine_summary(before) if as_summary else io.BytesIO(before)
    assert not found(report(before, previous=previous), "D02")


def test_another_budget_is_not_compared() -> None:
    other = io.BytesIO(ca(exercice=2022, siret=OTHER, scale="0.01"))
    told = report(ca(), previous=other)
    states = {check.code: check.state for check in told.checks}
    assert states["Q03"] == states["D02"] == "not_applicable"


@pytest.mark.parametrize("as_summary", [True, False])
@pytest.mark.parametrize(
    ("now", "before", "compared"),
    [
        ({"annexe": True, "code_budget": "02"}, {"code_budget": "00"}, False),
        ({"code_budget": "00"}, {"annexe": True, "code_budget": "02"}, False),
        ({"annexe": True, "code_budget": "02"}, {"annexe": True, "code_budget": "03"}, False),
        ({"annexe": True, "code_budget": "02"}, {"annexe": True, "code_budget": "02"}, True),
        ({"annexe": True, "code_budget": "02"}, {"annexe": True, "code_budget": ""}, True),
        ({"code_budget": ""}, {"code_budget": "00"}, True),
        ({"code_budget": "00"}, {"code_budget": ""}, True),
    ],
)
def test_a_siret_may_hold_several_budgets(
    now: dict[str, Any], before: dict[str, Any], compared: bool, as_summary: bool
) -> None:
    for exercice, code in ((2022, "Q03"), (2023, "D02")):
        old = ca(exercice=exercice, scale="0.01", **before)
        previous: Any = engine_summary(old) if as_summary else io.BytesIO(old)
        told = report(ca(**now), previous=previous)
        states = {check.code: check.state for check in told.checks}
        assert states[code] == ("failed" if compared else "not_applicable")


MAIN, EAU, BOIS = (
    Spec(),
    Spec(annexe=True, code_budget="02", etablissement="Eau"),
    Spec(annexe=True, code_budget="03", etablissement="Bois"),
)


def of_budgets(*specs: Spec, **changes: str) -> bytes:
    """A document of several Budgets; ``changes``: code of a budget -> other amounts of account
    60612."""
    return totem_document(
        budgets=[
            budget_element(spec, lines(only("60612", MtReal=changes[f"b{spec.code_budget}"])))
            if f"b{spec.code_budget}" in changes
            else budget_element(spec)
            for spec in specs
        ]
    )


@pytest.mark.parametrize("as_summary", [True, False])
def test_each_budget_is_compared_with_its_own(as_summary: bool) -> None:
    before = of_budgets(BOIS, MAIN, EAU)
    previous: Any = io.BytesIO(before)
    if as_summary:
        from ckanext.budgetod.engine.pipeline import read

        done = read(io.BytesIO(before))
        previous = {**done.summary, "autres_budgets": [one.summary for one in done.others]}
    assert not found(report(of_budgets(MAIN, EAU, BOIS), previous=previous), "D02")
    changed = of_budgets(MAIN, EAU, BOIS, b02="400000.00", b03="383161.00")
    previous = io.BytesIO(before) if not as_summary else previous
    amounts = [f.params["montant"] for f in found(report(changed, previous=previous), "D02")]
    assert amounts == ["16840.00", "1.00"]


def test_a_budget_that_is_new_is_compared_with_nothing() -> None:
    told = engine_conversion(of_budgets(EAU, BOIS), previous=io.BytesIO(of_budgets(MAIN, BOIS)))
    states = [
        next(check.state for check in one.report.checks if check.code == "D02")
        for one in told.budgets
    ]
    assert states == ["not_applicable", "passed"]


def engine_conversion(document: bytes, **options: Any) -> Conversion:
    from ckanext.budgetod.engine.pipeline import read

    return read(io.BytesIO(document), **options)


def test_a_second_decision_without_number_may_be_another_one() -> None:
    first = dm(numero_dm="")
    other = dm(numero_dm="", lines=lines(only("60612", CredOuv="5000.00"), stage="DM"))
    (finding,) = found(report(other, previous=io.BytesIO(first)), "D03")
    assert finding.level is Level.CONFIRM
    assert finding.params == {"exercice": 2024, "numero": 2}
    assert render(finding)["what"]
    assert not found(report(first, previous=io.BytesIO(first)), "D03")
    assert not found(report(other, previous=engine_summary(first)), "D03")
    numbered = dm(lines=lines(only("60612", CredOuv="5000.00"), stage="DM"))
    assert not found(report(numbered, previous=io.BytesIO(dm())), "D03")
    assert not found(report(bp(scale=2), previous=io.BytesIO(bp())), "D03")


def test_facts_of_the_gate_are_used_as_they_are() -> None:
    facts = {"seal": {"verdict": "altered", "date": SEALED}, "annex_rows": {}, "annex_totals": {}}
    told = report(totem_document(spec=Spec()), facts=facts)
    assert told.seal == "altered"
    assert found(told, "S06")
    assert told.document["date_scellement"] == SEALED


def test_a_seal_is_recomputed_on_the_original() -> None:
    document = sealed(totem_document(), SEALED)
    assert report(document).seal == "intact"
    assert report(document.replace(b"Valmoselle", b"Valmosella")).seal == "altered"


@pytest.mark.parametrize("version", ["²", "1" * 5000], ids=["exponent", "endless"])
def test_a_version_that_is_no_number_is_not_compared(version: str) -> None:
    unknown = lines(only("60612", **{"+Inconnu V='x'": "Inconnu V='x'"}))
    told = report(ca(schema_version=version, lines=unknown))
    assert not found(told, "N03")
    assert [finding.level for finding in found(told, "F16")] == [Level.CONFIRM]

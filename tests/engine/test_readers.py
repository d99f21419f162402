"""TOTEM and CFU documents: every value of the file, or a problem that says which was not one."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine import builder
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_cfu import CFU_PERSONS
from ckanext.budgetod.engine.document import (
    AccountingRows,
    AnnexRows,
    BudgetLine,
    Header,
    ReadProblem,
    Stage,
)
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.readers import Document, open_document, read_header, values

LINE = {"Nature": "6061", "ContNat": "011", "CodRD": "D", "MtReal": "12.50", "OpBudg": "0"}


def read(data: bytes, **options) -> tuple[Document, list]:
    with open_document(io.BytesIO(data), **options) as document:
        return document, list(document)


def of_kind(events: list, kind: type) -> list:
    return [event for event in events if type(event) is kind]


def one_line(**changes: str) -> tuple[BudgetLine, list[ReadProblem]]:
    _, events = read(totem_document(lines=[{**LINE, **changes}], annexes={}))
    return of_kind(events, BudgetLine)[0], of_kind(events, ReadProblem)


def refusal(data: bytes) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        read(data)
    return caught.value


# -- header ---------------------------------------------------------------------------------------


def test_header_of_a_principal_budget() -> None:
    header = read_header(io.BytesIO(totem_document(date_vote="2024-04-02", seal=True)))
    assert header.siret == builder.VALMOSELLE
    assert header.siren == "215709908"
    assert header.exercice == 2023
    assert header.stage is Stage.CA
    assert header.libelle_collectivite == "Ville de Valmoselle"
    assert (header.norme, header.declinaison) == ("M57", "M57_D")
    assert header.date_vote == date(2024, 4, 2)
    assert header.projet_budget is False
    assert header.information("PopTot") == "12 480"
    assert header.sealed_at == datetime.fromisoformat("2024-04-03T10:15:00")
    assert not header.is_annexe


def test_header_of_an_annexe_and_a_decision() -> None:
    header = read_header(
        io.BytesIO(
            totem_document(
                stage="DM", numero_dm="02", annexe=True, etablissement="Eau", code_budget="02"
            )
        )
    )
    assert header.stage is Stage.DM
    assert header.numero_dm == "2"
    assert header.is_annexe
    assert header.libelle_etablissement == "Eau"
    assert header.code_budget == "02"


@pytest.mark.parametrize(
    ("change", "case"),
    [
        ({"exercice": "2022 en erreur"}, "exercice"),
        ({"exercice": ""}, "exercice"),
        ({"exercice": "1066"}, "exercice"),
        ({"exercice": "2004"}, "exercice"),
        ({"stage": "99999"}, "etape"),
        ({"siret": "non renseigné"}, "siren"),
        ({"siret": "00000000000000"}, "siren"),
    ],
)
def test_without_identity_a_document_is_refused(change: dict[str, str], case: str) -> None:
    error = refusal(totem_document(**change))
    assert (error.code, error.params["case"]) == ("I00", case)


def again(document: bytes, name: str, value: str) -> bytes:
    """The document with one more leaf of this name, right behind its own."""
    return re.sub(
        rf"<{name} V=\"[^\"]*\"/>".encode(),
        lambda leaf: leaf[0] + f'<{name} V="{value}"/>'.encode(),
        document,
        count=1,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Exer", "2022"),
        ("NatDec", "01"),
        ("NumDec", "2"),
        ("IdEtab", builder.fictional_siret("215709908", 2)),
        ("CodTypBud", "A"),
    ],
)
def test_two_identities_are_refused(name: str, value: str) -> None:
    sound = totem_document(numero_dm="1")
    error = refusal(again(sound, name, value))
    assert (error.code, error.params) == ("I00", {"case": "twice", "element": name})
    with pytest.raises(DocumentRefused) as caught:
        engine.check(io.BytesIO(again(sound, name, value)))
    assert caught.value.params["element"] == name


def test_two_blocks_that_disagree_are_two_identities() -> None:
    other = b'<BlocBudget><Exer V="2022"/></BlocBudget></Budget>'
    error = refusal(totem_document().replace(b"</Budget>", other))
    assert error.params == {"case": "twice", "element": "Exer"}


def test_the_same_value_twice_is_no_conflict() -> None:
    document = totem_document()
    for name, value in (("Exer", "2023"), ("DteDec", ""), ("IdEtab", builder.VALMOSELLE)):
        document = again(document, name, value)
    _, events = read(document)
    assert not of_kind(events, ReadProblem)
    assert of_kind(events, Header)[0].date_vote


def test_what_the_header_says_twice_is_left_empty_and_told() -> None:
    _, events = read(again(totem_document(), "DteDec", "2020-01-01"))
    assert of_kind(events, Header)[0].date_vote is None
    (problem,) = of_kind(events, ReadProblem)
    assert (problem.kind, problem.where.element) == ("repeated", "BlocBudget/DteDec")


@pytest.mark.parametrize("name", ["Nature", "CodRD", "MtReal"])
def test_what_a_line_says_twice_is_left_empty_and_told(name: str) -> None:
    other = {"Nature": "6062", "CodRD": "R", "MtReal": "13.00"}[name]
    line, problems = one_line(**{"+again": f'{name} V="{other}"'})
    assert getattr(line, {"Nature": "nature", "CodRD": "cod_rd", "MtReal": "mt_real"}[name]) in (
        "",
        None,
    )
    assert [(problem.kind, problem.field) for problem in problems] == [("repeated", name)]
    line, problems = one_line(**{"+again": f'{name} V="{LINE[name]}"'})
    assert (line.nature, line.cod_rd, line.mt_real) == ("6061", "D", Decimal("12.50"))
    assert not problems


def test_a_short_siret_keeps_its_siren() -> None:
    header = read_header(io.BytesIO(totem_document(siret="2157099080001")))
    assert header.siret == "2157099080001"
    assert header.siren == "215709908"


def test_a_missing_siret_is_taken_elsewhere_and_said() -> None:
    data = totem_document().replace(f'<IdEtab V="{builder.VALMOSELLE}"/>'.encode(), b"")
    _, events = read(data)
    assert of_kind(events, Header)[0].siret == builder.VALMOSELLE
    assert [p.kind for p in of_kind(events, ReadProblem)] == ["siret"]


def test_budget_without_a_line_is_refused() -> None:
    assert refusal(totem_document(lines=[])).code == "F15"


def test_lines_that_are_all_calculated_are_no_line() -> None:
    assert refusal(totem_document(lines=[{**LINE, "@calculated": "true"}])).code == "F15"


def test_several_budgets_in_one_document() -> None:
    budgets = [
        builder.budget_element(builder.Spec(), [LINE, LINE]),
        builder.budget_element(builder.Spec(annexe=True, code_budget="02"), [LINE]),
    ]
    document, events = read(totem_document(budgets=budgets))
    assert [type(e).__name__ for e in events] == ["Header"] + ["BudgetLine"] * 2 + [
        "Header",
        "BudgetLine",
    ]
    assert [h.code_budget for h in document.headers] == ["00", "02"]
    assert [line.index for line in of_kind(events, BudgetLine)] == [1, 2, 1]


# -- lines ----------------------------------------------------------------------------------------


def test_every_field_of_a_line() -> None:
    line, problems = one_line(
        LibCpte=" Énergie ",
        Fonction="020",
        Operation="École neuve",
        ArtSpe="1",
        ContFon="930",
        ContOp="12",
        MtBudgPrec="1",
        MtRARPrec="-2.5",
        MtPropNouv="+3.00",
        MtPrev="4.10",
        CredOuv=".50",
        MtRAR3112="0",
        TypOpBudg="1",
        OpeCpteTiers="45",
    )
    assert not problems
    assert (line.nature, line.fonction, line.cont_nat) == ("6061", "020", "011")
    assert (line.lib_compte, line.operation) == ("Énergie", "École neuve")
    assert (line.cont_fon, line.cont_op, line.compte_tiers) == ("930", "12", "45")
    assert line.art_spe is True
    assert line.amounts == tuple(map(Decimal, ("12.50", "1", "-2.5", "3.00", "4.10", "0.50", "0")))


def test_children_are_read_by_name_in_any_order() -> None:
    swapped = dict(reversed(LINE.items()))
    assert one_line()[0].mt_real == Decimal("12.50")
    _, events = read(
        totem_document(lines=[swapped]).replace(b"<CodRD", b'<Nouveaute V="1"/><CodRD')
    )
    assert of_kind(events, BudgetLine)[0].nature == "6061"


@pytest.mark.parametrize("text", ["NaN", "INF", "1e3", "12,50", "1.234", "1 000", "0x1", "1_0"])
def test_what_is_not_an_amount_is_empty_and_reported(text: str) -> None:
    line, problems = one_line(MtReal=text)
    assert line.mt_real is None
    assert [(p.kind, p.field) for p in problems] == [("amount", "MtReal")]
    assert problems[0].where.line == 1
    assert problems[0].where.source_line
    assert text not in repr(problems)


@pytest.mark.parametrize("text", ["12.500", "00012.50", "12.5"])
def test_unusual_but_legal_amounts(text: str) -> None:
    line, problems = one_line(MtReal=text)
    assert line.mt_real == Decimal("12.5")
    assert not problems


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False), ("", None)]
)
def test_booleans_in_four_forms(text: str, value: bool | None) -> None:
    assert one_line(ArtSpe=text)[0].art_spe is value


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"ArtSpe": "peut-être"}, "boolean"),
        ({"CodRD": "X"}, "side"),
        ({"OpBudg": "T"}, "ordre"),
        ({"LibCpte": "Cr\u00c3\u00a9dit"}, "text_repaired"),
        ({"LibCpte": "Cr\u00ef\u00bf\u00bddit"}, "text_destroyed"),
    ],
)
def test_problems_of_a_line(change: dict[str, str], kind: str) -> None:
    assert [p.kind for p in one_line(**change)[1]] == [kind]


def test_supplements_keep_their_codes() -> None:
    data = totem_document(lines=[LINE]).replace(
        b"</LigneBudget>",
        b'<MtSup Code="ICNE" V="1.00"/><MtSup Code="ICNE" V="2.00"/>'
        b'<CaracSup Code="Section" V="F"/><CaracSup V="x"/></LigneBudget>',
    )
    line = of_kind(read(data)[1], BudgetLine)[0]
    assert line.mt_sup == (("ICNE", "1.00"), ("ICNE", "2.00"))
    assert line.carac_sup == (("Section", "F"), ("", "x"))


def test_calculated_lines_are_left_out_and_counted() -> None:
    lines = [LINE, {**LINE, "@calculated": "true"}, LINE]
    document, events = read(totem_document(lines=lines))
    assert [line.index for line in of_kind(events, BudgetLine)] == [1, 3]
    assert (document.lines, document.calculated) == (2, 1)


def test_a_deep_file_keeps_its_line_numbers() -> None:
    _, events = read(totem_document(lines=[LINE] * 12_000))
    lines = of_kind(events, BudgetLine)
    assert lines[-1].source_line > 65_535
    steps = {b.source_line - a.source_line for a, b in itertools.pairwise(lines)}
    assert steps <= {7, 8}  # libxml2 is one line off where it passes 65,535


# -- annexes --------------------------------------------------------------------------------------


def test_annex_rows_of_known_and_unknown_tables() -> None:
    data = totem_document(
        annexes={
            "EMPRUNT": [{"ObjEmpr": "École", "MtEmprOrig": "100.00"}],
            "TABLE_NOUVELLE": [{"Chose": "1"}, {"Chose": "2"}],
        }
    )
    rows = of_kind(read(data)[1], AnnexRows)
    found = [(rows.where(n).element, row) for rows in rows for n, row in enumerate(rows.dicts())]
    assert found == [
        ("Annexes/EMPRUNT/EMPRUNT[1]", {"ObjEmpr": "École", "MtEmprOrig": "100.00"}),
        ("Annexes/TABLE_NOUVELLE/TABLE_NOUVELLE[1]", {"Chose": "1"}),
        ("Annexes/TABLE_NOUVELLE/TABLE_NOUVELLE[2]", {"Chose": "2"}),
    ]


def test_irregular_rows_lose_nothing() -> None:
    row = (
        b'<X><A V="1"/><A V="2"/><MtSup Code="K" V="3"/><B><C V="4"/></B><D w="5"/><!-- no --></X>'
    )
    data = totem_document(annexes={"EMPRUNT": [{"ObjEmpr": "x"}]}).replace(
        b"</Annexes>", b"<DATA_X>" + row + b"</DATA_X></Annexes>"
    )
    (found,) = of_kind(read(data)[1], AnnexRows)[-1].dicts()
    assert found == {"A": "1", "A_2": "2", "MtSup_K": "3", "B.C": "4", "D@w": "5"}


def test_sommaire_is_in_the_header_once_all_is_read() -> None:
    rows = [
        {"CodeAnnexe": "A1", "Present": "true"},
        {"CodeAnnexe": "A2", "Present": "0"},
        {"CodeAnnexe": "A3", "Present": "?"},
    ]
    document, _ = read(totem_document(annexes={"SOMMAIRE": rows}))
    assert document.header.sommaire == (("A1", True), ("A2", False))


def test_calculated_annex_rows_are_left_out() -> None:
    data = totem_document(annexes={"TIERS": [{"MtExer": "1.00"}]}).replace(
        b"<TIERS>", b'<TIERS calculated="true">'
    )
    document, events = read(data)
    assert not of_kind(events, AnnexRows)
    assert document.calculated == 1


def test_annexes_can_be_left_out() -> None:
    document, events = read(totem_document(annexes=True), annexes=False)
    assert document.lines
    assert not of_kind(events, AnnexRows)


# -- CFU and envelopes ----------------------------------------------------------------------------


def test_cfu_is_unwrapped() -> None:
    document, events = read(cfu_document())
    assert document.header.stage is Stage.CFU
    assert document.header.root == "CompteFinancierUnique"
    etats = {row["Etat"] for rows in of_kind(events, AccountingRows) for row in rows.dicts()}
    assert {"EB_DF", "EB_RF", "EB_DI", "EB_RI"} <= etats
    assert type(events[0]) is AccountingRows
    assert document.comptable.edition_type
    assert document.comptable.edition_date


def test_names_of_accountants_are_never_read() -> None:
    _, events = read(cfu_document())
    text = repr(events)
    assert not [name for name in CFU_PERSONS if name in text]


def test_a_budget_in_an_unknown_envelope() -> None:
    data = totem_document()
    start = data.index(b"<DocumentBudgetaire")
    wrapped = (
        data[:start] + b'<e:env xmlns:e="urn:e"><e:body>' + data[start:] + b"</e:body></e:env>"
    )
    document, _ = read(wrapped)
    assert document.header.root == "env"
    assert document.lines == len(of_kind(read(data)[1], BudgetLine))


def test_prefixed_namespace_is_the_same_document() -> None:
    data = totem_document(lines=[LINE], annexes={})
    head, _, body = data.partition(b"<DocumentBudgetaire xmlns=")
    body = body.replace(b"</", b"</t:").replace(b"<", b"<t:").replace(b"<t:/t:", b"</t:")
    prefixed = head + b"<t:DocumentBudgetaire xmlns:t=" + body
    assert of_kind(read(prefixed)[1], BudgetLine) == of_kind(read(data)[1], BudgetLine)


def test_digest_and_size_are_those_of_the_file() -> None:
    data = totem_document(annexes=True)
    document, _ = read(data)
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.size == len(data)


def test_a_path_is_read_as_a_stream_is(tmp_path) -> None:
    path = tmp_path / "ca.xml"
    path.write_bytes(totem_document())
    with open_document(path) as document:
        assert list(document) == read(totem_document())[1]


# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        ("d\x92emploi", "d’emploi"),
        ("2018 \x96 2019", "2018 – 2019"),
        ("N\u00c2\u00b0 4", "N° 4"),
        ("\u00c3\u0089COLE", "ÉCOLE"),
        ("lâ\u0080\u0099eau", "l’eau"),
        ("ÂGE", "ÂGE"),
        ("Noël à l'île", "Noël à l'île"),
        ("tab\tici\r\nlà", "tab ici  là"),
        ("\ufeffx\u200b", "x"),
        (" bords ", "bords"),
        (None, ""),
    ],
)
def test_clean(raw: str | None, right: str) -> None:
    assert values.clean(raw) == right


def test_dates() -> None:
    assert values.day("2024-03-01") == date(2024, 3, 1)
    assert values.day("2024-03-01T10:00:00+01:00") == date(2024, 3, 1)
    assert values.day("01/03/2024") == date(2024, 3, 1)
    for text in ("", "mars 2024", "2024-13-01", "2007"):
        with pytest.raises(ValueError):
            values.day(text)
    assert values.moment("2022-03-01T16:01:47.276Z") == datetime(
        2022, 3, 1, 16, 1, 47, 276000, tzinfo=timezone.utc
    )

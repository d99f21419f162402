"""Nobody's name goes out, every amount does: the gate on documents full of planted persons."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ckanext.budgetod.engine.annexes import AnnexTables
from ckanext.budgetod.engine.anonymiser import GatePass, anonymise, rules
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_annexes import PERSONS
from ckanext.budgetod.engine.builder_cfu import CFU_PERSONS
from ckanext.budgetod.engine.builder_examples import examples
from ckanext.budgetod.engine.command.messages import SENTENCES
from ckanext.budgetod.engine.document import AnnexRows, BudgetLine
from ckanext.budgetod.engine.errors import (
    NotABudget,
    RulesError,
    TooLarge,
    Unreadable,
    UnsafeXML,
)
from ckanext.budgetod.engine.readers import open_document

from .planting import Garden, planted_tables

PROFILES = ("strict", "annexes", "sans_xml")
MARK = "Occulté (CRPA art. L311-7)"
EXAMPLES = examples()


def gate(document: bytes, **options: object) -> tuple[bytes, GatePass]:
    target = io.BytesIO()
    answer = anonymise(io.BytesIO(document), target, **options)
    return target.getvalue(), answer


def told(answer: GatePass) -> str:
    """Everything that the gate says of a document, as text."""
    return json.dumps(asdict(answer), default=str, ensure_ascii=False)


def csv_of(document: bytes) -> str:
    """Every cell of every annex table, and every text of the lines."""
    cells: list[str] = []
    with open_document(io.BytesIO(document)) as opened:
        events = list(opened)
        tables = AnnexTables(opened.header)
    for event in events:
        if isinstance(event, AnnexRows):
            tables.add(event)
        cells.append(str(event))
    cells += [cell for table in tables.tables() for row in table.rows() for cell in row]
    return "\n".join(cells)


# --- planted persons -----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("coded", [False, True], ids=["without code", "with code"])
def test_a_person_in_every_text_of_every_table_is_in_no_output(profile: str, coded: bool) -> None:
    garden = Garden()
    document = totem_document(annexes=planted_tables(garden, coded))
    assert len(garden.names) > 100
    published, answer = gate(document, profile=profile)
    assert garden.leaks(published, csv_of(published), told(answer)) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_persons_in_headers_lines_and_vendor_parts_are_in_no_output(profile: str) -> None:
    garden = Garden()
    document = planted_header(garden)
    assert all(name in document.decode("latin-1").lower() for name in garden.names)
    published, answer = gate(document, profile=profile)
    assert garden.leaks(published, csv_of(published), told(answer)) == []


def planted_header(garden: Garden) -> bytes:
    """A document with a person in everything that is no annex."""
    bare, marked = garden.bare, garden.marked
    line = {
        "Nature": "60612",
        "LibCpte": marked(),
        "Operation": f"M. {garden.name().upper()}",
        "CodRD": "D",
        "CredOuv": "10.00",
        "OpBudg": "0",
        f'+MtSup Code="{marked()}" V="1.00"': "",
        f'+CaracSup Code="ProgAutoLib" V="{marked()}"': "",
        f'+Inconnu V="{bare()}"': "",
        "@auteur": bare(),
    }
    line = {
        name if name[0] != "+" else f"+{rank}": value or name[1:]
        for rank, (name, value) in enumerate(line.items())
    }
    balance = {"Nature": "74111", "CodRD": "R", "CredOuv": "10.00", "OpBudg": "0"}
    document = totem_document(
        lines=[line, balance],
        collectivite=f"Ville de Valmoselle {marked()}",
        etablissement=f"Budget {marked()}",
        libelle_principal=f"Budget principal {marked()}",
        nature_cepl=f"Commune {marked()}",
        editor=bare(),
        informations={
            "PopTot": bare(),
            "EPCI": f"CC {marked()}",
            "NomDuMaire": bare(),
            "TITRE1": marked(),
        },
        header_extra=f"<!-- {bare()} --><?auteur {bare()}?>"
        f'<Maire V="{bare()}"><a>{bare()}</a></Maire>',
        document_extra=f'<x:Vendeur xmlns:x="urn:{garden.name()}" x:nom="{bare()}">'
        f"{bare()}</x:Vendeur>",
    ).decode("iso-8859-1")
    swaps = {
        "<BlocBudget>": "<BlocBudget><PJRef><Support V='01'/><IdUnique V='1'/>"
        f"<NomPJ V='{bare()}'/></PJRef>",
        "<Budget>": f"{bare()}<Budget>",
        "<CodBud ": f"<CodBud nom='{bare()}' ",
        "<LibellePoste V=": f"<LibellePoste V='{marked()}'>{bare()}</LibellePoste><Autre V=",
        "DSC_COMMON": bare(),
        "<EnTeteBudget>": f"<EnTeteBudget id='{bare()}'>",
    }
    for old, new in swaps.items():
        assert old in document
        document = document.replace(old, new, 1)
    return document.encode("iso-8859-1", "xmlcharrefreplace")


@pytest.mark.parametrize("profile", PROFILES)
def test_persons_of_a_cfu_are_in_no_output(profile: str) -> None:
    garden = Garden()
    rows = [{"Etat": "BI_A", "NumOrdre": "1", "Intitule1": garden.marked(), "MtNet": "1.00"}]
    document = cfu_document(annexes=True, accounting=rows, seal=True).decode("latin-1")
    swaps = {
        'Utilisateur="': f'Utilisateur="{garden.bare()} ',
        'NomComptable="': f'NomComptable="{garden.bare()} ',
        "<SignerName>": f"<SignerName>{garden.bare()} ",
        'PlanCpte="': f'PlanCpte="{garden.marked()} ',
        "</DocumentBudgetaire>": f"<DocumentRapport><a V='{garden.bare()}'/></DocumentRapport>"
        "</DocumentBudgetaire>",
    }
    for old, new in swaps.items():
        assert old in document
        document = document.replace(old, new, 1)
    published, answer = gate(document.encode("latin-1"), profile=profile)
    assert garden.leaks(published, csv_of(published), told(answer)) == []
    whole = published.decode() + told(answer)
    assert [person for person in (*CFU_PERSONS, *PERSONS) if person in whole] == []
    assert b"X509" not in published
    assert b"Scellement" not in published


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_persons_of_the_examples_are_in_no_output(name: str) -> None:
    published, answer = gate(EXAMPLES[name])
    whole = published.decode() + told(answer)
    assert [person for person in (*CFU_PERSONS, *PERSONS) if person in whole] == []


# --- what must stay ------------------------------------------------------------------------------


def lines_of(document: bytes) -> list[BudgetLine]:
    with open_document(io.BytesIO(document)) as opened:
        return [event for event in opened if isinstance(event, BudgetLine)]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_amount_of_a_line_changes(name: str) -> None:
    published, answer = gate(EXAMPLES[name])
    before, after = lines_of(EXAMPLES[name]), lines_of(published)
    assert [line.amounts for line in before] == [line.amounts for line in after]
    assert [line.nature for line in before] == [line.nature for line in after]
    assert answer.lines == len(before)


def test_no_amount_of_an_annex_changes_in_profile_annexes() -> None:
    garden = Garden()
    document = totem_document(annexes=planted_tables(garden, False))
    published, _ = gate(document, profile="annexes")
    kept = re.compile(rb"<((?!Remun)\w+) V=\"(-?\d+\.\d\d)\"/>")
    assert kept.findall(document) == kept.findall(published)


LEGAL = (
    "SCEA du Tilleul",
    "SELARL Arcades",
    "FC Valmoselle",
    "MJC Arcades",
    "OGEC Saint-Cyr",
    "Librairie des Arcades SARL",
    "ASSOCIATION SPORTIVE DE VALMOSELLE",
    "Commune de Sainte-Ombrelle",
    "CAISSE D'EPARGNE",
    "S.A. HLM du Val",
    "Société d'économie mixte du Val",
    "SCI Les Tilleuls",
    "Office public de l'habitat",
    "SIVOM de la Brume",
    "Crédit Agricole",
    "Comité des fêtes",
    "DUPONT 21570990800010",
)


@pytest.mark.parametrize("value", LEGAL)
@pytest.mark.parametrize("profile", PROFILES)
def test_legal_persons_are_never_hidden(value: str, profile: str) -> None:
    row = {"CodArticle": "65748", "LibOrgaBenef": value, "MtSubv": "10.00"}
    tables = {
        "CONCOURS": [row, row | {"CodNatJurBenefCA": "P1", "LibOrgaBenef": "Zig Zag Zoug"}],
        "PRET": [{"CodTypPret": "A", "NomBenefPret": value}],
        "ORGANISME_ENG": [{"CodNatEng": "99", "NomOrgEng": value, "MtOrgEng": "1.00"}],
    }
    published, answer = gate(totem_document(annexes=tables), profile=profile)
    text = published.decode().replace("&apos;", "'")
    assert text.count(f'V="{value}"') == 3
    assert "Zig Zag Zoug" in text
    assert answer.findings == []


def test_the_collectivity_itself_is_never_hidden() -> None:
    rows = [{"LibOrgaPreteur": "CREDIT AGRICOLE", "NomBenefEmprGaranti": "VALMOSELLE"}]
    published, answer = gate(totem_document(annexes={"EMPRUNT": rows}))
    assert b'"VALMOSELLE"' in published
    assert answer.findings == []


@pytest.mark.parametrize(
    "value",
    [
        "Jean DUPONT",
        "DUPONT",
        "Жан Дюпон",
        "李小龍",
        "jean dupont",
        "LE GOFF YANN",
        "Maria DE SA",
        "Mme la SARL Dupont",
        "Zig Zag",
    ],
)
def test_an_undecidable_party_is_hidden_and_counted(value: str) -> None:
    tables = {"PRET": [{"CodTypPret": "A", "NomBenefPret": value, "MtCapitalExer": "5.00"}]}
    document = totem_document(annexes=tables)
    published, answer = gate(document)
    assert value not in published.decode()
    assert b"DATA_PRET" not in published
    assert [f.code for f in answer.findings] == ["P02"]
    masked, _ = gate(document, profile="annexes")
    assert MARK in masked.decode()
    assert b'V="5.00"' in masked


@pytest.mark.parametrize("name", ["Jean Zwxquorv", "ZWXQUORV", "Mme Zwxquorv"])
def test_a_bank_stays_visible_beside_somebody_who_is_hidden(name: str) -> None:
    rows = [
        {
            "LibOrgaPreteur": "Caisse des dépôts et consignation",
            "CodTypPreteur": code,
            "LibOrgCoContr": "BNP PARIBAS",
            "NomBenefEmprGaranti": name,
            "MtCapitalExer": "5.00",
        }
        for code in ("", "01")
    ]
    rows.append({"LibOrgaPreteur": name, "NomBenefEmprGaranti": "Commune de Valmoselle"})
    document = totem_document(annexes={"EMPRUNT": rows})
    text = gate(document, profile="annexes")[0].decode()
    assert text.count('<LibOrgaPreteur V="Caisse des dépôts et consignation"/>') == 2
    assert text.count('<LibOrgCoContr V="BNP PARIBAS"/>') == 2
    assert text.count(f'<NomBenefEmprGaranti V="{MARK}"/>') == 2
    assert '<NomBenefEmprGaranti V="Commune de Valmoselle"/>' in text
    assert "zwxquorv" not in text.lower()
    strict, answer = gate(document)
    assert b"DATA_EMPRUNT" not in strict
    assert sum(f.count for f in answer.findings if f.code == "P02") == 3


def test_a_code_that_says_person_hides_even_the_marks_of_a_bank() -> None:
    extra = {
        "tables": {
            "EMPRUNT": {
                "party": {"NomBenefEmprGaranti": {"code": "CodTypEmpr", "natural": ["P3"]}},
            }
        }
    }
    row = {"LibOrgaPreteur": "BNP PARIBAS", "NomBenefEmprGaranti": "SARL Zwxquorv"}
    document = totem_document(annexes={"EMPRUNT": [row | {"CodTypEmpr": "P3"}, row]})
    target = io.BytesIO()
    anonymise(io.BytesIO(document), target, profile="annexes", rules=extra)
    text = target.getvalue().decode()
    assert text.count("BNP PARIBAS") == 2
    assert text.count("SARL Zwxquorv") == 1


# --- strict, annexes, none -----------------------------------------------------------------------


def test_strict_leaves_four_tables_out_and_says_how_many_rows() -> None:
    published, answer = gate(EXAMPLES["valmoselle-2023-ca"])
    for table in (b"PERSONNEL", b"FORMATION", b"SIGNATAIRE", b"MEMBREASA"):
        assert b"DATA_" + table not in published
    out = {row["table"]: row["count"] for row in answer.masked if row["reason"] == "person_table"}
    assert out == {"PERSONNEL": 3, "FORMATION": 1, "SIGNATAIRE": 2}


def test_annexes_keeps_the_rows_without_pay_nor_index() -> None:
    published, _ = gate(EXAMPLES["valmoselle-2023-ca"], profile="annexes")
    assert published.count(b"<PERSONNEL>") == 3
    assert b"RemunAgent" not in published
    assert b"IndiceAgent" not in published
    assert published.count(f'<Signataire V="{MARK}"/>'.encode()) == 2


def test_the_counts_of_the_vote_stay_and_its_texts_go() -> None:
    published, _ = gate(EXAMPLES["valmoselle-2023-ca"])
    assert b'<NbrVotePour V="27"/>' in published
    assert f'<LibPresentPar V="{MARK}"/>'.encode() in published


def test_profile_none_gives_the_bytes_back() -> None:
    document = EXAMPLES["valmoselle-2023-ca"]
    published, answer = gate(document, profile="none")
    assert published == document
    assert answer.published_sha256 == answer.sha256
    assert answer.masked == []


def test_a_name_made_of_words_of_the_commune_is_hidden() -> None:
    """« Nicolas Jean » is nobody of « Commune de Saint-Jean-Saint-Nicolas »."""
    hidden = ("Nicolas JEAN", "Jean Nicolas", "NICOLAS", "Saint Jean")
    shown = ("Saint-Jean-Saint-Nicolas", "COMMUNE DE SAINT JEAN SAINT NICOLAS")
    rows = [{"NomBenefPret": name, "MtCapitalExer": "1.00"} for name in (*hidden, *shown)]
    document = totem_document(
        annexes={"PRET": rows},
        collectivite="Commune de Saint-Jean-Saint-Nicolas",
        etablissement="BUDGET PRINCIPAL",
    )
    published, answer = gate(document)
    assert answer.facts["annex_rows"]["PRET"] == 6
    kept = re.findall(r'NomBenefPret V="([^"]*)"', published.decode("latin-1"))
    assert kept == list(shown)


def test_more_attributes_than_a_document_has_are_refused() -> None:
    many = " ".join(f'a{rank}="1"' for rank in range(50_000))
    document = totem_document().replace(b"<LigneBudget>", f"<LigneBudget {many}>".encode(), 1)
    with pytest.raises(UnsafeXML):
        gate(document)


def test_an_unknown_profile_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="profile"):
        gate(EXAMPLES["valmoselle-2023-ca"], profile="tout")


# --- facts ---------------------------------------------------------------------------------------


def test_facts_are_those_of_the_original() -> None:
    document = EXAMPLES["valmoselle-2023-ca"]
    published, answer = gate(document)
    assert answer.facts["annex_rows"]["PERSONNEL"] == 3
    assert answer.facts["annex_rows"]["CONCOURS"] == 6
    assert answer.facts["annex_totals"]["debt"]["capital_restant_du"] == "2300000.00"
    assert answer.facts["annex_totals"]["debt"]["garanti"] == "620000.00"
    assert answer.facts["annex_totals"]["staff"]["effectif_pourvu"] == "29.30"
    assert answer.facts["annex_totals"]["subsidies"]["total"] == "145000.00"
    assert answer.facts["seal"] == {"verdict": "intact", "date": "2024-04-03T10:15:00"}
    assert set(answer.facts["seal_digests"]) == {"md5", "sha1"}
    assert answer.sha256 == hashlib.sha256(document).hexdigest()
    assert answer.published_sha256 == hashlib.sha256(published).hexdigest()
    assert answer.size == len(document)
    assert answer.header.siret == "21570990800010"
    assert answer.header.editor == ""
    json.dumps(answer.facts)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("valmoselle-2023-ca", "intact"),
        ("valmoselle-2024-cfu", "intact"),
        ("haute-brume-2024-cfu", "intact"),
        ("deux-brumes-2024-ca-v115", "intact"),
        ("scellement-modifie-2023-ca", "altered"),
        ("projet-2024-bp", "none"),
    ],
)
def test_the_seal_is_verified_on_the_original(name: str, verdict: str) -> None:
    assert gate(EXAMPLES[name])[1].seal == verdict


def test_a_big_sealed_document_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ckanext.budgetod.engine.anonymiser.passing.SEAL_MAX_SIZE", 1000)
    assert gate(EXAMPLES["valmoselle-2023-ca"])[1].seal == "unchecked"


def test_places_of_findings_hold_no_value() -> None:
    line = {"Nature": "4541", "LibCpte": "Travaux chez M. ZWXQUORV", "CodRD": "D"}
    line |= {"CredOuv": "1.00", "OpBudg": "0"}
    _, answer = gate(totem_document(lines=[line]))
    (finding,) = answer.findings
    assert (finding.code, finding.count) == ("P01", 1)
    assert finding.where[0].line == 1
    assert finding.where[0].note == "LibCpte"
    assert "ZWX" not in str(finding)


def test_places_of_findings_are_lines_of_what_is_published() -> None:
    line = {"Nature": "4541", "CodRD": "D", "CredOuv": "1.00", "OpBudg": "0"}
    named = {**line, "LibCpte": "Travaux chez M. ZWXQUORV"}
    grants = [{"LibOrgaBenef": "ASSOCIATION X", "ObjSubv": "pour Mme ZWXQUORV", "MtSubv": "1"}]
    document = totem_document(lines=[line, line, named], annexes={"CONCOURS": grants * 2})
    published, answer = gate(document)
    (finding,) = answer.findings
    rows = published.decode().splitlines()
    marked = [rank for rank, row in enumerate(rows, 1) if "Travaux" in row or "pour" in row]
    assert [place.source_line for place in finding.where] == marked
    assert len(marked) == 3


# --- rules ---------------------------------------------------------------------------------------


def test_what_no_rule_knows_is_dropped_and_named(tmp_path: Path) -> None:
    tables = {"DATA_NPNRU": [{"Quartier": "Les Tilleuls"}, {"Quartier": "Le Bas"}]}
    document = totem_document(annexes=tables, schema_version="120")
    published, answer = gate(document)
    assert b"NPNRU" not in published
    assert {"what": "DATA_NPNRU", "count": 1} in answer.dropped
    assert answer.facts["annex_rows"]["NPNRU"] == 2
    extra = tmp_path / "regles.yaml"
    extra.write_text(yaml.safe_dump({"tables": {"NPNRU": {"scan": ["Quartier"]}}}))
    published, answer = gate(document, rules=extra)
    assert published.count(b"<Quartier") == 2
    assert answer.dropped == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"</LigneBudget>", b"</LigneBudget>Zwxquorv", {"what": "#text", "count": 30}),
        (b"<LigneBudget>", b"Zwxquorv<LigneBudget>", {"what": "#text", "count": 30}),
        (b"</Budget>", b"Zwxquorv</Budget>", {"what": "#text", "count": 1}),
        (b"</Budget>", b"</Budget>Zwxquorv", {"what": "#text", "count": 1}),
        (b"<Budget>", b"<Budget>Zwxquorv", {"what": "#text", "count": 1}),
        (b"</BlocBudget>", b"</BlocBudget>Zwxquorv", {"what": "#text", "count": 1}),
        (b"<Budget>", b"<Budget><Inconnu>Zwxquorv</Inconnu>", None),
        (b"<Budget>", b"<Budget><x/>Zwxquorv", {"what": "#text", "count": 1}),
        (b"<DocumentB", b"<!--Zwxquorv--><DocumentB", {"what": "#comment", "count": 1}),
        (b"<DocumentB", b"<?a Zwxquorv?><DocumentB", {"what": "#comment", "count": 1}),
    ],
)
def test_what_stands_between_the_blocks_is_dropped_and_named(
    before: bytes, after: bytes, told: dict[str, object] | None
) -> None:
    document = totem_document()
    assert gate(document)[1].dropped == []
    spoiled = document.replace(before, after)
    assert spoiled != document
    published, answer = gate(spoiled)
    assert published == gate(document)[0]
    found = [row for row in answer.dropped if row["what"].startswith("#")]
    assert found == ([told] if told else [])


def test_an_extra_rule_completes_a_known_element(tmp_path: Path) -> None:
    extra = {"elements": {"LigneBudget": {"since_120": {"keep": ["MtNouveau"]}}}}
    line = {"Nature": "60612", "CodRD": "D", "OpBudg": "0", "MtNouveau": "7.00"}
    document = totem_document(lines=[line])
    assert b"MtNouveau" not in gate(document)[0]
    published, answer = gate(document, rules=extra)
    assert b'<MtNouveau V="7.00"/>' in published
    assert b"CodRD" in published
    assert answer.dropped == []


def test_vendors_free_parts_are_named_in_the_report() -> None:
    row = {"LibTypDette": "Dette", "MtRestDette": "1.00", "Champ_Editeur": "libre"}
    _, answer = gate(totem_document(annexes={"DETTE": [row, row]}))
    named = {row["table"]: row["count"] for row in answer.masked if row["reason"] == "vendor"}
    assert named == {"DocumentBudgetaire/BlocEditeur": 1, "DETTE/Champ_Editeur": 2}


def test_an_explicit_rule_wins_over_a_drop() -> None:
    extra = {"tables": {"PATRIMOINE": {"scan": ["Champ_Editeur"]}}}
    row = {"LibBien": "Banc", "MtValAcquiBien": "2.00", "Champ_Editeur": "vu par M. ZWXQUORV"}
    document = totem_document(annexes={"PATRIMOINE": [row, row | {"Champ_Editeur": "vu"}]})
    published, _ = gate(document, rules=extra)
    assert b'<Champ_Editeur V="vu"/>' in published
    assert b"ZWXQUORV" not in published
    assert b"Champ_Editeur" not in gate(document)[0]


@pytest.mark.parametrize(
    ("table", "name"),
    [("EMPRUNT", "NumContrat"), ("EMPRUNT", "ObjEmpr"), ("CONCOURS", "LibOrgaBenef")],
)
def test_what_an_administrator_drops_is_dropped(table: str, name: str) -> None:
    """Whatever the package does with it: kept, looked through, or a party."""
    document = totem_document(annexes=True)
    element = f"<{name} ".encode()
    assert element in gate(document)[0]
    published, _ = gate(document, rules={"tables": {table: {"drop": {name: "technical"}}}})
    assert element not in published


def test_an_attribute_and_a_leaf_that_are_dropped() -> None:
    extra = {
        "elements": {
            "InformationsGenerales": {"leaves": {"Information": {"drop": ["V"]}}},
            "EnTeteBudget": {"drop": ["LibelleEtab"], "drop_attributes": ["id"]},
        }
    }
    document = totem_document(annexes=True)
    assert b"<LibelleEtab" in gate(document)[0]
    published, _ = gate(document, rules=extra)
    assert b"<LibelleEtab" not in published
    assert not re.search(rb"<Information [^>]*V=", published)


@pytest.mark.parametrize(
    "text",
    [
        *("tables: [a]", "autre: {}", "- a", "tables: {X: [a]}", "a: [", "x"),
        *("tables: {EMPRUNT: {dropp: [NumContrat]}}", "elements: {x: {fields: 3}}"),
        *("tables: {EMPRUNT: {party: x}}", "tables: {EMPRUNT: {keep: 3}}", "limits: x"),
        *("limits: {LibTaxe: long}", "profiles: 3", "profiles: {strict: 1}", "mark: [x]"),
        *("tables: {PRET: {strict: leave-out}}", "tables: {PRET: {party: {X: {natrual: [1]}}}}"),
        *("tables: {PRET: {party: {X: {natural: 1}}}}", "tables: {PRET: {since_100: x}}"),
        *("elements: {Infos: {leaves: {Edition: }}}", "tables: {PRET: {keep: }}"),
        *("version: 2024-99-99", "elements: {Infos: {leaves: {Edition: {keep: 1}}}}"),
    ],
)
def test_a_file_that_is_no_rules_is_a_clear_mistake(text: str, tmp_path: Path) -> None:
    path = tmp_path / "regles.yaml"
    path.write_text(text)
    with pytest.raises(RulesError) as mistake:
        rules.load(path)
    assert mistake.value.code in SENTENCES


@pytest.mark.parametrize("text", ["", "tables: ", "tables: {PRET: }"])
def test_what_says_nothing_changes_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "regles.yaml"
    path.write_text(text)
    fields = rules.load().items["PRET"].fields
    assert rules.load(path).items["PRET"].fields == fields


def test_a_file_of_rules_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "regles.yaml"
    path.write_text("tables: {}")
    assert "NPNRU" not in rules.load(path).items
    assert rules.load(path) is rules.load(path)
    path.write_text("tables: {NPNRU: {keep: [A]}}")
    os.utime(path, ns=(1, 1))
    assert "NPNRU" in rules.load(path).items


def test_every_rule_that_leaves_out_has_a_ground() -> None:
    shipped = rules.load()
    for rule in (*shipped.elements.values(), *shipped.items.values()):
        assert set(rule.reasons.values()) <= set(shipped.grounds), rule.name


def test_every_table_of_the_schema_has_its_rules() -> None:
    from ckanext.budgetod.engine.annex_cells import declared

    shipped = {rule.table: rule for rule in rules.load().items.values()}
    for table, declaration in declared()["tables"].items():
        known = set(shipped[table].fields) | set(shipped[table].reasons)
        assert set(declaration["fields"]) <= known, table


# --- twice is once -------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [
        "M. ",
        "Mme ",
        "DUPONT",
        " Jean",
        "SARL ",
        "jean@ici.fr",
        " 06 12 34 56 78",
        "école ",
        "12,50 €",
    ]
)
_TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=6).map("".join)
_SAFE = _TEXT.map(lambda text: re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "", text)[:90])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    texts=st.lists(_SAFE, min_size=6, max_size=6),
    code=st.sampled_from(["", "P1", "P3", "U3"]),
    profile=st.sampled_from(PROFILES),
)
@example([" 06 12 34 56 78M. école ", "", "", "", "", ""], "", "strict")
def test_anonymising_twice_is_anonymising_once(texts: list[str], code: str, profile: str) -> None:
    grant = {
        "CodNatJurBenefCA": code,
        "LibOrgaBenef": texts[0],
        "MtSubv": "1.00",
        "ObjSubv": texts[1],
    }
    tables = {
        "CONCOURS": [{name: value for name, value in grant.items() if value}],
        "PATRIMOINE": [{"LibBien": texts[2], "MtValAcquiBien": "2.00", "NumInventaire": texts[3]}],
        "PROVISION": [{"LibObjProv": texts[4], "MtProvRepr": "0.00"}],
    }
    line = {"Nature": "60612", "CodRD": "D", "OpBudg": "0"}
    document = totem_document(lines=[line], annexes=tables, collectivite=texts[5], encoding="UTF-8")
    once, first = gate(document, profile=profile)
    twice, second = gate(once, profile=profile)
    assert once == twice
    assert [f.code for f in second.findings if f.code == "P01"] == []
    assert first.facts["annex_rows"]["CONCOURS"] == 1


# --- bounds --------------------------------------------------------------------------------------


def test_bounds_and_refusals() -> None:
    document = EXAMPLES["valmoselle-2023-ca"]
    with pytest.raises(TooLarge):
        gate(document, max_size=1000)
    with pytest.raises(UnsafeXML):
        gate(document.replace(b"<Doc", b"<!DOCTYPE a><Doc", 1))
    with pytest.raises(NotABudget):
        gate(b"%PDF-1.7")
    with pytest.raises(Unreadable):
        gate(document[: len(document) // 2])


def test_a_target_path_is_complete_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "sortie.xml"
    with pytest.raises(Unreadable):
        anonymise(io.BytesIO(EXAMPLES["valmoselle-2023-ca"][:5000]), target)
    assert list(tmp_path.iterdir()) == []
    anonymise(io.BytesIO(EXAMPLES["valmoselle-2023-ca"]), target)
    assert [path.name for path in tmp_path.iterdir()] == ["sortie.xml"]


def test_a_stream_that_cannot_be_read_again_is_enough() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    target = io.BytesIO()
    answer = anonymise(Pipe(EXAMPLES["valmoselle-2023-ca"]), target)
    assert answer.seal == "unchecked"
    assert answer.lines == 30


# --- the whole conversion ------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", ["annexes", "header", "cfu"])
def test_no_file_of_a_conversion_names_anybody(kind: str, profile: str, tmp_path: Path) -> None:
    from ckanext.budgetod.engine import convert

    garden = Garden()
    if kind == "annexes":
        document = totem_document(annexes=planted_tables(garden, coded=False))
    elif kind == "header":
        document = planted_header(garden)
    else:
        document = cfu_document(annexes=planted_tables(garden, coded=True))
    source = tmp_path / "depot.xml"
    source.write_bytes(document)
    done = convert(source, tmp_path / "out", profile=profile)
    files = list((tmp_path / "out").iterdir())
    assert len(files) > 5
    written = [path.read_bytes() for path in files]
    told = json.dumps(done.report.to_dict(), default=str) + str(done.header) + str(done.summary)
    assert garden.leaks(*written, told, *(path.name for path in files)) == []
    assert [p for p in (*PERSONS, *CFU_PERSONS) if p.encode() in b"".join(written)] == []

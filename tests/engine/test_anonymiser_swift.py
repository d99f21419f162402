"""The swift way writes what the careful way writes, on anything."""

from __future__ import annotations

import io
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.budgetod.engine.anonymiser import GatePass, anonymise, rules
from ckanext.budgetod.engine.anonymiser.shapes import Shapes
from ckanext.budgetod.engine.builder import totem_document
from ckanext.budgetod.engine.builder_examples import examples
from ckanext.budgetod.engine.document import BudgetLine
from ckanext.budgetod.engine.readers import open_document

EXAMPLES = examples()
REAL = Path(os.environ.get("BUDGETOD_REAL_DATA", "/nonexistent"), "totem")
DOCUMENTS = sorted(REAL.glob("*.xml"))
needs_real = pytest.mark.skipif(not DOCUMENTS, reason="needs BUDGETOD_REAL_DATA")
PROFILES = ("strict", "annexes")


def gate(document: bytes, profile: str = "strict") -> tuple[bytes, GatePass]:
    target = io.BytesIO()
    answer = anonymise(io.BytesIO(document), target, profile=profile, check_seal=False)
    return target.getvalue(), answer


def both_ways(document: bytes, profile: str) -> None:
    swift, told = gate(document, profile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shapes, "plan", lambda *_: None)
        careful, told_carefully = gate(document, profile)
    assert swift == careful
    assert told.masked == told_carefully.masked
    assert told.dropped == told_carefully.dropped
    assert told.facts == told_carefully.facts
    assert told.header == told_carefully.header
    assert told.lines == told_carefully.lines
    places = [{str(w) for w in f.where} for f in told.findings]
    assert places == [{str(w) for w in f.where} for f in told_carefully.findings]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_both_ways_agree_on_the_examples(name: str, profile: str) -> None:
    both_ways(EXAMPLES[name], profile)


_PIECES = st.sampled_from(
    [
        "M. ",
        "Mme ",
        "DUPONT",
        " Jean",
        "SARL ",
        "j@ici.fr",
        " 0612345678",
        "école",
        "&<>\"'",
        "a b",
        "\t",
    ]
)
_TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=5)), max_size=4).map("".join)
_SAFE = _TEXT.map(lambda text: re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "", text)[:60])
_GRANT = st.fixed_dictionaries(
    {
        "CodArticle": _SAFE,
        "LibOrgaBenef": _SAFE,
        "MtSubv": st.sampled_from(["1.00", "NaN", "-2.50"]),
    },
    optional={
        "CodNatJurBenefCA": st.sampled_from(["P1", "P3", "U3"]),
        "ObjSubv": _SAFE,
        "Siret": st.sampled_from(["21570990800010", "123"]),
        "Champ_Editeur": _SAFE,
        "Inconnu": _SAFE,
        "@id": _SAFE,
        "@calculated": st.sampled_from(["true", "false"]),
    },
)
_LOAN = st.fixed_dictionaries(
    {"LibOrgaPreteur": _SAFE, "MtCapitalRestDu_31_12": st.just("10.00")},
    optional={
        "CodTypPreteur": st.just("01"),
        "LibOrgCoContr": st.sampled_from(["BNP PARIBAS", "Jean DUPONT", ""]),
        "NomBenefEmprGaranti": _SAFE,
        "NumContrat": _SAFE,
    },
)
_LINE = st.fixed_dictionaries(
    {"Nature": _SAFE, "CodRD": st.just("D"), "CredOuv": st.just("1.00"), "OpBudg": st.just("0")},
    optional={
        "LibCpte": _SAFE,
        "Operation": _SAFE,
        "@generator": _SAFE,
        "+1": st.sampled_from(['MtSup Code="ICNE" V="1"', 'MtSup V="1" Code="a b"', "Vide"]),
        "+2": st.sampled_from(['CaracSup Code="ProgAutoLib" V="M. DUPONT"', 'CaracSup Code="x"']),
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(_LINE, min_size=1, max_size=4),
    grants=st.lists(_GRANT, max_size=4),
    loans=st.lists(_LOAN, max_size=3),
    profile=st.sampled_from(PROFILES),
)
def test_both_ways_agree_on_anything(lines, grants, loans, profile: str) -> None:
    tables = {"EMPRUNT": loans, "CONCOURS": grants}
    tables = {name: rows for name, rows in tables.items() if rows}
    both_ways(totem_document(lines=lines, annexes=tables, encoding="UTF-8"), profile)


def test_rows_with_text_comments_or_elements_inside_are_cleaned() -> None:
    document = EXAMPLES["valmoselle-2023-ca"].decode("latin-1")
    line = '<LigneBudget>\n         <Nature V="60612"/>'
    assert line in document
    for dirt in ("Zwxquorv", "<!-- Zwxquorv -->", '<a b="Zwxquorv"/>', "<?a Zwxquorv?>"):
        for dirty in (line + dirt, line.replace("<Nature", dirt + "<Nature")):
            published, answer = gate(document.replace(line, dirty, 1).encode("latin-1"))
            assert b"Zwxquorv" not in published
            assert answer.dropped
    for inner in ("Zwxquorv", '<b V="Zwxquorv"/>'):
        dirty = line.replace('"60612"/>', f'"60612">{inner}</Nature>')
        published, answer = gate(document.replace(line, dirty, 1).encode("latin-1"))
        assert b"Zwxquorv" not in published
        assert b'<Nature V="60612"/>' in published


def with_rows(table: str, rows: str, *, before: str = "") -> bytes:
    """A document with these rows, as they are, in one annex table."""
    grants = [{"LibOrgaBenef": "Association", "MtSubv": "1.00"}]
    document = totem_document(annexes={"FORMATION" if table == "CONCOURS" else "CONCOURS": grants})
    added = f"{before}<DATA_{table}>{rows}</DATA_{table}></Annexes>".encode("latin-1")
    return document.replace(b"</Annexes>", added)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("CONCOURS", '<CONCOURS><CodNatJurBenefCA V="&#9;"/><LibOrgaBenef V="{}"/></CONCOURS>'),
        ("PRET", '<PRET><CodTypPret V="MMe.Zwxquorv"/></PRET>'),
        ("PRET", '<PRET><CodTypPret V="MLle_Zwxquorv"/></PRET>'),
        ("CONCOURS", '<CONCOURS><LibOrgaBenef V="SARL X"/><LibOrgaBenef V="{}"/></CONCOURS>'),
        (
            "EMPRUNT",
            '<EMPRUNT><CodTypPreteur V="01"/><LibOrgaPreteur V="BANQUE SA"/>'
            '<LibOrgaPreteur V="{}"/></EMPRUNT>',
        ),
        ("PRET", '<X><PRET><CodTypPret V="Zwxquorv"/></PRET></X><PRET><CodTypPret V="A"/></PRET>'),
        ("PRET", '<PRET>&#160;\n<CodTypPret V="A"/></PRET>'),
        ("PERSONNEL", '<x/><PERSONNEL><EffectifBud V="1"/></PERSONNEL><x><y/></x>'),
    ],
)
def test_both_ways_agree_on_what_once_got_out(table: str, rows: str, profile: str) -> None:
    document = with_rows(table, rows.format("Jean Zwxquorv") + "<y/>")
    both_ways(document, profile)
    assert b"Zwxquorv" not in gate(document, profile)[0]


def test_hidden_rows_beside_something_unknown_are_counted() -> None:
    rows = '<x><a/></x><PERSONNEL><EffectifBud V="2"/></PERSONNEL><x/>'
    answer = gate(with_rows("PERSONNEL", rows))[1]
    assert answer.facts["annex_rows"]["PERSONNEL"] == 1
    assert answer.facts["annex_totals"]["staff"] == {"effectif_budgetaire": "2.00"}
    assert {"what": "PERSONNEL/x", "count": 2} in answer.dropped


def test_the_mark_of_a_party_hides_what_goes_with_it_both_ways() -> None:
    mark = rules.load().mark
    row = f'<CodNatJurBenefCA V="P1"/><LibOrgaBenef V="{mark}"/><ObjSubv V="secret"/>'
    for profile in PROFILES:
        both_ways(with_rows("CONCOURS", f"<CONCOURS>{row}</CONCOURS>"), profile)


def test_a_second_budget_has_its_own_name() -> None:
    row = '<PRET><NomBenefPret V="Jean Zwxquorv"/></PRET>'
    first = with_rows("PRET", row)
    start, end = first.index(b"<Budget>"), first.index(b"</Budget>") + len(b"</Budget>")
    budget = first[start:end]
    own = re.sub(rb'LibelleEtab V="[^"]*"', b'LibelleEtab V="Jean Zwxquorv"', budget)
    document = first[:start] + own + budget + first[end:]
    for profile in PROFILES:
        both_ways(document, profile)
    assert gate(document)[0].count(b'NomBenefPret V="Jean Zwxquorv"') == 1


@pytest.mark.parametrize(
    "rows",
    [
        '<PRET id="p001"/>' * 60 + '<PRET id="é1"/>',
        f'<PRET id="{"1" * 300_000} "/>',
        f'<PRET><CodTypPret V="{" " * 300_000}"/><Champ_Editeur V="x"/></PRET>',
        f'<PRET><MtCapitalExer V="{"9" * 300_000}"/></PRET>',
    ],
    ids=["codes", "a long code", "blanks", "figures"],
)
def test_nothing_takes_more_than_linear_time(rows: str) -> None:
    """Any of these would take hours otherwise."""
    rows = rows.replace("é", "&#233;")
    whole = rows.replace('"/><PRET', '"><CodTypPret V="A"/></PRET><PRET').replace("é", "&#233;")
    gate(with_rows("PRET", whole + "<y/>"))


def test_prefixed_documents_are_published_too() -> None:
    document = EXAMPLES["sainte-ombrelle-2024-bp"].decode("latin-1")
    prefixed = re.sub(r"<(/?)(?=[A-Z])", r"<\1db:", document).replace("xmlns=", "xmlns:db=")
    published, answer = gate(prefixed.encode("latin-1"))
    assert answer.dropped == []
    assert published.count(b"<db:LigneBudget") == answer.lines > 0


def test_no_prefix_is_invented() -> None:
    for name, document in EXAMPLES.items():
        published, _ = gate(document)
        assert b"<VersionSchema V=" in published, name
        assert b"ns0:" not in published


def test_rules_are_known_to_both_ways() -> None:
    for rule in rules.load().items.values():
        assert Shapes(rule, frozenset()).rule is rule


# --- real documents ------------------------------------------------------------------------------


def lines_of(document: bytes) -> list[BudgetLine]:
    with open_document(io.BytesIO(document)) as opened:
        return [event for event in opened if isinstance(event, BudgetLine)]


@needs_real
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_real_documents_keep_every_line_and_amount(path: Path) -> None:
    document = path.read_bytes()
    for profile in PROFILES:
        published, answer = gate(document, profile)
        before, after = lines_of(document), lines_of(published)
        assert [(x.nature, x.amounts) for x in before] == [(x.nature, x.amounts) for x in after]
        assert answer.lines == len(before)
        assert answer.dropped == []
        again, _ = gate(published, profile)
        assert again == published


@needs_real
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_both_ways_agree_on_real_documents(path: Path) -> None:
    both_ways(path.read_bytes(), "strict")


@needs_real
def test_valid_documents_stay_valid() -> None:
    from lxml import etree

    xsd = REAL.parent / "xsd/V95/SchemaDocBudg/DocumentBudgetaire.xsd"
    schema = etree.XMLSchema(etree.parse(str(xsd)))
    documents = [path.read_bytes() for path in DOCUMENTS]
    documents += [document for name, document in EXAMPLES.items() if "cfu" not in name]
    valid = [document for document in documents if schema.validate(etree.fromstring(document))]
    assert len(valid) > 20
    for document in valid:
        for profile in PROFILES:
            schema.assertValid(etree.fromstring(gate(document, profile)[0]))


@needs_real
def test_accountants_and_signatures_of_the_real_cfu_are_gone() -> None:
    document = next(path for path in DOCUMENTS if path.name.startswith("cfu")).read_bytes()
    text = document.decode("iso-8859-1")
    names = re.findall(r'(?:NomComptable|Utilisateur)="([^"]+)"', text)
    names += re.findall(r"SignerName>([^<(]*\w[^<(]*)", text)
    assert len(names) > 3
    published = gate(document)[0].decode()
    assert [name for name in names if name.strip() in published] == []
    assert "X509" not in published


@needs_real
def test_amounts_are_the_control_totals() -> None:
    path = next(path for path in DOCUMENTS if path.stem == "ca-2021-m14-crach")
    lines = lines_of(gate(path.read_bytes())[0])
    total = sum((line.mt_real or Decimal(0)) for line in lines)
    assert total == sum((line.mt_real or Decimal(0)) for line in lines_of(path.read_bytes()))


ROW = '<PRET><CodTypPret V="A"/><MtCapitalExer V="{}.00"/></PRET>'
BETWEEN = (
    "<PRET/>",
    '<PRET id="d1"/>',
    "<PRET></PRET>",
    "<PRET><PRET></PRET></PRET>",
    '<PRET><PRET><CodTypPret V="A"/></PRET></PRET>',
    "<PRET><!-- </PRET><PRET> --></PRET>",
    "<!-- </PRET> -->",
    "<!-- <PRET></PRET> -->",
    "<?a </PRET>?>",
    "</PRET>".replace("<", "&lt;"),
    '<x:PRET xmlns:x="urn:x"><x:CodTypPret V="B"/></x:PRET>',
    '<PRET xmlns="urn:x"><CodTypPret V="B"/></PRET>',
    '<PRETS><CodTypPret V="B"/></PRETS>',
    '<PRET><x:A xmlns:x="urn:x" V="1"/></PRET>',
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.sampled_from(BETWEEN), st.just(ROW)), min_size=1, max_size=8))
def test_both_ways_agree_whatever_stands_between_rows(pieces: list[str]) -> None:
    rows = "".join(piece.format(rank) for rank, piece in enumerate(pieces, 1))
    document = totem_document(annexes={"PRET": [{"CodTypPret": "A", "MtCapitalExer": "9.00"}]})
    dirty = document.replace(b"<DATA_PRET>", f"<DATA_PRET>{rows}".encode(), 1)
    for profile in PROFILES:
        both_ways(dirty, profile)
    published, _ = gate(dirty, "annexes")
    kept = [f"{rank}.00" for rank, piece in enumerate(pieces, 1) if piece == ROW]
    found = re.findall(r'<MtCapitalExer V="(\d\.00)"', published.decode())
    assert found == [*kept, "9.00"]


def test_rows_without_the_prefix_of_their_container_keep_their_namespace() -> None:
    document = EXAMPLES["sainte-ombrelle-2024-bp"].decode("latin-1")
    (namespace, *_) = re.findall(r' xmlns="([^"]+)"', document)
    mixed = document.replace(" xmlns=", f' xmlns:p="{namespace}" xmlns=', 1)
    for name in ("DocumentBudgetaire", "Budget"):
        mixed = re.sub(rf"<(/?){name}\b", rf"<\1p:{name}", mixed)
    published, answer = gate(mixed.encode("latin-1"))
    assert len(lines_of(published)) == answer.lines == len(lines_of(document.encode("latin-1"))) > 0

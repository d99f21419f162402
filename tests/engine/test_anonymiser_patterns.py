"""What betrays a person in a free text, what does not, and in which time."""

from __future__ import annotations

import time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.budgetod.engine.anonymiser import glance, parties, patterns

NAMED = (
    ("Acquisition parcelle de Mme DUPONT", "Acquisition parcelle de [nom occulté]"),
    ("M. Jean-Luc de la TOUR : ravalement", "[nom occulté] : ravalement"),
    ("Bourse permis M DURAND", "Bourse permis [nom occulté]"),
    ("Aide à Monsieur et Madame Paul MARTIN", "Aide à [nom occulté]"),
    ("M. et Mme Martin", "[nom occulté]"),
    ("MME LEFEVRE", "[nom occulté]"),
    ("Melle Anaïs Petit", "[nom occulté]"),
    ("suivi de Mélle Durand", "suivi de [nom occulté]"),
    ("succession DURAND", "[nom occulté]"),
    ("Indivision LE GOFF", "[nom occulté]"),
    ("Consorts Martin-Dubois", "[nom occulté]"),
    ("Me Durand, notaire", "[nom occulté], notaire"),
    ("honoraires Dr Moreau", "honoraires [nom occulté]"),
    ("aide à mme dupont", "aide à [nom occulté]"),
    ("monsieur durand et mlle petit", "[nom occulté] et [nom occulté]"),
    ("M.DURAND", "[nom occulté]"),
    ("Mme. Durand", "[nom occulté]"),
    ("MR DURAND PAUL", "[nom occulté]"),
    ("06.12.34.56.78", "[téléphone occulté]"),
    ("+33(0)6 12 34 56 78", "[téléphone occulté]"),
    ("0033612345678", "[téléphone occulté]"),
    ("285075709912345", "[NIR occulté]"),
    ("2850757099123", "[NIR occulté]"),
    ("agent 2 85 07 57 099 123", "agent [NIR occulté]"),
    ("2850757099123 45,50 €", "[NIR occulté] 45,50 €"),
    ("1850757099123,2850757099123", "[NIR occulté],[NIR occulté]"),
    ("185072A004123", "[NIR occulté]"),
    ("1 85 42 2B 004 123 45", "[NIR occulté]"),
    ("FR7630006000011234567890189", "[IBAN occulté]"),
    ("contact jean.dupont@ville.fr pour", "contact [courriel occulté] pour"),
    ("tél 06 12 34 56 78", "tél [téléphone occulté]"),
    ("+33 6 12 34 56 78", "[téléphone occulté]"),
    ("0612345678", "[téléphone occulté]"),
    ("FR76 3000 6000 0112 3456 7890 189", "[IBAN occulté]"),
    ("NIR 2 85 07 57 099 123 45", "NIR [NIR occulté]"),
    ("M. J.P. DURAND", "[nom occulté]"),
    ("M. O.DURAND : mur", "[nom occulté] : mur"),
    ("Mme ŞAHIN", "[nom occulté]"),
    ("M. Łukasz ŠIMIĆ", "[nom occulté]"),
    ("Mme E\u0301lodie DURAND", "[nom occulté]"),
    ("Mme HÃ\x89LÃ\x88NE DURAND", "[nom occulté]"),
    ("M.\u200b DURAND", "[nom occulté]"),
    ("MM. DURAND, PETIT et MARTIN", "[nom occulté]"),
    ("Mesdemoiselles Durand", "[nom occulté]"),
    ("M. durand", "[nom occulté]"),
    ("monsieur jean pierre durand", "[nom occulté]"),
    ("Mme : Durand", "[nom occulté]"),
    ("terrain_Mme_DURAND", "terrain_[nom occulté]"),
    ("HONORAIRES ME DURAND", "HONORAIRES [nom occulté]"),
    ("VISITE DR MOREAU", "VISITE [nom occulté]"),
    ("veuve durand", "[nom occulté]"),
    ("indivision durand", "[nom occulté]"),
    ("NEE DURAND", "[nom occulté]"),
    ("tel.0612345678", "tel.[téléphone occulté]"),
    ("06/12/34/56/78", "[téléphone occulté]"),
    ("Mme PELTIER\u2013DURAND", "[nom occulté]"),
    ("M. Jean\x96Paul D\x92ARTIMON", "[nom occulté]"),
    ("mme peltier\u2011durand", "[nom occulté]"),
    ("M. CH\x8cUR", "[nom occulté]"),
    ("contact j.o'durand@ville.fr", "contact [courriel occulté]"),
    ("Litige M. Lemaire Paul", "Litige [nom occulté]"),
    ("Me LEMAIRE, notaire", "[nom occulté], notaire"),
    ("MM. Lemaire et Petit", "[nom occulté]"),
    ("Docteur Lepercepteur", "[nom occulté]"),
    ("Mme/Dupont", "[nom occulté]"),
    ('M. "Dupont"', '[nom occulté]"'),
    ("Mme « Dupont »", "[nom occulté] »"),
    ("M. Du\u180epont", "[nom occulté]"),
    ("06\u201112\u201134\u201156\u201178", "[téléphone occulté]"),
    ("06 12  34 56 78", "[téléphone occulté]"),
    ("(06) 12 34 56 78", "[téléphone occulté]"),
    ("06 - 12 - 34 - 56 - 78", "[téléphone occulté]"),
    ("+33-6-12-34-56-78", "[téléphone occulté]"),
    ("+262692123456", "[téléphone occulté]"),
    ("+590 690 12 34 56", "[téléphone occulté]"),
    ("00 33 6 12 34 56 78", "[téléphone occulté]"),
    ("fr76 3000 6000 0112 3456 7890 189", "[IBAN occulté]"),
    ("FR76-3000-6000-0112-3456-7890-189", "[IBAN occulté]"),
    ("NO93 8601 1117 947", "[IBAN occulté]"),
    ("1-85-05-78-006-084-36", "[NIR occulté]"),
    ("1.85.05.78.006.084.36", "[NIR occulté]"),
    ("2 85 07 2a 004 123 45", "[NIR occulté]"),
)
PLAIN = (
    "",
    "Mobilier de la médiathèque",
    "M14 et M57",
    "MM 2023",
    "Subvention Monsieur le Maire",
    "M. LE MAIRE",
    "Rue du Docteur Calmette",
    "ECOLE DU DR ROUX",
    "Mesures d'accompagnement",
    "Maison des associations",
    "Même objet",
    "Solde 12 345 678,90 €",
    "123456.78",
    "0123456789.00",
    "1 234 567 890,12",
    "du 01.02.2023 au 31.12.2023",
    "21570990800010",
    "SIRET 215 709 908 00010",
    "Inventaire 2019-000123-456",
    "Emménagement",
    "Madame la maire",
    "monsieur le président",
    "Mesdames et messieurs les élus",
    "prix au m2 Bureaux",
    "Marché n° 2021M05 Lot 3",
    "a @ b",
    "M.J.C. Les Arcades",
    "DR HABITAT SARL",
    "06/12345678 (AB-011)",
    "M. le président",
    "succession vacante",
    "année 2023 : nécessaire",
    "E\u0301cole e\u0301le\u0301mentaire",
    "Livret A + 0.4743402646503",
    "Euribor 12M + 0,1850123456789",
    "TEC10 - 10,185012345678912",
    "1580123456789.00",
    "mandat 1581323456789",
    "mandat 1584523456789",
    "mandat 1580100456789",
    "mandat 1580123000789",
    "mandat 1580123456000",
    "1.850578006084",
    "du 01-02-2023 - 12-03-2024",
    "Madame/Monsieur le Maire",
    "Lot 1 - 85 - 05",
)


@pytest.mark.parametrize(("text", "expected"), NAMED)
def test_what_betrays_a_person_is_masked(text: str, expected: str) -> None:
    assert patterns.suspect(text)
    masked, kinds = patterns.mask(text)
    assert masked == expected
    assert kinds
    assert patterns.mask(masked) == (masked, [])


@pytest.mark.parametrize("text", PLAIN)
def test_what_names_nobody_stays(text: str) -> None:
    assert patterns.mask(text) == (text, [])


def found_in(texts: list[str]) -> list[str]:
    """The texts in which something is found when they are looked at together."""
    escaped = {escape(text, {"\n": "&#10;", '"': "&quot;"}): text for text in texts}
    found = glance.unclean([escape(text, {"\n": "&#10;", '"': "&quot;"}) for text in texts])
    return [escaped[text] for text in found]


@pytest.mark.parametrize(("text", "_"), NAMED)
def test_the_quick_look_misses_nothing(text: str, _: str) -> None:
    for around in ("{}", "objet : {}", "12{} ", "({})", "l'{}", "a/{}"):
        whole = around.format(text)
        assert patterns.suspect(whole) or not patterns.hits(whole)
        assert found_in([whole]) == found_in([whole, "x"]) == found_in(["0", whole, "x"])
        assert found_in([whole]) == ([whole] if patterns.hits(whole) else [])


@given(st.text(alphabet="Mmre.DUPONT ée0612345789 +3@'-/&\u00a0\n", max_size=40))
def test_the_quick_looks_miss_nothing_at_all(text: str) -> None:
    assert patterns.suspect(text) or not patterns.hits(text)


_WORDS = st.sampled_from(
    [
        *(
            "Mlle",
            "Mélle",
            "mÉlle",
            "MLE",
            "Monsieur",
            "épouse",
            "ÉPOUX",
            "Vve",
            "née",
            "NÉE",
            "cts",
        ),
        *(
            "consorts",
            "Héritiers",
            "indivision",
            "succession",
            "Dr",
            "Docteur",
            "Maître",
            "ME",
            "M.",
        ),
        *("MretMme", "MmeetM.", "METM.", "HÉRITIERSetépoux", "individuel", "maîtrise", "mrs", "MM"),
        *(
            "Durand",
            "DURAND",
            "durand",
            "de",
            "la",
            "et",
            "1",
            "06 12 34 56 78",
            "a@b.fr",
            "Î",
            "ſ",
        ),
    ]
)
_JOINTS = st.sampled_from([" ", "", ".", "/", "_", "\u00a0", "-", "'", "\n", ": ", "1", "\u0301"])
_PHRASES = st.lists(st.tuples(_WORDS, _JOINTS), max_size=6).map(
    lambda found: "".join(word + joint for word, joint in found)
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(_PHRASES, max_size=5, unique=True))
def test_phrases_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    assert sorted(found_in(texts)) == sorted(text for text in texts if patterns.hits(text))


@given(
    st.lists(st.text(alphabet="Mmre.DUPONT ée0612345789 +3@'-/&\u00a0\n", max_size=40), unique=True)
)
def test_texts_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    assert sorted(found_in(texts)) == sorted(text for text in texts if patterns.hits(text))


@given(st.lists(st.text(alphabet="012378AB ,.", min_size=12, max_size=20), unique=True, max_size=5))
def test_figures_with_marks_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    for text in texts:
        assert patterns.suspect(text) or not patterns.NUMBERS[1].search(text)
    assert sorted(found_in(texts)) == sorted(text for text in texts if patterns.hits(text))


@given(st.lists(st.text(alphabet="0123478", min_size=8, max_size=16), unique=True, max_size=5))
def test_figures_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    assert sorted(found_in(texts)) == sorted(text for text in texts if patterns.hits(text))


_CODES = st.one_of(
    st.sampled_from(["true", "false", "", "a.xsl", "./x", "1", "A1-b", "tru", "12 a", "a@1", "é1"]),
    st.text(alphabet="atrue.xsl1/ \t@é", max_size=8),
)


@given(st.lists(_CODES, max_size=5))
def test_codes_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    """Careful with other alphabets: never too little."""
    surely = all(patterns.is_code(text) and text.isascii() for text in texts)
    assert glance.are_codes([escape(text, {"\t": "&#9;"}) for text in texts]) == surely


def test_a_mask_fits_the_place_of_the_text() -> None:
    assert patterns.mask("M. DUPONT", limit=10) == ("occulté", ["name"])
    assert len(patterns.mask("Mme DUPONT " * 9, limit=100)[0]) <= 100


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "A",
        "M. ",
        "M. A",
        "0",
        "06 ",
        "1 ",
        "@",
        "a@",
        "a@a",
        "a@a.",
        "FR76",
        "É",
        "de ",
        "-",
    ],
)
def test_time_is_linear(unit: str) -> None:
    """A label of 200 kB of the worst kind takes less than two seconds, whatever the kind."""
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    patterns.suspect(text)
    patterns.mask(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("value", "sober"),
    [
        ("Provision pour litiges", True),
        ("PROVISION POUR CREANCES DOUTEUSES", True),
        ("Litige DUPONT", False),
        ("Contentieux Martin c/ commune", False),
        ("c6815", True),
        ("litige dupont", False),
        ("Provision 2023 - litiges", True),
        ("Prêts au personnel", True),
    ],
)
def test_common_words_of_accounts_are_no_names(value: str, sober: bool) -> None:
    assert parties.is_sober(value) is sober

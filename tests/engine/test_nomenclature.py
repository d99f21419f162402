"""Plans: compiled from official files, found by year and nomenclature, used to resolve lines."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ckanext.budgetod.engine.document import (
    BudgetLine,
    ChapterOrigin,
    Header,
    LabelSource,
    ResolvedLine,
    Stage,
)
from ckanext.budgetod.engine.errors import NomenclatureError
from ckanext.budgetod.engine.nomenclature import Plans, Resolver, Standing, plans
from ckanext.budgetod.engine.nomenclature import family as families
from ckanext.budgetod.engine.nomenclature.compiler import compile_plan
from ckanext.budgetod.engine.nomenclature.install import diff, install_plan, update
from ckanext.budgetod.engine.nomenclature.plan import Entry, Key, Plan

PLAN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<Nomenclature Norme="{norme}" Declinaison="{decl}" Exer="{year}">
 <Nature>
  <Chapitres>
   <Chapitre Code="011" Libelle="Charges" TypeChapitre="G" Section="F" Special="0"/>
   <Chapitre Code="20" Libelle="Immobilisations" TypeChapitre="C" Section="I" Special="1"/>
  </Chapitres>
  <Comptes>
   <Compte Code="6" Libelle="Charges" RegrTotalise="1">
    <Compte Code="6061" Libelle="{label}" DEquip="0" DR="011" DOES="" RR=""/>
    <Compte Code="6099" Libelle="Fini" DR="011" Supprime="1" SupprimeDepuis="{year}-01-02"/>
   </Compte>
   <Compte Code="2031" Libelle=" Frais d&#x92;études " DEquip="1" REquip="1" DR="20" RR="20"/>
  </Comptes>
 </Nature>
 <Fonction>
  <Chapitres><Chapitre Code="930" Libelle="Services" Section="F"/></Chapitres>
  <Comptes><Compte Code="93020" Libelle="Administration" DR="930"/></Comptes>
  <RefFonctionnelles><RefFonc Code="0" Libelle="Services"><RefFonc Code="02" Libelle="Adm."/>
  </RefFonc></RefFonctionnelles>
 </Fonction>
</Nomenclature>
"""


def official(norme="M99", decl="M99_A", year=2024, label="Fournitures") -> bytes:
    """A fictional official plan, in the official encoding."""
    text = PLAN.format(norme=norme, decl=decl, year=year, label=label)
    return text.encode("iso-8859-1")


def line(**changes) -> BudgetLine:
    base = dict.fromkeys(
        ("fonction", "operation", "cont_nat", "cont_fon", "cont_op", "typ_op_budg", "lib_compte"),
        "",
    )
    amounts = dict.fromkeys(
        (
            "mt_real",
            "mt_budg_prec",
            "mt_rar_prec",
            "mt_prop_nouv",
            "mt_prev",
            "cred_ouv",
            "mt_rar_3112",
        )
    )
    given = {"index": 1, "source_line": 1, "nature": "6061", "cod_rd": "D", "op_budg": "0"}
    given |= {"art_spe": None, "compte_tiers": ""}
    return BudgetLine(**{**base, **amounts, **given, **changes})


def resolve(nomenclature="M57-M57_D", exercice=2023, nat_fonc="1", **changes) -> ResolvedLine:
    header = Header(
        siret="21570990800010",
        exercice=exercice,
        stage=Stage.CA,
        nomenclature=nomenclature,
        nat_fonc=nat_fonc,
    )
    return Resolver(plans(), header).resolve(line(**changes))


# -- compiler -------------------------------------------------------------------------------------


def test_compiled_plan_holds_the_facts() -> None:
    plan = compile_plan(official())
    assert plan.key == Key("M99", "M99_A", 2024)
    assert plan.get("chapitre", "20") == Entry("20", "Immobilisations", "I", marks="SC")
    account = plan.get("compte", "2031")
    assert account.label == "Frais d’études"
    assert account.equipment == "DR"
    assert account.roles == ("20", "20", "", "", "", "")
    assert plan.get("compte", "6099").deleted == "2024"
    assert plan.get("compte", "6").marks == "T"
    assert plan.get("compte_fonction", "93020").roles[0] == "930"
    assert plan.get("fonction", "02").label == "Adm."
    assert len(plan.digest) == 64


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        b"<Nomenclature/>",
        b'<Nomenclature Norme="../x" Declinaison="y" Exer="2024"/>',
        b'<Nomenclature Norme="M1" Declinaison="M1" Exer="2024"/>',
        official().replace(b'"2024"', b'"\xb2"', 1),
        b"<!DOCTYPE a><Nomenclature/>",
        official()[:700],
    ],
    ids=["empty", "other", "bare", "traversal", "no account", "year", "doctype", "truncated"],
)
def test_what_is_not_a_plan(data: bytes) -> None:
    with pytest.raises(NomenclatureError):
        compile_plan(data)


def test_family_files_round_trip(tmp_path: Path) -> None:
    family = families.Family("M99-M99_A")
    for year, label in ((2023, "Fournitures"), (2024, "Fournitures"), (2024, "Fourniture")):
        family.add(compile_plan(official(year=year, label=label)))
    path = tmp_path / "M99-M99_A.plan"
    path.write_text(families.dump(family), encoding="utf-8")
    again = families.load(path)
    assert again == family
    assert families.dump(again) == families.dump(family)
    assert [tuple(copy)[:2] for copy in again.copies] == [(2023, 0), (2024, 0), (2024, 1)]


def test_same_publication_is_added_once() -> None:
    family = families.Family("M99-M99_A")
    assert family.add(compile_plan(official()))
    assert not family.add(compile_plan(official()))


@pytest.mark.parametrize("text", ["", "budgetod-plan 2\nx\n\n", "budgetod-plan 1\nx\nnonsense\n"])
def test_broken_family_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "X-X.plan"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NomenclatureError):
        families.load(path)


# -- plans of an administrator --------------------------------------------------------------------


def test_a_new_plan_serves_at_once(tmp_path: Path) -> None:
    plan, is_new = install_plan(official(), tmp_path)
    assert is_new
    assert not install_plan(official(), tmp_path)[1]
    known = Plans(tmp_path)
    assert known.standing("M99-M99_A", 2024) is Standing.EXACT
    assert known.standing("M99-M99_A", 2026) is Standing.OTHER_YEAR
    assert known.standing("M99-M99_B", 2024) is Standing.SIBLING
    assert known.look_up("compte", "6061", "M99-M99_A", 2024).entry == plan.get("compte", "6061")
    assert "M57-M57_A" in known.names


def test_a_plan_can_be_added_in_memory() -> None:
    known = Plans()
    assert known.look_up("compte", "6061", "M99-M99_A", 2024) is None
    assert known.add(compile_plan(official()))
    assert not known.add(compile_plan(official()))
    assert known.standing("M99-M99_A", 2024) is Standing.EXACT
    assert known.look_up("compte", "6061", "M99-M99_A", 2024).entry.label == "Fournitures"
    assert known.add(compile_plan(official("M57", "M57_A", 2025)))
    assert known.standing("M57-M57_A", 2025) is Standing.EXACT
    assert known.standing("M57-M57_A", 2024) is Standing.EXACT


def test_an_added_copy_comes_before_ours(tmp_path: Path) -> None:
    install_plan(official("M57", "M57_A", 2024, "Libellé corrigé"), tmp_path)
    found = Plans(tmp_path).look_up("compte", "6061", "M57-M57_A", 2024)
    assert found.entry.label == "Libellé corrigé"
    assert found.source is LabelSource.LATER_COPY
    other = Plans(tmp_path).look_up("compte", "6411", "M57-M57_A", 2024)
    assert other.source is LabelSource.EXACT


def test_plans_folder_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_plan(official(), tmp_path)
    monkeypatch.setenv("BUDGETOD_PLANS", str(tmp_path))
    assert plans().standing("M99-M99_A", 2024) is Standing.EXACT
    assert plans() is plans()


def test_update_from_a_mirror(tmp_path: Path) -> None:
    mirror, out = tmp_path / "mirror", tmp_path / "out"
    files = {
        "2024/M99/M99_A": official(),
        "2023/M99/M99_A": official(year=2022),
        "2023/M99/M99_P": official(decl="M99_D", year=2023),
        "2024/M99/M99_B": b"<html/>",
    }
    for folder, data in files.items():
        (mirror / folder).mkdir(parents=True)
        (mirror / folder / "planDeCompte.xml").write_bytes(data)
    done = update([mirror], out)
    assert [str(key) for key in done.added] == ["M99-M99_P 2023", "M99-M99_A 2024"]
    assert [str(key) for _, key in done.stale] == ["M99-M99_A 2022"]
    assert len(done.rejected) == 1
    assert [str(key) for key in update([mirror], out).known] == ["M99-M99_P 2023", "M99-M99_A 2024"]


def test_diff_names_each_change() -> None:
    before = compile_plan(official(label="Fournitures"))
    after = compile_plan(official(label="Fourniture").replace(b"2031", b"2032"))
    changes = {(change.kind, change.code): change for change in diff(before, after)}
    assert set(changes) == {("compte", "2031"), ("compte", "2032"), ("compte", "6061")}
    assert changes["compte", "2031"].after is None
    assert changes["compte", "2032"].before is None


# -- data of the package --------------------------------------------------------------------------


def test_package_holds_every_nomenclature() -> None:
    known = plans()
    wanted = {
        "M14-M14_COM_SUP3500": (2013, 2024),
        "M14-M14_CE": (2013, 2024),
        "M52-M52": (2013, 2024),
        "M57-M57": (2016, 2021),
        "M57-M57_A": (2022, 2024),
        "M57-M57_P": (2023, 2024),
        "M61-M61": (2013, 2024),
        "M71-M71": (2013, 2024),
        "M4-M43": (2022, 2024),
        "M4-M49_A": (2013, 2024),
    }
    for name, (first, last) in wanted.items():
        years = known.family(name).years
        assert first >= years[0]
        assert last == years[-1]


def test_package_data_are_small_and_clean() -> None:
    folder = Path(families.__file__).parent / "data"
    texts = {path.name: path.read_text("utf-8") for path in folder.glob("*.plan")}
    assert sum(len(text.encode()) for text in texts.values()) < 4_000_000
    for name, text in texts.items():
        bad = [char for char in text if "\x7f" <= char <= "\x9f" or char == "\ufffd"]
        assert not bad, name


def test_every_role_leads_to_a_chapter() -> None:
    known = plans()
    missing = []
    for name in known.names:
        plan = known.plan(name, known.family(name).years[-1])
        for kind, target in (("compte", "chapitre"), ("compte_fonction", "chapitre_fonction")):
            for entry in plan.tables[kind].values():
                roles = set(entry.roles) - {""}
                missing += [(name, entry.code, r) for r in roles if not plan.get(target, r)]
    assert len(missing) < 60, missing[:20]


def test_look_ups_are_built_in_time() -> None:
    """150 ms for a plan on a quiet machine; three times that here, for a busy one."""
    start = time.perf_counter()
    Plans().family("M57-M57")
    assert time.perf_counter() - start < 0.45


def test_nothing_is_read_before_it_is_needed() -> None:
    code = (
        "import sys, ckanext.budgetod.engine.nomenclature as n;"
        "p = n.plans(); assert not p._families, p._families"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- resolver -------------------------------------------------------------------------------------

CHAPTERS = {
    "own": ({"cont_nat": "011"}, "011", "F", ChapterOrigin.OWN),
    "article in ContNat": (
        {"nature": "2031", "cont_nat": "2031"},
        "20",
        "I",
        ChapterOrigin.ROLE,
    ),
    "third party": (
        {"nature": "45417", "cont_nat": "45417", "nomenclature": "M14-M14_COM_SUP3500"},
        "4541",
        "I",
        ChapterOrigin.OWN,
    ),
    "mandate": ({"nature": "4581001", "cont_nat": "4581001"}, "4581", "I", ChapterOrigin.OWN),
    "mandate without chapter": ({"nature": "4581001"}, "4581", "I", ChapterOrigin.PREFIX),
    "real": ({"nature": "60612"}, "011", "F", ChapterOrigin.ROLE),
    "between sections": (
        {"nature": "6811", "op_budg": "1", "typ_op_budg": "2"},
        "042",
        "F",
        ChapterOrigin.ROLE,
    ),
    "between sections, unsaid": (
        {"nature": "6811", "op_budg": "1"},
        "042",
        "F",
        ChapterOrigin.ROLE,
    ),
    "inside a section": (
        {"nature": "2031", "op_budg": "1", "typ_op_budg": "1", "cod_rd": "R"},
        "041",
        "I",
        ChapterOrigin.ROLE,
    ),
    "result": ({"nature": "001", "cod_rd": "R"}, "001", "I", ChapterOrigin.ROLE),
    "transfer": ({"nature": "023", "op_budg": "1"}, "023", "F", ChapterOrigin.ROLE),
    "by function": ({"cont_fon": "930"}, "930", "F", ChapterOrigin.FUNCTION),
    "function in ContNat": ({"cont_nat": "903"}, "903", "I", ChapterOrigin.FUNCTION),
    "unknown account": ({"nature": "60612999"}, "011", "F", ChapterOrigin.PREFIX),
}


@pytest.mark.parametrize(("changes", "code", "section", "origin"), CHAPTERS.values(), ids=CHAPTERS)
def test_chapter_and_section(changes, code, section, origin) -> None:
    found = resolve(**changes)
    assert (found.chapitre, found.section, found.chapter_origin) == (code, section, origin)
    assert found.chapitre_label


def test_stated_section_only() -> None:
    found = resolve("M0-M0", nature="99", carac_sup=(("Section", "I"),))
    assert (found.chapitre, found.section) == ("", "I")
    assert found.chapter_origin is ChapterOrigin.CHARACTERISTIC


@pytest.mark.parametrize(
    ("nature", "section"), [("6411", "F"), ("021", "I"), ("022", "F"), ("1641", "I"), ("", "")]
)
def test_first_digits_say_the_section_at_last(nature: str, section: str) -> None:
    found = resolve("M0-M0", nature=nature)
    assert (found.chapitre, found.section) == ("", section)


def test_voted_by_function_labels_its_function_accounts() -> None:
    found = resolve(nat_fonc="2", fonction="93020", cont_fon="930")
    assert found.fonction_label == "Administration générale de la collectivité"
    assert found.fonction_source is LabelSource.EXACT
    without = resolve(nat_fonc="2", fonction="93020")
    assert (without.chapitre, without.section) == ("930", "F")


def test_functions_finer_than_the_plan_take_the_label_above() -> None:
    found = resolve("M14-M14_COM_SUP3500", fonction="0209")
    assert found.fonction_source is LabelSource.PREFIX
    assert found.fonction_label


def test_label_sources() -> None:
    exact = resolve("M57-M57_D", 2023, nature="60612")
    assert exact.nature_source is LabelSource.EXACT
    other_year = resolve("M57-M57_D", 2031, nature="60612")
    assert other_year.nature_source is LabelSource.OTHER_YEAR
    sibling = resolve("M57-M57_Z", 2023, nature="60612")
    assert sibling.nature_source is LabelSource.SIBLING
    document = resolve(nature="99999", lib_compte="Compte maison")
    assert (document.nature_label, document.nature_source) == (
        "Compte maison",
        LabelSource.DOCUMENT,
    )
    none = resolve(nature="99999")
    assert (none.nature_label, none.nature_source) == ("", LabelSource.NONE)


def test_a_later_publication_is_named() -> None:
    found = resolve("M14-M14_COM_500_3500", 2021, nature="6518")
    assert found.nature_source is LabelSource.LATER_COPY


def test_an_unknown_declension_uses_its_siblings() -> None:
    assert plans().standing("M14-M14_COM_500_3500_en_erreur", 2022) is Standing.SIBLING
    assert plans().standing("M2022", 2022) is Standing.UNKNOWN
    found = resolve("M14-M14_COM_500_3500_en_erreur", 2022, nature="60612")
    assert found.nature_source is LabelSource.SIBLING
    assert found.nature_label


def test_the_name_without_norm_is_understood() -> None:
    assert plans().standing("M57_A", 2023) is Standing.EXACT


def test_equipment_follows_the_side() -> None:
    assert resolve(nature="2031").equipment
    assert not resolve(nature="60612").equipment


def test_deleted_codes() -> None:
    header = Header(
        siret="21570990800010", exercice=2015, stage=Stage.CA, nomenclature="M14-M14_COM_SUP3500"
    )
    resolver = Resolver(plans(), header)
    assert resolver.deleted("chapitre", "4571")
    assert not resolver.deleted("chapitre", "011")


def test_same_question_same_answer() -> None:
    header = Header(siret="21570990800010", exercice=2023, stage=Stage.CA, nomenclature="M57-M57_D")
    resolver = Resolver(plans(), header)
    first = resolver.resolve(line(nature="2031", cod_rd="D"))
    resolver.resolve(line(nature="2031", cod_rd="R", op_budg="1", typ_op_budg="1"))
    assert resolver.resolve(line(nature="2031", cod_rd="D")) == first


def test_plan_of_a_year_is_whole() -> None:
    plan = plans().plan("M57-M57_A", 2023)
    assert isinstance(plan, Plan)
    assert len(plan) > 1000
    assert plans().plan("M57-M57_A", 1999) is None
    assert plans().plan("M0-M0", 2023) is None


def test_absurd_codes_cost_nothing() -> None:
    start = time.perf_counter()
    for digits in ("1", "45", "6061", "93020"):
        found = resolve(nature=digits * 100_000, fonction=digits * 100_000, cont_nat=digits * 9_999)
        assert found.line.nature
    assert time.perf_counter() - start < 2

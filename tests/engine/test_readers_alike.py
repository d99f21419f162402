"""Rows read by columns say what they say one by one; what is read while the gate passes is what
the published document says."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_examples import examples
from ckanext.budgetod.engine.document import AccountingRows, AnnexRows
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.readers import open_document
from ckanext.budgetod.engine.readers.alike import Cut, Cutter

EXAMPLES = examples()
REAL = Path(os.environ.get("BUDGETOD_REAL_DATA", "/nonexistent"), "totem")
DOCUMENTS = sorted(REAL.glob("*.xml"))
needs_real = pytest.mark.skipif(not DOCUMENTS, reason="needs BUDGETOD_REAL_DATA")


def said(document: bytes) -> list[Any]:
    """Every event, rows of annexes one by one with their places, problems apart."""
    found: list[Any] = []
    with open_document(io.BytesIO(document)) as opened:
        for event in opened:
            if isinstance(event, AnnexRows):
                rows = enumerate(event.dicts())
                found += [(str(event.where(n)), sorted(row.items())) for n, row in rows]
            elif isinstance(event, AccountingRows):
                found += [sorted(row.items()) for row in event.dicts()]
            else:
                found.append(str(event))
        found.append((opened.headers, opened.lines, opened.calculated))
    return found


def one_by_one(document: bytes) -> list[Any]:
    """The same when no row is taken for like another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cutter, "cut", lambda _, rows: Cut((), [], list(range(len(rows)))))
        return said(document)


def both_ways(document: bytes) -> None:
    alike, alone = said(document), one_by_one(document)
    assert sorted(map(str, alike)) == sorted(map(str, alone))
    lines = [event for event in alike if str(event).startswith("BudgetLine")]
    assert lines == [event for event in alone if str(event).startswith("BudgetLine")]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_examples_are_read_the_same_both_ways(name: str) -> None:
    both_ways(EXAMPLES[name])


@needs_real
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_real_documents_are_read_the_same_both_ways(path: Path) -> None:
    both_ways(path.read_bytes())


_TEXT = st.text(alphabet="a0.é\x7f\x92\ufffdÃ© &<>\"'\t\n-,1", max_size=6)
_VALUE = st.one_of(st.sampled_from(["", "1", "-2.50", "NaN", "0", "true", "D", "R"]), _TEXT)
_LEAF = st.sampled_from(
    ["Nature", "LibCpte", "Operation", "CodRD", "OpBudg", "ArtSpe", "MtReal", "CredOuv", "Neuf"]
)
_SUPPLEMENT = st.sampled_from(
    [
        'MtSup Code="ICNE" V="1"',
        'MtSup V="x&amp;"',
        'Nature V="6061"',
        'MtReal V="7.00"',
        'CaracSup Code="Section" V="F"',
        "Vide",
        "A w='1'",
    ]
)
_ROW = st.dictionaries(
    st.one_of(_LEAF, st.just("@calculated"), st.sampled_from(["+1", "+2", "+3"])),
    _VALUE,
    max_size=6,
)


def _line(row: dict[str, str], supplement: str) -> dict[str, str]:
    return {name: supplement if name.startswith("+") else text for name, text in row.items()}


def _element(row: dict[str, str], supplement: str) -> str:
    """The row of an annex: what no builder would write, too."""
    calculated = row.pop("@calculated", "").strip("\t\n")
    leaves = [f"<{supplement}/>" if k.startswith("+") else leaf(k, v) for k, v in row.items()]
    return f"<R calculated={quoteattr(calculated)}>{''.join(leaves)}</R>"


def leaf(name: str, text: str) -> str:
    return f"<{name} V={quoteattr(text)}/>"


_LINES = st.lists(st.builds(_line, _ROW, _SUPPLEMENT), min_size=1, max_size=5)
_ROWS = st.lists(st.builds(_element, _ROW, _SUPPLEMENT), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=_LINES, known=_ROWS, unknown=_ROWS)
def test_anything_is_read_the_same_both_ways(lines, known, unknown) -> None:
    good = {"Nature": "6061", "CodRD": "D", "OpBudg": "0", "MtReal": "1.00"}
    grants = [{"LibOrgaBenef": "Association", "MtSubv": "1.00"}]
    annexes = {"CONCOURS": grants}
    document = totem_document(lines=[good, *lines], annexes=annexes, encoding="UTF-8").decode()
    tables = f"<DATA_PRET>{''.join(known)}</DATA_PRET><DATA_NEUF>{''.join(unknown)}</DATA_NEUF>"
    both_ways(document.replace("</Annexes>", f"{tables}</Annexes>").encode())


GOOD = {"Nature": "6061", "CodRD": "D", "OpBudg": "0", "MtReal": "1.00"}


def test_an_amount_on_two_lines_is_none() -> None:
    document = totem_document(lines=[GOOD, {**GOOD, "MtReal": "1\n2"}])
    lines = [event for event in said(document) if str(event).startswith("BudgetLine")]
    assert "mt_real=None" in lines[1]
    report = engine.check(io.BytesIO(document))
    assert [finding.count for finding in report.findings if finding.code == "Q20"] == [1]


@pytest.mark.parametrize("text", ["1\n2", "NaN", "1" * 17, ".555", "x"])
def test_a_number_that_is_none_is_told_and_has_no_cell(text: str, tmp_path: Path) -> None:
    grants = [{"LibOrgaBenef": "Association", "MtSubv": amount} for amount in ("5.00", text)]
    document = totem_document(annexes={"CONCOURS": grants})
    done = engine.convert(io.BytesIO(document), tmp_path)
    assert [finding.count for finding in done.report.findings if finding.code == "Q20"] == [1]
    (concours,) = [output.path for output in done.outputs if output.kind == "annexe:concours"]
    assert [row["MtSubv"] for row in csv.DictReader(io.StringIO(concours.read_text("utf-8")))] == [
        "5.00",
        "",
    ]


def test_leaves_of_another_namespace_say_nothing_of_a_line() -> None:
    stranger = '<x:Nature xmlns:x="urn:x" V="999"/><Fonction xmlns:x="urn:x" V="020" x:V="9"/>'
    document = totem_document(lines=[GOOD]).replace(b"<CodRD", stranger.encode() + b"<CodRD", 1)
    (line,) = engine.read_lines(io.BytesIO(document))
    assert (line.line.nature, line.line.fonction) == ("6061", "020")


def test_a_row_with_two_texts_put_right_is_one() -> None:
    row = {"LibOrgaBenef": "SociÃ©tÃ©", "ObjSubv": "fÃªte", "MtSubv": "1.00"}
    document = totem_document(annexes={"CONCOURS": [row]}, encoding="UTF-8")
    found = [event for event in said(document) if "text_repaired" in str(event)]
    assert len(found) == 1


def test_a_document_refused_at_its_end_leaves_no_file_open(tmp_path: Path) -> None:
    document = totem_document(annexes={"EMPRUNT": [{"ObjEmpr": "x" * 400}] * 2000})
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(DocumentRefused):
            engine.convert(io.BytesIO(document[:-20]), tmp_path)
        assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) <= before


# -- while the gate passes ------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def in_one_pass_and_in_two(document: bytes, tmp_path: Path, profile: str) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    engine.convert(io.BytesIO(document), once, profile=profile)
    published = io.BytesIO()
    gate = engine.anonymise(io.BytesIO(document), published, profile=profile)
    published.seek(0)
    engine.convert(published, twice, profile=profile, facts=gate.facts)
    together, apart = files(once), files(twice)
    (xml,) = (data for name, data in together.items() if name.endswith(".xml"))
    assert xml == published.getvalue()
    for name, data in apart.items():
        if name.endswith("-rapport.json"):
            assert own(json.loads(together[name])) == own(json.loads(data))
        elif not name.endswith("-rapport.csv"):
            assert together[name] == data, name


def own(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the gate alone says."""
    report["findings"] = [f for f in report["findings"] if not re.match("P0|S0", f["code"])]
    report["checks"] = [c for c in report["checks"] if not re.match("P0|S0", c["code"])]
    for gates in ("masked", "dropped", "counts"):
        report.pop(gates, None)
    return report


@pytest.mark.parametrize("profile", ["strict", "annexes"])
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_one_pass_says_what_two_say(name: str, profile: str, tmp_path: Path) -> None:
    in_one_pass_and_in_two(EXAMPLES[name], tmp_path, profile)


@pytest.mark.parametrize("make", [totem_document, cfu_document])
def test_one_pass_says_what_two_say_of_every_table(make: Any, tmp_path: Path) -> None:
    in_one_pass_and_in_two(make(annexes=True), tmp_path, "strict")


@needs_real
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_one_pass_says_what_two_say_of_real_documents(path: Path, tmp_path: Path) -> None:
    in_one_pass_and_in_two(path.read_bytes(), tmp_path, "strict")

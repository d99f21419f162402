"""What the pages show of documents and reports, from answers shaped as those of the actions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ckanext.budgetod.views import documents, report_view, search_page

pytestmark = pytest.mark.usefixtures("with_plugins", "with_request_context")


def conversion(state, **fields):
    done = {"queued": 1, "running": 2, "withheld": 3}.get(state, 4)
    keys = ("received", "checks", "conversion", "publication")
    steps = [
        {"key": key, "state": "done" if place < done else "todo", "seconds": 0.4}
        for place, key in enumerate(keys)
    ]
    return {"id": state, "state": state, "steps": steps, "report": None, "questions": []} | fields


def document(slug="ca", state="published", **fields):
    current = conversion(state)
    return {
        "key": f"{slug}.principal",
        "stage_slug": slug,
        "numero_dm": "",
        "categorie": "principal",
        "libelle": "Ville de Valmoselle",
        "date_vote": "2024-06-11",
        "published": current if state == "published" else None,
        "current": current,
        "files": {"scdl": {"id": "r", "url": "/x.csv", "size": 1}, "annexes": [], "comptable": []},
        "withdrawn": False,
    } | fields


def test_rows_are_grouped_by_stage_and_number_in_the_order_given():
    given = [
        document("ca"),
        document("ca", key="ca.eau"),
        document("dm", numero_dm="2"),
        document("dm", numero_dm="1"),
        document("bp"),
    ]
    groups = documents.groups(given, "fr")
    assert [len(group["rows"]) for group in groups] == [2, 1, 1, 1]
    assert [group["key"] for group in groups][1:3] == [("dm", "2"), ("dm", "1")]
    assert groups[1]["title"].endswith("(DM2)")


@pytest.mark.parametrize(
    ("state", "kind", "live"),
    [
        ("queued", "progress", True),
        ("running", "progress", True),
        ("withheld", "withheld", False),
        ("refused", "refused", False),
        ("failed", "failed", False),
    ],
)
def test_a_row_that_is_not_published_has_one_sentence_instead_of_files(state, kind, live):
    row = documents.row(document(state=state), "fr")
    assert row["files"] is None
    assert row["message"]["kind"] == kind
    assert row["live"] is live


def test_a_published_row_keeps_its_files_while_a_newer_deposit_runs():
    row = documents.row(document(current=conversion("running")), "fr")
    assert row["files"]["scdl"]["url"] == "/x.csv"
    assert row["state"]["name"] == "published"
    assert row["newer"]["state"]["name"] == "running"
    assert row["live"]


@pytest.mark.parametrize(
    ("state", "step"), [("running", "current"), ("withheld", "held"), ("superseded", "stopped")]
)
def test_only_a_running_deposit_has_a_step_under_way(state, step):
    steps = [{"key": "received", "state": "done", "seconds": 0.1}]
    steps.append({"key": "publication", "state": "current", "seconds": None})
    lines = documents.steps(conversion(state, steps=steps), "fr")
    assert [line["state"] for line in lines] == ["done", step]
    assert (lines[1]["time"] == "en cours") == (state == "running")


def test_the_example_of_a_file_name_is_a_file_in_sight():
    waiting = document("ca", "withheld", files={})
    budget = document("bp", files={"scdl": {"url": "http://x/download/budget-1-2022-bp-scdl.csv"}})
    assert documents.file_name([waiting, budget]) == "budget-1-2022-bp-scdl.csv"
    assert documents.file_name([waiting]) == ""


def test_a_withdrawn_document_shows_no_file_and_no_check():
    row = documents.row(document(state="withdrawn", published=None, withdrawn=True), "fr")
    assert (row["files"], row["note"], row["state"]["name"]) == (None, "", "withdrawn")


def test_what_waits_names_first_what_only_needs_an_answer():
    given = [document(state="refused"), document("bp", state="withheld"), document("cfu")]
    waiting = documents.waiting(given)
    assert (waiting["count"], waiting["total"], waiting["published"]) == (2, 3, 1)
    assert waiting["first_state"] == "withheld"
    assert documents.waiting([document()]) is None


def test_key_figures_come_from_the_document_that_says_most():
    given = [document("dm"), document("bp"), document("ca"), document("cfu", categorie="annexe")]
    assert documents.main_document(given)["stage_slug"] == "ca"
    assert documents.main_document([document("bp", state="failed")]) is None


SUMMARY = {
    "population": 14320,
    "totals": {
        "F": {"R": {"reel": {"prevu": "20000000", "realise": "18630320"}}, "D": {"reel": {}}},
        "I": {},
    },
}


def test_an_account_shows_what_was_done_and_a_budget_what_was_voted():
    done = documents.essential(SUMMARY, "ca")[0]["figures"][0]
    voted = documents.essential(SUMMARY, "bp")[0]["figures"][0]
    assert (done["amount"], voted["amount"]) == (Decimal(18630320), Decimal(20000000))
    assert round(done["per_head"]) == 1301


def test_an_absent_amount_is_not_zero():
    figures = documents.essential(SUMMARY, "ca")
    assert figures[0]["figures"][1]["amount"] is None
    assert figures[1]["figures"][0]["per_head"] is None


REPORT = {
    "counts": {"blocking": 0, "confirm": 1, "info": 1, "passed": 14, "total": 15},
    "checks": [{"code": "Q02", "level": "confirm", "state": "passed"}],
    "findings": [
        {"code": "Q01", "level": "confirm", "params": {}, "where": [], "count": 1},
        {
            "code": "N03",
            "level": "info",
            "params": {"version": "116"},
            "where": [{"line": None, "source_line": None, "element": "", "note": ""}],
            "count": 1,
        },
    ],
    "masked": [
        {"kind": "row", "table": "CONCOURS", "reason": "person", "count": 2},
        {"kind": "row", "table": "CONCOURS", "reason": "person", "count": 1},
        {"kind": "element", "table": "DocumentBudgetaire", "reason": "seal", "count": 1},
        {"kind": "value", "table": "NOUVELLE", "reason": "new_ground", "count": 4},
    ],
    "dropped": [{"what": "Inconnu", "count": 3}],
}


def test_findings_are_shown_most_serious_first_without_empty_levels():
    sections = report_view.sections(REPORT, "fr")
    assert [section["level"]["name"] for section in sections] == ["confirm", "info"]
    assert sections[1]["findings"][0]["places"] == []


def test_what_holds_the_publication_back_comes_first_in_its_level():
    first = {**REPORT["findings"][0], "code": "S01"}
    held = {**REPORT["findings"][0], "code": "S02"}
    sections = report_view.sections({"findings": [first, held]}, "fr", ["S02"])
    assert [finding["code"] for finding in sections[0]["findings"]] == ["S02", "S01"]


def test_marks_are_as_many_as_the_controls_that_ran():
    marks = report_view.marks(REPORT)
    assert (marks.count("passed"), marks.count("failed")) == (14, 1)


def test_masked_lines_add_up_and_unknown_words_are_shown_as_they_are():
    masked = report_view.masked(REPORT, "fr")
    assert masked["total"] == 7
    assert [line["count"] for line in masked["lines"]] == [4, 3]
    assert masked["lines"][0]["place"] == "NOUVELLE"
    assert "Inconnu" in masked["also"]


@pytest.mark.parametrize(
    ("state", "blocking", "can_edit", "expected"),
    [
        ("withheld", 0, True, True),
        ("withheld", 1, True, False),
        ("withheld", 0, False, False),
        ("published", 0, True, False),
    ],
)
def test_publishing_as_it_is_is_offered_only_when_it_can_be_done(
    state, blocking, can_edit, expected
):
    counts = {**REPORT["counts"], "blocking": blocking}
    given = {"state": state, "can_edit": can_edit, "report": {**REPORT, "counts": counts}}
    assert report_view.summary_box(given)["can_publish"] is expected


def test_facets_leave_out_zero_counts_and_open_the_first_three():
    names = ["a", "b", "c", "d"]
    found = {
        n: {"items": [{"name": "x", "display_name": "X", "count": int(n != "b")}]} for n in names
    }
    page = search_page.page({n: n for n in names}, found, [("d", "x")], lambda name, value: "/")
    facets = page["facets"]
    assert [facet["name"] for facet in facets] == ["a", "c", "d"]
    assert all(facet["open"] for facet in facets)
    assert facets[2]["items"][0]["current"]

"""« Qui publie son budget ? » in a real browser: desktop, telephone, keyboard, no script, print."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from visitor import PHONE

YEAR = 2024
PATH = f"/budgets/couverture?document=ca-{YEAR}"
NARROW = {"width": 320, "height": 700}


@pytest.fixture(scope="module", autouse=True)
def publishers():
    """A region that has begun to publish, for these tests only."""
    if not os.environ.get("CKAN_INI"):
        pytest.skip("CKAN_INI is not set: nobody can publish for these tests")
    script = Path(__file__).with_name("publishers.py")
    for action in ("empty", "fill"):
        subprocess.run([sys.executable, str(script), action, str(YEAR)], check=True)
    yield
    subprocess.run([sys.executable, str(script), "empty"], check=True)


@pytest.fixture(scope="module")
def administrator(chromium, url):
    """A page in which the sysadmin is logged in."""
    name, _, password = os.environ["BUDGETOD_E2E_ADMIN"].partition(":")
    context = chromium.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/user/login")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.click(".primary button[type=submit], form button.btn-primary")
    page.wait_for_load_state()
    yield page
    context.close()


@pytest.mark.parametrize(
    ("size", "name"), [(None, "1280"), (PHONE, "390"), (NARROW, "320")], ids=["1280", "390", "320"]
)
def test_the_board_is_accessible_at_every_width(
    visit, accessible, no_sideways_scroll, shot, size, name
):
    page = visit(PATH, editor=False, size=size)
    assert page.locator("h1").inner_text() == "Qui publie son budget\u00a0?"
    assert "ont déposé" in page.locator(".bod-answer").inner_text()
    assert page.locator(".bod-cover-departements tbody tr").count() == 10
    accessible(page)
    no_sideways_scroll(page)
    shot(page, f"couverture-{name}")


def test_bars_are_on_one_scale_and_none_hides_a_number(visit):
    page = visit(PATH, editor=False)
    rows = page.evaluate(
        """[...document.querySelectorAll('.bod-cover-departements tbody tr')].map(tr => ({
             counts: [...tr.querySelectorAll('td.bod-num:not(.bod-wide)')]
                     .map(td => parseInt(td.lastChild.textContent)),
             widths: [...tr.querySelectorAll('rect')].map(r => r.getBoundingClientRect().width),
           }))"""
    )
    largest = max(sum(row["counts"]) for row in rows)
    full = max(sum(row["widths"]) for row in rows)
    for row in rows:
        assert sum(row["widths"]) == pytest.approx(full * sum(row["counts"]) / largest, rel=0.02)


def test_filters_work_with_the_keyboard(visit, url):
    page = visit(PATH, editor=False)
    page.focus("#bod-departement")
    page.keyboard.type("Mos")
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Filtrer"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "departement=57" in page.url
    places = page.locator(".bod-cover-rows tbody td.bod-cover-place").all_inner_texts()
    assert places
    assert {place.strip() for place in places} == {"57"}


def test_a_department_of_the_bars_leads_to_its_collectivities(visit):
    page = visit(PATH, editor=False)
    page.click(".bod-cover-departements a:has-text('Vosges')")
    assert page.input_value("#bod-departement") == "88"
    assert page.url.endswith("#bod-collectivites")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_pages_follow_each_other_with_and_without_script(visit, script):
    page = visit(PATH, editor=False, script=script)
    first = page.locator(".bod-cover-rows tbody th").all_inner_texts()
    page.click("[rel=next]")
    second = page.locator(".bod-cover-rows tbody th").all_inner_texts()
    assert len(first) == len(second) == 20
    assert not set(first) & set(second)
    page.click("[rel=prev]")
    assert page.locator(".bod-cover-rows tbody th").all_inner_texts() == first


def test_the_file_holds_what_the_filters_leave(visit):
    page = visit(f"{PATH}&departement=88&type=commune", editor=False)
    with page.expect_download() as started:
        page.click(".bod-cover-head a:has-text('CSV')")
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text("utf-8"))))
    assert {row["departement"] for row in rows} == {"88"}
    assert {row["etat"] for row in rows} <= {"déposé", "moissonné", "manquant"}


def test_print_keeps_the_numbers_and_drops_the_tools(visit, shot):
    page = visit(PATH, editor=False)
    page.emulate_media(media="print")
    for gone in (".bod-filters", ".bod-cover-head .bod-buttons", "[rel=next]"):
        assert not page.locator(gone).is_visible()
    assert page.locator(".bod-cover-departements tfoot").is_visible()
    shot(page, "couverture-impression")


def test_nobody_found_is_said(visit, accessible):
    page = visit(f"{PATH}&q=zzzz", editor=False)
    assert "Aucune collectivité" in page.locator(".bod-cover-none").inner_text()
    accessible(page)


# --- reminder ---
def test_a_reminder_is_prepared_and_sent_only_by_a_second_action(
    administrator, url, accessible, shot
):
    page = administrator
    page.goto(f"{url}{PATH}&etat=missing")
    shot(page, "couverture-administrateur")
    page.locator("text=Préparer un rappel").first.click()
    assert page.locator("h1").inner_text() == "Préparer un rappel"
    assert "compte administratif ou CFU 2024" in page.input_value("#bod-body")
    assert page.locator(".bod .bod-button-main").all_inner_texts() == ["Envoyer le rappel"]
    accessible(page)
    shot(page, "rappel")
    page.click("text=Envoyer le rappel")
    alert = page.locator("[role=alert]")
    assert "Choisissez au moins un destinataire." in alert.inner_text()
    accessible(page)
    shot(page, "rappel-refus")


def test_the_reminder_fits_a_telephone(administrator, url, no_sideways_scroll, accessible, shot):
    page = administrator
    page.set_viewport_size(PHONE)
    page.goto(f"{url}/budgets/couverture/rappel/215403957?document=ca-{YEAR}")
    no_sideways_scroll(page)
    accessible(page)
    shot(page, "rappel-390")


def test_visitors_have_no_reminder(visit):
    page = visit(f"{PATH}&etat=missing", editor=False)
    assert page.locator(".bod-cover-todo a").count() == 0

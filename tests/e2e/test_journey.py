"""The way of a budget officer, and of those who read: in a real browser, on a real portal."""

from __future__ import annotations

import csv
import io
import itertools
import re

import pytest
from visitor import PHONE, document


def dataset(year: int) -> str:
    return f"/budget/budget-215709908-{year}"


def test_from_the_file_to_the_public_csv(
    visit, deposit, wait_for_end, accessible, shot, year, make_document
):
    """Create, deposit, watch, read the report, deposit a corrected file, download the CSV."""
    page = visit("/budget/")
    page.click("text=Déposer un budget")
    accessible(page)
    deposit(page, make_document(year, stage="bp", projet=True))

    assert "/depot/" in page.url
    address = page.url
    assert wait_for_end(page) == "withheld"
    assert page.url == address
    accessible(page)
    shot(page, "progression-a-confirmer")

    page.click("#bod-progress a.bod-button-main")
    assert page.locator("main .bod-button-main").all_inner_texts() == ["Publier tel quel"]
    titles = page.locator(".bod-finding[open] h4").all_inner_texts()
    assert titles[:3] == ["Ce qui se passe", "Pourquoi c’est important", "Que faire"]
    accessible(page)
    shot(page, "rapport")

    page.click("text=Déposer un fichier corrigé")
    deposit(page, make_document(year, stage="bp"))
    assert wait_for_end(page) == "published"
    page.click("text=Voir la page")

    public = visit(dataset(year), editor=False)
    assert public.locator("main .bod-state").all_inner_texts() == ["Publié"]
    accessible(public)
    shot(public, "jeu-de-donnees")
    with public.expect_download() as started:
        public.click("main td a:has-text('CSV')")
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text("utf-8"))))
    assert {row["BGT_ANNEE"] for row in rows} == {str(year)}
    assert re.fullmatch(
        rf"budget-215709908-{year}-bp-principal-scdl\.csv", started.value.suggested_filename
    )


def test_publish_as_it_is(visit, deposit, wait_for_end, year, make_document):
    page = visit("/budget/new")
    deposit(page, make_document(year, stage="bp", projet=True))
    wait_for_end(page)
    page.click("#bod-progress a.bod-button-main")
    page.click("text=Publier tel quel")
    seen_live = page.locator("#bod-progress[hx-get]").count()
    assert wait_for_end(page) == "published"
    if seen_live:
        assert "Publié" in page.locator("#bod-live").inner_text()
    assert visit(dataset(year), editor=False).locator("text=Publié").count()


def test_a_row_of_the_dataset_page_follows_its_document(
    visit, deposit, wait_for_end, year, make_document
):
    page = visit("/budget/new")
    deposit(page, make_document(year))
    wait_for_end(page)
    page.goto(page.url.split("/depot/")[0] + "/resource/new")
    deposit(page, make_document(year, stage="bp"))
    page.goto(page.url.split("/depot/")[0])
    page.wait_for_function(
        "[...document.querySelectorAll('main .bod-state')].every(e => e.innerText == 'Publié')",
        timeout=60_000,
    )
    assert page.locator("tr[hx-get]").count() == 0


REFUSALS = [
    (b"%PDF-1.7 maquette", "F01"),
    (b"PK\x03\x04 xl/workbook.xml", None),
    (
        b"<?xml version='1.0'?><PES_Aller xmlns='http://www.minefi.gouv.fr/cp/helios/pes_v2'/>",
        "F04",
    ),
    (b"<?xml version='1.0'?><autre/>", "F05"),
    (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><DocumentBudgetaire/>", "F08"),
    (b"", "F09"),
]


@pytest.mark.parametrize(("content", "code"), REFUSALS)
def test_a_wrong_file_is_explained_in_the_form(visit, deposit, accessible, content, code):
    page = visit("/budget/new")
    deposit(page, content, "PESALR2_21570990800012_240612.xml")
    alert = page.locator("[role=alert]")
    assert alert.count() == 1
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    card = page.locator(".bod-refusal").inner_text()
    assert "PESALR2_21570990800012_240612.xml" in card
    assert code is None or code in card
    accessible(page)


def test_a_truncated_document_is_refused(visit, deposit, shot, year, make_document):
    page = visit("/budget/new")
    whole = make_document(year)
    deposit(page, whole[: len(whole) // 2])
    assert "F07" in page.locator(".bod-refusal").inner_text()
    shot(page, "refus")
    assert visit("/budget/", editor=False).locator(f"text=Budget {year}").count() == 0


def test_everything_works_without_javascript(visit, deposit, year, make_document):
    page = visit("/budget/new", script=False)
    deposit(page, make_document(year))
    assert "/depot/" in page.url
    for _ in range(60):
        state = page.locator("#bod-progress").get_attribute("data-state")
        if state not in ("queued", "running"):
            break
        assert page.locator("text=actualisez-la").is_visible()
        page.wait_for_timeout(500)
        page.click("text=actualisez-la")
    assert state == "published"
    page.click("text=Voir la page")
    page.click("main a:has-text('contrôles sur')")
    fold = page.locator("details.bod-fold").first
    fold.locator("summary").click()
    assert page.locator("h2:has-text('Ce qui a été masqué')").is_visible()
    page.goto(page.url.split("/budget/")[0] + "/budget/")
    page.fill("#bod-q", str(year))
    page.press("#bod-q", "Enter")
    assert page.locator(".bod-result").count() >= 1


@pytest.fixture(scope="module")
def published_year(chromium, url, cookies, years):
    """A year with a CA that has annexes, a BP, and a BP waiting for an answer."""
    year = next(years)
    context = chromium.new_context()
    context.add_cookies(cookies)
    page = context.new_page()
    ended = "#bod-progress:not([data-state=queued]):not([data-state=running])"
    for content in (
        document(year, annexes=True, seal=True),
        document(year, stage="bp", projet=True),
    ):
        page.goto(f"{url}/budget/new")
        page.set_input_files("#bod-upload", {"name": "b.xml", "mimeType": "", "buffer": content})
        page.click("button[name=save] >> nth=0")
        page.wait_for_selector(ended, timeout=60_000)
    context.close()
    return year


PAGES = {
    "jeu": "{dataset}",
    "controles": "{dataset}/controles",
    "modifier": "/budget/edit/budget-215709908-{year}",
    "deposer": "/budget/new",
    "deposer-ici": "{dataset}/resource/new",
    "recherche": "/budget/?q={year}",
    "rien": "/budget/?q=zzzz",
}


@pytest.mark.parametrize("language", ["", "/en"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible_and_fit(
    visit, accessible, no_sideways_scroll, shot, published_year, name, size, language
):
    path = PAGES[name].format(dataset=dataset(published_year), year=published_year)
    page = visit(language + path, size=size)
    assert page.locator("html").get_attribute("lang") == ("en" if language else "fr")
    assert page.locator(".bod h1").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('.bod :is(h1,h2,h3,h4)')].map(e => +e.tagName[1])"
    )
    main = page.evaluate(
        "[...document.querySelectorAll('.bod main :is(h1,h2,h3,h4)')].map(e => +e.tagName[1])"
    )
    assert all(after <= before + 1 for before, after in itertools.pairwise(main)), levels
    accessible(page)
    no_sideways_scroll(page)
    shot(page, f"{name}{'-mobile' if size else ''}{'-en' if language else ''}")


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_key_figures_of_a_large_city_keep_apart(visit, no_sideways_scroll, published_year, size):
    page = visit(dataset(published_year), size=size)
    page.evaluate(
        "document.querySelectorAll('.bod-key').forEach(e => e.textContent = '341,4\\u00a0millions')"
    )
    wide = "[...document.querySelectorAll('.bod-key')].map(e => e.scrollWidth > e.clientWidth)"
    assert page.evaluate(wide) == [False] * 4
    no_sideways_scroll(page)


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_report_file_and_withdrawal_pages_are_accessible(
    visit, accessible, no_sideways_scroll, shot, published_year, size
):
    page = visit(dataset(published_year), size=size)
    paths = {
        "rapport": page.locator("main a[href*='/controles/']").first.get_attribute("href"),
        "fichier": page.locator("main a[href*='/resource/']").last.get_attribute("href"),
    }
    for name, path in paths.items():
        page.goto(page.url.split("/budget/")[0] + path)
        accessible(page)
        no_sideways_scroll(page)
        shot(page, f"{name}{'-mobile' if size else ''}-complet")
    page.click("text=Retirer le document")
    accessible(page)


def test_axe_would_complain(visit, accessible):
    page = visit("/budget/")
    page.evaluate("document.querySelector('.bod').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        accessible(page)


def test_the_keyboard_is_enough_to_deposit(visit, year, make_document, wait_for_end):
    page = visit("/budget/new")
    page.set_input_files(
        "#bod-upload", {"name": "b.xml", "mimeType": "text/xml", "buffer": make_document(year)}
    )
    page.focus("#bod-upload")
    order = []
    for _ in range(2):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.innerText.trim()"))
    assert order == ["Annuler", "Publier"]
    page.keyboard.press("Enter")
    page.wait_for_selector("#bod-progress")
    assert wait_for_end(page) == "published"


def test_dropping_a_file_shows_its_name(visit):
    page = visit("/budget/new")
    page.set_input_files(
        "#bod-upload", {"name": "CA2023.xml", "mimeType": "text/xml", "buffer": b"<a/>"}
    )
    assert page.locator("[data-bod-chosen]").inner_text() == "CA2023.xml"


def test_a_strict_content_policy_breaks_nothing(visit, published_year, url):
    """No script or style of ours is inline: the console stays silent under a strict policy."""
    page = visit("/about", editor=False)
    refused = []
    page.on("console", lambda m: "Content Security" in m.text and refused.append(m.text))

    def strict(route):
        answer = route.fetch()
        policy = "default-src 'self'; img-src 'self' data:; report-uri /nowhere"
        headers = {**answer.headers, "content-security-policy-report-only": policy}
        route.fulfill(response=answer, headers=headers)

    page.route(re.compile(r".*/budget/.*"), strict)
    page.goto(url + dataset(published_year))
    ours = page.evaluate(
        "document.querySelectorAll('.bod [style], .bod style, .bod script').length"
    )
    assert ours == 0
    assert page.locator("style").count() == 0, "htmx must not add its own style"

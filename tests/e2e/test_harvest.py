"""A portal administrator harvests, in a real browser, with ckanext-harvest's real consumers.

``BUDGETOD_E2E_STANDIN`` is the address of the stand-in that the portal takes for the national
sources, ``BUDGETOD_E2E_ADMIN`` the ``name:password`` of its sysadmin.
"""

from __future__ import annotations

import itertools
import json
import os
import time
import urllib.error
import urllib.request
from contextlib import suppress

import pytest
from visitor import DESKTOP, PHONE

HOME = "/budgets/moissonnage"
NANCY, METZ = "215403957", "215704636"
EPINAL = "200068757"
"""An EPCI with some dozens of communes: long enough to be stopped in the middle."""
SECONDS = 180


@pytest.fixture(scope="module")
def standin():
    """Ask the stand-in for a fault, or to forget all of them."""
    url = os.environ.get("BUDGETOD_E2E_STANDIN")
    if not url:
        pytest.skip("BUDGETOD_E2E_STANDIN is not set: nothing to harvest (make test starts it)")

    def ask(action: str, **given: str) -> None:
        query = "&".join(f"{name}={value}" for name, value in given.items())
        urllib.request.urlopen(f"{url}/_{action}?{query}").close()  # noqa: S310 - our loopback

    yield ask
    ask("reset")


@pytest.fixture(scope="module")
def admin(chromium, url, standin):
    """The session of the sysadmin."""
    name, _, password = os.environ["BUDGETOD_E2E_ADMIN"].partition(":")
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(f"{url}/user/login")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.click(".primary button[type=submit], form button.btn-primary")
    page.wait_for_load_state()
    found = context.cookies()
    context.close()
    return found


@pytest.fixture
def open_page(chromium, url, admin):
    """A page of the sysadmin: ``open_page(path, size=…, script=…)``."""
    opened = []

    def visit(path, size=DESKTOP, script=True):
        context = chromium.new_context(
            locale="fr-FR", viewport=size, java_script_enabled=script, accept_downloads=True
        )
        context.add_cookies(admin)
        opened.append(context)
        page = context.new_page()
        page.goto(url + path)
        return page

    yield visit
    for context in opened:
        context.close()


@pytest.fixture
def wait_for(url):
    """Reload the log until its verdict begins with these words."""

    def wait(page, words):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            title = page.locator(".bod-harvest-verdict h2").inner_text().strip()
            if title.startswith(words):
                return title
            time.sleep(1)
            page.reload()
        raise AssertionError(f"{words} not within {SECONDS} s: {title}")

    return wait


_titles = itertools.count(int(time.time()))


@pytest.fixture
def fill():
    """Choose in the form: these SIREN or this EPCI, 2024, the first organisation."""

    def choose(page, sirens="", epci=""):
        page.click("text=Choisir les départements, ou une liste de SIREN")
        page.fill("#bod-sirens", sirens)
        page.fill("#bod-epci", epci)
        page.check("input[name=years][value=choisis]")
        page.check("input[name=exercices][value='2024']")
        page.select_option("#bod-owner_org", index=1)
        page.fill("#bod-title", f"Moisson {next(_titles)}")

    return choose


@pytest.fixture
def looks_right(accessible, no_sideways_scroll, open_page, shot):
    """axe, and no sideways scroll, at 1280 and 390; pictures of both."""

    def check(page, name):
        accessible(page)
        no_sideways_scroll(page)
        shot(page, f"moissonnage-{name}-1280")
        page.set_viewport_size(PHONE)
        accessible(page)
        no_sideways_scroll(page)
        shot(page, f"moissonnage-{name}-390")
        page.set_viewport_size(DESKTOP)

    return check


def clear(page):
    """Everything that the source of this log brought goes, by ckanext-harvest's own button."""
    page.click("text=Page de ckanext-harvest")
    page.wait_for_url("**/harvest/admin/*", wait_until="networkidle")
    confirm(page, "a[href*='/harvest/clear/']")


CONFIRMED = ":is(#ckan-confirm-yes, .modal.show .modal-footer .btn-primary)"
"""The button of CKAN's question, on 2.12 or on 2.11."""


def confirm(page, link):
    page.click(link)
    page.click(f"{CONFIRMED}:visible")
    page.wait_for_load_state()


def there(url, name):
    with suppress(urllib.error.HTTPError):
        return urllib.request.urlopen(f"{url}/budget/{name}").status == 200  # noqa: S310
    return False


def test_from_a_preset_to_the_log(open_page, fill, looks_right, wait_for, url):
    """Preset, choices, preview, save and run; consumers fill the portal; the log tells it."""
    page = open_page(HOME)
    looks_right(page, "liste-vide")
    page.click("text=Grand Est · toutes les collectivités · dernier exercice")
    fill(page, sirens=f"{NANCY} {METZ}")
    looks_right(page, "formulaire")
    page.click("text=Voir l’aperçu")
    page.wait_for_load_state()
    assert page.locator("main .bod-box h2").inner_text() == "2 jeux trouvés, 2 seront importés"
    looks_right(page, "apercu")
    page.click("text=Changer les choix")
    assert page.input_value("#bod-sirens") == f"{NANCY} {METZ}"
    page.click("text=Voir l’aperçu")
    page.click("text=Enregistrer et lancer")
    page.wait_for_load_state()
    assert page.url.endswith("/journal")
    assert wait_for(page, "Terminé") == "Terminé sans échec"
    looks_right(page, "journal")
    assert there(url, f"budget-{NANCY}-2024")
    page.click("nav[aria-label='Résultats'] >> text=Ajoutés · 2")
    assert page.locator("main tbody tr").count() == 2
    with page.expect_download() as started:
        page.click("text=CSV")
    assert started.value.suggested_filename.startswith("journal-")
    looks_right(open_page(HOME), "liste")
    clear(page)
    assert not there(url, f"budget-{NANCY}-2024")


def test_without_script_the_same_way(open_page, fill):
    page = open_page(f"{HOME}/nouvelle?modele=dgfip-grand-est", script=False)
    fill(page, sirens=METZ)
    page.click("text=Voir l’aperçu")
    assert page.locator("main .bod-box h2").inner_text() == "1 jeu trouvé, 1 sera importé"
    page.click("main button:has-text('Enregistrer') >> nth=0")
    assert "Pas encore lancé" in page.locator(".bod-harvest-verdict").inner_text()


def test_wrong_choices_and_a_source_that_is_down(open_page, fill, looks_right, standin):
    page = open_page(f"{HOME}/nouvelle?modele=dgfip-grand-est")
    fill(page, sirens="12")
    page.select_option("#bod-owner_org", index=0)
    page.click("text=Voir l’aperçu")
    page.wait_for_load_state()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    looks_right(page, "erreurs")
    page.click(".bod-ask a[href='#bod-sirens']")
    page.fill("#bod-sirens", NANCY)
    page.select_option("#bod-owner_org", index=1)
    standin("scenario", service="dgfip", fault="500")
    page.click("text=Voir l’aperçu")
    page.wait_for_load_state()
    assert "La source a répondu par une erreur (500)" in page.inner_text("[role=alert]")
    looks_right(page, "source-en-panne")
    standin("reset")
    page.click("text=Réessayer")
    page.wait_for_load_state()
    assert page.locator("main .bod-box h2").inner_text() == "1 jeu trouvé, 1 sera importé"


def test_a_stopped_harvest_is_run_again(open_page, fill, looks_right, wait_for):
    """Stopped in the middle with ckanext-harvest's button; one item retried, then the rest."""
    page = open_page(f"{HOME}/nouvelle?modele=dgfip-grand-est")
    fill(page, epci=EPINAL)
    page.click("text=Voir l’aperçu")
    page.click("text=Enregistrer et lancer")
    page.wait_for_load_state()
    log = page.url
    wait_for(page, "En cours")
    end = time.monotonic() + SECONDS
    while "jeux traités sur" not in page.inner_text(".bod-harvest-verdict"):
        assert time.monotonic() < end
        time.sleep(0.5)
        page.reload()
    looks_right(page, "en-cours")
    page.click("text=Page de ckanext-harvest")
    page.click("text=Stop")
    page.wait_for_load_state()
    page.goto(log)
    assert "échec" in wait_for(page, "Terminé avec")
    looks_right(page, "echecs")
    stopped = page.locator("main tbody tr").first
    assert "Le moissonnage a été arrêté avant ce jeu" in stopped.inner_text()
    before = page.locator("main form input[name=job]").first.get_attribute("value")
    stopped.locator("button").click()
    page.wait_for_load_state()
    assert wait_for(page, "Terminé") == "Terminé sans échec"
    assert page.locator("main tbody tr").count() == 1
    page.goto(f"{log}?job={before}")
    page.click("text=/Relancer (les .* échecs|l’échec)/")
    page.wait_for_load_state()
    assert wait_for(page, "Terminé") == "Terminé sans échec"
    page.goto(log)
    clear(page)


def test_the_pages_of_ckanext_harvest_work_with_our_sources(open_page, url, wait_for):
    """Create, edit, reharvest, report and clear with its own screens."""
    page = open_page("/harvest/new")
    name = f"metz-{next(_titles)}"
    page.fill("input[name=url]", "http://budgetod.test/metz")
    page.fill("input[name=title]", name)
    page.check("input[name=source_type][value=budgetod_dgfip]")
    wrong = json.dumps({"territoire": {"region": "99"}})
    page.fill("textarea[name=config]", wrong)
    page.select_option("select[name=owner_org]", index=1, force=True)  # dressed on 2.11
    page.click("input[name=save]")
    page.wait_for_load_state()
    assert "code de région inconnu : 99" in page.inner_text("body")
    config = {"territoire": {"sirens": [METZ]}, "exercices": [2024], "courriel": False}
    page.fill("textarea[name=config]", json.dumps(config))
    page.click("input[name=save]")
    page.wait_for_load_state()
    assert f"/harvest/{name}" in page.url

    page.goto(f"{url}/harvest/edit/{name}")
    page.fill("input[name=title]", f"{name} corrigé")
    page.click("input[name=save]")
    page.wait_for_load_state()

    page.goto(f"{url}/harvest/admin/{name}")
    confirm(page, "a[href*='/harvest/refresh/']")
    page.click("text=Journal du moissonnage")
    page.wait_for_load_state()
    assert f"{name} corrigé" in page.inner_text("main")
    assert wait_for(page, "Terminé") == "Terminé sans échec"
    assert there(url, f"budget-{METZ}-2024")
    page.goto(f"{url}/harvest/{name}/job/last")
    ended = "[data-diff=added]"  # shown once "harvester run" has passed
    end = time.monotonic() + SECONDS
    while not page.locator(ended).count() and time.monotonic() < end:
        time.sleep(2)
        page.reload()
    assert page.locator(ended).inner_text().strip().startswith("1")
    assert page.locator("[data-diff=error]").inner_text().strip().startswith("0")
    page.goto(f"{url}{HOME}/{name}/journal")
    clear(page)
    assert not there(url, f"budget-{METZ}-2024")


def test_what_national_data_are_is_told_to_everybody(open_page, looks_right):
    page = open_page("/budgets/donnees-nationales")
    assert page.locator("main h3").count() == 5
    looks_right(page, "donnees-nationales")

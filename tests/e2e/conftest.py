"""A real Chromium on a running portal.

``BUDGETOD_E2E_URL`` is its address, ``BUDGETOD_E2E_EDITOR`` the ``name:password`` of an editor of
the organisation whose SIREN is 215709908 (``make test`` starts such a portal and sets both).
``BUDGETOD_E2E_SHOTS`` names a folder for pictures of what was seen.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")

from visitor import DESKTOP, document  # noqa: E402

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def url() -> str:
    """Address of the portal, without a slash at the end."""
    found = os.environ.get("BUDGETOD_E2E_URL")
    if not found:
        pytest.skip("BUDGETOD_E2E_URL is not set: no portal to visit (make test starts one)")
    return found.rstrip("/")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies(chromium, url) -> list[dict[str, Any]]:
    """The session of the editor: one login for all tests."""
    name, _, password = os.environ["BUDGETOD_E2E_EDITOR"].partition(":")
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
def visit(chromium, url, cookies) -> Iterator[Callable[..., Any]]:
    """Open a page: ``visit(path, editor=True, script=True, size=DESKTOP)``.

    What the browser complains about on its console fails the test.
    """
    opened, complaints = [], []

    def open_page(path: str, editor: bool = True, script: bool = True, size: Any = None) -> Any:
        context = chromium.new_context(
            locale="fr-FR", viewport=size or DESKTOP, java_script_enabled=script
        )
        if editor:
            context.add_cookies(cookies)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url + path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def accessible() -> Callable[..., None]:
    """Fail on any violation that axe finds in our part of the page."""

    def check(page: Any, part: str = ".bod") -> None:
        page.wait_for_load_state()
        assert page.locator(part).count(), f"no {part} on {page.url}"
        assert page.locator("main h1").count() == 1, f"no title in <main> on {page.url}"
        found = axe_playwright.Axe().run(page, context=part).response
        assert found["passes"], "axe looked at nothing"
        wrong = [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found["violations"]]
        assert wrong == [], page.url

    return check


@pytest.fixture
def no_sideways_scroll() -> Callable[[Any], None]:
    def check(page: Any) -> None:
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], page.url

    return check


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """A picture of the whole page, when somebody wants to look."""
    folder = os.environ.get("BUDGETOD_E2E_SHOTS")

    def take(page: Any, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    return take


@pytest.fixture(scope="session")
def years() -> Iterator[int]:
    """Years that no dataset of the portal has: each test takes its own."""
    return iter(range(2019, 1990, -1))


@pytest.fixture
def year(years, url) -> int:
    """The next year of Valmoselle without a dataset."""
    import urllib.error
    import urllib.request

    for candidate in years:
        try:
            urllib.request.urlopen(f"{url}/budget/budget-215709908-{candidate}")  # noqa: S310
        except urllib.error.HTTPError:
            return candidate
    raise AssertionError("no year left")


@pytest.fixture
def make_document() -> Callable[..., bytes]:
    return document


@pytest.fixture
def deposit() -> Callable[..., None]:
    """Choose a file in the form of the page and press « Publier »."""

    def send(page: Any, content: bytes, name: str = "budget.xml") -> None:
        file = {"name": name, "mimeType": "text/xml", "buffer": content}
        page.set_input_files("#bod-upload", file)
        page.click("button[name=save] >> nth=0")
        page.wait_for_load_state()

    return send


@pytest.fixture
def wait_for_end() -> Callable[[Any], str]:
    """Wait, without reloading, until the live block says how it ended."""

    def wait(page: Any) -> str:
        ended = "#bod-progress:not([data-state=queued]):not([data-state=running])"
        return page.wait_for_selector(ended, timeout=60_000).get_attribute("data-state")

    return wait

"""Run by ``test_wheel.py`` in an environment where only the wheel is installed; argument: an ini.

Migrates the tables, then asks the application for pages in French and for our assets. Prints "ok"
at the end; any other end is a failure.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ini = sys.argv[1]


def ckan(*words: str) -> None:
    subprocess.run([Path(sys.executable).with_name("ckan"), "-c", ini, *words], check=True)


def migrate() -> None:
    """Take our tables away and bring them back, with the migrations of the wheel."""
    ckan("db", "init")
    ckan("db", "upgrade", "-p", "budgetod")
    ckan("db", "downgrade", "-p", "budgetod")
    ckan("db", "upgrade", "-p", "budgetod")


def serve() -> None:
    """Our search page in both languages, and every asset that it names."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    client = make_app(CKANConfigLoader(ini).get_config()).test_client()
    english = client.get("/en/budget/").get_data(as_text=True)
    page = client.get("/fr/budget/", follow_redirects=True)
    assert page.status_code == 200, page.status
    html = page.get_data(as_text=True)
    assert "Rechercher un budget" in html
    assert "Rechercher un budget" not in english
    ours = [name for name in re.findall(r'(?:href|src)="([^"]+)"', html) if "/budgetod" in name]
    files = [name for name in ours if re.search(r"\.(css|js)\b", name)]
    assert files, "no asset of ours on the page"
    for name in files:
        assert client.get(name).status_code == 200, name


def translated() -> None:
    """The compiled catalogue travels in the wheel."""
    import ckanext.budgetod

    home = Path(next(iter(ckanext.budgetod.__path__)))
    assert "site-packages" in home.parts, f"not the wheel: {home}"
    assert (home / "i18n/fr/LC_MESSAGES/ckanext-budgetod.mo").stat().st_size > 1000


if __name__ == "__main__":
    translated()
    migrate()
    serve()
    print("ok")

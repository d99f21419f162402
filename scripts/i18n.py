"""Collect the texts of the screens, bring the French catalogue up to date, compile it.

    python scripts/i18n.py            # writes .pot, fr .po and .mo
    python scripts/i18n.py --check    # changes nothing; exit 1 if something is missing or fuzzy

Needs Babel and CKAN (its extractor understands CKAN's template tags).
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "ckanext" / "budgetod"
I18N = SOURCE / "i18n"
DOMAIN = "ckanext-budgetod"
METHODS = [("**.py", "python"), ("templates/**.html", "ckan.lib.extract:extract_ckan")]
HEADER = {
    "project": "ckanext-budgetod",
    "version": "1",
    "msgid_bugs_address": "see SECURITY.md and CONTRIBUTING.md",
    "last_translator": "ckanext-budgetod",
    "charset": "utf-8",
    "fuzzy": False,
    # The date of the first catalogue, always: files change when texts do.
    "creation_date": datetime(2026, 11, 22, tzinfo=timezone.utc),
    "revision_date": datetime(2026, 11, 22, tzinfo=timezone.utc),
}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "ungettext": (1, 2)}


def template() -> Catalog:
    """Every text of the package, with where it is used."""
    catalog = Catalog(**HEADER)
    found = extract_from_dir(SOURCE, METHODS, keywords=KEYWORDS, comment_tags=("NOTE:",))
    for name, _line, text, comments, context in sorted(found, key=lambda item: item[:2]):
        catalog.add(text, None, [(name, 1)], auto_comments=comments, context=context)
    return catalog


def french_path() -> Path:
    return I18N / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po"


def french() -> Catalog:
    """The French catalogue as it is in the repository; an empty one at first."""
    if not french_path().exists():
        return Catalog(locale="fr", charset="utf-8", fuzzy=False)
    with french_path().open("rb") as file:
        return read_po(file, locale="fr", domain=DOMAIN)


def missing(catalog: Catalog) -> list[str]:
    """Texts without a translation, or with a doubtful one."""
    wanting = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            wanting.append(message.id if isinstance(message.id, str) else message.id[0])
    return wanting


def up_to_date() -> Catalog:
    """The French catalogue holding exactly the texts of today."""
    known = {message.id: message.string for message in french() if message.id}
    catalog = Catalog(locale="fr", **HEADER)
    for message in template():
        if message.id:
            catalog.add(message.id, known.get(message.id))
    return catalog


def write(catalog: Catalog) -> None:
    """The three files: template, French text, French compiled."""
    french_path().parent.mkdir(parents=True, exist_ok=True)
    for path, content in ((I18N / f"{DOMAIN}.pot", template()), (french_path(), catalog)):
        with path.open("wb") as file:
            write_po(
                file, content, width=100, sort_output=True, no_location=True, omit_header=False
            )
    with french_path().with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args()
    catalog = up_to_date()
    wanting = missing(catalog)
    if not options.check:
        write(catalog)
    for text in wanting:
        print(f"fr: {text}")
    print(f"{len([m for m in catalog if m.id])} texts, {len(wanting)} without French")
    return 1 if wanting else 0


if __name__ == "__main__":
    sys.exit(main())

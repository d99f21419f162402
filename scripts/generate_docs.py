#!/usr/bin/env python3
"""Write the parts of ``docs/`` that the code already knows: settings, controls, actions, mapping.

Usage: ``python scripts/generate_docs.py`` rewrites, ``--check`` only says what is out of date (exit
status 1). A page holds hand-written text around regions like::

    <!-- generated: settings -->
    …
    <!-- end -->

Needs the package but no CKAN: actions are read from the source.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ckanext" / "budgetod"
DOCS = ROOT / "docs"

REGION = re.compile(r"(<!-- generated: ([\w:-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

FAMILIES = {
    "F": ("Le fichier", "The file"),
    "S": ("Étape, vote et scellement", "Stage, vote and seal"),
    "I": ("Identité de la collectivité", "Identity of the authority"),
    "N": ("Nomenclature et version", "Nomenclature and version"),
    "D": ("Document déjà connu", "Document already known"),
    "Q": ("Montants", "Figures"),
    "H": ("Données moissonnées", "Harvested data"),
    "P": ("Données personnelles", "Personal data"),
    "X": ("De notre côté", "On our side"),
}
LEVELS = {
    "fr": {"blocking": "bloquant", "confirm": "à confirmer", "info": "information"},
    "en": {"blocking": "blocking", "confirm": "to confirm", "info": "information"},
}
WORDS = {
    "fr": {"why": "Pourquoi", "todo": "Que faire", "or": "Autre cas", "colon": "\u00a0:"},
    "en": {"why": "Why", "todo": "What to do", "or": "Another case", "colon": ":"},
}


# --- settings ------------------------------------------------------------------------------------


def settings() -> Iterator[dict[str, Any]]:
    """Every declared option, as in ``config_declaration.yaml``."""
    declaration = yaml.safe_load((PACKAGE / "config_declaration.yaml").read_text(encoding="utf-8"))
    for group in declaration["groups"]:
        yield from group["options"]


def settings_region() -> str:
    return "\n".join(_setting(option) for option in settings())


def _setting(option: dict[str, Any]) -> str:
    variable = "CKAN___" + option["key"].upper().replace(".", "__")
    facts = [
        ("Type", option.get("type", "string")),
        ("Default", _written(option.get("default", ""))),
    ]
    if choices := re.search(r"one_of\((\[.*?\])\)", option.get("validators", "")):
        facts[0] = ("One of", ", ".join(f"`{choice}`" for choice in yaml.safe_load(choices[1])))
    if "example" in option:
        facts.append(("Example", f"`{option['key']} = {_plain(option['example'])}`"))
    facts.append(("Environment", f"`{variable}`"))
    lines = [f"- {name}: {value}" for name, value in facts]
    return "\n".join([f"### `{option['key']}`", "", option["description"].strip(), "", *lines, ""])


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _written(value: Any) -> str:
    return "empty" if value in ("", None) else f"`{_plain(value)}`"


# --- controls ------------------------------------------------------------------------------------


def catalogue() -> dict[str, dict[str, Any]]:
    path = PACKAGE / "engine" / "checks" / "catalogue.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def controls_region(lang: str) -> str:
    entries = catalogue()
    parts = []
    for letter, titles in FAMILIES.items():
        parts += [f"## {titles[lang == 'en']} ({letter})", ""]
        parts += [
            _control(code, entry, lang) for code, entry in entries.items() if code[0] == letter
        ]
    return "\n".join(parts)


def _control(code: str, entry: dict[str, Any], lang: str) -> str:
    words = WORDS[lang]
    level = LEVELS[lang][entry["level"]]
    parts = [f'### <a id="{code.lower()}"></a>{code}: {_holes(entry[lang]["title"])}', ""]
    name = entry.get("name", {}).get(lang)
    parts += [f"*{level}*" + (f" · {name}" if name else ""), ""]
    parts += _texts(entry[lang], words)
    for variant in entry.get("variants", {}).values():
        text = {**entry[lang], **variant.get(lang, {})}
        parts += [f"{words['or']}{words['colon']} **{_holes(text['title'])}**", ""]
        parts += _texts(text, words)
    return "\n".join(parts)


def _texts(text: dict[str, str], words: dict[str, str]) -> list[str]:
    advice = [f"- {words[key]}{words['colon']} {_holes(text[key])}" for key in ("why", "todo")]
    return [_holes(text["what"]), "", *advice, ""]


def _holes(text: str) -> str:
    """The text with its holes shown as ‹name›; the plural and the optional parts are kept."""
    text = re.sub(r"\{\w+\?\?([^{}]*)\}", r"\1", text)
    text = re.sub(r"\{\w+\?([^{}|]*)\|([^{}]*)\}", r"\2", text)
    return re.sub(r"[{<](\w+)(:\w+)?[}>]", r"‹\1›", text)


# --- actions -------------------------------------------------------------------------------------


def actions() -> dict[str, str]:
    """Public actions and their docstrings, from the sources of ``logic/``."""
    found = {}
    for path in sorted((PACKAGE / "logic").glob("*.py")):
        if path.stem == "auth":  # permissions bear the names of their actions
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and _is_action(node):
                found[node.name] = ast.get_docstring(node) or ""
    return found


def _is_action(node: ast.FunctionDef) -> bool:
    arguments = [argument.arg for argument in node.args.args]
    return node.name.startswith("budgetod_") and arguments == ["context", "data_dict"]


def actions_region() -> str:
    return "\n".join(f"### `{name}`\n\n{_fields(text)}\n" for name, text in actions().items())


def _fields(docstring: str) -> str:
    """Sphinx's ``:param name:`` lines as a list; what continues them stays with them."""
    text = re.sub(r"\n\n(?=:)", "\n", docstring)
    text = re.sub(r"\n(?=:)", "\n\n", text, count=1)
    text = re.sub(r"^:param ([\w, ]+):", lambda found: f"- {_names(found[1])}:", text, flags=re.M)
    text = re.sub(r"^:returns?:", "- returns", text, flags=re.M)
    text = re.sub(r"^:raises (\w+):", r"- raises `\1`:", text, flags=re.M)
    return re.sub(r"\n {4,}", "\n  ", text).replace("``", "`")


def _names(listed: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in listed.split(","))


# --- masking -------------------------------------------------------------------------------------


def masking_region() -> str:
    """What happens to each annex table, and to the elements outside of them, with the ground."""
    path = PACKAGE / "engine" / "anonymiser" / "rules.yaml"
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    grounds = rules["grounds"]
    lines = [
        "| annexe | profil `strict` | bénéficiaires | textes relus | retirés ou masqués |",
        "|" + "---|" * 5,
    ]
    lines += [_table_row(name, rule) for name, rule in sorted(rules["tables"].items())]
    lines += ["", "| élément | retiré | fondement |", "|---|---|---|"]
    for name, rule in rules["elements"].items():
        for place, leaf in [(name, rule), *_leaves(name, rule)]:
            for dropped, ground in leaf.get("drop", {}).items():
                lines.append(f"| `{place}` | `{dropped}` | {grounds[ground]} |")
    return "\n".join(lines)


def _leaves(name: str, rule: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{name}/{leaf}", inner) for leaf, inner in rule.get("leaves", {}).items()]


def _table_row(name: str, rule: dict[str, Any]) -> str:
    later = [inner for key, inner in rule.items() if key.startswith("since_")]
    texts = [
        text for part in (rule, *later) for kind in ("scan", "sober") for text in part.get(kind, [])
    ]
    cells = [
        "retirée" if rule.get("strict") == "leave_out" else "publiée",
        ", ".join(f"`{field}`" for field in rule.get("party", {})),
        ", ".join(f"`{field}`" for field in texts),
        ", ".join(f"`{field}`" for field in [*rule.get("drop", {}), *rule.get("mask", [])]),
    ]
    return f"| `{name}` | " + " | ".join(cells) + " |"


# --- pages ---------------------------------------------------------------------------------------

REGIONS: dict[str, Callable[[], str]] = {
    "settings": settings_region,
    "controls:fr": lambda: controls_region("fr"),
    "controls:en": lambda: controls_region("en"),
    "actions": actions_region,
    "masking": masking_region,
}


def filled(page: str) -> str:
    """The text of a page with its regions written again; those of other writers are left alone."""

    def written(hole: re.Match[str]) -> str:
        region = REGIONS.get(hole[2])
        return f"{hole[1]}\n{region().strip()}\n\n{hole[3]}" if region else hole[0]

    return REGION.sub(written, page)


def stale_pages() -> dict[Path, str]:
    """Pages whose regions are out of date, with the text that they should have."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
    return {path: filled(text) for path, text in pages.items() if filled(text) != text}


def main() -> int:
    stale = stale_pages()
    for path, text in stale.items():
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

"""The form of a harvest source: its fields from a configuration, a configuration from its fields.

What the fields cannot say stays as JSON, which then decides alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.budgetod.harvesters import config as configuration
from ckanext.budgetod.harvesters import organisations
from ckanext.budgetod.harvesters.catalogue import FREQUENCIES, harvesters
from ckanext.budgetod.harvesters.presets import PRESETS, as_text
from ckanext.budgetod.sources.faults import Fault

from . import dataset_page
from .naming import N_

WHO: Mapping[str, tuple[tuple[str, ...], int, str]] = {
    "communes-3500": (("commune",), 3500, N_("Municipalities of 3,500 inhabitants and more")),
    "tout-3500": ((), 3500, N_("All local authorities of 3,500 inhabitants and more")),
    "communes": (("commune",), 0, N_("All municipalities")),
    "epci": (("epci",), 0, N_("Inter-municipal bodies")),
    "departements-region": (("departement", "region"), 0, N_("Departments and region")),
    "tout": ((), 0, N_("All local authorities")),
}
"""Choice of the form -> types, least population, its words."""
OWNERS = {
    "defaut": N_("All to the organization of the source"),
    "rattacher": N_("To the one that holds the SIREN, else to that of the source"),
    "creer": N_("To the one that holds the SIREN; create it when it is missing"),
    "ignorer": N_("To the one that holds the SIREN; skip when it is missing"),
}
VANISHED = {"retirer": N_("Keep it, marked as withdrawn"), "supprimer": N_("Delete it")}
FREQUENCY = dict(
    zip(
        FREQUENCIES,
        (
            N_("Only when asked"),
            N_("Every month"),
            N_("Every week"),
            N_("Every two weeks"),
            N_("Every day"),
            N_("As soon as the last one ended"),
        ),
        strict=True,
    )
)
FLAGS = {
    "budgets_annexes": N_("Annexe budgets too"),
    "fonctions": N_("By nature and function, where the source has it"),
    "syndicats": N_("Joint authorities too"),
    "courriel": N_("Send me a summary by e-mail at the end of each harvest"),
}
YEARS = 6
TEXTS = (
    "source", "kind", "region", "who", "sirens", "epci", "population_min", "years", "last",
    "organisations", "disparus", "owner_org", "frequency", "title", "json",
)  # fmt: skip
QUESTIONS = ("territoire", "exercices")
LISTS = ("departements", "exercices", "flags")
PLACES = {
    "region": "region", "departements": "departements", "epci": "epci", "sirens": "sirens",
    "population_min": "population_min", "exercices": "years", "owner_org": "owner_org",
    "title": "title", "frequency": "frequency",
}  # fmt: skip
"""Key at fault -> the field that shows it; other keys are shown at the JSON."""


@dataclass(slots=True)
class Form:
    """What was typed, as typed. ``errors``: field -> what is wrong with it."""

    texts: dict[str, str] = field(default_factory=lambda: dict.fromkeys(TEXTS, ""))
    lists: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in LISTS})
    errors: dict[str, str] = field(default_factory=dict)

    def hidden(self) -> list[tuple[str, str]]:
        """Everything, to be carried through the preview."""
        pairs = [(name, value) for name, value in self.texts.items() if value]
        return pairs + [(name, value) for name, values in self.lists.items() for value in values]

    def refuse(self, fault: Fault) -> None:
        """Show a fault beside its field."""
        typed = bool(self.texts["json"].strip())
        place = "json" if typed else PLACES.get(fault.field, "json")
        self.errors[place] = sentence(fault)


def sentence(fault: Fault) -> str:
    """A fault as a sentence of the reader's language."""
    text = fault.text(dataset_page.language())
    return text[:1].upper() + text[1:]


def sent() -> Form:
    """The form as it was sent."""
    given = tk.request.form
    form = Form()
    form.texts = {name: given.get(name, "").strip() for name in TEXTS}
    form.lists = {name: given.getlist(name) for name in LISTS}
    return form


def from_preset(name: str) -> Form:
    """The form of a preset; of the first one that this site can run when there is no such one."""
    kinds = [one.info()["name"] for one in harvesters()]
    usable = [one for one in PRESETS.values() if one.kind in kinds]
    preset = next((one for one in usable if one.name == name), usable[0] if usable else None)
    if preset is None:
        return Form()
    form = from_config(preset.text())
    form.texts |= {"kind": preset.kind, "frequency": "MANUAL"}
    return form


def from_source(package: Any, row: Any) -> Form:
    """The form of a source that exists."""
    form = from_config(row.config or "{}")
    form.texts |= {
        "source": package.id,
        "kind": row.type,
        "title": package.title,
        "owner_org": package.owner_org or "",
        "frequency": row.frequency or "MANUAL",
    }
    return form


def from_config(text: str) -> Form:
    """Fields that say what a configuration says; its JSON as well when they cannot."""
    form = Form()
    try:
        config = configuration.parse(text)
    except ValueError:
        form.texts["json"] = text
        return form
    place = config.perimeter
    who = next((k for k, v in WHO.items() if v[:2] == (place.types, place.population_min)), "")
    size = ""
    if not who:
        who = next((k for k, v in WHO.items() if v[:2] == (place.types, 0)), "tout")
        size = str(place.population_min or "")
    form.texts |= {
        "region": place.region,
        "who": who,
        "population_min": size,
        "sirens": " ".join(place.sirens),
        "epci": " ".join(place.epci),
        "years": "derniers" if config.last else "choisis",
        "last": str(config.last or ""),
        "organisations": config.organisations,
        "disparus": config.vanished,
    }
    flags = {
        "budgets_annexes": config.annexes,
        "fonctions": config.functions,
        "syndicats": config.syndicates,
        "courriel": config.mail,
    }
    form.lists = {
        "departements": list(place.departements),
        "exercices": [str(year) for year in config.years],
        "flags": [name for name, on in flags.items() if on],
    }
    if configuration.parse(as_text(_config(form))) != config:
        form.texts["json"] = text
    return form


def config_text(form: Form) -> str:
    """The configuration that a form says; "" when something is wrong, then told in ``errors``."""
    typed = form.texts["json"]
    config = {} if typed else _config(form)
    whole = typed or as_text(config)
    # Question by question, so that a fault in one does not hide one in another.
    for text in [as_text({key: config[key]}) for key in config if key in QUESTIONS] + [whole]:
        try:
            organisations.check(configuration.parse(text))
        except Fault as fault:
            form.refuse(fault)
    return "" if form.errors else whole


def _config(form: Form) -> dict[str, Any]:
    types, least, _ = WHO.get(form.texts["who"], WHO["tout"])
    territory = {
        "region": form.texts["region"],
        "departements": form.lists["departements"],
        "epci": form.texts["epci"].split(),
        "types": list(types),
        "sirens": form.texts["sirens"].replace(",", " ").split(),
        "population_min": form.texts["population_min"] or least,
    }
    flags = form.lists["flags"]
    given = {
        "territoire": {name: value for name, value in territory.items() if value},
        "exercices": _exercices(form),
        "organisations": form.texts["organisations"] or "defaut",
        "disparus": form.texts["disparus"] or "retirer",
    }
    return given | {name: name in flags for name in FLAGS}


def _exercices(form: Form) -> Any:
    if form.texts["years"] == "choisis":
        return [int(year) if year.isdecimal() else year for year in form.lists["exercices"]]
    last = form.texts["last"] or "1"
    return {"derniers": int(last) if last.isdecimal() else last}


def years_offered(form: Form) -> list[str]:
    """The last years whose accounts are closed, and those that were chosen."""
    newest = datetime.now(timezone.utc).year - 1
    offered = {str(year) for year in range(newest, newest - YEARS, -1)}
    return sorted(offered | set(form.lists["exercices"]), reverse=True)


def example(form: Form) -> str:
    """The JSON that the fields say, to start from; "" when they say nothing valid."""
    text = json.dumps(_config(form), ensure_ascii=False, indent=1)
    try:
        configuration.parse(text)
    except ValueError:
        return ""
    return text

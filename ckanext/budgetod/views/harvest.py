"""« Moissonnage »: our sources, the form of one, its preview; nothing is imported before that."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.base import render

from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.harvesters import catalogue, journal, messages, verdict
from ckanext.budgetod.harvesters.config import parse
from ckanext.budgetod.harvesters.presets import PRESETS
from ckanext.budgetod.harvesters.preview import NoHarvester, preview
from ckanext.budgetod.sources.territory import territory

from . import dataset_page, harvest_form, harvest_preview
from .harvest_form import Form

MANY = 200
"""More organisations than this are typed, not chosen."""


def require_right() -> Any:
    """The way to log in, or 403, for those who may not create harvest sources."""
    try:
        tk.check_access("harvest_source_create", {"model": model}, {})
    except tk.NotAuthorized:
        return _denied()
    return None


def _denied() -> Any:
    if not tk.current_user.is_authenticated:
        return tk.redirect_to("user.login", came_from=tk.request.full_path.rstrip("?"))
    return tk.abort(403, tk._("You may not manage harvest sources."))


def owned(source: str) -> tuple[Any, Any]:
    """The dataset and the row of one of our sources, for those who may change it; else 404, 403."""
    found = catalogue.find(source)
    if found is None:
        return tk.abort(404, tk._("Harvest source not found"))
    if not may_change(found[0].id):
        return tk.abort(403, tk._("You may not manage this harvest source."))
    return found


def may_change(source_id: str) -> bool:
    try:
        tk.check_access("harvest_source_update", {"model": model}, {"id": source_id})
    except tk.NotAuthorized:
        return False
    return True


# --- list ----------------------------------------------------------------------------------------
def index() -> Any:
    """Our sources with their last result, and the presets."""
    denied = require_right()
    if denied:
        return denied
    rows = [_line(row) for row in catalogue.sources() if may_change(row.id)]
    return render("budgetod/harvest/index.html", {"rows": rows, "presets": _presets()})


def _line(row: Any) -> dict[str, Any]:
    lang = dataset_page.language()
    package = model.Package.get(row.id)
    last = next(iter(journal.jobs(row.id, 1)), None)
    job = journal.read(last) if last else None
    title, text = verdict.verdict(job, lang)
    try:
        what = catalogue.describe(parse(row.config), lang)
    except ValueError:
        what = ""
    return {
        "name": package.name,
        "title": package.title or package.name,
        "kind": catalogue.title_of(row.type),
        "what": what,
        "frequency": tk._(harvest_form.FREQUENCY.get(row.frequency, "")) if row.frequency else "",
        "when": (job.finished or job.created) if job else None,
        "verdict": title,
        "text": text,
        "tone": verdict.tone(job),
        "icon": harvest_preview.ICONS[verdict.tone(job)],
    }


def _presets() -> list[dict[str, str]]:
    kinds = [one.info()["name"] for one in catalogue.harvesters()]
    lang = dataset_page.language()
    return [
        {"name": one.name, "title": one.title(lang), "kind": catalogue.title_of(one.kind)}
        for one in PRESETS.values()
        if one.kind in kinds
    ]


# --- form ----------------------------------------------------------------------------------------
def new() -> Any:
    """The form, from a preset; sent to it again by « Changer les choix », with all choices."""
    denied = require_right()
    if denied:
        return denied
    if tk.request.method == "POST":
        return show(harvest_form.sent())
    return show(harvest_form.from_preset(tk.request.args.get("modele", "")))


def edit(source: str) -> Any:
    """The form of a source that exists."""
    denied = require_right()
    if denied:
        return denied
    return show(harvest_form.from_source(*owned(source)))


def show(form: Form) -> str:
    """The form, with its errors."""
    regions = territory().about["regions"]
    here = form.texts["region"]
    departements = [
        (code, facts[0])
        for code, facts in territory().about["departements"].items()
        if facts[2] == here
    ]
    return render(
        "budgetod/harvest/form.html",
        {
            "form": form,
            "editing": form.texts["source"],
            "presets": [] if form.texts["source"] else _presets(),
            "chosen": tk.request.args.get("modele", ""),
            "kinds": [(o.info()["name"], o.title, o.description) for o in catalogue.harvesters()],
            "regions": sorted(((code, facts[0]) for code, facts in regions.items()), key=_second),
            "departements": departements,
            "years": harvest_form.years_offered(form),
            "organisations": _organisations(),
            "words": harvest_form,
            "example": harvest_form.example(form),
        },
    )


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def _organisations() -> list[tuple[str, str]]:
    """Id and title of those that this person may create datasets for; none when they are many."""
    found = tk.get_action("organization_list_for_user")({}, {"permission": "create_dataset"})
    return [] if len(found) > MANY else [(one["id"], one["display_name"]) for one in found]


def checked(form: Form) -> str:
    """The configuration that a form says; "" when something is wrong, then told in ``errors``."""
    if form.texts["source"]:
        owned(form.texts["source"])
    if form.texts["kind"] not in [one.info()["name"] for one in catalogue.harvesters()]:
        form.errors["kind"] = tk._("Choose a source.")
    organisation = model.Group.get(form.texts["owner_org"]) if form.texts["owner_org"] else None
    if organisation is None or not organisation.is_organization:
        form.errors["owner_org"] = tk._("Choose the organization that the source belongs to.")
    else:
        form.texts["owner_org"] = organisation.id
    if form.texts["frequency"] not in harvest_form.FREQUENCY:
        form.errors["frequency"] = tk._("Choose how often to harvest.")
    return harvest_form.config_text(form)


# --- preview -------------------------------------------------------------------------------------
def look() -> Any:
    """« Aperçu »: ask the source what a harvest would find. The only exit of the form."""
    denied = require_right()
    if denied:
        return denied
    form = harvest_form.sent()
    text = checked(form)
    if not text:
        return show(form)
    values: dict[str, Any] = {"form": form, "config": text}
    values |= {"title": _title(form, text), "editing": form.texts["source"]}
    lang = dataset_page.language()
    try:
        values |= harvest_preview.page(preview(form.texts["kind"], text), lang)
    except SourceError as error:
        values["failure"] = messages.sentence(f"error:{error.code}", error.params, lang)
    except NoHarvester:
        values["failure"] = tk._("The plugin of this source is not loaded.")
    return render("budgetod/harvest/preview.html", values)


def _title(form: Form, text: str) -> str:
    lang = dataset_page.language()
    kind = catalogue.title_of(form.texts["kind"])
    return form.texts["title"] or f"{kind} · {catalogue.describe(parse(text), lang)}"


def save() -> Any:
    """« Enregistrer », and « Enregistrer et lancer »."""
    denied = require_right()
    if denied:
        return denied
    form = harvest_form.sent()
    text = checked(form)
    if not text:
        return show(form)
    try:
        source = _write(form, text)
    except tk.ValidationError as error:
        _take_errors(form, error)
        return show(form)
    except tk.NotAuthorized:
        form.errors["owner_org"] = tk._("You may not create datasets for this organization.")
        return show(form)
    if tk.request.form.get("then") == "run":
        launch(source["id"])
    else:
        tk.h.flash_success(tk._("The source is saved. Nothing was harvested yet."))
    return tk.redirect_to("budgets_harvest.log", source=source["name"])


def _write(form: Form, text: str) -> dict[str, Any]:
    title = _title(form, text)
    common = {"owner_org": form.texts["owner_org"], "frequency": form.texts["frequency"]}
    if not form.texts["source"]:
        return catalogue.create({}, form.texts["kind"], text, title=title, **common)
    package, row = owned(form.texts["source"])
    given = {"id": package.id, "name": package.name, "url": package.url, "notes": package.notes}
    given |= {"source_type": form.texts["kind"] or row.type, "title": title, "config": text}
    return tk.get_action("harvest_source_update")({}, {**given, **common})


def _take_errors(form: Form, error: tk.ValidationError) -> None:
    for name, texts in error.error_dict.items():
        if name == "url":
            form.errors["json"] = tk._("There is already a source with exactly these choices.")
        elif name not in ("config", "source_type"):
            form.errors[harvest_form.PLACES.get(name, "json")] = " ".join(map(str, texts))
    if not form.errors:
        form.errors["json"] = " ".join(str(text) for text in error.error_summary.values())


def launch(source_id: str) -> bool:
    """Put a job of a source in the queue; what stands in the way is told on the next page."""
    from ckanext.harvest.logic import HarvestJobExists

    journal.settle(source_id)
    try:
        tk.get_action("harvest_job_create")({}, {"source_id": source_id, "run": True})
    except HarvestJobExists:
        tk.h.flash_error(
            tk._("A harvest of this source is already waiting or running: wait for its end.")
        )
        return False
    tk.h.flash_success(tk._("The harvest is in the queue. This page tells how far it is."))
    return True


def run(source: str) -> Any:
    """« Lancer le moissonnage »."""
    denied = require_right()
    if denied:
        return denied
    package, _ = owned(source)
    launch(package.id)
    return tk.redirect_to("budgets_harvest.log", source=package.name)

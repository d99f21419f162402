"""``ckan budgetod harvest create|list|preview|run``: national sources from a shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click
from ckan.plugins import plugin_loaded
from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.harvesters.presets import PRESETS, Preset, as_text

SHOWN = 20
"""Failures named."""


@click.group("harvest", short_help="Harvest national sources: DGFiP, OFGL, data.gouv.fr.")
def harvest() -> None:
    """Harvest national sources without the web pages and without consumers."""
    if not plugin_loaded("harvest"):
        raise click.ClickException("the plugin harvest (ckanext-harvest) is not loaded")


@harvest.command("create")
@click.argument("preset", type=click.Choice(list(PRESETS)), metavar="PRESET")
@click.option("--department", "departments", multiple=True, help="Only this code (repeatable).")
@click.option("--exercice", "exercices", multiple=True, type=int, help="This year (repeatable).")
@click.option("--siren", "sirens", multiple=True, help="Only this SIREN (repeatable).")
@click.option("--organization", help="Name of the organization of the source and its datasets.")
@click.option("--name", help="Name of the source (default: that of the preset).")
@click.option("--title", help="Title of the source.")
def create(
    preset: str,
    departments: tuple[str, ...],
    exercices: tuple[int, ...],
    sirens: tuple[str, ...],
    organization: str | None,
    name: str | None,
    title: str | None,
) -> None:
    """Create a harvest source from PRESET (harvest list names them), without running it."""
    from ckanext.budgetod.harvesters import catalogue, messages
    from ckanext.budgetod.harvesters.config import parse

    chosen = PRESETS[preset]
    config = _narrowed(chosen, departments, exercices, sirens)
    lang = messages.site_language()
    try:
        text = as_text(config)
        what = catalogue.describe(parse(text), lang)
        made = catalogue.create(
            _context(),
            chosen.kind,
            text,
            title=title or f"{catalogue.title_of(chosen.kind)} · {what}",
            name=name or preset,
            owner_org=_organization(organization),
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except tk.ValidationError as error:
        told = "; ".join(str(text) for text in error.error_summary.values())
        raise click.ClickException(told) from None
    click.echo(f"{made['name']}  {made['title']}")


def _narrowed(
    preset: Preset,
    departments: tuple[str, ...],
    exercices: tuple[int, ...],
    sirens: tuple[str, ...],
) -> dict[str, Any]:
    """The preset's configuration, limited to what was asked."""
    config = dict(preset.config)
    territory = dict(config["territoire"])
    if departments:
        territory["departements"] = list(departments)
    if sirens:
        territory["sirens"] = list(sirens)
    config["territoire"] = territory
    if exercices:
        config["exercices"] = sorted(set(exercices), reverse=True)
    return config


def _organization(name: str | None) -> str:
    """The organisation's id; the only one of the site when none is named."""
    from ckan import model

    if name:
        found = model.Group.get(name)
        if found is None or not found.is_organization or found.state != "active":
            raise click.ClickException(f"no organization {name}")
        return found.id
    query = model.Session.query(model.Group).filter_by(is_organization=True, state="active")
    several = query.limit(2).all()
    if len(several) != 1:
        raise click.ClickException("say whose the source is: --organization NAME")
    return several[0].id


@harvest.command("list")
def list_() -> None:
    """Presets, then the sources of this site with their last result."""
    from ckanext.budgetod.harvesters import catalogue, journal, messages, verdict

    lang = messages.site_language()
    kinds = [one.info()["name"] for one in catalogue.harvesters()]
    click.echo("presets:")
    for preset in PRESETS.values():
        missing = "" if preset.kind in kinds else f"  (plugin {preset.kind} is not loaded)"
        click.echo(f"  {preset.name:36} {preset.title(lang)}{missing}")
    click.echo("sources:")
    for row in catalogue.sources():
        last = next(iter(journal.jobs(row.id, 1)), None)
        title, _ = verdict.verdict(journal.read(last) if last else None, lang)
        click.echo(f"  {_name(row.id):36} {title}  {row.title}")


def _name(source_id: str) -> str:
    from ckan import model

    package = model.Package.get(source_id)
    return package.name if package is not None else source_id


@harvest.command("preview")
@click.argument("source", metavar="SOURCE|PRESET")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def preview(source: str, as_json: bool) -> None:
    """Ask what a harvest of SOURCE (or PRESET) would find. Nothing is written."""
    from ckanext.budgetod.harvesters import preview as looking

    kind, text = _kind_and_config(source)
    told = _told(lambda: looking.preview(kind, text))
    if as_json:
        shown = {**asdict(told), "found": told.found, "coming": told.coming}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    click.echo(f"{told.found} found, {told.coming} will be read")
    for case, count in told.counts.items():
        if count:
            click.echo(f"  {count:6} {case}")
    for one, case in told.first:
        click.echo(f"  {case:8} {one.title}")
    if told.missing:
        click.echo(f"not at the source yet: {', '.join(told.missing)}")
    click.echo(f"about {told.calls} calls and {max(1, round(told.seconds / 60))} min")
    if told.quota:
        click.echo("quota: {} calls left out of {}".format(*told.quota))


def _kind_and_config(source: str) -> tuple[str, str]:
    if source in PRESETS:
        return PRESETS[source].kind, PRESETS[source].text()
    row = _source(source)
    return row.type, row.config


def _source(name: str) -> Any:
    from ckanext.budgetod.harvesters import catalogue

    found = catalogue.find(name)
    if found is None:
        raise click.ClickException(f"no source and no preset {name} (harvest list names them)")
    return found[1]


def _told(ask: Callable[[], Any]) -> Any:
    """The answer; what goes wrong as one sentence."""
    from ckanext.budgetod.harvesters import messages
    from ckanext.budgetod.harvesters.preview import NoHarvester

    try:
        return ask()
    except SourceError as error:
        text = messages.sentence(f"error:{error.code}", error.params)
    except NoHarvester as error:
        text = f"the plugin {error} is not loaded"
    except ValueError as error:
        text = str(error)
    raise click.ClickException(text)


@harvest.command("run")
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="Summary as JSON on standard output.")
def run(source: str, as_json: bool) -> None:
    """Harvest SOURCE now: gather, fetch and import. Exit code 1 if anything failed."""
    from ckanext.budgetod.harvesters import run as foreground

    row = _source(source)
    progress = _Progress()
    try:
        summary = foreground.run(row.id, progress.tell)
    except foreground.NotRunnable as error:
        raise click.ClickException(str(error)) from None
    finally:
        progress.close()
    _show(summary, as_json)
    if not summary.ok:
        raise SystemExit(1)


class _Progress:
    """A bar on a terminal; in a log, one line per scope and one in a hundred items."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None

    def tell(self, what: str, done: int, total: int) -> None:
        if what == "import" and self._terminal:
            if self._bar is None:
                self._bar = click.progressbar(length=total, label="import", file=sys.stderr)
                self._bar.__enter__()
            self._bar.update(done - self._bar.pos)
        elif what == "import":
            if done % 100 == 0 or done == total:
                click.echo(f"import {done}/{total}", err=True)
        else:
            click.echo(f"{what}: {done} found so far", err=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


def _show(summary: Any, as_json: bool) -> None:
    if as_json:
        told = {
            "job": summary.job_id,
            "ok": summary.ok,
            "counts": dict(summary.counts),
            "gather_errors": summary.gather_errors,
            "failures": [{"item": guid, "why": why} for guid, why in summary.failures],
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    counts = ", ".join(f"{count} {status}" for status, count in sorted(summary.counts.items()))
    click.echo(f"job {summary.job_id}: {counts or 'nothing found'}")
    for text in summary.gather_errors:
        click.echo(f"  gather: {text}")
    for guid, why in summary.failures[:SHOWN]:
        click.echo(f"  {guid}: {why}")
    if len(summary.failures) > SHOWN:
        click.echo(f"  and {len(summary.failures) - SHOWN} more")


def _context() -> dict[str, Any]:
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": site["name"], "ignore_auth": True}

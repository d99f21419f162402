"""``ckan budgetod territory update``: today's populations, names, EPCI and post codes."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from ckanext.budgetod import config
from ckanext.budgetod.engine.errors import BudgetodError, RemoteFailed
from ckanext.budgetod.sources import geo, overlay
from ckanext.budgetod.sources.http import Client
from ckanext.budgetod.sources.territory import territory as table

SHOWN = 10
"""How many collectivities of each kind of change are named."""

_WORDS = {"commune": "municipalities", "epci": "inter-municipal bodies"}


@click.group("territory", short_help="The reference table of local authorities.")
def territory() -> None:
    """The reference table of local authorities: names, populations, EPCI, post codes."""


@territory.command("update")
@click.option("--region", help="Code of the region (default: budgetod.territory.region).")
@click.option("--dry-run", is_flag=True, help="Say what would change, write nothing.")
def update(region: str | None, dry_run: bool) -> None:
    """Ask geo.api.gouv.fr for a region and keep its answer over the table of the package."""
    region = region or config.territory_region()
    if region not in table().about["regions"]:
        raise click.ClickException(f"not a known region code: {region}")
    folder = config.territory_path()
    if folder is None and not dry_run:
        raise click.ClickException("set budgetod.territory_path, the folder to write to")
    settings = config.sources()
    base_url, today = settings.url("geo"), datetime.now(timezone.utc).date()
    try:
        found = geo.update(Client(settings), base_url, region, today.year)
    except BudgetodError as error:
        raise click.ClickException(_failure(error, region)) from None
    _tell(found)
    if not found.changed:
        click.echo("the table says the same: nothing to write")
    elif dry_run or folder is None:
        click.echo("dry run: nothing was written")
    else:
        about = geo.header(found, base_url, today.isoformat())
        try:
            path = overlay.write(folder, region, about, map(overlay.line_of, found.rows))
        except OSError as error:
            raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from None
        click.echo(f"written: {path}")


def _failure(error: BudgetodError, region: str) -> str:
    params = getattr(error, "params", {})
    if isinstance(error, RemoteFailed) and error.code == "truncated" and "what" in params:
        return (
            f"the answer has {params['found']} {_WORDS[params['what']]} of "
            f"{table().region_name(region)} where the table has {params['expected']}: more than "
            f"{geo.MAX_LOSS:.0%} would be lost, so it is refused. Nothing was written."
        )
    return f"{error}. Nothing was written."


def _tell(found: geo.Update) -> None:
    counts = ", ".join(f"{found.count(kind)} {words}" for kind, words in _WORDS.items())
    click.echo(f"{table().region_name(found.region)} {found.vintage}: {counts}")
    changes = found.changes
    for words, texts in (
        ("new", changes.added),
        ("gone", changes.gone),
        ("renamed", changes.renamed),
        ("population changed", changes.populations),
        ("EPCI changed", changes.epci),
        ("post codes changed", changes.postcodes),
        ("without SIREN in the answer, kept as they were", changes.skipped),
    ):
        if texts:
            more = f"; and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
            click.echo(f"  {len(texts)} {words}: {'; '.join(texts[:SHOWN])}{more}")

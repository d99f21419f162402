"""``ckan budgetod import|sweep|run``: deposits from the command line, and upkeep."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.budgetod.commands.harvest import harvest
from ckanext.budgetod.commands.territory import territory
from ckanext.budgetod.deposit import storage
from ckanext.budgetod.deposit import sweep as sweeping
from ckanext.budgetod.deposit.messages import DepositRefused
from ckanext.budgetod.model import ACTIVE, Conversion

WAIT_STEP = 1


def get_commands() -> list[click.Command]:
    return [budgetod]


@click.group(short_help="Local budgets: import documents, keep deposits in order.")
def budgetod() -> None:
    """Deposit TOTEM and CFU documents, and keep their conversions in order."""


budgetod.add_command(harvest)
budgetod.add_command(territory)


@budgetod.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the files, store nothing.")
@click.option("--confirm", multiple=True, help="Code of a question answered yes (repeatable).")
@click.option("--organization", help="Organization for documents whose SIREN nobody holds.")
@click.option("--user", help="Deposit as this user (default: the site itself).")
@click.option("--wait", is_flag=True, help="Wait until every document is published or held.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write as JSON.")
def import_(
    paths: tuple[Path, ...],
    dry_run: bool,
    confirm: tuple[str, ...],
    organization: str | None,
    user: str | None,
    wait: bool,
    report: Path | None,
) -> None:
    """Deposit FILES, or every XML file below FOLDERS, and report on each one."""
    files = list(_files(paths))
    if not files:
        raise click.ClickException("no XML file found")
    options = {"confirm": list(confirm), "owner_org": organization or ""}
    results = []
    with click.progressbar(files, label="Documents", item_show_func=_name) as progress:
        for path in progress:
            results.append(_check(path) if dry_run else _submit(path, options, _context(user)))
    if wait and not dry_run:
        _wait(results)
    _tell(results)
    if report:
        report.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    if any(result["state"] == "refused" for result in results):
        raise SystemExit(1)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files given, and the XML files below the folders given, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() == ".xml")
        else:
            yield path


def _name(path: Path | None) -> str:
    return path.name if path else ""


def _context(user: str | None) -> dict[str, Any]:
    if user:
        return {"user": user}
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": site["name"], "ignore_auth": True}


def _check(path: Path) -> dict[str, Any]:
    """What a deposit would find. Nothing is stored."""

    def run(upload: Any) -> dict[str, Any]:
        found = tk.get_action("budgetod_document_check")(_context(None), {"upload": upload})
        return {
            "state": "checked",
            "dataset": found["dataset_name"],
            "document": found["document_key"],
            "counts": found["report"]["counts"],
            "findings": sorted({f["code"] for f in found["report"]["findings"]}),
        }

    return _with_upload(path, run)


def _submit(path: Path, options: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    def run(upload: Any) -> dict[str, Any]:
        data = {"upload": upload, **{name: value for name, value in options.items() if value}}
        found = tk.get_action("budgetod_submit")(context, data)
        return {
            "state": found["state"],
            "conversion": found["conversion_id"],
            "document": found["document_key"],
            "existing": found["existing"],
        }

    return _with_upload(path, run)


def _with_upload(path: Path, run: Any) -> dict[str, Any]:
    """Call ``run`` with the file as an upload; a refusal is a result like another."""
    with path.open("rb") as stream:
        upload = storage.as_upload(stream, path.name, "application/xml")
        try:
            return {"file": str(path), **run(upload)}
        except DepositRefused as error:
            model.Session.rollback()
            message = error.error_dict["upload"][0]
            return {"file": str(path), "state": "refused", "code": error.code, "message": message}
        except tk.ValidationError as error:
            model.Session.rollback()
            message = "; ".join(str(text) for text in error.error_summary.values())
            return {"file": str(path), "state": "refused", "code": "", "message": message}


def _wait(results: list[dict[str, Any]]) -> None:
    """Until no deposit is queued or running; the state of each is then the final one."""
    waiting = [result for result in results if "conversion" in result]
    with click.progressbar(length=len(waiting), label="Conversions") as progress:
        while waiting:
            for result in waiting:
                row = Conversion.get(result["conversion"])
                result["state"] = row.state if row else "unknown"
                result["code"] = (row.error_code or "") if row else ""
            model.Session.rollback()
            left = [r for r in waiting if r["state"] in (*ACTIVE[:2],)]
            progress.update(len(waiting) - len(left))
            waiting = left
            if waiting:
                time.sleep(WAIT_STEP)


def _tell(results: list[dict[str, Any]]) -> None:
    """One line per file, then how many of each state."""
    for result in results:
        parts = [result["state"], result["file"], result.get("document", "")]
        if result.get("existing"):
            parts.append("(already deposited)")
        if result.get("findings"):
            parts.append(" ".join(result["findings"]))
        parts += [result.get("code", ""), result.get("message", "")]
        click.echo("  ".join(part for part in parts if part))
    states = [result["state"] for result in results]
    click.echo(", ".join(f"{states.count(name)} {name}" for name in dict.fromkeys(states)))


@budgetod.command("sweep")
@click.option("--every", type=int, help="Sweep again and again, with this many seconds between.")
def sweep(every: int | None) -> None:
    """End rows of dead workers, enqueue deposits without a job, empty what is forgotten."""
    while True:
        try:
            click.echo(f"sweep: {sweeping.sweep()}")
        except Exception as error:  # a service is down: the next sweep may find it up again
            if every is None:
                raise
            model.Session.rollback()
            click.echo(f"sweep: {type(error).__name__}, next in {every} s", err=True)
        model.Session.remove()
        if every is None:
            return
        time.sleep(every)


@budgetod.command("run")
@click.argument("conversion_id")
def run(conversion_id: str) -> None:
    """Run an interrupted conversion again."""
    answer = tk.get_action("budgetod_conversion_run")(_context(None), {"id": conversion_id})
    click.echo(f"{answer['state']}  {answer['title']}")

"""The last step of a conversion: annexes, reports, other formats, names of files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .accounting import AccountingTables
from .annexes import AnnexTables, Table, Tables
from .choices import FORMATS, LANGUAGES, PROFILES, worded
from .datapackage import datapackage
from .document import AccountingRows, AnnexRows, Header
from .findings_render import check_name, render, write
from .nomenclature import Resolver
from .outputs import Naming, Output, slug
from .reading import Writer
from .report import Report
from .scdl.writer import CsvWriter, write_csv


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are written. ``guard``: texts cannot begin like a formula of a spreadsheet."""

    formats: tuple[str, ...] = ("csv",)
    lang: str = "fr"
    profile: str = "strict"
    guard: bool = False
    basename: Naming | None = None
    rules: Any = None

    def check(self) -> None:
        """ValueError for a format, a profile or a language that does not exist."""
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            raise ValueError(f"unknown formats: {', '.join(unknown) or 'none'}")
        if self.profile not in PROFILES:
            raise ValueError(f"unknown profile: {self.profile}")
        if self.lang not in LANGUAGES:
            raise ValueError(f"unknown language: {self.lang}")


class _TableFiles(Writer):
    """A CSV for each table that has rows."""

    def __init__(self, tables: Tables, folder: Path, settings: Settings) -> None:
        self._tables, self._folder, self._settings = tables, folder, settings

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        self._tables.identify(header, siret or None)

    def close(self) -> None:
        """Forget the rows."""
        self._tables.close()

    def outputs(self, lang: str) -> list[Output]:
        """Write the tables."""
        with self._tables:
            found = self._tables.tables(lang)
            return [_table_file(table, self._folder, self._settings) for table in found]


class AnnexFiles(_TableFiles):
    """The annexes."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._annexes = AnnexTables()
        super().__init__(self._annexes, folder, settings)

    def rows(self, rows: AnnexRows) -> None:
        self._annexes.add(rows)


class AccountingFiles(_TableFiles):
    """The accountant's statements (CFU). Their rows come before the header."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._statements = AccountingTables()
        super().__init__(self._statements, folder, settings)

    def accounting(self, rows: AccountingRows) -> None:
        self._statements.add(rows)


def _table_file(table: Table, folder: Path, settings: Settings) -> Output:
    path = folder / f"{slug(table.kind)}.csv"
    texts = [column["name"] for column in table.columns if column["type"] == "string"]
    with CsvWriter(path, table.names, texts if settings.guard else ()) as writer:
        for columns in table.batches():
            writer.write_columns(columns)
    return Output(table.kind, path, writer.rows, tuple(table.columns), table.title)


def xml_output(path: Path, lang: str) -> Output:
    """The anonymised document itself."""
    title = worded(("document XML anonymisé", "anonymised XML document"), lang)
    return Output("xml", path, None, (), title)


def finish(
    folder: Path,
    name: str,
    header: Header,
    report: Report,
    summary: Mapping[str, Any],
    outputs: Sequence[Output],
    settings: Settings,
) -> list[Output]:
    """Write the other formats, report, summary and data package; give each file its name."""
    made = [copy for output in outputs for copy in in_formats(output, settings.formats)]
    made += _reports(folder, report, summary, settings.lang)
    named = [renamed(output, name) for output in made]
    package = folder / f"{name}-datapackage.json"
    tabular = [output for output in named if output.columns]
    _write_json(package, datapackage(header, name, tabular, settings.lang))
    title = worded(("description des fichiers", "description of the files"), settings.lang)
    return [*named, Output("datapackage", package, None, (), title)]


_ENDINGS = {"xml": "", "report_json": "-rapport", "report_csv": "-rapport", "summary": "-chiffres"}


def renamed(output: Output, name: str) -> Output:
    """The file under its public name, in the same folder."""
    ending = _ENDINGS.get(output.kind, f"-{slug(output.kind)}")
    final = output.path.with_name(f"{name}{ending}{output.path.suffix}")
    os.replace(output.path, final)
    return replace(output, path=final)


def in_formats(output: Output, formats: Sequence[str]) -> Iterable[Output]:
    """A table in the formats asked for; anything else as it is."""
    if output.path.suffix != ".csv":
        return [output]
    writers: dict[str, Callable[[Output], Output]] = {"parquet": _parquet, "json": _json}
    made = [writers[name](output) for name in formats if name in writers]
    if "csv" in formats:
        return [output, *made]
    output.path.unlink()
    return made


def _parquet(output: Output) -> Output:
    from .parquet import write_parquet

    path = output.path.with_suffix(".parquet")
    write_parquet(output.path, path, output.columns)
    return replace(output, path=path)


def _json(output: Output) -> Output:
    from .json_rows import write_json_rows

    path = output.path.with_suffix(".json")
    write_json_rows(output.path, path, output.columns)
    return replace(output, path=path)


def _reports(folder: Path, report: Report, summary: Mapping[str, Any], lang: str) -> list[Output]:
    as_json, as_csv = folder / "report.json", folder / "report.csv"
    figures = folder / "summary.json"
    _write_json(as_json, report.to_dict())
    rows = write_csv(as_csv, REPORT_COLUMNS, report_rows(report, lang))
    _write_json(figures, summary)
    title = worded(("rapport de contrôle", "check report"), lang)
    of_figures = worded(("chiffres du document", "figures of the document"), lang)
    return [
        Output("report_json", as_json, None, (), title),
        Output("report_csv", as_csv, rows, (), title),
        Output("summary", figures, None, (), of_figures),
    ]


REPORT_COLUMNS = (
    *("code", "controle", "niveau", "etat", "titre", "ce_qui_se_passe", "pourquoi", "que_faire"),
    *("nombre", "lignes", "elements"),
)


def report_rows(report: Report, lang: str) -> Iterable[list[str]]:
    """The report as a table: a row per finding, then a row per control without one."""
    told = set()
    for finding in report.findings:
        told.add(finding.code)
        texts = render(finding, lang)
        lines = [str(place.line) for place in finding.where if place.line]
        elements = [place.element for place in finding.where if place.element]
        yield [
            *(
                finding.code,
                check_name(finding.code, lang),
                write(finding.level.value, "level", lang),
                "",
            ),
            *(texts[name] for name in ("title", "what", "why", "todo")),
            *(str(finding.count), " ".join(lines), " ".join(elements)),
        ]
    for check in report.checks:
        if check.code not in told:
            name = check_name(check.code, lang)
            yield [check.code, name, "", write(check.state, "state", lang), *[""] * 7]


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")

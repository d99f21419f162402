"""The last step of a conversion: annexes, reports, other formats, names of files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .accounting import AccountingTables
from .annexes import AnnexTables, Table
from .anonymiser.cells import mask_columns
from .batches import Batches
from .choices import FORMATS, LANGUAGES, PROFILES
from .datapackage import datapackage
from .document import AccountingRows, AnnexRows, BudgetLine, Header, ResolvedLines
from .errors import Unreadable
from .findings_render import check_name, render, write
from .nomenclature import Plans, Resolver
from .outputs import Naming, Output, slug
from .readers import open_document
from .reading import plans_of
from .report import Report
from .scdl.mapping import StrictRows
from .scdl.validator import RowValidator
from .scdl.writer import CsvWriter, write_csv
from .siret import usable_siret


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


class AnnexFiles:
    """One CSV per annex table that has rows."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = folder, settings
        self._tables = AnnexTables()

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        self._tables.identify(header, siret or None)

    def lines(self, lines: ResolvedLines) -> None: ...

    def rows(self, rows: AnnexRows) -> None:
        self._tables.add(rows)

    def accounting(self, rows: AccountingRows) -> None: ...

    def close(self) -> None:
        """Forget the rows."""
        self._tables.close()

    def outputs(self, lang: str) -> list[Output]:
        """Write the tables."""
        with self._tables:
            found = self._tables.tables(lang)
            return [_table_file(table, self._folder, self._settings) for table in found]


class AccountingFiles:
    """One CSV per statement of the accountant (CFU). Its rows come before the header."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = folder, settings
        self._tables = AccountingTables()

    def begin(self, header: Header, siret: str, resolver: Resolver) -> None:
        self._tables.identify(header, siret or None)

    def lines(self, lines: ResolvedLines) -> None: ...

    def rows(self, rows: AnnexRows) -> None: ...

    def accounting(self, rows: AccountingRows) -> None:
        self._tables.add(rows)

    def close(self) -> None:
        """Forget the rows."""
        self._tables.close()

    def outputs(self, lang: str) -> list[Output]:
        """Write the statements."""
        with self._tables:
            found = self._tables.tables(lang)
            return [_table_file(table, self._folder, self._settings) for table in found]


def _table_file(table: Table, folder: Path, settings: Settings) -> Output:
    path = folder / f"{slug(table.kind)}.csv"
    texts = [column["name"] for column in table.columns if column["type"] == "string"]
    with CsvWriter(path, table.names, texts if settings.guard else ()) as writer:
        for columns in table.batches():
            writer.write_columns(columns)
    about = tuple(table.columns)
    return Output(table.kind, path, writer.rows, about, table.title_fr, table.title_en)


def xml_output(path: Path) -> Output:
    """The anonymised document itself."""
    return Output("xml", path, None, (), "document XML anonymisé", "anonymised XML document")


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
    files = [
        {"kind": o.kind, "path": o.path, "title": _title(o, settings.lang), "columns": o.columns}
        for o in tabular
    ]
    _write_json(package, datapackage(header, name, files, settings.lang))
    titles = ("description des fichiers", "description of the files")
    return [*named, Output("datapackage", package, None, (), *titles)]


def lines_only(
    folder: Path,
    name: str,
    header: Header,
    report: Report,
    summary: Mapping[str, Any],
    outputs: Sequence[Output],
    settings: Settings,
) -> list[Output]:
    """The tables of lines under their names, and no other file: for lines that are harvested."""
    return [renamed(output, name) for output in outputs]


def _title(output: Output, lang: str) -> str:
    return output.title_fr if lang == "fr" else output.title_en


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
    titles = ("rapport de contrôle", "check report")
    return [
        Output("report_json", as_json, None, (), *titles),
        Output("report_csv", as_csv, rows, (), *titles),
        Output("summary", figures, None, (), "chiffres du document", "figures of the document"),
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


def write_strict(source: Any, writer: CsvWriter, siret: str | None, plans: Any) -> int:
    """Rows of every Budget of a document; Unreadable (I05, Q23) when one could not be valid."""
    lines = StrictLines(writer, siret, plans_of(plans))
    with open_document(source, annexes=False, accounting=False, places=False) as document:
        for event in document:
            if isinstance(event, Header):
                lines.begin(event)
            elif isinstance(event, BudgetLine):
                lines.line(event)
    lines.flush()
    if not lines.validator.is_valid:
        raise Unreadable("Q23", n=lines.validator.rows - lines.validator.valid)
    return writer.rows


class StrictLines:
    """The strict rows of the Budgets of a document, many at a time."""

    def __init__(self, writer: CsvWriter, siret: str | None, plans: Plans) -> None:
        self.validator = RowValidator()
        self._writer, self._siret, self._plans = writer, siret, plans
        self._first: Header | None = None
        self._lines: Batches[BudgetLine] = Batches(self._write)

    def begin(self, header: Header) -> None:
        """A Budget begins."""
        self.flush()
        chosen = usable_siret(header, self._siret, self._first)
        self._first = self._first or header
        if not chosen:
            raise Unreadable("I05", siret=header.siret)
        self._rows, self._resolver = StrictRows(header, chosen), Resolver(self._plans, header)

    def line(self, line: BudgetLine) -> None:
        self._lines.add(line)

    def flush(self) -> None:
        """Write what waits."""
        self._lines.flush()

    def _write(self, lines: Sequence[BudgetLine]) -> None:
        columns = mask_columns(self._rows.columns(self._resolver.resolve_all(lines)))
        self.validator.check_columns(columns)
        self._writer.write_columns(columns)

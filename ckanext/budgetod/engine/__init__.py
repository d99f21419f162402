"""The half that knows budgets and no CKAN: read, check, anonymise and convert TOTEM and CFU files.

Every function takes a path or a binary stream of one document; ``documents`` opens archives.
Importing this module loads nothing heavy.

>>> from ckanext.budgetod import engine
>>> seen = engine.inspect("examples/valmoselle-2023-ca.xml")
>>> seen.header.libelle_collectivite, seen.header.exercice, seen.lines, seen.seal
('Ville de Valmoselle', 2023, 30, 'intact')

>>> report = engine.check("examples/desequilibre-2024-bp.xml")
>>> report.counts["blocking"], "Q01" in report.codes()
(0, True)
>>> from ckanext.budgetod.engine.findings_render import render
>>> finding = next(f for f in report.findings if f.code == "Q01")
>>> render(finding, "en")["title"]
'Credits of the operating section do not balance'

>>> line = next(engine.read_lines("examples/valmoselle-2023-ca.xml"))
>>> line.chapitre, line.section, line.nature_label
('011', 'F', 'Energie - Electricité')

>>> import io, tempfile
>>> engine.write_scdl("examples/valmoselle-2023-ca.xml", io.BytesIO())
30
>>> with tempfile.TemporaryDirectory() as folder:
...     done = engine.convert("examples/valmoselle-2024-dm1.xml", folder)
...     done.outputs[0].path.name
'budget-215709908-2024-dm1-principal-scdl.csv'

>>> import gzip, pathlib
>>> packed = gzip.compress(pathlib.Path("examples/valmoselle-2023-ca.xml").read_bytes())
>>> [engine.inspect(stream).lines for name, stream in engine.documents(io.BytesIO(packed))]
[30]

>>> clean = io.BytesIO()
>>> engine.anonymise("examples/valmoselle-2023-ca.xml", clean).facts["annex_rows"]["PERSONNEL"]
3
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from .version import PIPELINE_VERSION

if TYPE_CHECKING:
    from .anonymiser import GatePass
    from .before import Before
    from .document import Header, ResolvedLine
    from .inspection import Inspection
    from .outputs import Output
    from .pipeline import Conversion
    from .report import Report

Source = str | os.PathLike[str] | IO[bytes]
Target = str | os.PathLike[str] | IO[bytes]
Progress = Callable[[str, float], None]

__all__ = [
    "PIPELINE_VERSION",
    "anonymise",
    "check",
    "convert",
    "convert_balance",
    "convert_scdl",
    "documents",
    "inspect",
    "read_lines",
    "write_indicators",
    "write_scdl",
]


def documents(source: Source) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each XML document of a zip, gz or tar.gz, one after the other.

    The number of members and the bytes unpacked are bounded, no path of the archive is followed,
    archives within archives are not opened. A source that is no archive is its only document.
    Raises a ``DocumentRefused`` for a broken (F07), encrypted (F12) or oversized (F09) archive.
    """
    from .archives import documents as run

    return run(source)


def inspect(source: Source) -> Inspection:
    """What the document is: header, SHA-256, size in bytes, number of lines, seal, annex facts.

    Raises a ``DocumentRefused`` for what is not a budget.
    """
    from .inspection import inspect as run

    return run(source)


def check(
    source: Source,
    *,
    previous: Source | Mapping[str, Any] | Before | None = None,
    facts: Mapping[str, Any] | None = None,
    siret: str | None = None,
    plans: Any = None,
) -> Report:
    """Every control that the document can answer, those of its further Budgets included.

    ``previous`` is another document of the same budget, or its summary: the year before (magnitude,
    results carried forward) or an earlier version of the same document (differences); read once for
    many documents, it is a ``Before`` (``pipeline.what_came_before``). ``facts`` are those of the
    gate (``GatePass.facts``); without them they are computed from ``source``.
    """
    from .pipeline import check as run

    return run(source, previous=previous, facts=facts, siret=siret, plans=plans)


def read_lines(source: Source, *, plans: Any = None) -> Iterator[ResolvedLine]:
    """The budget lines with chapter, section and labels, in the order of the file, one by one.

    They are those of the document as it is: nothing is masked.
    """
    from .pipeline import read_lines as run

    return run(source, plans=plans)


def convert(
    source: Source,
    out_dir: str | os.PathLike[str],
    *,
    formats: Sequence[str] = ("csv",),
    profile: str = "strict",
    rules: Any = None,
    facts: Mapping[str, Any] | None = None,
    siret: str | None = None,
    lang: str = "fr",
    basename: str | Callable[[Header], str] | None = None,
    plans: Any = None,
    progress: Progress | None = None,
    previous: Source | Mapping[str, Any] | Before | None = None,
    formula_guard: bool = False,
) -> Conversion:
    """Write everything that can be published about a document into ``out_dir``.

    ``formats`` among csv, parquet, json. ``profile`` among strict, annexes, sans_xml, none;
    ``rules``: an administrator's file that completes the package's (see ``anonymise``). With
    ``facts`` (``GatePass.facts``) the source is already anonymised and is not anonymised again.
    ``basename``: beginning of the file names, or what gives it for the header of each Budget.
    ``progress(step, fraction)`` is called now and then. Each file is complete or absent.
    ``formula_guard`` puts an apostrophe before free texts that a spreadsheet would calculate.
    """
    from .pipeline import convert as run

    return run(
        source,
        out_dir,
        formats=formats,
        profile=profile,
        rules=rules,
        facts=facts,
        siret=siret,
        lang=lang,
        basename=basename,
        plans=plans,
        progress=progress,
        previous=previous,
        formula_guard=formula_guard,
    )


def convert_balance(
    rows: Iterable[Mapping[str, str | None]],
    out_dir: str | os.PathLike[str],
    *,
    siren: str,
    exercice: int,
    collectivite: str = "",
    departement: str = "",
    population: int | None = None,
    plans: Any = None,
    formula_guard: bool = False,
    lang: str = "fr",
    extended: bool = False,
) -> list[Conversion]:
    """Executed accounts from the rows of a DGFiP balance: one conversion per budget (``ident``).

    ``rows`` are texts under the DGFiP's lower-case names. Main budgets come first, annexe ones by
    label. Only the strict SCDL CSV is written; ``extended`` also writes the extended one, report,
    figures and data package. ``report.document["etat"]`` is ``provisoire``, ``definitif`` or "";
    ``report.rows`` also counts ``balance`` rows read, ``without_movement`` and ``outside``. A
    budget that cannot be valid has no file: ``report.absent_files`` says why. ValueError when a
    needed column is missing.
    """
    from .balance import convert_balance as run

    return run(
        rows,
        out_dir,
        siren=siren,
        exercice=exercice,
        collectivite=collectivite,
        departement=departement,
        population=population,
        plans=plans,
        formula_guard=formula_guard,
        lang=lang,
        extended=extended,
    )


def convert_scdl(
    source: Source,
    out_dir: str | os.PathLike[str],
    *,
    siret: str = "",
    stage: str = "",
    name: str = "",
    nomenclature: str = "",
    plans: Any = None,
    formula_guard: bool = False,
    lang: str = "fr",
    extended: bool = False,
    max_size: int = 50_000_000,
) -> list[Conversion]:
    """An SCDL CSV made by others: one conversion per SIRET, exercice and stage that it holds.

    ``siret``, ``stage`` (``ca``, ``bp``… or the schema's name) and ``name`` fill cells that the
    file leaves empty; with ``siret``, other SIRET of its SIREN are annexe budgets. Repairs are told
    (H06), persons named in texts are masked (P01), rows without identity are counted (H07). Raises
    DocumentRefused for a page, an archive, a table that is not SCDL, an empty or huge file.
    """
    from .foreign import convert_scdl as run

    return run(
        source,
        out_dir,
        siret=siret,
        stage=stage,
        name=name,
        nomenclature=nomenclature,
        plans=plans,
        formula_guard=formula_guard,
        lang=lang,
        extended=extended,
        max_size=max_size,
    )


def write_indicators(
    rows: Iterable[Mapping[str, str | None]],
    target: str | os.PathLike[str],
    *,
    lang: str = "fr",
    formula_guard: bool = False,
) -> Output:
    """Indicators of the OFGL for one SIREN and exercice as a CSV of its own shape, never SCDL."""
    from .indicators import write_indicators as run

    return run(rows, os.fspath(target), lang=lang, formula_guard=formula_guard)


def write_scdl(
    source: Source, target: Target, *, siret: str | None = None, plans: Any = None
) -> int:
    """Write the strict SCDL CSV (22 columns) of the budget lines; the number of rows written.

    Names, addresses and numbers of persons in its texts are masked, as ``convert`` does.
    """
    from .pipeline import write_scdl as run

    return run(source, target, siret=siret, plans=plans)


def anonymise(
    source: Source,
    target: Target,
    *,
    profile: str = "strict",
    rules: Any = None,
    max_size: int | None = None,
) -> GatePass:
    """One bounded pass: the anonymised XML into ``target``, the facts of the original returned."""
    from .anonymiser import anonymise as run

    return run(source, target, profile=profile, rules=rules, max_size=max_size)

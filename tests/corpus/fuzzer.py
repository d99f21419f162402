"""Damages documents and gives them to the engine: each must be read or refused, in time and memory.

``python tests/corpus/fuzzer.py --cases 2000 --seed 1`` prints one JSON line: cases, outcomes, and
failures with the seed that makes them again (``--only SEED`` runs that one and shows the trace).
The process bounds its own memory and the time of each case.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ckanext.budgetod import engine
from ckanext.budgetod.engine.accounting import AccountingTables
from ckanext.budgetod.engine.annexes import AnnexTables
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_department import department_cfu
from ckanext.budgetod.engine.document import AccountingRows, AnnexRows, Header
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.readers import open_document

MEMORY = 1_500_000_000
SECONDS = 10
"""Processor time that one case may take."""
CONVERT_EVERY = 25
"""One case in so many goes through the whole conversion, files included."""

SEEDS = (
    totem_document(annexes=True, seal="2024-04-03T10:15:00"),
    totem_document(stage="BP", nomenclature="M14-M14_COM_SUP3500", exercice=2021),
    totem_document(nomenclature="M4-M49_A", annexe=True, encoding="UTF-8"),
    totem_document(nat_fonc="2", exercice=2024, stage="DM", numero_dm="1"),
    cfu_document(annexes=True, exercice=2024),
    department_cfu(),
)
WORDS = (
    b"<",
    b">",
    b'"',
    b"&",
    b"&#0;",
    b"<!--",
    b"]]>",
    b"<?",
    b"\x00",
    b"\xff",
    b"NaN",
    b"-1e9",
    b"9" * 40,
    b"",
    b"\xef\xbb\xbf",
    b"'",
    b"<Budget>",
    b"</Budget>",
    b'V="',
    b"xmlns=",
    b"=1+1",
)


def truncate(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def flip(data: bytes, draw: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged)


def drop(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data))
    return data[:start] + data[start + draw.randint(1, 400) :]


def duplicate(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data))
    part = data[start : start + draw.randint(1, 2000)]
    place = draw.randrange(len(data))
    return data[:place] + part * draw.randint(1, 5) + data[place:]


def insert(data: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(data))
    return data[:place] + draw.choice(WORDS) + data[place:]


def swap_encoding(data: bytes, draw: random.Random) -> bytes:
    names = (b"UTF-8", b"ISO-8859-1", b"UTF-16", b"windows-1252", b"US-ASCII", b"UTF-7", b"EBCDIC")
    declared = b"ISO-8859-1" if b"ISO-8859-1" in data[:60] else b"UTF-8"
    if draw.random() < 0.5:
        return data.replace(declared, draw.choice(names), 1)
    text = data.decode("latin-1")
    return text.encode(draw.choice(("utf-8", "utf-16", "utf-16-le", "utf-32", "cp037")), "replace")


def change_value(data: bytes, draw: random.Random) -> bytes:
    places = [
        at for at in range(0, len(data), max(1, len(data) // 400)) if b'V="' in data[at : at + 80]
    ]
    if not places:
        return data
    at = data.index(b'V="', draw.choice(places)) + 3
    end = max(at, data.find(b'"', at))
    return data[:at] + draw.choice(WORDS).replace(b'"', b"").replace(b"<", b"") + data[end:]


def move_lines(data: bytes, draw: random.Random) -> bytes:
    lines = data.split(b"\n")
    for _ in range(draw.randint(1, 6)):
        one, two = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def drop_lines(data: bytes, draw: random.Random) -> bytes:
    lines = data.split(b"\n")
    kept = [line for line in lines if draw.random() > 0.02]
    return b"\n".join(kept)


def rename(data: bytes, draw: random.Random) -> bytes:
    names = (
        b"Nature",
        b"CodRD",
        b"LigneBudget",
        b"Budget",
        b"Annexes",
        b"EMPRUNT",
        b"DATA_CONCOURS",
    )
    return data.replace(
        draw.choice(names), draw.choice((*names, b"Autre", b"x:y")), draw.randint(1, 9)
    )


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncate,
    flip,
    drop,
    duplicate,
    insert,
    swap_encoding,
    change_value,
    change_value,
    move_lines,
    drop_lines,
    rename,
)


def damaged(seed: int) -> bytes:
    """The document of a case: one to three mutations of a good one."""
    draw = random.Random(seed)
    data = draw.choice(SEEDS)
    for _ in range(draw.randint(1, 3)):
        data = draw.choice(MUTATIONS)(data, draw) or b"<"
    return data


def use(data: bytes, convert: bool) -> str:
    """Everything that the engine does with a file; "taken" or the code of its refusal."""
    target = io.BytesIO()
    answers = []
    for step in (lambda: engine.anonymise(io.BytesIO(data), target), lambda: read(data)):
        try:
            step()
            answers.append("taken")
        except DocumentRefused as refusal:
            answers.append(refusal.code)
    if answers[0] == "taken":
        read(target.getvalue())
    if convert:
        try:
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder, "in.xml")
                source.write_bytes(data)
                engine.convert(source, Path(folder, "out"))
        except DocumentRefused:
            pass
    return answers[0]


def read(data: bytes) -> None:
    """One pass of the reader, annexes and statements into tables."""
    tables: AnnexTables | None = None
    with open_document(io.BytesIO(data)) as document:
        waiting: list[AccountingRows] = []
        for event in document:
            if isinstance(event, Header):
                tables, statements = AnnexTables(event), AccountingTables(event)
                for rows in waiting:
                    statements.add(rows)
            elif isinstance(event, AnnexRows) and tables is not None:
                tables.add(event)
            elif isinstance(event, AccountingRows):
                waiting.append(event)
    if tables is not None:
        for table in (*tables.tables(), *statements.tables()):
            for cells in table.rows():
                assert len(cells) == len(table.columns)


class Late(BaseException):
    """A case took too long. Not an ``Exception``: nothing on its way may take it for its own."""


def _ring(*_: object) -> None:
    raise Late


def run(cases: int, first: int) -> dict[str, object]:
    """Run the cases; failures are anything but a result or a DocumentRefused."""
    outcomes: Counter[str] = Counter()
    failures: list[dict[str, object]] = []
    slowest = 0.0
    for seed in range(first, first + cases):
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            outcomes[use(damaged(seed), convert=seed % CONVERT_EVERY == 0)] += 1
        except (Exception, Late) as error:  # noqa: BLE001 - that is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(
                {"seed": seed, "error": repr(error)[:200], "at": f"{place.filename}:{place.lineno}"}
            )
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "cases": cases,
        "outcomes": dict(outcomes),
        "failures": failures,
        "slowest": round(slowest, 2),
        "peak": peak,
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="run one case and let its error through")
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _ring)
    if options.only is not None:
        print(use(damaged(options.only), convert=True))
        return 0
    answer = run(options.cases, options.seed)
    print(json.dumps(answer))
    return 1 if answer["failures"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

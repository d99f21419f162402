"""Blocks: split by SIREN in bounded memory, whole or not at all, whoever else is at it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ckanext.budgetod.engine.errors import RemoteFailed, SourceError
from ckanext.budgetod.sources import blocks
from ckanext.budgetod.sources.blocks import Block, split

HEADER = "exer;siren;ident;lbudg;compte;sd"
ROWS = [
    "2024;215403957;21540395700015;NANCY;0021;0.10",
    "2024;215704636;21570463600012;METZ;6411;1E5",
    '2024;215403957;21540395700015;"EAU ; ""NANCY""";NA;',
    "2024;;;SANS SIREN;60;nan",
    "2024;215704636;21570463600012;METZ;6411;1E5",
    "2024;015403957;21540395700015;;007;-0.00",
]


def written(path: Path, rows: list[str], header: str = HEADER, bom: str = "") -> Path:
    path.write_text(bom + "\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def row(text: str) -> dict[str, str]:
    return dict(zip(sorted(HEADER.split(";")), text.split(";"), strict=True))


@pytest.mark.parametrize("chunk", [1, 2, 4, 20_000])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_every_row_is_found_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, bom: str
) -> None:
    monkeypatch.setattr(blocks, "CHUNK_ROWS", chunk)
    block = split(written(tmp_path / "a.csv", ROWS, bom=bom), tmp_path / "block")
    assert block.keys() == ["", "015403957", "215403957", "215704636"]
    assert len(block) == 6
    assert block.columns == sorted(HEADER.split(";"))
    assert block.rows("215403957") == [
        row("0021;2024;21540395700015;NANCY;0.10;215403957"),
        {**row("NA;2024;21540395700015;;;215403957"), "lbudg": 'EAU ; "NANCY"'},
    ]
    assert block.rows("") == [row("60;2024;;SANS SIREN;nan;")]
    assert block.rows("215704636") == [row("6411;2024;21570463600012;METZ;1E5;215704636")] * 2
    assert block.rows("015403957")[0]["sd"] == "-0.00"
    for unknown in ("999999999", "../index"):
        with pytest.raises(KeyError):
            block.rows(unknown)


def digests(tmp_path: Path, name: str, rows: list[str], header: str = HEADER) -> dict[str, str]:
    block = split(written(tmp_path / f"{name}.csv", rows, header), tmp_path / name)
    return {siren: block.digest(siren) for siren in block}


def test_digests_change_with_rows_and_not_with_their_order(tmp_path: Path) -> None:
    first = digests(tmp_path, "first", ROWS)
    assert digests(tmp_path, "reversed", ROWS[::-1]) == first
    changed = digests(tmp_path, "changed", [*ROWS[:1], ROWS[1].replace("1E5", "2E5"), *ROWS[2:]])
    assert {siren for siren in first if changed[siren] != first[siren]} == {"215704636"}
    once = digests(tmp_path, "once", ROWS[:4] + ROWS[5:])
    assert {siren for siren in first if once[siren] != first[siren]} == {"215704636"}
    assert len(set(first.values())) == 4
    moved = [";".join(one.split(";")[::-1]) for one in ROWS if '"' not in one]
    straight = [one for one in ROWS if '"' not in one]
    header = ";".join(HEADER.split(";")[::-1])
    assert digests(tmp_path, "moved", moved, header) == digests(tmp_path, "straight", straight)
    renamed = digests(tmp_path, "renamed", ROWS, HEADER.replace("sd", "sc"))
    assert all(renamed[siren] != first[siren] for siren in first)


FAULTS = {
    "short row": ("truncated", [*ROWS, "2024;215403957;1"]),
    "long row": ("truncated", [*ROWS, ROWS[0] + ";9"]),
    "long first row": ("truncated", [ROWS[0] + ";9", *ROWS]),
    "open quote": ("truncated", [*ROWS, '2024;1;2;"x;4;5']),
    "NUL": ("truncated", [*ROWS, "2024;1;2;\x00;4"]),
    "interrupted": (
        "interrupted",
        [*ROWS, "2024;1;Streaming interrupted due to the following error: x"],
    ),
    "HTML": ("html", ["<p>", "</html>"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_whole_is_never_data(tmp_path: Path, fault: str) -> None:
    code, rows = FAULTS[fault]
    header = "<!DOCTYPE html>" if fault == "HTML" else HEADER
    csv = written(tmp_path / "a.csv", rows, header)
    with pytest.raises(RemoteFailed) as failed:
        split(csv, tmp_path / "block")
    assert failed.value.code == code
    assert Block.open(tmp_path / "block") is None
    assert list(tmp_path.iterdir()) == [csv]


def test_empty_files_and_missing_keys(tmp_path: Path) -> None:
    with pytest.raises(RemoteFailed) as failed:
        split(written(tmp_path / "a.csv", ROWS), tmp_path / "block", key="insee")
    assert (failed.value.code, failed.value.params["missing"]) == ("columns", "insee")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(RemoteFailed):
        split(tmp_path / "empty.csv", tmp_path / "block")
    with pytest.raises(SourceError) as missing:
        split(tmp_path / "nothing.csv", tmp_path / "block")
    assert missing.value.code == "disk"
    none = split(written(tmp_path / "none.csv", []), tmp_path / "none")
    assert (none.keys(), len(none)) == ([], 0)


def test_another_key(tmp_path: Path) -> None:
    block = split(written(tmp_path / "a.csv", ROWS), tmp_path / "block", key="compte")
    assert block.keys() == ["0021", "007", "60", "6411", "NA"]


def test_a_split_is_done_once(tmp_path: Path) -> None:
    csv, folder = written(tmp_path / "a.csv", ROWS), tmp_path / "in" / "block"
    assert Block.open(folder) is None
    split(csv, folder)
    before = (folder / "index.json").stat().st_mtime_ns
    again = split(csv, folder)
    assert (folder / "index.json").stat().st_mtime_ns == before
    assert again.rows("") == [row("60;2024;;SANS SIREN;nan;")]
    written(csv, ROWS[:2])
    assert len(split(csv, folder)) == 2
    opened = Block.open(folder)
    assert opened
    assert opened.keys() == ["215403957", "215704636"]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["block"]


@pytest.mark.parametrize("harm", ["no index", "half index", "other format", "empty folder"])
def test_an_interrupted_split_is_done_again(tmp_path: Path, harm: str) -> None:
    csv, folder = written(tmp_path / "a.csv", ROWS), tmp_path / "block"
    index = split(csv, folder).folder / "index.json"
    match harm:
        case "no index":
            index.unlink()
        case "half index":
            index.write_text(index.read_text()[:50])
        case "other format":
            index.write_text(json.dumps({**json.loads(index.read_text()), "format": 0}))
        case "empty folder":
            for path in folder.iterdir():
                path.unlink()
    assert Block.open(folder) is None
    assert len(split(csv, folder).rows("215403957")) == 2


def test_a_damaged_piece_is_told(tmp_path: Path) -> None:
    block = split(written(tmp_path / "a.csv", ROWS), tmp_path / "block")
    for path in block.folder.glob("*.jsonl"):
        path.write_bytes(path.read_bytes().partition(b"\n")[2])
    with pytest.raises(RemoteFailed) as failed:
        block.rows("")
    assert (failed.value.params["expected"], failed.value.params["found"]) == (1, 0)


SPLIT = """
import sys, resource
from pathlib import Path
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.sources.blocks import split
if len(sys.argv) > 3:
    limit = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
import pandas
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("ready", flush=True)
try:
    block = split(Path(sys.argv[1]), Path(sys.argv[2]))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(len(block), (after - before) // 1024)
except SourceError as error:
    print(error.code)
"""


def run(*args: object) -> subprocess.Popen:
    command = [sys.executable, "-c", SPLIT, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def large(path: Path, rows: int) -> Path:
    """About 110 bytes a row, 700 communes whose rows lie apart as in an unordered export."""
    header = "exer;ident;ndept;lbudg;cbudg;nomen;siren;compte;bedeb;obnetdeb;obnetcre;oobdeb;sd"
    with path.open("w", encoding="utf-8") as out:
        out.write(header + "\n")
        for number in range(rows):
            siren = f"2154{number % 700:05d}"
            out.write(
                f"2024;{siren}00015;054;COMMUNE DE VALMOSELLE {number % 700};1;M57;{siren};"
                f"{number % 9999:05d};0.0;{number}.25;{number}.5;0.0;{number}.75\n"
            )
    return path


def test_memory_is_bounded(tmp_path: Path) -> None:
    csv = large(tmp_path / "big.csv", 480_000)
    assert csv.stat().st_size > 45_000_000
    told = run(csv, tmp_path / "block").communicate(timeout=60)[0].split()
    assert int(told[1]) == 480_000
    assert int(told[2]) < 120, f"{told[2]} MB above the start"


def test_processes_that_split_the_same_block_at_once(tmp_path: Path) -> None:
    csv, folder = large(tmp_path / "a.csv", 20_000), tmp_path / "block"
    running = [run(csv, folder) for _ in range(2)]
    for one in running:
        assert one.communicate(timeout=60)[0].split()[1] == "20000"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "block"]
    block = Block.open(folder)
    assert block
    assert sum(len(block.rows(siren)) for siren in block) == 20_000


def test_a_killed_split_leaves_no_block(tmp_path: Path) -> None:
    csv, folder = large(tmp_path / "a.csv", 30_000), tmp_path / "block"
    killed = run(csv, folder)
    assert killed.stdout
    assert killed.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 20
    while not list(tmp_path.glob(".block.*.part/*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert Block.open(folder) is None
    assert len(split(csv, folder)) == 30_000


def test_a_full_disk_leaves_no_block(tmp_path: Path) -> None:
    csv = written(tmp_path / "a.csv", ROWS[:1] * 5000)
    assert run(csv, tmp_path / "block", 50_000).communicate(timeout=30)[0] == "ready\ndisk\n"
    assert list(tmp_path.iterdir()) == [csv]


def test_pandas_is_not_loaded_before_it_is_needed() -> None:
    look = "import sys, ckanext.budgetod.sources.blocks; print('pandas' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert seen.stdout == "False\n"

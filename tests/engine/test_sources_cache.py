"""The cache of what was downloaded: whole entries only, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.sources.cache import Cache

KEY = 'https://data.example.fr · balances-en-2024 · ndept="054"'


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.rglob("*") if path.is_file())


def test_entries_are_kept_with_what_was_said_of_them(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "not yet" / "there")
    assert cache.path(KEY) is None
    assert cache.about(KEY) is None
    with cache.store(KEY, modified="2026-07-13", rows=2) as part:
        part.write_bytes(b"a;b\n")
        assert cache.path(KEY) is None
    path = cache.path(KEY)
    assert path
    assert path.read_bytes() == b"a;b\n"
    assert cache.about(KEY) == {"key": KEY, "modified": "2026-07-13", "rows": 2, "size": 4}
    assert cache.path(KEY + " ") is None
    assert Cache(cache.folder).path(KEY) == path
    assert files(tmp_path) == [".data", ".json"]


def test_a_failed_block_stores_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.store(KEY) as part:
        part.write_bytes(b"old")

    def fail() -> None:
        with cache.store(KEY) as part:
            part.write_bytes(b"new and half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    path = cache.path(KEY)
    assert path
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == [".data", ".json"]


def test_a_block_that_wrote_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failed, Cache(tmp_path).store(KEY):
        pass
    assert failed.value.code == "disk"
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "harm", ["shorter", "longer", "gone", "no meta", "other meta", "half meta"]
)
def test_damaged_entries_are_not_there(tmp_path: Path, harm: str) -> None:
    cache = Cache(tmp_path)
    with cache.store(KEY) as part:
        part.write_bytes(b"12345")
    path = cache.path(KEY)
    assert path
    meta = path.with_suffix(".json")
    match harm:
        case "shorter":
            path.write_bytes(b"1234")
        case "longer":
            path.write_bytes(b"123456")
        case "gone":
            path.unlink()
        case "no meta":
            meta.unlink()
        case "other meta":
            meta.write_text(json.dumps({"key": "other", "size": 5}))
        case "half meta":
            meta.write_text(meta.read_text()[:9])
    assert cache.path(KEY) is None
    with cache.store(KEY) as part:
        part.write_bytes(b"again")
    assert cache.path(KEY) == path


def test_removing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.remove(KEY)
    with cache.store(KEY) as part:
        part.write_bytes(b"1")
    path = cache.path(KEY)
    assert path
    path.with_suffix("").mkdir()
    (path.with_suffix("") / "piece").write_text("x")
    cache.remove(KEY)
    assert cache.path(KEY) is None
    assert files(tmp_path) == []


STORE = """
import sys
from pathlib import Path
from ckanext.budgetod.sources.cache import Cache
cache, letter = Cache(Path(sys.argv[1])), sys.argv[2]
for turn in range(100):
    with cache.store("same key", by=letter) as part:
        part.write_bytes(letter.encode() * 50_000)
    path = cache.path("same key")
    if path is not None:
        seen = path.read_bytes()
        assert len(seen) == 50_000 and len(set(seen)) == 1, "torn"
print("done")
"""


def run(code: str, *args: object) -> subprocess.Popen:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_that_store_the_same_key_at_once(tmp_path: Path) -> None:
    running = [run(STORE, tmp_path, letter) for letter in "abc"]
    assert [one.communicate(timeout=30)[0] for one in running] == ["done\n"] * 3
    cache = Cache(tmp_path)
    path, about = cache.path("same key"), cache.about("same key")
    assert path
    assert about
    assert set(path.read_bytes()) <= {*b"abc"}
    assert files(tmp_path) == [".data", ".json"]


ALONE = """
import sys, time
from pathlib import Path
from ckanext.budgetod.sources.cache import Cache
cache, log = Cache(Path(sys.argv[1])), Path(sys.argv[1]) / "log"
with cache.alone("key"):
    if cache.path("key") is None:
        with log.open("a") as out:
            out.write("downloaded\\n")
        time.sleep(0.3)
        with cache.store("key") as part:
            part.write_bytes(b"x")
"""
HOLD = """
import sys, time
from pathlib import Path
from ckanext.budgetod.sources.cache import Cache
with Cache(Path(sys.argv[1])).alone("key"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_process_at_a_time_downloads(tmp_path: Path) -> None:
    running = [run(ALONE, tmp_path) for _ in range(3)]
    assert [one.communicate(timeout=30)[0] for one in running] == [""] * 3
    assert (tmp_path / "log").read_text() == "downloaded\n"


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    holder = run(HOLD, tmp_path)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    begun = time.monotonic()
    with Cache(tmp_path).alone("key"):
        assert time.monotonic() - begun < 5
    holder.communicate()


FULL = """
import resource, sys
from pathlib import Path
from ckanext.budgetod.engine.errors import SourceError
from ckanext.budgetod.sources.cache import Cache
folder = Path(sys.argv[1])
cache = Cache(folder)
with cache.store("key") as part:
    part.write_bytes(b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with cache.store("key") as part:
        part.write_bytes(b"x" * 100_000)
except SourceError as error:
    print(error.code, cache.path("key").read_bytes(), len(list(folder.rglob("*.*"))))
"""


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    assert run(FULL, tmp_path).communicate(timeout=20)[0] == "disk b'old' 2\n"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError) as failed, Cache(tmp_path / "file").store(KEY):
        pass
    assert failed.value.code == "disk"
    assert Cache(tmp_path / "file").path(KEY) is None

"""An administrator's newer rows of the reference table: one file per région, same format.

``territory-<région>.tsv.gz``: a line of JSON, then one tab-separated line per SIREN. A file that
cannot be read is told to the log and left out: the shipped table always serves.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

COLUMNS = (
    "siren", "insee", "name", "type", "liaison", "departement", "epci", "postcodes", "population",
    "vintage",
)  # fmt: skip

_ROW = re.compile(r"[0-9]{9}(\t[^\t]*){7}\t[0-9]*\t[0-9]{4}")

Stamp = tuple[str, int, int]
"""Path of an overlay, time of its last change in nanoseconds, size in bytes."""


def path_of(folder: Path, region: str) -> Path:
    return folder / f"territory-{region}.tsv.gz"


def stamps(folder: Path | None) -> tuple[Stamp, ...]:
    """The overlays of a folder as they are now, in order of their names."""
    if folder is None:
        return ()
    found = []
    for path in sorted(folder.glob("territory-*.tsv.gz")):
        try:
            about = path.stat()
        except OSError:
            continue
        found.append((str(path), about.st_mtime_ns, about.st_size))
    return tuple(found)


def rows(stamp: Stamp) -> list[str]:
    """Lines of an overlay without its header; none when the file is not one of ours."""
    path = Path(stamp[0])
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        return _checked(text.splitlines())
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        log.exception("overlay %s is left out", path)
        return []


def _checked(lines: list[str]) -> list[str]:
    header, *found = lines
    if tuple(json.loads(header)["columns"]) != COLUMNS:
        raise ValueError("other columns")
    if wrong := [line for line in found if not _ROW.fullmatch(line)]:
        raise ValueError(f"{len(wrong)} rows of another shape")
    return found


def line_of(row: Mapping[str, Any]) -> str:
    """A row as a line of the table; whatever would break a line becomes a space."""
    return "\t".join(" ".join(str(row.get(name, "")).split()) for name in COLUMNS)


def write(folder: Path, region: str, header: Mapping[str, Any], lines: Iterable[str]) -> Path:
    """Write an overlay whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    first = json.dumps({**header, "columns": COLUMNS}, ensure_ascii=False, separators=(",", ":"))
    data = gzip.compress(("\n".join([first, *lines]) + "\n").encode(), 9, mtime=0)
    target = path_of(folder, region)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".territory-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target

"""A block of a national source (a department, a year), split into one piece per SIREN.

A block can hold millions of rows, of which one collectivity is asked for at a time. It is read in
chunks, so that memory does not grow with it; texts stay texts (zeros in front, decimals as they
were written). On disk: one folder, one file of JSON lines per SIREN, ``index.json`` written last.
The folder gets its name when it is whole, so an interrupted split is never taken for a block.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckanext.budgetod.engine.errors import RemoteFailed

from .answers import disk_faults
from .table import check_table

CHUNK_ROWS = 5_000
INDEX = "index.json"
FORMAT = 1
_MODULUS = 1 << 256


class Block:
    """A whole block on disk. Rows and digests by SIREN ("" for rows that have none)."""

    def __init__(self, folder: Path, index: dict[str, Any]) -> None:
        self.folder = folder
        self._index = index

    @classmethod
    def open(cls, folder: Path) -> Block | None:
        """The block of this folder, None when there is none or it was not finished."""
        try:
            index = json.loads((folder / INDEX).read_bytes())
            return cls(folder, index) if index["format"] == FORMAT else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def columns(self) -> list[str]:
        """Names of the columns, sorted."""
        return list(self._index["columns"])

    @property
    def source(self) -> str:
        """SHA-256 of the CSV that was split."""
        return self._index["source"]

    def __len__(self) -> int:
        """Number of rows, all pieces together."""
        return sum(piece["rows"] for piece in self._index["pieces"].values())

    def __contains__(self, siren: str) -> bool:
        return siren in self._index["pieces"]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        """Every SIREN of the block, sorted."""
        return sorted(self._index["pieces"])

    def digest(self, siren: str) -> str:
        """Changes with any row of this SIREN, not with their order. ``KeyError`` when unknown."""
        return self._index["pieces"][siren]["digest"]

    def rows(self, siren: str) -> list[dict[str, str]]:
        """The rows of this SIREN, in the order of the source. ``KeyError`` when unknown."""
        piece = self._index["pieces"][siren]
        columns = self._index["columns"]
        with disk_faults(), (self.folder / piece["file"]).open("rb") as lines:
            found = [dict(zip(columns, json.loads(line), strict=True)) for line in lines]
        if len(found) != piece["rows"]:
            raise RemoteFailed("truncated", expected=piece["rows"], found=len(found))
        return found


def split(csv: Path, folder: Path, key: str = "siren") -> Block:
    """Split a ``;`` CSV into ``folder`` by the values of column ``key``, unless that was done.

    ``export.with_suffix("")`` is the folder that the cache forgets together with an export.
    Raises ``RemoteFailed`` (``truncated``, ``interrupted``, ``html``, ``columns``) for a CSV that
    is not whole, ``SourceError("disk")``. Processes that split the same block at once each finish
    their own; the first one stays.
    """
    with disk_faults():
        source = _sha256(csv)
        done = Block.open(folder)
        if done is not None and done.source == source:
            return done
        header, rows = check_table(csv)
        if key not in header:
            raise RemoteFailed("columns", missing=key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
        work.mkdir()
        try:
            pieces = _write_pieces(csv, work, sorted(header), key)
            found = sum(piece.rows for piece in pieces.values())
            if found != rows:
                raise RemoteFailed("truncated", expected=rows, found=found)
            _write_index(work, sorted(header), source, pieces)
            return _put(work, folder, source)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@dataclass(slots=True)
class _Piece:
    """What is known of a piece while it grows. ``total``: sum of the SHA-256 of its rows."""

    file: str
    rows: int = 0
    total: int = 0
    waiting: list[bytes] = field(default_factory=list)

    def add(self, line: bytes) -> None:
        # A sum does not depend on order and, unlike an exclusive or, counts equal rows.
        self.total += int.from_bytes(hashlib.sha256(line).digest(), "big")
        self.total %= _MODULUS
        self.rows += 1
        self.waiting.append(line)

    def flush(self, folder: Path) -> None:
        with (folder / self.file).open("ab") as out:
            out.write(b"\n".join([*self.waiting, b""]))
        self.waiting.clear()

    def digest(self, columns: Sequence[str]) -> str:
        told = json.dumps([list(columns), self.rows, format(self.total, "x")], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()


def _write_pieces(csv: Path, folder: Path, columns: list[str], key: str) -> dict[str, _Piece]:
    pieces: dict[str, _Piece] = {}
    place = columns.index(key)
    for rows in _chunks(csv, columns):
        for row in rows:
            piece = pieces.setdefault(row[place], _Piece(f"{len(pieces):06d}.jsonl"))
            piece.add(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
        for piece in pieces.values():
            if piece.waiting:
                piece.flush(folder)
    return pieces


def _chunks(csv: Path, columns: list[str]) -> Iterator[Iterator[tuple[str, ...]]]:
    """The rows as tuples of texts, in the order of ``columns``, ``CHUNK_ROWS`` at a time."""
    import pandas as pd

    try:
        with pd.read_csv(
            csv,
            sep=";",
            dtype=str,
            na_filter=False,
            encoding="utf-8-sig",
            index_col=False,
            usecols=columns,
            chunksize=CHUNK_ROWS,
        ) as frames:
            for frame in frames:
                yield zip(*(frame[column].tolist() for column in columns), strict=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise RemoteFailed("truncated", expected="", found="") from None


def _write_index(folder: Path, columns: list[str], source: str, pieces: dict[str, _Piece]) -> None:
    told = {
        "format": FORMAT,
        "source": source,
        "columns": columns,
        "pieces": {
            siren: {"file": piece.file, "rows": piece.rows, "digest": piece.digest(columns)}
            for siren, piece in pieces.items()
        },
    }
    (folder / INDEX).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _put(work: Path, folder: Path, source: str) -> Block:
    """Give the finished folder its name, unless another process was faster."""
    for _ in range(10):
        try:
            os.rename(work, folder)
        except OSError:
            there = Block.open(folder)
            if there is not None and there.source == source:
                return there
            # What has the name is of another CSV or not whole: out of the way, whoever moves it.
            aside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.old")
            try:
                os.rename(folder, aside)
            except FileNotFoundError:
                continue
            shutil.rmtree(aside, ignore_errors=True)
        else:
            break
    block = Block.open(folder)
    if block is None:
        raise OSError(f"{folder.name} could not be put in place")
    return block


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as raw:
        while piece := raw.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

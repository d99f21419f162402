"""A CSV as a Parquet file: codes are text, amounts exact decimals. Needs the extra ``parquet``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PRECISION, SCALE = 20, 4


def write_parquet(source: Path, target: Path, columns: Sequence[Mapping[str, Any]]) -> None:
    """Write a table; ValueError when pyarrow is not installed."""
    try:
        import pyarrow as pa  # pyright: ignore[reportMissingImports]
        from pyarrow import csv, parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError("Parquet: pip install 'ckanext-budgetod[parquet]'") from None
    kinds = {
        "number": pa.decimal128(PRECISION, SCALE),
        "integer": pa.int64(),
        "year": pa.int16(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    types = {column["name"]: kinds.get(column["type"], pa.string()) for column in columns}
    options = csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    table = csv.read_csv(source, convert_options=options)
    parquet.write_table(table, target, compression="zstd")

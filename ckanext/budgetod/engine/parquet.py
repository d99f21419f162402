"""A CSV as a Parquet file: codes are text, amounts exact decimals. Needs the extra ``parquet``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PRECISION = 38
WHOLE = ("integer", "year")


def write_parquet(source: Path, target: Path, columns: Sequence[Mapping[str, Any]]) -> None:
    """Write a table; ValueError when pyarrow is not installed."""
    try:
        import pyarrow as pa  # pyright: ignore[reportMissingImports]
        from pyarrow import csv, parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError("Parquet: pip install 'ckanext-budgetod[parquet]'") from None
    kinds = {
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
    for place, column in enumerate(columns):
        if column["type"] == "number":
            exact = table.column(place).cast(pa.decimal128(PRECISION, _scale(table.column(place))))
            table = table.set_column(place, column["name"], exact)
    whole = [column["name"] for column in columns if column["type"] in WHOLE]
    table = table.replace_schema_metadata({"pandas": json.dumps(_for_pandas(whole))})
    parquet.write_table(table, target, compression="zstd")


def _scale(texts: Any) -> int:
    """How many decimals the longest number has: none may be lost."""
    return max((len(text.partition(".")[2]) for text in texts.to_pylist() if text), default=0)


def _for_pandas(whole: Sequence[str]) -> dict[str, Any]:
    """What makes pandas, and Frictionless through it, read whole numbers as such.

    Without it a blank turns its whole column into floats: the year 2010 into 2010.0.
    """
    kind = {"pandas_type": "int64", "numpy_type": "Int64", "metadata": None}
    columns = [{"name": name, "field_name": name, **kind} for name in whole]
    return {"index_columns": [], "column_indexes": [], "columns": columns}

"""What may be asked of a conversion, wherever it is asked: in Python or on the command line."""

from __future__ import annotations

FORMATS = ("csv", "parquet", "json")
PROFILES = ("strict", "annexes", "sans_xml", "none")
LANGUAGES = ("fr", "en")


def worded(both: tuple[str, str], lang: str) -> str:
    """The French text of two, or the English one."""
    return both[0] if lang == "fr" else both[1]

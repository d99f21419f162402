"""Versions that others compare: the package's, the pipeline's, the report's and the summary's."""

from __future__ import annotations

PIPELINE_VERSION = "1"
"""Changes whenever the same file could give other outputs; part of a deposit's idempotence key.

It counts from the first release on."""

REPORT_FORMAT = "budgetod-report"
REPORT_VERSION = "1.0"
SUMMARY_VERSION = "1.0"


def package_version() -> str:
    """Version of the installed distribution, "0" when it runs from a bare checkout."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ckanext-budgetod")
    except PackageNotFoundError:
        return "0"

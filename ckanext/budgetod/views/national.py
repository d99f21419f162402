"""« Données nationales »: what OFGL, the DGFiP and data.gouv.fr hold, and what they do not."""

from __future__ import annotations

from ckan.lib.base import render


def page() -> str:
    """A text for everybody."""
    return render("budgetod/national.html", {})

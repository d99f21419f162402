"""Account plans (plans de comptes): what a code means, in which chapter and section it belongs.

plans = nomenclature.plans()
resolver = Resolver(plans, header)
resolved = resolver.resolve(line)
"""

from __future__ import annotations

import os
from pathlib import Path

from .plans import Found, Plans, Standing, cached
from .resolver import Resolver

ENVIRONMENT = "BUDGETOD_PLANS"

__all__ = ["ENVIRONMENT", "Found", "Plans", "Resolver", "Standing", "plans"]


def plans(extra: str | Path | None = None) -> Plans:
    """Every known plan, loaded once per process.

    ``extra`` is an administrator's folder of plans (``install.install_plan``); the environment
    variable ``BUDGETOD_PLANS`` names one when it is not given.
    """
    return cached(str(extra or os.environ.get(ENVIRONMENT, "")))

"""Our three tables: deposits, the documents they are deposits of, the datasets they go to."""

from __future__ import annotations

from .conversion import ACTIVE, FINAL, Conversion, State
from .document import BudgetDataset, BudgetDocument

__all__ = ["ACTIVE", "FINAL", "BudgetDataset", "BudgetDocument", "Conversion", "State"]

"""Controls of a document: ``registered()`` lists them, ``run_checks`` runs them."""

from .registry import Check, check, registered, run_checks

__all__ = ["Check", "check", "registered", "run_checks"]

"""Local authority budgets as public, standard, anonymised open data on CKAN."""

__version__ = "0.1.0"

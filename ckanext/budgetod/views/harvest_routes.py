"""Addresses of « Moissonnage », on sites that have ckanext-harvest."""

from __future__ import annotations

from flask import Blueprint

from . import forms, harvest, harvest_log

budgets_harvest = Blueprint("budgets_harvest", __name__, url_prefix="/budgets/moissonnage")
_add = budgets_harvest.add_url_rule

_add("", "index", harvest.index)
_add("/nouvelle", "new", harvest.new, methods=["GET", "POST"])
_add("/apercu", "preview", harvest.look, methods=["POST"])
_add("/enregistrer", "save", harvest.save, methods=["POST"])
_add("/<source>/modifier", "edit", harvest.edit)
_add("/<source>/lancer", "run", harvest.run, methods=["POST"])
_add("/<source>/journal", "log", harvest_log.page)
_add("/<source>/journal.csv", "csv", harvest_log.as_csv)
_add("/<source>/relancer", "retry", harvest_log.retry, methods=["POST"])

budgets_harvest.before_request(forms.require_token)

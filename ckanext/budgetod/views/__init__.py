"""Addresses of our pages. Those that CKAN also knows are registered first, hence ours."""

from __future__ import annotations

from ckan.plugins import plugin_loaded
from flask import Blueprint

from . import (
    attachments,
    coverage,
    deposit,
    edit,
    forms,
    gone,
    national,
    pages,
    reminder,
    report_files,
)

__all__ = ["get_blueprints"]

budgetod = Blueprint("budgetod", __name__, url_prefix="/budget")

budgetod.add_url_rule("/new", view_func=deposit.Deposit.as_view("new"))
budgetod.add_url_rule("/<id>/resource/new", view_func=deposit.Deposit.as_view("new_document"))
budgetod.add_url_rule("/<id>/joindre", "attach", deposit.attach, methods=["POST"])
budgetod.add_url_rule("/edit/<id>", view_func=edit.Edit.as_view("edit"))

_DEPOSIT = "/<id>/depot/<conversion_id>"
budgetod.add_url_rule(_DEPOSIT, "progress", pages.progress)
budgetod.add_url_rule(f"{_DEPOSIT}/etat", "progress_state", pages.progress_state)
budgetod.add_url_rule(f"{_DEPOSIT}/relancer", "run_again", pages.run_again, methods=["POST"])

_REPORT = "/<id>/controles/<conversion_id>"
budgetod.add_url_rule("/<id>/controles", "checks", pages.checks)
budgetod.add_url_rule(_REPORT, "report", pages.report)
budgetod.add_url_rule(f"{_REPORT}/publier", "publish_as_is", pages.publish_as_is, methods=["POST"])
budgetod.add_url_rule(f"{_REPORT}/rapport.json", "report_json", report_files.as_json)
budgetod.add_url_rule(f"{_REPORT}/rapport.csv", "report_csv", report_files.as_csv)

_DOCUMENT = "/<id>/document/<key>"
budgetod.add_url_rule(f"{_DOCUMENT}/etat", "row", pages.row)
budgetod.add_url_rule(f"{_DOCUMENT}/retirer", "withdraw", pages.withdraw, methods=["GET", "POST"])

budgets = Blueprint("budgets", __name__, url_prefix="/budgets")

budgets.add_url_rule("/couverture", "coverage", coverage.page)
budgets.add_url_rule("/couverture.json", "coverage_json", coverage.as_json)
budgets.add_url_rule("/couverture.csv", "coverage_csv", coverage.as_csv)
budgets.add_url_rule("/couverture/rappel/<siren>", view_func=reminder.Reminder.as_view("reminder"))

budgets.add_url_rule("/donnees-nationales", "national", national.page)

budgetod.before_request(forms.require_token)
budgets.before_request(forms.require_token)
budgetod.before_app_request(gone.withdrawn_resource)


def get_blueprints() -> list[Blueprint]:
    """The blueprints that the plugin gives to CKAN."""
    if not plugin_loaded("harvest"):
        return [budgetod, budgets]
    from .harvest_routes import budgets_harvest

    return [budgetod, budgets, budgets_harvest]


budgetod.after_app_request(attachments.xml_as_attachment)

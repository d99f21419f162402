"""« Préparer un rappel »: the text first, ready to be changed; sent by a second action."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import flask
from ckan.lib.base import render
from flask.views import MethodView

from ckanext.budgetod.logic import coverage, reminders
from ckanext.budgetod.logic.board import ETAPES
from ckanext.budgetod.sources.territory import Collectivity, territory

from . import coverage_filters as filters


class Reminder(MethodView):
    """``/budgets/couverture/rappel/<siren>?document=ca-2024``, for administrators only."""

    def get(self, siren: str) -> Any:
        one, document = _who(siren)
        return _page(one, document, _prepared(one, document), {})

    def post(self, siren: str) -> Any:
        one, document = _who(siren)
        form = {name: tk.request.form.get(name, "").strip() for name in ("subject", "body", "to")}
        form["admins"] = tk.request.form.get("admins", "")
        known = reminders.recipients(siren)
        to, errors = _recipients(form, known), _faults(form)
        if not to and "to" not in errors:
            errors["to"] = tk._("Choose at least one recipient.")
        if errors:
            return _page(one, document, form, errors)
        name = "-".join(map(str, document))
        try:
            sent = reminders.send(siren, name, to, form["subject"], form["body"])
        except reminders.NotSent:
            refusal = tk._("The mail server did not take the message: nothing was sent.")
            return _page(one, document, form, {"mail": refusal})
        text = tk.ungettext("{count} reminder was sent.", "{count} reminders were sent.", sent)
        tk.h.flash_success(text.format(count=sent))
        return tk.redirect_to("budgets.coverage", document=name)


def _who(siren: str) -> tuple[Collectivity, tuple[str, int]]:
    """The collectivity and the document meant; 403 or the login for those who may not."""
    try:
        tk.check_access("budgetod_coverage_remind", {}, {"siren": siren})
    except tk.NotAuthorized:
        if not tk.current_user.is_authenticated:
            came_from = tk.request.full_path.rstrip("?")
            return flask.abort(tk.redirect_to("user.login", came_from=came_from))
        return tk.abort(403, tk._("Only administrators can send reminders"))
    one = territory().lookup(siren)
    etape, _, year = tk.request.args.get("document", "").partition("-")
    if one is None or etape not in ETAPES or not (year.isdecimal() and len(year) == 4):
        return tk.abort(404, tk._("Local authority not found"))
    return one, (etape, int(year))


def _prepared(one: Collectivity, document: tuple[str, int]) -> dict[str, str]:
    """Subject and text, as they are offered."""
    words = {
        "collectivite": one.title,
        "document": filters.document_name(*document),
        "portail": tk.config["ckan.site_title"],
        "lien": tk.h.url_for("budgetod.new", _external=True),
        "couverture": tk.h.url_for("budgets.coverage", _external=True),
    }
    paragraphs = [tk._("Hello,"), tk._("The {document} of {collectivite} is not on {portail} yet.")]
    if coverage.under_duty(one):
        paragraphs.append(
            tk._(
                "Local authorities of 3,500 inhabitants and more that employ at least 50 people "
                "publish their data online (CRPA, article L312-1-1)."
            )
        )
    paragraphs += [
        tk._(
            "Deposit in one minute the file that your accounting software made (TotEM or CFU, "
            "XML): the portal converts it, checks it and masks the names of persons.\n{lien}"
        ),
        tk._("Who publishes in the region:\n{couverture}"),
        tk._("Kind regards,"),
    ]
    subject = tk._("{collectivite}: {document} to publish")
    return {
        "subject": subject.format(**words),
        "body": "\n\n".join(paragraph.format(**words) for paragraph in paragraphs),
        "to": "",
        "admins": "yes",
    }


def _recipients(
    form: dict[str, str], known: list[reminders.Recipient]
) -> list[reminders.Recipient]:
    """The organisation's admins if they are ticked, and the address if a sysadmin typed one."""
    chosen = list(known) if form["admins"] else []
    if form["to"] and _sysadmin():
        chosen.append(reminders.Recipient("", form["to"]))
    return list({one.email.lower(): one for one in chosen}.values())


def _faults(form: dict[str, str]) -> dict[str, str]:
    """Field -> what is wrong with it."""
    faults = {}
    if form["to"]:
        try:
            reminders.valid_address(form["to"])
        except tk.Invalid:
            faults["to"] = tk._("This is not an e-mail address.")
    for name, limit in (("subject", reminders.MAX_SUBJECT), ("body", reminders.MAX_BODY)):
        if not form[name]:
            faults[name] = tk._("This field is empty.")
        elif len(form[name]) > limit:
            faults[name] = tk._("At most {count} characters.").format(count=limit)
    return faults


def _sysadmin() -> bool:
    return bool(getattr(tk.current_user, "sysadmin", False))


def _page(
    one: Collectivity, document: tuple[str, int], form: dict[str, str], errors: dict[str, str]
) -> str:
    return render(
        "budgetod/reminder.html",
        {
            "title": one.title,
            "document": filters.document_name(*document),
            "back_url": tk.h.url_for("budgets.coverage", document="-".join(map(str, document))),
            "recipients": [person.name for person in reminders.recipients(one.siren)],
            "may_type": _sysadmin(),
            "form": form,
            "errors": errors,
        },
    )

"""Refusals as CKAN shows them: a form error with its text, its code and its parameters.

Texts of documents come from the catalogue of the engine, in the reader's language; those about
datasets and resources are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.lib.i18n import get_lang
from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine import findings_render
from ckanext.budgetod.engine.errors import DocumentRefused


class DepositRefused(tk.ValidationError):
    """The deposit changes nothing. ``texts`` has title, what, why, todo; ``code`` is for support.

    ``link`` is the address that helps (the right dataset, the deposit page), "" when there is none.
    """

    def __init__(
        self,
        code: str,
        params: Mapping[str, Any] | None = None,
        texts: Mapping[str, str] | None = None,
        link: str = "",
    ):
        self.code = code
        self.params = dict(params or {})
        self.link = link
        self.texts = dict(texts or findings_render.render_refusal(code, self.params, language()))
        super().__init__({"upload": [_one_line(self.texts, link, code)]})


def language() -> str:
    """Language of whoever reads: the request's, else the site's."""
    try:
        return str(get_lang() or "fr")
    except RuntimeError:
        return str(tk.config.get("ckan.locale_default") or "fr")


def refused(error: DocumentRefused) -> DepositRefused:
    return DepositRefused(error.code, error.params)


def another_type() -> DepositRefused:
    """D05: a budget uploaded where nothing would take names of persons out of it."""
    texts = {
        "title": tk._("This file is a budget document"),
        "what": tk._("This file is a budget document (TOTEM or CFU)."),
        "why": tk._("It may hold names of persons, which only the budget deposit takes out."),
        "todo": tk._("Deposit it here:"),
    }
    return DepositRefused("D05", {}, texts, link=tk.url_for("/budget/new", qualified=True))


def another_budget(collectivite: str, exercice: int, link: str) -> DepositRefused:
    """D06: a file of another SIREN or exercice than the dataset's."""
    texts = {
        "title": tk._("This file belongs to another dataset"),
        "what": tk._(
            "This is the {exercice} budget of {collectivite}, not of this dataset."
        ).format(exercice=exercice, collectivite=collectivite),
        "why": tk._("Each local authority has one dataset per year."),
        "todo": tk._("Deposit it here:"),
    }
    params = {"exercice": exercice, "collectivite": collectivite}
    return DepositRefused("D06", params, texts, link=link)


def link_to_document() -> DepositRefused:
    """D07: a link to an XML: what it holds could change, and would not be anonymised."""
    texts = {
        "title": tk._("Deposit the file"),
        "what": tk._("A link to a budget document is not accepted."),
        "why": tk._("What the link shows could change and would not be anonymised."),
        "todo": tk._("Download the file and deposit it."),
    }
    return DepositRefused("D07", {}, texts)


def only_pdf() -> DepositRefused:
    """D08: an attached document that is not a PDF."""
    texts = {
        "title": tk._("Only PDF files can be attached"),
        "what": tk._("An attached document (printed budget, deliberation) must be a PDF."),
        "why": tk._("Any other file could hold data that nobody has checked."),
        "todo": tk._("Attach the PDF, or deposit the XML document of the budget."),
    }
    return DepositRefused("D08", {}, texts)


def read_only() -> DepositRefused:
    """D09: a file written by the publication cannot be changed by hand."""
    texts = {
        "title": tk._("This file is built from the budget document"),
        "what": tk._("This file is built from the budget document and cannot be changed."),
        "why": tk._("Files of a budget always agree with the deposited document."),
        "todo": tk._("Deposit a corrected document: this file will follow."),
    }
    return DepositRefused("D09", {}, texts)


def held_by(holder: str) -> DepositRefused:
    """D10: a budget that somebody wants to give to another organisation than its SIREN's."""
    texts = {
        "title": tk._("This budget belongs to another organization"),
        "what": tk._("The SIREN of this budget is that of {holder}.").format(holder=holder),
        "why": tk._("The SIREN says whose a budget is, and who may deposit for it."),
        "todo": tk._("Leave it there, or ask the administrator to correct the SIREN."),
    }
    return DepositRefused("D10", {"holder": holder}, texts)


def no_holder(siren: str) -> DepositRefused:
    """I02, when no organisation of the portal holds the SIREN and none can be guessed."""
    texts = {
        "title": tk._("No organization holds this SIREN"),
        "what": tk._("No organization of this portal holds the SIREN {siren}.").format(siren=siren),
        "why": tk._("It says whose a budget is."),
        "todo": tk._("Ask the administrator to add this SIREN to your organization."),
    }
    return DepositRefused("I02", {"siren": siren}, texts)


def _one_line(texts: Mapping[str, str], link: str, code: str) -> str:
    parts = [texts.get("what", ""), texts.get("todo", ""), link]
    return " ".join(part for part in parts if part) + f" ({code})"

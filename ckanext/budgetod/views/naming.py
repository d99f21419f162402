"""Words for stages, states, roles and steps, translated when they are shown.

``N_`` only marks a text for the catalogue; ``_`` is called at display time, in the reader's
language (nothing is translated at import).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a text for extraction without translating it."""
    return text


STAGES = {
    "bp": N_("Initial budget"),
    "bs": N_("Supplementary budget"),
    "dm": N_("Amending decision"),
    "ca": N_("Administrative account"),
    "cfu": N_("Single financial account"),
}

_THE_STAGE = {
    "bp": N_("the initial budget"),
    "bs": N_("the supplementary budget"),
    "dm": N_("the amending decision"),
    "ca": N_("the administrative account"),
    "cfu": N_("the single financial account"),
}
_OF_THE_STAGE = {
    "bp": N_("of the initial budget"),
    "bs": N_("of the supplementary budget"),
    "dm": N_("of the amending decision"),
    "ca": N_("of the administrative account"),
    "cfu": N_("of the single financial account"),
}

# Word, tone (colour), icon of each state: never colour alone.
STATES = {
    "queued": (N_("Waiting"), "grey", "clock"),
    "running": (N_("In progress"), "blue", "turn"),
    "published": (N_("Published"), "green", "tick"),
    "withheld": (N_("To confirm"), "amber", "question"),
    "refused": (N_("Refused"), "red", "cross"),
    "failed": (N_("Interrupted"), "red", "cross"),
    "superseded": (N_("Superseded"), "grey", "clock"),
    "replaced": (N_("Superseded"), "grey", "clock"),
    "withdrawn": (N_("Withdrawn"), "grey", "cross"),
}
FINAL_STATES = frozenset(STATES) - {"queued", "running"}

LEVELS = {
    "blocking": (N_("Blocking"), "red", "cross"),
    "confirm": (N_("To confirm"), "amber", "question"),
    "info": (N_("Information"), "blue", "info"),
    "passed": (N_("Passed"), "green", "tick"),
}

STEPS = {
    "received": N_("File received and cleaned"),
    "checks": N_("Checks"),
    "conversion": N_("Conversion to the SCDL format"),
    "publication": N_("Publication of the files"),
}

COLLECTIVITES = {
    "commune": N_("Municipality"),
    "epci": N_("Inter-municipal body"),
    "departement": N_("Department"),
    "region": N_("Region"),
    "syndicat": N_("Joint authority"),
    "ccas": N_("Social action centre (CCAS)"),
    "caisse_ecoles": N_("School fund"),
    "sdis": N_("Fire and rescue service (SDIS)"),
    "regie": N_("Public utility (régie)"),
    "etablissement": N_("Public establishment"),
    "autre": N_("Other"),
}


def stage_name(slug: str, numero_dm: object = "", *, short: bool = True) -> str:
    """Stage in full: « Compte administratif (CA) », « Décision modificative n° 2 (DM2) »."""
    slug = str(slug or "").lower()
    if slug not in STAGES:
        return str(slug)
    name, code = tk._(STAGES[slug]), slug.upper()
    rank = str(numero_dm or "").lstrip("0") if slug == "dm" else ""
    if rank:
        name = tk._("{stage} no. {number}").format(stage=name, number=rank)
    return f"{name} ({code}{rank})" if short else name


def the_document(document: Mapping[str, Any]) -> str:
    """« le compte administratif (Eau) », for a sentence."""
    return _in_sentence(_THE_STAGE, document)


def of_the_document(document: Mapping[str, Any]) -> str:
    """« du compte administratif (Eau) », for a sentence."""
    return _in_sentence(_OF_THE_STAGE, document)


def _in_sentence(words: Mapping[str, str], document: Mapping[str, Any]) -> str:
    slug = str(document.get("stage_slug") or document.get("etape") or "")
    name = tk._(words[slug]) if slug in words else slug
    rank = str(document.get("numero_dm") or "").lstrip("0") if slug == "dm" else ""
    if rank:
        name = tk._("{stage} no. {number}").format(stage=name, number=rank)
    annexe = document.get("categorie") == "annexe"
    budget = document.get("libelle") if annexe else tk._("main budget")
    return f"{name} ({budget})" if budget else name


def state(name: str) -> dict[str, str]:
    """Word, tone and icon of a conversion's state."""
    word, tone, icon = STATES.get(name, (name, "grey", "clock"))
    return {"word": tk._(word), "tone": tone, "icon": icon, "name": name}


def level(name: str) -> dict[str, str]:
    """Word, tone and icon of a report's level."""
    word, tone, icon = LEVELS.get(name, (name, "grey", "info"))
    return {"word": tk._(word), "tone": tone, "icon": icon, "name": name}


def step(key: str) -> str:
    """Name of one of the four steps of a conversion."""
    return tk._(STEPS[key]) if key in STEPS else key


def collectivite_type(name: str) -> str:
    """« Commune », « Intercommunalité »…"""
    return tk._(COLLECTIVITES[name]) if name in COLLECTIVITES else str(name or "")


def budget_name(document: Mapping[str, Any]) -> str:
    """« Budget principal », or the label of the annexe budget as the file gives it."""
    if document.get("categorie") == "annexe":
        return document.get("libelle") or tk._("Annexed budget")
    return tk._("Main budget")

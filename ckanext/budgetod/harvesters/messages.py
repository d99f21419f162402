"""What the harvest log says, in French and English: what happened, and what to do when it failed.

Keys are outcomes of objects; those of failures begin with ``error:`` and end with the code of a
SourceError, of a refused document, or of one of our own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.budgetod.engine.errors import BudgetodError, DocumentRefused, SourceError
from ckanext.budgetod.engine.findings_render import french, render_refusal
from ckanext.budgetod.sources.faults import Fault

log = logging.getLogger(__name__)

FROM_STATUS = {
    "added": "added",
    "updated": "updated",
    "not modified": "unchanged",
    "deleted": "retired",
    "errored": "error:ended",
}
"""Status of ckanext-harvest -> outcome, for objects that noted none."""

SENTENCES: dict[str, tuple[str, str]] = {
    "added": ("Nouveau jeu, {fichiers}.", "New dataset, {fichiers}."),
    "updated": ("Mis à jour, {fichiers}.", "Updated, {fichiers}."),
    "unchanged": ("Rien de nouveau à la source.", "Nothing new at the source."),
    "outranked": (
        "La collectivité a déposé ces comptes elle-même : sa version est gardée.",
        "The local authority deposited these accounts itself: its version is kept.",
    ),
    "withdrawn": (
        "Retiré de ce portail par une personne : il n’est pas republié.",
        "Withdrawn from this portal by a person: not published again.",
    ),
    "empty": (
        "La source n’a aucune opération budgétaire pour cet exercice.",
        "The source has no budget operation for this year.",
    ),
    "no_table": (
        "Aucune table conforme au schéma n’a pu être établie (plan de comptes inconnu) : ignoré.",
        "No table that conforms to the schema could be made (unknown account plan): skipped.",
    ),
    "no_owner": (
        "Aucune organisation du portail ne porte ce SIREN : ignoré, comme demandé.",
        "No organization of the portal holds this SIREN: skipped, as asked.",
    ),
    "held": (
        "Repris, mais une réponse est attendue avant publication : {points}.",
        "Taken, but an answer is expected before publication: {points}.",
    ),
    "not_a_budget": (
        "Ce fichier n’est pas un budget : ignoré.",
        "This file is no budget: skipped.",
    ),
    "partly": (
        "Repris en partie, {fichiers}. Laissé de côté : {left}",
        "Taken in part, {fichiers}. Left aside: {left}",
    ),
    "other_year": (
        "Budget {exercice} : cette moisson ne demande pas cet exercice.",
        "Budget {exercice}: this harvest does not ask for that year.",
    ),
    "other_siren": (
        "Ce fichier porte le SIREN {siren}, mais il est publié par {producteur} (SIREN "
        "{attendu}) : il n’est pas repris.",
        "This file bears the SIREN {siren}, but {producteur} publishes it (SIREN {attendu}): "
        "it is not taken.",
    ),
    "annexe": (
        "Budget annexe : cette moisson ne demande que les budgets principaux.",
        "Annexe budget: this harvest asks for principal budgets only.",
    ),
    "duplicate": (
        "Ce budget est déjà repris d’un autre fichier, plus complet ou plus récent : {titre}.",
        "This budget is already taken from another file, fuller or newer: {titre}.",
    ),
    "loop": (
        "Ce fichier vient de ce portail : il n’est pas repris (boucle).",
        "This file comes from this portal: it is not taken back (loop).",
    ),
    "gone": (
        "Le jeu n’est plus à la source.",
        "The dataset is no longer at the source.",
    ),
    "retired": (
        "Le jeu n’est plus à la source : marqué « Retiré », il reste consultable ici.",
        "No longer at the source: marked as retired, still readable here.",
    ),
    "removed": (
        "Le jeu n’est plus à la source : supprimé, comme demandé.",
        "No longer at the source: deleted, as asked.",
    ),
    "waiting": ("En attente de son tour.", "Waiting for its turn."),
    "error:ended": (
        "Le moissonnage a été arrêté avant ce jeu, ou il a été essayé trop souvent. Dernière "
        "version gardée ; réessayez.",
        "The harvest was stopped before this dataset, or it was tried too often. Last version "
        "kept; try again.",
    ),
    "error:off": (
        "Les appels aux sources nationales sont coupés sur ce portail "
        "(budgetod.sources.enabled). Rien n’a été changé.",
        "Calls to national sources are switched off on this portal "
        "(budgetod.sources.enabled). Nothing was changed.",
    ),
    "error:offline": (
        "Le portail travaille hors ligne et cette donnée n’a pas encore été téléchargée.",
        "The portal works offline and this was not downloaded yet.",
    ),
    "error:address": (
        "L’adresse demandée n’est pas publique : appel refusé. Si c’est un miroir voulu, "
        "ajoutez-le à budgetod.sources.allowed_hosts.",
        "The address is not a public one: call refused. If it is a mirror of yours, add it to "
        "budgetod.sources.allowed_hosts.",
    ),
    "error:timeout": (
        "La source ne répond pas (délai dépassé). Dernière version gardée ; réessayez plus tard.",
        "The source does not answer (time out). Last version kept; try again later.",
    ),
    "error:unreachable": (
        "La source est injoignable. Dernière version gardée ; réessayez plus tard.",
        "The source cannot be reached. Last version kept; try again later.",
    ),
    "error:status": (
        "La source a répondu par une erreur ({status}). Dernière version gardée ; réessayez.",
        "The source answered with an error ({status}). Last version kept; try again.",
    ),
    "error:gone": (
        "L’adresse n’existe plus à la source ({status}). Dernière version gardée.",
        "The address is no longer there at the source ({status}). Last version kept.",
    ),
    "error:quota": (
        "Le quota d’appels de la source est épuisé jusqu’au {until}. Relancez après cette date.",
        "The source's quota of calls is used up until {until}. Run again after that.",
    ),
    "error:request": (
        "La source a refusé la demande : {message}. Signalez-le, le format a sans doute changé.",
        "The source refused the request: {message}. Tell us, its format has probably changed.",
    ),
    "error:not_json": (
        "La source a répondu autre chose que prévu. Dernière version gardée ; réessayez.",
        "The source answered something else than expected. Last version kept; try again.",
    ),
    "error:html": (
        "Le fichier annoncé est une page web. Dernière version gardée.",
        "The announced file is a web page. Last version kept.",
    ),
    "error:too_large": (
        "La réponse dépasse la limite de ce portail (budgetod.sources.max_size).",
        "The answer is over this portal's limit (budgetod.sources.max_size).",
    ),
    "error:truncated": (
        "Le fichier est incomplet : {found} lignes sur {expected}. Rien n’a été repris ; "
        "réessayez.",
        "The file is not whole: {found} rows out of {expected}. Nothing was taken; try again.",
    ),
    "error:interrupted": (
        "La source a interrompu son envoi. Rien n’a été repris ; réessayez.",
        "The source broke off. Nothing was taken; try again.",
    ),
    "error:columns": (
        "Des colonnes manquent à la source : {missing}. Signalez-le, son format a changé.",
        "Columns are missing at the source: {missing}. Tell us, its format has changed.",
    ),
    "error:dataset": (
        "La source n’a pas (encore) le jeu {dataset}.",
        "The source does not have the dataset {dataset} (yet).",
    ),
    "error:disk": (
        "Le disque du cache est plein ou protégé. Libérez de la place puis relancez.",
        "The disk of the cache is full or protected. Make room, then run again.",
    ),
    "error:storage": (
        "Le disque de ce portail est plein ou protégé. Libérez de la place puis relancez.",
        "The disk of this portal is full or protected. Make room, then run again.",
    ),
    "error:vanished": (
        "D’un coup, {count} jeux sur {total} manquent à la source : c’est sans doute une panne de "
        "sa part. Rien n’a été retiré. Si c’est voulu, videz cette source puis relancez.",
        "All at once, {count} datasets out of {total} are missing at the source: probably a "
        "failure of its own. Nothing was withdrawn. If it is meant, clear this source, then run "
        "again.",
    ),
    "error:service": (
        "Un service de ce portail (base, index, file) n’a pas répondu. Rien n’est à moitié "
        "publié ; réessayez. Référence {reference}.",
        "A service of this portal (database, index, queue) did not answer. Nothing is half "
        "published; try again. Reference {reference}.",
    ),
    "error:table": (
        "Ce fichier ne permet pas d’écrire un budget SCDL valide : {faults}. Signalez-le au "
        "producteur. Dernière version gardée.",
        "No valid SCDL budget can be made of this file: {faults}. Tell its producer. Last "
        "version kept.",
    ),
    "error:internal": (
        "Une erreur de notre côté. Dernière version gardée. Référence {reference}.",
        "An error on our side. Last version kept. Reference {reference}.",
    ),
}


class _Given(dict):
    """Parameters of a sentence; those that nobody gave leave an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "…"


def site_language() -> str:
    """« fr » or « en »: the language of texts written down for ckanext-harvest's own pages."""
    return "en" if str(tk.config.get("ckan.locale_default") or "fr").startswith("en") else "fr"


def sentence(outcome: str, params: Mapping[str, Any] | None = None, lang: str = "") -> str:
    """The sentence of an outcome."""
    lang = lang or site_language()
    pair = SENTENCES.get(outcome)
    if pair is not None:
        text = pair[1] if lang == "en" else french(pair[0])
        return text.format_map(_Given(_with_words(params or {}, lang)))
    if outcome.startswith("error:"):
        told = render_refusal(outcome.partition(":")[2], dict(params or {}), lang)
        return told["what"]
    return outcome


def _with_words(params: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The parameters fit for a sentence; ``fichiers`` is the number of files with its noun."""
    if "message" in params:
        params = {**params, "message": str(params["message"]).rstrip(". ")}
    if "files" not in params:
        return dict(params)
    noun = "file" if lang == "en" else "fichier"
    count = int(params["files"])
    return {**params, "fichiers": f"{count} {noun}{'s' if count > 1 else ''}"}


def note_gather_failure(job: Any, error: Exception, scope: Any = None) -> None:
    """Write a fault of the gather stage where ckanext-harvest shows it."""
    model.Session.rollback()
    if isinstance(error, (SourceError, DocumentRefused)):
        told = sentence(f"error:{error.code}", error.params)
    elif isinstance(error, Fault):
        told = error.text(site_language())
    elif isinstance(error, (BudgetodError, ValueError)):
        told = str(error)
    else:
        log.exception("Gather of harvest job %s failed", job.id)
        told = sentence("error:internal", {"reference": job.id[:8]})
    _gather_error(job, told, scope)


def note_gather_remark(job: Any, scope: Any, error: SourceError) -> None:
    """What is no fault but must be known: the source has no such year yet."""
    log.info("Harvest job %s, %s: %s", job.id, scope, error)


def _gather_error(job: Any, told: str, scope: Any) -> None:
    from ckanext.harvest.model import HarvestGatherError

    message = f"{scope}\u00a0: {told}" if scope is not None else told
    model.Session.add(HarvestGatherError(message=message, harvest_job_id=job.id))
    model.Session.commit()

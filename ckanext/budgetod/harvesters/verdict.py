"""How a job went, in a title and a sentence: for the log, the list of sources and the mail."""

from __future__ import annotations

from .journal import FAILED, WAITING, Job
from .messages import site_language

_PHASES = {
    "queued": (
        ("En attente", "Le moissonnage commencera dès qu’un collecteur sera libre."),
        ("Waiting", "The harvest begins as soon as a gather consumer is free."),
    ),
    "gathering": (
        ("En cours", "Nous interrogeons la source… {total} jeux trouvés jusqu’ici."),
        ("In progress", "We are asking the source… {total} datasets found so far."),
    ),
    "running": (
        ("En cours", "{done} jeux traités sur {total}."),
        ("In progress", "{done} datasets done out of {total}."),
    ),
}
_ENDS = {
    "fine": (
        ("Terminé sans échec", "Les {total} jeux trouvés à la source sont à jour."),
        ("Ended without failure", "The {total} datasets found at the source are up to date."),
    ),
    "one": (
        ("Terminé sans échec", "Le jeu trouvé à la source est à jour."),
        ("Ended without failure", "The dataset found at the source is up to date."),
    ),
    "nothing": (
        ("Terminé, rien trouvé", "La source n’a rien pour ce territoire et ces années."),
        ("Ended, nothing found", "The source has nothing for this territory and these years."),
    ),
    "failure": (
        (
            "Terminé avec 1 échec",
            "{fine} jeux sur {total} sont à jour. Pour l’autre, la dernière version réussie reste "
            "en ligne.",
        ),
        (
            "Ended with 1 failure",
            "{fine} datasets out of {total} are up to date. For the other one, the last good "
            "version stays on line.",
        ),
    ),
    "failures": (
        (
            "Terminé avec {failed} échecs",
            "{fine} jeux sur {total} sont à jour. Pour les {failed} autres, la dernière version "
            "réussie reste en ligne.",
        ),
        (
            "Ended with {failed} failures",
            "{fine} datasets out of {total} are up to date. For the {failed} others, the last "
            "good version stays on line.",
        ),
    ),
    "gather": (
        (
            "Terminé, mais la source n’a pas tout dit",
            "{fine} jeux sur {total} sont à jour. Rien n’a été retiré : ce qui n’a pas été reçu "
            "reste en ligne tel quel.",
        ),
        (
            "Ended, but the source did not tell everything",
            "{fine} datasets out of {total} are up to date. Nothing was withdrawn: what was not "
            "received stays on line as it is.",
        ),
    ),
}
_NEVER = (
    ("Pas encore lancé", "Cette source n’a pas encore été moissonnée."),
    ("Not run yet", "This source was not harvested yet."),
)


def verdict(job: Job | None, lang: str = "") -> tuple[str, str]:
    """Title and sentence; None is a source that was never harvested."""
    english = (lang or site_language()) == "en"
    if job is None:
        return _NEVER[english]
    total, failed = job.total, job.failed
    numbers = {
        "total": _number(total, english),
        "failed": _number(failed, english),
        "fine": _number(total - failed, english),
        "done": _number(total - job.counts[WAITING], english),
    }
    title, text = (_PHASES.get(job.phase) or _ENDS[_end(job)])[english]
    return title.format(**numbers), text.format(**numbers)


def _end(job: Job) -> str:
    if job.gather_errors:
        return "gather"
    if job.failed:
        return "failure" if job.failed == 1 else "failures"
    return {0: "nothing", 1: "one"}.get(job.total, "fine")


def tone(job: Job | None) -> str:
    """Colour of the verdict: never alone, the title says the same."""
    if job is None or job.phase == "queued":
        return "grey"
    if job.phase != "finished":
        return "blue"
    if job.ok:
        return "green"
    return "red" if job.total == job.counts[FAILED] else "amber"


def _number(value: int, english: bool) -> str:
    return f"{value:,}".replace(",", "," if english else "\u00a0")

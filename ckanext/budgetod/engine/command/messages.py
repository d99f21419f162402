"""Sentences of the command itself, in French and in English; those of findings are elsewhere.

Holes are those of ``findings_render``.
"""

from __future__ import annotations

import errno
from typing import Any

from ..findings_render import fill, french

SENTENCES: dict[str, tuple[str, str]] = {
    # what was typed
    "no_file": (
        "fichier introuvable : {name}. Vérifiez son nom et son dossier.",
        "no such file: {name}. Check its name and its folder.",
    ),
    "no_name": ("un nom de fichier est vide.", "a file name is empty."),
    "output": ("la sortie", "the output"),
    "bad_format": (
        "format inconnu : {name} (au choix : {known})",
        "unknown format: {name} (choose from {known})",
    ),
    "is_folder": (
        "{name} est un dossier ; il faut un fichier.",
        "{name} is a folder; a file is needed.",
    ),
    "denied": (
        "{name} : accès refusé. Vérifiez vos droits sur ce fichier ou ce dossier, ou donnez-en un "
        "autre.",
        "{name}: access denied. Check your rights on this file or folder, or give another one.",
    ),
    "not_a_folder": (
        "{name} : ce n'est pas un dossier. Donnez-en un autre.",
        "{name}: not a folder. Give another one.",
    ),
    "disk_full": (
        "{name} : le disque est plein. Le fichier en cours n'a pas été écrit.",
        "{name}: the disk is full. The file in hand was not written.",
    ),
    "system": ("{name} : le système répond {reason}.", "{name}: the system answers {reason}."),
    "not_a_siret": (
        "--siret « {siret} » : ce n'est pas un SIRET valide (quatorze chiffres, clé comprise).",
        "--siret “{siret}”: not a valid SIRET (fourteen digits, their key included).",
    ),
    "siret_kept": (
        "{name} : --siret n'a pas servi, le document porte le SIRET {siret}, qui est valide.",
        "{name}: --siret was not used, the document bears the SIRET {siret}, which is valid.",
    ),
    "previous_table": (
        "{name} : --previous ne vaut que pour les XML ; une table n'est pas comparée.",
        "{name}: --previous is for XML documents only; a table is not compared.",
    ),
    "no_parquet": (
        "--format parquet : il manque une bibliothèque. Installez-la avec "
        'pip install "ckanext-budgetod[parquet]".',
        "--format parquet: a library is missing. Install it with "
        'pip install "ckanext-budgetod[parquet]".',
    ),
    "previous_refused": (
        "--previous {name} : {why} Rien n'a été comparé.",
        "--previous {name}: {why} Nothing was compared.",
    ),
    "previous_other": (
        "{name} : --previous n'est ni l'année d'avant ni une autre version de ce budget ; rien "
        "n'a été comparé.",
        "{name}: --previous is neither the year before nor another version of this budget; "
        "nothing was compared.",
    ),
    "rules_yaml": (
        "--rules {name} : ce n'est pas du YAML{line?? (ligne <line>)}.",
        "--rules {name}: not YAML{line?? (line <line>)}.",
    ),
    "rules_unknown": (
        "--rules : {names} n'est le nom d'aucune règle. Vérifiez l'orthographe.",
        "--rules: {names} is the name of no rule. Check the spelling.",
    ),
    "rules_mapping": (
        "--rules : {part} doit associer des noms à leurs règles.",
        "--rules: {part} must map names to their rules.",
    ),
    "rules_shape": (
        "--rules : ce qui est écrit à {part} n'est pas une valeur possible.",
        "--rules: what {part} says is not a possible value.",
    ),
    # documents
    "checked": (
        "{passed}/{total} {total?contrôle réussi|contrôles réussis}{codes?? (<codes>)}",
        "{passed}/{total} {total?control|controls} passed{codes?? (<codes>)}",
    ),
    "files": ("{n} {n?fichier|fichiers}", "{n} {n?file|files}"),
    "lines": ("{n} {n?ligne|lignes}", "{n} {n?line|lines}"),
    "masked": (
        "{n} {n?valeur occultée|valeurs occultées}",
        "{n} {n?value masked|values masked}",
    ),
    # steps of the progress bar
    "step_anonymise": ("anonymisation", "anonymising"),
    "step_checks": ("contrôles", "controls"),
    "step_conversion": ("conversion", "conversion"),
    "step_files": ("fichiers", "files"),
    "step_plans": ("plans de comptes", "account plans"),
    # tables that are already SCDL
    "scdl_rows": (
        "CSV SCDL, {rows} {rows?ligne|lignes} dont {valid} {valid?conforme|conformes}",
        "SCDL CSV, {rows} {rows?row|rows} of which {valid} valid",
    ),
    "scdl_empty": (
        "CSV SCDL sans aucune ligne : il n'y a rien à publier",
        "SCDL CSV without any row: there is nothing to publish",
    ),
    "scdl_repairs": ("réparations : {list}", "repairs: {list}"),
    "scdl_missing": ("il manque : {list}", "missing: {list}"),
    "scdl_twice": (
        "colonnes en double, la première est lue : {list}",
        "columns found twice, the first is read: {list}",
    ),
    "scdl_bad": ("cellules non conformes : {list}", "invalid cells: {list}"),
    "scdl_masked": (
        "P01, données personnelles à occulter : {list}",
        "P01, personal data to mask: {list}",
    ),
    "scdl_hidden": (
        "P01, données personnelles occultées : {list}",
        "P01, personal data masked: {list}",
    ),
    "scdl_written": ("{n?écrit|écrits} : {list}", "written: {list}"),
    "scdl_year": ("{year} : {codes}", "{year}: {codes}"),
    # account plans
    "plan_folder": (
        "dites où sont les plans ajoutés : --plan DOSSIER, ou la variable {name}.",
        "say where added plans are kept: --plan FOLDER, or the variable {name}.",
    ),
    "plan_unreadable": (
        "{name} n'est pas un plan de comptes : ce n'est pas un XML lisible en entier.",
        "{name} is no account plan: it is not an XML that can be read to its end.",
    ),
    "plan_empty": (
        "{name} ne contient aucun compte : ce n'est pas un planDeCompte.xml.",
        "{name} holds no account: it is not a planDeCompte.xml.",
    ),
    "plan_root": (
        "{name} n'est pas un planDeCompte.xml : sa racine n'est pas Nomenclature avec Norme, "
        "Declinaison et Exer.",
        "{name} is no planDeCompte.xml: its root is not Nomenclature with Norme, Declinaison and "
        "Exer.",
    ),
    "plan_name": (
        "{name} : Norme et Declinaison ne doivent contenir que des lettres, des chiffres et des "
        "tirets bas.",
        "{name}: Norme and Declinaison may hold letters, digits and underscores only.",
    ),
    "plan_format": (
        "{name} n'est pas un fichier de plans de cette version.",
        "{name} is not a file of plans of this version.",
    ),
    "plan_size": (
        "{name} : plus de {limit:size}, trop gros pour un plan de comptes.",
        "{name}: over {limit:size}, too big for an account plan.",
    ),
    "plan_unreachable": (
        "{name} ne répond pas comme attendu{status?? (HTTP <status>)}. Réessayez, ou donnez un "
        "miroir avec --source.",
        "{name} does not answer as it should{status?? (HTTP <status>)}. Try again, or give a "
        "mirror with --source.",
    ),
    "plan_no_network": (
        "le moteur seul n'appelle aucune adresse ({name}) : utilisez la commande budgetod "
        "installée, ou donnez un dossier avec --source.",
        "the engine alone calls no address ({name}): use the installed command budgetod, or give a "
        "folder with --source.",
    ),
    "plan_address": (
        "{name} n'est pas une adresse http ou https qui puisse être appelée.",
        "{name} is not an http or https address that can be called.",
    ),
    "plan_none": (
        "aucun plan trouvé à {name}{years?? pour <years>}.",
        "no plan found at {name}{years?? for <years>}.",
    ),
    "plan_added": ("{plan} : {n} {n?code|codes}", "{plan}: {n} {n?code|codes}"),
    "plan_already": (
        "{plan} : {n} {n?code|codes}, déjà connu",
        "{plan}: {n} {n?code|codes}, already known",
    ),
    "plan_new": ("{plan} : nouveau", "{plan}: new"),
    "plan_changes": (
        "{plan} : {n} {n?différence|différences}",
        "{plan}: {n} {n?difference|differences}",
    ),
    "plan_update": (
        "{added} {added?plan ajouté|plans ajoutés}, {known} {known?déjà connu|déjà connus}",
        "{added} {added?plan|plans} added, {known} already known",
    ),
    "plan_stale": ("laissé de côté (périmé) : {plan}", "left out (stale): {plan}"),
    "plan_rejected": ("refusé : {why}", "refused: {why}"),
}

_OF_SYSTEM = {
    errno.ENOENT: "no_file",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EROFS: "denied",
    errno.EEXIST: "not_a_folder",
    errno.EISDIR: "is_folder",
    errno.ENOTDIR: "not_a_folder",
    errno.ENOSPC: "disk_full",
}


def say(sentence: str, lang: str, /, **params: Any) -> str:
    """One sentence, its holes filled."""
    in_french, in_english = SENTENCES[sentence]
    return fill(french(in_french) if lang == "fr" else in_english, params, lang)


def of_system(error: OSError, lang: str) -> str:
    """What the system refused, in words."""
    if error.errno is None and isinstance(error, FileNotFoundError):
        return say("no_file" if str(error) else "no_name", lang, name=error)
    name = error.filename2 or error.filename or say("output", lang)
    reason = errno.errorcode.get(error.errno or 0, "?")
    return say(_OF_SYSTEM.get(error.errno or 0, "system"), lang, name=name, reason=reason)

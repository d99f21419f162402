"""What ``budgetod --help`` says, in French and in English."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "about": (
        "Budgets locaux (TOTEM, CFU) en données ouvertes\u00a0: contrôler, convertir, anonymiser.",
        "Local budgets (TOTEM, CFU) as open data: check, convert, anonymise.",
    ),
    "codes": (
        "Codes de sortie\u00a0: 0 tout va bien, 1 à confirmer, 2 refusé, 3 mauvais usage.",
        "Exit codes: 0 fine, 1 to confirm, 2 refused, 3 wrong usage.",
    ),
    "command": ("COMMANDE", "COMMAND"),
    "file": ("FICHIER", "FILE"),
    "folder": ("DOSSIER", "FOLDER"),
    "year_name": ("ANNÉE", "YEAR"),
    "mirror": ("ADRESSE|DOSSIER", "ADDRESS|FOLDER"),
    "version": ("afficher la version", "show the version"),
    "help": ("afficher cette aide", "show this help"),
    "check": ("contrôler des documents, sans rien écrire", "check documents, write nothing"),
    "convert": ("écrire tout ce qui peut être publié", "write all that can be published"),
    "anonymise": (
        "écrire le XML sans données personnelles",
        "write the XML without personal data",
    ),
    "inspect": ("dire ce que sont des fichiers", "say what files are"),
    "summary": ("écrire les chiffres d’un document en JSON", "write a document’s figures as JSON"),
    "nomenclature": ("plans de comptes connus", "account plans that are known"),
    "completion": ("complétion pour le terminal", "completion for the terminal"),
    "files": (
        "fichier, dossier, archive, - (entrée standard)",
        "file, folder, archive, - (standard input)",
    ),
    "lang": ("langue des messages", "language of the messages"),
    "json": ("une ligne JSON par document", "a line of JSON per document"),
    "quiet": ("seulement ce qui ne va pas", "only what is wrong"),
    "verbose": ("expliquer chaque point", "explain each point"),
    "plan": ("plans de comptes supplémentaires", "further account plans"),
    "siret": (
        "SIRET à utiliser si celui du fichier est faux",
        "SIRET for a file whose own is wrong",
    ),
    "previous": ("l’année ou la version d’avant", "the year or the version before"),
    "out": ("où écrire", "where to write"),
    "profile": ("anonymisation", "anonymisation"),
    "rules": ("règles supplémentaires (YAML)", "further rules (YAML)"),
    "format": ("formats des tableaux", "formats of the tables"),
    "scdl": ("CSV déjà au format SCDL\u00a0", "CSV that is already SCDL"),
    "nom": ("nom du budget, s’il manque", "name of the budget, if missing"),
    "etape": ("étape budgétaire, si elle manque", "stage of the budget, if missing"),
    "nature_plan": ("plan de comptes à suivre", "account plan to follow"),
    "list": ("années et nomenclatures connues", "years and nomenclatures that are known"),
    "add": ("ajouter un planDeCompte.xml", "add a planDeCompte.xml"),
    "diff": ("ce qu’un planDeCompte.xml changerait", "what a planDeCompte.xml would change"),
    "update": ("chercher les plans de l’année", "fetch the plans of the year"),
    "source": ("miroir ou dossier", "mirror or folder"),
    "year": ("exercice (répétable)", "year (may be repeated)"),
    "plan_folder": ("dossier des plans ajoutés", "folder of the added plans"),
    "as_json": ("réponse en JSON", "answer as JSON"),
}


def help_text(name: str, lang: str) -> str:
    """One text of the help."""
    french, english = TEXTS[name]
    return french if lang == "fr" else english

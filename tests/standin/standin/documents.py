"""Budget files that fictional producers publish: SCDL in every dialect, TOTEM, CFU, archives.

SIREN are those of real collectivities, everything else is invented: persons planted in annexes are
those of the project's builder (``builder_annexes.PERSONS``, ``builder_cfu.CFU_PERSONS``).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ckanext.budgetod.engine.builder import Spec, cfu_document, fictional_siret, totem_document
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.nomenclature import plans
from ckanext.budgetod.engine.scdl.schema import COLUMNS
from ckanext.budgetod.sources.territory import Collectivity

NATURES = {
    "BP": "budget primitif",
    "BS": "budget supplémentaire",
    "DM": "décision modificative",
    "CA": "compte administratif",
}
NATURE_COLUMNS = {"MtReal": "BGT_MTREAL", "MtPrev": "BGT_MTPREV", "CredOuv": "BGT_CREDOUV"}


class Document(NamedTuple):
    """Whose budget, of which exercice and stage; ``revision`` changes its amounts."""

    one: Collectivity
    exercice: int
    stage: str
    revision: int = 0

    @property
    def scale(self) -> str:
        """Against the model town of 12,480 inhabitants."""
        size = max(self.one.population or 0, 50) / 12_480
        return f"{size * (1 + 0.01 * self.revision):.4f}"

    @property
    def nomenclature(self) -> str:
        small = (self.one.population or 0) < 3_500 and self.one.type == "commune"
        return "M57-M57_A" if small else "M57-M57_D"

    def spec(self) -> Spec:
        return Spec(
            siret=fictional_siret(self.one.siren),
            collectivite=self.one.title,
            exercice=self.exercice,
            stage=self.stage,
            nomenclature=self.nomenclature,
            departement=self.one.departement,
            code_insee=self.one.insee,
            population=str(self.one.population or 0),
        )


def scdl_rows(document: Document) -> list[dict[str, str]]:
    """Rows of a valid SCDL file, one per line of the fictional budget."""
    lines = sample_lines(document.nomenclature, document.stage, scale=document.scale)
    return [_scdl_row(document, line) for line in lines]


def _scdl_row(document: Document, line: dict[str, str]) -> dict[str, str]:
    chapter, account = (
        _entry(document, kind, line[name])
        for kind, name in (("chapitre", "ContNat"), ("compte", "Nature"))
    )
    fonction = line.get("Fonction", "")
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "BGT_NATDEC": NATURES[document.stage],
        "BGT_ANNEE": str(document.exercice),
        "BGT_SIRET": fictional_siret(document.one.siren),
        "BGT_NOM": document.one.title,
        "BGT_CONTNAT": line["ContNat"],
        "BGT_CONTNAT_LABEL": chapter.label if chapter else "Chapitre",
        "BGT_NATURE": line["Nature"],
        "BGT_NATURE_LABEL": account.label if account else "Compte",
        "BGT_FONCTION": fonction,
        "BGT_FONCTION_LABEL": _label(document, "fonction", fonction),
        "BGT_SECTION": "fonctionnement" if _section(chapter, line) == "F" else "investissement",
        "BGT_OPBUDG": "ordre" if line["OpBudg"] == "1" else "réel",
        "BGT_CODRD": "dépense" if line["CodRD"] == "D" else "recette",
        "BGT_ARTSPE": "non spécialisé",
    }
    for name, column in NATURE_COLUMNS.items():
        row[column] = line.get(name, "")
    return row


def _entry(document: Document, kind: str, code: str):
    found = plans().look_up(kind, code, document.nomenclature, document.exercice)
    return found.entry if found else None


def _label(document: Document, kind: str, code: str) -> str:
    entry = _entry(document, kind, code) if code else None
    return entry.label if entry else ""


def _section(chapter, line: dict[str, str]) -> str:
    if chapter and chapter.section:
        return chapter.section
    return "F" if line["Nature"][0] in "67" else "I"


def written(
    rows: Iterable[dict[str, str]], *, delimiter: str = ",", bom: bool = False, lower: bool = False
) -> bytes:
    """Rows as CSV; ``lower``: names of columns in lower case."""
    rows = list(rows)
    names = list(rows[0])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([name.lower() for name in names] if lower else names)
    writer.writerows([row[name] for name in names] for row in rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def good(document: Document) -> bytes:
    return written(scdl_rows(document))


def french(document: Document) -> bytes:
    """Semicolons, decimal commas, BOM, lower-case headers."""
    rows = scdl_rows(document)
    for row in rows:
        row |= {name: row[name].replace(".", ",") for name in NATURE_COLUMNS.values()}
    return written(rows, delimiter=";", bom=True, lower=True)


def nameless(document: Document) -> bytes:
    """Without BGT_NATDEC, BGT_SIRET and BGT_NOM, as some portals publish."""
    rows = scdl_rows(document)
    for row in rows:
        for name in ("BGT_NATDEC", "BGT_SIRET", "BGT_NOM"):
            del row[name]
    return written(rows)


def incomplete(document: Document) -> bytes:
    """A declared budget that lacks the accounts: it cannot be read."""
    rows = [
        {k: row[k] for k in ("BGT_ANNEE", "BGT_NOM", "BGT_MTPREV")} for row in scdl_rows(document)
    ]
    return written(rows)


def trees(document: Document) -> bytes:
    """No budget at all, whatever its declared schema says."""
    species = ("Tilleul argenté", "Érable plane", "Charme commun")
    rows = [
        {"id_arbre": str(n), "essence": species[n % 3], "hauteur_m": str(4 + n % 9)}
        for n in range(1, 40)
    ]
    return written(rows, delimiter=";")


def page(document: Document) -> bytes:
    """What a portal answers when the file has moved."""
    title = f"{document.one.title} – page introuvable"
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body/></html>".encode()


def totem(document: Document) -> bytes:
    """With annexes in which persons are named."""
    return totem_document(
        spec=document.spec(),
        lines=sample_lines(document.nomenclature, document.stage, scale=document.scale),
        annexes=True,
    )


def cfu(document: Document) -> bytes:
    return cfu_document(
        spec=document.spec(), schema_version="113", scale=document.scale, annexes=True
    )


def archive(document: Document) -> bytes:
    """A ZIP: the budget of the exercice and of the one before, and a note."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for exercice in (document.exercice, document.exercice - 1):
            name = f"docbudgetaire-{document.stage.lower()}-{exercice}.xml"
            packed.writestr(_dated(name), totem(document._replace(exercice=exercice)))
        packed.writestr(_dated("lisez-moi.txt"), "Documents budgétaires fictifs.\n")
    return held.getvalue()


def _dated(name: str) -> zipfile.ZipInfo:
    """A member without the time of the clock: the same archive each time."""
    return zipfile.ZipInfo(name, (2025, 4, 10, 9, 0, 0))


def pdf(document: Document) -> bytes:
    """The smallest file that readers of PDF accept."""
    title = document.one.title.encode("ascii", "replace")
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n% Rapport de presentation, "
        + title
        + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


KINDS: dict[str, tuple[Callable[[Document], bytes], str, str]] = {
    "scdl": (good, "csv", "text/csv"),
    "scdl-french": (french, "csv", "text/csv"),
    "scdl-nameless": (nameless, "csv", "text/csv"),
    "scdl-incomplete": (incomplete, "csv", "text/csv"),
    "trees": (trees, "csv", "text/csv"),
    "html": (page, "csv", "text/csv"),
    "totem": (totem, "xml", "application/xml"),
    "cfu": (cfu, "xml", "application/xml"),
    "zip": (archive, "zip", "application/zip"),
    "pdf": (pdf, "pdf", "application/pdf"),
}
"""Kind -> how it is made, format, MIME type."""

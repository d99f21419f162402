"""From the official ``planDeCompte.xml`` to a ``Plan``: facts only.

The official files are declared ISO-8859-1 and hold cp1252 punctuation as C1 controls, which are
put right here. Some folders of the official site hold the file of another year: the year of a plan
is its own ``@Exer``, the folder's is only compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from ckanext.budgetod.engine.errors import DocumentRefused, NomenclatureError
from ckanext.budgetod.engine.numbers import whole
from ckanext.budgetod.engine.readers.safexml import (
    BoundedStream,
    Choice,
    Element,
    local_name,
    walk,
)
from ckanext.budgetod.engine.readers.values import clean

from .plan import ROLES, Entry, Key, Plan

MAX_PLAN_BYTES = 8_000_000
_TABLES = {
    ("Nature", "Chapitres"): "chapitre",
    ("Nature", "Comptes"): "compte",
    ("Fonction", "Chapitres"): "chapitre_fonction",
    ("Fonction", "Comptes"): "compte_fonction",
    ("Fonction", "RefFonctionnelles"): "fonction",
}
_ENTRIES = ("Chapitre", "Compte", "RefFonc")


def compile_plan(source: bytes | Path) -> Plan:
    """Read one official plan. NomenclatureError when the file is not one, or too large."""
    data = source if isinstance(source, bytes) else _bytes_of(source)
    if len(data) > MAX_PLAN_BYTES:
        raise NomenclatureError("plan_size", limit=MAX_PLAN_BYTES)
    stream = BoundedStream(BytesIO(data), MAX_PLAN_BYTES, hashed=True)
    plan: Plan | None = None
    try:
        for kind, element, depth in walk(stream, _choose):
            if kind == "open" and depth == 0:
                plan = Plan(_key(element))
            elif kind == "unit" and plan is not None:
                _read_half(element, plan)
    except DocumentRefused as refused:
        raise NomenclatureError("plan_unreadable", reason=refused.code) from refused
    if plan is None or not plan.tables["compte"]:
        raise NomenclatureError("plan_empty")
    plan.digest = sha256(data).hexdigest()
    return plan


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_PLAN_BYTES + 1)


def _choose(element: Element, depth: int) -> Choice:
    return Choice.UNIT if local_name(element) in ("Nature", "Fonction") else Choice.SKIP


def _key(root: Element) -> Key:
    norme, declinaison = root.get("Norme") or "", root.get("Declinaison") or ""
    year = whole(root.get("Exer") or "")
    if local_name(root) != "Nomenclature" or not (norme and declinaison) or year is None:
        raise NomenclatureError("plan_root")
    for name in (norme, declinaison):
        if not name.replace("_", "").isalnum():
            raise NomenclatureError("plan_name")
    return Key(norme, declinaison, year)


def _read_half(half: Element, plan: Plan) -> None:
    for group in half:
        table = _TABLES.get((local_name(half), local_name(group)))
        if table:
            for element in _entries(group):
                plan.add(table, _entry(element))


def _entries(group: Element) -> Iterator[Element]:
    return (element for element in group.iter() if local_name(element) in _ENTRIES)


def _entry(element: Element) -> Entry:
    get = element.get
    roles = tuple(get(role) or "" for role in ROLES)
    return Entry(
        code=(get("Code") or "").strip(),
        label=clean(get("Libelle")) or clean(get("Lib_court")),
        section=get("Section") or "",
        roles=roles if any(roles) else (),
        equipment="".join(side for side in "DR" if get(f"{side}Equip") == "1"),
        deleted=_deleted(element),
        marks=_marks(element),
    )


def _deleted(element: Element) -> str:
    if element.get("Supprime") not in ("1", "true"):
        return ""
    return (element.get("SupprimeDepuis") or "0").strip()[:4] or "0"


def _marks(element: Element) -> str:
    flags = (("RegrTotalise", "T"), ("PourEtatSeul", "E"), ("Special", "S"))
    marks = [mark for name, mark in flags if element.get(name) in ("1", "true")]
    return "".join(marks) + (element.get("TypeChapitre") or "")

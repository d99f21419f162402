"""Plants one unique person in every text of a document; each has a family name of its own.

Bare names go where rules hide whoever is there (parties without code, persons' fields, dropped
elements); elsewhere (labels, objects, contract numbers) the forms that ``patterns`` recognises.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator

from ckanext.budgetod.engine.annex_cells import WHOLE, declared
from ckanext.budgetod.engine.anonymiser.rules import Action, Rule, load

TYPED = {
    "amount": "1234.56",
    "years": "12",
    "posts": "1.00",
    "percent": "1.50",
    "number": "1.5",
    **dict.fromkeys(WHOLE, "3"),
    "date": "2023-05-11",
    "year": "2021",
    "bool": "true",
}
FORMS = (
    "Mme Zénaïde {}",
    "M. {}",
    "M {} Jean",
    "MME {} ODILE",
    "travaux chez Monsieur et Madame Paul {}",
    "indivision {}",
    "écrire à jean.{}@exemple.fr",
    "Melle {}",
    "consorts {}",
    "M. et Mme {}",
    "Monsieur Jean-Éloi de {}",
    "Mr {}",
    "née {}",
    "succession {}",
)


class Garden:
    """Draws family names that exist nowhere, and remembers them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._forms = itertools.cycle(FORMS)

    def name(self) -> str:
        digits, rank = [], len(self.names)
        for _ in range(3):
            rank, rest = divmod(rank, 26)
            digits.append(string.ascii_lowercase[rest])
        name = f"zwx{''.join(digits)}quorv"
        self.names.append(name)
        return name

    def bare(self) -> str:
        return f"Zénaïde {self.name().upper()}"

    def marked(self) -> str:
        form = next(self._forms)
        name = self.name()
        return form.format(name if "@" in form else name.upper())

    def leaks(self, *published: str | bytes) -> list[str]:
        """Names that can be read in what is published."""
        texts = [p.decode("utf-8") if isinstance(p, bytes) else p for p in published]
        whole = "\n".join(texts).lower()
        return [name for name in self.names if name in whole]


def planted_tables(garden: Garden, coded: bool) -> dict[str, list[dict[str, str]]]:
    """A row of every table of the schema, full. ``coded``: with the codes that decide."""
    rules = load()
    items = {rule.table: rule for rule in rules.items.values()}
    tables = {}
    for table, declaration in declared()["tables"].items():
        fields = {**declaration["fields"], "Champ_Editeur": "text"}
        row = {
            name: text
            for name, kind in fields.items()
            for text in _value(name, kind, items[table], garden, coded)
        }
        tables[table] = [row]
    return tables


def _value(name: str, kind: str, rule: Rule, garden: Garden, coded: bool) -> Iterator[str]:
    deciding = {party.code for party in rule.parties.values() if party.code}
    if name in deciding:
        if coded:
            yield "P3" if name == "CodNatJurBenefCA" else "01"
        return
    if kind in TYPED:
        yield TYPED[kind]
    elif kind != "text":
        yield next(iter(declared()["lists"][kind]))
    elif name in ("Siret", "SiretEtab", "SiretBudAnnexe"):
        return
    else:
        action = rule.fields.get(name)
        hidden = action in (Action.PARTY, Action.MASK, Action.SOBER, None)
        yield garden.bare() if hidden and not (coded and deciding) else garden.marked()

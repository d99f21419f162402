"""Who publishes what on the stand-in of data.gouv.fr: one line per case worth testing."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import NamedTuple

from ckanext.budgetod.engine.builder import fictional_siret
from ckanext.budgetod.sources.territory import Collectivity

from .budgets import plain_label
from .world import World, draw

SCDL = {
    "name": "scdl/budget",
    "version": "0.8.3",
    "url": "https://schema.data.gouv.fr/schemas/scdl/budget/0.8.3/schema.json",
}
MANY = 0.12
"""Share of the communes of 3,500 inhabitants that publish an ordinary file besides these cases."""

# SIREN, exercice, stage, kind of file, then what is particular
_CASES = """
215704636 2024 CA scdl             schema
215704636 2025 BP scdl             schema
216704825 2024 CA scdl-french      schema
215104217 2024 BP scdl-nameless    schema
216802249 2024 CA trees            schema
216802249 2023 CA scdl
211003744 2024 CA html             schema
210800967 2024 BP scdl             schema dead
218801603 2023 CA totem            unsummed
218801603 2024 BP totem
215403957 2024 CFU cfu
245400676 2024 BP zip
245400676 2024 BP pdf
200067213 2024 CA totem
215500299 2024 CA scdl-incomplete  schema
216800664 2024 CA scdl             schema loop
215101015 2024 CA scdl             schema deleted
215101015 2023 CA scdl             schema archived
200052264 2024 BP scdl             schema
215405472 2024 CA scdl             schema nobody
"""
_WORDS = {
    "BP": "Budget primitif",
    "CA": "Compte administratif",
    "CFU": "Compte financier unique",
}


class Entry(NamedTuple):
    """One dataset with one file. ``traits``: words of the cases above."""

    one: Collectivity
    exercice: int
    stage: str
    kind: str
    traits: frozenset[str]

    @property
    def title(self) -> str:
        return f"{_WORDS[self.stage]} {self.exercice} - {self.one.name}"

    @property
    def slug(self) -> str:
        return f"{slug(_WORDS[self.stage])}-{self.exercice}-{slug(self.one.name)}-{self.kind}"

    @property
    def id(self) -> str:
        return object_id(self.slug)

    @property
    def resource_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.slug))

    @property
    def filename(self) -> str:
        return f"{self.stage.lower()}-{self.exercice}-{slug(self.one.name)}"


def slug(text: str) -> str:
    return plain_label(text).lower().replace(" ", "-")


def object_id(text: str) -> str:
    """24 hexadecimal digits, as MongoDB's."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def entries(world: World) -> Iterator[Entry]:
    """Every dataset of the producers that exist in this world."""
    cases = [row.split() for row in _CASES.strip().splitlines()]
    particular = {siren for siren, *_ in cases}
    for siren, exercice, stage, kind, *traits in cases:
        if one := world.lookup(siren):
            yield Entry(one, int(exercice), stage, kind, frozenset(traits))
    for one in world.of("commune"):
        large = (one.population or 0) >= 3_500
        if large and one.siren not in particular and draw(world.seed, one.siren, "open") < MANY:
            kind = "scdl" if draw(one.siren, "kind") < 0.7 else "totem"
            traits = {"schema"} if kind == "scdl" else set()
            yield Entry(one, 2024, "CA", kind, frozenset(traits))


def siret_of(entry: Entry) -> str | None:
    """The SIRET that the organisation declares; one declares none."""
    return None if "nobody" in entry.traits else fictional_siret(entry.one.siren)

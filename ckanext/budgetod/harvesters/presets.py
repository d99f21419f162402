"""Ready-made harvest sources: a title, a type and a configuration, to start from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGION = "44"
"""Grand Est."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A source that only lacks an organisation. ``kind`` is the type of ckanext-harvest."""

    name: str
    kind: str
    french: str
    english: str
    config: Mapping[str, Any]

    def title(self, lang: str) -> str:
        return self.french if lang == "fr" else self.english

    def text(self) -> str:
        """The configuration as JSON."""
        return as_text(self.config)


def as_text(config: Mapping[str, Any]) -> str:
    """A configuration as people read it in the form."""
    return json.dumps(config, ensure_ascii=False, indent=1)


def _territory(**given: Any) -> dict[str, Any]:
    return {"region": REGION, **given}


_ALL = (
    Preset(
        "dgfip-grand-est-3500",
        "budgetod_dgfip",
        "Grand Est · communes ≥ 3 500 habitants · 5 derniers exercices",
        "Grand Est · municipalities ≥ 3,500 inhabitants · last 5 years",
        {
            "territoire": _territory(types=["commune"], population_min=3500),
            "exercices": {"derniers": 5},
        },
    ),
    Preset(
        "dgfip-grand-est",
        "budgetod_dgfip",
        "Grand Est · toutes les collectivités · dernier exercice",
        "Grand Est · all local authorities · last year",
        {"territoire": _territory(), "exercices": {"derniers": 1}},
    ),
    Preset(
        "dgfip-grand-est-epci",
        "budgetod_dgfip",
        "Grand Est · intercommunalités · 5 derniers exercices",
        "Grand Est · inter-municipal bodies · last 5 years",
        {"territoire": _territory(types=["epci"]), "exercices": {"derniers": 5}},
    ),
    Preset(
        "dgfip-grand-est-departements-region",
        "budgetod_dgfip",
        "Grand Est · départements et région · 5 derniers exercices",
        "Grand Est · departments and region · last 5 years",
        {"territoire": _territory(types=["departement", "region"]), "exercices": {"derniers": 5}},
    ),
    Preset(
        "dgfip-grand-est-fonctions",
        "budgetod_dgfip",
        "Grand Est · nature et fonction · ≥ 3 500 habitants · dernier exercice",
        "Grand Est · by nature and function · ≥ 3,500 inhabitants · last year",
        {
            "territoire": _territory(population_min=3500),
            "exercices": {"derniers": 1},
            "fonctions": True,
        },
    ),
    Preset(
        "ofgl-grand-est",
        "budgetod_ofgl",
        "Grand Est · indicateurs OFGL · 5 derniers exercices",
        "Grand Est · OFGL indicators · last 5 years",
        {"territoire": _territory(), "exercices": {"derniers": 5}},
    ),
    Preset(
        "datagouv-grand-est",
        "budgetod_datagouv",
        "Grand Est · budgets publiés sur data.gouv.fr",
        "Grand Est · budgets published on data.gouv.fr",
        {
            "territoire": _territory(),
            "exercices": {"derniers": 10},
            "organisations": "rattacher",
        },
    ),
)

PRESETS: Mapping[str, Preset] = {one.name: one for one in _ALL}

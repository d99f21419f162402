"""Fictional collectivities for tests, each with SIREN, organisation and editor of its own."""

from __future__ import annotations

import io
import itertools
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import FileStorage

from ckanext.budgetod.engine import builder
from ckanext.budgetod.sources.territory import territory

_numbers = itertools.count(random.SystemRandom().randrange(10**5) * 10)


@dataclass
class Town:
    """A fictional collectivity that the portal knows, and people around it."""

    siren: str
    siret: str
    organisation: dict[str, Any]
    editor: dict[str, Any]
    others: dict[str, dict[str, Any]] = field(default_factory=dict)

    def document(self, **spec: Any) -> bytes:
        """A TOTEM document of this town (CA 2023 unless said otherwise)."""
        spec.setdefault("collectivite", self.organisation["title"])
        return builder.totem_document(siret=spec.pop("siret", self.siret), **spec)

    def dataset_name(self, exercice: int = 2023) -> str:
        return f"budget-{self.siren}-{exercice}"


def as_file(content: bytes, name: str = "document.xml") -> FileStorage:
    """What a form or an API client sends."""
    return FileStorage(io.BytesIO(content), filename=name, content_type="text/xml")


def person(factory: Any) -> dict[str, Any]:
    """A user whose name and address no other test has (the factories draw from few names)."""
    name = f"user-{uuid.uuid4().hex}"
    return factory(name=name, email=f"{name}@budgetod.test")


def new_siren() -> str:
    """A SIREN that no other test uses, and no real collectivity."""
    sirens = (builder.fictional_siren(f"21{number % 10**6:06d}") for number in _numbers)
    return next(siren for siren in sirens if territory().lookup(siren) is None)

"""What a source has for us: items to harvest, and what each becomes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ckanext.budgetod.deposit.national import NationalDocument


@dataclass(frozen=True, slots=True)
class Item:
    """What one harvest object stands for: everything of a SIREN for an exercice.

    ``digest`` changes with the content at the source; ``where`` (JSON) tells how to read it again.
    """

    guid: str
    siren: str
    exercice: int
    digest: str
    title: str
    url: str
    where: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """As the harvest object keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Item:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Content:
    """The files of an item, ready to be published."""

    documents: Sequence[NationalDocument]
    fields: Mapping[str, str]
    source: Mapping[str, str]


class Source(Protocol):
    """One national source, for one harvest source's configuration. The calls raise SourceError."""

    origin: str

    def scopes(self) -> Sequence[Any]:
        """What will be asked, in order; each has a text for the log."""
        ...

    def items(self, scope: Any) -> Iterable[Item]:
        """What one scope holds, restricted to the territory."""
        ...

    def fetch(self, item: Item) -> None:
        """Make sure that what ``content`` reads is on this machine."""
        ...

    def content(self, item: Item, folder: Path) -> Content:
        """The item's files, written into ``folder``. DocumentRefused for what is no budget."""
        ...

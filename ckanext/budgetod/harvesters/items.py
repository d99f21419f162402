"""What a source has for us: items to harvest, and what each becomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ckanext.budgetod.deposit.national import NationalDocument


@dataclass(frozen=True, slots=True)
class Item:
    """What one harvest object stands for: everything of a SIREN for an exercice, or one file.

    ``digest`` changes with the content at the source; ``where`` (JSON) tells how to read it again.
    A file's ``siren`` is its producer's and its ``exercice`` 0: its content tells. ``settled``: the
    outcome, where it is known without reading.
    """

    guid: str
    siren: str
    exercice: int
    digest: str
    title: str
    url: str
    where: Mapping[str, Any] = field(default_factory=dict)
    settled: str = ""

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


@dataclass(frozen=True, slots=True)
class Glimpse:
    """An item as the preview sees it, before anything is downloaded.

    ``wanted``: it is in the territory asked for. ``siren`` is "" when the source gives none.
    """

    siren: str
    exercice: int
    title: str
    url: str
    becomes: str = ""
    wanted: bool = True


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

    def glance(self) -> Iterator[Callable[[], Iterable[Glimpse]]]:
        """Questions that tell, by few and cheap calls, what a harvest would find.

        Each is asked when called. A source whose ``items`` downloads whole files overrides this.
        """
        for scope in self.scopes():
            yield lambda scope=scope: (
                Glimpse(item.siren, item.exercice, item.title, item.url)
                for item in self.items(scope)
            )

    def calls_needed(self) -> int:
        """Roughly how many calls a first harvest makes."""
        return 2 * len(self.scopes()) + 1

    @property
    def quota(self) -> tuple[int, int] | None:
        """(calls left, calls allowed) if the source has told it."""
        return None

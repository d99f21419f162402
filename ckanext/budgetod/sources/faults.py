"""What is wrong with a configuration that a person wrote: where, and in their language."""

from __future__ import annotations


class Fault(ValueError):
    """``field`` is the key at fault ("" for the whole). As text it is English."""

    def __init__(self, field: str, english: str, french: str, **params: object) -> None:
        super().__init__(english.format(**params))
        self.field = field
        self._french = french.format(**params)

    def text(self, lang: str) -> str:
        """The sentence in French (``fr``) or English."""
        return self._french if lang == "fr" else str(self)

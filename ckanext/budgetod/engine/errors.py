"""Everything the engine can raise on purpose.

BudgetodError
├── DocumentRefused       a file that is not taken; nothing was written
│   ├── UnsafeXML         F08: DOCTYPE, entities, bombs
│   ├── TooLarge          F09: over a declared bound
│   ├── NotABudget        F01 F02 F04 F05 F06 F11: something else than a budget
│   ├── PreviousRefused   the document given to compare with, not the one to read
│   └── Unreadable        F07 F09 F12, Ixx: truncated, empty, encrypted, without identity
├── NomenclatureError     an account plan that cannot be compiled or found
├── RulesError            rules of an administrator that cannot be followed
└── SourceError           a national source (see ``ckanext.budgetod.sources``)
    ├── Blocked           an address that this portal may not call
    └── RemoteFailed      the service did not answer as it should

A refusal carries a *code* of the message catalogue and its *params*; the sentence is made when it
is shown, in the reader's language (``findings_render``). Params never hold a value of the document
that could name a person.
"""

from __future__ import annotations

from typing import Any


class BudgetodError(Exception):
    """Base of everything raised on purpose."""


class _Coded(BudgetodError):
    """A ``code`` and its ``params`` say why; who shows it makes the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({details})" if details else self.code


class DocumentRefused(_Coded):
    """The file is not taken."""


class UnsafeXML(DocumentRefused):
    """The file holds what no budget holds: a DOCTYPE, entities, a bomb."""


class TooLarge(DocumentRefused):
    """The file, or one of its parts, is over a declared bound."""


class NotABudget(DocumentRefused):
    """The file is something else: a PDF, a spreadsheet, a PES stream, another XML…"""


class Unreadable(DocumentRefused):
    """The file is broken, empty, encrypted, or says not whose budget it is."""


class PreviousRefused(DocumentRefused):
    """The document given as ``previous`` is not taken; nothing is said of the one to read."""


class NomenclatureError(_Coded):
    """An account plan cannot be compiled, read or found.

    Codes (French and English sentences are in ``command/messages.py``): ``plan_unreadable``
    (reason), ``plan_empty``, ``plan_root``, ``plan_name``, ``plan_format`` (name), ``plan_size``
    (name, limit), ``plan_unreachable`` (name, status), ``plan_address`` (name), ``plan_none``
    (name, years).
    """


class RulesError(_Coded, ValueError):
    """The administrator's rules of anonymisation cannot be followed.

    Codes: ``rules_yaml`` (name, line), ``rules_unknown`` (names), ``rules_mapping`` (part),
    ``rules_shape`` (part).
    """


class SourceError(_Coded):
    """A national source could not be used.

    Codes (French and English sentences are in ``harvesters/messages.py``): ``off``, ``offline``,
    ``address``, ``timeout``, ``unreachable``, ``status`` (status), ``gone`` (status), ``quota``
    (until), ``request`` (message), ``not_json``, ``html``, ``too_large`` (limit), ``truncated``
    (expected, found), ``interrupted``, ``columns`` (missing), ``dataset`` (dataset), ``disk``.
    """


class Blocked(SourceError):
    """The address is not one that this portal may call, or calls are switched off."""


class RemoteFailed(SourceError):
    """The service did not answer, or not as documented."""

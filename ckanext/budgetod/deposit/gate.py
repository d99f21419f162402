"""The gate, in the request: an upload is looked at, bounded, anonymised and put aside.

The original is only ever the stream of the request. What goes on is the anonymised document in the
private staging storage, and what was learnt about it.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from ckan.plugins import toolkit as tk
from werkzeug.datastructures import FileStorage

from ckanext.budgetod import config, engine
from ckanext.budgetod.engine.errors import DocumentRefused
from ckanext.budgetod.engine.readers import sniff

from . import messages, storage
from .recognise import is_budget

if TYPE_CHECKING:
    from ckanext.budgetod.engine.anonymiser import GatePass

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_BLANKS = re.compile(r"[\x00-\x20]+")
"""What a browser passes over when it reads the scheme of an address."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A document that passed the gate and lies in staging under ``key`` (the row's future id)."""

    key: str
    passed: GatePass
    filename: str

    def discard(self) -> None:
        """Forget the staged document: the deposit did not happen."""
        storage.discard(self.key)


def is_file(value: Any) -> bool:
    """True for what CKAN's uploaders would store."""
    return isinstance(value, FileStorage) and bool(value)


def take(upload: FileStorage) -> Staged:
    """Anonymise an upload into staging. Raises DepositRefused; nothing stays behind then."""
    key = str(uuid.uuid4())
    with tempfile.TemporaryFile() as clean:
        passed = anonymise(upload.stream, clean)
        storage.stage(key, clean)
    return Staged(key=key, passed=passed, filename=_name(upload))


def anonymise(source: IO[bytes], target: IO[bytes]) -> GatePass:
    """The engine's pass with this site's settings. Raises DepositRefused."""
    source.seek(0)
    try:
        return engine.anonymise(
            source,
            target,
            profile=config.profile(),
            rules=config.extra_rules(),
            max_size=config.max_upload_size(),
        )
    except DocumentRefused as error:
        raise messages.refused(error) from None


def guard(upload: Any) -> None:
    """Refuse a budget uploaded to a dataset of another type; anything else passes untouched."""
    if not (is_file(upload) and config.guard_other_types()):
        return
    found = is_budget(upload.stream)
    upload.stream.seek(0)
    if found:
        raise messages.another_type()


def require_pdf(upload: FileStorage) -> None:
    """Attached documents (printed budget, deliberation) are PDF files and nothing else."""
    upload.stream.seek(0)
    head = upload.stream.read(1024)
    upload.stream.seek(0)
    if sniff.kind_of(head) is not sniff.Kind.PDF:
        raise messages.only_pdf()


def check_link(url: str) -> None:
    """A link to an XML is refused: what it shows could change and would not be anonymised.

    So is one that is not on the web: a browser would run "javascript:" on the portal's own page.
    """
    scheme = _SCHEME.match(_BLANKS.sub("", url))
    if scheme and scheme[1].lower() not in ("http", "https"):
        _refuse_address(url)
    path = url.split("?")[0].split("#")[0].lower()
    if path.endswith((".xml", ".xml.gz", ".zip")):
        raise messages.link_to_document()


def _refuse_address(url: str) -> None:
    """CKAN's own error for what is not the address of a page. Raises ValidationError."""
    errors: dict[Any, list[str]] = {("url",): []}
    tk.get_validator("url_validator")(("url",), {("url",): url}, errors, {})
    raise tk.ValidationError({"url": errors[("url",)]})


def _name(upload: FileStorage) -> str:
    """The file's own name, shortened and harmless, for its editors' eyes."""
    from ckan.lib.munge import munge_filename

    return munge_filename(upload.filename or "document.xml") if upload.filename else ""


def wrong_file_field() -> tk.ValidationError:
    """The action was called without a file."""
    return tk.ValidationError({"upload": [tk._("Missing value")]})

"""Account plans of the official address, or of a mirror with its layout:
``YEAR/NORM/DECL/planDeCompte.xml``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ckanext.budgetod.engine.errors import NomenclatureError, SourceError

from .addresses import check_url, host_of, shown
from .http import Client
from .settings import Settings

MAX_PLAN_BYTES = 8_000_000
"""What the compiler of plans takes."""
TRIES = 3
CALLS_PER_SECOND = 10.0


def copy_plans(
    base: str,
    years: Sequence[int],
    names: Collection[str],
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Copy the plans of some years into ``folder``, in the layout of the address; how many came.

    ``names``: nomenclatures, as « M57-M57_A »; what the address does not hold is passed over.
    ``progress``: told the calls made and the calls to make. Who names an address may name one of
    the local network. Raises NomenclatureError (``plan_address``, ``plan_unreachable``,
    ``plan_size``) as soon as a call fails, OSError when nothing can be written.
    """
    client = _client(base, folder)
    places = [_place(year, name) for year in years for name in names]
    copied = 0
    for rank, place in enumerate(places):
        if progress is not None:
            progress(rank, len(places))
        copied += _copy(client, f"{base.rstrip('/')}/{place}", folder / place)
    return copied


def _client(base: str, folder: Path) -> Client:
    try:
        check_url(base)
    except SourceError:
        raise NomenclatureError("plan_address", name=shown(base)) from None
    return Client(
        Settings(
            cache=folder,
            allowed_hosts=frozenset({host_of(base)}),
            rate=CALLS_PER_SECOND,
            attempts=TRIES,
            max_bytes=MAX_PLAN_BYTES,
        )
    )


def _place(year: int, name: str) -> str:
    norme, _, declinaison = name.partition("-")
    return f"{year}/{norme}/{declinaison}/planDeCompte.xml"


def _copy(client: Client, url: str, target: Path) -> bool:
    """True when the address holds the plan."""
    try:
        client.download(url, target)
    except SourceError as error:
        if error.code == "gone":
            return False
        if error.code == "disk" and error.__cause__ is not None:
            raise error.__cause__ from None
        raise _told(error, shown(url)) from None
    return True


def _told(error: SourceError, url: str) -> NomenclatureError:
    if error.code == "too_large":
        return NomenclatureError("plan_size", name=url, limit=MAX_PLAN_BYTES)
    if error.code == "address":
        return NomenclatureError("plan_address", name=url)
    return NomenclatureError("plan_unreachable", name=url, status=error.params.get("status", ""))

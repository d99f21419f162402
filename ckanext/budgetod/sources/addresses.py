"""Which addresses may be called: told from a URL before, from the IP address while connecting."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit, urlunsplit

from ckanext.budgetod.engine.errors import Blocked

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Where IPv6-only networks find IPv4 addresses (RFC 6052)."""


def check_url(url: str) -> None:
    """Raise ``Blocked("address")`` for what is not a plain http or https address."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise Blocked("address", url=shown(url)) from None
    # Control characters, and blanks or backslashes before the path, are where two parsers see two
    # hosts. Blanks in a path are common and get quoted.
    odd = any(char < " " or char == "\x7f" for char in url) or set(" \\") & set(parts.netloc)
    if not plain or odd or parts.username is not None or parts.password is not None:
        raise Blocked("address", url=shown(url))


def shown(url: str) -> str:
    """The address for messages and logs: without credentials, at most 500 characters.

    >>> shown("https://me:secret@data.example.fr/a?b=1")
    'https://data.example.fr/a?b=1'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2][:500]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))[:500]


def host_of(url: str) -> str:
    """ "host:port" of a checked address, lower case, the port always written."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}:{port}"


def is_allowed(host: str, port: int, allowed: Collection[str]) -> bool:
    """True when exactly this host and port were declared (``[::1]:80`` and ``::1:80`` alike)."""
    name = host.strip("[]").lower()
    return bool({f"{name}:{port}", f"[{name}]:{port}"} & {entry.lower() for entry in allowed})


def is_public(address: str) -> bool:
    """True for an IP address of the public internet, whatever way it is written.

    >>> is_public("::ffff:127.0.0.1"), is_public("169.254.169.254"), is_public("192.134.5.1")
    (False, False, True)
    """
    ip = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    # Each flag covers what another leaves out: 100.64/10 is not private, 224/4 is global, fec0::/10
    # is neither private nor reserved.
    site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or site_local)


def _embedded(ip: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 one really leads to (mapped, 6to4, NAT64), else itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip

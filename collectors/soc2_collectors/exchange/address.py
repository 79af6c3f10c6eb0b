"""Which addresses may be asked: TLS, or this machine; the host that was configured; nobody's name in it."""

from __future__ import annotations

import ipaddress
import urllib.parse
from typing import TYPE_CHECKING

from soc2_pac.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Collection

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_METADATA = frozenset({"169.254.169.254", "fd00:ec2::254", "metadata.google.internal"})
"""Where a cloud gives a machine its own identity: without TLS, and on the machine's own link."""
_PORTS = {"https": 443, "http": 80}

Origin = tuple[str, str, int]


def on_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    return (urllib.parse.urlsplit(url).hostname or "") in LOOPBACK


def origin(url: str) -> Origin:
    """(scheme, host, port) of an address. Raises ValueError for what is none, or names a user."""
    if any(c.isspace() or ord(c) < 0x20 or c == "\\" for c in url):  # noqa: PLR2004 - control characters
        msg = "it holds characters that no address has"
        raise ValueError(msg)
    parts = urllib.parse.urlsplit(url)
    if "@" in parts.netloc:
        msg = "it names a user"
        raise ValueError(msg)
    if parts.scheme not in _PORTS or not parts.hostname:
        msg = "it is not of the form https://host"
        raise ValueError(msg)
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def check(url: str, homes: Collection[Origin] | None) -> None:
    """Raises Unexpected, before anything is sent, for an address that may not be asked.

    Args:
        url: the address.
        homes: where credentials may go; ``None``: a sign-in service, anywhere by TLS.
    """
    try:
        there = origin(url)
    except ValueError as error:
        msg = f"an address was refused before it was asked: {error}"
        raise Unexpected(msg) from None
    scheme, host, _ = there
    plain = host in LOOPBACK or (homes is None and _is_metadata(host))
    if scheme != "https" and not plain:
        msg = f"{host} would be asked without TLS: refused before it was sent"
        raise Unexpected(msg)
    if homes is not None and there not in homes:
        msg = f"{host} is not the configured host: refused before it was sent"
        raise Unexpected(msg)


def _is_metadata(host: str) -> bool:
    if host in _METADATA:
        return True
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def following(given: object, here: str, call: str) -> str:
    """The next page's address, which must be at the host of ``here``; empty where ``given`` is.

    Raises:
        Unexpected: it is no address, or another host's.
    """
    if not given:
        return ""
    if not isinstance(given, str):
        msg = f"{call} names its next page by no text"
        raise Unexpected(msg, operation=call)
    try:
        there = origin(given)
    except ValueError as error:
        msg = f"{call} names a next page that is no address: {error}"
        raise Unexpected(msg, operation=call) from None
    if there != origin(here):
        msg = f"{call} names its next page on another host ({there[1]}): is the configured address its own?"
        raise Unexpected(msg, operation=call)
    return given

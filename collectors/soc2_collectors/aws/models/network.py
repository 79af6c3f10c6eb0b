"""What ranges of addresses cover together."""

from __future__ import annotations

from ipaddress import collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDE = 8
"""Narrower ranges than /8 would have to be more than an entry or table holds to cover everything."""


def prefix_length(cidr: str) -> int | None:
    """``10.0.0.0/8`` -> 8; ``None`` where it cannot be told."""
    _, slash, length = cidr.rpartition("/")
    return int(length) if slash and length.isdecimal() and len(length) <= len("128") else None


def covers_everything(cidrs: Iterable[str]) -> bool:
    """Whether these ranges of one address family hold every address, alone or together.

    ``0.0.0.0/1`` and ``128.0.0.0/1`` are as open as ``0.0.0.0/0``. A wide range that cannot be read
    counts as everything: it must not look closed.
    """
    wide = []
    for cidr in cidrs:
        length = prefix_length(cidr)
        if length == 0:
            return True
        if length is not None and length <= _WIDE:
            wide.append(cidr)
    if len(wide) < 2:  # noqa: PLR2004 - it takes two halves
        return False
    try:
        networks: list[Any] = [ip_network(cidr, strict=False) for cidr in wide]
        return any(network.prefixlen == 0 for network in collapse_addresses(networks))
    except (ValueError, TypeError):
        return True

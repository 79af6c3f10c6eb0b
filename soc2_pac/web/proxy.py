"""Who a proxy says that somebody is: believed where the proxy proves that it is ours, and dropped everywhere else."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac.web.access import SESSION_SECONDS, Session

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from soc2_pac.acts.access import Role
    from soc2_pac.config import ProxyTable

_LEAST = 16
"""Characters of the shared secret."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody whom the proxy knows and no group of ours has."""

    name: str


class Proxy:
    """A proxy that signs people in."""

    def __init__(self, table: ProxyTable) -> None:
        """Reads the shared secret.

        Raises:
            ValueError: it is too short to keep anybody out.
            ConfigError: it is not there.
        """
        self._secret = table.secret.resolve().encode()
        if len(self._secret) < _LEAST:
            msg = f"the secret has fewer than {_LEAST} characters. Next: openssl rand -hex 32"
            raise ValueError(msg)
        self._table = table

    def who(self, peer: str | None, headers: Headers) -> Session | Outsider | None:
        """Who asks, by the proxy's word; ``None`` where this is not the proxy's word.

        Args:
            peer: the address that the connection comes from.
            headers: of the request.
        """
        table = self._table
        if peer not in table.peers:
            return None
        # A header that is there twice was added to by somebody else than the proxy.
        secrets, users = headers.getlist(table.proof_header), headers.getlist(table.user_header)
        if len(secrets) != 1 or not hmac.compare_digest(secrets[0].encode("latin-1"), self._secret):
            return None
        if len(users) != 1 or not users[0].strip():
            return None
        said = headers.getlist(table.groups_header)
        groups = {one.strip() for one in _text(said[0]).split(",")} if len(said) == 1 else set()
        role = self._role(groups - {""})
        name = _text(users[0]).strip()
        if role is None:
            return Outsider(name)
        return Session(name, time.monotonic() + SESSION_SECONDS, role, proof=f"proxy {name}")

    def _role(self, groups: set[str]) -> Role | None:
        if groups & set(self._table.operators):
            return "operator"
        return "viewer" if groups & set(self._table.viewers) else None


def _text(value: str) -> str:
    """A header as its proxy meant it: Starlette reads bytes as Latin-1, proxies write UTF-8."""
    return value.encode("latin-1").decode("utf-8", "replace")

"""One organisation as the engine knows it: who reads it, and a client for each unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.exchange.outside import Outside
from soc2_collectors.github.client.call import Github
from soc2_collectors.github.client.door import Door
from soc2_pac.errors import Unexpected
from soc2_pac.model import EVERYWHERE, Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.github.settings import GithubSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection


class GithubConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one organisation, signed in. Safe to use from threads."""

    def __init__(self, settings: GithubSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError."""
        self.settings = settings
        self._door = Door(settings)

    @property
    def scope(self) -> Scope:
        """The organisation; logins do not depend on case, so the scope is in lower case."""
        return Scope("github", self.settings.organization.lower())

    def whoami(self) -> Identity:
        """The identity behind the credentials, and which scopes a classic token has.

        An App's identity is proved by reading its organisation: an installation may not ask ``GET /user``.
        Raises CredentialsRejected, Denied, Unreachable.
        """
        path = "/user" if self.settings.token else "/orgs/{org}"
        meter = Outside(self._door.spend)
        client = Github(self._door, self.scope, meter, frozenset({f"GET {path}"}))
        body, headers = client.ask_with_headers(path)
        details = {"base_url": self.settings.base_url}
        if self.settings.token is None:
            principal = f"app {self.settings.app_id}, installation {self.settings.installation_id}"
        else:
            principal = str(body.get("login", ""))
            if "x-oauth-scopes" in headers:
                details["scopes"] = headers["x-oauth-scopes"]
        return Identity(principal, self.settings.organization, details)

    @property
    def spent(self) -> dict[str, int]:
        """Fetching an App's tokens, and ``whoami``: discovery makes no call."""
        return self._door.spent

    def discover(
        self, per: str, only: Selection = EVERYWHERE, meter: Meter | None = None
    ) -> Iterable[Scope]:
        """The organisation, where it is wanted, without a call. Raises Unexpected for another sort."""
        del meter
        if per != "organization":
            msg = f"GitHub has no scopes of the sort '{per}': collectors of GitHub run per organization"
            raise Unexpected(msg)
        return [self.scope] if only.takes(self.scope) else []

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Github:
        """A client bound to the organisation of ``scope`` that makes the allowed calls only."""
        return Github(self._door, scope, meter, allowed)

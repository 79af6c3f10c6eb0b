"""One org as the engine knows it: who reads it, and a client for each unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.exchange.outside import Outside
from soc2_collectors.okta.client.call import ME, ORGANIZATION, Okta
from soc2_collectors.okta.client.door import Door
from soc2_collectors.okta.permissions import NEEDS
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.model import EVERYWHERE, Identity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.okta.settings import OktaSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection


class OktaConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one org, signed in. Safe to use from threads."""

    def __init__(self, settings: OktaSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self._door = Door(settings)

    @property
    def scope(self) -> Scope:
        """The org, by its host."""
        return Scope("okta", self.settings.host)

    def whoami(self) -> Identity:
        """The identity behind the credentials, and the org's id.

        A service app proves itself by being given a token; it is no user, so it may not ask for itself.
        Raises CredentialsRejected, Denied, Unreachable.
        """
        calls = frozenset({f"GET {ORGANIZATION}", f"GET {ME}"})
        client = Okta(self._door, self.scope, Outside(self._door.spend), calls)
        if not self._door.has_key:
            me = client.ask(ME)
            profile = me.get("profile")
            login = profile.get("login") if isinstance(profile, dict) else None
            principal = str(login or me.get("id", ""))
            details: dict[str, str] = {}
        else:
            principal = f"service app {self.settings.client_id}"
            details = self._granted(client)
        organization = client.ask(ORGANIZATION)
        for name in ("id", "pipeline"):
            if isinstance(organization.get(name), str):
                details[f"org_{name}"] = organization[name]
        return Identity(principal, self.settings.host, details)

    def _granted(self, client: Okta) -> dict[str, str]:
        """Which scopes the service app lacks of those that the calls of soc2-pac need."""
        scopes = sorted({need.scope for need in NEEDS.values()})
        try:
            client.signed_in(" ".join(scopes))
        except Denied:
            missing = [scope for scope in scopes if not self._has(client, scope)]
            return {"missing_scopes": ", ".join(missing)}
        return {}

    @staticmethod
    def _has(client: Okta, scope: str) -> bool:
        try:
            client.signed_in(scope)
        except Denied:
            return False
        return True

    @property
    def spent(self) -> dict[str, int]:
        """Fetching tokens, and ``whoami``: discovery makes no call."""
        return self._door.spent

    def discover(
        self, per: str, only: Selection = EVERYWHERE, meter: Meter | None = None
    ) -> Iterable[Scope]:
        """The org, where it is wanted, without a call. Raises Unexpected for another sort."""
        del meter
        if per != "organization":
            msg = f"Okta has no scopes of the sort '{per}': collectors of Okta run per organization"
            raise Unexpected(msg)
        return [self.scope] if only.takes(self.scope) else []

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Okta:
        """A client bound to the org of ``scope`` that makes the allowed calls only."""
        return Okta(self._door, scope, meter, allowed)

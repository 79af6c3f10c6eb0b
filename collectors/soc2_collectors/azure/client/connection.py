"""One tenant as the engine knows it: who reads it, its subscriptions, and a client for each unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.client.call import Azure
from soc2_collectors.azure.client.door import Door
from soc2_collectors.azure.client.sharing import Tables
from soc2_collectors.azure.client.signing import claims
from soc2_collectors.azure.permissions import GRAPH_NEEDS
from soc2_collectors.exchange.outside import Outside
from soc2_pac.errors import Unexpected
from soc2_pac.model import EVERYWHERE, CollectionStatus, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_collectors.azure.settings import AzureSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

SUBSCRIPTIONS = "/subscriptions"
_API_VERSION = "2022-12-01"
_READABLE = "enabled"
_WHY = {
    "disabled": "the subscription is disabled: its resources are stopped, and not looked at",
    "deleted": "the subscription is deleted",
    "warned": "the subscription is 'Warned': Azure is about to disable it, and it is not looked at",
    "pastdue": "the subscription is 'PastDue': it is not paid for, and not looked at",
}


class AzureConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one tenant, signed in. Safe to use from threads."""

    def __init__(self, settings: AzureSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self.tenant = settings.tenant.lower()
        self._door = Door(settings)
        self._tables = Tables(self._door)

    @property
    def scope(self) -> Scope:
        """The tenant."""
        return Scope("azure", self.tenant)

    def scope_of(self, subscription: str) -> Scope:
        """One of its subscriptions."""
        return Scope("azure", f"{self.tenant}/{subscription}")

    def whoami(self) -> Identity:
        """The identity behind the credentials; what it lacks on Microsoft Graph; how much it sees.

        Raises CredentialsRejected, Denied, Unreachable.
        """
        meter = Outside(self._door.spend)
        said = claims(self._door.signed_in.token(self.settings.arm, meter.left()))
        principal = str(
            said.get("upn") or said.get("unique_name") or said.get("appid") or said.get("oid") or ""
        )
        details: dict[str, str] = {}
        if self.settings.wanted != ():
            found = list(self._subscriptions(meter))
            readable = sum(1 for one in found if isinstance(one, Scope))
            details["subscriptions"] = f"{readable} to be looked at, {len(found) - readable} not"
        roles = claims(self._door.signed_in.token(self.settings.graph, meter.left())).get("roles")
        if isinstance(roles, list):
            needed = {need for needs in GRAPH_NEEDS.values() for need in needs}
            missing = sorted(needed - set(roles) - _implied(roles))
            if missing:
                details["missing_graph_permissions"] = ", ".join(missing)
        return Identity(principal or "a fixed token for emulators", self.tenant, details)

    def discover(
        self, per: str, only: Selection = EVERYWHERE, meter: Meter | None = None
    ) -> Iterable[Scope | Unread]:
        """The tenant, or its subscriptions; those that are not in use, with the reason."""
        if per not in ("tenant", "subscription"):
            msg = f"Azure has no scopes per {per}: collectors run per tenant or per subscription"
            raise Unexpected(msg)
        if per == "tenant":
            return [self.scope] if only.takes(self.scope) else []
        if self.settings.wanted == () or (only.accounts and self.tenant not in only.accounts):
            return []
        found = list(self._subscriptions(Outside(self._door.spend, meter)))
        self._tables.selected = tuple(
            str(one.region) for one in found if isinstance(one, Scope) and only.takes(one)
        )
        return found

    @property
    def spent(self) -> Mapping[str, int]:
        """Requests made so far outside of any unit, by operation."""
        return self._door.spent

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Azure:
        """A client bound to a tenant or a subscription that makes the allowed calls only."""
        return Azure(self._door, scope, meter, allowed, self._tables)

    # -- subscriptions --------------------------------------------------------------------------------

    def _subscriptions(self, meter: Meter) -> Iterator[Scope | Unread]:
        call = f"GET {SUBSCRIPTIONS}"
        client = Azure(self._door, self.scope, meter, frozenset({call}))
        wanted = self.settings.wanted
        found: dict[str, Scope | Unread] = {}
        for record in client.items(SUBSCRIPTIONS, api_version=_API_VERSION):
            number = record.get("subscriptionId")
            if not isinstance(number, str) or not number:
                msg = f"{call} answered a subscription without an id"
                raise Unexpected(msg, operation=call)
            if wanted is None or number.lower() in wanted:
                found[number.lower()] = self._judged(number.lower(), record)
        for number in wanted or ():
            if number not in found:
                found[number] = Unread(
                    self.scope_of(number),
                    CollectionStatus.DENIED,
                    "the subscription is not among those that the identity sees",
                    f"Reader on the subscription {number}",
                )
        if not found:
            found[""] = Unread(
                self.scope_of("?"),
                CollectionStatus.DENIED,
                "the identity sees no subscription (subscriptions = [] in the settings: Entra only)",
                "Reader on the subscriptions, or on the tenant's root management group",
            )
        yield from (found[number] for number in sorted(found))

    def _judged(self, number: str, record: Mapping[str, Any]) -> Scope | Unread:
        scope = self.scope_of(number)
        home = str(record.get("tenantId") or self.tenant).lower()
        if home != self.tenant:
            why = f"the subscription belongs to the tenant {home}, which is another source"
            return Unread(scope, CollectionStatus.SKIPPED, why)
        state = str(record.get("state") or "").lower()
        if state == _READABLE:
            return scope
        why = _WHY.get(state, f"the subscription is in a state that is not known: '{state}'")
        known = state in _WHY
        return Unread(scope, CollectionStatus.SKIPPED if known else CollectionStatus.FAILED, why)


def _implied(roles: list[Any]) -> set[str]:
    """Permissions that wider ones hold: ``Directory.Read.All`` reads what is of the directory."""
    if "Directory.Read.All" not in roles:
        return set()
    return {
        "Application.Read.All",
        "Domain.Read.All",
        "Group.Read.All",
        "GroupMember.Read.All",
        "GroupSettings.Read.All",
        "LicenseAssignment.Read.All",
        "Organization.Read.All",
        "RoleManagement.Read.Directory",
        "User.Read.All",
    }

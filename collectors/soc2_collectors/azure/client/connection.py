"""One tenant, signed in: the identity, its subscriptions, and what they cost."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.azure.answers import quota_wait
from soc2_collectors.azure.client.call import Azure
from soc2_collectors.azure.client.signing import SignedIn, claims
from soc2_collectors.azure.client.tables import (
    VISIBLE,
    VISIBLE_QUERY,
    Table,
    Tables,
    denied,
    fill,
)
from soc2_collectors.azure.client.wire import Wire
from soc2_collectors.azure.models.authorization import Permission
from soc2_collectors.azure.permissions import GRAPH_NEEDS, HELD, grant, shown
from soc2_pac.errors import Denied, Unexpected
from soc2_pac.model import EVERYWHERE, CollectionStatus, Identity, Scope, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_collectors.azure.answers import Answer
    from soc2_collectors.azure.client.call import _Asked
    from soc2_collectors.azure.settings import AzureSettings
    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Selection

SUBSCRIPTIONS = "/subscriptions"
_API_VERSION = "2022-12-01"
_PERMISSIONS_API = "2022-04-01"
_FRESH_SECONDS = 600.0
_READABLE = "enabled"
_WHY = {
    "disabled": "the subscription is disabled: its resources are stopped, and not looked at",
    "deleted": "the subscription is deleted",
    "warned": "the subscription is 'Warned': Azure is about to disable it, and it is not looked at",
    "pastdue": "the subscription is 'PastDue': it is not paid for, and not looked at",
}
_LONGEST_QUOTA_WAIT = 60.0


class _Outside:
    """Stands for a meter where no unit of work is counted: what the connection asks itself."""

    def __init__(self, connection: AzureConnection, waiting: Meter | None = None) -> None:
        self._connection = connection
        self._waiting = waiting

    def request(self, operation: str) -> None:
        """Count among what the connection spent."""
        self._connection.spend(operation)

    def page(self) -> None:
        """Nothing is counted."""

    def pause(self, seconds: float) -> None:
        """Wait, as the unit may that this is asked for."""
        if self._waiting is not None:
            self._waiting.pause(seconds)
        else:
            time.sleep(seconds)


class AzureConnection:
    """:class:`soc2_pac.hookspecs.Connection`: one tenant, signed in. Safe to use from threads."""

    def __init__(self, settings: AzureSettings) -> None:
        """Fetch the secrets; make no call. Raises ConfigError, CredentialsRejected."""
        self.settings = settings
        self.tenant = settings.tenant.lower()
        self.selected: tuple[str, ...] = ()
        """The subscriptions that were last found to be looked at."""
        self.tables = Tables(self)
        self._spent: Counter[str] = Counter()
        self._counting = threading.Lock()
        self.signed_in = SignedIn(settings, self.spend)
        self._quota_until = 0.0
        self._visible: dict[str, bool] = {}
        """Whether Resource Graph shows a subscription."""
        self._looked = 0.0
        self._looking = threading.Lock()
        self._held: dict[str, tuple[float, list[Permission]]] = {}
        """What the identity may do in a subscription, and when it was asked."""
        self._wire = Wire(settings.arm, settings.timeout_seconds)
        weakref.finalize(self, self._wire.close)

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
        said = claims(self.signed_in.token(self.settings.arm))
        principal = str(
            said.get("upn") or said.get("unique_name") or said.get("appid") or said.get("oid") or ""
        )
        details: dict[str, str] = {}
        if self.settings.wanted != ():
            found = list(self._subscriptions())
            readable = sum(1 for one in found if isinstance(one, Scope))
            details["subscriptions"] = f"{readable} to be looked at, {len(found) - readable} not"
        roles = claims(self.signed_in.token(self.settings.graph)).get("roles")
        if isinstance(roles, list):
            needed = {need for needs in GRAPH_NEEDS.values() for need in needs}
            missing = sorted(needed - set(roles) - _implied(roles))
            if missing:
                details["missing_graph_permissions"] = ", ".join(missing)
        return Identity(principal or "a fixed token for emulators", self.tenant, details)

    def discover(self, per: str, only: Selection = EVERYWHERE) -> Iterable[Scope | Unread]:
        """The tenant, or its subscriptions; those that are not in use, with the reason."""
        if per not in ("tenant", "subscription"):
            msg = f"Azure has no scopes per {per}: collectors run per tenant or per subscription"
            raise Unexpected(msg)
        if per == "tenant":
            return [self.scope] if only.takes(self.scope) else []
        if self.settings.wanted == () or (only.accounts and self.tenant not in only.accounts):
            return []
        found = list(self._subscriptions())
        self.selected = tuple(
            str(one.region) for one in found if isinstance(one, Scope) and only.takes(one)
        )
        return found

    @property
    def spent(self) -> Mapping[str, int]:
        """Requests made so far outside of any unit, by operation."""
        with self._counting:
            return dict(self._spent)

    def spend(self, operation: str) -> None:
        """Count a request that belongs to no unit of work."""
        with self._counting:
            self._spent[operation] += 1

    def client(self, scope: Scope, meter: Meter, allowed: frozenset[str]) -> Azure:
        """A client bound to a tenant or a subscription that makes the allowed calls only."""
        return Azure(self, scope, meter, allowed)

    # -- exchanges ------------------------------------------------------------------------------------

    def send(self, asked: _Asked, url: str, meter: Meter) -> tuple[Answer, str]:
        """One exchange, and the token that it was made with. Raises ProviderError."""
        token = self.signed_in.token(asked.origin)
        headers = {"Authorization": f"Bearer {token}", **(asked.headers or {})}
        resource_graph = asked.method == "POST"
        if resource_graph and (wait := self._quota_until - time.monotonic()) > 0:
            meter.pause(wait)
        answer = self._wire.exchange(asked.method, url, headers, asked.body)
        if resource_graph and (wait := quota_wait(answer) or 0.0):
            self._quota_until = time.monotonic() + min(wait, _LONGEST_QUOTA_WAIT)
        return answer, token

    def check_visible(self, azure: Azure, subscription: str) -> None:
        """Raises Denied where Resource Graph does not show the subscription itself."""
        with self._looking:
            stale = time.monotonic() - self._looked > _FRESH_SECONDS
            if stale or subscription not in self._visible:
                wanted = sorted({subscription, *self.selected})
                seen = self._see(azure, wanted)
                self._visible = {one: one in seen for one in wanted}
                self._looked = time.monotonic()
            if not self._visible[subscription]:
                raise denied(subscription)

    def check_shown(self, azure: Azure, subscription: str, call: str) -> None:
        """Raises Denied where the identity may not read a type of Resource Graph in all of a subscription.

        Rows that it may not read are left out without a word: an empty listing would look complete.
        """
        with self._looking:
            asked, held = self._held.get(subscription, (-_FRESH_SECONDS, []))
            if time.monotonic() - asked > _FRESH_SECONDS:
                held = self._permissions(azure, subscription)
                self._held[subscription] = (time.monotonic(), held)
        if not shown(call, held):
            msg = "the identity may not read this type in the subscription: Resource Graph leaves it out"
            raise Denied(msg, operation=call, permission=grant(call))

    def _permissions(self, azure: Azure, subscription: str) -> list[Permission]:
        client = Azure(
            self, self.scope_of(subscription), _Outside(self, azure.meter), frozenset({HELD})
        )
        found = []
        for record in client.items(HELD.removeprefix("GET "), api_version=_PERMISSIONS_API):
            try:
                found.append(msgspec.convert(record, Permission))
            except msgspec.ValidationError as error:
                msg = f"{HELD} answered what is no permission"
                raise Unexpected(msg, operation=HELD) from error
        return found

    def _see(self, azure: Azure, subscriptions: list[str]) -> set[str]:
        client = Azure(self, self.scope, _Outside(self, azure.meter), frozenset({VISIBLE}))
        table = Table(())
        if shortfall := fill(table, client, VISIBLE_QUERY, subscriptions):
            raise Unexpected(shortfall, operation=VISIBLE)
        return {one for one in subscriptions if any(table.rows(one))}

    # -- subscriptions --------------------------------------------------------------------------------

    def _subscriptions(self) -> Iterator[Scope | Unread]:
        call = f"GET {SUBSCRIPTIONS}"
        client = Azure(self, self.scope, _Outside(self), frozenset({call}))
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

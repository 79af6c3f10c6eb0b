"""What resources of Azure Resource Manager have in common, and how their parts are read.

Azure writes the same word in several cases ("Enabled", "enabled"), and ids as well: compare them folded.
Resource Graph and the API of a service differ in it, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

import msgspec

from soc2_collectors import reach
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""


def same(one: str | None, other: str) -> bool:
    """Whether two words or ids of Azure are the same: case says nothing."""
    return one is not None and one.casefold() == other.casefold()


def chosen(value: str | None, what: str, *, good: Iterable[str], bad: Iterable[str]) -> bool:
    """Whether a value of an enumeration is one of the good ones, and not one of the bad.

    Raises :class:`FactUnavailable` for a value that is in neither list: what Microsoft adds is not good
    because nobody knows it yet.
    """
    folded = (value or "").casefold()
    if folded in {one.casefold() for one in good}:
        return True
    if folded in {one.casefold() for one in bad}:
        return False
    msg = f"{what} has a value that is not known: {value!r}"
    raise FactUnavailable(msg, field=what)


def public(access: str | None) -> bool:
    """Whether a resource that no perimeter can be for answers on its public endpoint.

    By its ``publicNetworkAccess``: what is not set is on. Raises FactUnavailable for another word. Of resources that
    a network security perimeter can be for, ask :class:`soc2_collectors.azure.models.perimeter.Gate`.
    """
    return not chosen(
        access or "Enabled", "publicNetworkAccess", good=("Disabled",), bad=("Enabled",)
    )


PUBLIC_ACCESS = (
    "not set is Enabled, and then the firewall decides; Azure REST API, publicNetworkAccess"
)
"""Why ``publicNetworkAccess`` may be left out."""


def last_part(resource_id: str) -> str:
    """The last part of a resource id."""
    return resource_id.rstrip("/").rpartition("/")[2]


def subscription_of(resource_id: str) -> str:
    """The subscription's id in a resource id, folded; empty where there is none."""
    parts = resource_id.casefold().strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "subscriptions" else ""


def days_after(moment: datetime, days: int) -> datetime:
    """The instant so many days later; the last one there is where the calendar ends before that."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def covers_internet(cidrs: Iterable[str]) -> bool:
    """Whether these ranges, all together, are the internet: most of its addresses, of IPv4 or of IPv6.

    Raises Unreadable where that depends on what is no range.
    """
    return reach.open_to_internet(cidrs)


class Arm(Resource, frozen=True, kw_only=True, rename="camel"):
    """The part of a resource that every type has; each has ``properties`` of its own besides."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "tags": "tags exempt a resource, or make a rule stricter: without any, the rule asks in full",
    }

    id: str
    name: str
    location: str = ""
    tags: dict[str, str | None] | None = None

    def tagged(self, key: str, values: Iterable[str]) -> bool:
        """Whether a tag has one of these values; case says nothing."""
        wanted = {value.casefold() for value in values}
        return any(
            same(name, key) and (value or "").casefold() in wanted
            for name, value in (self.tags or {}).items()
        )


class PrivateEndpointState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a private endpoint may be used."""

    status: str | None = None
    """``Approved``, ``Pending``, ``Rejected``, ``Disconnected``."""


class PrivateEndpointProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Properties of a private endpoint connection."""

    private_link_service_connection_state: PrivateEndpointState | None = None


class PrivateEndpoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A connection of a private endpoint to a resource."""

    properties: PrivateEndpointProperties | None = None

    @property
    def approved(self) -> bool:
        """Whether it is in use."""
        state = self.properties and self.properties.private_link_service_connection_state
        return bool(state) and same(state.status if state else None, "Approved")


class IpRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address or range that a firewall admits."""

    value: str


class NetworkAcls(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The firewall of a storage account, a vault or a registry."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ipRules": "a list of further admissions: without it nobody is admitted by address",
        "ipv6Rules": "a list of further admissions, of storage accounts alone",
    }

    default_action: str
    """``Allow`` or ``Deny``: what happens to whom no rule names."""
    ip_rules: list[IpRule] | None = None
    ipv6_rules: list[IpRule] | None = None

    @property
    def admitted(self) -> list[str]:
        """The ranges that rules name, of both families."""
        return [rule.value for rules in (self.ip_rules, self.ipv6_rules) for rule in rules or ()]

    @property
    def open(self) -> bool:
        """Whether the internet gets in, by default or by the rules together.

        Raises FactUnavailable for a default action or a range that cannot be read.
        """
        if not chosen(self.default_action, "defaultAction", good=("Deny",), bad=("Allow",)):
            return True
        return reach.open_to_internet(self.admitted)


class LogCategory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One category, or group of categories, of a diagnostic setting."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "category": "an entry names a category or a group of them",
        "categoryGroup": "an entry names a category or a group of them",
    }

    category: str | None = None
    category_group: str | None = None
    enabled: bool


class DiagnosticProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a diagnostic setting sends which logs."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "storageAccountId": "one of the destinations is enough",
        "workspaceId": "one of the destinations is enough",
        "eventHubAuthorizationRuleId": "one of the destinations is enough",
        "marketplacePartnerId": "one of the destinations is enough",
    }

    storage_account_id: str | None = None
    workspace_id: str | None = None
    event_hub_authorization_rule_id: str | None = None
    marketplace_partner_id: str | None = None
    logs: list[LogCategory] | None = None


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A diagnostic setting of a resource."""

    name: str = ""
    properties: DiagnosticProperties

    @property
    def sends(self) -> bool:
        """Whether it has a destination."""
        where = self.properties
        return bool(
            where.storage_account_id
            or where.workspace_id
            or where.event_hub_authorization_rule_id
            or where.marketplace_partner_id
        )

    @property
    def keeps(self) -> bool:
        """Whether it sends to where it is kept: event hubs and partners' solutions pass it on."""
        return bool(self.properties.storage_account_id or self.properties.workspace_id)

    @property
    def recorded(self) -> frozenset[str]:
        """Categories and groups that are on, folded; nothing where nothing is sent."""
        if not self.sends:
            return frozenset()
        return frozenset(
            (log.category or log.category_group or "").casefold()
            for log in self.properties.logs or ()
            if log.enabled
        )


def recorded(settings: Iterable[Diagnostic]) -> frozenset[str]:
    """Categories and groups that any of these settings records, folded."""
    return frozenset().union(*(setting.recorded for setting in settings))

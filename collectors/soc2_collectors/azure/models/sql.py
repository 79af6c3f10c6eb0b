"""Views of SQL servers and their databases.

Source: Azure REST API, "SQL Database": Servers, Firewall Rules, IPv6 Firewall Rules, Server Azure AD
Administrators, Server Blob Auditing Policies and their extended form, Encryption Protectors, Server Security
Alert Policies, vulnerability assessments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import PUBLIC_ACCESS, Arm, Diagnostic, chosen, same
from soc2_collectors.azure.models.perimeter import Association, Gate
from soc2_pac.resources import fact

if TYPE_CHECKING:
    from collections.abc import Iterable


class ServerProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a server."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "isIPv6Enabled": "without it the IPv6 rules are judged",
    }

    minimal_tls_version: str | None = None
    """``None`` (the word), ``1.0`` to ``1.3``; left out: no minimum."""
    public_network_access: str | None = None
    """``Enabled``, ``Disabled``, ``SecuredByPerimeter``; left out: enabled."""
    is_ipv6_enabled: str | None = msgspec.field(default=None, name="isIPv6Enabled")
    """``Enabled`` or ``Disabled``: whether the server has IPv6 addresses."""


class FirewallProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The addresses that a firewall rule admits, both ends included."""

    start_ip_address: str
    end_ip_address: str


class FirewallRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall rule of a database server."""

    name: str
    properties: FirewallProperties

    @property
    def admits_azure(self) -> bool:
        """Whether it stands for every service and machine in Azure, of whatever customer."""
        ends = self.properties
        return ends.start_ip_address == ends.end_ip_address == "0.0.0.0"  # noqa: S104 - no binding

    @property
    def sources(self) -> reach.Sources:
        """Whom it admits."""
        return _sources(self.name, self.properties.start_ip_address, self.properties.end_ip_address)


class Ipv6Properties(msgspec.Struct, frozen=True, kw_only=True):
    """The IPv6 addresses that a firewall rule admits, both ends included."""

    start: str = msgspec.field(name="startIPv6Address")
    end: str = msgspec.field(name="endIPv6Address")


class Ipv6FirewallRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An IPv6 firewall rule of a SQL server."""

    name: str
    properties: Ipv6Properties

    @property
    def sources(self) -> reach.Sources:
        """Whom it admits."""
        return _sources(self.name, self.properties.start, self.properties.end)


def _sources(name: str, start: str, end: str) -> reach.Sources:
    found = reach.between(start, end)
    return reach.unread(name) if found is None else reach.known(found)


_NETWORK = 2**64
"""An IPv6 network of one site's segment (/64) counts as one address does."""


def too_wide(sources: Iterable[reach.Sources], most: int) -> bool | None:
    """Whether these admit the internet, or more than so many addresses, all together.

    ``None`` where it depends on what cannot be read.
    """
    union = reach.NO_SOURCE
    for one in sources:
        union |= one
    certain = reach.size(union.certain.v4) + reach.size(union.certain.v6) // _NETWORK
    if union.is_open() or certain > most:
        return True
    return None if union.unknown else False


class AdministratorProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who administers a server by Entra."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "azureADOnlyAuthentication": "without it logins of the server's own count as accepted",
    }

    administrator_type: str = ""
    login: str = ""
    azure_ad_only_authentication: bool | None = msgspec.field(
        default=None, name="azureADOnlyAuthentication"
    )


class Administrator(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An Entra administrator."""

    properties: AdministratorProperties


class AuditingProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Auditing of a server."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "retentionDays": "read where a storage account keeps the records",
        "storageEndpoint": "one of the destinations is enough",
        "isAzureMonitorTargetEnabled": "one of the destinations is enough",
        "auditActionsAndGroups": "not set is the recommended set; Azure REST API, auditing policies",
        "predicateExpression": "a filter: without one every event is recorded",
    }

    state: str
    retention_days: int | None = None
    """In the storage account; 0: for ever."""
    storage_endpoint: str | None = None
    is_azure_monitor_target_enabled: bool | None = None
    audit_actions_and_groups: list[str] | None = None
    """Empty: the recommended set of them."""
    predicate_expression: str | None = None
    """Of the extended policy: which events are recorded."""


class Auditing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The auditing policy of a server."""

    properties: AuditingProperties


_GROUPS = frozenset(
    {
        "BATCH_COMPLETED_GROUP",
        "SUCCESSFUL_DATABASE_AUTHENTICATION_GROUP",
        "FAILED_DATABASE_AUTHENTICATION_GROUP",
    }
)
"""What Microsoft recommends to audit: every statement, and who signed in or failed to."""


def not_audited(policies: Iterable[Auditing]) -> list[str]:
    """What these policies, which are one and its extended form, leave out of the records."""
    found: set[str] = set()
    for one in policies:
        groups = {group.upper() for group in one.properties.audit_actions_and_groups or ()}
        found |= {f"without {name}" for name in _GROUPS - groups} if groups else set()
        if one.properties.predicate_expression:
            found.add(f"only where {one.properties.predicate_expression}")
    return sorted(found)


class ProtectorProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """With what the keys of the databases are encrypted."""

    server_key_type: str
    """``ServiceManaged`` or ``AzureKeyVault``."""


class Protector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The encryption protector of a server."""

    properties: ProtectorProperties


class AlertProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Defender for SQL of a server."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabledAlerts": "a list of exceptions: without one every alert is on; Azure REST API",
        "emailAddresses": "one of the addresses, or the administrators, are enough",
        "emailAccountAdmins": "one of the addresses, or the administrators, are enough",
    }

    state: str
    disabled_alerts: list[str] | None = None
    """Sorts of alerts that are off."""
    email_addresses: list[str] | None = None
    email_account_admins: bool | None = None

    @property
    def notified(self) -> bool:
        """Whether anybody gets a mail."""
        return bool(self.email_account_admins) or any(self.email_addresses or ())

    @property
    def left_out(self) -> list[str]:
        """Sorts of alerts that are off."""
        return sorted(one for one in self.disabled_alerts or () if one)


class AlertPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The security alert policy of a server."""

    properties: AlertProperties


class ScansProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When scans run, and who is notified."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "emails": "one of the addresses, or the administrators, are enough",
        "emailSubscriptionAdmins": "one of the addresses, or the administrators, are enough",
    }

    is_enabled: bool = False
    emails: list[str] | None = None
    email_subscription_admins: bool | None = None


class AssessmentProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Vulnerability assessment: the express one has a state, the classic one a storage container."""

    state: str | None = None
    storage_container_path: str | None = None
    recurring_scans: ScansProperties | None = None


class Assessment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vulnerability assessment setting."""

    properties: AssessmentProperties


class SqlServer(Arm, frozen=True, kw_only=True, rename="camel"):
    """A logical server of SQL Database."""

    kind = "azure.sql.server"
    may_lack: ClassVar[Mapping[str, str]] = {
        **Arm.may_lack,
        "networkSecurityPerimeterConfigurations": "a list that may be empty: of no perimeter",
    }

    properties: ServerProperties
    firewall_rules: list[FirewallRule] = fact("firewallRules")
    ipv6_firewall_rules: list[Ipv6FirewallRule] = fact("ipv6FirewallRules")
    administrators: list[Administrator] = fact("administrators")
    auditing: Auditing | None = fact("auditingSettings")
    extended_auditing: Auditing | None = fact("extendedAuditingSettings")
    master_diagnostics: list[Diagnostic] = fact("masterDiagnosticSettings")
    """Diagnostic settings of the database ``master``, which send the server's records to Azure Monitor."""
    protector: Protector | None = fact("encryptionProtector")
    alert_policy: AlertPolicy | None = fact("securityAlertPolicies")
    classic_assessment: Assessment | None = fact("vulnerabilityAssessments")
    express_assessment: Assessment | None = fact("sqlVulnerabilityAssessments")
    perimeters: list[Association] = fact("networkSecurityPerimeterConfigurations")

    @property
    def gate(self) -> Gate:
        """What decides who comes in by the public endpoint."""
        return Gate(self.properties.public_network_access, self.perimeters)

    @property
    def ipv6_rules(self) -> list[Ipv6FirewallRule]:
        """The IPv6 rules that count: none where the server has no IPv6 addresses."""
        return [] if same(self.properties.is_ipv6_enabled, "Disabled") else self.ipv6_firewall_rules


class EncryptionProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``state`` since 2021, ``status`` before."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "state": "one of the two says it",
        "status": "one of the two says it",
        "scanState": "of newer versions alone; Azure REST API, Transparent Data Encryptions",
    }

    state: str | None = None
    status: str | None = None
    scan_state: str | None = None
    """How far a change got: ``None`` (the word), ``Completed``, ``Running``, ``Suspend``, ``Aborted``, ..."""


class TransparentEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Transparent data encryption of a database."""

    properties: EncryptionProperties


class DatabaseProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a database."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "encryptionProtector": "of a database with a key of its own; else the server's key holds",
    }
    any_value: ClassVar[Mapping[str, str]] = {"encryptionProtector": "which key it is is not asked"}

    encryption_protector: str | None = None
    """The address of a key in a vault, where the database has one of its own."""


class SqlDatabase(Arm, frozen=True, kw_only=True, rename="camel"):
    """A database of SQL Database; the system's own, ``master``, is left out."""

    kind = "azure.sql.database"
    may_lack: ClassVar[Mapping[str, str]] = {
        **Arm.may_lack,
        "properties": "only asked for a key of the database's own",
    }

    properties: DatabaseProperties | None = None
    encryption: TransparentEncryption | None = fact("transparentDataEncryption")

    @property
    def encrypted(self) -> bool | None:
        """Whether it is encrypted; ``None``: Azure does not say. Raises FactUnavailable for another word."""
        said = self.encryption and self.encryption.properties
        state = said and (said.state or said.status)
        if not state:
            return None
        if not chosen(state, "the state of encryption", good=("Enabled",), bad=("Disabled",)):
            return False
        under_way = (said and said.scan_state) or "None"
        chosen(under_way, "the scan that encrypts", good=("None", "Completed"), bad=())
        return True

    @property
    def own_key(self) -> bool:
        """Whether it is encrypted with a key in a vault that is its own, and not the server's."""
        return self.properties is not None and bool(self.properties.encryption_protector)

    @property
    def server_id(self) -> str:
        """The id of its server, folded."""
        return self.id.casefold().partition("/databases/")[0]

"""Views of SQL servers and their databases.

Source: Azure REST API, "SQL Database": Servers, Firewall Rules, Server Azure AD Administrators, Server
Blob Auditing Policies, Encryption Protectors, Server Security Alert Policies, vulnerability assessments.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import Arm
from soc2_pac.resources import fact


class ServerProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a server."""

    minimal_tls_version: str | None = None
    """``None`` (the word), ``1.0`` to ``1.3``; left out: no minimum."""
    public_network_access: str | None = None
    """``Enabled``, ``Disabled``, ``SecuredByPerimeter``; left out: enabled."""


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
    def addresses(self) -> int | None:
        """How many it admits; ``None`` where the ends cannot be read."""
        start, end = (
            _number(self.properties.start_ip_address),
            _number(self.properties.end_ip_address),
        )
        return None if start is None or end is None else max(end - start + 1, 0)


def _number(address: str) -> int | None:
    parts = address.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdecimal() and len(p) < 4 for p in parts):  # noqa: PLR2004
        return None
    one, two, three, four = (int(part) for part in parts)
    return (one << 24) + (two << 16) + (three << 8) + four


class AdministratorProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who administers a server by Entra."""

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

    state: str
    retention_days: int = 0
    """In the storage account; 0: for ever."""
    storage_endpoint: str | None = None
    is_azure_monitor_target_enabled: bool | None = None


class Auditing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The auditing policy of a server."""

    properties: AuditingProperties


class ProtectorProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """With what the keys of the databases are encrypted."""

    server_key_type: str
    """``ServiceManaged`` or ``AzureKeyVault``."""


class Protector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The encryption protector of a server."""

    properties: ProtectorProperties


class AlertProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Defender for SQL of a server."""

    state: str
    email_addresses: list[str] | None = None
    email_account_admins: bool | None = None

    @property
    def told(self) -> bool:
        """Whether anybody gets a mail."""
        return bool(self.email_account_admins) or any(self.email_addresses or ())


class AlertPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The security alert policy of a server."""

    properties: AlertProperties


class ScansProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When scans run, and who is told."""

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

    properties: ServerProperties
    firewall_rules: list[FirewallRule] = fact("firewallRules")
    administrators: list[Administrator] = fact("administrators")
    auditing: Auditing | None = fact("auditingSettings")
    protector: Protector | None = fact("encryptionProtector")
    alert_policy: AlertPolicy | None = fact("securityAlertPolicies")
    classic_assessment: Assessment | None = fact("vulnerabilityAssessments")
    express_assessment: Assessment | None = fact("sqlVulnerabilityAssessments")


class EncryptionProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``state`` since 2021, ``status`` before."""

    state: str | None = None
    status: str | None = None


class TransparentEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Transparent data encryption of a database."""

    properties: EncryptionProperties


class SqlDatabase(Arm, frozen=True, kw_only=True, rename="camel"):
    """A database of SQL Database; the system's own, ``master``, is left out."""

    kind = "azure.sql.database"

    encryption: TransparentEncryption | None = fact("transparentDataEncryption")

    @property
    def server_id(self) -> str:
        """The id of its server, folded."""
        return self.id.casefold().partition("/databases/")[0]

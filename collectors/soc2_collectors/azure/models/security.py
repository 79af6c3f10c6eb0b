"""Views of Defender for Cloud.

Source: Azure REST API, "Defender for Cloud": Pricings, Assessments, Settings, Security Contacts, Alerts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import Arm, Moment, chosen, same
from soc2_pac.errors import FactUnavailable


class OperationStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How switching an extension on or off ended."""

    code: str
    """``Succeeded`` or ``Failed``."""


class Extension(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a plan that can be switched on by itself; ``isEnabled`` is a text."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "operationStatus": "optional: how the last change ended; Azure REST API, Pricings",
    }

    name: str
    is_enabled: Any = None
    operation_status: OperationStatus | None = None

    @property
    def on(self) -> bool:
        """Whether it is on, and was not merely asked for."""
        asked = self.is_enabled is True or (
            isinstance(self.is_enabled, str) and same(self.is_enabled, "True")
        )
        done = self.operation_status
        return asked and (done is None or same(done.code, "Succeeded"))


class PlanProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a plan is set."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "resourcesCoverageStatus": "only of plans that may be for single resources; Azure REST API, Pricings",
        "deprecated": "set of plans that others replace; Azure REST API, Pricings",
        "subPlan": "only said in the message",
    }
    any_value: ClassVar[Mapping[str, str]] = {"subPlan": "only said in the message"}

    pricing_tier: str
    """``Standard`` (on) or ``Free`` (off)."""
    sub_plan: str | None = None
    deprecated: bool | None = None
    extensions: list[Extension] | None = None
    resources_coverage_status: str | None = None
    """``FullyCovered``, ``PartiallyCovered``, ``NotCovered``: what is set for single resources counted in."""


class DefenderPlan(Arm, frozen=True, kw_only=True, rename="camel"):
    """A plan of Defender for Cloud in a subscription."""

    kind = "azure.security.plan"
    volatile = ("properties.freeTrialRemainingTime",)

    properties: PlanProperties

    @property
    def label(self) -> str:
        """Which plan it is: ``VirtualMachines (P2)``."""
        sort = self.properties.sub_plan
        return f"{self.name} ({sort})" if sort else self.name

    @property
    def weakness(self) -> str:
        """Why it does not watch everything; empty where it does.

        Raises FactUnavailable for a tier or a coverage that is not known, and of a plan that is deprecated.
        """
        said = self.properties
        if not chosen(said.pricing_tier, "pricingTier", good=("Standard",), bad=("Free",)):
            return "off"
        covered = said.resources_coverage_status
        if covered and not chosen(
            covered,
            "resourcesCoverageStatus",
            good=("FullyCovered",),
            bad=("PartiallyCovered", "NotCovered"),
        ):
            return f"on, and {covered}"
        if said.deprecated:
            msg = f"the plan {self.name} is deprecated: what it still watches is not known"
            raise FactUnavailable(msg, field="deprecated")
        return ""

    @property
    def on(self) -> bool:
        """Whether it watches everything that it is for."""
        return not self.weakness

    @property
    def scans_machines(self) -> bool:
        """Whether disks of machines are scanned for vulnerabilities by it, without an agent."""
        return same(self.properties.pricing_tier, "Standard") and any(
            same(one.name, "AgentlessVmScanning") and one.on
            for one in self.properties.extensions or ()
        )


class AssessmentStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came out."""

    code: str
    """``Healthy``, ``Unhealthy``, ``NotApplicable``."""
    cause: str | None = None
    description: str | None = None


class AssessmentProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An assessment of one resource."""

    display_name: str = ""
    status: AssessmentStatus


class Assessment(Arm, frozen=True, kw_only=True, rename="camel"):
    """One recommendation of Defender for Cloud on one resource; its name is the recommendation's key."""

    kind = "azure.security.assessment"
    volatile = ("properties.status.statusChangeDate", "properties.status.firstEvaluationDate")

    properties: AssessmentProperties

    @property
    def resource_id(self) -> str:
        """The id of the assessed resource, folded."""
        return self.id.casefold().partition("/providers/microsoft.security/assessments/")[0]

    @property
    def healthy(self) -> bool:
        """Whether all is well."""
        return same(self.properties.status.code, "Healthy")

    @property
    def unhealthy(self) -> bool:
        """Whether something is to be done."""
        return same(self.properties.status.code, "Unhealthy")


class SettingProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether an integration is on; other settings have other fields."""

    enabled: bool | None = None


class DefenderSetting(Arm, frozen=True, kw_only=True, rename="camel"):
    """An integration of Defender for Cloud: ``MCAS``, ``WDATP``, ``Sentinel``."""

    kind = "azure.security.setting"

    properties: SettingProperties


class ByRole(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which roles get mails."""

    state: str | None = None
    roles: list[str] | None = None


class AlertNotifications(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Mails about alerts, of an API version of before 2023."""

    state: str | None = None
    minimal_severity: str | None = None


class NotificationSource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What mails are about, since 2023: ``Alert`` or ``AttackPath``."""

    source_type: str
    minimal_severity: str | None = None
    minimal_risk_level: str | None = None


_SEVERITIES = ("High", "Medium", "Low")


class ContactProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who gets mails about what."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "notificationsSources": "of versions since 2023; older ones have alertNotifications",
        "alertNotifications": "of versions before 2023; newer ones have notificationsSources",
    }

    emails: str | None = None
    is_enabled: bool | None = None
    """Since 2023; before, ``alertNotifications`` has a state of its own."""
    notifications_by_role: ByRole | None = None
    notifications_sources: list[NotificationSource] | None = None
    alert_notifications: AlertNotifications | None = None

    @property
    def alerts_from(self) -> str | None:
        """From which severity on alerts are mailed; ``None`` for not at all.

        Raises FactUnavailable where it is not said whether the contact is on, or for a severity not known.
        """
        if self.is_enabled is False:
            return None
        old = self.alert_notifications
        if self.notifications_sources is None:
            return self._severity(old.minimal_severity) if old and same(old.state, "On") else None
        for source in self.notifications_sources:
            if same(source.source_type, "Alert"):
                if self.is_enabled is None:
                    msg = "Azure does not say whether the contact is on"
                    raise FactUnavailable(msg, kind=SecurityContact.kind, field="isEnabled")
                return self._severity(source.minimal_severity)
        return None

    @property
    def notifies(self) -> bool:
        """Whether alerts are mailed to anybody. Raises FactUnavailable as :attr:`alerts_from` does."""
        roles = self.notifications_by_role
        by_role = roles is not None and same(roles.state, "On") and bool(roles.roles)
        return (bool((self.emails or "").strip(" ;,")) or by_role) and self.alerts_from is not None

    @staticmethod
    def _severity(said: str | None) -> str | None:
        chosen(said, "minimalSeverity", good=_SEVERITIES, bad=())
        return said


class SecurityContact(Arm, frozen=True, kw_only=True, rename="camel"):
    """Who is notified of alerts. Shape from documentation."""

    kind = "azure.security.contact"

    properties: ContactProperties


class AlertProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert and what became of it."""

    alert_display_name: str = ""
    severity: str
    status: str
    """``Active``, ``InProgress``, ``Resolved``, ``Dismissed``."""
    time_generated_utc: Moment


class SecurityAlert(Arm, frozen=True, kw_only=True, rename="camel"):
    """An alert of Defender for Cloud. Shape from documentation."""

    kind = "azure.security.alert"
    volatile = ("properties.processingEndTimeUtc",)

    properties: AlertProperties


class JitMachine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine whose ports open on request only."""

    id: str


class JitProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Machines of a policy."""

    virtual_machines: list[JitMachine] = []


class JitPolicy(Arm, frozen=True, kw_only=True, rename="camel"):
    """A policy of just-in-time access to machines."""

    kind = "azure.security.jit_policy"
    volatile = ("properties.requests",)

    properties: JitProperties


class VaSettingProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which scanner machines get."""

    selected_provider: str


class VaSetting(Arm, frozen=True, kw_only=True, rename="camel"):
    """The scanner that machines of a subscription get by themselves. Shape from documentation."""

    kind = "azure.security.va_setting"

    properties: VaSettingProperties


EDR = frozenset(
    {
        "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c",
        "83f577bd-a1b6-b7e1-0891-12ca19d1e6df",
        "4fb67663-9ab9-475d-b026-8c544cced439",
    }
)
"""Endpoint detection (or, before 2024, endpoint protection) should be installed on machines."""
UPDATES = frozenset(
    {
        "e1145ab1-eb4f-43d8-911b-36ddf771d13f",
        "4ab6e3c5-74dd-8b35-9ab9-f61b30875b27",
    }
)
"""System updates should be installed on machines."""
VULNERABILITY_SCANNER = frozenset({"ffff0522-1e88-47fc-8382-2a80ba848f5d"})
"""Machines should have a vulnerability assessment solution."""
JIT = frozenset({"805651bc-6ecd-4c73-9b55-97a19d0582d0"})
"""Management ports of machines should be protected with just-in-time access."""
IMAGES = frozenset(
    {
        "33422d8f-ab1e-42be-bc9a-38685bb567b9",
        "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5",
        "c5045ea3-afc6-4006-ab8f-86c8574dbf3d",
        "c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5",
        "e9acaf48-d2cf-45a3-a6e7-3caa2ef769e0",
    }
)
"""Container images in registries, and running ones, should have their vulnerabilities resolved."""
GUEST_OWNERS = frozenset({"20606e75-05c4-48c0-9d97-add6daa2109a"})
GUEST_WRITERS = frozenset({"0354476c-a12a-4fcc-a79d-f0ab7ffffdbb"})
"""Guests with owner, and with write permissions should be removed from a subscription."""
READ = EDR | UPDATES | VULNERABILITY_SCANNER | JIT | IMAGES | GUEST_OWNERS | GUEST_WRITERS
"""Keys of the recommendations that rules read; the others are not collected."""

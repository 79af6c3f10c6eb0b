"""Views of Azure Monitor: where the activity log goes, which alerts watch it, and who is told.

Source: Azure REST API, "Activity Log Alerts", "Action Groups", "Subscription Diagnostic Settings".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import (
    Arm,
    Diagnostic,
    DiagnosticProperties,
    Moment,
    chosen,
    same,
)
from soc2_pac.resources import Resource


class Leaf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition on one field of an event."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "containsAny": "a condition has equals or containsAny; one with neither is never met",
        "equals": "a condition has equals or containsAny; one with neither is never met",
    }

    field: str | None = None
    equals: str | None = None
    contains_any: list[str] | None = None

    def holds(self, event: Mapping[str, Any]) -> bool:
        """Whether it holds of an event. A field that the sample lacks narrows the alert: it does not hold."""
        value = str(event.get((self.field or "").casefold(), "")).casefold()
        if not value:
            return False
        if self.equals is not None:
            return value == self.equals.casefold()
        return any(part.casefold() in value for part in self.contains_any or ())


class Condition(Leaf, frozen=True, kw_only=True, rename="camel"):
    """A condition, or several of which one is enough."""

    may_lack: ClassVar[Mapping[str, str]] = {
        **Leaf.may_lack,
        "anyOf": "a condition has alternatives or a field; one with neither is never met",
        "field": "a condition has alternatives or a field; one with neither is never met",
    }

    any_of: list[Leaf] | None = None

    def met(self, event: Mapping[str, Any]) -> bool:
        """Whether an event meets it."""
        if self.any_of:
            return any(leaf.holds(event) for leaf in self.any_of)
        return self.holds(event)


class AllOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Conditions that must all be met."""

    all_of: list[Condition]


class GroupReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which action group is called."""

    action_group_id: str


class Actions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an alert does."""

    action_groups: list[GroupReference] | None = None


class AlertProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an alert watches."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "left out is on; Azure REST API, Activity Log Alerts: AlertRuleProperties.enabled",
    }

    enabled: bool = True
    """Left out: on."""
    scopes: list[str]
    condition: AllOf
    actions: Actions


class ActivityLogAlert(Arm, frozen=True, kw_only=True, rename="camel"):
    """An alert on the activity log."""

    kind = "azure.monitor.activity_log_alert"
    secret = ("properties.actions.actionGroups.*.webhookProperties.*",)

    properties: AlertProperties

    def covers(self, subscription_path: str) -> bool:
        """Whether it watches a whole subscription."""
        return any(same(scope.rstrip("/"), subscription_path) for scope in self.properties.scopes)

    def sees(self, event: Mapping[str, Any]) -> bool:
        """Whether an event sets it off."""
        conditions = self.properties.condition.all_of
        return bool(conditions) and all(condition.met(event) for condition in conditions)

    @property
    def group_ids(self) -> list[str]:
        """Ids of its action groups, folded."""
        return [
            one.action_group_id.casefold() for one in self.properties.actions.action_groups or ()
        ]


_NONE_OF_THEM = "a list that may be empty: without it one sort of receivers is missing"


_LISTENING = ("Enabled", "NotSpecified")


class EmailReceiver(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who gets a mail, or a message."""

    status: str | None = None
    """``Enabled``, ``Disabled`` (has opted out), ``NotSpecified``."""

    @property
    def listens(self) -> bool:
        """Whether it has not opted out. Raises FactUnavailable for a status that is missing or not known."""
        return chosen(
            self.status,
            "the status of a receiver",
            good=_LISTENING,
            bad=("Disabled",),
        )


class ActionGroupProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who and what is called. A sort of receivers that is left out has none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "emailReceivers": _NONE_OF_THEM,
        "smsReceivers": _NONE_OF_THEM,
        "voiceReceivers": _NONE_OF_THEM,
        "azureAppPushReceivers": _NONE_OF_THEM,
        "armRoleReceivers": _NONE_OF_THEM,
        "webhookReceivers": _NONE_OF_THEM,
        "itsmReceivers": _NONE_OF_THEM,
        "automationRunbookReceivers": _NONE_OF_THEM,
        "logicAppReceivers": _NONE_OF_THEM,
        "azureFunctionReceivers": _NONE_OF_THEM,
        "eventHubReceivers": _NONE_OF_THEM,
        "incidentReceivers": _NONE_OF_THEM,
    }

    enabled: bool
    email_receivers: list[EmailReceiver] | None = None
    sms_receivers: list[EmailReceiver] | None = None
    voice_receivers: list[Any] | None = None
    azure_app_push_receivers: list[Any] | None = None
    arm_role_receivers: list[Any] | None = None
    webhook_receivers: list[Any] | None = None
    itsm_receivers: list[Any] | None = None
    automation_runbook_receivers: list[Any] | None = None
    logic_app_receivers: list[Any] | None = None
    azure_function_receivers: list[Any] | None = None
    event_hub_receivers: list[Any] | None = None
    incident_receivers: list[Any] | None = None


class ActionGroup(Arm, frozen=True, kw_only=True, rename="camel"):
    """An action group."""

    kind = "azure.monitor.action_group"
    secret = (
        "properties.webhookReceivers.*.serviceUri",
        "properties.automationRunbookReceivers.*.serviceUri",
        "properties.logicAppReceivers.*.callbackUrl",
        "properties.azureFunctionReceivers.*.httpTriggerUrl",
    )

    properties: ActionGroupProperties

    @property
    def heard(self) -> bool:
        """Whether it is on and somebody, or something, is called.

        Raises FactUnavailable where that depends on a receiver that does not say whether it opted out.
        """
        who = self.properties
        if not who.enabled:
            return False
        people = [*(who.email_receivers or ()), *(who.sms_receivers or ())]
        others = (
            who.voice_receivers,
            who.azure_app_push_receivers,
            who.arm_role_receivers,
            who.webhook_receivers,
            who.itsm_receivers,
            who.automation_runbook_receivers,
            who.logic_app_receivers,
            who.azure_function_receivers,
            who.event_hub_receivers,
            who.incident_receivers,
        )
        sure = any(same(one.status, word) for one in people for word in _LISTENING)
        return sure or any(others) or any(one.listens for one in people)


class ActivityLogSetting(Resource, frozen=True, kw_only=True, rename="camel"):
    """A diagnostic setting of a subscription: where its activity log goes."""

    kind = "azure.monitor.activity_log_setting"

    id: str
    name: str
    properties: DiagnosticProperties

    @property
    def setting(self) -> Diagnostic:
        """The same as one of a resource."""
        return Diagnostic(name=self.name, properties=self.properties)


class Word(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A word of the activity log; beside it stands a translation."""

    value: str


class HumanChange(Resource, frozen=True, kw_only=True, rename="camel"):
    """A change that a person made, of the last days, as the activity log has it."""

    kind = "azure.monitor.human_change"

    id: str
    caller: str | None = None
    """Who made it, by the name of the account; left out where Azure's claims hold none."""
    operation_name: Word
    event_timestamp: Moment
    resource_id: str = ""

    @property
    def action(self) -> str:
        """``Microsoft.Compute/virtualMachines/write``."""
        return self.operation_name.value

"""Views of Azure Monitor: where the activity log goes, which alerts watch it, and who is told.

Source: Azure REST API, "Activity Log Alerts", "Action Groups", "Alert Processing Rules", "Subscription
Diagnostic Settings".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import msgspec

from soc2_collectors.azure.models.arm import (
    Arm,
    Diagnostic,
    DiagnosticProperties,
    Moment,
    same,
    subscription_of,
)
from soc2_collectors.samples import Answer, Sample, compared, every, some
from soc2_pac.resources import Resource


class Leaf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition on one field of an event."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "field": "a condition has a field, or several conditions; Azure REST API, AlertRuleAnyOfOrLeafCondition",
        "equals": "one of equals and containsAny is there; Azure REST API, AlertRuleLeafCondition",
        "containsAny": "one of equals and containsAny is there; Azure REST API, AlertRuleLeafCondition",
        "anyOf": "a condition has a field, or several conditions; Azure REST API, AlertRuleAnyOfOrLeafCondition",
    }
    field: str | None = None
    equals: str | None = None
    contains_any: list[str] | None = None

    def met(self, event: Sample) -> Answer:
        """Whether an event meets it; not known where the field is not the same in every such event."""
        if not self.field or (self.equals is None) == (self.contains_any is None):
            return None
        values = event.values((self.field.casefold(),))
        if self.equals is not None:
            return some(_equal(value, self.equals) for value in values)
        return some(
            # Whether a part of a text is enough is not documented.
            None if found is False and _within(value, one) else found
            for value in values
            for one in self.contains_any or ()
            for found in [_equal(value, one)]
        )


def _equal(value: Any, wanted: str) -> Answer:  # noqa: ANN401
    folded = wanted.casefold()
    return compared(value, folded, lambda text: text.casefold() == folded)


def _within(value: Any, wanted: str) -> bool:  # noqa: ANN401
    return isinstance(value, str) and wanted.casefold() in value.casefold()


class Condition(Leaf, frozen=True, kw_only=True, rename="camel"):
    """A condition, or several of which one is enough."""

    any_of: list[Leaf] | None = None

    def holds(self, event: Sample) -> Answer:
        """Whether an event meets it."""
        if self.any_of is None:
            return self.met(event)
        return None if self.field else some(leaf.met(event) for leaf in self.any_of)


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
        "enabled": "true is its default; Azure REST API, AlertRuleProperties",
        "tenantScope": "alerts on a whole tenant have it; Azure REST API, AlertRuleProperties",
    }
    enabled: bool = True
    scopes: list[str]
    tenant_scope: str | None = None
    condition: AllOf
    actions: Actions


class ActivityLogAlert(Arm, frozen=True, kw_only=True, rename="camel"):
    """An alert on the activity log."""

    kind = "azure.monitor.activity_log_alert"
    secret = ("properties.actions.actionGroups.*.webhookProperties.*",)

    properties: AlertProperties

    def covers(self, subscription_path: str) -> Answer:
        """Whether it watches a whole subscription: scopes are prefixes of the ids of what changes."""
        if any(same(scope.rstrip("/"), subscription_path) for scope in self.properties.scopes):
            return True
        other = [one for one in self.properties.scopes if not subscription_of(one)]
        return None if other or self.properties.tenant_scope else False

    def sees(self, event: Sample) -> Answer:
        """Whether an event sets it off."""
        conditions = self.properties.condition.all_of
        return every(one.holds(event) for one in conditions) if conditions else None

    @property
    def group_ids(self) -> list[str]:
        """Ids of its action groups, folded."""
        return [
            one.action_group_id.casefold() for one in self.properties.actions.action_groups or ()
        ]


class Recipient(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who gets a mail, or a message."""

    name: str = ""
    status: str | None = None
    """``Enabled``, ``Disabled`` (has opted out), ``NotSpecified``."""

    @property
    def reached(self) -> Answer:
        """Whether it is sent anything."""
        return {"enabled": True, "disabled": False}.get((self.status or "").casefold())


_RECEIVERS = (
    "emailReceivers",
    "smsReceivers",
    "voiceReceivers",
    "azureAppPushReceivers",
    "armRoleReceivers",
    "webhookReceivers",
    "itsmReceivers",
    "automationRunbookReceivers",
    "logicAppReceivers",
    "azureFunctionReceivers",
    "eventHubReceivers",
    "incidentReceivers",
)


class ActionGroupProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who and what is called."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        _RECEIVERS, "a sort of receivers that is left out has none; Azure REST API, ActionGroup"
    )
    enabled: bool
    email_receivers: list[Recipient] | None = None
    sms_receivers: list[Recipient] | None = None
    voice_receivers: list[Any] | None = None
    azure_app_push_receivers: list[Any] | None = None
    arm_role_receivers: list[Any] | None = None
    """Whoever holds a role of Azure; nobody may."""
    webhook_receivers: list[Any] | None = None
    itsm_receivers: list[Any] | None = None
    automation_runbook_receivers: list[Any] | None = None
    logic_app_receivers: list[Any] | None = None
    azure_function_receivers: list[Any] | None = None
    event_hub_receivers: list[Any] | None = None
    incident_receivers: list[Any] | None = None

    @property
    def programs(self) -> list[str]:
        """Sorts of receivers of which nobody knows whether a person hears."""
        sorts = {
            "holders of a role": self.arm_role_receivers,
            "runbooks": self.automation_runbook_receivers,
            "logic apps": self.logic_app_receivers,
            "functions": self.azure_function_receivers,
            "event hubs": self.event_hub_receivers,
        }
        return [name for name, found in sorts.items() if found]


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
    def reaches(self) -> Answer:
        """Whether a person is called, or a service that somebody chose for it."""
        who = self.properties
        if not who.enabled:
            return False
        chosen = (
            who.voice_receivers,
            who.azure_app_push_receivers,
            who.webhook_receivers,
            who.itsm_receivers,
            who.incident_receivers,
        )
        found = some(
            one.reached for one in (*(who.email_receivers or ()), *(who.sms_receivers or ()))
        )
        if any(chosen):
            return True
        return None if found is False and who.programs else found

    @property
    def why(self) -> str:
        """Why it does not reach anybody, or why that is not known."""
        who = self.properties
        if not who.enabled:
            return f"the action group {self.name} is off"
        people = [*(who.email_receivers or ()), *(who.sms_receivers or ())]
        unsure = sorted({one.status or "not said" for one in people if one.reached is None})
        if unsure:
            return f"the state of receivers of the action group {self.name} is {', '.join(unsure)}"
        if who.programs:
            return (
                f"the action group {self.name} calls {', '.join(who.programs)}, which may be nobody"
            )
        opted = " but who opted out" if people else ""
        return f"the action group {self.name} calls nobody{opted}"


class Filter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which alerts a processing rule is for."""

    field: str
    operator: str
    values: list[str]


class Recurring(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When a processing rule is in force."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "effectiveFrom": "from the beginning; Azure REST API, Alert Processing Rules, Schedule",
        "effectiveUntil": "without an end; Azure REST API, Alert Processing Rules, Schedule",
        "timeZone": "UTC by default; Azure REST API, Alert Processing Rules, Schedule",
        "recurrences": "all the time; Azure REST API, Alert Processing Rules, Schedule",
    }
    effective_from: datetime | None = None
    """In the time zone, which is not named here."""
    effective_until: datetime | None = None
    time_zone: str | None = None
    recurrences: list[Any] | None = None

    def around(self, moment: datetime) -> tuple[datetime, datetime]:
        """The earliest and the latest instant that a local time may be."""
        if moment.tzinfo is not None:
            return moment, moment
        utc = moment.replace(tzinfo=UTC)
        if same(self.time_zone or "UTC", "UTC"):
            return utc, utc
        return utc - timedelta(hours=14), utc + timedelta(hours=12)


class ProcessingAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a processing rule does."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "actionGroupIds": "rules that add groups have it; Azure REST API, AddActionGroups"
    }
    action_type: str
    """``RemoveAllActionGroups``, ``AddActionGroups``."""
    action_group_ids: list[str] | None = None


class ProcessingProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a processing rule is for, and what it does."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "true is its default; Azure REST API, AlertProcessingRuleProperties",
        "conditions": "for every alert; Azure REST API, AlertProcessingRuleProperties",
        "schedule": "all the time; Azure REST API, AlertProcessingRuleProperties",
    }
    enabled: bool = True
    scopes: list[str]
    """Of what the alerts are about: subscriptions, resource groups, resources."""
    conditions: list[Filter] | None = None
    schedule: Recurring | None = None
    actions: list[ProcessingAction]


class Fired(NamedTuple):
    """An alert that fires."""

    alert: ActivityLogAlert
    places: tuple[str, ...]
    """In which of subscriptions, resource groups and resources something changes: their paths, folded."""
    type: str = ""
    """What sort of resource changes, folded; empty: any, and what is about some of them says nothing."""


class AlertProcessingRule(Arm, frozen=True, kw_only=True, rename="camel"):
    """A rule that takes action groups from alerts that fire, or adds some. Shape from documentation."""

    kind = "azure.monitor.alert_processing_rule"
    secret = (
        "properties.actions.*.webhookProperties.*",
        "properties.actions.actionGroups.*.webhookProperties.*",
    )

    properties: ProcessingProperties

    @property
    def mutes(self) -> Answer:
        """Whether it keeps everybody from being called. What is not known may."""
        known = {"removeallactiongroups": True, "addactiongroups": False}
        return some(known.get(one.action_type.casefold()) for one in self.properties.actions)

    @property
    def adds(self) -> list[str]:
        """Ids of the action groups that it adds, folded."""
        return [
            one.casefold()
            for action in self.properties.actions
            if same(action.action_type, "AddActionGroups")
            for one in action.action_group_ids or ()
        ]

    def applies(self, fired: Fired) -> Answer:
        """Whether it is for an alert that fires, when it is in force."""
        if not self.properties.enabled:
            return False
        conditions = (_met(one, fired) for one in self.properties.conditions or ())
        return every((self._within(fired), *conditions))

    def _within(self, fired: Fired) -> Answer:
        """Whether what changes is in its scope: all, or some, or nothing."""
        scopes = ["/" + scope.strip("/").casefold() for scope in self.properties.scopes]
        if not fired.places or not scopes or not all(subscription_of(one) for one in scopes):
            return None
        if all(any(_holds(scope, place) for scope in scopes) for place in fired.places):
            return True
        parts = [one for one in scopes if any(_holds(place, one) for place in fired.places)]
        # Of a resource of another sort it has nothing to do with the alert.
        sorts = [_type_of(one) for one in parts]
        some_of_it = fired.type and any(not sort or _akin(sort, fired.type) for sort in sorts)
        return None if some_of_it else False

    def in_force(self, now: datetime) -> tuple[Answer, datetime | None]:
        """Whether it is in force at an instant, and the next one at which that changes."""
        when = self.properties.schedule
        if when is None:
            return True, None
        if when.effective_until is not None:
            first, last = when.around(when.effective_until)
            if now >= last:
                return False, None
            if now >= first:
                return None, last
        if when.effective_from is not None:
            first, last = when.around(when.effective_from)
            if now < first:
                return False, first
            if now < last:
                return None, last
        until = when.around(when.effective_until)[0] if when.effective_until is not None else None
        return (None if when.recurrences else True), until


def _holds(path: str, other: str) -> bool:
    """Whether a subscription, group or resource is another one, or holds it."""
    return other == path or other.startswith(f"{path}/")


def _type_of(path: str) -> str:
    """The type in a resource's id, folded; empty for a resource group's."""
    _, _, after = path.rpartition("/providers/")
    parts = after.split("/") if "/providers/" in path else []
    return "/".join(parts[:1] + parts[1::2])


def _akin(one: str, other: str) -> bool:
    """Whether a resource of one type may be what changes, or hold it."""
    return one == other or other.startswith(f"{one}/") or one.startswith(f"{other}/")


_ALWAYS: Mapping[str, Callable[[str], bool]] = {
    "monitorservice": lambda one: "activity" in one,
    "signaltype": lambda one: "activity" in one or one == "log",
    "severity": lambda one: one == "sev4",
    "monitorcondition": lambda one: one == "fired",
}
"""What is the same in every alert on the activity log, but service health."""


def _met(condition: Filter, fired: Fired) -> Answer:
    """Whether an alert that fires meets a condition; values that may be met are not known to be."""
    field, operator = condition.field.casefold(), condition.operator.casefold()
    values = [one.casefold() for one in condition.values]
    if not values:
        return None
    own = {
        "alertruleid": fired.alert.id.casefold(),
        "alertrulename": fired.alert.name.casefold(),
        "targetresourcetype": fired.type,
    }.get(field)
    if own:
        equal = own in values
        if field == "targetresourcetype" and not equal and any(_akin(own, one) for one in values):
            # Whether an alert on a part of a resource names the part or the whole is not documented.
            return None
        return {
            "equals": equal,
            "notequals": not equal,
            "contains": any(one in own for one in values),
            "doesnotcontain": not any(one in own for one in values),
        }.get(operator)
    fits = _ALWAYS.get(field)
    if fits is not None and operator == "equals" and not any(fits(one) for one in values):
        return False
    return None


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

    @property
    def keeps(self) -> bool:
        """Whether it sends to where it is kept: event hubs and partners' solutions pass it on."""
        return self.setting.keeps


class Word(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A word of the activity log; beside it stands a translation."""

    value: str


class HumanChange(Resource, frozen=True, kw_only=True, rename="camel"):
    """A change that a person made, of the last days, as the activity log has it."""

    kind = "azure.monitor.human_change"

    id: str
    caller: str
    operation_name: Word
    event_timestamp: Moment
    resource_id: str = ""

    @property
    def action(self) -> str:
        """``Microsoft.Compute/virtualMachines/write``."""
        return self.operation_name.value

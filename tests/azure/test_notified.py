"""Conditions of alerts on samples of events, and when processing rules are for an alert and in force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.azure.models.monitor import (
    ActionGroup,
    ActivityLogAlert,
    AlertProcessingRule,
    Fired,
)
from soc2_collectors.samples import Sample, Varies
from soc2_pac.canonical import canonical
from soc2_pac.resources import view

if TYPE_CHECKING:
    from soc2_collectors.samples import Answer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN = "/subscriptions/s/resourceGroups/g/providers"
EVENT = {
    "category": "Administrative",
    "operationname": "Microsoft.Network/networkSecurityGroups/write",
    "caller": Varies(examples=("anna@acme.example",)),
}


def alert(conditions: list[dict[str, Any]], **properties: Any) -> ActivityLogAlert:
    body = {
        "id": f"{IN}/microsoft.insights/activityLogAlerts/a",
        "name": "a",
        "properties": {
            "scopes": ["/subscriptions/s"],
            "condition": {"allOf": conditions},
            "actions": {},
            **properties,
        },
    }
    return view(ActivityLogAlert, canonical(body))


ADMIN = {"field": "Category", "equals": "administrative"}


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ([ADMIN], True),
        ([], None),
        ([{"field": "category", "equals": "Security"}], False),
        ([ADMIN, {"field": "operationName", "equals": "microsoft.network/networksecuritygroups/WRITE"}], True),
        ([ADMIN, {"field": "operationName", "equals": "networkSecurityGroups"}], False),
        ([ADMIN, {"field": "operationName", "containsAny": ["networkSecurityGroups"]}], None),
        ([ADMIN, {"field": "operationName", "containsAny": ["x", EVENT["operationname"]]}], True),
        ([ADMIN, {"field": "operationName", "containsAny": ["x"]}], False),
        ([ADMIN, {"field": "operationName", "containsAny": []}], False),
        ([ADMIN, {"field": "operationName", "equals": "x", "containsAny": ["x"]}], None),
        ([ADMIN, {"field": "operationName"}], None),
        ([ADMIN, {"equals": "x"}], None),
        ([ADMIN, {"field": "caller", "equals": "anna@acme.example"}], None),
        ([ADMIN, {"field": "properties.policies", "equals": "x"}], None),
        ([ADMIN, {"anyOf": [{"field": "caller", "equals": "x"}, ADMIN]}], True),
        ([ADMIN, {"anyOf": [{"field": "operationName", "equals": "x"}]}], False),
        ([ADMIN, {"anyOf": []}], False),
        ([ADMIN, {"anyOf": [ADMIN], "field": "caller", "equals": "x"}], None),
    ],
)  # fmt: skip
def test_whether_an_alert_takes_an_event(conditions: list[dict[str, Any]], answer: Answer) -> None:
    assert alert(conditions).sees(Sample(EVENT)) is answer


@pytest.mark.parametrize(
    ("scopes", "more", "answer"),
    [
        (["/subscriptions/S/"], {}, True),
        (["/subscriptions/s/resourceGroups/g"], {}, False),
        (["/subscriptions/t"], {}, False),
        (["/providers/Microsoft.Management/managementGroups/root"], {}, None),
        ([], {}, False),
        ([], {"tenantScope": "t"}, None),
    ],
)
def test_what_an_alert_watches(scopes: list[str], more: dict[str, Any], answer: Answer) -> None:
    assert alert([ADMIN], scopes=scopes, **more).covers("/subscriptions/s") is answer


@pytest.mark.parametrize(
    ("receivers", "answer"),
    [
        ({}, False),
        ({"emailReceivers": [{"name": "a", "status": "Enabled"}]}, True),
        ({"emailReceivers": [{"name": "a", "status": "Disabled"}]}, False),
        ({"emailReceivers": [{"name": "a"}]}, None),
        ({"smsReceivers": [{"name": "a", "status": "SomethingNew"}]}, None),
        ({"voiceReceivers": [{"name": "a"}]}, True),
        ({"armRoleReceivers": [{"name": "a"}]}, None),
        ({"eventHubReceivers": [{"name": "a"}], "webhookReceivers": [{"name": "b"}]}, True),
        ({"webhookReceivers": [{"name": "b"}], "enabled": False}, False),
    ],
)
def test_whom_a_group_reaches(receivers: dict[str, Any], answer: Answer) -> None:
    body = {"id": "i", "name": "n", "properties": {"enabled": True, **receivers}}
    group = view(ActionGroup, canonical(body))
    assert group.reaches is answer
    assert answer or "action group n" in group.why


def processing(**properties: Any) -> AlertProcessingRule:
    given = {
        "scopes": ["/subscriptions/s"],
        "actions": [{"actionType": "RemoveAllActionGroups"}],
        **properties,
    }
    return view(AlertProcessingRule, canonical({"id": "r", "name": "r", "properties": given}))


def condition(field: str, operator: str, *values: str) -> dict[str, Any]:
    return {"conditions": [{"field": field, "operator": operator, "values": list(values)}]}


NSG = "microsoft.network/networksecuritygroups"


@pytest.mark.parametrize(
    ("properties", "answer"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"scopes": ["/subscriptions/t"]}, False),
        ({"scopes": []}, None),
        ({"scopes": ["somewhere"]}, None),
        ({"scopes": ["/subscriptions/S/resourceGroups/g"]}, None),
        ({"scopes": [f"{IN}/Microsoft.Network/networkSecurityGroups/web"]}, None),
        ({"scopes": [f"{IN}/Microsoft.Compute/virtualMachines/web"]}, False),
        (condition("AlertRuleName", "Equals", "A"), True),
        (condition("AlertRuleName", "Contains", "b", "a"), True),
        (condition("AlertRuleName", "NotEquals", "b"), True),
        (condition("AlertRuleName", "DoesNotContain", "a"), False),
        (condition("AlertRuleName", "Matches", "a"), None),
        (condition("AlertRuleName", "Equals"), None),
        (condition("TargetResourceType", "Equals", NSG), True),
        (condition("TargetResourceType", "Equals", "microsoft.compute/virtualmachines"), False),
        (condition("TargetResourceType", "Equals", f"{NSG}/securityRules"), None),
        (condition("TargetResourceType", "NotEquals", f"{NSG}/securityRules"), None),
        (condition("MonitorService", "Equals", "Platform"), False),
        (condition("MonitorService", "Equals", "ActivityLog Administrative"), None),
        (condition("Severity", "Equals", "Sev0", "Sev1"), False),
        (condition("Severity", "NotEquals", "Sev0"), None),
        (condition("Description", "Contains", "x"), None),
    ],
)
def test_whether_a_processing_rule_is_for_an_alert(
    properties: dict[str, Any], answer: Answer
) -> None:
    fired = Fired(alert([ADMIN]), ("/subscriptions/s",), NSG)
    assert processing(**properties).applies(fired) is answer


def test_a_processing_rule_for_all_that_an_alert_watches() -> None:
    watched = Fired(alert([ADMIN]), ("/subscriptions/s/resourcegroups/g",))
    assert processing().applies(watched) is True
    assert processing(scopes=["/subscriptions/s/resourceGroups/g/"]).applies(watched) is True
    assert processing(scopes=["/subscriptions/s/resourceGroups/h"]).applies(watched) is False
    assert processing(scopes=[f"{IN}/Microsoft.Web/sites/x"]).applies(watched) is False
    assert processing().applies(Fired(alert([ADMIN]), ())) is None


@pytest.mark.parametrize(
    ("schedule", "answer", "until"),
    [
        (None, True, None),
        ({}, True, None),
        ({"effectiveUntil": "2026-06-01T11:00:00"}, False, None),
        ({"effectiveUntil": "2026-06-01T11:00:00", "timeZone": "Pacific Standard Time"}, None, "01 23"),
        ({"effectiveUntil": "2026-06-02T11:00:00"}, True, "02 11"),
        ({"effectiveFrom": "2026-06-01T13:00:00"}, False, "01 13"),
        ({"effectiveFrom": "2026-06-01T13:00:00", "timeZone": "Tokyo Standard Time"}, None, "02 01"),
        ({"effectiveFrom": "2026-05-01T13:00:00", "recurrences": [{"recurrenceType": "Daily"}]}, None, None),
    ],
)  # fmt: skip
def test_when_a_processing_rule_is_in_force(
    schedule: dict[str, Any] | None, answer: Answer, until: str | None
) -> None:
    found, changes = processing(schedule=schedule).in_force(NOW)
    assert found is answer
    assert (changes and f"{changes:%d %H}") == until

"""Until when verdicts on Azure hold, and which roles policies of conditional access look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_ADMIN = "62e90394-69f5-4237-9190-012177145e10"
_SECURITY = "194ae4cb-b126-40b2-bd5b-6091b380977d"
_ANN = {"id": "u-ann", "userPrincipalName": "ann@acme.example", "accountEnabled": True}


def _held(role: str, scope: str = "/") -> dict[str, Any]:
    return {
        "id": role,
        "principalId": "u-ann",
        "roleDefinitionId": role,
        "directoryScopeId": scope,
        "principal": {"id": "u-ann", "@odata.type": "#microsoft.graph.user"},
    }


def _review(bounds: dict[str, Any], *coming: dict[str, Any]) -> dict[str, Any]:
    pattern = {"type": "absoluteMonthly", "interval": 3}
    ended = {
        "id": "x1",
        "status": "Applied",
        "startDateTime": "2026-10-01T00:00:00Z",
        "endDateTime": "2026-10-15T00:00:00Z",
    }
    return {
        "id": "r1",
        "displayName": "Roles",
        "scope": {
            "resourceScopes": [{"query": f"/roleManagement/directory/roleDefinitions/{_ADMIN}"}],
            "principalScopes": [{"query": "/users"}],
        },
        "settings": {"recurrence": {"pattern": pattern, "range": bounds}},
        "instances": [ended, *coming],
        "decisions": {
            "x1": [
                {
                    "id": "d1",
                    "decision": "Approve",
                    "reviewedBy": {"id": "u-boss"},
                    "principal": {"id": "u-ann"},
                }
            ]
        },
    }


@pytest.mark.parametrize(
    ("review", "end"),
    [
        (_review({"type": "noEnd"}), datetime(2027, 1, 16, tzinfo=UTC)),
        (
            _review({"type": "endDate", "endDate": "2026-12-01"}),
            datetime(2026, 12, 1, 23, 59, 59, 999999, tzinfo=UTC),
        ),
        (
            _review(
                {"type": "noEnd"},
                {
                    "id": "x2",
                    "status": "InProgress",
                    "startDateTime": "2026-10-28T00:00:00Z",
                    "endDateTime": "2026-11-10T00:00:00Z",
                },
            ),
            datetime(2026, 11, 10, tzinfo=UTC),
        ),
    ],
    ids=["the last round grows old", "the series ends", "the next round ends"],
)
def test_a_review_counts_until_the_first_of_what_may_end_it(
    review: dict[str, Any], end: datetime
) -> None:
    rule = RULES["azure-access-reviews"]
    given: dict[str, list[dict[str, Any]]] = {
        "azure.entra.access_review": [review],
        "azure.entra.user": [{**_ANN, "userType": "Member"}],
        "azure.entra.role_assignment": [_held(_ADMIN)],
        "azure.entra.role_eligibility": [],
    }
    tenant = {"id": "t", "displayName": "Acme", "assignedPlans": []}
    found = judge_document(rule, tenant, given, now=NOW)
    assert (found.status, found.until) == (Status.PASS, end)
    assert judge_document(rule, tenant, given, now=end).status is Status.FAIL


@pytest.mark.parametrize(
    ("has", "may", "status"),
    [
        ([_SECURITY], [_ADMIN], Status.FAIL),
        ([], [_ADMIN], Status.PASS),
        ([_ADMIN], [_SECURITY], Status.PASS),
    ],
    ids=["of another role", "of none", "of the role"],
)
def test_a_policy_for_a_role_is_for_who_has_it_now(
    has: list[str], may: list[str], status: Status
) -> None:
    policy = {
        "id": "p1",
        "displayName": "MFA for administrators",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": [], "includeRoles": [_ADMIN]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }
    factor = {
        "id": "u-ann",
        "userPrincipalName": "ann@acme.example",
        "isMfaRegistered": True,
        "isMfaCapable": True,
    }
    given: dict[str, list[dict[str, Any]]] = {
        "azure.entra.conditional_access_policy": [policy],
        "azure.entra.policy_group": [],
        "azure.entra.security_defaults": [{"id": "d", "isEnabled": False}],
        "azure.entra.registration": [factor],
        "azure.entra.role_assignment": [_held(role) for role in has],
        "azure.entra.role_eligibility": [_held(role) for role in may],
    }
    found = judge_document(RULES["azure-privileged-mfa"], _ANN, given, now=NOW)
    assert found.status is status, found.message


def test_a_backup_holds_until_the_last_one_that_ran_grows_old() -> None:
    machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web"
    said = {
        "sourceResourceId": machine,
        "backupManagementType": "AzureIaasVM",
        "protectionState": "Protected",
        "lastBackupStatus": "Completed",
        "lastBackupTime": "2026-10-30T00:00:00Z",
        "lastRecoveryPoint": "2026-10-31T00:00:00Z",
        "policyId": "/p/daily",
    }
    kept = {"retentionDuration": {"count": 30, "durationType": "Days"}}
    vault = {
        "id": "v",
        "name": "safe",
        "backupProtectedItems": [{"properties": said}],
        "backupPolicies": [
            {
                "id": "/p/daily",
                "name": "daily",
                "properties": {"retentionPolicy": {"dailySchedule": kept}},
            }
        ],
    }
    document = {
        "id": machine,
        "name": "web",
        "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}},
    }
    given = {"azure.recovery_services.vault": [vault]}
    rule, end = RULES["azure-vm-backup"], datetime(2026, 11, 7, tzinfo=UTC)
    found = judge_document(rule, document, given, now=NOW)
    assert (found.status, found.until) == (Status.PASS, end)
    assert judge_document(rule, document, given, now=end).status is Status.FAIL

"""Filters of Cloud Logging, evaluated on entries."""

from __future__ import annotations

from typing import Any

import pytest

from soc2_collectors.gcp.models.log_filters import compiled
from soc2_collectors.samples import ABSENT, Answer, Sample, Varies

ENTRY: dict[str, Any] = {
    "logName": "projects/acme-prod/logs/cloudaudit.googleapis.com%2Factivity",
    "severity": "NOTICE",
    "labels": {"a.b/c": "one"},
    "resource": {"type": "project", "labels": {"project_id": "acme-prod"}},
    "protoPayload": {
        "serviceName": "cloudresourcemanager.googleapis.com",
        "methodName": "SetIamPolicy",
        "status": {"code": 7},
        "serviceData": {
            "policyDelta": {
                "bindingDeltas": [
                    {"action": "REMOVE", "role": "roles/viewer"},
                    {"action": "ADD", "role": "roles/owner"},
                ]
            }
        },
    },
}
TAKES = [
    "",
    "  -- everything\n",
    'resource.type="project"',
    "resource.type = PROJECT",
    'LOG_ID("cloudaudit.googleapis.com/activity")',
    'logName="projects/acme-prod/logs/cloudaudit.googleapis.com%2Factivity"',
    "SetIam",
    '"roles/owner"',
    'SEARCH("SetIamPolicy")',
    'labels."a.b/c"=one',
    "protoPayload.methodName:setiam",
    "protoPayload.serviceData.policyDelta.bindingDeltas:*",
    'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"',
    'protoPayload.methodName=~"^Set(Iam|Acl)Policy$"',
    'protoPayload.methodName!~"^Get"',
    "protoPayload.methodName!=GetIamPolicy",
    "protoPayload.status.code>5 protoPayload.status.code<=7",
    "severity>=NOTICE",
    "NOT severity>NOTICE",
    "-resource.type=gce_instance",
    "NOT jsonPayload.message=x",
    'resource.type=("gce_route" OR "project")',
    'resource.type=(NOT "gce_route")',
    # OR binds closer than AND, which nothing between two comparisons stands for.
    "resource.type=project OR resource.type=x AND severity=NOTICE OR severity=DEBUG",
    "(resource.type=x OR resource.type=project)\nprotoPayload.methodName=SetIamPolicy",
]
LEAVES = [
    "resource.type=gce_route",
    'NOT LOG_ID("cloudaudit.googleapis.com/activity")',
    'LOG_ID("cloudaudit.googleapis.com/data_access")',
    "jsonPayload.message!=x",
    "jsonPayload.message:*",
    "jsonPayload.code>3",
    "severity>=ERROR",
    'protoPayload.methodName=~"^setiampolicy$"',
    # With AND closer than OR this would be taken.
    "resource.type=project OR severity=NOTICE AND severity=DEBUG",
    "nothing of this",
    'resource.type=("a" AND "project")',
]
STRANGE = [
    "sample(insertId, 0.5)",
    'ip_in_net(jsonPayload.ip, "10.0.0.0/8")',
    'timestamp>="2026-01-01T00:00:00Z"',
    "resource.type=",
    "(resource.type=project",
    "resource.type=project)",
    "AND resource.type=project",
    "jsonPayload.a=NULL_VALUE",
    'protoPayload.methodName=~"(a+)+$"',
    'protoPayload.methodName=~"(?<=x)y"',
    'protoPayload.methodName=~"("',
    '"never closed',
    "(" * 500 + "a" + ")" * 500,
    "NOT " * 500 + "a",
    "a " * 15_000,
]


@pytest.mark.parametrize("text", TAKES)
def test_what_a_filter_takes(text: str) -> None:
    test = compiled(text)
    assert test is not None
    assert test(Sample(ENTRY, whole=True)) is True


@pytest.mark.parametrize("text", LEAVES)
def test_what_a_filter_leaves(text: str) -> None:
    test = compiled(text)
    assert test is not None
    assert test(Sample(ENTRY, whole=True)) is False


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: text[:30])
def test_what_is_not_understood_is_said_to_be_so(text: str) -> None:
    assert compiled(text) is None


SAMPLE = {
    "logName": "projects/acme-prod/logs/cloudaudit.googleapis.com%2Factivity",
    "jsonPayload": ABSENT,
    "protoPayload": {
        "methodName": "SetIamPolicy",
        "authenticationInfo": {"principalEmail": Varies(but=("robot@acme.example",))},
        "serviceData": {"policyDelta": {"bindingDeltas": [{"role": "roles/owner"}]}},
    },
}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("protoPayload.methodName=SetIamPolicy", True),
        ("protoPayload.methodName=SetIamPolicy AND severity>=NOTICE", None),
        ("protoPayload.methodName=Other AND severity>=NOTICE", False),
        ("protoPayload.methodName=SetIamPolicy OR severity>=NOTICE", True),
        ("NOT protoPayload.resourceName:projects", None),
        ("jsonPayload.event_subtype=x", False),  # as filters were written before 2020
        ("NOT jsonPayload:*", True),
        ("protoPayload.authenticationInfo.principalEmail:anna", None),
        ("NOT protoPayload.authenticationInfo.principalEmail=robot@acme.example", True),
        ("protoPayload.authenticationInfo.principalEmail!=anna@acme.example", None),
        ("protoPayload.authenticationInfo.principalEmail:*", True),
        ('protoPayload.authenticationInfo.principalEmail=~"^anna"', None),
        ('protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"', True),
        ("protoPayload.serviceData.policyDelta.bindingDeltas.action=ADD", None),
        ("SetIamPolicy", True),
        ("ProjectOwnership", None),
        ("NOT SetIamPolicy", False),
        ("operation.last=true", None),
    ],
)
def test_what_a_filter_says_of_an_entry_that_is_known_in_part(text: str, answer: Answer) -> None:
    test = compiled(text)
    assert test is not None
    assert test(Sample(SAMPLE)) is answer


def test_what_a_filter_asked_for_is_told() -> None:
    sample, test = Sample(SAMPLE), compiled("operation.last=true SetIamPolicy")
    assert test is not None
    test(sample)
    assert sample.asked == {"operation.last"}

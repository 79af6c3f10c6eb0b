"""Hierarchical policies of Cloud Armor: for which backends they hold."""

from __future__ import annotations

import pytest

from soc2_pac import plugins
from soc2_pac.model import Scope, Status
from soc2_pac.testing import judge_document

RULE = plugins.load().rules["gcp-cloud-armor"]
BACKEND = {
    "name": "//compute.googleapis.com/projects/p/global/backendServices/web",
    "assetType": "compute.googleapis.com/BackendService",
    "ancestors": ["projects/123", "folders/1", "organizations/9"],
    "resource": {
        "data": {"name": "web", "protocol": "HTTPS", "loadBalancingScheme": "EXTERNAL_MANAGED"}
    },
}


@pytest.mark.parametrize(
    ("association", "action", "status"),
    [
        ({"attachmentId": "organizations/9"}, "deny(403)", Status.PASS),
        ({"attachmentId": "folders/1"}, "throttle", Status.PASS),
        ({"attachmentId": "projects/p"}, "deny(403)", Status.PASS),
        ({"attachmentId": "folders/2"}, "deny(403)", Status.FAIL),
        ({"attachmentId": "organizations/9"}, "allow", Status.FAIL),
        (
            {"attachmentId": "organizations/9", "excludedProjects": ["projects/123"]},
            "deny(403)",
            Status.FAIL,
        ),
        (
            {"attachmentId": "organizations/9", "excludedFolders": ["folders/1"]},
            "deny(403)",
            Status.FAIL,
        ),
    ],
)
def test_a_policy_from_above_counts_where_it_holds(
    association: dict[str, object], action: str, status: Status
) -> None:
    data = {"associations": [association], "rules": [{"priority": 1, "action": action}]}
    policy = {
        "name": "//compute.googleapis.com/locations/global/securityPolicies/77",
        "assetType": "compute.googleapis.com/SecurityPolicy",
        "resource": {"data": data},
    }
    given = {"gcp.iam.policy": [], "gcp.compute.security_policy": [policy]}
    scope = Scope("gcp", "organizations/9")
    assert judge_document(RULE, BACKEND, given, scope=scope).status is status

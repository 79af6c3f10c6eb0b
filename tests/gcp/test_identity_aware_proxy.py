"""Identity-Aware Proxy keeps nobody out whom one of its policies lets through."""

from __future__ import annotations

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULE = plugins.load().rules["gcp-cloud-armor"]
BACKEND = {
    "name": "//compute.googleapis.com/projects/p/global/backendServices/web",
    "assetType": "compute.googleapis.com/BackendService",
    "ancestors": ["projects/123"],
    "resource": {
        "data": {
            "id": "77",
            "name": "web",
            "protocol": "HTTPS",
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "iap": {"enabled": True},
        }
    },
}


@pytest.mark.parametrize(
    ("resource", "member", "status"),
    [
        ("projects/123/iap_web/compute/services/77", "allUsers", Status.FAIL),
        ("projects/123/iap_web/compute/services/web", "allAuthenticatedUsers", Status.FAIL),
        ("projects/123/iap_web/compute", "allUsers", Status.FAIL),
        ("projects/123/iap_web", "allUsers", Status.FAIL),
        ("projects/p/iap_web", "allUsers", Status.FAIL),
        ("projects/123/iap_web/compute-eu/services/77", "allUsers", Status.FAIL),
        ("projects/123/iap_web/compute/services/78", "allUsers", Status.PASS),
        ("projects/123/iap_web/appengine-acme", "allUsers", Status.PASS),
        ("projects/123/iap_web/cloud_run-eu/services/web", "allUsers", Status.PASS),
        ("projects/124/iap_web", "allUsers", Status.PASS),
        ("projects/123/iap_tunnel", "allUsers", Status.PASS),
        ("projects/123/iap_web", "group:staff@acme.example", Status.PASS),
    ],
)
def test_a_policy_that_is_for_everyone_counts(resource: str, member: str, status: Status) -> None:
    policy = {
        "name": f"//iap.googleapis.com/{resource}",
        "assetType": "iap.googleapis.com/WebService",
        "ancestors": ["projects/123"],
        "iamPolicy": {
            "bindings": [{"role": "roles/iap.httpsResourceAccessor", "members": [member]}]
        },
    }
    given = {"gcp.iam.policy": [policy], "gcp.compute.security_policy": []}
    assert judge_document(RULE, BACKEND, given).status is status

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


@pytest.mark.parametrize(
    ("node", "role", "status"),
    [
        ("folders/1", "roles/iap.httpsResourceAccessor", Status.FAIL),
        ("folders/1", "organizations/9/roles/visitor", Status.FAIL),
        ("folders/1", "roles/viewer", Status.PASS),
        ("folders/2", "roles/iap.httpsResourceAccessor", Status.PASS),
    ],
)
def test_what_everyone_may_do_above_the_project_counts(
    node: str, role: str, status: Status
) -> None:
    policy = {
        "name": f"//cloudresourcemanager.googleapis.com/{node}",
        "assetType": "cloudresourcemanager.googleapis.com/Folder",
        "ancestors": [node],
        "iamPolicy": {"bindings": [{"role": role, "members": ["allAuthenticatedUsers"]}]},
    }
    given = {"gcp.iam.policy": [policy], "gcp.compute.security_policy": []}
    backend = {**BACKEND, "ancestors": ["projects/123", "folders/1"]}
    assert judge_document(RULE, backend, given).status is status

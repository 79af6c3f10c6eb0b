"""What makes an administrator, who a member is, and what conditions take away."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp.models import conditions, federation
from soc2_collectors.gcp.models.apikeys import names_site
from soc2_collectors.gcp.models.cel import NotUnderstood, parsed
from soc2_collectors.gcp.models.members import Member, Sort
from soc2_collectors.gcp.models.osconfig import Details, Score
from soc2_collectors.gcp.models.privileges import (
    ACT_AS,
    BASIC_CHANGING,
    WAYS,
    Way,
    called_administrator,
    escalations,
    known_permissions,
)
from soc2_pac.model import Scope, Status
from soc2_pac.plugins import load
from soc2_pac.testing import judge_document

if TYPE_CHECKING:
    from soc2_pac.rules import Rule

NOW = datetime(2026, 10, 1, tzinfo=UTC)
HERE = Scope("gcp", "organizations/9")
APP = "app@acme-prod.iam.gserviceaccount.com"
LEAF = "//cloudresourcemanager.googleapis.com"
CUSTOM = "projects/acme-prod/roles/logReader"
ACCOUNT = {
    "name": "//iam.googleapis.com/projects/acme-prod/serviceAccounts/1001",
    "assetType": "iam.googleapis.com/ServiceAccount",
    "ancestors": ["projects/123", "folders/4", "organizations/9"],
    "resource": {"data": {"email": APP}},
}


def policy(node: str, role: str, member: str = f"serviceAccount:{APP}") -> dict[str, Any]:
    path = ["projects/123", "folders/4", "organizations/9"]
    return {
        "name": f"{LEAF}/{node}",
        "assetType": "cloudresourcemanager.googleapis.com/Project",
        "ancestors": path[path.index(node) :],
        "iamPolicy": {"bindings": [{"role": role, "members": [member]}]},
    }


def custom(name: str, *permissions: str, **other: Any) -> dict[str, Any]:
    return {"name": name, "definition": {"includedPermissions": list(permissions), **other}}


@cache
def no_admin() -> Rule:
    return load().rules["gcp-sa-no-admin"]


def judged(policies: list[dict[str, Any]], roles: list[dict[str, Any]]) -> Status:
    given = {"gcp.iam.policy": policies, "gcp.iam.role": roles}
    return judge_document(no_admin(), ACCOUNT, given, now=NOW, scope=HERE).status


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(sorted(way.needs)))
@pytest.mark.parametrize("node", ["projects/123", "folders/4", "organizations/9"])
def test_a_custom_role_with_a_way_to_more_rights_is_one_of_an_administrator(
    way: Way, node: str
) -> None:
    role = custom(CUSTOM, "logging.logEntries.list", *way.needs)
    assert judged([policy(node, CUSTOM)], [role]) is Status.FAIL
    assert way.source


@pytest.mark.parametrize(
    "way", [way for way in WAYS if len(way.needs) > 1], ids=lambda way: "+".join(sorted(way.needs))
)
def test_two_roles_that_make_the_way_together_count_where_they_meet(way: Way) -> None:
    acting = custom("projects/acme-prod/roles/acting", ACT_AS)
    rest = custom("organizations/9/roles/running", *(way.needs - {ACT_AS}))
    policies = [policy("projects/123", acting["name"]), policy("organizations/9", rest["name"])]
    assert judged(policies, [acting, rest]) is Status.FAIL
    assert judged(policies[:1], [acting, rest]) is Status.PASS
    assert judged(policies[1:], [acting, rest]) is Status.PASS


@pytest.mark.parametrize("role", sorted(BASIC_CHANGING))
@pytest.mark.parametrize(
    "member",
    [
        f"serviceAccount:{APP}",
        f"serviceAccount:{APP.title()}",
        f"principalSet:{LEAF}/projects/123/type/ServiceAccount",
        f"principalSet:{LEAF}/organizations/9/type/ServiceAccount",
    ],
)
def test_a_basic_role_counts_by_every_name_that_the_account_has(role: str, member: str) -> None:
    assert judged([policy("folders/4", role, member)], []) is Status.FAIL


def test_a_basic_role_counts_only_for_those_it_is_given_to() -> None:
    others = [
        f"deleted:serviceAccount:{APP}?uid=1",
        "serviceAccount:app@acme-staging.iam.gserviceaccount.com",
        f"principalSet:{LEAF}/projects/777/type/ServiceAccount",
    ]
    for member in others:
        assert judged([policy("projects/123", "roles/owner", member)], []) is Status.PASS, member


@pytest.mark.parametrize("change", [{"deleted": True}, {"stage": "DISABLED"}])
def test_a_role_that_is_out_of_use_grants_nothing(change: dict[str, Any]) -> None:
    role = custom(CUSTOM, "resourcemanager.projects.setIamPolicy", **change)
    assert judged([policy("projects/123", CUSTOM)], [role]) is Status.PASS


def test_names_of_administrators() -> None:
    for role in (
        "roles/compute.instanceAdmin.v1",
        "roles/compute.osAdminLogin",
        "roles/appengine.appAdmin",
        "roles/iam.securityAdmin",
        "roles/storage.admin",
        "roles/admin",
        "roles/writer",
    ):
        assert called_administrator(role), role
    for role in ("roles/viewer", "roles/reader", "roles/securitycenter.adminViewer", CUSTOM):
        assert not called_administrator(role), role


def test_predefined_roles_that_lead_further_without_saying_so() -> None:
    for role in (
        "roles/cloudbuild.builds.editor",
        "roles/deploymentmanager.editor",
        "roles/iam.serviceAccountTokenCreator",
        "roles/iam.workloadIdentityUser",
        "roles/owner",
    ):
        assert escalations(known_permissions(role)), role
    for role in ("roles/viewer", "roles/logging.viewer", "roles/cloudsql.client"):
        assert not escalations(known_permissions(role)), role


WORKFORCE = "//iam.googleapis.com/locations/global/workforcePools/staff"
WORKLOAD = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/ci"


@pytest.mark.parametrize(
    ("text", "sort", "home"),
    [
        ("allUsers", Sort.EVERYONE, ""),
        ("allAuthenticatedUsers", Sort.EVERYONE, ""),
        ("principalSet://goog/public:all", Sort.EVERYONE, ""),
        ("user:Ana@Acme.example", Sort.PERSON, ""),
        ("deleted:user:bo@acme.example?uid=1", Sort.PERSON, ""),
        ("group:all@acme.example", Sort.GROUP, ""),
        ("domain:acme.example", Sort.DOMAIN, ""),
        (f"principal:{WORKFORCE}/subject/ana", Sort.WORKFORCE, ""),
        (f"principalSet:{WORKFORCE}/*", Sort.WORKFORCE, ""),
        (f"principalSet:{WORKLOAD}/attribute.repository/acme/web", Sort.WORKLOAD, "projects/123"),
        (f"principalSet:{WORKLOAD}/*", Sort.WORKLOAD, "projects/123"),
        ("serviceAccount:acme-prod.svc.id.goog[web/app]", Sort.WORKLOAD, "acme-prod"),
        (f"serviceAccount:{APP}", Sort.ACCOUNT, "acme-prod"),
        (
            "serviceAccount:app@acme-prod.acme.example.iam.gserviceaccount.com",
            Sort.ACCOUNT,
            "acme.example:acme-prod",
        ),
        (
            "serviceAccount:123-compute@developer.gserviceaccount.com",
            Sort.ACCOUNT,
            "projects/123",
        ),
        ("serviceAccount:acme-prod@appspot.gserviceaccount.com", Sort.ACCOUNT, "acme-prod"),
        (
            "serviceAccount:acme-prod.acme.example@appspot.gserviceaccount.com",
            Sort.ACCOUNT,
            "acme.example:acme-prod",
        ),
        ("serviceAccount:123@cloudservices.gserviceaccount.com", Sort.ACCOUNT, "projects/123"),
        (
            "serviceAccount:service-org-9@gcp-sa-scc-notification.iam.gserviceaccount.com",
            Sort.ACCOUNT,
            "organizations/9",
        ),
        ("projectOwner:acme-prod", Sort.HOLDERS, "acme-prod"),
        (f"principalSet:{LEAF}/folders/4/type/ServiceAgent", Sort.ACCOUNTS, "folders/4"),
        ("principalSet://goog/cloudIdentityCustomerId/C01", Sort.UNKNOWN, ""),
        ("robot:of-tomorrow", Sort.UNKNOWN, ""),
    ],
)
def test_who_a_member_is_and_whose(text: str, sort: Sort, home: str) -> None:
    member = Member(text)
    assert (member.is_a, member.home) == (sort, home)


def test_a_name_like_that_of_a_service_agent_makes_none() -> None:
    agent = "serviceAccount:service-123@gcp-sa-pubsub.iam.gserviceaccount.com"
    other = "serviceAccount:service-123@acme-prod.iam.gserviceaccount.com"
    assert Member(agent).service_agent
    assert not Member(other).service_agent
    assert not Member("serviceAccount:mine@gcp-sa-pubsub-2.iam.gserviceaccount.com").service_agent


@pytest.mark.parametrize(
    ("expression", "ended", "narrow"),
    [
        ('request.time < timestamp("2026-09-30T00:00:00Z")', True, False),
        ('timestamp("2026-09-30T00:00:00Z") > request.time', True, False),
        ('request.time < timestamp("2026-10-02T00:00:00Z")', False, False),
        ('request.time > timestamp("2026-09-30T00:00:00Z")', False, False),
        ('!(request.time < timestamp("2026-09-30T00:00:00Z"))', False, False),
        ('request.time < timestamp("2026-09-30T00:00:00Z") || request.auth != null', False, False),
        ('request.time < timestamp("2026-09-30T00:00:00Z") && resource.type == "x"', True, False),
        ('request.time < timestamp("2026-09-30")', False, False),
        ("false", True, False),
        ("true", False, False),
        ('resource.name == "projects/_/buckets/orders"', False, True),
        ('"projects/_/buckets/orders" == resource.name', False, True),
        ('resource.name.startsWith("projects/_/buckets/orders")', False, True),
        (
            'resource.name.startsWith("//compute.googleapis.com/projects/p/zones/z/instances/web-")',
            False,
            True,
        ),
        # A letter or two leave many things, and the numbers of service accounts begin alike.
        (
            'resource.name.startsWith("//compute.googleapis.com/projects/p/zones/z/instances/a")',
            False,
            False,
        ),
        ('resource.name.startsWith("projects/_/buckets/o")', False, False),
        ('resource.name.startsWith("projects/_/buckets/o/objects/")', False, True),
        ('resource.name.startsWith("projects/-/serviceAccounts/1178")', False, False),
        ('resource.name == "projects/-/serviceAccounts/117823456789012345678"', False, True),
        ('resource.name.startsWith("projects/_/buckets/")', False, False),
        ('resource.name.startsWith("projects/p/zones/z")', False, False),
        ('resource.name.startsWith("projects/p/global/")', False, False),
        ('resource.name.startsWith("projects/p")', False, False),
        ('resource.name.startsWith("")', False, False),
        ('!resource.name.startsWith("projects/_/buckets/orders")', False, False),
        ('resource.name != "projects/_/buckets/orders"', False, False),
        ('resource.name.endsWith("projects/_/buckets/orders")', False, False),
        (
            'resource.name == "projects/_/buckets/orders" || resource.type == "x"',
            False,
            False,
        ),
        ('resource.type == "x" && resource.name == "projects/_/buckets/orders"', False, True),
        ('resource.matchTag("9/env", "test")', False, False),
        ("is not the language", False, False),
        ("", False, False),
    ],
)
def test_what_a_condition_takes_away(expression: str, *, ended: bool, narrow: bool) -> None:
    found = conditions.ended(expression, NOW), conditions.narrows(expression, lambda _: True)
    assert found == (ended, narrow)


def test_when_a_condition_ends() -> None:
    early, late = "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"
    until = 'request.time < timestamp("{}")'.format
    assert conditions.end_of(f"{until(early)} && {until(late)}") == datetime.fromisoformat(early)
    assert conditions.end_of(f"{until(early)} || {until(late)}") == datetime.fromisoformat(late)
    assert conditions.end_of(f"{until(early)} || true") is None


def test_a_limit_to_what_is_granted_is_none_for_a_role_that_does_more() -> None:
    asked = 'api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", [])'
    limit = f'{asked}.hasOnly(["roles/pubsub.viewer"])'
    assert conditions.narrows(limit, lambda role: role == "roles/pubsub.viewer")
    assert not conditions.narrows(limit, lambda _: False)
    assert not conditions.narrows(limit)
    assert not conditions.narrows(f"!{limit}", lambda _: True)


@pytest.mark.parametrize("sign", ["!", "(", "[", "a[", "f(", "-", '"'])
def test_an_expression_without_end_is_not_understood(sign: str) -> None:
    with pytest.raises(NotUnderstood):
        parsed(sign * 3000 + "a")


GITHUB = "https://token.actions.githubusercontent.com"
MAPPING = {
    "google.subject": "assertion.sub",
    "attribute.repository": "assertion.repository",
    "attribute.owner": "assertion.repository_owner",
    "attribute.mixed": "assertion.actor + assertion.ref",
}


@pytest.mark.parametrize(
    ("condition", "claim"),
    [
        ("assertion.repository_owner == 'acme'", "repository_owner"),
        ("assertion['repository_owner'] == 'acme'", "repository_owner"),
        ("'acme' == attribute.owner", "repository_owner"),
        ("attribute.repository in ['acme/web', 'acme/api']", "repository"),
        ("attribute.repository.startsWith('acme/')", "repository"),
        ("google.subject.startsWith('repo:acme/web:')", "sub"),
        ("assertion.sub.matches('^repo:acme/.*:ref:refs/heads/main$')", "sub"),
        ("attribute.owner == 'acme' && assertion.ref == 'refs/heads/main'", "repository_owner"),
        ("attribute.owner == 'acme' || attribute.repository == 'other/x'", "repository_owner"),
        ("attribute.repository != ''", ""),
        ("attribute.owner != 'acme'", ""),
        ("!(attribute.owner == 'acme')", ""),
        ("attribute.owner == ''", ""),
        ("attribute.owner == attribute.owner", ""),
        ("attribute.repository.startsWith('')", ""),
        ("attribute.repository.startsWith('acme')", ""),
        ("attribute.repository.endsWith('/web')", ""),
        ("attribute.repository.contains('acme/')", ""),
        ("attribute.repository.matches('acme/')", ""),
        ("attribute.repository.matches('^acme/?')", ""),
        ("attribute.repository.matches('^acme/*')", ""),
        ("attribute.repository.matches('^acme/|other')", ""),
        ("attribute.repository.matches('^.*/web$')", ""),
        ("attribute.repository.matches('^(acme|other)/')", "repository"),
        ("attribute.repository.matches('^(acme|other)')", ""),
        ("attribute.repository.matches('^(acme|other)?/')", ""),
        ("attribute.repository.matches('^acme/|^other/')", "repository"),
        ("attribute.owner.matches('^acme$')", "repository_owner"),
        ("attribute.owner.matches('^(acme|other)$')", "repository_owner"),
        ("attribute.owner.matches('^acme')", ""),
        ("attribute.owner.matches('^acme.*$')", ""),
        ("attribute.owner.matches('^(acme|)$')", ""),
        ("attribute.owner.matches('^(acme|other)|.$')", ""),
        ("attribute.repository.size() == 9", ""),
        ("attribute.mixed == 'acme'", ""),
        ("assertion.ref == 'refs/heads/main'", ""),
        ("assertion.aud == 'acme'", ""),
        ("assertion.actor == 'ana'", ""),
        ("attribute.owner == 'acme' || assertion.ref == 'refs/heads/main'", ""),
        ("attribute.owner in []", ""),
        ("attribute.owner in ['acme', '']", ""),
        ("true", ""),
    ],
)
def test_whose_workloads_come_in(condition: str, claim: str) -> None:
    assert federation.read(condition, GITHUB, MAPPING) == federation.Read(claim, understood=True)


@pytest.mark.parametrize(
    "condition",
    [
        "size(",
        "attribute.repository.extract('{owner}/') == 'acme'",
        "attribute.owner.lowerAscii() == 'acme'",
        "'acme' == attribute.owner.lowerAscii() && assertion.ref == 'refs/heads/main'",
    ],
)
def test_a_condition_that_cannot_be_read_says_so(condition: str) -> None:
    assert not federation.read(condition, GITHUB, MAPPING).understood


@pytest.mark.parametrize(
    ("details", "level"),
    [
        (Details(severity="CRITICAL"), "CRITICAL"),
        (Details(severity="Important"), "HIGH"),
        (Details(severity="moderate", cvss_v3=Score(9.8)), ""),
        (Details(severity="", cvss_v3=Score(9.8)), "CRITICAL"),
        (Details(severity="urgent", cvss_v3=Score(7.0)), "HIGH"),
        (Details(severity="urgent", cvss_v2_score=9.3), "CRITICAL"),
        (Details(cvss_v2_score=10.0, cvss_v3=Score(4.0)), ""),
        (Details(severity="urgent"), None),
        (Details(), None),
        (Details(cvss_v3=Score()), None),
    ],
)
def test_how_severe_a_vulnerability_is(details: Details, level: str | None) -> None:
    assert details.level == level


@pytest.mark.parametrize(
    ("referrer", "names"),
    [
        ("acme.example", True),
        ("https://acme.example/*", True),
        ("*.acme.example/*", True),
        ("https://*.Acme.example:8443/shop", True),
        ("http://localhost:8080/*", True),
        ("*", False),
        ("*/*", False),
        ("https://*", False),
        ("*.com/*", False),
        ("*.*/*", False),
        ("*.*.com", False),
        ("*acme.example/*", False),
        ("acme.*", False),
        ("*.github.io/*", False),
        ("acme.github.io/*", True),
        ("*.co.uk/*", False),
        ("https://storage.googleapis.com/*", False),
        ("https://storage.googleapis.com/acme*", False),
        ("https://storage.googleapis.com/acme-site/*", True),
        ("*.storage.googleapis.com/*", False),
        ("*.us-central1.hosted.app/*", False),
        ("web--acme.us-central1.hosted.app/*", True),
        ("", False),
    ],
)
def test_a_referrer_names_a_site(referrer: str, *, names: bool) -> None:
    assert names_site(referrer) is names

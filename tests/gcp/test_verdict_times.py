"""Until when verdicts hold that the clock changes: the engine judges again then, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.cases import joined_evidence, load_cases, stored
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

if TYPE_CHECKING:
    from soc2_pac.cases import Case
    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule

RULES = plugins.load().rules
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _key(**more: str) -> dict[str, Any]:
    name = "projects/p/serviceAccounts/app@p.iam.gserviceaccount.com/keys/ab"
    data = {"name": name, "keyType": "USER_MANAGED", "validAfterTime": "2025-12-01T00:00:00Z"}
    return {
        "name": f"//iam.googleapis.com/{name}",
        "assetType": "iam.googleapis.com/ServiceAccountKey",
        "ancestors": ["projects/123"],
        "resource": {"data": {**data, **more}},
    }


@pytest.mark.parametrize(
    ("rule", "status"),
    [("gcp-sa-key-rotation", Status.PASS), ("gcp-no-user-managed-keys", Status.FAIL)],
)
def test_a_key_is_judged_again_when_it_ends(rule: str, status: Status) -> None:
    end = datetime(2026, 1, 15, tzinfo=UTC)
    document = _key(validBeforeTime=end.isoformat())
    found = judge_document(RULES[rule], document, now=NOW)
    assert (found.status, found.until) == (status, end)
    assert judge_document(RULES[rule], document, now=end).status is Status.NOT_APPLICABLE


def _cluster(*exclusions: tuple[str, str]) -> dict[str, Any]:
    held = {
        f"e{number}": {
            "startTime": f"{start}T00:00:00Z",
            "endTime": f"{end}T00:00:00Z",
            "maintenanceExclusionOptions": {"scope": "NO_MINOR_OR_NODE_UPGRADES"},
        }
        for number, (start, end) in enumerate(exclusions)
    }
    return {
        "name": "//container.googleapis.com/projects/p/locations/l/clusters/c",
        "assetType": "container.googleapis.com/Cluster",
        "ancestors": ["projects/123"],
        "resource": {
            "data": {
                "name": "c",
                "status": "RUNNING",
                "nodePools": [{"name": "main", "management": {"autoUpgrade": True}}],
                "releaseChannel": {"channel": "REGULAR"},
                "databaseEncryption": {"state": "ENCRYPTED"},
                "loggingConfig": {
                    "componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}
                },
                "maintenancePolicy": {"window": {"maintenanceExclusions": held}},
            }
        },
    }


def test_a_cluster_is_judged_again_when_a_long_exclusion_begins_and_when_it_ends() -> None:
    rule = RULES["gcp-gke-patching"]
    document = _cluster(("2026-02-01", "2026-04-01"), ("2026-04-01", "2026-06-01"))
    start, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    found = judge_document(rule, document, now=NOW)
    assert (found.status, found.until) == (Status.PASS, start)
    found = judge_document(rule, document, now=start)
    assert (found.status, found.until) == (Status.FAIL, end)
    found = judge_document(rule, document, now=end)
    assert (found.status, found.until) == (Status.PASS, None)


def test_exclusions_with_time_between_them_are_counted_by_themselves() -> None:
    document = _cluster(("2025-12-01", "2026-01-31"), ("2026-02-05", "2026-04-01"))
    found = judge_document(RULES["gcp-gke-patching"], document, now=NOW)
    assert (found.status, found.until) == (Status.PASS, None)


def _granted(name: str, sort: str, *bindings: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "assetType": sort,
        "ancestors": ["projects/123"],
        "iamPolicy": {"bindings": list(bindings)},
    }


def _for_a_time(role: str, member: str, end: datetime) -> dict[str, Any]:
    expression = f'request.time < timestamp("{end:%Y-%m-%dT%H:%M:%SZ}")'
    condition = {"title": "a while", "expression": expression}
    return {"role": role, "members": [member], "condition": condition}


_END = datetime(2026, 1, 20, tzinfo=UTC)
_PROJECT = ("//cloudresourcemanager.googleapis.com/projects/123", "resourcemanager.Project")
_KEY = "//cloudkms.googleapis.com/projects/p/locations/l/keyRings/r/cryptoKeys/k"


@pytest.mark.parametrize(
    ("rule", "role", "member"),
    [
        ("gcp-corporate-identities-only", "roles/compute.viewer", "user:ana@gmail.com"),
        ("gcp-no-primitive-roles", "roles/writer", "user:ana@acme.example"),
        ("gcp-no-sa-user-at-project", "roles/iam.serviceAccountUser", "user:ana@acme.example"),
        ("gcp-sod-sa-roles", "roles/iam.serviceAccountAdmin", "user:ana@acme.example"),
    ],
)
def test_who_holds_a_role_for_a_time_is_judged_again_when_it_is_over(
    rule: str, role: str, member: str
) -> None:
    acts = {"role": "roles/iam.serviceAccountUser", "members": [member]}
    always = [acts] if rule == "gcp-sod-sa-roles" else []
    document = _granted(*_PROJECT, *always, _for_a_time(role, member, _END))
    given: dict[str, list[dict[str, Any]]] = {
        kind: [] for kind in ("gcp.iam.role", "gcp.iam.policy", "gcp.project")
    }
    found = judge_document(RULES[rule], document, given, now=NOW)
    assert (found.status, found.until) == (Status.FAIL, _END)
    assert judge_document(RULES[rule], document, given, now=_END).status is not Status.FAIL


def test_a_key_for_fewer_members_is_judged_again_when_one_of_them_is_over() -> None:
    key = {
        "name": _KEY,
        "assetType": "cloudkms.googleapis.com/CryptoKey",
        "ancestors": ["projects/123"],
        "resource": {"data": {"name": "k", "purpose": "ENCRYPT_DECRYPT"}},
    }
    role = "roles/cloudkms.cryptoKeyDecrypter"
    grants = (
        {"role": role, "members": ["user:ana@acme.example"]},
        _for_a_time(role, "user:bo@acme.example", _END),
    )
    given = {"gcp.iam.policy": [_granted(_KEY, "cloudkms.googleapis.com/CryptoKey", *grants)]}
    rule, most = RULES["gcp-kms-not-public"], {"max_members": 1}
    found = judge_document(rule, key, given, now=NOW, thresholds=most)
    assert (found.status, found.until) == (Status.FAIL, _END)
    assert judge_document(rule, key, given, now=_END, thresholds=most).status is Status.PASS


def test_a_rotation_that_is_far_ahead_is_judged_again_when_it_comes_near() -> None:
    data = {
        "name": "k",
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "nextRotationTime": "2026-05-01T00:00:00Z",
        "primary": {"state": "ENABLED"},
    }
    key = {
        "name": _KEY,
        "assetType": "cloudkms.googleapis.com/CryptoKey",
        "ancestors": ["projects/123"],
        "resource": {"data": data},
    }
    rotation = {"rotationPeriod": "7776000s", "nextRotationTime": "2026-05-01T00:00:00Z"}
    secret = {
        "name": "//secretmanager.googleapis.com/projects/123/secrets/s",
        "assetType": "secretmanager.googleapis.com/Secret",
        "ancestors": ["projects/123"],
        "resource": {"data": {"name": "projects/123/secrets/s", "rotation": rotation}},
    }
    near = datetime(2026, 1, 31, tzinfo=UTC)
    given = {"gcp.iam.policy": [_granted(*_PROJECT)]}
    for rule, document in (("gcp-kms-rotation", key), ("gcp-secrets", secret)):
        found = judge_document(RULES[rule], document, given, now=NOW)
        assert (found.status, found.until) == (Status.FAIL, near)
        assert judge_document(RULES[rule], document, given, now=near).status is Status.PASS


def _asset(kind: str, **data: Any) -> dict[str, Any]:
    home = ["projects/123"]
    return {"name": data["name"], "assetType": kind, "ancestors": home, "resource": {"data": data}}


def test_an_event_is_judged_again_when_a_snooze_begins_and_when_it_ends() -> None:
    seen = 'protoPayload.methodName="SetIamPolicy"'
    alert = _asset(
        "monitoring.googleapis.com/AlertPolicy",
        name="projects/p/alertPolicies/1",
        enabled=True,
        conditions=[{"conditionMatchedLog": {"filter": seen}}],
        notificationChannels=["projects/p/notificationChannels/1"],
    )
    channel = _asset(
        "monitoring.googleapis.com/NotificationChannel",
        name="projects/p/notificationChannels/1",
        type="email",
        enabled=True,
    )
    begin, end = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)
    snooze = _asset(
        "monitoring.googleapis.com/Snooze",
        name="projects/p/snoozes/1",
        criteria={"policies": ["projects/p/alertPolicies/1"]},
        interval={"startTime": begin.isoformat(), "endTime": end.isoformat()},
    )
    project = _asset(
        "cloudresourcemanager.googleapis.com/Project",
        name="//cloudresourcemanager.googleapis.com/projects/123",
        projectId="p",
    )
    given: dict[str, list[dict[str, Any]]] = {
        "gcp.logging.metric": [],
        "gcp.logging.sink": [],
        "gcp.iam.policy": [],
        "gcp.monitoring.alert_policy": [alert],
        "gcp.monitoring.notification_channel": [channel],
        "gcp.monitoring.snooze": [snooze],
    }
    rule = RULES["gcp-alert-owner-change"]
    told = [judge_document(rule, project, given, now=now) for now in (NOW, begin, end)]
    assert [(one.status, one.until) for one in told] == [
        (Status.PASS, begin),
        (Status.FAIL, end),
        (Status.PASS, None),
    ]


@pytest.mark.parametrize(
    "rule",
    [one for one in RULES.values() if one.id.startswith("gcp-") and "now" in one.injected],
    ids=lambda one: one.id,
)
def test_no_verdict_changes_before_it_says_so(rule: Rule) -> None:
    for case in load_cases(rule):
        first = _at(rule, case, case.now)
        for days in (1, 8, 15, 31, 61, 91, 181, 366, 800):
            later = case.now + timedelta(days=days)
            if first.until is not None and later >= first.until:
                break
            said = f"{case.name}, {days} days later"
            assert _at(rule, case, later).status is first.status, said


def _at(rule: Rule, case: Case, now: datetime) -> Verdict:
    """What a rule says of a case at an instant."""
    return judge(
        rule,
        stored(rule.resource, case.document()),
        now=now,
        scope=case.scope,
        evidence=joined_evidence(rule, case.given, case.scope),
        thresholds=rule.settle(case.params()),
    )

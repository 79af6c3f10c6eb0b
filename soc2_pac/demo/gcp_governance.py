"""Identities, data, logs and delivery of acme-robotics in Google Cloud, and what is wrong with them.

Names and numbers are inventions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_pac.demo.company import Planted
from soc2_pac.demo.gcp_company import (
    DATA,
    DOMAIN,
    LIVE,
    NUMBERS,
    ORGANIZATION,
    PRODUCTION,
    STAGING,
    ago,
    asset,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_pac.demo.gcp import Estate

TOP = f"organizations/{ORGANIZATION}"
_MAIL = "iam.gserviceaccount.com"
_IAM, _LOGGING, _MONITORING = (
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
)
_OWNERS = "logging.googleapis.com/user/changes"

PLANTED: tuple[Planted, ...] = (
    Planted("gcp-bucket-not-public", "acme-press-kit", "everyone may read it"),
    Planted("gcp-bucket-ubla", "acme-press-kit", "ACLs count"),
    Planted("gcp-bucket-log-lock", "acme-audit-logs", "kept for a year, and not locked"),
    Planted("gcp-kms-rotation", "legacy", "never rotates"),
    Planted("gcp-secrets", "stripe-key", "has no schedule"),
    Planted("gcp-bq-not-public", "telemetry", "every Google account may query it"),
    Planted("gcp-no-user-managed-keys", "1f3c", "a key of the deploy account in a file"),
    Planted("gcp-sa-key-rotation", "1f3c", "that file is older than a year"),
    Planted("gcp-wif-condition", "gitlab", "every project of the GitLab host comes in"),
    Planted("gcp-api-keys-absent-or-restricted", "maps", "opens every API, from anywhere"),
    Planted("gcp-registry-not-public", "images", "tags can be moved"),
    Planted("gcp-build-trigger-approval", "deploy-prod", "a push is enough"),
    Planted("gcp-deploy-approval", "web", "nobody is asked before production"),
    Planted("gcp-alert-channels-live", "quota", "nobody is told"),
    Planted("gcp-log-bucket-retention", "_Default", "30 days"),
    Planted("gcp-workspace-2sv-enforced", f"leo@{DOMAIN}", "a password is enough"),
    Planted("gcp-workspace-inactive-users", f"old-intern@{DOMAIN}", "not seen for half a year"),
    Planted("gcp-unneeded-apis", "generativelanguage.googleapis.com", "on in staging"),
    Planted("gcp-scc-on", TOP, "a finding of high severity since two months"),
)
"""Every fault that was put in on purpose here. Rules may find more, as in any company."""


def identities(estate: Estate, now: datetime) -> None:
    """Service accounts, one key, workloads outside, an API key, and people."""
    p, number = f"projects/{PRODUCTION}", f"projects/{NUMBERS[PRODUCTION]}"
    pools = f"{number}/locations/global/workloadIdentityPools/ci/providers"
    deploy = f"deploy@{PRODUCTION}.{_MAIL}"
    key = f"{p}/serviceAccounts/{deploy}/keys/1f3c"
    condition = "assertion.repository_owner_id == '4711'"
    hosts = {
        "github": {
            "attributeCondition": condition,
            "oidc": _issuer("token.actions.githubusercontent.com"),
        },
        "gitlab": {"oidc": _issuer("gitlab.com")},
    }
    data = {"name": key, "keyType": "USER_MANAGED", "validAfterTime": ago(now, 420)}
    estate.assets += [
        asset(f"{_IAM}/ServiceAccount", f"{p}/serviceAccounts/1001", PRODUCTION, {"email": deploy}),
        asset(f"{_IAM}/ServiceAccountKey", f"{p}/serviceAccounts/1001/keys/1f3c", PRODUCTION, data),
        *(
            asset(
                f"{_IAM}/WorkloadIdentityPoolProvider",
                f"{pools}/{name}",
                PRODUCTION,
                {"name": f"{pools}/{name}", "state": "ACTIVE", **how},
            )
            for name, how in hosts.items()
        ),
        asset(
            "apikeys.googleapis.com/Key",
            f"{number}/locations/global/keys/77",
            PRODUCTION,
            {"name": "77", "displayName": "maps", "createTime": ago(now, 300)},
        ),
    ]
    people = [
        _person("1", "mona", now, isAdmin=True),
        _person("2", "ravi", now, isAdmin=True),
        _person("3", "leo", now, isEnrolledIn2Sv=False, isEnforcedIn2Sv=False),
        _person("4", "old-intern", now, lastLoginTime=ago(now, 190)),
    ]
    directory = "/admin/admin/directory/v1"
    estate.answers[f"{directory}/users"] = {"users": people}
    estate.answers[f"{directory}/customers/my_customer"] = {"id": "C01", "customerDomain": DOMAIN}


def _issuer(host: str) -> dict[str, str]:
    return {"issuerUri": f"https://{host}"}


def _person(uid: str, name: str, now: datetime, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": uid,
        "primaryEmail": f"{name}@{DOMAIN}",
        "isAdmin": False,
        "suspended": False,
        "archived": False,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": True,
        "creationTime": ago(now, 700),
        "lastLoginTime": ago(now, 2),
        **more,
    }


def data(estate: Estate, now: datetime) -> None:
    """Buckets, keys, secrets and datasets."""
    del now
    uniform = {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}
    year = {"retentionPeriod": "31536000"}
    age = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 400}}]}
    ring = f"projects/{DATA}/locations/europe-west1/keyRings/main/cryptoKeys"
    number = f"projects/{NUMBERS[DATA]}"
    everyone = {"bindings": [_grant("roles/storage.objectViewer", "allUsers")]}
    queried = {"bindings": [_grant("roles/bigquery.dataViewer", "allAuthenticatedUsers")]}
    rotates = {"rotationPeriod": "7776000s"}
    schedule = {"rotation": {"rotationPeriod": "2592000s"}}
    estate.assets += [
        _bucket(
            "acme-orders", iamConfiguration=uniform, versioning={"enabled": True}, lifecycle=age
        ),
        _bucket("acme-audit-logs", iamConfiguration=uniform, retentionPolicy=year),
        {**_bucket("acme-press-kit", iamConfiguration={}), "iamPolicy": everyone},
        *(
            asset(
                "cloudkms.googleapis.com/CryptoKey",
                f"{ring}/{name}",
                DATA,
                {
                    "name": f"{ring}/{name}",
                    "purpose": "ENCRYPT_DECRYPT",
                    "primary": {"state": "ENABLED", "protectionLevel": "SOFTWARE"},
                    **how,
                },
            )
            for name, how in {"data": rotates, "legacy": {}}.items()
        ),
        *(
            asset(
                "secretmanager.googleapis.com/Secret",
                f"{number}/secrets/{name}",
                DATA,
                {"name": f"{number}/secrets/{name}", **how},
            )
            for name, how in {"db-password": schedule, "stripe-key": {}}.items()
        ),
        *(
            asset(
                "bigquery.googleapis.com/Dataset",
                f"projects/{DATA}/datasets/{name}",
                DATA,
                {"id": f"{DATA}:{name}", "location": "EU"},
                iam=policy,
            )
            for name, policy in {"orders": None, "telemetry": queried}.items()
        ),
    ]


def _grant(role: str, *members: str) -> dict[str, Any]:
    return {"role": role, "members": list(members)}


def _bucket(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return asset("storage.googleapis.com/Bucket", name, DATA, {"name": name, **more})


def logs(estate: Estate, now: datetime) -> None:
    """A sink, buckets of logs, metrics, alerts, and what Security Command Center found."""
    sink = {
        "name": "all",
        "destination": "storage.googleapis.com/acme-audit-logs",
        "includeChildren": True,
    }
    estate.assets.append(asset(f"{_LOGGING}/LogSink", f"{TOP}/sinks/all", None, sink))
    for project in LIVE:
        at = f"projects/{project}"
        default = f"{at}/locations/global/buckets/_Default"
        kept = {"name": default, "retentionDays": 30, "lifecycleState": "ACTIVE"}
        estate.assets.append(asset(f"{_LOGGING}/LogBucket", default, project, kept))
    at = f"projects/{PRODUCTION}"
    channel = f"{at}/notificationChannels/1"
    metric = {"name": "changes", "filter": 'LOG_ID("cloudaudit.googleapis.com/activity")'}
    watches = {"conditionThreshold": {"filter": f'metric.type="{_OWNERS}"'}}
    estate.assets += [
        asset(f"{_LOGGING}/LogMetric", f"{at}/metrics/changes", PRODUCTION, metric),
        *(
            asset(
                f"{_MONITORING}/AlertPolicy",
                f"{at}/alertPolicies/{number}",
                PRODUCTION,
                {"name": f"{at}/alertPolicies/{number}", "enabled": True, **how},
            )
            for number, how in {
                1: {
                    "displayName": "changes",
                    "conditions": [watches],
                    "notificationChannels": [channel],
                },
                2: {"displayName": "quota", "conditions": []},
            }.items()
        ),
        asset(
            f"{_MONITORING}/NotificationChannel",
            channel,
            PRODUCTION,
            {"name": channel, "type": "email", "displayName": "on call", "enabled": True},
        ),
    ]
    source = f"{TOP}/sources/1"
    finding = {
        "name": f"{source}/findings/a1",
        "category": "PUBLIC_BUCKET_ACL",
        "severity": "HIGH",
        "state": "ACTIVE",
        "mute": "UNDEFINED",
        "createTime": ago(now, 60),
    }
    center = f"/securitycenter/v1/{TOP}/sources"
    estate.answers[center] = {
        "sources": [{"name": source, "displayName": "Security Health Analytics"}]
    }
    estate.answers[f"{center}/-/findings"] = {
        "listFindingsResults": [
            {"finding": finding, "resource": {"type": "google.cloud.storage.Bucket"}}
        ]
    }


def governance(estate: Estate, now: datetime) -> None:
    """APIs, organisation policies, a perimeter, contacts, and what is asked of Google's staff."""
    del now
    constraint = f"{TOP}/policies/iam.disableServiceAccountKeyCreation"
    enforced = {"name": constraint, "spec": {"rules": [{"enforce": True}]}}
    perimeter = "accessPolicies/1/servicePerimeters/data"
    around = {
        "resources": [f"projects/{NUMBERS[DATA]}"],
        "restrictedServices": ["storage.googleapis.com"],
    }
    estate.assets += [
        asset("orgpolicy.googleapis.com/Policy", constraint, None, enforced),
        asset(
            "accesscontextmanager.googleapis.com/ServicePerimeter",
            perimeter,
            None,
            {"name": perimeter, "title": "data", "status": around},
        ),
    ]
    for project in LIVE:
        apis = ["cloudasset.googleapis.com", "containerscanning.googleapis.com"]
        if project == STAGING:
            apis.append("generativelanguage.googleapis.com")
        for api in apis:
            path = f"projects/{NUMBERS[project]}/services/{api}"
            state = {"name": path, "state": "ENABLED"}
            estate.assets.append(asset("serviceusage.googleapis.com/Service", path, project, state))
        estate.answers[f"/accessapproval/v1/projects/{project}/accessApprovalSettings"] = {
            "name": f"projects/{project}/accessApprovalSettings",
            "enrolledServices": [{"cloudProduct": "all", "enrollmentLevel": "BLOCK_ALL"}],
        }
    contact = {"email": f"security@{DOMAIN}", "notificationCategorySubscriptions": ["SECURITY"]}
    estate.answers[f"/essentialcontacts/v1/{TOP}/contacts"] = {
        "contacts": [{"name": f"{TOP}/contacts/1", "validationState": "VALID", **contact}]
    }


def delivery(estate: Estate, now: datetime) -> None:
    """A registry, a build trigger, and a pipeline with its targets."""
    del now
    at = f"projects/{PRODUCTION}/locations/europe-west1"
    stages = [{"targetId": "staging"}, {"targetId": "production"}]
    estate.assets += [
        asset(
            "artifactregistry.googleapis.com/Repository",
            f"{at}/repositories/images",
            PRODUCTION,
            {"name": f"{at}/repositories/images", "format": "DOCKER"},
        ),
        asset(
            "cloudbuild.googleapis.com/BuildTrigger",
            f"{at}/triggers/7",
            PRODUCTION,
            {"id": "7", "name": "deploy-prod"},
        ),
        asset(
            "clouddeploy.googleapis.com/DeliveryPipeline",
            f"{at}/deliveryPipelines/web",
            PRODUCTION,
            {"name": f"{at}/deliveryPipelines/web", "serialPipeline": {"stages": stages}},
        ),
        *(
            asset(
                "clouddeploy.googleapis.com/Target",
                f"{at}/targets/{name}",
                PRODUCTION,
                {"name": f"{at}/targets/{name}"},
            )
            for name in ("staging", "production")
        ),
    ]


AREAS: list[Callable[[Estate, datetime], None]] = [identities, data, logs, governance, delivery]
"""Every area of this module."""

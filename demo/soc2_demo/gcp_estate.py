"""Identities, data, logs, guardrails and delivery of acme-robotics in Google Cloud, and what is wrong.

Names and numbers are inventions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_demo.company import Planted
from soc2_demo.gcp import Refusal
from soc2_demo.gcp_words import (
    DATA,
    DEPLOYER,
    DOMAIN,
    LIVE,
    NUMBERS,
    ORGANIZATION,
    PRODUCTION,
    STAGING,
    ago,
    ancestors,
    asset,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_demo.gcp import Estate

REGION = "europe-west1"
_KEY = f"projects/{DATA}/locations/{REGION}/keyRings/main/cryptoKeys/data"
_TOP = f"organizations/{ORGANIZATION}"

PLANTED: tuple[Planted, ...] = (
    Planted("gcp-sa-no-admin", "shop", "a role of the company's own makes tokens of any account"),
    Planted("gcp-no-user-managed-keys", "k1", "a key of its own, in production"),
    Planted("gcp-sa-key-rotation", "k1", "the key was made 400 days ago"),
    Planted("gcp-sa-key-unused", "old-deploy", "neither it nor its key was used for half a year"),
    Planted(
        "gcp-console-changes-outside-pipeline", "b7e1", "a firewall rule that was made by hand"
    ),
    Planted("gcp-os-patch", "build-1", "a patch that is months late"),
    Planted("gcp-wif-condition", "ci", "any repository of the world may sign in"),
    Planted("gcp-kms-rotation", "backups", "never rotates"),
    Planted("gcp-secrets", "legacy-token", "does not rotate"),
    Planted("gcp-bucket-not-public", "acme-press-kit", "everybody may read it"),
    Planted("gcp-bucket-ubla", "acme-press-kit", "access lists of single objects"),
    Planted("gcp-bq-not-public", "telemetry", "everybody with a Google account may read it"),
    Planted("gcp-api-keys-absent-or-restricted", "maps", "works from anywhere, for everything"),
    Planted("gcp-log-bucket-retention", "_Default", "30 days"),
    Planted("gcp-build-trigger-approval", "deploy-shop", "deploys without approval"),
    Planted("gcp-workspace-2sv-enforced", "marek.zielinski", "no second step"),
)
"""Every fault that was put in on purpose, of this module. Rules may find more, as in any company."""


_ROLES: dict[str, list[str]] = {
    "roles/bigquery.user": ["bigquery.datasets.get", "bigquery.jobs.create"],
    "roles/browser": ["resourcemanager.projects.get", "resourcemanager.projects.list"],
    "roles/cloudfunctions.invoker": ["cloudfunctions.functions.invoke"],
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": [
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "cloudkms.cryptoKeyVersions.useToEncrypt",
    ],
    "roles/compute.imageUser": ["compute.images.get", "compute.images.useReadOnly"],
    "roles/compute.viewer": ["compute.instances.get", "compute.instances.list"],
    "roles/iam.securityReviewer": ["iam.roles.list", "resourcemanager.projects.getIamPolicy"],
    "roles/resourcemanager.organizationAdmin": [
        "resourcemanager.organizations.setIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ],
    "roles/run.invoker": ["run.routes.invoke"],
    "roles/storage.objectViewer": ["storage.objects.get", "storage.objects.list"],
    "roles/viewer": ["compute.instances.get", "storage.buckets.list"],
    DEPLOYER: ["iam.serviceAccounts.getAccessToken", "run.services.update"],
}
"""What roles hold, in the part that matters here."""


def roles(estate: Estate, now: datetime) -> None:  # noqa: ARG001 - nothing here has an age
    """What roles hold: Google's own by IAM, the company's in the inventory as well."""

    def role(path: str, query: object) -> Refusal | dict[str, Any]:
        del query
        name = path.removeprefix("/iam/v1/")
        if name not in _ROLES:
            return Refusal(404, message=f"The role named {name} was not found.")
        return _role(name)

    estate.answers["/iam/v1/roles/{role}"] = role
    estate.answers["/iam/v1/organizations/{organization}/roles/{role}"] = role
    estate.assets.append(asset("iam.googleapis.com/Role", DEPLOYER, None, _role(DEPLOYER)))


def _role(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.rpartition("/")[2],
        "stage": "GA",
        "etag": "AA==",
        "includedPermissions": _ROLES[name],
    }


def identities(estate: Estate, now: datetime) -> None:
    """Service accounts, their keys, and who signs in from elsewhere."""
    service = "iam.googleapis.com"
    for number, (name, project) in enumerate((("shop", PRODUCTION), ("old-deploy", PRODUCTION))):
        unique = f"10{number:019}"
        mail = f"{name}@{project}.iam.gserviceaccount.com"
        path = f"projects/{project}/serviceAccounts/{unique}"
        data = {
            "name": f"projects/{project}/serviceAccounts/{mail}",
            "email": mail,
            "uniqueId": unique,
        }
        estate.assets.append(asset(f"{service}/ServiceAccount", path, project, data))
        managed = ("SYSTEM_MANAGED", 9) if name == "shop" else ("USER_MANAGED", 400)
        key = {
            "name": f"projects/{project}/serviceAccounts/{mail}/keys/k{number}",
            "keyType": managed[0],
            "validAfterTime": ago(now, managed[1]),
            "validBeforeTime": ago(now, -3000),
        }
        estate.assets.append(
            asset(f"{service}/ServiceAccountKey", f"{path}/keys/k{number}", project, key)
        )
    _last_uses(estate, now)
    pool = (
        f"projects/{NUMBERS[PRODUCTION]}/locations/global/workloadIdentityPools/github/providers/ci"
    )
    provider = {
        "name": pool,
        "state": "ACTIVE",
        "attributeMapping": {"google.subject": "assertion.sub"},
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
    }
    estate.assets.append(
        asset(f"{service}/WorkloadIdentityPoolProvider", pool, PRODUCTION, provider)
    )


def patches(estate: Estate, now: datetime) -> None:
    """What VM Manager knows of each machine, whatever machines there are."""

    def reports(path: str, query: object) -> dict[str, Any]:
        del query
        place = path.removeprefix("/osconfig/v1/").removesuffix("/-/vulnerabilityReports")
        zone = place.replace("/locations/", "/zones/")
        machines = [
            one
            for one in estate.assets
            if one["name"].startswith(f"//compute.googleapis.com/{zone}/")
        ]
        return {
            "vulnerabilityReports": [
                {
                    "name": f"{place}/{one['resource']['data'].get('id')}/vulnerabilityReport",
                    "vulnerabilities": [_flaw(now, 120 if "build" in one["name"] else 3)],
                    "updateTime": ago(now, 1),
                }
                for one in machines
            ]
        }

    path = "projects/{project}/locations/{zone}/instances/-/vulnerabilityReports"
    estate.answers[f"/osconfig/v1/{path}"] = reports


def _flaw(now: datetime, days: int) -> dict[str, Any]:
    return {
        "details": {"cve": "CVE-2026-10001", "severity": "HIGH"},
        "items": [{"installedInventoryItemId": "a", "availableInventoryItemId": "b"}],
        "createTime": ago(now, days),
    }


def _last_uses(estate: Estate, now: datetime) -> None:
    """When service accounts and their keys signed in last, by Activity Analyzer."""
    home = f"//iam.googleapis.com/projects/{PRODUCTION}/serviceAccounts"
    mail = f"{PRODUCTION}.iam.gserviceaccount.com"
    used = {
        "serviceAccountLastAuthentication": {f"shop@{mail}": 1, f"old-deploy@{mail}": 190},
        "serviceAccountKeyLastAuthentication": {f"old-deploy@{mail}/keys/k1": 190},
    }
    for project in LIVE:
        for sort, days in used.items():
            path = f"projects/{project}/locations/global/activityTypes/{sort}/activities:query"
            estate.answers[f"/policyanalyzer/v1/{path}"] = {
                "activities": [
                    {
                        "fullResourceName": f"{home}/{name}",
                        "activityType": sort,
                        "activity": {"lastAuthenticatedTime": ago(now, ago_days)},
                    }
                    for name, ago_days in days.items()
                    if project == PRODUCTION
                ]
            }


def keys_and_secrets(estate: Estate, now: datetime) -> None:
    """Keys of Cloud KMS, secrets, and API keys."""
    for name, rotates in (("data", True), ("backups", False)):
        path = f"projects/{DATA}/locations/{REGION}/keyRings/main/cryptoKeys/{name}"
        key: dict[str, Any] = {
            "name": path,
            "purpose": "ENCRYPT_DECRYPT",
            "createTime": ago(now, 700),
            "primary": {"name": f"{path}/cryptoKeyVersions/1", "state": "ENABLED"},
            "versionTemplate": {"protectionLevel": "SOFTWARE"},
        }
        if rotates:
            key |= {"rotationPeriod": "7776000s", "nextRotationTime": ago(now, -40)}
        grants = {
            "bindings": [
                {
                    "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
                    "members": [
                        f"serviceAccount:service-{NUMBERS[DATA]}@gs-project-accounts.iam.gserviceaccount.com"
                    ],
                }
            ]
        }
        estate.assets.append(
            asset("cloudkms.googleapis.com/CryptoKey", path, DATA, key, location=REGION, iam=grants)
        )
    for name, rotates in (("db-password", True), ("legacy-token", False)):
        path = f"projects/{NUMBERS[PRODUCTION]}/secrets/{name}"
        secret: dict[str, Any] = {"name": path, "createTime": ago(now, 300)}
        if rotates:
            secret["rotation"] = {"rotationPeriod": "2592000s", "nextRotationTime": ago(now, -20)}
        estate.assets.append(asset("secretmanager.googleapis.com/Secret", path, PRODUCTION, secret))
    path = f"projects/{NUMBERS[STAGING]}/locations/global/keys/maps"
    api_key = {"name": path, "displayName": "maps", "createTime": ago(now, 500)}
    estate.assets.append(asset("apikeys.googleapis.com/Key", path, STAGING, api_key))


def data(estate: Estate, now: datetime) -> None:
    """Buckets, datasets and registries."""
    for name, project, public in (
        ("acme-orders", DATA, False),
        ("acme-audit-logs", DATA, False),
        ("acme-press-kit", PRODUCTION, True),
    ):
        bucket = {
            "name": name,
            "location": "EUROPE-WEST1",
            "timeCreated": ago(now, 600),
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": not public},
                "publicAccessPrevention": "inherited" if public else "enforced",
            },
            "acl": [],
            "versioning": {"enabled": not public},
            "softDeletePolicy": {"retentionDurationSeconds": "604800"},
            "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 400}}]},
            "retentionPolicy": {"retentionPeriod": "31536000", "isLocked": True}
            if "logs" in name
            else {},
            "logging": {},
        }
        member = "allUsers" if public else f"group:engineering@{DOMAIN}"
        grants = {"bindings": [{"role": "roles/storage.objectViewer", "members": [member]}]}
        estate.assets.append(
            asset(
                "storage.googleapis.com/Bucket", name, project, bucket, location=REGION, iam=grants
            )
        )
    for name, access in (
        ("orders", {"role": "READER", "groupByEmail": f"engineering@{DOMAIN}"}),
        ("telemetry", {"role": "READER", "specialGroup": "allAuthenticatedUsers"}),
    ):
        dataset = {
            "datasetReference": {"datasetId": name, "projectId": DATA},
            "access": [{"role": "OWNER", "specialGroup": "projectOwners"}, access],
            "defaultEncryptionConfiguration": {"kmsKeyName": _KEY},
        }
        path = f"projects/{DATA}/datasets/{name}"
        estate.assets.append(asset("bigquery.googleapis.com/Dataset", path, DATA, dataset))
    path = f"projects/{PRODUCTION}/locations/{REGION}/repositories/images"
    registry = {
        "name": path,
        "format": "DOCKER",
        "dockerConfig": {"immutableTags": True},
        "vulnerabilityScanningConfig": {"enablementState": "SCANNING_ACTIVE"},
    }
    estate.assets.append(
        asset("artifactregistry.googleapis.com/Repository", path, PRODUCTION, registry)
    )


_OWNERS = (
    '(protoPayload.serviceName="cloudresourcemanager.googleapis.com") '
    "AND (ProjectOwnership OR projectOwnerInvitee) "
    'OR (protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE" '
    'AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner") '
    'OR (protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD" '
    'AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner")'
)


def logs(estate: Estate, now: datetime) -> None:
    """Log buckets, sinks, metrics, alerts and whom they reach."""
    estate.answers["/logging/v2/entries:list"] = {
        "entries": [
            {
                "insertId": "b7e1",
                "logName": f"projects/{PRODUCTION}/logs/cloudaudit.googleapis.com%2Factivity",
                "timestamp": ago(now, 2),
                "receiveTimestamp": ago(now, 2),
                "severity": "NOTICE",
                "resource": {"type": "gce_firewall_rule", "labels": {"project_id": PRODUCTION}},
                "protoPayload": {
                    "serviceName": "compute.googleapis.com",
                    "methodName": "v1.compute.firewalls.insert",
                    "resourceName": f"projects/{PRODUCTION}/global/firewalls/old-ssh",
                    "authenticationInfo": {"principalEmail": f"leo.marin@{DOMAIN}"},
                    "request": {"allowed": [{"IPProtocol": "tcp"}]},
                },
            }
        ]
    }
    for project in LIVE:
        path = f"projects/{project}/locations/global/buckets/_Default"
        bucket = {
            "name": path,
            "retentionDays": 30 if project == STAGING else 400,
            "lifecycleState": "ACTIVE",
        }
        estate.assets.append(asset("logging.googleapis.com/LogBucket", path, project, bucket))
    sink = {
        "name": "everything",
        "destination": "storage.googleapis.com/acme-audit-logs",
        "includeChildren": True,
        "createTime": ago(now, 500),
    }
    estate.assets.append(
        asset("logging.googleapis.com/LogSink", f"{_TOP}/sinks/everything", None, sink)
    )
    metric = {"name": "owners", "filter": _OWNERS}
    path = f"projects/{PRODUCTION}/metrics/owners"
    estate.assets.append(asset("logging.googleapis.com/LogMetric", path, PRODUCTION, metric))
    channel = f"projects/{PRODUCTION}/notificationChannels/1"
    on_call = {
        "name": channel,
        "type": "email",
        "displayName": "on call",
        "enabled": True,
        "verificationStatus": "VERIFIED",
    }
    estate.assets.append(
        asset("monitoring.googleapis.com/NotificationChannel", channel, PRODUCTION, on_call)
    )
    path = f"projects/{PRODUCTION}/alertPolicies/1"
    condition = {
        "filter": 'metric.type="logging.googleapis.com/user/owners"',
        "comparison": "COMPARISON_GT",
        "duration": "0s",
        "trigger": {"count": 1},
        "aggregations": [
            {
                "alignmentPeriod": "600s",
                "perSeriesAligner": "ALIGN_DELTA",
                "crossSeriesReducer": "REDUCE_SUM",
            }
        ],
    }
    alert = {
        "name": path,
        "displayName": "owners changed",
        "enabled": True,
        "combiner": "OR",
        "conditions": [{"displayName": "any", "conditionThreshold": condition}],
        "notificationChannels": [channel],
    }
    estate.assets.append(asset("monitoring.googleapis.com/AlertPolicy", path, PRODUCTION, alert))
    snooze = f"projects/{PRODUCTION}/snoozes/1"
    moved = {
        "name": snooze,
        "displayName": "accounts were moved",
        "criteria": {"policies": [path]},
        "interval": {"startTime": ago(now, 101), "endTime": ago(now, 100)},
    }
    estate.assets.append(asset("monitoring.googleapis.com/Snooze", snooze, PRODUCTION, moved))


def guardrails(estate: Estate, now: datetime) -> None:
    """APIs that are on, organisation policies, a perimeter, access approval, contacts, findings."""
    for project in LIVE:
        for name in ("cloudasset", "compute", "storage"):
            path = f"projects/{NUMBERS[project]}/services/{name}.googleapis.com"
            service = {"name": path, "parent": ancestors(project)[0], "state": "ENABLED"}
            estate.assets.append(
                asset("serviceusage.googleapis.com/Service", path, project, service)
            )
    for constraint in (
        "iam.disableServiceAccountKeyCreation",
        "iam.disableServiceAccountKeyUpload",
        "sql.restrictPublicIp",
    ):
        path = f"{_TOP}/policies/{constraint}"
        policy = {"name": path, "spec": {"rules": [{"enforce": True}], "updateTime": ago(now, 90)}}
        estate.assets.append(asset("orgpolicy.googleapis.com/Policy", path, None, policy))
    perimeter = {
        "name": "accessPolicies/1/servicePerimeters/data",
        "title": "data",
        "status": {
            "resources": [f"projects/{NUMBERS[DATA]}"],
            "restrictedServices": ["storage.googleapis.com", "bigquery.googleapis.com"],
            "accessLevels": ["accessPolicies/1/accessLevels/office"],
        },
    }
    level = {
        "name": "accessPolicies/1/accessLevels/office",
        "title": "office",
        "basic": {"conditions": [{"ipSubnetworks": ["203.0.113.0/24"]}]},
    }
    # The inventory gives what Access Context Manager has as content of its own, of the organisation.
    organization = {
        "name": f"//cloudresourcemanager.googleapis.com/{_TOP}",
        "assetType": "cloudresourcemanager.googleapis.com/Organization",
        "ancestors": [_TOP],
        "updateTime": "2026-01-05T09:30:00Z",
    }
    estate.assets += [
        {**organization, "servicePerimeter": perimeter},
        {**organization, "accessLevel": level},
    ]
    path = f"{_TOP}/locations/global/securityCenterServices/security-health-analytics"
    found = {"name": path, "effectiveEnablementState": "ENABLED"}
    kind = "securitycentermanagement.googleapis.com/SecurityCenterService"
    estate.assets.append(asset(kind, path, None, found))
    answers = estate.answers
    for project in LIVE:
        settings = f"projects/{project}/accessApprovalSettings"
        answers[f"/accessapproval/v1/{settings}"] = {
            "name": settings,
            "enrolledServices": [{"cloudProduct": "all", "enrollmentLevel": "BLOCK_ALL"}],
        }
    for parent in (_TOP, *(f"projects/{project}" for project in LIVE)):
        answers[f"/essentialcontacts/v1/{parent}/contacts:compute"] = {
            "contacts": [
                {
                    "name": f"{parent}/contacts/1",
                    "email": f"security@{DOMAIN}",
                    "notificationCategorySubscriptions": ["SECURITY"],
                    "validationState": "VALID",
                }
            ]
        }
        answers[f"/securitycenter/v1/{parent}/sources"] = {
            "sources": [{"name": f"{_TOP}/sources/1", "displayName": "Security Health Analytics"}]
        }
        finding = {
            "name": f"{_TOP}/sources/1/findings/a1",
            "category": "PUBLIC_BUCKET_ACL",
            "resourceName": "//storage.googleapis.com/acme-press-kit",
            "severity": "HIGH",
            "state": "ACTIVE",
            "mute": "UNMUTED",
            "createTime": ago(now, 4),
            "eventTime": ago(now, 4),
        }
        answers[f"/securitycenter/v1/{parent}/sources/-/findings"] = {
            "listFindingsResults": [{"finding": finding}]
        }


def delivery(estate: Estate, now: datetime) -> None:
    """Triggers and pipelines."""
    for number, (name, approved) in enumerate((("deploy-api", True), ("deploy-shop", False))):
        path = f"projects/{NUMBERS[PRODUCTION]}/locations/global/triggers/t{number}"
        account = f"deploy@{PRODUCTION}.iam.gserviceaccount.com"
        trigger: dict[str, Any] = {
            "id": f"t{number}",
            "name": name,
            "createTime": ago(now, 200),
            "serviceAccount": f"projects/{PRODUCTION}/serviceAccounts/{account}",
        }
        if approved:
            trigger["approvalConfig"] = {"approvalRequired": True}
        estate.assets.append(
            asset("cloudbuild.googleapis.com/BuildTrigger", path, PRODUCTION, trigger)
        )
    base = f"projects/{NUMBERS[PRODUCTION]}/locations/{REGION}"
    for name in ("staging", "main"):
        target: dict[str, Any] = {"name": name, "requireApproval": True}
        target = target if name == "main" else {"name": name}
        estate.assets.append(
            asset("clouddeploy.googleapis.com/Target", f"{base}/targets/{name}", PRODUCTION, target)
        )
    stages = {"stages": [{"targetId": "staging"}, {"targetId": "main"}]}
    estate.assets.append(
        asset(
            "clouddeploy.googleapis.com/DeliveryPipeline",
            f"{base}/deliveryPipelines/shop",
            PRODUCTION,
            {"name": "shop", "serialPipeline": stages},
        )
    )


_PEOPLE = (
    # Login, administrator, second step enforced, days since the last sign-in.
    ("ana.kovac", True, True, 1),
    ("adam.lund", True, True, 2),
    ("bianca.moretti", False, True, 3),
    ("fatima.haddad", False, True, 1),
    ("ben.osei", False, True, 4),
    ("marek.zielinski", False, False, 9),
    ("erik.holm", False, True, 140),
)


def workspace(estate: Estate, now: datetime) -> None:
    """People of Google Workspace."""
    users = [
        {
            "kind": "admin#directory#user",
            "id": f"1{number:020}",
            "primaryEmail": f"{login}@{DOMAIN}",
            "isAdmin": admin,
            "isDelegatedAdmin": False,
            "suspended": False,
            "archived": False,
            "isEnrolledIn2Sv": second,
            "isEnforcedIn2Sv": second,
            "creationTime": ago(now, 600).replace("Z", ".000Z"),
            "lastLoginTime": f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%S.000Z}",
        }
        for number, (login, admin, second, days) in enumerate(_PEOPLE)
    ]
    estate.answers["/admin/admin/directory/v1/users"] = {
        "kind": "admin#directory#users",
        "users": users,
    }
    estate.answers["/admin/admin/directory/v1/customers/{customer}"] = {
        "kind": "admin#directory#customer",
        "id": "C01acme",
        "customerDomain": DOMAIN,
    }


AREAS: list[Callable[[Estate, datetime], None]] = [
    identities,
    roles,
    keys_and_secrets,
    data,
    logs,
    guardrails,
    delivery,
    workspace,
    patches,
]
"""Every area of this module. Each is a function of its own, so that it can be read by itself."""

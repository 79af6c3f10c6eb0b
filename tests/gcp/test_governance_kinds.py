"""Kinds of identities, data, logs and delivery, over HTTP from the emulated company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp import (
    apikeys,
    audit,
    bigquery,
    container,
    delivery,
    iam,
    kms,
    logging,
    monitoring,
    osconfig,
    project,
    secretmanager,
    securitycenter,
    service_accounts,
    sql,
    storage,
    workspace,
)
from soc2_demo.gcp import Refusal, disabled
from soc2_demo.gcp_words import DEPLOYER, ORGANIZATION, PRODUCTION, STAGING, ancestors, asset
from soc2_demo.gcp_workloads import machine_id
from soc2_pac.canonical import canonical
from soc2_pac.collect import redact
from soc2_pac.errors import Denied, FactUnavailable, NotEnabled, ProviderError
from soc2_pac.model import Fact, Scope
from soc2_pac.resources import GAPS, view

if TYPE_CHECKING:
    from soc2_pac.resources import Collector

    from .conftest import Source

P = f"projects/{PRODUCTION}"
HERE = Scope("gcp", PRODUCTION)
CONTACTS = f"/essentialcontacts/v1/organizations/{ORGANIZATION}/contacts:compute"
APPROVAL = f"/accessapproval/v1/{P}/accessApprovalSettings"
USERS, CUSTOMER = (
    "/admin/admin/directory/v1/users",
    "/admin/admin/directory/v1/customers/my_customer",
)
LISTED: dict[Collector, tuple[str, str, dict[str, Any]]] = {
    service_accounts.accounts: (
        "iam.googleapis.com/ServiceAccount",
        f"{P}/serviceAccounts/1001",
        {"email": f"app@{PRODUCTION}.iam.gserviceaccount.com", "uniqueId": "1001"},
    ),
    service_accounts.keys: (
        "iam.googleapis.com/ServiceAccountKey",
        f"{P}/serviceAccounts/1001/keys/ab",
        {
            "name": f"{P}/serviceAccounts/app@{PRODUCTION}.iam.gserviceaccount.com/keys/ab",
            "keyType": "USER_MANAGED",
            "validAfterTime": "2026-01-01T00:00:00Z",
        },
    ),
    service_accounts.providers: (
        "iam.googleapis.com/WorkloadIdentityPoolProvider",
        f"{P}/locations/global/workloadIdentityPools/github/providers/oidc",
        {"name": "oidc", "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"}},
    ),
    storage.buckets: (
        "storage.googleapis.com/Bucket",
        "acme-data",
        {"name": "acme-data", "iamConfiguration": {}, "retentionPolicy": {}, "logging": {}},
    ),
    kms.keys: (
        "cloudkms.googleapis.com/CryptoKey",
        f"{P}/locations/eu/keyRings/r/cryptoKeys/k",
        {"name": "k", "purpose": "ENCRYPT_DECRYPT"},
    ),
    secretmanager.secrets: (
        "secretmanager.googleapis.com/Secret",
        f"{P}/secrets/db",
        {"name": f"{P}/secrets/db", "replication": {"automatic": {}}},
    ),
    apikeys.keys: (
        "apikeys.googleapis.com/Key",
        f"{P}/locations/global/keys/ab",
        {"name": "ab", "displayName": "maps", "createTime": "2026-01-01T00:00:00Z"},
    ),
    bigquery.datasets: ("bigquery.googleapis.com/Dataset", f"{P}/datasets/d", {"id": "d"}),
    delivery.registries: (
        "artifactregistry.googleapis.com/Repository",
        f"{P}/locations/eu/repositories/images",
        {"name": "images", "format": "DOCKER"},
    ),
    delivery.triggers: (
        "cloudbuild.googleapis.com/BuildTrigger",
        f"{P}/locations/global/triggers/1",
        {"id": "1", "name": "deploy-prod"},
    ),
    delivery.pipelines: (
        "clouddeploy.googleapis.com/DeliveryPipeline",
        f"{P}/locations/eu/deliveryPipelines/web",
        {"name": "web"},
    ),
    delivery.targets: (
        "clouddeploy.googleapis.com/Target",
        f"{P}/locations/eu/targets/prod",
        {"name": "prod", "requireApproval": True},
    ),
    logging.sinks: (
        "logging.googleapis.com/LogSink",
        f"{P}/sinks/all",
        {"name": "all", "destination": "storage.googleapis.com/acme-logs"},
    ),
    logging.buckets: (
        "logging.googleapis.com/LogBucket",
        f"{P}/locations/global/buckets/_Default",
        {"name": "_Default", "retentionDays": 30, "lifecycleState": "ACTIVE"},
    ),
    logging.metrics: (
        "logging.googleapis.com/LogMetric",
        f"{P}/metrics/owners",
        {"name": "owners", "filter": "ProjectOwnership"},
    ),
    monitoring.policies: (
        "monitoring.googleapis.com/AlertPolicy",
        f"{P}/alertPolicies/1",
        {"name": f"{P}/alertPolicies/1", "displayName": "owners"},
    ),
    monitoring.channels: (
        "monitoring.googleapis.com/NotificationChannel",
        f"{P}/notificationChannels/1",
        {"name": f"{P}/notificationChannels/1", "type": "email", "displayName": "on call"},
    ),
    monitoring.snoozes: (
        "monitoring.googleapis.com/Snooze",
        f"{P}/snoozes/1",
        {
            "name": f"{P}/snoozes/1",
            "displayName": "moving house",
            "criteria": {"policies": [f"{P}/alertPolicies/2"]},
            "interval": {"startTime": "2026-10-01T00:00:00Z", "endTime": "2026-10-02T00:00:00Z"},
        },
    ),
    project.services: (
        "serviceusage.googleapis.com/Service",
        f"{P}/services/cloudasset.googleapis.com",
        {"name": f"{P}/services/cloudasset.googleapis.com", "state": "ENABLED"},
    ),
    container.binauthz_policies: (
        "binaryauthorization.googleapis.com/Policy",
        f"{P}/policy",
        {"defaultAdmissionRule": {"evaluationMode": "ALWAYS_ALLOW"}},
    ),
    securitycenter.services: (
        "securitycentermanagement.googleapis.com/SecurityCenterService",
        f"{P}/locations/global/securityCenterServices/event-threat-detection",
        {"name": f"{P}/x/event-threat-detection", "effectiveEnablementState": "ENABLED"},
    ),
    project.org_policies: (
        "orgpolicy.googleapis.com/Policy",
        f"{P}/policies/sql.restrictPublicIp",
        {"name": f"{P}/policies/sql.restrictPublicIp", "spec": {"rules": [{"enforce": True}]}},
    ),
}
each_listed = pytest.mark.parametrize("collector", LISTED, ids=lambda c: c.kind)


def put(gcp: Source, collector: Collector) -> dict[str, Any]:
    """One asset of the kind, and nothing else of it."""
    sort, path, data = LISTED[collector]
    assets = gcp.emulator.state.assets
    assets[:] = [one for one in assets if one["assetType"] != sort]
    made = asset(sort, path, PRODUCTION, data)
    assets.append(made)
    return made


def bodies(gcp: Source, collector: Collector, **client: Any) -> dict[str, dict[str, Any]]:
    """Documents by uid, every fact read; one that was refused is a gap."""
    found: dict[str, dict[str, Any]] = {}
    for document in collector.documents(gcp.client(*collector.calls, **client)):
        body: dict[str, Any] = {}
        for key, value in document.body.items():
            try:
                body[key] = value.call() if isinstance(value, Fact) else value
            except ProviderError as error:
                gap = {"status": "denied", "reason": str(error), "permission": error.permission}
                body.setdefault(GAPS, {})[key] = gap
        assert document.uid not in found
        found[document.uid] = body
    return found


def views(gcp: Source, collector: Collector, **client: Any) -> list[Any]:
    """Typed views."""
    found = bodies(gcp, collector, **client).values()
    return [view(collector.resource, canonical(body)) for body in found]


@each_listed
def test_an_asset_becomes_a_document_as_it_came(gcp: Source, collector: Collector) -> None:
    made = put(gcp, collector)
    assert bodies(gcp, collector) == {made["name"]: made}
    (seen,) = views(gcp, collector)
    assert seen.project == ancestors(PRODUCTION)[0]
    assert seen.resource.data


@each_listed
def test_an_asset_of_another_shape_spoils_only_itself(gcp: Source, collector: Collector) -> None:
    made = put(gcp, collector)
    gcp.emulator.state.assets.append({**made, "name": f"{made['name']}-2", "resource": {"data": 7}})
    found = bodies(gcp, collector)
    assert len(found) == 2
    view(collector.resource, canonical(found[made["name"]]))
    with pytest.raises(FactUnavailable):
        view(collector.resource, canonical(found[f"{made['name']}-2"]))


def test_an_empty_inventory_is_read_to_its_end(gcp: Source) -> None:
    gcp.emulator.state.assets.clear()
    assert [len(bodies(gcp, collector)) for collector in LISTED] == [0] * len(LISTED)


def test_names_are_those_that_people_use(gcp: Source) -> None:
    said = {}
    for collector in LISTED:
        put(gcp, collector)
        (document,) = collector.documents(gcp.client(*collector.calls))
        said[collector.kind] = document.name
    assert said["gcp.iam.service_account"] == f"app@{PRODUCTION}.iam.gserviceaccount.com"
    assert said["gcp.monitoring.alert_policy"] == "owners"
    assert said["gcp.cloudbuild.trigger"] == "deploy-prod"


def test_projects_are_those_of_the_hierarchy(gcp: Source) -> None:
    found = {one.id: one for one in views(gcp, project.projects)}
    assert PRODUCTION in found
    assert found[PRODUCTION].active


def test_what_is_secret_is_redacted(gcp: Source) -> None:
    made = put(gcp, monitoring.channels)
    made["resource"]["data"]["labels"] = {"auth_token": "xoxb-1", "channel_name": "#alerts"}
    made["resource"]["data"]["sensitiveLabels"] = {"authToken": "xoxb-1"}
    (body,) = bodies(gcp, monitoring.channels).values()
    kept = redact.redact_paths(body, monitoring.channels.resource.secret)
    assert "xoxb-1" not in str(kept)
    assert "#alerts" in str(kept)


def test_access_approval(gcp: Source) -> None:
    answers = gcp.emulator.state.answers
    answers[APPROVAL] = {"name": "n", "enrolledServices": [{"cloudProduct": "all"}]}
    (seen,) = views(gcp, project.access_approval, scope=HERE)
    assert seen.settings.enrolled_services[0].cloud_product == "all"
    answers[APPROVAL] = Refusal(
        400, message="Precondition check failed.", name="FAILED_PRECONDITION"
    )
    (seen,) = views(gcp, project.access_approval, scope=HERE)
    assert seen.settings is None
    answers[APPROVAL] = Refusal(404, message="Requested entity was not found.")
    (seen,) = views(gcp, project.access_approval, scope=HERE)
    assert seen.settings is None, "what was never set up is not found"
    answers[APPROVAL] = disabled("accessapproval.googleapis.com", PRODUCTION)
    with pytest.raises(NotEnabled, match="gcloud services enable"):
        views(gcp, project.access_approval, scope=HERE)


def test_perimeters_are_content_of_their_own(gcp: Source) -> None:
    (uid,) = bodies(gcp, project.perimeters)
    assert uid == "accessPolicies/1/servicePerimeters/data", "its asset is the organisation"
    (seen,) = views(gcp, project.perimeters)
    assert seen.perimeter.status.resources
    assert any("ACCESS_POLICY" in path for _, path in gcp.emulator.requests)
    gcp.emulator.requests.clear()
    assert bodies(gcp, project.perimeters, scope=HERE) == {}
    assert gcp.emulator.requests == [], "a project has none, and is not asked"


def test_roles_are_those_that_policies_name(gcp: Source) -> None:
    found = {one.name: one for one in views(gcp, iam.roles)}
    assert "iam.serviceAccounts.getAccessToken" in found[DEPLOYER].permissions
    assert "run.routes.invoke" in found["roles/run.invoker"].permissions
    assert found["roles/browser"].permissions is not None
    gcp.emulator.state.assets.append(
        asset(
            "storage.googleapis.com/Bucket",
            "odd",
            PRODUCTION,
            {},
            iam={"bindings": [{"role": "roles/gone"}, {"role": f"projects/{STAGING}/roles/x"}]},
        )
    )
    found = {one.name: one for one in views(gcp, iam.roles, scope=HERE)}
    assert found["roles/gone"].definition is None
    assert found[f"projects/{STAGING}/roles/x"].permissions is None
    assert "iam.serviceAccounts.getAccessToken" in found[DEPLOYER].permissions, "asked for by name"


def test_backups_name_their_instance(gcp: Source) -> None:
    found = views(gcp, sql.backup_runs)
    assert {one.instance.rpartition("/")[2] for one in found} == {"orders", "reports", "erp"}
    assert {one.succeeded for one in found} == {True, False}


def test_essential_contacts(gcp: Source) -> None:
    answers = gcp.emulator.state.answers
    answers[CONTACTS] = {"contacts": [{"name": "c", "email": "security@acme.example"}]}
    (seen,) = views(gcp, project.essential_contacts)
    assert [one.email for one in seen.contacts] == ["security@acme.example"]
    answers[CONTACTS] = {}
    (seen,) = views(gcp, project.essential_contacts)
    assert seen.contacts == []
    answers[CONTACTS] = Refusal(403, "IAM_PERMISSION_DENIED", "no")
    with pytest.raises(Denied) as raised:
        views(gcp, project.essential_contacts)
    assert raised.value.permission == "essentialcontacts.contacts.list"


def test_the_directory(gcp: Source) -> None:
    answers = gcp.emulator.state.answers
    user = {
        "id": "1",
        "primaryEmail": "anna@acme.example",
        "isAdmin": True,
        "suspended": False,
        "archived": False,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": False,
        "creationTime": "2025-01-10T09:00:00.000Z",
        "lastLoginTime": "1970-01-01T00:00:00.000Z",
        "recoveryPhone": "+1555",
    }
    answers[USERS] = {"kind": "admin#directory#users", "users": [user, {"id": 7}]}
    answers[CUSTOMER] = {"id": "C01", "customerDomain": "acme.example"}
    found = bodies(gcp, workspace.users)
    assert len(found) == 2
    seen = view(workspace.users.resource, canonical(found["1"]))
    assert (seen.is_admin, seen.is_enforced_in_2_sv, seen.signed_in) == (True, False, False)  # type: ignore[attr-defined]
    assert "+1555" not in str(redact.redact_paths(found["1"], workspace.users.resource.secret))
    (customer,) = views(gcp, workspace.customer)
    assert customer.customer_domain == "acme.example"


@pytest.mark.parametrize("collector", [workspace.users, workspace.customer], ids=lambda c: c.kind)
def test_a_directory_that_is_not_open_raises(gcp: Source, collector: Collector) -> None:
    answers = gcp.emulator.state.answers
    for path in (USERS, CUSTOMER):
        answers[path] = Refusal(403, message="Not Authorized", errors=("forbidden",))
    with pytest.raises(Denied):
        bodies(gcp, collector)
    for path in (USERS, CUSTOMER):
        answers[path] = disabled("admin.googleapis.com", "1")
    with pytest.raises(NotEnabled):
        bodies(gcp, collector)


def test_security_command_center(gcp: Source) -> None:
    answers = gcp.emulator.state.answers
    at = f"/securitycenter/v1/organizations/{ORGANIZATION}/sources"
    answers[at] = {"sources": [{"name": "s", "displayName": "Security Health Analytics"}]}
    finding = {
        "name": f"{at}/1/findings/a",
        "severity": "HIGH",
        "createTime": "2026-01-01T00:00:00Z",
    }
    answers[f"{at}/-/findings"] = {
        "listFindingsResults": [{"finding": finding, "resource": {}}, {"finding": {}}]
    }
    (seen,) = views(gcp, securitycenter.sources)
    assert [one.display_name for one in seen.sources] == ["Security Health Analytics"]
    found = bodies(gcp, securitycenter.findings)
    assert len(found) == 2
    assert found[finding["name"]]["finding"] == finding
    assert any("severity%3D" in path for _, path in gcp.emulator.requests)
    answers[at] = disabled("securitycenter.googleapis.com", "1")
    with pytest.raises(NotEnabled, match="gcloud services enable"):
        views(gcp, securitycenter.sources)


def test_service_accounts_with_their_last_use(gcp: Source) -> None:
    found = {
        one.account.email.partition("@")[0]: one
        for one in views(gcp, service_accounts.uses, scope=HERE)
    }
    shop, old = found["shop"], found["old-deploy"]
    assert shop.last_use() > old.last_use()
    assert (len(old.keys), old.last_use("k1")) == (1, old.last_use())
    assert shop.last_use("k1") is None
    gcp.emulator.state.answers.clear()
    with pytest.raises(ProviderError):
        views(gcp, service_accounts.uses, scope=HERE)


def test_a_key_named_by_the_address_is_one_of_the_account_named_by_its_number(gcp: Source) -> None:
    mail, other = (f"{name}@{PRODUCTION}.iam.gserviceaccount.com" for name in ("app", "my-app"))
    sort = "//iam.googleapis.com"
    gcp.emulator.state.assets[:] = [
        asset(
            "iam.googleapis.com/ServiceAccount",
            f"{sort}/{P}/serviceAccounts/1001",
            PRODUCTION,
            {"email": mail, "uniqueId": "1001"},
        ),
        *(
            asset(
                "iam.googleapis.com/ServiceAccountKey",
                f"{sort}/{P}/serviceAccounts/{one}/keys/k",
                PRODUCTION,
                {
                    "name": f"{P}/serviceAccounts/{one}/keys/k",
                    "keyType": "USER_MANAGED",
                    "validAfterTime": "2026-01-01T00:00:00Z",
                },
            )
            for one in (mail, other)
        ),
    ]
    (seen,) = views(gcp, service_accounts.uses, scope=HERE)
    assert [one.account for one in seen.keys] == [mail]


def test_changes_by_people(gcp: Source) -> None:
    (body,) = bodies(gcp, audit.human_changes, scope=HERE).values()
    assert "tcp" not in str(redact.redact_paths(body, audit.human_changes.resource.secret))
    (seen,) = views(gcp, audit.human_changes, scope=HERE)
    assert seen.action == "compute:v1.compute.firewalls.insert"
    assert gcp.emulator.requests[-1][0] == "POST"
    gcp.emulator.state.answers["/logging/v2/entries:list"] = {}
    assert bodies(gcp, audit.human_changes, scope=HERE) == {}
    gcp.emulator.state.answers["/logging/v2/entries:list"] = Refusal(
        403, "IAM_PERMISSION_DENIED", "no"
    )
    with pytest.raises(Denied) as raised:
        bodies(gcp, audit.human_changes, scope=HERE)
    assert raised.value.permission == "logging.logEntries.list"


def test_a_person_who_acts_as_a_service_account_is_a_person(gcp: Source) -> None:
    def entry(number: int, *chain: str) -> dict[str, object]:
        who = {
            "principalEmail": "deploy@acme-prod.iam.gserviceaccount.com",
            "serviceAccountDelegationInfo": [
                {"firstPartyPrincipal": {"principalEmail": mail}} for mail in chain
            ],
        }
        payload = {
            "serviceName": "compute.googleapis.com",
            "methodName": "v1.compute.firewalls.insert",
            "authenticationInfo": who,
        }
        return {
            "insertId": f"e{number}",
            "timestamp": "2026-11-20T10:11:12Z",
            "protoPayload": payload,
        }

    relay = "relay@acme-prod.iam.gserviceaccount.com"
    gcp.emulator.state.answers["/logging/v2/entries:list"] = {
        "entries": [entry(1, relay), entry(2, relay, "anna@acme.example"), entry(3)]
    }
    (seen,) = views(gcp, audit.human_changes, scope=HERE)
    assert (seen.insert_id, seen.who) == ("e2", "anna@acme.example")
    assert seen.through == "deploy@acme-prod.iam.gserviceaccount.com"
    assert gcp.emulator.requests[-1][0] == "POST"


def test_a_report_that_is_old_says_so(gcp: Source) -> None:
    for days, outdated in ((1, False), (40, True)):
        when = datetime.now(UTC) - timedelta(days=days)
        path = "projects/{project}/locations/{zone}/instances/-/vulnerabilityReports"
        machine = f"{P}/locations/europe-west1-b/instances/{machine_id('billing-1')}"
        report = {"name": f"{machine}/vulnerabilityReport", "updateTime": when.isoformat()}
        gcp.emulator.state.answers[f"/osconfig/v1/{path}"] = {"vulnerabilityReports": [report]}
        (seen,) = views(gcp, osconfig.machine_reports, scope=HERE)
        assert bool(seen.outdated) is outdated
        assert seen.report.vulnerabilities == []


def test_machines_with_their_vulnerabilities(gcp: Source) -> None:
    found = bodies(gcp, osconfig.machine_reports, scope=Scope("gcp", STAGING)).values()
    (build,) = (one for one in found if one["instance"]["name"] == "build-1")
    assert "hunter2" not in str(build), "of the machine itself only what names it"
    seen = view(osconfig.machine_reports.resource, canonical(build))
    assert seen.report.vulnerabilities[0].fixable  # type: ignore[attr-defined]
    gcp.emulator.state.answers.clear()
    with pytest.raises(ProviderError):
        bodies(gcp, osconfig.machine_reports, scope=Scope("gcp", STAGING))

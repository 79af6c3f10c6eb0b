"""Networks, machines, databases and clusters of acme-robotics in Google Cloud, and what is wrong with them.

Names and numbers are inventions. Addresses are from the ranges that are reserved for documentation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_demo.company import Planted
from soc2_demo.gcp_words import DATA, NUMBERS, PRODUCTION, STAGING, ago, ancestors, asset

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_demo.gcp import Estate

REGION, ZONE = "europe-west1", "europe-west1-b"
_LINK = "https://www.googleapis.com/compute/v1/"
_COMPUTE = "compute.googleapis.com"
_KEY = "projects/acme-data/locations/europe-west1/keyRings/main/cryptoKeys/data"
_EVERYWHERE = ["0.0.0.0/0"]

PLANTED: tuple[Planted, ...] = (
    Planted("gcp-fw-no-all", "allow-everything", "a rule of staging lets everything in"),
    Planted("gcp-fw-no-ssh", "old-ssh", "SSH from anywhere, in production"),
    Planted("gcp-fw-no-ssh", "allow-everything", "SSH from anywhere, in staging"),
    Planted("gcp-fw-no-rdp", "allow-everything", "RDP from anywhere, in staging"),
    Planted("gcp-fw-no-data-ports", "allow-everything", "every port from anywhere, in staging"),
    Planted("gcp-fw-policy-no-world", "vendor", "WinRM from anywhere, by a policy"),
    Planted("gcp-fw-logging", "old-ssh", "what it admits is not logged"),
    Planted("gcp-no-default-network", "default", "staging still has its default network"),
    Planted("gcp-flow-logs", "default", "a subnet without flow logs"),
    Planted("gcp-dns-logging", "default", "no DNS policy holds for the default network"),
    Planted("gcp-dnssec", "shop", "the shop's zone is not signed"),
    Planted("gcp-exposed-addresses", "forgotten", "an address that nobody uses"),
    Planted("gcp-vm-default-sa", "build-1", "runs as the default account, with every API"),
    Planted("gcp-vm-no-public-ip", "build-1", "has an external address"),
    Planted("gcp-vm-ip-forwarding", "build-1", "forwards packets"),
    Planted("gcp-vm-serial-port", "build-1", "its serial console is open"),
    Planted("gcp-vm-block-project-keys", "build-1", "keys of the project open it"),
    Planted("gcp-vm-shielded", "build-1", "boots whatever it finds"),
    Planted("gcp-vm-confidential", "billing-1", "confidential data in readable memory"),
    Planted("gcp-os-login", STAGING, "OS Login is off"),
    Planted("gcp-disk-cmek", "build-1", "Google's key"),
    Planted("gcp-image-not-public", "golden-2023", "an image that everyone may use"),
    Planted("gcp-snapshot-not-public", "billing-copy", "a disk that everyone may read"),
    Planted("gcp-cloud-armor", "shop", "the shop has neither Cloud Armor nor IAP"),
    Planted("gcp-lb-logging", "shop", "the shop's requests are not logged"),
    Planted("gcp-lb-tls", "shop", "the shop speaks TLS 1.0"),
    Planted("gcp-sql-no-world-network", "legacy-mysql", "every address is authorized"),
    Planted("gcp-sql-private-ip", "legacy-mysql", "a public address"),
    Planted("gcp-sql-tls", "legacy-mysql", "connections without TLS"),
    Planted("gcp-sql-backups", "legacy-mysql", "no backups"),
    Planted("gcp-sql-backup-succeeded", "erp", "its backups have failed for weeks"),
    Planted("gcp-sql-ha", "legacy-mysql", "one zone, and one command deletes it"),
    Planted("gcp-sql-cmek", "legacy-mysql", "Google's key"),
    Planted("gcp-mysql-flags", "legacy-mysql", "flags were never set"),
    Planted("gcp-mssql-access-flags", "erp", "remote access is on by default"),
    Planted("gcp-mssql-baseline-flags", "erp", "messages tell details"),
    Planted("gcp-pg-audit", "reports", "no audit extension"),
    Planted("gcp-pg-log-connections", "reports", "nobody logs who connects"),
    Planted("gcp-pg-log-levels", "reports", "changes of the schema are not logged"),
    Planted("gcp-alloydb-log-levels", "vectors-1", "only fatal errors are logged"),
    Planted("gcp-alloydb-cmek", "vectors", "Google's key"),
    Planted("gcp-dataproc-alloydb-cmek", "nightly", "Google's key"),
    Planted("gcp-gke-private", "experiments", "a control plane for everybody"),
    Planted("gcp-gke-hardening", "experiments", "a cluster as it was made in 2019"),
    Planted("gcp-gke-patching", "experiments", "nobody upgrades it"),
    Planted("gcp-gke-anonymous", "experiments", "answers whoever asks"),
    Planted("gcp-serverless-not-public", "resize-image", "everyone may call it"),
    Planted("gcp-run-not-public", "preview", "everyone may call it"),
)


def compute(sort: str, project: str, path: str, **data: object) -> dict[str, Any]:
    """An asset of Compute Engine: ``compute("Network", "acme-prod", "global/networks/main")``."""
    full = f"projects/{project}/{path}"
    location = path.split("/")[1] if path.startswith(("zones/", "regions/")) else "global"
    return asset(
        f"{_COMPUTE}/{sort}",
        full,
        project,
        {"name": path.rpartition("/")[2], "selfLink": _LINK + full, **data},
        location=location,
    )


def shared(found: dict[str, Any], role: str, *members: str) -> dict[str, Any]:
    """The asset with a policy of its own."""
    return {**found, "iamPolicy": {"bindings": [{"role": role, "members": list(members)}]}}


def networks(estate: Estate, now: datetime) -> None:  # noqa: ARG001 - nothing here has an age
    """A network that somebody planned, and the default one that nobody removed."""
    main = f"{_LINK}projects/{PRODUCTION}/global/networks/main"
    default = f"{_LINK}projects/{STAGING}/global/networks/default"
    estate.assets += [
        compute("Network", PRODUCTION, "global/networks/main", autoCreateSubnetworks=False),
        compute("Network", STAGING, "global/networks/default", autoCreateSubnetworks=True),
        compute(
            "Subnetwork",
            PRODUCTION,
            f"regions/{REGION}/subnetworks/main",
            network=main,
            ipCidrRange="10.10.0.0/20",
            purpose="PRIVATE",
            enableFlowLogs=True,
            logConfig={"enable": True, "aggregationInterval": "INTERVAL_5_SEC"},
        ),
        compute(
            "Subnetwork",
            STAGING,
            f"regions/{REGION}/subnetworks/default",
            network=default,
            ipCidrRange="10.132.0.0/20",
            purpose="PRIVATE",
        ),
        compute(
            "NetworkFirewallPolicy",
            STAGING,
            "global/firewallPolicies/vendor",
            associations=[{"name": "default", "attachmentTarget": default}],
            rules=[
                {
                    "priority": 100,
                    "action": "allow",
                    "direction": "INGRESS",
                    "match": {
                        "srcIpRanges": _EVERYWHERE,
                        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["5985-5986"]}],
                    },
                }
            ],
        ),
        firewall(PRODUCTION, "web", main, ["443"], _EVERYWHERE, logged=True),
        firewall(PRODUCTION, "iap-ssh", main, ["22"], ["35.235.240.0/20"], logged=True),
        firewall(PRODUCTION, "old-ssh", main, ["22"], _EVERYWHERE),
        firewall(PRODUCTION, "any-postgres", main, ["5432"], _EVERYWHERE, logged=True),
        firewall(PRODUCTION, "no-postgres", main, ["5432"], _EVERYWHERE, denied=True),
        firewall(STAGING, "allow-everything", default, [], _EVERYWHERE, logged=True),
        asset(
            "dns.googleapis.com/Policy",
            f"projects/{PRODUCTION}/policies/log",
            PRODUCTION,
            {
                "id": "1",
                "name": "log",
                "enableInboundForwarding": False,
                "enableLogging": True,
                "networks": [{"networkUrl": main}],
            },
        ),
        *(
            asset(
                "dns.googleapis.com/ManagedZone",
                f"projects/{PRODUCTION}/managedZones/{name}",
                PRODUCTION,
                {"name": name, "dnsName": f"{name}.example.", "visibility": "public", **more},
            )
            for name, more in (
                ("acme-robotics", {"dnssecConfig": {"state": "on", "nonExistence": "nsec3"}}),
                ("shop", {}),
            )
        ),
        compute(
            "Address",
            PRODUCTION,
            f"regions/{REGION}/addresses/forgotten",
            address="198.51.100.20",
            addressType="EXTERNAL",
            status="RESERVED",
        ),
    ]


def firewall(
    project: str,
    name: str,
    network: str,
    ports: list[str],
    sources: list[str],
    *,
    logged: bool = False,
    denied: bool = False,
) -> dict[str, Any]:
    """A rule about TCP ports; without ports: about everything. What denies comes first."""
    entry = {"IPProtocol": "tcp", "ports": ports} if ports else {"IPProtocol": "all"}
    return compute(
        "Firewall",
        project,
        f"global/firewalls/{name}",
        network=network,
        direction="INGRESS",
        priority=900 if denied else 1000,
        sourceRanges=sources,
        disabled=False,
        logConfig={"enable": logged},
        **{"denied" if denied else "allowed": [entry]},
    )


def machines(estate: Estate, now: datetime) -> None:  # noqa: ARG001
    """Machines, disks, images and snapshots."""
    for project, items in (
        (PRODUCTION, [("enable-oslogin", "TRUE"), ("enable-oslogin-2fa", "TRUE")]),
        (STAGING, [("ssh-keys", "bo:ssh-ed25519 AAAAC3 bo")]),
    ):
        path = f"projects/{project}"
        metadata = {"items": [{"key": key, "value": value} for key, value in items]}
        data = {"name": project, "commonInstanceMetadata": metadata, "selfLink": _LINK + path}
        estate.assets.append(asset(f"{_COMPUTE}/Project", path, project, data))
    shield = {
        "enableSecureBoot": True,
        "enableVtpm": True,
        "enableIntegrityMonitoring": True,
    }
    estate.assets += [
        machine(
            PRODUCTION,
            "billing-1",
            serviceAccounts=[{"email": f"billing@{PRODUCTION}.iam.gserviceaccount.com"}],
            shieldedInstanceConfig=shield,
            labels={"data-classification": "confidential"},
        ),
        machine(
            STAGING,
            "build-1",
            canIpForward=True,
            networkInterfaces=[{"accessConfigs": [{"natIP": "198.51.100.21"}]}],
            serviceAccounts=[
                {
                    "email": f"{NUMBERS[STAGING]}-compute@developer.gserviceaccount.com",
                    "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                }
            ],
            metadata={
                "items": [
                    {"key": "serial-port-enable", "value": "1"},
                    {"key": "startup-script", "value": "export DB_PASSWORD=hunter2hunter2"},
                ]
            },
        ),
        compute(
            "Disk",
            PRODUCTION,
            f"zones/{ZONE}/disks/billing-1",
            diskEncryptionKey={"kmsKeyName": f"{_KEY}/cryptoKeyVersions/1"},
        ),
        compute("Disk", STAGING, f"zones/{ZONE}/disks/build-1"),
        compute("Image", PRODUCTION, "global/images/golden-2026", status="READY"),
        shared(
            compute("Image", STAGING, "global/images/golden-2023", status="READY"),
            "roles/compute.imageUser",
            "allAuthenticatedUsers",
        ),
        shared(
            compute("Snapshot", PRODUCTION, "global/snapshots/billing-copy", status="READY"),
            "roles/compute.viewer",
            "allAuthenticatedUsers",
        ),
    ]


def machine_id(name: str) -> str:
    """By which other services know a machine."""
    return str(10**18 + sum(map(ord, name)))


def machine(project: str, name: str, **data: object) -> dict[str, Any]:
    """A virtual machine."""
    given: dict[str, Any] = {"status": "RUNNING", "canIpForward": False, "id": machine_id(name)}
    given["networkInterfaces"] = [{"networkIP": "10.10.0.5"}]
    given["metadata"] = {"fingerprint": "abc="}
    return compute("Instance", project, f"zones/{ZONE}/instances/{name}", **{**given, **data})


def balancers(estate: Estate, now: datetime) -> None:  # noqa: ARG001
    """Two load balancers: the one of the console, and the shop's."""
    top = f"{_LINK}projects/{PRODUCTION}/global/"
    estate.assets += [
        compute(
            "BackendService",
            PRODUCTION,
            "global/backendServices/console",
            protocol="HTTPS",
            loadBalancingScheme="EXTERNAL_MANAGED",
            securityPolicy=f"{top}securityPolicies/edge",
            logConfig={"enable": True, "sampleRate": 1},
        ),
        compute(
            "BackendService",
            PRODUCTION,
            "global/backendServices/shop",
            protocol="HTTP",
            loadBalancingScheme="EXTERNAL",
        ),
        compute(
            "TargetHttpsProxy",
            PRODUCTION,
            "global/targetHttpsProxies/console",
            sslPolicy=f"{top}sslPolicies/modern",
        ),
        compute("TargetHttpsProxy", PRODUCTION, "global/targetHttpsProxies/shop"),
        compute(
            "SecurityPolicy",
            PRODUCTION,
            "global/securityPolicies/edge",
            type="CLOUD_ARMOR",
            rules=[
                {
                    "priority": 1000,
                    "action": "deny(403)",
                    "match": {
                        "expr": {"expression": "evaluatePreconfiguredWaf('sqli-v33-stable')"}
                    },
                },
                {"priority": 2147483647, "action": "allow"},
            ],
        ),
        compute(
            "SslPolicy",
            PRODUCTION,
            "global/sslPolicies/modern",
            profile="MODERN",
            minTlsVersion="TLS_1_2",
        ),
    ]


def databases(estate: Estate, now: datetime) -> None:
    """Cloud SQL and its backups, AlloyDB and Dataproc."""
    good: dict[str, Any] = {"deletionProtectionEnabled": True, "availabilityType": "REGIONAL"}
    backups = {
        "enabled": True,
        "pointInTimeRecoveryEnabled": True,
        "transactionLogRetentionDays": 7,
        "backupRetentionSettings": {"retentionUnit": "COUNT", "retainedBackups": 14},
        "backupTier": "STANDARD",
    }
    audited = {
        "cloudsql.enable_pgaudit": "on",
        "pgaudit.log": "ddl,role",
        "log_connections": "on",
        "log_disconnections": "on",
        "log_statement": "ddl",
    }
    estate.assets += [
        database("orders", "POSTGRES_16", audited, backupConfiguration=backups, **good),
        database("reports", "POSTGRES_15", {}, backupConfiguration=backups, **good),
        database("erp", "SQLSERVER_2022_STANDARD", {}, backupConfiguration=backups, **good),
        database(
            "legacy-mysql",
            "MYSQL_8_0",
            {},
            keyed=False,
            backupConfiguration={"enabled": False},
            ipConfiguration={
                "ipv4Enabled": True,
                "authorizedNetworks": [{"name": "all", "value": "0.0.0.0/0"}],
                "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
            },
        ),
        *(backup(name, now, 1) for name in ("orders", "reports")),
        backup("erp", now, 20),
        backup("erp", now, 1, "FAILED"),
        asset(
            "alloydb.googleapis.com/Cluster",
            f"projects/{DATA}/locations/{REGION}/clusters/vectors",
            DATA,
            {
                "databaseVersion": "POSTGRES_15",
                "state": "READY",
                "encryptionInfo": {"encryptionType": "GOOGLE_DEFAULT_ENCRYPTION"},
            },
            location=REGION,
        ),
        asset(
            "alloydb.googleapis.com/Instance",
            f"projects/{DATA}/locations/{REGION}/clusters/vectors/instances/vectors-1",
            DATA,
            {"instanceType": "PRIMARY", "databaseFlags": {"log_min_messages": "fatal"}},
            location=REGION,
        ),
        asset(
            "dataproc.googleapis.com/Cluster",
            f"projects/{DATA}/regions/{REGION}/clusters/nightly",
            DATA,
            {"projectId": DATA, "clusterName": "nightly", "config": {"gceClusterConfig": {}}},
            location=REGION,
        ),
    ]


def database(
    name: str, version: str, flags: dict[str, str], *, keyed: bool = True, **settings: object
) -> dict[str, Any]:
    """A Cloud SQL instance of the data project; private, with TLS and a key, unless said otherwise."""
    given: dict[str, Any] = {"ipConfiguration": {"ipv4Enabled": False, "sslMode": "ENCRYPTED_ONLY"}}
    given["databaseFlags"] = [{"name": key, "value": value} for key, value in flags.items()]
    given |= settings
    public = given["ipConfiguration"]["ipv4Enabled"]
    address = ("PRIMARY", "198.51.100.30") if public else ("PRIVATE", "10.20.0.3")
    data = {
        "name": name,
        "databaseVersion": version,
        "instanceType": "CLOUD_SQL_INSTANCE",
        "state": "RUNNABLE",
        "ipAddresses": [{"type": address[0], "ipAddress": address[1]}],
        "createTime": "2024-02-01T10:00:00Z",
        "settings": {"activationPolicy": "ALWAYS", **given},
    }
    if keyed:
        data["diskEncryptionConfiguration"] = {"kmsKeyName": _KEY}
    return {
        "name": f"//cloudsql.googleapis.com/projects/{DATA}/instances/{name}",
        "assetType": "sqladmin.googleapis.com/Instance",
        "ancestors": ancestors(DATA),
        "updateTime": "2026-01-05T09:30:00Z",
        "resource": {"version": "v1beta4", "data": data, "location": REGION},
    }


def backup(instance: str, now: datetime, days: float, status: str = "SUCCESSFUL") -> dict[str, Any]:
    """A backup of a Cloud SQL instance that ended so many days ago."""
    number = int((now - timedelta(days=days)).timestamp() * 1000)
    data = {
        "kind": "sql#backupRun",
        "id": str(number),
        "instance": instance,
        "type": "AUTOMATED",
        "status": status,
        "endTime": ago(now, days),
    }
    return {
        "name": f"//cloudsql.googleapis.com/projects/{DATA}/instances/{instance}/backupRuns/{number}",
        "assetType": "sqladmin.googleapis.com/BackupRun",
        "ancestors": ancestors(DATA),
        "updateTime": "2026-01-05T09:30:00Z",
        "resource": {"version": "v1", "data": data, "location": REGION},
    }


def clusters(estate: Estate, now: datetime) -> None:  # noqa: ARG001
    """Kubernetes as it is made today, and as it was made in 2019."""
    estate.assets += [
        cluster(
            PRODUCTION,
            "apps",
            privateClusterConfig={"enablePrivateNodes": True, "enablePrivateEndpoint": True},
            masterAuth={"clusterCaCertificate": "LS0tLS1CRUdJTg=="},
            networkConfig={"datapathProvider": "ADVANCED_DATAPATH"},
            shieldedNodes={"enabled": True},
            binaryAuthorization={"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
            releaseChannel={"channel": "REGULAR"},
            databaseEncryption={
                "state": "ENCRYPTED",
                "currentState": "CURRENT_STATE_ENCRYPTED",
                "keyName": _KEY,
            },
            loggingConfig={
                "componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}
            },
            anonymousAuthenticationConfig={"mode": "LIMITED"},
            rbacBindingConfig={
                "enableInsecureBindingSystemAuthenticated": False,
                "enableInsecureBindingSystemUnauthenticated": False,
            },
            nodePools=[
                {
                    "name": "main",
                    "config": {"serviceAccount": f"nodes@{PRODUCTION}.iam.gserviceaccount.com"},
                    "management": {"autoUpgrade": True, "autoRepair": True},
                }
            ],
        ),
        asset(
            "binaryauthorization.googleapis.com/Policy",
            f"projects/{PRODUCTION}/policy",
            PRODUCTION,
            {
                "name": f"projects/{PRODUCTION}/policy",
                "globalPolicyEvaluationMode": "ENABLE",
                "defaultAdmissionRule": {
                    "evaluationMode": "REQUIRE_ATTESTATION",
                    "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
                    "requireAttestationsBy": [f"projects/{PRODUCTION}/attestors/built"],
                },
            },
        ),
        cluster(
            STAGING,
            "experiments",
            legacyAbac={"enabled": True},
            masterAuth={"username": "admin", "password": "hunter2hunter2"},
            databaseEncryption={
                "state": "DECRYPTED",
                "currentState": "CURRENT_STATE_DECRYPTED",
            },
            nodePools=[{"name": "pool-1", "config": {"serviceAccount": "default"}}],
        ),
    ]


def cluster(project: str, name: str, **data: object) -> dict[str, Any]:
    """A GKE cluster."""
    path = f"projects/{project}/locations/{REGION}/clusters/{name}"
    given = {"name": name, "status": "RUNNING", **data}
    return asset("container.googleapis.com/Cluster", path, project, given, location=REGION)


def functions(estate: Estate, now: datetime) -> None:  # noqa: ARG001
    """Functions and services."""
    estate.assets += [
        function("resize-image", "ALLOW_ALL", "allUsers"),
        function(
            "nightly-report",
            "ALLOW_INTERNAL_ONLY",
            f"serviceAccount:cron@{PRODUCTION}.iam.gserviceaccount.com",
        ),
        service("preview", "all", "allUsers"),
        service("ledger", "internal", f"serviceAccount:web@{PRODUCTION}.iam.gserviceaccount.com"),
    ]


def function(name: str, ingress: str, member: str) -> dict[str, Any]:
    """A function of the first generation."""
    data = {
        "environment": "GEN_1",
        "serviceConfig": {
            "ingressSettings": ingress,
            "environmentVariables": {"API_TOKEN": "hunter2hunter2"},
        },
    }
    path = f"projects/{PRODUCTION}/locations/{REGION}/functions/{name}"
    found = asset("cloudfunctions.googleapis.com/Function", path, PRODUCTION, data, location=REGION)
    return shared(found, "roles/cloudfunctions.invoker", member)


def service(name: str, ingress: str, member: str) -> dict[str, Any]:
    """A Cloud Run service."""
    container = {"image": "web", "env": [{"name": "API_TOKEN", "value": "hunter2hunter2"}]}
    data = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "annotations": {"run.googleapis.com/ingress": ingress}},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    path = f"projects/{PRODUCTION}/locations/{REGION}/services/{name}"
    found = asset("run.googleapis.com/Service", path, PRODUCTION, data, location=REGION)
    return shared(found, "roles/run.invoker", member)


AREAS: list[Callable[[Estate, datetime], None]] = [
    networks,
    machines,
    balancers,
    databases,
    clusters,
    functions,
]
"""Each adds one part to the estate."""

"""The emulated AWS account: every planted fault can be seen through plain boto3 calls."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import company
from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("moto", reason="the demo extra is not installed")

from soc2_demo.aws import AwsEmulator

HOME, SECOND = company.HOME_REGION, company.SECOND_REGION
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""The instant that the tests' company is aged back from."""

_REGIONAL = (
    ("ec2", "describe_vpcs"), ("ec2", "describe_subnets"), ("ec2", "describe_security_groups"),
    ("ec2", "describe_instances"), ("ec2", "describe_volumes"), ("ec2", "describe_snapshots"),
    ("ec2", "describe_flow_logs"), ("ec2", "describe_images"),
    ("ec2", "get_ebs_encryption_by_default"),
    ("kms", "list_keys"), ("kms", "list_aliases"), ("rds", "describe_db_instances"),
    ("rds", "describe_db_snapshots"), ("rds", "describe_db_parameter_groups"),
    ("cloudtrail", "describe_trails"), ("guardduty", "list_detectors"),
    ("config", "describe_configuration_recorders"), ("logs", "describe_log_groups"),
)  # fmt: skip
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d[T-]\d\d[:-]\d\d\S*")
_LEFT_OUT = ("ResponseMetadata", "QRCodePNG", "ClientToken", "Base32StringSeed", "creationTime")


def _answers(acme: AwsEmulator) -> dict[str, object]:
    """Operation -> answer."""
    found: dict[str, object] = {}
    iam = acme.client("iam", "us-east-1")
    for operation in (
        "get_account_authorization_details", "get_account_password_policy", "get_account_summary",
        "list_virtual_mfa_devices", "list_open_id_connect_providers",
    ):  # fmt: skip
        found[operation] = getattr(iam, operation)()
    s3 = acme.client("s3", "us-east-1")
    buckets = s3.list_buckets()
    found["list_buckets"] = buckets
    for bucket in buckets["Buckets"]:
        acl = s3.get_bucket_acl(Bucket=bucket["Name"])
        found[f"acl {bucket['Name']}"] = acl
    for region in company.REGIONS:
        for service, operation in _REGIONAL:
            call = getattr(acme.client(service, region), operation)
            owned = {"OwnerIds": ["self"]} if operation == "describe_snapshots" else {}
            found[f"{region} {operation}"] = call(**owned)
    return {name: _timeless(answer) for name, answer in found.items()}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in _LEFT_OUT}
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    if isinstance(value, datetime):
        return "<time>"
    if isinstance(value, str):
        return _CLOCK.sub("<time>", value)
    return value


@pytest.fixture(scope="module")
def acme() -> Iterator[AwsEmulator]:
    began = time.perf_counter()
    with AwsEmulator(NOW) as started:
        print(f"start-up and seed: {time.perf_counter() - began:.1f} s")  # noqa: T201
        yield started


def _report(acme: AwsEmulator) -> dict[str, dict[str, str]]:
    iam = acme.client("iam", SECOND)
    iam.generate_credential_report()
    text = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(text.splitlines())}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _days(text: str) -> int:
    return (NOW - _time(text)).days


def _named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (
        i
        for i in items
        if any(t["Key"] == "Name" and t["Value"] == name for t in i.get("Tags", ()))
    )
    return found


def _password_policy(acme: AwsEmulator) -> dict[str, Any]:
    return dict(acme.client("iam", SECOND).get_account_password_policy()["PasswordPolicy"])


def _role(acme: AwsEmulator, name: str) -> dict[str, Any]:
    document = acme.client("iam", SECOND).get_role(RoleName=name)["Role"][
        "AssumeRolePolicyDocument"
    ]
    (statement,) = document["Statement"]
    return dict(statement)


def _policy(acme: AwsEmulator, bucket: str) -> list[dict[str, Any]]:
    text = acme.client("s3", SECOND).get_bucket_policy(Bucket=bucket)["Policy"]
    return list(json.loads(text)["Statement"])


def _group(acme: AwsEmulator, region: str, name: str) -> list[tuple[int, str]]:
    ec2 = acme.client("ec2", region)
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    return [(p["FromPort"], r["CidrIp"]) for p in group["IpPermissions"] for r in p["IpRanges"]]


def _instance(acme: AwsEmulator, region: str, name: str) -> dict[str, Any]:
    reservations = acme.client("ec2", region).describe_instances()["Reservations"]
    return _named([i for r in reservations for i in r["Instances"]], name)


def _user_data(acme: AwsEmulator) -> str:
    value = acme.client("ec2", SECOND).describe_instance_attribute(
        InstanceId=_instance(acme, SECOND, "etl-1")["InstanceId"], Attribute="userData"
    )["UserData"]["Value"]
    return base64.b64decode(value).decode()


def _database(acme: AwsEmulator, region: str, name: str) -> dict[str, Any]:
    rds = acme.client("rds", region)
    return dict(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def _snapshot_groups(acme: AwsEmulator, name: str) -> list[dict[str, str]]:
    ec2 = acme.client("ec2", SECOND)
    snapshot = _named(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"], name)
    return list(
        ec2.describe_snapshot_attribute(
            SnapshotId=snapshot["SnapshotId"], Attribute="createVolumePermission"
        )["CreateVolumePermissions"]
    )


def _keys(acme: AwsEmulator, region: str) -> dict[str, dict[str, Any]]:
    kms = acme.client("kms", region)
    found = (kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in kms.list_keys()["Keys"])
    return {key["Description"]: key for key in found}


def _rotates(acme: AwsEmulator, region: str, alias: str) -> bool:
    kms = acme.client("kms", region)
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    return bool(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])


def _watched_vpcs(acme: AwsEmulator, region: str) -> tuple[set[str], set[str]]:
    ec2 = acme.client("ec2", region)
    logged = {f["ResourceId"] for f in ec2.describe_flow_logs()["FlowLogs"]}
    return {v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"]}, logged


def _default_group_rules(acme: AwsEmulator) -> list[object]:
    ec2 = acme.client("ec2", SECOND)
    (vpc,) = (v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["IsDefault"])
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return list(groups["SecurityGroups"][0]["IpPermissions"])


def _member(acme: AwsEmulator, user: str, group: str) -> bool:
    groups = acme.client("iam", SECOND).list_groups_for_user(UserName=user)["Groups"]
    return group in {g["GroupName"] for g in groups}


def _account_blocks(acme: AwsEmulator) -> dict[str, bool]:
    """Take off the account id that s3control puts before the host name."""
    control = acme.client("s3control", HOME)
    prefix = f"//{company.ACCOUNT}."

    def without_prefix(request: Any, **_: object) -> None:
        request.url = request.url.replace(prefix, "//")

    control.meta.events.register("before-sign.s3-control", without_prefix)
    return dict(
        control.get_public_access_block(AccountId=company.ACCOUNT)["PublicAccessBlockConfiguration"]
    )


def _has_no_policy(acme: AwsEmulator) -> bool:
    s3 = acme.client("s3", SECOND)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="acme-robotics-legacy-exports")
    return True


SEEN: dict[tuple[str, str], Callable[[AwsEmulator], bool]] = {
    ("aws-admin-user-mfa", "david.lindqvist"): lambda a: (
        _member(a, "david.lindqvist", "administrators")
        and _report(a)["david.lindqvist"]["mfa_active"] == "false"
    ),
    ("aws-console-user-mfa", "chloe.martin"): lambda a: (
        _report(a)["chloe.martin"]["password_enabled"] == "true"
        and _report(a)["chloe.martin"]["mfa_active"] == "false"
    ),
    ("aws-console-user-inactive", "erik.holm"): lambda a: (
        _days(_report(a)["erik.holm"]["password_last_used"]) == 140
    ),
    ("aws-access-key-age", "ci-deploy"): lambda a: (
        _report(a)["ci-deploy"]["access_key_1_active"] == "true"
        and _days(_report(a)["ci-deploy"]["access_key_1_last_rotated"]) == 412
    ),
    ("aws-access-key-inactive", "legacy-backup"): lambda a: (
        _report(a)["legacy-backup"]["access_key_1_active"] == "true"
        and _days(_report(a)["legacy-backup"]["access_key_1_last_used_date"]) == 300
    ),
    ("aws-permissions-via-groups", "legacy-backup"): lambda a: bool(
        a.client("iam", SECOND).list_attached_user_policies(UserName="legacy-backup")[
            "AttachedPolicies"
        ]
    ),
    ("aws-root-mfa-phishing-resistant", company.ACCOUNT): lambda a: (
        f"arn:aws:iam::{company.ACCOUNT}:mfa/root-account-mfa-device"
        in str(a.client("iam", SECOND).list_virtual_mfa_devices()["VirtualMFADevices"])
    ),
    ("aws-root-unused-recently", company.ACCOUNT): lambda a: (
        _days(_report(a)["<root_account>"]["password_last_used"]) == 12
    ),
    ("aws-password-min-length", company.ACCOUNT): lambda a: (
        _password_policy(a)["MinimumPasswordLength"] == 8
    ),
    ("aws-password-reuse", company.ACCOUNT): lambda a: (
        _password_policy(a)["PasswordReusePrevention"] == 5
    ),
    ("aws-trust-external-accounts", "partner-support"): lambda a: (
        company.OUTSIDE_ACCOUNT in _role(a, "partner-support")["Principal"]["AWS"]
        and "Condition" not in _role(a, "partner-support")
    ),
    ("aws-trust-oidc-scoped", "github-actions-deploy"): lambda a: (
        _role(a, "github-actions-deploy")["Condition"]["StringLike"]
        == {"token.actions.githubusercontent.com:sub": "repo:*"}
    ),
    ("aws-inline-policy-no-admin", "etl-runner"): lambda a: (
        a.client("iam", SECOND).get_role_policy(RoleName="etl-runner", PolicyName="everything")[
            "PolicyDocument"
        ]["Statement"][0]["Action"]
        == ["*"]
    ),
    ("aws-attached-customer-policy-no-admin", "acme-ops-legacy"): lambda a: (
        a.client("iam", SECOND).get_policy(
            PolicyArn=f"arn:aws:iam::{company.ACCOUNT}:policy/acme-ops-legacy"
        )["Policy"]["AttachmentCount"]
        == 1
    ),
    ("aws-s3-account-bpa", company.ACCOUNT): lambda a: not _account_blocks(a)["BlockPublicPolicy"],
    ("aws-s3-bucket-not-public", "acme-robotics-website"): lambda a: bool(
        a.client("s3", SECOND).get_bucket_policy_status(Bucket="acme-robotics-website")[
            "PolicyStatus"
        ]["IsPublic"]
    ),
    ("aws-s3-cross-account", "acme-robotics-firmware"): lambda a: any(
        company.OUTSIDE_ACCOUNT in str(s["Principal"]) for s in _policy(a, "acme-robotics-firmware")
    ),
    ("aws-s3-tls-only", "acme-robotics-legacy-exports"): _has_no_policy,
    ("aws-s3-versioning", "acme-robotics-legacy-exports"): lambda a: (
        "Status"
        not in a.client("s3", SECOND).get_bucket_versioning(Bucket="acme-robotics-legacy-exports")
    ),
    ("aws-trail-validation", "legacy-us"): lambda a: (
        not _trails(a, SECOND)["legacy-us"]["LogFileValidationEnabled"]
        and not a.client("cloudtrail", SECOND).get_trail_status(Name="legacy-us")["IsLogging"]
    ),
    ("aws-sg-no-ssh-world", "bastion"): lambda a: _group(a, HOME, "bastion") == [(22, "0.0.0.0/0")],
    ("aws-sg-no-data-ports-world", "analytics-db"): lambda a: (
        _group(a, SECOND, "analytics-db") == [(5432, "0.0.0.0/0")]
    ),
    ("aws-imdsv2-required", "etl-1"): lambda a: (
        _instance(a, SECOND, "etl-1")["MetadataOptions"]["HttpTokens"] == "optional"
    ),
    ("aws-no-secrets-user-data", "etl-1"): lambda a: "PGPASSWORD=" in _user_data(a),
    ("aws-ebs-encrypted", "etl-scratch"): lambda a: (
        not _named(a.client("ec2", SECOND).describe_volumes()["Volumes"], "etl-scratch")[
            "Encrypted"
        ]
    ),
    ("aws-ebs-default-encryption", SECOND): lambda a: (
        not a.client("ec2", SECOND).get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    ),
    ("aws-snapshot-not-public", "etl-scratch-2025"): lambda a: (
        _snapshot_groups(a, "etl-scratch-2025") == [{"Group": "all"}]
    ),
    ("aws-vpc-flow-logs", "analytics"): lambda a: (
        _named(a.client("ec2", SECOND).describe_vpcs()["Vpcs"], "analytics")["VpcId"]
        not in _watched_vpcs(a, SECOND)[1]
    ),
    ("aws-vpc-flow-logs", "default"): lambda a: not _watched_vpcs(a, SECOND)[1],
    ("aws-default-sg-closed", "default"): lambda a: bool(_default_group_rules(a)),
    ("aws-kms-rotation", "alias/acme-ml"): lambda a: not _rotates(a, SECOND, "alias/acme-ml"),
    ("aws-kms-not-pending-delete", "old payments key"): lambda a: (
        _keys(a, HOME)["old payments key"]["KeyState"] == "PendingDeletion"
    ),
    ("aws-rds-not-public", "analytics"): lambda a: _database(a, SECOND, "analytics")[
        "PubliclyAccessible"
    ],
    ("aws-rds-encrypted", "reporting-legacy"): lambda a: (
        not _database(a, SECOND, "reporting-legacy")["StorageEncrypted"]
    ),
    ("aws-rds-backups", "orders-staging"): lambda a: (
        _database(a, HOME, "orders-staging")["BackupRetentionPeriod"] == 0
    ),
    ("aws-guardduty-on", SECOND): lambda a: (
        not a.client("guardduty", SECOND).list_detectors()["DetectorIds"]
    ),
    ("aws-config-recorder-on", SECOND): lambda a: (
        not a.client("config", SECOND).describe_configuration_recorders()["ConfigurationRecorders"]
    ),
}


def _trails(acme: AwsEmulator, region: str) -> dict[str, dict[str, Any]]:
    return {t["Name"]: t for t in acme.client("cloudtrail", region).describe_trails()["trailList"]}


def test_every_planted_fault_has_a_look_at_it() -> None:
    assert {(p.rule, p.resource) for p in company.PLANTED} == set(SEEN)


@pytest.mark.parametrize("planted", company.PLANTED, ids=lambda p: f"{p.rule}:{p.resource}")
def test_the_fault_can_be_seen(acme: AwsEmulator, planted: company.Planted) -> None:
    assert SEEN[planted.rule, planted.resource](acme)


def test_most_things_are_right(acme: AwsEmulator) -> None:
    report = _report(acme)
    assert report["<root_account>"]["mfa_active"] == "true"
    assert report["ana.kovac"]["mfa_active"] == "true"
    s3 = acme.client("s3", SECOND)
    public = []
    for bucket in company.BUCKETS[:-1]:
        assert any(s["Effect"] == "Deny" for s in _policy(acme, bucket.name))
        if s3.get_bucket_policy_status(Bucket=bucket.name)["PolicyStatus"]["IsPublic"]:
            public.append(bucket.name)
    assert public == ["acme-robotics-website"]
    vpcs, logged = _watched_vpcs(acme, HOME)
    assert vpcs == logged
    assert len(vpcs) == 1
    trail = acme.client("cloudtrail", HOME)
    assert trail.get_trail_status(Name="acme-audit")["IsLogging"]
    assert _trails(acme, HOME)["acme-audit"]["IsMultiRegionTrail"]
    assert _role(acme, "observability-vendor")["Condition"]["StringEquals"]["sts:ExternalId"]
    assert _rotates(acme, HOME, "alias/acme-data")
    assert [g["GroupName"] for g in _instance(acme, HOME, "web-1")["SecurityGroups"]] == ["web"]
    assert _snapshot_types(acme) == {"orders-production": {"automated", "manual"}}


def _snapshot_types(acme: AwsEmulator) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for snapshot in acme.client("rds", HOME).describe_db_snapshots()["DBSnapshots"]:
        found.setdefault(snapshot["DBInstanceIdentifier"], set()).add(snapshot["SnapshotType"])
    return found


def test_the_credential_report_reads_like_the_one_of_aws(acme: AwsEmulator) -> None:
    report = _report(acme)
    assert next(iter(report)) == "<root_account>"
    root = report["<root_account>"]
    assert root["arn"] == f"arn:aws:iam::{company.ACCOUNT}:root"
    assert root["password_enabled"] == root["password_next_rotation"] == "not_supported"
    assert report["ci-deploy"]["password_last_used"] == "N/A"
    assert report["ana.kovac"]["access_key_1_last_rotated"] == "N/A"
    assert report["ci-deploy"]["access_key_1_last_used_service"] == "ecr"
    assert len({len(row) for row in report.values()}) == 1
    assert None not in root  # no row has more cells than there are columns
    assert len(root) == 22


def test_the_key_that_the_demo_uses_belongs_to_the_auditor(acme: AwsEmulator) -> None:
    who = acme.client("sts", HOME).get_caller_identity()
    assert who["Arn"] == f"arn:aws:iam::{company.ACCOUNT}:user/{company.AUDITOR}"
    assert set(acme.credentials) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_the_signing_key_keeps_its_policy_from_the_auditor(acme: AwsEmulator) -> None:
    kms, keys = acme.client("kms", HOME), _keys(acme, HOME)
    with pytest.raises(
        kms.exceptions.ClientError, match=r"AccessDenied.*not authorized to perform"
    ):
        kms.get_key_policy(KeyId=keys["firmware signing"]["KeyId"], PolicyName="default")
    assert kms.get_key_policy(KeyId=keys["acme-data key"]["KeyId"], PolicyName="default")["Policy"]


def test_operations_that_moto_lacks_are_answered(acme: AwsEmulator) -> None:
    ec2 = acme.client("ec2", SECOND)
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    status = acme.client("config", HOME).describe_delivery_channel_status()
    (channel,) = status["DeliveryChannelsStatus"]
    assert channel["configHistoryDeliveryInfo"]["lastStatus"] == "SUCCESS"


def test_ages_count_back_from_the_given_instant(acme: AwsEmulator) -> None:
    made = {
        b["Name"]: b["CreationDate"] for b in acme.client("s3", SECOND).list_buckets()["Buckets"]
    }
    assert made["acme-robotics-legacy-exports"] == NOW - timedelta(days=1900)
    assert _instance(acme, HOME, "web-1")["LaunchTime"].astimezone(UTC) == NOW - timedelta(days=90)
    assert _database(acme, HOME, "orders-production")["InstanceCreateTime"] == NOW - timedelta(
        days=500
    )


def test_two_companies_are_the_same(acme: AwsEmulator) -> None:
    """Another process, another order of sets and dictionaries: the same ids and answers."""
    there = subprocess.run(
        [sys.executable, __file__],
        capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": "7"}, timeout=120,
    )  # fmt: skip
    assert json.loads(there.stdout) == json.loads(json.dumps(_answers(acme)))


def test_without_moto_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.moto_server.werkzeug_app", None)
    with pytest.raises(UsageError, match=r"pip install 'soc2-pac\[demo\]'"):
        AwsEmulator().start()


if __name__ == "__main__":
    with AwsEmulator(NOW) as started:
        json.dump(_answers(started), sys.stdout)

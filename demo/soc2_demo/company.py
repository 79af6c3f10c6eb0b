"""The AWS side of acme-robotics, the company of the demo: what it runs, and what it got wrong.

What is described here is built by :mod:`soc2_demo.build`. Most of it is right; what is wrong is
listed in :data:`PLANTED` by the rule that ought to say so. Names, ids and secrets are inventions;
account ids are those that AWS's documentation uses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ACCOUNT = "111122223333"
"""The company's AWS account."""
OUTSIDE_ACCOUNT = "444455556666"
"""Somebody else's account, trusted more than it should be."""
VENDOR_ACCOUNT = "777788889999"
"""A vendor's account, trusted in the right way: with an external id."""
ALIAS = "acme-robotics"
HOME_REGION = "eu-central-1"
SECOND_REGION = "us-east-1"
REGIONS = (HOME_REGION, SECOND_REGION)
AUDITOR = "soc2-pac-auditor"
"""The IAM user whose access key the demo's source uses."""

Client: TypeAlias = Any  # a boto3 client: its methods are made at run time from the service's model
Clients: TypeAlias = "Callable[[str, str], Client]"


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that acme-robotics got wrong."""

    rule: str
    """The rule that ought to fail, as the catalogue names it."""
    resource: str
    """Name (tag, identifier) of the resource, or the region or account that has the setting."""
    fault: str
    """What is wrong."""


PLANTED: tuple[Planted, ...] = (
    Planted("aws-admin-user-mfa", "david.lindqvist", "an administrator without MFA"),
    Planted("aws-console-user-mfa", "chloe.martin", "a console password without MFA"),
    Planted("aws-console-user-inactive", "erik.holm", "a console password unused for 140 days"),
    Planted("aws-access-key-age", "ci-deploy", "an active access key 412 days old"),
    Planted("aws-access-key-inactive", "legacy-backup", "an active access key unused for 300 days"),
    Planted("aws-permissions-via-groups", "legacy-backup", "a policy attached to the user itself"),
    Planted("aws-root-mfa-phishing-resistant", ACCOUNT, "root's MFA is a virtual device"),
    Planted("aws-root-unused-recently", ACCOUNT, "root signed in 12 days ago"),
    Planted("aws-password-min-length", ACCOUNT, "passwords of 8 characters are allowed"),
    Planted("aws-password-reuse", ACCOUNT, "only 5 passwords are remembered"),
    Planted(
        "aws-trust-external-accounts", "partner-support", "an outside account without external id"
    ),
    Planted(
        "aws-trust-oidc-scoped",
        "github-actions-deploy",
        "any GitHub repository may assume the role",
    ),
    Planted("aws-inline-policy-no-admin", "etl-runner", "an inline policy allows everything"),
    Planted("aws-attached-customer-policy-no-admin", "acme-ops-legacy", "it allows everything"),
    Planted("aws-s3-account-bpa", ACCOUNT, "public policies are not blocked for the account"),
    Planted("aws-s3-bucket-not-public", "acme-robotics-website", "its policy lets everyone read"),
    Planted("aws-s3-cross-account", "acme-robotics-firmware", "an unknown account may read it"),
    Planted("aws-s3-tls-only", "acme-robotics-legacy-exports", "plain HTTP is not refused"),
    Planted(
        "aws-s3-versioning", "acme-robotics-legacy-exports", "versioning was never switched on"
    ),
    Planted("aws-trail-validation", "legacy-us", "log file validation is off"),
    Planted("aws-sg-no-ssh-world", "bastion", "TCP 22 is open to the world"),
    Planted("aws-sg-no-data-ports-world", "analytics-db", "TCP 5432 is open to the world"),
    Planted("aws-imdsv2-required", "etl-1", "the metadata service answers without a token"),
    Planted("aws-no-secrets-user-data", "etl-1", "a database password in the user data"),
    Planted("aws-ebs-encrypted", "etl-scratch", "the volume is not encrypted"),
    Planted(
        "aws-ebs-default-encryption", SECOND_REGION, "new volumes are not encrypted by default"
    ),
    Planted("aws-snapshot-not-public", "etl-scratch-2025", "everyone may copy the snapshot"),
    Planted("aws-vpc-flow-logs", "analytics", "no flow log"),
    Planted("aws-vpc-flow-logs", "default", "no flow log on the default VPC"),
    Planted("aws-default-sg-closed", "default", "the default group admits its members"),
    Planted("aws-kms-rotation", "alias/acme-ml", "the key is not rotated"),
    Planted("aws-kms-not-pending-delete", "old payments key", "scheduled for deletion"),
    Planted("aws-rds-not-public", "analytics", "publicly accessible"),
    Planted("aws-rds-encrypted", "reporting-legacy", "storage is not encrypted"),
    Planted("aws-rds-backups", "orders-staging", "automated backups are off"),
    Planted("aws-guardduty-on", SECOND_REGION, "no detector"),
    Planted("aws-config-recorder-on", SECOND_REGION, "no recorder"),
)
"""Every fault that was put in on purpose. Rules may find more, as in any company."""


# -- identities -----------------------------------------------------------------------------------

_ACCOUNT_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
AWS_POLICY = "arn:aws:iam::aws:policy/"
GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key: days since it was made and since it was last used (``None``: never)."""

    made: int
    used: int | None
    active: bool = True
    service: str = "s3"


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user. Times are days before the start; ``signed_in=None``: no console password."""

    name: str
    group: str
    made: int
    signed_in: int | None = None
    mfa: bool = False
    keys: tuple[Key, ...] = ()


USERS: tuple[User, ...] = (
    User("ana.kovac", "administrators", 900, signed_in=1, mfa=True),
    User("ben.osei", "engineers", 640, signed_in=2, mfa=True, keys=(Key(30, 1),)),
    User("chloe.martin", "engineers", 210, signed_in=4),
    User("david.lindqvist", "administrators", 880, signed_in=3),
    User("erik.holm", "engineers", 700, signed_in=140, mfa=True),
    User("ci-deploy", "deployers", 830, keys=(Key(412, 1, service="ecr"),)),
    User("legacy-backup", "", 1100, keys=(Key(800, 300),)),
    User(
        "metrics-exporter",
        "deployers",
        300,
        keys=(Key(250, 46, active=False), Key(45, 0, service="monitoring")),
    ),
    # Its key is made by the emulator: it signs these very calls.
    User(AUDITOR, "security-audit", 20),
)

GROUPS: Mapping[str, str] = {
    "administrators": AWS_POLICY + "AdministratorAccess",
    "engineers": f"arn:aws:iam::{ACCOUNT}:policy/acme-engineer",
    "deployers": f"arn:aws:iam::{ACCOUNT}:policy/acme-deploy",
    "security-audit": AWS_POLICY + "SecurityAudit",
}


def allow(actions: Sequence[str], resources: Sequence[str] | str = "*") -> str:
    """Write a policy that allows the actions."""
    return policy_text({"Effect": "Allow", "Action": list(actions), "Resource": resources})


def policy_text(*statements: Mapping[str, object]) -> str:
    """Write a policy of these statements as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


CUSTOMER_POLICIES: Mapping[str, str] = {
    "acme-engineer": allow(
        ["s3:GetObject", "s3:ListBucket", "logs:FilterLogEvents", "rds:DescribeDBInstances"]
    ),
    "acme-deploy": allow(
        ["ecr:PutImage", "ecr:InitiateLayerUpload"], f"arn:aws:ecr:*:{ACCOUNT}:repository/acme/*"
    ),
    "acme-ops-legacy": allow(["*"]),
}


def _trust(
    principal: Mapping[str, object], action: str = "sts:AssumeRole", **conditions: object
) -> str:
    statement: dict[str, object] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if conditions:
        statement["Condition"] = conditions
    return policy_text(statement)


def _service_trust(service: str) -> str:
    return _trust(
        {"Service": f"{service}.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT}
    )


def _github_trust(**conditions: object) -> str:
    provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}
    return _trust(provider, "sts:AssumeRoleWithWebIdentity", **conditions)


_AUDIENCE = {f"{GITHUB}:aud": "sts.amazonaws.com"}
ROLES: Mapping[str, tuple[str, str]] = {
    "app-instance": (
        _trust({"Service": "ec2.amazonaws.com"}),
        AWS_POLICY + "AmazonSSMManagedInstanceCore",
    ),
    "flow-logs-delivery": (_service_trust("vpc-flow-logs"), ""),
    "config-recorder": (_service_trust("config"), AWS_POLICY + "service-role/AWS_ConfigRole"),
    "trail-to-logs": (_service_trust("cloudtrail"), ""),
    "break-glass": (
        _trust({"AWS": _ACCOUNT_ROOT}, Bool={"aws:MultiFactorAuthPresent": "true"}),
        AWS_POLICY + "AdministratorAccess",
    ),
    "observability-vendor": (
        _trust(
            {"AWS": f"arn:aws:iam::{VENDOR_ACCOUNT}:root"},
            StringEquals={"sts:ExternalId": "acme-7f3a91"},
        ),
        AWS_POLICY + "CloudWatchReadOnlyAccess",
    ),
    "partner-support": (
        _trust({"AWS": f"arn:aws:iam::{OUTSIDE_ACCOUNT}:root"}),
        AWS_POLICY + "ReadOnlyAccess",
    ),
    "github-actions-plan": (
        _github_trust(
            StringEquals=_AUDIENCE
            | {f"{GITHUB}:sub": "repo:acme-robotics/infrastructure:pull_request"}
        ),
        AWS_POLICY + "ReadOnlyAccess",
    ),
    "github-actions-deploy": (
        _github_trust(StringEquals=_AUDIENCE, StringLike={f"{GITHUB}:sub": "repo:*"}),
        f"arn:aws:iam::{ACCOUNT}:policy/acme-deploy",
    ),
    "etl-runner": (_trust({"Service": "ec2.amazonaws.com"}), ""),
    "jenkins-agent": (
        _trust({"Service": "ec2.amazonaws.com"}),
        f"arn:aws:iam::{ACCOUNT}:policy/acme-ops-legacy",
    ),
}


RELEASE_KEY_POLICY = policy_text(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/break-glass"},
        "Action": "kms:*",
        "Resource": "*",
    }
)
"""The signing key's policy: it leaves out the account and so the auditor, who may not read it."""


# -- buckets --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bucket:
    """An S3 bucket. ``blocked``: are the public access settings on; ``None``: it has none."""

    name: str
    region: str = HOME_REGION
    made: int = 700
    key: str = ""
    """Alias of the KMS key of its default encryption; empty for SSE-S3."""
    blocked: bool | None = True
    versioned: bool = True
    tls_only: bool = True
    logged: bool = True
    statements: tuple[Mapping[str, object], ...] = ()
    """What its policy holds besides the refusal of plain HTTP."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:s3:::{self.name}"


def _service_writes(service: str, bucket: str, prefix: str) -> tuple[Mapping[str, object], ...]:
    principal = {"Service": f"{service}.amazonaws.com"}
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    arn = f"arn:aws:s3:::{bucket}"
    return (
        {"Sid": "Check", "Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketAcl",
         "Resource": arn, "Condition": source},
        {"Sid": "Write", "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject",
         "Resource": f"{arn}/{prefix}*", "Condition": source},
    )  # fmt: skip


def _reads(principal: object, bucket: str) -> tuple[Mapping[str, object], ...]:
    return ({"Sid": "Read", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
             "Resource": f"arn:aws:s3:::{bucket}/*"},)  # fmt: skip


LOG_BUCKET = "acme-robotics-access-logs"
TRAIL_BUCKET = "acme-robotics-cloudtrail"
CONFIG_BUCKET = "acme-robotics-config"
BUCKETS: tuple[Bucket, ...] = (
    Bucket(LOG_BUCKET, made=900, logged=False,
           statements=_service_writes("logging.s3", LOG_BUCKET, "")),
    Bucket(TRAIL_BUCKET, made=900, key="acme-logs",
           statements=_service_writes("cloudtrail", TRAIL_BUCKET, "AWSLogs/")),
    Bucket(CONFIG_BUCKET, made=860,
           statements=_service_writes("config", CONFIG_BUCKET, "AWSLogs/")),
    Bucket("acme-robotics-customer-data", key="acme-data"),
    Bucket("acme-robotics-backups", key="acme-data"),
    Bucket("acme-robotics-firmware",
           statements=_reads({"AWS": f"arn:aws:iam::{OUTSIDE_ACCOUNT}:root"},
                             "acme-robotics-firmware")),
    Bucket("acme-robotics-website", blocked=False, statements=_reads("*", "acme-robotics-website")),
    Bucket("acme-robotics-telemetry", SECOND_REGION, made=420, logged=False),
    Bucket("acme-robotics-ml-datasets", SECOND_REGION, made=300, key="acme-ml", logged=False),
    Bucket("acme-robotics-legacy-exports", SECOND_REGION, made=1900, blocked=None, versioned=False,
           tls_only=False, logged=False),
)  # fmt: skip


def public_access(*, blocked: bool) -> dict[str, bool]:
    """Give the four settings; half of them stay on in either case, as people leave them."""
    return {
        "BlockPublicAcls": True, "IgnorePublicAcls": True,
        "BlockPublicPolicy": blocked, "RestrictPublicBuckets": blocked,
    }  # fmt: skip


# -- what is on a machine -------------------------------------------------------------------------

ETL_USER_DATA = """#!/bin/bash
export PGHOST=analytics.internal
export PGPASSWORD=Demo-Not-A-Secret-9f2c
/opt/etl/run.sh
"""
"""What someone put into the user data of ``etl-1``: a password, though one that opens nothing."""

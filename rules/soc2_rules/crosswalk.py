"""Which rules ask the same question of different providers: the docs have it as a page.

Such rules share severity and thresholds; where they do not, the row says why. A test holds both.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One question, and the rules that ask it."""

    question: str
    rules: tuple[str, ...]
    """Ids; a provider may take several to ask it."""
    differs: str = ""
    """Why severities or thresholds are not the same."""


ROWS: tuple[Row, ...] = (
    # -- who may come in ---------------------------------------------------------------------------------
    Row(
        "Everybody who signs in has a second factor",
        (
            "aws-console-user-mfa", "azure-all-users-mfa", "gcp-workspace-2sv-enforced",
            "github-members-without-2fa", "okta-users-without-mfa",
        ),
        "in GitHub and Workspace one account without it opens code or data at once",
    ),
    Row(
        "Administrators have a second factor",
        ("aws-admin-user-mfa", "azure-privileged-mfa", "okta-admin-console-mfa"),
    ),
    Row(
        "The second factor of administrators resists phishing",
        ("aws-root-mfa-phishing-resistant", "okta-admin-console-phishing-resistant"),
    ),
    Row(
        "There are neither too few nor too many of those who may do everything",
        (
            "azure-global-admin-count", "gcp-workspace-superadmin-count", "github-owner-count",
            "okta-super-admin-count",
        ),
        "a super administrator of Okta opens every system behind it",
    ),
    Row(
        "Accounts that nobody uses are closed",
        (
            "aws-console-user-inactive", "azure-inactive-users", "gcp-workspace-inactive-users",
            "github-inactive-members", "okta-inactive-users",
        ),
        "GitHub shows contributions and no sign-ins, so its answer is a reason to look, not to close",
    ),
    Row(
        "Every account is somebody's who works here",
        (
            "aws-users-match-roster", "azure-users-match-roster", "gcp-users-match-roster",
            "github-members-match-roster",
            "okta-users-match-roster",
        ),
    ),
    Row("Who has access is reviewed", ("azure-access-reviews", "okta-access-reviews")),
    Row(
        "People arrive through an identity provider",
        ("aws-workforce-federated", "github-saml-sso-enforced"),
        "IAM users may stay for emergencies; GitHub is closed by single sign-on alone",
    ),
    Row(
        "Passwords are long enough",
        ("aws-password-min-length", "okta-password-length"),
        "Okta's passwords open every system behind it",
    ),
    Row(
        "Common passwords are refused",
        ("azure-password-protection", "okta-password-common-block"),
    ),
    Row(
        "Weak second factors are off",
        ("azure-weak-methods-off", "okta-weak-authenticators-off"),
    ),
    Row(
        "The provider's own staff asks before it looks",
        ("gcp-access-approval", "okta-support-access-off"),
        "Google's staff needs the approval to see anything; Okta's support acts as an administrator",
    ),
    # -- keys and rights -------------------------------------------------------------------------------------
    Row(
        "Keys of people and programs are replaced regularly",
        (
            "aws-access-key-age", "azure-app-credentials", "gcp-sa-key-rotation",
            "github-fine-grained-pat-policy", "okta-api-token-stale",
        ),
        "some expire by themselves, others work for ever; severities are those of what one key opens",
    ),
    Row(
        "Keys that nobody uses are taken away",
        ("aws-access-key-inactive", "gcp-sa-key-unused"),
        "a key of AWS is a person's as a rule; a program of Google's may well run once in a quarter",
    ),
    Row(
        "Programs use identities of the platform rather than keys",
        ("aws-workload-temp-credentials", "gcp-no-user-managed-keys"),
        "a key of a service account needs nothing else; an access key is judged by its age as well",
    ),
    Row(
        "What trusts another issuer says whom it lets in",
        ("aws-trust-oidc-scoped", "gcp-wif-condition"),
        "a role without a subject is open to every tenant of the issuer at once",
    ),
    Row(
        "Nobody holds rights over everything",
        ("aws-inline-policy-no-admin", "azure-custom-owner-roles", "gcp-no-primitive-roles"),
    ),
    Row(
        "Programs hold no rights of administrators",
        ("azure-privileged-apps", "gcp-sa-no-admin", "okta-service-app-super-admin"),
    ),
    Row(
        "Rules for all accounts forbid what none should do",
        ("aws-account-in-org", "azure-policy-enforced", "gcp-org-policy-guardrails"),
    ),
    # -- the boundary ----------------------------------------------------------------------------------------
    Row(
        "SSH is not open to any address",
        ("aws-sg-no-ssh-world", "azure-nsg-ssh", "gcp-fw-no-ssh"),
    ),
    Row(
        "RDP is not open to any address",
        ("aws-sg-no-rdp-world", "azure-nsg-rdp", "gcp-fw-no-rdp"),
    ),
    Row(
        "Nothing opens all ports to any address",
        ("aws-sg-no-all-ports-world", "gcp-fw-no-all"),
    ),
    Row(
        "Databases, caches, brokers, file shares and unencrypted protocols are not open to any address",
        ("aws-sg-no-data-ports-world", "azure-nsg-data-ports", "gcp-fw-no-data-ports"),
    ),
    Row(
        "Machines have no public address unless they are meant to",
        ("aws-instance-no-public-ip", "azure-public-ip-exposure", "gcp-vm-no-public-ip"),
    ),
    Row("Networks keep flow logs", ("aws-vpc-flow-logs", "azure-flow-logs", "gcp-flow-logs")),
    Row(
        "What the platform makes by default is closed or removed",
        ("aws-default-sg-closed", "gcp-no-default-network"),
    ),
    Row(
        "What the internet reaches over HTTP stands behind a web application firewall",
        ("aws-alb-waf", "azure-waf", "gcp-cloud-armor"),
    ),
    Row(
        "Load balancers speak TLS 1.2 or newer, without weak ciphers",
        ("aws-lb-tls-policy", "gcp-lb-tls"),
    ),
    Row("Load balancers log requests", ("aws-lb-access-logs", "gcp-lb-logging")),
    Row(
        "Functions are not open to everyone",
        (
            "aws-lambda-not-public", "azure-function-not-public", "gcp-run-not-public",
            "gcp-serverless-not-public",
        ),
        "an AWS function is called with no address of its own; in Azure a function is a web site by design",
    ),
    Row(
        "The API of a Kubernetes cluster is private, or open to named ranges only",
        ("aws-eks-endpoint", "azure-aks-private", "gcp-gke-private"),
    ),
    Row(
        "Kubernetes keeps its secrets with a key of one's own, logs, and is kept up to date",
        ("aws-eks-secrets-logs", "aws-eks-version", "azure-aks-rbac-policy", "gcp-gke-patching"),
    ),
    # -- data ------------------------------------------------------------------------------------------------
    Row(
        "Nobody outside can read buckets and blobs",
        ("aws-s3-bucket-not-public", "azure-storage-no-anonymous", "gcp-bucket-not-public"),
    ),
    Row(
        "Buckets and blobs are reached by policies alone",
        ("aws-s3-acls-disabled", "azure-storage-shared-key", "gcp-bucket-ubla"),
        "an ACL in S3 counts for nothing unless a bucket admits it; a shared key of Azure opens all",
    ),
    Row(
        "Buckets and blobs are reached by TLS only",
        ("aws-s3-tls-only", "azure-storage-https-tls"),
        "an Azure account may admit HTTP to all that it holds; S3's own clients never use it",
    ),
    Row(
        "What is overwritten or deleted in buckets and blobs can be had back",
        ("aws-s3-versioning", "azure-storage-recovery", "gcp-bucket-versioning"),
    ),
    Row(
        "Reads and writes of buckets and blobs are logged",
        ("aws-s3-access-logging", "azure-storage-logging", "gcp-bucket-access-logs"),
    ),
    Row("What buckets hold does not stay for ever", ("aws-s3-lifecycle", "gcp-bucket-lifecycle")),
    Row("Snapshots are not shared with everyone", ("aws-snapshot-not-public", "gcp-snapshot-not-public")),
    Row("Machine images are not shared with everyone", ("aws-ami-private", "gcp-image-not-public")),
    Row(
        "Disks are encrypted",
        ("aws-ebs-encrypted", "azure-disk-cmk", "gcp-disk-cmek"),
        "AWS may leave a volume in the clear; the others encrypt always, and the question is whose key it is",
    ),
    Row(
        "Databases do not admit every address",
        ("aws-rds-not-public", "azure-sql-no-any-ip", "gcp-sql-no-world-network"),
    ),
    Row(
        "Databases refuse connections without TLS",
        (
            "aws-rds-tls-required", "azure-mysql-tls", "azure-pg-tls", "azure-sql-tls", "gcp-sql-tls",
        ),
        "Azure SQL encrypts always, and the question is how old a version it takes",
    ),
    Row(
        "Databases are encrypted at rest",
        ("aws-rds-encrypted", "azure-sql-tde", "gcp-sql-cmek"),
        "Google encrypts always, and the question is whose key it is",
    ),
    Row(
        "Databases are backed up",
        ("aws-rds-backups", "gcp-sql-backup-succeeded", "gcp-sql-backups"),
    ),
    Row(
        "Databases outlast a zone, and a slip of the hand",
        ("aws-rds-resilience", "gcp-sql-ha"),
    ),
    Row(
        "Databases log who connects and what fails",
        (
            "aws-rds-logs-exported", "azure-mysql-audit", "azure-pg-logging", "azure-sql-auditing",
            "gcp-pg-log-connections",
        ),
        "Azure keeps the log of a PostgreSQL server on it for a week at most",
    ),
    Row("Machines are backed up", ("aws-ec2-backed-up", "azure-vm-backup")),
    Row("A restore was tried, and worked", ("aws-restore-tested", "azure-restore-tested")),
    Row("Keys rotate by themselves", ("aws-kms-rotation", "gcp-kms-rotation")),
    Row("Keys trust neither everyone nor strangers", ("aws-kms-policy-not-public", "gcp-kms-not-public")),
    Row(
        "Secrets are replaced on a schedule",
        ("aws-secret-rotation", "azure-kv-expiry", "gcp-secrets"),
        "Google's rule asks for two things, and that nobody else reads secrets is the graver",
    ),
    Row(
        "Caches encrypt what they send, and are not on the internet",
        ("aws-elasticache-encrypted", "azure-redis-tls"),
    ),
    # -- detection -------------------------------------------------------------------------------------------
    Row(
        "What is done to the account is recorded, all of it, and sent to where it is kept",
        ("aws-trail-multi-region", "azure-activity-log-export", "gcp-audit-logs-all"),
        "Azure and Google record administration always; AWS does not keep it without a trail",
    ),
    Row(
        "The audit log is sent to where it is kept",
        ("gcp-log-sink", "github-audit-log-streaming", "okta-log-streaming"),
    ),
    Row(
        "Nobody can shorten, or read in secret, what the audit log holds",
        ("aws-trail-bucket-protected", "azure-activity-log-store", "gcp-bucket-log-lock"),
        "a trail's bucket may be public; the others are asked for how long, or who may read",
    ),
    Row("Logs are kept for a year", ("aws-log-retention", "gcp-log-bucket-retention")),
    Row(
        "Somebody is told of changes to networks",
        ("aws-alert-network-changes", "azure-alert-network-changes", "gcp-alert-network-changes"),
    ),
    Row(
        "Somebody is told of changes to rights and policies",
        ("aws-alert-iam-changes", "azure-alert-policy-changes", "gcp-alert-iam-changes"),
    ),
    Row(
        "Somebody is told of changes to the logging itself",
        ("aws-alert-logging-changes", "gcp-alert-audit-config"),
    ),
    Row(
        "Alerts reach somebody",
        ("aws-alarm-actions", "azure-alert-receivers", "gcp-alert-channels-live"),
    ),
    Row(
        "The provider knows whom to tell of security matters",
        ("aws-security-contact", "azure-security-contacts", "gcp-essential-contacts"),
    ),
    Row(
        "Somebody watches for attacks everywhere",
        ("aws-guardduty-on", "azure-defender-servers-core", "gcp-scc-on"),
    ),
    Row(
        "What the watchers find is handled in time",
        ("aws-guardduty-findings-sla", "azure-alerts-sla"),
    ),
    Row(
        "Machines lack no patch",
        ("aws-patch-compliant", "azure-vm-patch", "gcp-os-patch"),
        "Google grades what is missing itself, and the rule counts the grave ones by their days",
    ),
    Row(
        "Images of containers are scanned for vulnerabilities",
        ("aws-ecr-scan", "azure-defender-containers", "gcp-image-scanning"),
    ),
    Row(
        "Registries are not open to everyone",
        ("aws-ecr-immutable-private", "azure-acr-private", "gcp-registry-not-public"),
    ),
    # -- change ----------------------------------------------------------------------------------------------
    Row(
        "Deployments to production wait for somebody's approval",
        (
            "aws-pipeline-manual-approval", "gcp-build-trigger-approval",
            "github-prod-environment-reviewers",
        ),
    ),
    Row(
        "Nobody changes production by hand, past the pipeline",
        (
            "aws-console-changes-outside-pipeline", "azure-portal-changes-outside-pipeline",
            "gcp-console-changes-outside-pipeline", "okta-admin-changes-reviewed",
        ),
    ),
)  # fmt: skip
"""By the subject."""

"""From an API operation to the IAM action that it needs.

The source is AWS's service authorization reference; the tables hold only what does not follow the rule
``prefix:Operation``.
"""

from __future__ import annotations

_EXCEPTIONS = {
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "GetBucketNotificationConfiguration"): "s3:GetBucketNotification",
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
    ("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
}

_GRANTS = {
    # Both versions of the call are authorised by the first one's name.
    "access-analyzer:ListFindingsV2": ("access-analyzer:ListFindings",),
    # Of all stacks at once, without a name.
    "cloudformation:DescribeStacks": (
        "cloudformation:DescribeStacks",
        "cloudformation:ListStacks",
    ),
    "network-firewall:DescribeLoggingConfiguration": (
        "network-firewall:DescribeLoggingConfiguration",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
    ),
    # AWS WAF asks each service whose resources it tells of.
    "wafv2:ListResourcesForWebACL": (
        "wafv2:ListResourcesForWebACL",
        "amplify:ListResourcesForWebACL",
        "apprunner:ListAssociatedServicesForWebAcl",
        "appsync:ListResourcesForWebACL",
        "cognito-idp:ListResourcesForWebACL",
        "ec2:DescribeVerifiedAccessInstanceWebAclAssociations",
        "elasticloadbalancing:DescribeWebACLAssociation",
    ),
}
"""Calls that IAM authorises by another action, or by several."""

RESOURCES = {
    # API keys lie under /apikeys: their values are nobody's business here.
    "apigateway:GET": (
        "arn:*:apigateway:*::/apis",
        "arn:*:apigateway:*::/apis/*",
        "arn:*:apigateway:*::/restapis",
        "arn:*:apigateway:*::/restapis/*",
    ),
}
"""Actions that are granted on some resources only."""

PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "neptune": "rds",
    "opensearch": "es",
    "s3control": "s3",
    "sso-admin": "sso",
}
"""Where a service's IAM prefix is not its boto3 name."""

READER = ("ec2:DescribeRegions", "sts:GetCallerIdentity")
"""What discovery needs in each account beside the collectors."""
CALLER = ("organizations:DescribeOrganization", "organizations:ListAccounts", "sts:AssumeRole")
"""What an organisation's discovery needs of the source's own credentials, never of the role."""
DISCOVERY = (*READER, *CALLER)


def action(service: str, operation: str) -> str:
    """``("s3", "ListBuckets")`` -> ``s3:ListAllMyBuckets``. Takes boto3's service and the API operation."""
    if service in ("apigateway", "apigatewayv2") and operation.startswith("Get"):
        return "apigateway:GET"  # its actions are HTTP methods
    found = _EXCEPTIONS.get((service, operation))
    return found or f"{PREFIXES.get(service, service)}:{operation}"


def grants(call: str) -> tuple[str, ...]:
    """The IAM actions that a declared call needs: itself, for most."""
    return _GRANTS.get(call, (call,))

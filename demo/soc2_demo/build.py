"""Builds the account of acme-robotics: the AWS API calls that would have made it, through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.company import (
    ACCOUNT,
    ALIAS,
    AUDITOR,
    AWS_POLICY,
    BUCKETS,
    CONFIG_BUCKET,
    CUSTOMER_POLICIES,
    ETL_USER_DATA,
    GITHUB,
    GROUPS,
    HOME_REGION,
    LOG_BUCKET,
    RELEASE_KEY_POLICY,
    ROLES,
    SECOND_REGION,
    TRAIL_BUCKET,
    USERS,
    Client,
    Clients,
    User,
    allow,
    policy_text,
    public_access,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def build(clients: Clients) -> None:
    """Make the account through the API. ``clients(service, region)`` gives a boto3 client."""
    keys = _keys(clients)
    _identities(clients("iam", SECOND_REGION))
    _buckets(clients, keys)
    _home_network(clients, keys)
    _analytics_network(clients, keys)
    _databases(clients, keys)
    _monitoring(clients, keys)


# -- identities -----------------------------------------------------------------------------------


def _identities(iam: Client) -> None:
    iam.create_account_alias(AccountAlias=ALIAS)
    iam.update_account_password_policy(
        MinimumPasswordLength=8,
        RequireLowercaseCharacters=True,
        RequireUppercaseCharacters=True,
        RequireNumbers=True,
        RequireSymbols=False,
        AllowUsersToChangePassword=True,
        PasswordReusePrevention=5,
    )
    for name, document in CUSTOMER_POLICIES.items():
        iam.create_policy(PolicyName=name, PolicyDocument=document)
    for group, policy in GROUPS.items():
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    for user in USERS:
        _user(iam, user)
    iam.attach_user_policy(UserName="legacy-backup", PolicyArn=AWS_POLICY + "AmazonS3FullAccess")
    iam.create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["f" * 40]
    )
    iam.create_service_linked_role(AWSServiceName="guardduty.amazonaws.com")
    for role, (trust, policy) in ROLES.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, MaxSessionDuration=3600)
        if policy:
            iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    iam.put_role_policy(RoleName="etl-runner", PolicyName="everything", PolicyDocument=allow(["*"]))
    for role in ("app-instance", "etl-runner"):
        iam.create_instance_profile(InstanceProfileName=role)
        iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)


_PASSWORD = "Demo-only-1234"  # noqa: S105  opens nothing outside this process


def _user(iam: Client, user: User) -> None:
    if user.name != AUDITOR:
        iam.create_user(UserName=user.name)
    if user.group:
        iam.add_user_to_group(GroupName=user.group, UserName=user.name)
    if user.signed_in is not None:
        iam.create_login_profile(
            UserName=user.name, Password=_PASSWORD, PasswordResetRequired=False
        )
    if user.mfa:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=user.name)["VirtualMFADevice"][
            "SerialNumber"
        ]
        iam.enable_mfa_device(
            UserName=user.name,
            SerialNumber=device,
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    for key in user.keys:
        made = iam.create_access_key(UserName=user.name)["AccessKey"]
        if not key.active:
            iam.update_access_key(
                UserName=user.name, AccessKeyId=made["AccessKeyId"], Status="Inactive"
            )


# -- keys and buckets -----------------------------------------------------------------------------


def _keys(clients: Clients) -> dict[str, str]:
    """KMS keys; returns alias -> ARN."""
    arns: dict[str, str] = {}
    for region, alias, rotated in (
        (HOME_REGION, "acme-data", True),
        (HOME_REGION, "acme-logs", True),
        (SECOND_REGION, "acme-ml", False),
        (SECOND_REGION, "acme-us-data", True),
    ):
        kms = clients("kms", region)
        key = kms.create_key(Description=f"{alias} key")["KeyMetadata"]
        kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=key["KeyId"])
        if rotated:
            kms.enable_key_rotation(KeyId=key["KeyId"])
        arns[alias] = key["Arn"]
    kms = clients("kms", HOME_REGION)
    signing = kms.create_key(
        Policy=RELEASE_KEY_POLICY,
        Description="firmware signing",
        KeySpec="ECC_NIST_P256",
        KeyUsage="SIGN_VERIFY",
    )
    kms.create_alias(
        AliasName="alias/firmware-signing", TargetKeyId=signing["KeyMetadata"]["KeyId"]
    )
    old = kms.create_key(Description="old payments key")["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=old)
    kms.schedule_key_deletion(KeyId=old, PendingWindowInDays=30)
    return arns


def _buckets(clients: Clients, keys: Mapping[str, str]) -> None:
    for bucket in BUCKETS:
        s3 = clients("s3", bucket.region)
        where = (
            {}
            if bucket.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": bucket.region}}
        )
        s3.create_bucket(Bucket=bucket.name, **where)
        default = (
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys[bucket.key]}
            if bucket.key
            else {"SSEAlgorithm": "AES256"}
        )
        # AWS encrypts every bucket since January 2023; moto only those that say so.
        s3.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(bucket.key)}
        ]})  # fmt: skip
        # AWS does this for buckets made since April 2023; older ones have neither.
        if bucket.blocked is not None:
            s3.put_bucket_ownership_controls(
                Bucket=bucket.name,
                OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            )
            s3.put_public_access_block(
                Bucket=bucket.name,
                PublicAccessBlockConfiguration=public_access(blocked=bucket.blocked),
            )
        if bucket.versioned:
            s3.put_bucket_versioning(
                Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
            )
        if bucket.logged:
            s3.put_bucket_logging(Bucket=bucket.name, BucketLoggingStatus={
                "LoggingEnabled": {"TargetBucket": LOG_BUCKET, "TargetPrefix": f"{bucket.name}/"}
            })  # fmt: skip
        statements = list(bucket.statements)
        if bucket.tls_only:
            statements.append({
                "Sid": "RefusePlainHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": [bucket.arn, f"{bucket.arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            })  # fmt: skip
        if statements:
            s3.put_bucket_policy(Bucket=bucket.name, Policy=policy_text(*statements))


# -- networks, machines, disks --------------------------------------------------------------------


def _tags(resource: str, name: str, **more: str) -> list[dict[str, object]]:
    pairs = [{"Key": key, "Value": value} for key, value in {"Name": name, **more}.items()]
    return [{"ResourceType": resource, "Tags": pairs}]


def _vpc(ec2: Client, name: str, network: str, *, public: bool) -> tuple[str, dict[str, str]]:
    """Make a VPC with a private and perhaps a public subnet; returns its id and sort -> subnet."""
    vpc = ec2.create_vpc(CidrBlock=f"{network}.0.0/16", TagSpecifications=_tags("vpc", name))[
        "Vpc"
    ]["VpcId"]
    subnets: dict[str, str] = {}
    for number, sort in enumerate(("private", "public") if public else ("private",)):
        subnets[sort] = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"{network}.{number * 16}.0/20",
            TagSpecifications=_tags("subnet", f"{name}-{sort}"),
        )["Subnet"]["SubnetId"]
    # A new VPC's default group lets its members talk to each other and out; hardened VPCs empty it.
    (group,) = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    for rules, revoke in (
        (group["IpPermissions"], ec2.revoke_security_group_ingress),
        (group["IpPermissionsEgress"], ec2.revoke_security_group_egress),
    ):
        if rules:
            revoke(GroupId=group["GroupId"], IpPermissions=rules)
    return vpc, subnets


def _group(ec2: Client, vpc: str, name: str, port: int, *, source: str) -> str:
    """Make a group that admits one TCP port from a CIDR or another group; returns its id."""
    group: str = ec2.create_security_group(
        VpcId=vpc,
        GroupName=name,
        Description=f"{name} traffic",
        TagSpecifications=_tags("security-group", name),
    )["GroupId"]
    peer = (
        {"UserIdGroupPairs": [{"GroupId": source}]}
        if source.startswith("sg-")
        else {"IpRanges": [{"CidrIp": source, "Description": name}]}
    )
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return group


def _image(ec2: Client) -> str:
    image: str = ec2.register_image(
        Name="acme-base-2026.10",
        Architecture="x86_64",
        RootDeviceName="/dev/xvda",
        VirtualizationType="hvm",
    )["ImageId"]
    return image


def _instance(
    ec2: Client,
    name: str,
    *,
    image: str,
    subnet: str,
    group: str,
    profile: str,
    tokens: str = "required",
    public: bool = False,
    user_data: str = "",
) -> None:
    ec2.run_instances(
        ImageId=image, InstanceType="t3.medium", MinCount=1, MaxCount=1, UserData=user_data,
        IamInstanceProfile={"Name": profile}, Monitoring={"Enabled": True},
        MetadataOptions={
            "HttpTokens": tokens, "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1
        },
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group],
             "AssociatePublicIpAddress": public}
        ],
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda",
             "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "Encrypted": True}}
        ],
        TagSpecifications=_tags("instance", name),
    )  # fmt: skip


def _home_network(clients: Clients, keys: Mapping[str, str]) -> None:
    ec2 = clients("ec2", HOME_REGION)
    ec2.enable_ebs_encryption_by_default()
    vpc, subnets = _vpc(ec2, "production", "10.20", public=True)
    logs = clients("logs", HOME_REGION)
    logs.create_log_group(logGroupName="/acme/vpc-flow-logs", kmsKeyId=keys["acme-logs"])
    logs.put_retention_policy(logGroupName="/acme/vpc-flow-logs", retentionInDays=400)
    flow_logs = {
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": "/acme/vpc-flow-logs",
        "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/flow-logs-delivery",
    }
    ec2.create_flow_logs(ResourceIds=[vpc], **flow_logs)
    _without_default_vpc(ec2)
    web = _group(ec2, vpc, "web", 443, source="0.0.0.0/0")
    bastion = _group(ec2, vpc, "bastion", 22, source="0.0.0.0/0")
    app = _group(ec2, vpc, "app", 8443, source=web)
    _group(ec2, vpc, "orders-db", 5432, source=app)
    image = _image(ec2)
    common: dict[str, Any] = {"image": image, "profile": "app-instance"}
    _instance(ec2, "web-1", subnet=subnets["public"], group=web, public=True, **common)
    _instance(ec2, "bastion", subnet=subnets["public"], group=bastion, public=True, **common)
    for name in ("app-1", "app-2"):
        _instance(
            ec2,
            name,
            subnet=subnets["private"],
            group=app,
            user_data="#!/bin/sh\nsystemctl start acme-app\n",
            **common,
        )
    for name in ("app-1-data", "app-2-data"):
        volume = ec2.create_volume(
            AvailabilityZone=f"{HOME_REGION}a", Size=200, VolumeType="gp3", Encrypted=True,
            KmsKeyId=keys["acme-data"], TagSpecifications=_tags("volume", name),
        )["VolumeId"]  # fmt: skip
        ec2.create_snapshot(
            VolumeId=volume,
            Description=f"nightly {name}",
            TagSpecifications=_tags("snapshot", f"{name}-nightly"),
        )


def _without_default_vpc(ec2: Client) -> None:
    (vpc,) = (v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if v["IsDefault"])
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    for subnet in ec2.describe_subnets(Filters=within)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)


def _default_group_as_in_aws(ec2: Client) -> None:
    """Let a default VPC's default group admit its members; moto's admits nobody."""
    (group,) = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group["GroupId"]}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[itself])


def _analytics_network(clients: Clients, keys: Mapping[str, str]) -> None:
    ec2 = clients("ec2", SECOND_REGION)
    _default_group_as_in_aws(ec2)
    vpc, subnets = _vpc(ec2, "analytics", "10.40", public=False)
    etl = _group(ec2, vpc, "etl", 8080, source="10.20.0.0/16")
    _group(ec2, vpc, "analytics-db", 5432, source="0.0.0.0/0")
    _instance(
        ec2, "etl-1", image=_image(ec2), subnet=subnets["private"], group=etl, profile="etl-runner",
        tokens="optional", user_data=ETL_USER_DATA,
    )  # fmt: skip
    zone = f"{SECOND_REGION}a"
    ec2.create_volume(
        AvailabilityZone=zone, Size=500, VolumeType="gp3", Encrypted=True,
        KmsKeyId=keys["acme-us-data"],
        TagSpecifications=_tags("volume", "etl-data"),
    )  # fmt: skip
    scratch = ec2.create_volume(
        AvailabilityZone=zone,
        Size=100,
        VolumeType="gp3",
        TagSpecifications=_tags("volume", "etl-scratch"),
    )["VolumeId"]
    snapshot = ec2.create_snapshot(
        VolumeId=scratch,
        Description="before the migration",
        TagSpecifications=_tags("snapshot", "etl-scratch-2025"),
    )["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot,
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
    )


# -- databases ------------------------------------------------------------------------------------


def _database_network(rds: Client, ec2: Client, name: str, firewall: str) -> dict[str, object]:
    """Make subnet and parameter group of a region's databases; returns what places them."""
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [firewall]}])[
        "SecurityGroups"
    ]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [group["VpcId"]]}])
    rds.create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription="databases",
        SubnetIds=sorted(subnet["SubnetId"] for subnet in subnets["Subnets"]),
    )
    return {
        "DBSubnetGroupName": name,
        "VpcSecurityGroupIds": [group["GroupId"]],
        "DBParameterGroupName": name,
    }


def _databases(clients: Clients, keys: Mapping[str, str]) -> None:
    where: dict[str, dict[str, object]] = {}
    for region, group, firewall in (
        (HOME_REGION, "acme-postgres", "orders-db"),
        (SECOND_REGION, "acme-postgres-us", "analytics-db"),
    ):
        rds, ec2 = clients("rds", region), clients("ec2", region)
        where[region] = _database_network(rds, ec2, group, firewall)
        rds.create_db_parameter_group(
            DBParameterGroupName=group, DBParameterGroupFamily="postgres16", Description="TLS only"
        )
        force = {
            "ParameterName": "rds.force_ssl",
            "ParameterValue": "1",
            "ApplyMethod": "immediate",
        }
        rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[force])
    right = {
        "Engine": "postgres", "EngineVersion": "16.4", "DBInstanceClass": "db.t3.medium",
        "AllocatedStorage": 100, "StorageEncrypted": True, "PubliclyAccessible": False,
        "MasterUsername": "acme", "MasterUserPassword": "demo-only-password",
        "BackupRetentionPeriod": 14, "MultiAZ": True, "DeletionProtection": True,
        "AutoMinorVersionUpgrade": True, "CopyTagsToSnapshot": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
    }  # fmt: skip
    home = right | where[HOME_REGION] | {"KmsKeyId": keys["acme-data"]}
    second = right | where[SECOND_REGION] | {"KmsKeyId": keys["acme-us-data"]}
    rds, rds_us = clients("rds", HOME_REGION), clients("rds", SECOND_REGION)
    rds.create_db_instance(DBInstanceIdentifier="orders-production", **home)
    rds.create_db_instance(
        DBInstanceIdentifier="orders-staging",
        **home | {"BackupRetentionPeriod": 0, "MultiAZ": False},
    )
    rds_us.create_db_instance(
        DBInstanceIdentifier="analytics", **second | {"PubliclyAccessible": True}
    )
    plain = {key: value for key, value in second.items() if key != "KmsKeyId"} | {
        "StorageEncrypted": False
    }
    rds_us.create_db_instance(DBInstanceIdentifier="reporting-legacy", **plain)
    rds.create_db_snapshot(
        DBInstanceIdentifier="orders-production", DBSnapshotIdentifier="orders-before-v9"
    )


# -- monitoring -----------------------------------------------------------------------------------


def _monitoring(clients: Clients, keys: Mapping[str, str]) -> None:
    trail = clients("cloudtrail", HOME_REGION)
    logs = clients("logs", HOME_REGION)
    logs.create_log_group(logGroupName="/acme/cloudtrail", kmsKeyId=keys["acme-logs"])
    logs.put_retention_policy(logGroupName="/acme/cloudtrail", retentionInDays=400)
    trail.create_trail(
        Name="acme-audit", S3BucketName=TRAIL_BUCKET, IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True, EnableLogFileValidation=True, KmsKeyId=keys["acme-logs"],
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{HOME_REGION}:{ACCOUNT}:log-group:/acme/cloudtrail:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail-to-logs",
    )  # fmt: skip
    everything = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
    trail.put_event_selectors(TrailName="acme-audit", EventSelectors=[everything])
    trail.start_logging(Name="acme-audit")
    # The trail before acme-audit: one region, write events only, no validation, stopped last year.
    legacy = clients("cloudtrail", SECOND_REGION)
    legacy.create_trail(
        Name="legacy-us", S3BucketName=TRAIL_BUCKET, S3KeyPrefix="legacy", IsMultiRegionTrail=False,
        IncludeGlobalServiceEvents=False, EnableLogFileValidation=False,
    )  # fmt: skip
    legacy.put_event_selectors(
        TrailName="legacy-us", EventSelectors=[everything | {"ReadWriteType": "WriteOnly"}]
    )
    legacy.start_logging(Name="legacy-us")
    legacy.stop_logging(Name="legacy-us")
    names = ("S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS")
    features = [{"Name": name, "Status": "ENABLED"} for name in names]
    clients("guardduty", HOME_REGION).create_detector(
        Enable=True,
        FindingPublishingFrequency="FIFTEEN_MINUTES",
        Features=features,
        DataSources={"S3Logs": {"Enable": True}},
    )
    config = clients("config", HOME_REGION)
    config.put_configuration_recorder(ConfigurationRecorder={
        "name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config-recorder",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    })  # fmt: skip
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": CONFIG_BUCKET})
    config.start_configuration_recorder(ConfigurationRecorderName="default")

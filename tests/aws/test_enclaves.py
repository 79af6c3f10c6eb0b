"""Hosts and keys of Nitro enclaves: on what boto3 reads from moto, which has no enclaves itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status, Verdict

from .regional import HOME, Account, account
from .test_recordings import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUPS = "aws.ec2.security_group"


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


def _host(aws: Account) -> str:
    ec2 = aws.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="host", Description="d", VpcId=network)["GroupId"]
    ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
        MetadataOptions={"HttpTokens": "required"},
    )  # fmt: skip
    return str(group)


def _judged(aws: Account, **changes: Any) -> Verdict:
    (seen,) = aws.collect("aws.ec2.instance")
    body = json.loads(seen.body) | {"EnclaveOptions": {"Enabled": True}} | changes
    rule = plugins.load().rules["aws-confidential-host-isolation"]
    scope = Scope("aws", f"{aws.number}/{HOME}")
    groups = [group.body for group in aws.collect(GROUPS)]
    evidence = JoinedEvidence(rule, GivenDocuments(scope, {GROUPS: groups})).at(scope)
    return judge(rule, canonical(body), now=NOW, scope=scope, evidence=evidence)


def test_hosts(aws: Account) -> None:
    group = _host(aws)
    assert _judged(aws).status is Status.PASS
    assert _judged(aws, EnclaveOptions={"Enabled": False}).status is Status.NOT_APPLICABLE
    entry = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000}
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**entry, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    )
    assert _judged(aws).message == f"{group} lets addresses reach the proxy's port 8000"


def test_other_groups_may_reach_the_proxy(aws: Account) -> None:
    group = _host(aws)
    pair = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000}
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**pair, "UserIdGroupPairs": [{"GroupId": group}]}]
    )
    assert _judged(aws).status is Status.PASS


def test_everything_wrong_is_said_at_once(aws: Account) -> None:
    group = _host(aws)
    wide = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[wide])
    said = _judged(
        aws, PublicIpAddress="198.51.100.7", MetadataOptions={"HttpTokens": "optional"}
    ).message
    assert "198.51.100.7" in said
    assert "without a token" in said
    assert f"{group} is open to the internet" in said
    assert "port 8000" in said


def _policy(**condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/host"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        **condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_keys(aws: Account) -> None:
    kms = aws.client("kms")
    measured = {"StringEqualsIgnoreCase": {"kms:RecipientAttestation:ImageSha384": "ab" * 48}}
    anything = {"StringLike": {"kms:RecipientAttestation:ImageSha384": "*"}}
    rule = "aws-kms-enclave-attestation"
    for name, policy, status in (
        ("good", _policy(Condition=measured), Status.PASS),
        ("bad", _policy(Condition=anything), Status.FAIL),
        ("other", _policy(), Status.NOT_APPLICABLE),
    ):
        key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        assert aws.judge(rule, f"alias/{name}", NOW).status is status


def test_recorded_key_policies_speak_of_no_enclave(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules["aws-kms-enclave-attestation"]
    said = [
        judge(
            rule,
            canonical(
                {
                    "KeyId": "k",
                    "DescribeKey": {"KeyManager": "CUSTOMER", "KeyState": "Enabled"},
                    "GetKeyPolicy": answer["Policy"],
                }
            ),
            now=NOW,
            scope=Scope("aws", f"111122223333/{HOME}"),
        ).status
        for _, answer in answers(recordings("aws"), "kms.GetKeyPolicy")
    ]
    assert said
    assert set(said) == {Status.NOT_APPLICABLE}

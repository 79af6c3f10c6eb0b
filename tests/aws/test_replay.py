"""What AWS really answered, over HTTP again: through SDK, collector and typed view to every rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_collectors.aws.actions import action
from soc2_pac import plugins
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Status
from soc2_pac.resources import view
from tests.conftest import RECORDINGS

from .synthetic import Refused, described
from .walk import KINDS, SERVICES, look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .synthetic import SyntheticAws

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SAME_API = {"docdb": "rds", "neptune": "rds", "es": "opensearch"}


def _recorded() -> dict[tuple[str, str], list[Path]]:
    """(boto3's name of a service, operation) -> its recordings, of what our kinds may ask."""
    found: dict[tuple[str, str], list[Path]] = {}
    allowed = {call for collector in KINDS.values() for call in collector.calls}
    for path in sorted((RECORDINGS / "aws").glob("*/*.json")):
        service, operation = path.name.split(".")[:2]
        service = SAME_API.get(service, service)
        asked = service in SERVICES and operation in described(service).operation_names
        if asked and action(service, operation) in allowed:
            found.setdefault((service, operation), []).append(path)
    return found


RECORDED = _recorded()

NOT_ASKED = {("apigateway", "GetDomainNames"), ("iam", "GetPolicyVersion")}
"""Allowed by an action that another operation needs; or asked only where another answer gives a reason."""

TWICE = "came twice with different content"
TROUBLE = {
    "awscli-examples/acm.ListCertificates.1": "required field `Status`",
    "awscli-examples/ecr.DescribeRepositories.1": "required field `imageTagMutability`",
    "awscli-examples/emr.ListClusters.1": "1 record lacks ClusterArn",
    "awscli-examples/iam.GenerateCredentialReport.1": "the time allowed",  # the report is never ready
    "awscli-examples/iam.GetCredentialReport.1": "the credential report is not as expected",
    "awscli-examples/secretsmanager.ListSecrets.1": "required field `CreatedDate`",
    "awscli-examples/secretsmanager.ListSecrets.2": "required field `CreatedDate`",
    # From before AWS told these.
    "c7n-placebo/acm.ListCertificates.2": "required field `Status`",
    "c7n-placebo/acm.ListCertificates.4": "required field `Status`",
    "c7n-placebo/ecr.DescribeRepositories.2": "required field `imageTagMutability`",
    "c7n-placebo/ecr.DescribeRepositories.4": "required field `imageTagMutability`",
    # Units that hold themselves.
    "awscli-examples/organizations.ListOrganizationalUnitsForParent.1": "did not end within 20 pages",
    "awscli-examples/organizations.ListOrganizationalUnitsForParent.2": "did not end within 20 pages",
    # Edited by its keeper: ids were made the same, members taken out.
    "c7n-placebo/ec2.DescribeFlowLogs.1": TWICE,
    "c7n-placebo/ec2.DescribeLaunchTemplateVersions.2": TWICE,
    "c7n-placebo/elasticache.DescribeReplicationGroups.1": "2 records lack ARN",
    "c7n-placebo/elb.DescribeLoadBalancerAttributes.2": "2 gaps",  # of the other load balancers
    "c7n-placebo/elb.DescribeLoadBalancerAttributes.3": "2 gaps",
    "c7n-placebo/elb.DescribeLoadBalancers.3": TWICE,
    "c7n-placebo/elbv2.DescribeLoadBalancers.1": "the answer says nothing",  # that of the older API
    "c7n-placebo/elbv2.DescribeLoadBalancers.3": "the answer says nothing",
    "c7n-placebo/iam.GetCredentialReport.1": TWICE,
    "c7n-placebo/rds.DescribeDBClusterSnapshots.2": "3 records lack DBClusterSnapshotArn",
}
"""Recordings that lack what AWS answers or contradict themselves -> what is said of them, not judged."""


@pytest.mark.parametrize("operation", RECORDED, ids=".".join)
def test_a_recording_replayed(aws: SyntheticAws, operation: tuple[str, str]) -> None:
    name = action(*operation)
    kinds = [kind for kind, collector in KINDS.items() if name in collector.calls]
    trouble = {}
    for path in RECORDED[operation]:
        said = json.loads(path.read_text(encoding="utf-8"))
        data = said.get("data", said)
        refused = said.get("status_code", 200) != 200
        aws.replayed = 0
        aws.recorded = {
            operation: Refused(
                said["status_code"], data["Error"]["Code"], data["Error"].get("Message", "no")
            )
            if refused
            else data
        }
        told = [one for kind in kinds for one in _look_and_judge(aws, kind, refused=refused)]
        aws.recorded = {}
        recording = f"{path.parent.name}/{path.stem}"
        assert aws.replayed or operation in NOT_ASKED, f"nobody asked for {recording}"
        if told:
            trouble[recording] = told
    recorded = {f"{path.parent.name}/{path.stem}" for path in RECORDED[operation]}
    assert trouble.keys() == TROUBLE.keys() & recorded, trouble
    for recording, told in trouble.items():
        assert all(TROUBLE[recording] in one for one in told), (recording, told)


def _look_and_judge(aws: SyntheticAws, kind: str, *, refused: bool) -> Iterator[str]:
    """What is wrong with a look at a kind; where nothing is, every rule of the kind has judged."""
    result = look(aws, kind, seconds=5)
    if not refused and (result.status, result.gaps) != (S.COMPLETE, 0):
        yield f"{kind}: {result.reason or f'{result.gaps} gaps'}"
        return
    rules = [rule for rule in plugins.load().rules.values() if rule.kind == kind and not rule.joins]
    for record in result.spool.records() if result.spool else ():
        try:
            view(KINDS[kind].resource, record.body)
        except FactUnavailable as error:
            yield f"{kind}: {error}"
            return
        for rule in rules:
            verdict = judge(rule, record.body, now=NOW, scope=result.unit.scope)
            assert verdict.status is not Status.ERROR, f"{kind}: {rule.id}: {verdict.message}"

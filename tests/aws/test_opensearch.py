"""OpenSearch: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import SCOPE, answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_GROUP = "arn:aws:logs:eu-west-1:111122223333:log-group:search"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        search = made.client("opensearch")
        for name, good in (("good", True), ("bad", False)):
            options = {"VPCOptions": {"SubnetIds": ["subnet-1"]}} if good else {}
            search.create_domain(
                DomainName=name, EngineVersion="OpenSearch_2.11",
                EncryptionAtRestOptions={"Enabled": good},
                NodeToNodeEncryptionOptions={"Enabled": good},
                AdvancedSecurityOptions={"Enabled": good},
                DomainEndpointOptions={"EnforceHTTPS": good},
                LogPublishingOptions={
                    kind: {"CloudWatchLogsLogGroupArn": _GROUP, "Enabled": good}
                    for kind in ("AUDIT_LOGS", "ES_APPLICATION_LOGS")
                },
                **options,
            )  # fmt: skip
        for number in range(5):
            search.create_domain(DomainName=f"other-{number}")
        yield made


@pytest.mark.parametrize("rule", ["aws-search-encryption", "aws-search-logging"])
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str) -> None:
    assert aws.judge(rule, "good", NOW).status is Status.PASS
    assert aws.judge(rule, "bad", NOW).status is Status.FAIL


def test_a_domain_outside_a_vpc_is_public(aws: Account) -> None:
    assert aws.judge("aws-search-in-vpc", "bad", NOW).status is Status.FAIL


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"Enabled": True}, Status.INCONCLUSIVE),
        ({"Enabled": True, "AnonymousAuthEnabled": True}, Status.FAIL),
        ({"Enabled": False}, Status.FAIL),
    ],
)
def test_a_policy_for_everyone_is_not_all_where_people_sign_in(
    options: dict[str, bool], status: Status
) -> None:
    rule = plugins.load().rules["aws-search-in-vpc"]
    policy = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*"}}'
    body = canonical(
        {"DomainName": "d", "AccessPolicies": policy, "AdvancedSecurityOptions": options}
    )
    verdict = judge(rule, body, now=NOW, scope=SCOPE, thresholds=rule.settle({"vpc_only": False}))
    assert verdict.status is status


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ('{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*"}', Status.FAIL),
        (
            '{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "es:*"}',
            Status.PASS,
        ),
    ],
)
def test_a_public_endpoint_may_be_kept_by_its_policy(policy: str, status: Status) -> None:
    rule = plugins.load().rules["aws-search-in-vpc"]
    body = canonical({"DomainName": "d", "AccessPolicies": f'{{"Statement": {policy}}}'})
    verdict = judge(rule, body, now=NOW, scope=SCOPE, thresholds=rule.settle({"vpc_only": False}))
    assert verdict.status is status
    assert judge(rule, body, now=NOW, scope=SCOPE).status is Status.FAIL


def test_domains_are_described_five_at_a_time(aws: Account) -> None:
    found = aws.collect("aws.opensearch.domain")
    assert len({seen.uid for seen in found}) == 7
    assert aws.calls == {"es:ListDomainNames": 1, "es:DescribeDomains": 2}


def test_recorded_domains(recordings: Callable[[str], Path]) -> None:
    said = [a for _, a in answers(recordings("aws"), "es.DescribeElasticsearchDomains")]
    said += [
        {"DomainStatusList": [a["DomainStatus"]]}
        for _, a in answers(recordings("aws"), "es.DescribeElasticsearchDomain")
    ]
    found = [domain for answer in said for domain in answer["DomainStatusList"]]
    assert found
    for domain in found:
        assert judged("aws.opensearch.domain", domain)

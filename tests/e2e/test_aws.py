"""The whole AWS side over real HTTP: what is called, by whom, and what the demo company's faults become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import soc2_pac
from soc2_collectors.aws.actions import grants
from soc2_demo.aws import AwsEmulator
from soc2_demo.company import PLANTED
from soc2_pac import api, config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits
from soc2_pac.collect.plan import collect, make_plan
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsEmulator]:
    with AwsEmulator() as emulator, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in emulator.credentials.items():
            monkeypatch.setenv(name, value)
        yield emulator


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    fetch.forget_connections()
    yield
    fetch.forget_connections()


def source(aws: AwsEmulator, **more: object) -> dict[str, object]:
    regions = ["eu-central-1", "us-east-1"]
    return {"provider": "aws", "regions": regions, "endpoint_url": aws.url, **more}


def test_the_calls_made_are_those_declared_and_granted(aws: AwsEmulator) -> None:
    registry = plugins.load()
    kinds = {kind: c for kind, c in registry.collectors.items() if c.provider == "aws"}
    sources = config.parse({"sources": {"aws": source(aws)}}, None).sources(registry.providers)
    plan = make_plan(list(kinds), registry.collectors, sources)
    declared = {call for collector in kinds.values() for call in collector.calls}
    policy = json.loads(registry.providers["aws"].permissions(sorted(declared), "json"))
    granted = {one for statement in policy["Statement"] for one in statement["Action"]}
    made: set[str] = set()
    for result in collect(plan, Limits()):
        assert set(result.calls) <= set(kinds[result.unit.kind].calls), result.unit
        made |= set(result.calls)
    # A call may need several actions, or one that is called otherwise.
    assert made <= declared
    assert {action for call in declared for action in grants(call)} <= granted
    assert set(fetch.spent()) <= granted
    assert len(made) > 40, "nearly every declared call is really made"


def test_every_planted_fault_is_found(aws: AwsEmulator) -> None:
    ready = api.make_workspace(
        config.parse({"sources": {"aws": source(aws)}}, None), plugins.load()
    )
    with open_store("sqlite://", create=True) as store:
        api.run(ready, store)
        wrong = {
            (f.rule, f.resource_name or f.scope)
            for f in store.findings()
            if f.status.value == "fail"
        }
        rules = {f.rule for f in store.findings()}
        assert store.verify().problems == []
    planted = {p.rule for p in PLANTED if p.rule in rules}
    assert len(planted) > 25
    assert planted <= {rule for rule, _ in wrong}


def test_several_accounts_by_an_assumed_role(aws: AwsEmulator) -> None:
    table = source(aws, accounts=["111122223333", "222233334444"], role="reader", external_id="x-1")
    sources = config.parse({"sources": {"aws": table}}, None).sources(plugins.load().providers)
    plan = make_plan(["aws.s3.bucket"], plugins.load().collectors, sources)
    counts = {r.unit.scope: (r.status, r.count) for r in collect(plan, Limits())}
    assert counts == {
        Scope("aws", "111122223333"): (CollectionStatus.COMPLETE, 10),
        Scope("aws", "222233334444"): (CollectionStatus.COMPLETE, 0),
    }
    assert fetch.spent()["sts:AssumeRole"] == 2


def test_a_region_that_is_off_is_skipped_and_said_so(aws: AwsEmulator) -> None:
    table = source(aws) | {"regions": ["eu-central-1", "xx-nowhere-1"]}
    sources = config.parse({"sources": {"aws": table}}, None).sources(plugins.load().providers)
    plan = make_plan(["aws.ec2.volume"], plugins.load().collectors, sources)
    (unread,) = plan.unread
    assert unread.status is CollectionStatus.SKIPPED
    assert "xx-nowhere-1 is not enabled" in unread.reason


def test_one_rule_over_the_buckets_from_a_notebook(aws: AwsEmulator) -> None:
    rows = soc2_pac.check("aws-s3-public-access-blocked", source=source(aws))
    assert len(rows) == 10
    calls = fetch.spent()
    assert calls == {"sts:GetCallerIdentity": 1}
    assert {row.name for row in rows if row.verdict.status.value == "fail"} == {
        "acme-robotics-website",
        "acme-robotics-legacy-exports",
    }

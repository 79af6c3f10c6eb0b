"""GuardDuty: detectors from moto; findings, which moto lacks, from what AWS documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.client import AwsConnection
from soc2_collectors.aws.guardduty import findings
from soc2_collectors.aws.settings import AwsSettings
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.config import SecretRef
from soc2_pac.model import Document, Scope, Status

from .faulty import Answer, FaultyAws
from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


def test_a_region_without_a_detector(aws: Account) -> None:
    assert aws.collect("aws.guardduty.detector", "eu-west-2") == []
    assert aws.calls == {"guardduty:ListDetectors": 1}
    assert aws.collect("aws.guardduty.finding", "eu-west-2") == []


def test_a_detector_that_is_on_and_one_that_is_suspended(aws: Account) -> None:
    for region, enable, status in (
        ("eu-west-1", True, Status.PASS),
        ("us-east-1", False, Status.FAIL),
    ):
        guard = aws.client("guardduty", region)
        number = guard.create_detector(Enable=enable)["DetectorId"]
        assert aws.judge("aws-guardduty-on", number, NOW, region).status is status


def test_plans_that_are_off_are_named(aws: Account) -> None:
    guard = aws.client("guardduty", "eu-west-3")
    number = guard.create_detector(
        Enable=True,
        Features=[
            {"Name": "RDS_LOGIN_EVENTS", "Status": "ENABLED"},
            {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"},
        ],
    )["DetectorId"]
    verdict = aws.judge("aws-guardduty-plans", number, NOW, "eu-west-3")
    assert verdict.status is Status.FAIL
    assert "S3_DATA_EVENTS" in verdict.message
    assert "RDS_LOGIN_EVENTS" not in verdict.message


def _listed(count: int, sample: dict[str, Any]) -> tuple[list[Document], list[str], dict[str, int]]:
    """What the collector yields where a detector has so many findings, and what it asked for."""
    numbers = [f"{n:032x}" for n in range(count)]
    halves = (numbers[: count // 2], numbers[count // 2 :])
    pages = [{"findingIds": halves[0], "nextToken": "more"}, {"findingIds": halves[1]}]

    def wire(value: Any) -> Any:
        """GuardDuty writes its members with a small letter at the start."""
        if isinstance(value, dict):
            return {key[0].lower() + key[1:]: wire(item) for key, item in value.items()}
        return [wire(item) for item in value] if isinstance(value, list) else value

    def reply(_: int) -> str:
        last = server.requests[-1]
        if "/findings/get" in last:
            asked = json.loads(last[last.index("{") :])["findingIds"]
            said = [{**wire(sample), "id": n, "arn": f"arn:finding/{n}"} for n in asked]
            return json.dumps({"findings": said})
        if "/findings" in last:
            return json.dumps(pages.pop(0))
        return json.dumps({"detectorIds": ["d1"]})

    source = AwsSettings(
        endpoint_url="", max_attempts=1,
        access_key_id=SecretRef(env="TEST_KEY"), secret_access_key=SecretRef(env="TEST_SECRET"),
    )  # fmt: skip
    meter = Meter(Limits())
    with FaultyAws(Answer(200, reply, {"Content-Type": "application/json"})) as server:
        import msgspec

        connection = AwsConnection(msgspec.structs.replace(source, endpoint_url=server.url))
        scope = Scope("aws", "111122223333/eu-west-1")
        aws = connection.client(scope, meter, frozenset(findings.calls))
        found = list(findings.function(aws))
    return found, server.requests, dict(meter.calls)


def test_findings_come_fifty_at_a_time_and_only_open_ones_are_asked_for(
    recordings: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("TEST_SECRET", "not-a-real-secret-anywhere")
    sample = next(
        finding
        for _, said in answers(recordings("aws"), "guardduty.GetFindings")
        for finding in said["Findings"]
    )
    found, requests, calls = _listed(120, sample)
    assert len(found) == len({document.uid for document in found}) == 120
    assert calls == {
        "guardduty:ListDetectors": 1, "guardduty:ListFindings": 2, "guardduty:GetFindings": 3,
    }  # fmt: skip
    listings = [r for r in requests if "/findings" in r and "/get" not in r]
    assert all('"service.archived": {"eq": ["false"]}' in request for request in listings)
    assert {document.name for document in found} == {sample["Title"]}
    assert all(judged("aws.guardduty.finding", dict(document.body)) for document in found)


def test_recorded_findings_and_detectors(recordings: Callable[[str], Path]) -> None:
    folder = recordings("aws")
    said = [f for _, answer in answers(folder, "guardduty.GetFindings") for f in answer["Findings"]]
    assert said
    assert all(judged("aws.guardduty.finding", finding) for finding in said)
    detectors = [answer for _, answer in answers(folder, "guardduty.GetDetector")]
    assert detectors
    for answer in detectors:
        assert judged("aws.guardduty.detector", {"DetectorId": "d", "GetDetector": answer})

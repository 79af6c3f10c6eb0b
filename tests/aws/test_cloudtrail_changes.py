"""CloudTrail: which events are changes in the console, what is kept of them, and where a look ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import cloudtrail
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.errors import Unexpected
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status

from .faulty import Answer, FaultyAws
from .test_client import client
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from soc2_pac.model import Document

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("aws", "111122223333/eu-west-1")
KIND = "aws.cloudtrail.console_change"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def _event(number: int, **record: Any) -> dict[str, Any]:
    said = {
        "eventID": f"e{number}",
        "eventTime": "2025-12-30T10:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DeleteVolume",
        "eventType": "AwsApiCall",
        "userAgent": "aws-sdk-go-v2",
        "sourceIPAddress": "198.51.100.7",
        "requestParameters": {"masterUserPassword": "not-to-be-kept"},
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/people/ann",
            "accessKeyId": "not-to-be-kept",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "people"}},
        },
        **record,
    }
    return {
        "EventId": f"e{number}",
        "EventTime": datetime(2025, 12, 30, 10, tzinfo=UTC),
        "CloudTrailEvent": json.dumps(said),
        "Resources": [{"ResourceType": "AWS::EC2::Volume", "ResourceName": "vol-1"}],
    }


class _History:
    """The pages of ``LookupEvents``, whose filter moto does not know."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages
        self.params: dict[str, Any] = {}
        self.read = 0

    def pages(
        self, service: str, operation: str, keys: Sequence[str] = (), **params: Any
    ) -> Iterator[dict[str, Any]]:
        assert (service, operation) == ("cloudtrail", "lookup_events")
        self.params = params
        for page in self._pages:
            self.read += 1
            yield {"Events": page}


def _found(history: _History) -> list[Document]:
    return list(cloudtrail.console_changes.function(history))


def test_only_changes_of_console_sessions_are_kept() -> None:
    history = _History(
        [
            _event(1),
            _event(2, sessionCredentialFromConsole="true"),
            _event(3, eventType="AwsConsoleSignIn", sessionCredentialFromConsole="true"),
        ],
        [],
        [_event(4, userAgent="console.amazonaws.com"), _event(5, userAgent="[S3Console/0.4]")],
    )
    assert [document.uid for document in _found(history)] == ["e2", "e4", "e5"]


def test_a_week_of_writing_events_is_asked_for() -> None:
    history = _History([])
    assert _found(history) == []
    asked = history.params
    assert asked["LookupAttributes"] == [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    assert (asked["EndTime"] - asked["StartTime"]).days == 7


def test_parameters_keys_and_addresses_are_not_kept() -> None:
    (document,) = _found(_History([_event(1, sessionCredentialFromConsole="true")]))
    kept = json.dumps(document.body)
    assert "not-to-be-kept" not in kept
    assert "198.51.100.7" not in kept
    assert document.name == "ec2:DeleteVolume"
    assert judged(KIND, dict(document.body))


@pytest.mark.parametrize(
    ("identity", "status", "who"),
    [
        ({"type": "Root"}, Status.FAIL, "Root called ec2:DeleteVolume (vol-1)"),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/release"}, Status.FAIL, "user/release"),
        (
            {
                "type": "AssumedRole",
                "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "release"}},
            },
            Status.PASS,
            "release may",
        ),
    ],
)
def test_only_a_role_may(identity: dict[str, Any], status: Status, who: str) -> None:
    said = _event(1, sessionCredentialFromConsole="true", userIdentity=identity)
    (document,) = _found(_History([said]))
    rule = plugins.load().rules["aws-console-changes-outside-pipeline"]
    allowed = rule.settle({"deploy_roles": ["release"]})
    verdict = judge(rule, canonical(document.body), now=NOW, scope=SCOPE, thresholds=allowed)
    assert verdict.status is status
    assert who in verdict.message


def test_a_look_that_is_too_long_is_incomplete_and_keeps_what_it_found() -> None:
    many = [[_event(number, sessionCredentialFromConsole="true")] for number in range(500)]
    history = _History(*many)
    found: list[str] = []
    with pytest.raises(Unexpected, match="20,000 writing events within 7 days"):
        found.extend(document.uid for document in cloudtrail.console_changes.function(history))
    assert history.read == 401


@pytest.mark.parametrize("record", [None, "not json", "[]"])
def test_an_event_that_cannot_be_read_is_not_passed_over(record: str | None) -> None:
    with pytest.raises(Unexpected, match="e1"):
        _found(_History([{**_event(1), "CloudTrailEvent": record}]))


def test_recorded_sign_ins_are_no_changes(recordings: Callable[[str], Path]) -> None:
    events = [
        event
        for _, said in answers(recordings("aws"), "cloudtrail.LookupEvents")
        for event in said["Events"]
    ]
    assert events
    assert _found(_History(events)) == []


def test_pages_over_http(credentials: None) -> None:
    del credentials
    pages = [
        {"Events": [_plain_event(1)], "NextToken": "more"},
        {"Events": [_plain_event(2)]},
    ]
    answer = Answer(body=lambda count: json.dumps(pages[min(count, 2) - 1]))
    with FaultyAws(answer) as server:
        aws, meter = client(server.url, "cloudtrail:LookupEvents")
        found = list(cloudtrail.console_changes.function(aws))
    assert [document.uid for document in found] == ["e1", "e2"]
    assert meter.calls == {"cloudtrail:LookupEvents": 2}
    assert '"AttributeKey": "ReadOnly", "AttributeValue": "false"' in server.requests[0]


def _plain_event(number: int) -> dict[str, Any]:
    event = _event(number, sessionCredentialFromConsole="true")
    return event | {"EventTime": event["EventTime"].timestamp()}

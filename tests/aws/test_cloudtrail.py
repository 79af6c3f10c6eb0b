"""CloudTrail: trails at home and seen from elsewhere, and what selectors leave out."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.models.cloudtrail import Selectors, Trail
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.evidence import Held, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Fact, Scope, Status
from soc2_pac.resources import view
from soc2_pac.testing import judge_document

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ELSEWHERE = "us-east-1"
EVERYTHING = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as made:
        made.client("s3").create_bucket(
            Bucket=f"trail-{made.number}", CreateBucketConfiguration={"LocationConstraint": HOME}
        )
        yield made


def _trail(aws: Account, name: str, region: str = HOME, **settings: Any) -> None:
    trail = aws.client("cloudtrail", region)
    trail.create_trail(Name=name, S3BucketName=f"trail-{aws.number}", **settings)
    trail.put_event_selectors(TrailName=name, EventSelectors=EVERYTHING)
    trail.start_logging(Name=name)


class Regions:
    """:class:`soc2_pac.evaluate.evidence.Documents` of trails as several regions list them."""

    def __init__(self, bodies: dict[Scope, list[bytes]]) -> None:
        self._bodies = bodies

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        return [(scope, None) for scope in self._bodies]

    def bodies(self, kind: str) -> Iterable[Held]:
        return [Held(scope, body) for scope, found in self._bodies.items() for body in found]


def _account_verdict(bodies: dict[Scope, list[bytes]], number: str) -> tuple[Status, str]:
    rule = plugins.load().rules["aws-trail-multi-region"]
    scope = Scope("aws", number)
    evidence = JoinedEvidence(rule, Regions(bodies)).at(scope)
    summary = canonical({"SummaryMap": {"Users": 1}})
    verdict = judge(rule, summary, now=NOW, scope=scope, evidence=evidence)
    return verdict.status, verdict.message


def _read(aws: Account, *regions: str) -> dict[Scope, list[bytes]]:
    return {
        Scope("aws", f"{aws.number}/{region}"): [
            seen.body for seen in aws.collect("aws.cloudtrail.trail", region)
        ]
        for region in regions
    }


def test_no_trail_is_a_deficiency(aws: Account) -> None:
    assert _account_verdict(_read(aws, HOME, ELSEWHERE), aws.number) == (
        Status.FAIL, "there is no trail",
    )  # fmt: skip
    for rule in ("aws-guardduty-on", "aws-config-recorder-on", "aws-trail-validation"):
        assert plugins.load().rules[rule].when_empty().status is Status.FAIL


def test_a_trail_of_all_regions_records_the_account(aws: Account) -> None:
    _trail(aws, "main", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    assert _account_verdict(_read(aws, HOME), aws.number)[0] is Status.PASS
    aws.client("cloudtrail").stop_logging(Name="main")
    assert _account_verdict(_read(aws, HOME), aws.number) == (Status.FAIL, "main is not logging")


def test_a_trail_of_one_region_does_not(aws: Account) -> None:
    _trail(aws, "local", IsMultiRegionTrail=False)
    status, message = _account_verdict(_read(aws, HOME), aws.number)
    assert (status, message) == (Status.FAIL, "local is of one Region")


def test_a_shadow_tells_of_a_trail_whose_home_is_not_collected(aws: Account) -> None:
    # AWS lets a region tell of shadows; moto lists them, but knows their selectors at home only.
    _trail(aws, "main", IsMultiRegionTrail=True)
    (home,) = _read(aws, HOME).values()
    shadow = {Scope("aws", f"{aws.number}/{ELSEWHERE}"): home}
    assert _account_verdict(shadow, aws.number)[0] is Status.PASS


def test_a_shadow_that_tells_less_does_not_hide_the_trail(aws: Account) -> None:
    _trail(aws, "main", IsMultiRegionTrail=True)
    (home,) = _read(aws, HOME).values()
    arn = view(Trail, home[0]).arn
    denied = {
        "status": "denied",
        "operation": "cloudtrail:GetTrailStatus",
        "reason": "AccessDenied",
    }
    shadow = canonical(
        {"Name": "main", "TrailARN": arn, "HomeRegion": HOME, "IsMultiRegionTrail": True,
         "$gaps": {"GetTrailStatus": denied, "GetEventSelectors": denied}}
    )  # fmt: skip
    first = Scope("aws", f"{aws.number}/af-south-1")
    last = Scope("aws", f"{aws.number}/{HOME}")
    assert _account_verdict({first: [shadow], last: home}, aws.number)[0] is Status.PASS
    assert _account_verdict({first: [shadow]}, aws.number)[0] is Status.INCONCLUSIVE


@pytest.mark.parametrize("rule", ["aws-trail-validation", "aws-trail-kms", "aws-trail-to-cwl"])
def test_a_trail_is_judged_in_its_home_region(aws: Account, rule: str) -> None:
    _trail(aws, "main", IsMultiRegionTrail=True)
    assert aws.judge(rule, "main", NOW).status is Status.FAIL
    (seen,) = aws.collect("aws.cloudtrail.trail")
    buses = [
        {
            "$scope": f"aws:{aws.number}/{region}",
            "Arn": f"arn:aws:events:{region}:{aws.number}:event-bus/default",
        }
        for region in (HOME, ELSEWHERE)
    ]

    def elsewhere(*read: dict[str, Any]) -> Status:
        return judge_document(
            plugins.load().rules[rule],
            json.loads(seen.body),
            {"aws.events.bus": read},
            now=NOW,
            scope=Scope("aws", f"{aws.number}/{ELSEWHERE}"),
        ).status

    assert elsewhere(*buses) is Status.NOT_APPLICABLE
    # Where its home is no source, nobody judges it there.
    assert elsewhere(buses[1]) is Status.FAIL


def test_times_of_delivery_are_not_kept(aws: Account) -> None:
    _trail(aws, "main", IsMultiRegionTrail=True)
    (seen,) = aws.collect("aws.cloudtrail.trail")
    assert b"LatestDeliveryTime" not in seen.body
    assert b"IsLogging" in seen.body


# -- selectors ------------------------------------------------------------------------------------------


def selectors(**body: Any) -> Selectors:
    trail = {"Name": "t", "TrailARN": "arn:t", "GetEventSelectors": body}
    return view(Trail, canonical(trail)).selectors


def advanced(*conditions: tuple[str, str, list[str]]) -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": field, how: values} for field, how, values in conditions]}


MANAGEMENT = ("eventCategory", "Equals", ["Management"])


@pytest.mark.parametrize(
    ("found", "sides"),
    [
        ([advanced(MANAGEMENT)], {"read", "write"}),
        ([advanced(MANAGEMENT, ("readOnly", "Equals", ["true"]))], {"read"}),
        ([advanced(MANAGEMENT, ("readOnly", "Equals", ["false"]))], {"write"}),
        (
            [advanced(MANAGEMENT, ("eventSource", "NotEquals", ["kms.amazonaws.com"]))],
            {"read", "write"},
        ),
        ([advanced(MANAGEMENT, ("eventSource", "Equals", ["s3.amazonaws.com"]))], set()),
        ([advanced(MANAGEMENT, ("eventName", "StartsWith", ["Get"]))], set()),
        ([advanced(("eventCategory", "Equals", ["Data"]))], set()),
        ([advanced(("eventCategory", "NotEquals", ["Data"]))], set()),
    ],
)
def test_advanced_selectors(found: list[dict[str, Any]], sides: set[str]) -> None:
    assert selectors(AdvancedEventSelectors=found).management_sides == sides


def test_an_empty_answer_names_no_selector() -> None:
    with pytest.raises(FactUnavailable, match="names no selector"):
        selectors(AdvancedEventSelectors=[], EventSelectors=[])
    untouched = {
        "Name": "t",
        "TrailARN": "arn:t",
        "HasCustomEventSelectors": False,
        "GetEventSelectors": {},
    }
    assert view(Trail, canonical(untouched)).selectors.management_sides == {"read", "write"}


@pytest.mark.parametrize("owner", ["999988887777", "111122223333"])
def test_only_the_owner_is_asked_what_a_trail_records(owner: str) -> None:
    class Answers:
        """Of AWS, in one scope."""

        account = "111122223333"

        def items(self, *_: object, **__: object) -> list[dict[str, str]]:
            return [{"TrailARN": f"arn:aws:cloudtrail:us-east-1:{owner}:trail/org", "Name": "org"}]

        def fact(self, service: str, operation: str, **_: object) -> Fact:
            return Fact(f"{service}:{operation}", dict)

    collector = plugins.load().collectors["aws.cloudtrail.trail"]
    (found,) = collector.documents(Answers())
    assert ("GetEventSelectors" in found.body) is (owner == Answers.account)
    assert "GetTrailStatus" in found.body


def test_a_failure_is_proven_before_what_is_missing_is_read() -> None:
    rule = plugins.load().rules["aws-trail-bucket-protected"]
    denied = {"status": "denied", "operation": "s3:GetBucketAcl", "reason": "AccessDenied"}
    bucket = {
        "Name": "logs", "GetBucketPolicyStatus": None, "GetBucketLogging": None,
        "GetBucketVersioning": {"Status": "Enabled"}, "$gaps": {"GetBucketAcl": denied},
    }  # fmt: skip
    trail = {"Name": "t", "TrailARN": "arn:t", "S3BucketName": "logs"}
    given = {"aws.cloudtrail.trail": [trail], "aws.s3.account_public_access_block": []}
    verdict = judge_document(rule, bucket, given)
    assert (verdict.status, verdict.message) == (Status.FAIL, "no access logs")
    logged = {**bucket, "GetBucketLogging": {"TargetBucket": "access"}}
    assert judge_document(rule, logged, given).status is Status.INCONCLUSIVE


def test_a_bucket_that_takes_the_trails_of_other_accounts_is_judged() -> None:
    rule = plugins.load().rules["aws-trail-bucket-protected"]
    allow = {
        "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/AWSLogs/444455556666/*",
    }  # fmt: skip
    bucket: dict[str, Any] = {
        "Name": "logs", "GetBucketPolicyStatus": None, "GetBucketLogging": None,
        "GetBucketVersioning": {"Status": "Enabled"}, "GetBucketAcl": {"Grants": []},
        "GetBucketLifecycleConfiguration": None,
        "GetBucketPolicy": json.dumps({"Statement": allow}),
    }  # fmt: skip
    given: dict[str, Any] = {"aws.cloudtrail.trail": [], "aws.s3.account_public_access_block": []}
    verdict = judge_document(rule, bucket, given)
    assert (verdict.status, verdict.message) == (Status.FAIL, "no access logs")
    config = json.dumps({"Statement": {**allow, "Principal": {"Service": "config.amazonaws.com"}}})
    other = judge_document(rule, {**bucket, "GetBucketPolicy": config}, given)
    assert other.status is Status.NOT_APPLICABLE


def test_basic_selectors_add_up() -> None:
    for first, second in itertools.product(("ReadOnly", "WriteOnly", "All"), repeat=2):
        found = selectors(EventSelectors=[{"ReadWriteType": first}, {"ReadWriteType": second}])
        whole = {first, second} == {"ReadOnly", "WriteOnly"} or "All" in (first, second)
        assert (found.management_sides == {"read", "write"}) is whole
    off = selectors(EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": False}])
    assert off.management_sides == set()


def test_recorded_selectors_and_statuses(recordings: Callable[[str], Path]) -> None:
    folder = recordings("aws")
    for operation in ("GetEventSelectors", "GetTrailStatus"):
        found = [said for _, said in answers(folder, f"cloudtrail.{operation}")]
        assert found
        for said in found:
            body = {"Name": "t", "TrailARN": "arn:t", "HomeRegion": "us-east-1", operation: said}
            # Every rule over trails joins by now: what was recorded is read, and judged where there are others.
            judged("aws.cloudtrail.trail", body)
            seen = view(Trail, canonical(body))
            assert seen.selectors if operation == "GetEventSelectors" else seen.status

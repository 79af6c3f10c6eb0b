"""The client over real HTTP: what every answer means, what is refused, what is counted."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import AwsProvider
from soc2_collectors.aws.actions import action, grants
from soc2_collectors.aws.client import Aws, AwsConnection
from soc2_collectors.aws.permissions import policy
from soc2_collectors.aws.settings import AwsSettings
from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter, Unit, UnitResult, run_unit
from soc2_pac.errors import (
    CallRefused,
    ConfigError,
    CredentialsRejected,
    Denied,
    Gone,
    NotEnabled,
    NotOffered,
    ProviderError,
    Throttled,
    Unexpected,
    Unreachable,
    UsageError,
)
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Lacking, Listed, Scope, Unread

from .faulty import Answer, FaultyAws, ec2_error, s3_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REGION = Scope("aws", "111122223333/eu-west-1")
JSON = {"Content-Type": "application/x-amz-json-1.1"}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret-anywhere")
    fetch.forget_connections()
    yield
    fetch.forget_connections()


def client(
    url: str, *allowed: str, declared: Sequence[str] = (), **settings: Any
) -> tuple[Aws, Meter]:
    meter = Meter(Limits(pages=20))
    made = AwsSettings(
        regions=("eu-west-1",),
        endpoint_url=url,
        **{"max_attempts": 2, "timeout_seconds": 1, **settings},
    )
    return AwsConnection(made, declared).client(REGION, meter, frozenset(allowed)), meter


def volumes(url: str) -> list[dict[str, Any]]:
    aws, _ = client(url, "ec2:DescribeVolumes")
    return list(aws.items("ec2", "describe_volumes", "Volumes"))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (403, "UnauthorizedOperation", Denied),
        (403, "AccessDenied", Denied),
        (401, "AuthFailure", CredentialsRejected),
        (400, "ExpiredToken", CredentialsRejected),
        (400, "RequestExpired", CredentialsRejected),
        (403, "InvalidClientTokenId", CredentialsRejected),
        (503, "RequestLimitExceeded", Throttled),
        (400, "Throttling", Throttled),
        (500, "InternalError", Unreachable),
        (401, "OptInRequired", NotEnabled),
        (400, "InvalidVolume.NotFound", Gone),
        (400, "WAFNonexistentItemException", Gone),
        (400, "RequestTimeout", Unreachable),
        (400, "RequestTimeoutException", Unreachable),
        (400, "ServiceUnavailableException", Unreachable),
        (400, "SomethingNew", Unexpected),
    ],
)
def test_what_an_error_means(status: int, code: str, meaning: type[ProviderError]) -> None:
    with FaultyAws(Answer(status, ec2_error(code))) as server, pytest.raises(meaning) as caught:
        volumes(server.url)
    said = str(caught.value)
    assert "7f3a" not in said, "the provider's prose is not kept: it changes, and may quote secrets"
    assert "1111" not in said, "request ids change at each call"
    if meaning is Denied:
        assert caught.value.permission == "ec2:DescribeVolumes"


@pytest.mark.parametrize(
    "wrong",
    [Answer(500, ec2_error("InternalError")), Answer(body="<a>" + "x" * 1000 + "</a>", cut=True)],
)
def test_what_did_not_answer_is_asked_once_until_it_does(wrong: Answer) -> None:
    with FaultyAws(wrong) as server:
        aws, meter = client(server.url, "ec2:DescribeVolumes", max_attempts=3)
        requests: list[int] = []
        for _ in range(3):
            with pytest.raises(Unreachable) as caught:
                aws.ask("ec2", "describe_volumes")
            requests.append(sum(meter.calls.values()) - sum(requests))
        assert requests == [3, 1, 1]
        assert str(caught.value).startswith("ec2:DescribeVolumes: ")
        server.answer = Answer(
            body="<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"
        )
        assert aws.ask("ec2", "describe_volumes") == {"Volumes": []}
        server.answer = wrong
        with pytest.raises(Unreachable):
            aws.ask("ec2", "describe_volumes")
        assert sum(meter.calls.values()) == 3 + 1 + 1 + 1 + 3


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer(body="<html>a proxy's page</html>"), Unexpected),
        (Answer(body="<?xml version='1.0'?><!DOCTYPE html><html/>"), Unexpected),
        (Answer(body="<OtherResponse/>"), Unexpected),
        (Answer(body=""), Unexpected),
        (Answer(body="<DescribeVolumesResponse><volumeSet><item>"), Unexpected),
        (Answer(body="<a>" + "x" * 1000 + "</a>", cut=True), (Unreachable, Unexpected)),
        (Answer(delay=3), Unreachable),
    ],
)
def test_broken_answers(answer: Answer, meaning: Any) -> None:
    with FaultyAws(answer) as server, pytest.raises(meaning):
        volumes(server.url)


@pytest.mark.parametrize(
    "body", ['{"Keys": [{"KeyId"', "", "[]", "<html>a proxy's page</html>"],
    ids=["cut off", "empty", "a list", "html"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["aws.kms.key", "aws.cloudtrail.trail", "aws.guardduty.detector"])
def test_an_unusable_answer_is_no_empty_listing(kind: str, body: str) -> None:
    # botocore takes JSON that it cannot read for an answer without members: everything would be gone.
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    with FaultyAws(Answer(body=body, headers=headers)) as server:
        result = unit(kind, server.url)
    assert (result.status, result.count) == (S.FAILED, 0)
    assert "answer" in result.reason


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_document_is_no_answer(status: int) -> None:
    # That a bucket has no policy is said by NoSuchBucketPolicy.
    with FaultyAws(Answer(status, "")) as server:
        aws, _ = client(server.url, "s3:GetBucketPolicy", "ec2:DescribeVolumes")
        with pytest.raises(Unexpected, match="the answer is empty"):
            aws.ask("s3", "get_bucket_policy", Bucket="b")
        with pytest.raises(Unexpected, match="answer"):
            list(aws.items("ec2", "describe_volumes", "Volumes"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", "says nothing"),
        ('{"Keys": null}', "says null for Keys"),
        ('{"Keys": null, "Truncated": false}', "says null for Keys"),
    ],
)
def test_an_answer_that_says_nothing_of_a_list_is_no_empty_list(body: str, said: str) -> None:
    with FaultyAws(Answer(body=body, headers=JSON)) as server:
        aws, _ = client(server.url, "kms:ListKeys")
        with pytest.raises(Unexpected, match=said):
            list(aws.items("kms", "list_keys", "Keys"))


def test_nothing_in_place_of_a_record() -> None:
    body = '{"Keys": [null, {"KeyId": "k1", "KeyArn": "arn:k1"}]}'
    with FaultyAws(Answer(body=body, headers=JSON)) as server:
        aws, _ = client(server.url, "kms:ListKeys", "dynamodb:ListTables")
        empty, key = aws.items("kms", "list_keys", "Keys")
        assert (empty, key["KeyArn"]) == ({}, "arn:k1")
        assert Lacking.within(empty["KeyArn"]) == ["KeyArn"]
        server.answer = Answer(body='{"TableNames": [null]}', headers=JSON)
        (name,) = aws.items("dynamodb", "list_tables", "TableNames")
        assert Lacking.within(name) == ["TableNames"]


def test_nothing_is_asked_of_a_record_without_the_id_that_the_call_needs() -> None:
    with FaultyAws(Answer(body="{}", headers=JSON)) as server:
        aws, _ = client(server.url, "kms:DescribeKey", "backup:ListRecoveryPointsByBackupVault")
        with pytest.raises(Unexpected, match="the record lacks KeyId"):
            aws.ask("kms", "describe_key", KeyId=Listed()["KeyId"])
        points = aws.children(
            "backup",
            "list_recovery_points_by_backup_vault",
            "RecoveryPoints",
            BackupVaultName=Listed()["BackupVaultName"],
        )
        assert list(points) == [{}]
        assert server.requests == []


def test_what_is_not_ready_yet_is_waited_for() -> None:
    def report(number: int) -> str:
        if number < 3:
            code = "ReportInProgress" if number == 1 else "ReportNotPresent"
            return f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
        return (
            "<GetCredentialReportResponse><GetCredentialReportResult><Content>eA==</Content>"
            "</GetCredentialReportResult></GetCredentialReportResponse>"
        )

    with FaultyAws(Answer(lambda number: 404 if number < 3 else 200, report)) as server:
        meter = Paused(Limits())
        made = AwsSettings(endpoint_url=server.url, max_attempts=1)
        aws = AwsConnection(made).client(REGION, meter, frozenset({"iam:GetCredentialReport"}))
        assert aws.ask("iam", "get_credential_report")["Content"] == b"x"
    assert len(meter.pauses) == 2


def test_a_region_without_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    aws, _ = client("http://127.0.0.1:9", "macie2:GetMacieSession", "iam:GetAccountSummary")
    offered = aws._clients.offered
    assert offered("macie2", "eu-west-1")
    assert not offered("macie2", "ca-west-1")
    for service in ("iam", "organizations", "route53", "cloudfront", "account", "artifact"):
        # These answer for a whole partition: that their list of regions is empty says nothing.
        assert offered(service, "us-east-1"), service
    monkeypatch.setattr(aws, "region", "ca-west-1")
    with pytest.raises(Unreachable):  # nobody answers there at all: that may be an outage
        aws.ask("macie2", "get_macie_session")
    monkeypatch.setattr(aws, "_somebody_answers", lambda _: True)
    with pytest.raises(NotOffered, match="does not offer the service in ca-west-1"):
        aws.ask("macie2", "get_macie_session")
    monkeypatch.setattr(aws, "region", "us-east-1")
    with pytest.raises(Unreachable):
        aws.ask("iam", "get_account_summary")


def test_a_denial_names_the_action_that_was_missing() -> None:
    said = (
        "User: arn:aws:sts::111122223333:assumed-role/reader/x is not authorized to perform: "
        "elasticloadbalancing:DescribeWebACLAssociation on resource: *"
    )
    body = json.dumps({"__type": "AccessDeniedException", "message": said})
    with FaultyAws(Answer(400, body, JSON)) as server:
        aws, _ = client(server.url, "wafv2:ListResourcesForWebACL")
        with pytest.raises(Denied) as caught:
            aws.ask("wafv2", "list_resources_for_web_acl", WebACLArn="arn:aws:wafv2:eu-west-1:1:x")
    assert caught.value.permission == "elasticloadbalancing:DescribeWebACLAssociation"
    assert "111122223333" not in str(caught.value)


def test_an_empty_listing_is_complete() -> None:
    with FaultyAws(
        Answer(body="<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>")
    ) as server:
        assert unit("aws.ec2.volume", server.url).status is S.COMPLETE


def test_a_fact_whose_answer_lacks_the_member_is_not_none() -> None:
    # None means that AWS said there is none: a bucket whose policy status is unknown would pass.
    with FaultyAws(Answer(body="<PolicyStatus/>")) as server:
        aws, _ = client(server.url, "s3:GetBucketPolicyStatus", "s3:GetBucketLogging")
        with pytest.raises(Unexpected, match="the answer has no Nothing"):
            aws.fact("s3", "get_bucket_policy_status", key="Nothing", Bucket="b").call()
        logging = aws.fact(
            "s3", "get_bucket_logging", key="LoggingEnabled", optional=True, Bucket="b"
        )
        assert logging.call() is None


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyAws(Answer(404, s3_error("NoSuchPublicAccessBlockConfiguration"))) as server:
        # A name for the host: virtual-hosted buckets and account hosts would not resolve.
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url.replace("127.0.0.1", "localhost"))
        settings = AwsSettings(max_attempts=1, timeout_seconds=1)
        allowed = frozenset({"s3:GetAccountPublicAccessBlock", "s3:GetBucketPublicAccessBlock"})
        aws = AwsConnection(settings).client(REGION, Meter(Limits()), allowed)
        none = ["NoSuchPublicAccessBlockConfiguration"]
        of_account: dict[str, Any] = {"AccountId": aws.account}
        of_bucket: dict[str, Any] = {"Bucket": "b"}
        for service, arguments in (("s3control", of_account), ("s3", of_bucket)):
            asked = aws.fact(service, "get_public_access_block", absent=none, **arguments)
            assert asked.call() is None
        assert len(server.requests) == 2


def test_a_call_goes_to_the_region_that_it_names() -> None:
    with FaultyAws(Answer(404, s3_error("NoSuchBucketPolicy"))) as server:
        aws, _ = client(server.url, "s3:GetBucketPolicy")
        for region in (None, "eu-west-1", "ap-south-1"):
            none = ["NoSuchBucketPolicy"]
            aws.fact("s3", "get_bucket_policy", absent=none, Bucket="b", region=region).call()
        assert server.regions == ["eu-west-1", "eu-west-1", "ap-south-1"]


def test_nobody_there() -> None:
    with pytest.raises(Unreachable):
        volumes("http://127.0.0.1:9")


def test_retries_are_counted() -> None:
    with FaultyAws(Answer(503, ec2_error("Unavailable"))) as server:
        aws, meter = client(server.url, "ec2:DescribeVolumes", max_attempts=3)
        with pytest.raises(Unreachable):
            aws.ask("ec2", "describe_volumes")
        assert len(server.requests) == 3
    assert meter.calls == {"ec2:DescribeVolumes": 3}


def test_a_service_that_refuses_is_slowed_alone() -> None:
    with FaultyAws(Answer(503, ec2_error("RequestLimitExceeded"))) as server:
        made = AwsSettings(
            regions=("eu-west-1",), endpoint_url=server.url, max_attempts=1, requests_per_second=4
        )
        connection = AwsConnection(made)
        allowed = frozenset({"ec2:DescribeVolumes"})
        slowed, neighbour = Paused(Limits()), Paused(Limits())
        here = connection.client(REGION, slowed, allowed)
        there = connection.client(Scope("aws", "111122223333/us-west-2"), neighbour, allowed)
        with pytest.raises(Throttled):
            here.ask("ec2", "describe_volumes")
        server.answer = Answer(
            body="<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"
        )
        for _ in range(4):
            here.ask("ec2", "describe_volumes")
            there.ask("ec2", "describe_volumes")
    assert slowed.pauses, "two a second are left of four"
    assert not neighbour.pauses


class Paused(Meter):
    """Notes how long it was told to wait, and does not."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.pauses: list[float] = []

    def pause(self, seconds: float, *, working: bool = False) -> None:
        self.pauses.append(seconds)


def test_a_wait_ends_when_the_process_is_asked_to_stop() -> None:
    with FaultyAws(
        Answer(body="<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>")
    ) as server:
        aws, _ = client(server.url, "ec2:DescribeVolumes", requests_per_second=0.05)
        aws.ask("ec2", "describe_volumes")
        stopper = threading.Timer(0.2, fetch.stopping.set)
        stopper.start()
        began = time.monotonic()
        try:
            with pytest.raises(Unreachable, match="asked to stop"):
                aws.ask("ec2", "describe_volumes")
        finally:
            stopper.join()
            fetch.stopping.clear()
        assert time.monotonic() - began < 5
        assert len(server.requests) == 1


def test_a_page_that_never_ends() -> None:
    def page(number: int) -> str:
        return (
            "<DescribeVolumesResponse><volumeSet><item><volumeId>vol-1</volumeId></item></volumeSet>"
            f"<nextToken>t{number}</nextToken></DescribeVolumesResponse>"
        )

    with FaultyAws(Answer(body=page)) as server:
        with pytest.raises(Unexpected, match="did not end within 20 pages"):
            volumes(server.url)
        assert len(server.requests) == 21
    with FaultyAws(Answer(body=lambda _: page(1))) as server, pytest.raises(Unexpected):
        volumes(server.url)


def test_pages_that_botocore_does_not_know_of_are_followed() -> None:
    def page(number: int) -> str:
        more = {"NextMarker": f"m{number}"} if number < 3 else {}
        return json.dumps({"WebACLs": [{"Name": f"acl-{number}"}], **more})

    headers = {"Content-Type": "application/x-amz-json-1.1"}
    with FaultyAws(Answer(body=page, headers=headers)) as server:
        aws, meter = client(server.url, "wafv2:ListWebACLs", "kms:ListKeyRotations")
        found = [
            acl["Name"] for acl in aws.items("wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL")
        ]
        assert found == ["acl-1", "acl-2", "acl-3"]
        assert ["m1" in server.requests[1], "m2" in server.requests[2]] == [True, True]
        assert meter.pages == 3


def test_an_undeclared_call_never_leaves() -> None:
    with FaultyAws(Answer()) as server:
        aws, meter = client(server.url, "ec2:DescribeVolumes")
        for service, operation, arguments in (
            ("ec2", "delete_volume", {"VolumeId": "vol-1"}),
            ("s3", "list_buckets", {}),
            ("iam", "create_user", {"UserName": "eve"}),
        ):
            with pytest.raises(CallRefused):
                aws.ask(service, operation, **arguments)
        assert server.requests == []
    assert not meter.calls


def test_what_another_collector_declares_is_refused_too() -> None:
    with FaultyAws(Answer()) as server:
        aws, meter = client(server.url, "ec2:DescribeVolumes", declared=["ec2:DescribeVpcs"])
        with pytest.raises(CallRefused, match="this collector"):
            aws.ask("ec2", "describe_vpcs")
        assert server.requests == []
    assert not meter.calls


def test_a_client_has_no_method_that_writes() -> None:
    aws, _ = client("http://127.0.0.1:1", "ec2:DescribeVolumes")
    made = aws._clients.client("ec2", "eu-west-1")
    assert set(made.meta.method_to_api_mapping) == {"describe_volumes", "describe_regions"}


def test_a_call_that_a_plugin_declares_late() -> None:
    aws, _ = client("http://127.0.0.1:1", "ec2:DescribeVolumes")
    assert "describe_vpcs" not in aws._clients.client("ec2", "eu-west-1").meta.method_to_api_mapping
    aws._clients.declare(frozenset({"ec2:DescribeVpcs"}))
    assert "describe_vpcs" in aws._clients.client("ec2", "eu-west-1").meta.method_to_api_mapping


def test_a_fact_is_made_when_it_is_asked_for() -> None:
    with FaultyAws(Answer(404, s3_error("NoSuchBucketPolicy"))) as server:
        aws, _ = client(server.url, "s3:GetBucketPolicy")
        fact = aws.fact("s3", "get_bucket_policy", Bucket="b", absent=["NoSuchBucketPolicy"])
        assert server.requests == []
        assert fact.operation == "s3:GetBucketPolicy"
        assert fact.call() is None
        with pytest.raises(Gone):
            aws.fact("s3", "get_bucket_policy", Bucket="b").call()


_REGISTRY = plugins.load()


def unit(kind: str, url: str, scope: Scope = REGION) -> UnitResult:
    raw = {"provider": "aws", "regions": ["eu-west-1"], "endpoint_url": url, "max_attempts": 1,
           "timeout_seconds": 1}  # fmt: skip
    sources = config.parse({"sources": {"home": raw}}, None).sources(_REGISTRY.providers)
    fetch.forget_connections()
    return run_unit(Unit(kind, scope, sources["home"]), Limits(seconds=20, pages=20))


_KINDS = {k: c for k, c in _REGISTRY.collectors.items() if k.startswith("aws.")}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(403, s3_error("AccessDenied")), S.DENIED),
        (Answer(400, s3_error("ExpiredToken")), S.DENIED),
        (Answer(500, "oops"), S.FAILED),
    ],
    ids=["denied", "expired", "broken"],
)
def test_no_kind_takes_a_fault_for_an_answer(kind: str, answer: Answer, status: S) -> None:
    scope = Scope("aws", "111122223333") if _KINDS[kind].per == "account" else REGION
    if answer.status != 500:
        code = "AccessDenied" if answer.status == 403 else "ExpiredToken"
        # JSON services read the code from the body or a header, XML ones from the body.
        answer = Answer(answer.status, answer.body, {"x-amzn-errortype": code})
    with FaultyAws(answer) as server:
        result = unit(kind, server.url, scope)
    told = (result.status, result.reason)
    if result.count:
        # The listing costs no call of its own: the fault is a gap of the one document.
        assert result.gaps >= result.count, told
    else:
        assert result.status in (status, S.FAILED), told
        assert result.status is not S.COMPLETE, told


def test_credentials_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with FaultyAws(Answer()) as server, pytest.raises(CredentialsRejected, match="no usable"):
        volumes(server.url)
    with pytest.raises(CredentialsRejected, match="profile"):
        AwsConnection(AwsSettings(profile="nobody"))


def test_a_role_that_cannot_be_assumed_hides_no_other_account() -> None:
    with FaultyAws(Answer(403, s3_error("AccessDenied"))) as server:
        settings = AwsSettings(
            accounts=("111122223333", "444455556666"), role="reader", regions=("eu-west-1",),
            endpoint_url=server.url, max_attempts=1,
        )  # fmt: skip
        found = list(AwsConnection(settings).discover("region"))
    assert [type(item) for item in found] == [Unread, Unread]
    assert {item.permission for item in found if isinstance(item, Unread)} == {"sts:AssumeRole"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"accounts": ["111122223333"]}, "accounts and role go together"),
        ({"accounts": ["12"], "role": "r"}, "no account id"),
        ({"access_key_id": {"env": "A"}}, "go together"),
        ({"secret_access_key": "wJalrXUtnFEMI"}, "a secret must not stand in the file"),
        ({"region": ["eu-west-1"]}, "Did you mean 'regions'"),
        ({"regions": ["cn-north-1"]}, "in the partition aws-cn; set partition"),
        ({"regions": ["eu-west-1"], "partition": "aws-eusc"}, "in the partition aws; set"),
    ],
)
def test_wrong_settings(table: dict[str, object], said: str) -> None:
    parsed = config.parse({"sources": {"x": {"provider": "aws", **table}}}, None)
    with pytest.raises(ConfigError, match=said) as caught:
        parsed.sources({"aws": AwsProvider()})
    assert "wJalrXUtnFEMI" not in str(caught.value)
    assert "sources.x" in str(caught.value)


def test_the_policy_is_what_is_declared() -> None:
    calls = sorted({call for collector in _KINDS.values() for call in collector.calls})
    needed = {action for call in calls for action in grants(call)}
    everywhere, of_gateways = json.loads(policy(calls, "json"))["Statement"]
    granted = {*everywhere["Action"], *of_gateways["Action"]}
    assert needed <= granted
    assert granted - needed <= {"ec2:DescribeRegions", "sts:GetCallerIdentity"}
    verbs = ("Get", "List", "Describe", "BatchGet", "Generate", "Lookup", "GET")
    assert all(call.partition(":")[2].startswith(verbs) for call in granted), "only reading"
    assert of_gateways["Action"] == ["apigateway:GET"]
    assert not any(
        "apikeys" in f"{resource}" or resource == "*" for resource in of_gateways["Resource"]
    )
    with pytest.raises(UsageError):
        policy(calls, "yaml")


def test_what_a_call_needs_beside_its_own_name() -> None:
    # By AWS's service authorization reference: there is no action ListFindingsV2.
    assert grants("access-analyzer:ListFindingsV2") == ("access-analyzer:ListFindings",)
    assert {
        "elasticloadbalancing:DescribeWebACLAssociation",
        "appsync:ListResourcesForWebACL",
    } < set(grants("wafv2:ListResourcesForWebACL"))
    assert grants("ec2:DescribeVolumes") == ("ec2:DescribeVolumes",)


def test_actions_that_do_not_follow_the_rule() -> None:
    assert action("s3", "ListBuckets") == "s3:ListAllMyBuckets"
    assert action("s3control", "GetPublicAccessBlock") == "s3:GetAccountPublicAccessBlock"
    assert action("ec2", "DescribeVolumes") == "ec2:DescribeVolumes"


def test_importing_the_provider_loads_no_sdk() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from soc2_pac import plugins; r = plugins.load(); r.collectors; r.rules; "
        "sys.exit(any(m in sys.modules for m in ('boto3', 'botocore', 'github', 'requests')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

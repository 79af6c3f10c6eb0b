"""Every kind of AWS walked through every fault: a list, a detail, a region, a page that cannot be read."""

from __future__ import annotations

import functools
import inspect
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from soc2_collectors.aws.actions import grants
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Fact

from .synthetic import CUT, Refused
from .walk import KINDS, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.collect.fetch import UnitResult

    from .synthetic import SyntheticAws


class Clean(NamedTuple):
    """A look without any fault."""

    result: UnitResult
    listing: frozenset[str]
    """The operations that the listing itself needs; the others are details of one document each."""

    @property
    def details(self) -> frozenset[str]:
        return frozenset(self.result.calls) - self.listing


@pytest.fixture(scope="module")
def clean(aws: SyntheticAws) -> Any:
    @functools.cache
    def of(kind: str) -> Clean:
        result = look(aws, kind)
        collector = KINDS[kind]
        meter = fetch.Meter(Limits())
        client = fetch.connection_of(result.unit.source).client(
            result.unit.scope, meter, frozenset(collector.calls)
        )
        facts = [
            value.operation
            for document in collector.documents(client)
            for value in document.body.values()
            if isinstance(value, Fact)
        ]
        assert set(facts) <= set(collector.calls)
        return Clean(result, frozenset(meter.calls))

    return of


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


DENIED = Refused(403, "AccessDenied")
GONE = Refused(404, "NoSuchThing")
OFF = Refused(401, "OptInRequired")
THROTTLED = Refused(400, "ThrottlingException")

ONE_PAGE = {
    "cloudtrail:DescribeTrails", "codebuild:BatchGetProjects", "codebuild:ListSourceCredentials",
    "config:DescribeConfigurationRecorders", "ec2:DescribeAddresses", "es:DescribeDomains",
    "es:ListDomainNames", "events:DescribeEventBus", "iam:GenerateCredentialReport",
    "iam:GetAccountSummary", "iam:GetCredentialReport", "iam:ListSAMLProviders",
    "organizations:DescribeOrganization",
}  # fmt: skip
"""AWS answers these at once, whatever there is; their answers name no next page."""


OF_ALL = {
    ("cloudtrail:LookupEvents", "CloudTrailEvent"),
    ("ec2:DescribeInstances", "Instances"),
    ("organizations:ListRoots", "Id"),
}
"""No ids: an event that is no record, a reservation that may hold any number, the only root there is."""


def gaps(result: UnitResult) -> Iterator[dict[str, Any]]:
    assert result.spool is not None
    for record in result.spool.records():
        yield from json.loads(record.body).get("$gaps", {}).values()


def test_without_a_fault_everything_is_read(kind: str, clean: Any) -> None:
    # The other tests would be empty if the collector saw nothing.
    result = clean(kind).result
    told = (result.status, result.reason, result.gaps)
    assert told == (S.COMPLETE, "", 0)
    assert result.count >= 1
    assert set(result.calls) == set(KINDS[kind].calls), "declared and asked are the same"


def test_a_denied_list(kind: str, aws: SyntheticAws, clean: Any) -> None:
    for operation in sorted(clean(kind).listing):
        result = look(aws, kind, {operation: DENIED})
        told = (operation, result.reason)
        assert result.status is (S.PARTIAL if result.count else S.DENIED), told
        assert result.permission == grants(operation)[0], told


def test_a_denied_detail(kind: str, aws: SyntheticAws, clean: Any) -> None:
    for operation in sorted(clean(kind).details):
        result = look(aws, kind, {operation: DENIED})
        told = (operation, result.reason)
        assert result.status is S.COMPLETE, told
        assert result.count == clean(kind).result.count, told
        assert result.gaps, told
        found = list(gaps(result))
        assert grants(operation)[0] in {gap["permission"] for gap in found}, told
        assert {gap["status"] for gap in found} == {"denied"}, told


def test_a_region_that_is_off(kind: str, aws: SyntheticAws, clean: Any) -> None:
    result = look(aws, kind, {"*": OFF})
    if clean(kind).listing:
        assert (result.status, result.count) == (S.SKIPPED, 0), result.reason
    else:
        # One document of a region or account, and nothing of it could be read.
        assert result.status is S.COMPLETE
        assert result.gaps


def test_throttled_until_the_retries_are_spent(kind: str, aws: SyntheticAws, clean: Any) -> None:
    result = look(aws, kind, {"*": THROTTLED})
    if clean(kind).listing:
        assert (result.status, result.count) == (S.FAILED, 0)
        assert "throttled" in result.reason
    else:
        assert result.gaps


def test_listed_and_its_details_not_found(kind: str, aws: SyntheticAws, clean: Any) -> None:
    # Only a listing says what exists: what it names still is not gone, whatever a detail's answer is.
    for operation in sorted(clean(kind).details):
        result = look(aws, kind, {operation: GONE})
        told = (operation, result.reason)
        assert (result.status, result.count) == (S.COMPLETE, clean(kind).result.count), told
        assert result.gaps, told
        assert all("though the resource was listed" in gap["reason"] for gap in gaps(result)), told
    for operation in sorted(clean(kind).listing):
        # That a list itself is not found is no empty list, nor that of something that was listed.
        assert look(aws, kind, {operation: GONE}).status in {S.FAILED, S.PARTIAL}, operation


def _named(kind: str) -> set[str]:
    """The members that the module of a collector names in brackets."""
    source = inspect.getsource(inspect.getmodule(KINDS[kind].function))  # type: ignore[arg-type]
    return set(re.findall(r"""\[["'](\w+)["']\]""", source))


def test_a_record_that_lacks_a_member_loses_no_other(
    kind: str, aws: SyntheticAws, clean: Any
) -> None:
    whole = clean(kind).result
    for operation in sorted(clean(kind).listing):
        for member in sorted(aws.members.get(operation, set()) & _named(kind)):
            aws.left_out = (operation, member)
            try:
                result = look(aws, kind)
            finally:
                aws.left_out = None
            told = (operation, member, result.status, result.count, result.reason)
            if whole.count == 1 or (operation, member) in OF_ALL:
                assert result.status in {S.COMPLETE, S.PARTIAL, S.FAILED}, told
            elif result.status is S.COMPLETE:
                assert result.count >= whole.count - 1, told
            else:
                assert result.status is S.PARTIAL, told
                assert result.count >= whole.count // 2, told
                assert "lack" in result.reason, told


NOT_SUBSCRIBED = "Account 111122223333 is not subscribed to AWS Security Hub"
NOT_ENABLED = "Macie is not enabled"


@pytest.mark.parametrize(
    ("kind", "refused", "gaps_of"),
    [
        ("aws.securityhub.hub", Refused(401, "InvalidAccessException", NOT_SUBSCRIBED), 0),
        ("aws.securityhub.hub", Refused(401, "InvalidAccessException", "The account cannot be used"), 4),
        ("aws.macie.session", Refused(403, "AccessDeniedException", NOT_ENABLED), 0),
        ("aws.macie.session", Refused(403, "AccessDeniedException", "not authorized to perform"), 4),
    ],
)  # fmt: skip
def test_off_is_what_says_so(kind: str, refused: Refused, gaps_of: int, aws: SyntheticAws) -> None:
    # The same code means other refusals, too: only its message tells them apart.
    result = look(aws, kind, {"*": refused})
    assert (result.status, result.count, result.gaps) == (S.COMPLETE, 1, gaps_of)


def test_a_page_that_is_cut_off(kind: str, aws: SyntheticAws, clean: Any) -> None:
    for operation in sorted(clean(kind).listing):
        result = look(aws, kind, {operation: CUT})
        assert result.status in {S.FAILED, S.PARTIAL}, (operation, result.reason)


def test_a_second_page_that_cannot_be_read(kind: str, aws: SyntheticAws, clean: Any) -> None:
    for operation in sorted(clean(kind).listing):
        result = look(aws, kind, {operation: DENIED}, after=1)
        if aws.asked.count(operation) > 1:
            assert result.status in {S.DENIED, S.PARTIAL}, (operation, result.reason)
        else:
            assert operation in ONE_PAGE, f"{operation} was not asked for a second page"

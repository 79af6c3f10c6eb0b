"""Filters, patterns, alarms and policies on the way from an event to a person: three values each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from soc2_collectors.aws.models.alarm_rules import evaluated
from soc2_collectors.aws.models.cloudtrail import Selectors, Trail
from soc2_collectors.aws.models.cloudwatch import Alarm, Counted
from soc2_collectors.aws.models.event_patterns import sees
from soc2_collectors.aws.models.filter_patterns import compiled
from soc2_collectors.aws.models.publishing import ALARMS, EVENTS, Sender, may_publish, may_use_key
from soc2_collectors.samples import ABSENT, Answer, Sample, Varies, every, examples, negated, some
from soc2_pac.canonical import canonical
from soc2_pac.resources import view
from soc2_rules.mechanisms.notified import along, by_all, by_any, holds, stops, unclear, verdict

ADDRESS = Varies(of="0123456789abcdef.:")
EVENT = {
    "eventName": "StopLogging",
    "eventSource": "cloudtrail.amazonaws.com",
    "eventCategory": "Management",
    "readOnly": False,
    "errorCode": ABSENT,
    "sourceIPAddress": ADDRESS,
    "userIdentity": {"type": Varies(but=("AWSService",))},
    "size": 7,
}


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("{ $.eventName = StopLogging }", True),
        ('{ $.eventName = "Stop*" }', True),
        ('{ $.eventName = "*Logging" }', True),
        ('{ $.eventName = "*pLog*" }', True),
        ('{ $.eventName = "St*ing" }', False),  # within a text an asterisk is one
        ("{ $.eventName = stoplogging }", False),  # case counts
        ("{ $.eventName = %^(Stop)% }", None),  # brackets are not supported: not understood
        ("{ $.eventName = %^Stop.*% }", True),
        ("{ $.eventName = %Start% }", False),
        ("{ $.eventName != StopLogging }", False),
        ("{ $.errorCode NOT EXISTS }", True),
        ("{ $.errorCode = AccessDenied }", False),
        ("{ $.errorCode != AccessDenied }", None),  # AWS does not say
        ("{ $.readOnly IS FALSE }", True),
        ("{ $.readOnly = false }", True),
        ("{ $.readOnly IS NULL }", False),
        ("{ $.size > 5 && $.size <= 7 }", True),
        ("{ $.size < 5 }", False),
        ("{ $.sourceIPAddress = 203.0.113.7 }", None),
        ('{ $.sourceIPAddress != "203.0.113.*" }', None),
        ('{ $.sourceIPAddress != "delivery.logs.amazonaws.com" }', True),
        ('{ $.userIdentity.type != "AWSService" }', True),
        ('{ $.userIdentity.type = "Root" }', None),
        ("{ $.userIdentity.arn = * }", None),
        ("{ $.nobody NOT EXISTS }", None),
        ("{ $.eventName = StopLogging || $.userIdentity.type = Root }", True),
        ("{ $.eventName = DeleteTrail && $.userIdentity.type = Root }", False),
        ("{ $.eventName = StopLogging && $.userIdentity.type = Root }", None),
        # && binds closer
        ("{ $.eventName = StopLogging || $.eventName = X && $.eventName = Y }", True),
    ],
)
def test_metric_filters(pattern: str, answer: Answer) -> None:
    test = compiled(pattern)
    assert (test(Sample(EVENT)) if test else None) is answer


@pytest.mark.parametrize(
    "pattern", ["", "ERROR", "[a, b]", "{ $.a = }", "{ ($.a = b }", "{ f($.a) }"]
)
def test_metric_filters_that_are_not_understood(pattern: str) -> None:
    assert compiled(pattern) is None


def test_what_a_filter_asked_for_is_told() -> None:
    sample = Sample(EVENT)
    test = compiled('{ $.eventName = StopLogging && $.sourceIPAddress != "10.*" }')
    assert test is not None
    assert test(sample) is None
    assert sample.asked == {"sourceIPAddress"}


BUS = {"source": "aws.cloudtrail", "detail-type": "AWS API Call via CloudTrail", "detail": EVENT}


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ({"source": ["aws.cloudtrail", "aws.iam"]}, True),
        ({"source": ["aws.iam"]}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}, True),
        (
            {"source": [{"suffix": "trail"}], "detail": {"eventName": [{"wildcard": "St*ing"}]}},
            True,
        ),
        ({"source": [{"anything-but": ["aws.iam"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "aws."}}]}, False),
        ({"source": [{"anything-but": {"suffix": ["trail", "x"]}}]}, False),
        ({"source": [{"numeric": [">", 1]}]}, None),
        ({"source": [{"something-new": 1}]}, None),
        ({"detail": {"errorCode": [{"exists": False}]}}, True),
        ({"detail": {"errorCode": [{"anything-but": "AccessDenied"}]}}, False),  # it is not there
        ({"detail": {"readOnly": [False]}}, True),
        ({"detail": {"readOnly": [0]}}, False),
        ({"detail": {"userIdentity": {"type": ["Root"]}}}, None),
        ({"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/8"}]}}, None),
        ({"detail": {"requestParameters": {"name": ["x"]}}}, None),
        ({"$or": [{"source": ["aws.iam"]}, {"detail": {"eventName": ["StopLogging"]}}]}, True),
        ({"$or": [{"source": ["aws.iam"]}, {"detail": {"eventName": ["DeleteTrail"]}}]}, False),
        ({"source": "aws.cloudtrail"}, False),  # no list: EventBridge takes no such pattern
        ({}, False),
    ],
)
def test_event_patterns(pattern: dict[str, Any], answer: Answer) -> None:
    assert sees(json.dumps(pattern), Sample(BUS)) is answer


def test_a_pattern_that_is_no_pattern_sees_nothing() -> None:
    assert sees("", Sample(BUS)) is False
    assert sees("[1]", Sample(BUS)) is False


def test_three_values() -> None:
    assert every([True, None]) is None
    assert every([None, False]) is False
    assert some([None, True]) is True
    assert some([False, None]) is None
    assert [negated(one) for one in (None, True)] == [None, False]


def test_examples_stand_for_what_varies() -> None:
    known = {"a": Varies(examples=("x", "y")), "b": [Varies(examples=("z",))], "c": 1}
    assert examples(known) == [{"a": "x", "b": ["z"], "c": 1}, {"a": "y", "b": ["z"], "c": 1}]
    assert examples({"a": 1}) == []


def _advanced(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(conditions)}]}


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        ({"EventSelectors": [{}]}, True),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, False),
        ({"EventSelectors": [{"ReadWriteType": "Half"}]}, False),
        ({"EventSelectors": [{"IncludeManagementEvents": False}]}, False),
        ({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}, True),
        ({"EventSelectors": [{"ExcludeManagementEventSources": ["cloudtrail.amazonaws.com"]}]}, False),
        (_advanced({"Field": "eventCategory", "Equals": ["Data"]}), False),
        (_advanced({"Field": "eventName", "StartsWith": ["Stop"]}), True),
        (_advanced({"Field": "eventName", "NotEndsWith": ["ing"]}), False),
        (_advanced({"Field": "userIdentity.arn", "NotEquals": ["x"]}), None),
        (_advanced({"Field": "eventName"}), None),
        (_advanced(), None),
    ],
)  # fmt: skip
def test_selectors(selector: dict[str, Any], answer: Answer) -> None:
    trail = view(Trail, canonical({"Name": "t", "TrailARN": "arn", "GetEventSelectors": selector}))
    seen = trail.named_selectors
    assert isinstance(seen, Selectors)
    assert seen.records(Sample(EVENT)) is answer


# -- alarms -----------------------------------------------------------------------------------------------


def reaction(counted: Counted, events: int, /, **changed: Any) -> Any:
    body = {
        "AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a",
        "ActionsEnabled": True, "AlarmActions": [], "Namespace": "n", "MetricName": "m",
        "Statistic": "Sum", "Threshold": 1, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
    }  # fmt: skip
    alarm = view(Alarm, canonical({k: v for k, v in (body | changed).items() if v is not None}))
    found = alarm.reacts(counted, events)
    return found and found.answer


COUNTED = Counted("n", "m", 1.0, None, "None", dimensions=False)
FILLED = COUNTED._replace(default=0.0)
IGNORED = {"EvaluateLowSampleCountPercentile": "ignore"}


@pytest.mark.parametrize(
    ("counted", "events", "changed", "answer"),
    [
        (COUNTED, 1, {}, True),
        (COUNTED, 1, {"TreatMissingData": None}, True),
        (COUNTED, 1, {"TreatMissingData": "whatever"}, None),
        (COUNTED, 1, {"Statistic": "Average"}, True),
        (FILLED, 1, {"Statistic": "Average"}, None),
        (FILLED, 1, {"Statistic": "Maximum"}, True),
        (COUNTED, 1, {"Statistic": None, "ExtendedStatistic": "p99"}, True),
        (COUNTED, 1, {"Statistic": None, "ExtendedStatistic": "p99", **IGNORED}, None),
        (COUNTED, 1, {"Statistic": None, "ExtendedStatistic": "tm(5%:95%)"}, None),
        (COUNTED, 1, {"Statistic": None}, None),
        (COUNTED, 1, {"Threshold": 2}, False),
        (COUNTED, 2, {"Threshold": 2}, True),
        (COUNTED, 2, {"Threshold": 2, "Statistic": "Maximum"}, False),
        (FILLED, 1, {"Statistic": "SampleCount"}, None),  # the default is a sample, too
        (COUNTED._replace(value=None), 1, {}, None),
        (COUNTED._replace(value=0.0), 1, {}, False),
        (FILLED, 1, {"Threshold": 0}, False),  # in alarm all the time
        (COUNTED, 1, {"EvaluationPeriods": 2}, False),
        (COUNTED, 1, {"EvaluationPeriods": 2, "TreatMissingData": "missing"}, None),
        (COUNTED, 1, {"EvaluationPeriods": 5, "DatapointsToAlarm": 1}, True),
        (COUNTED, 1, {"EvaluationPeriods": None}, None),
        (COUNTED, 1, {"ComparisonOperator": "LessThanThreshold"}, False),
        (COUNTED, 1, {"ComparisonOperator": "LessThanOrEqualToThreshold"}, False),
        (COUNTED, 1, {"ComparisonOperator": "LessThanLowerThreshold"}, False),
        (COUNTED, 1, {"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"}, None),
        (COUNTED, 1, {"ComparisonOperator": "GreaterThanUpperThreshold"}, None),
        (COUNTED, 1, {"ComparisonOperator": "GreaterThanThreshold"}, False),
        (COUNTED, 2, {"ComparisonOperator": "GreaterThanThreshold"}, True),
        (COUNTED, 1, {"Statistic": "Minimum"}, True),
        (COUNTED, 1, {"Statistic": "SampleCount"}, True),
        (COUNTED, 1, {"EvaluationState": "PARTIAL_DATA"}, None),
        (COUNTED, 1, {"EvaluationState": "EVALUATION_FAILURE"}, None),
        (COUNTED, 1, {"ComparisonOperator": "SomethingNew"}, None),
        (COUNTED, 1, {"Unit": "Count"}, False),
        (COUNTED._replace(unit="Count"), 1, {"Unit": "Count"}, True),
        (COUNTED._replace(dimensions=True), 1, {}, False),
        (COUNTED._replace(dimensions=True), 1, {"Dimensions": [{"Name": "a", "Value": "b"}]}, None),
    ],
)  # fmt: skip
def test_whether_an_alarm_goes_off(
    counted: Counted, events: int, changed: dict[str, Any], answer: Answer
) -> None:
    assert reaction(counted, events, **changed) is answer


def test_an_alarm_on_another_metric_has_nothing_to_say() -> None:
    assert reaction(COUNTED, 1, Namespace="other") is None
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    one: dict[str, Any] = {
        "MetricName": None,
        "Namespace": None,
        "Metrics": [{"Id": "m", "MetricStat": stat}],
    }
    assert reaction(COUNTED, 1, **one) is True
    foreign = {**one, "Metrics": [{"Id": "m", "MetricStat": stat, "AccountId": "444455556666"}]}
    assert reaction(COUNTED, 1, **foreign) is None


def test_an_alarm_on_a_query_may_ask_for_the_metric() -> None:
    alarm: dict[str, Any] = {"AlarmName": "a", "ActionsEnabled": True, "AlarmActions": []}
    alarm["EvaluationCriteria"] = {"PromQLCriteria": {"Query": '{"m"} > 0'}}
    found = view(Alarm, canonical(alarm)).reacts(COUNTED, 1)
    assert found is not None
    assert found.answer is None
    alarm["EvaluationCriteria"] = {"PromQLCriteria": {"Query": '{"other"} > 0'}}
    assert view(Alarm, canonical(alarm)).reacts(COUNTED, 1) is None


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ('ALARM("a")', True),
        ("ALARM(a) OR ALARM(b)", True),
        ("ALARM('a') AND ALARM('b')", None),
        ("NOT ALARM(a)", False),
        ("OK(a)", False),
        ("ALARM(a) AND NOT ALARM(b)", None),
        ("(ALARM(a) OR FALSE) AND TRUE", True),
        ("AT_LEAST(2, ALARM, (a, b))", None),
        ("ALARM(b)", None),
        ("ALARM(a", None),
        ("", None),
    ],
)
def test_composite_alarms(rule: str, answer: Answer) -> None:
    assert evaluated(rule, {"a"}) is answer


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ('ALARM("root")', True),
        ("ALARM('root') OR ALARM(other)", True),
        ("ALARM( root )", True),
        ('ALARM("arn:aws:cloudwatch:eu-central-1:111122223333:alarm:root")', True),
        ('ALARM("root") AND ALARM("other")', None),
        ('AT_LEAST(1, ALARM, ("other", "root"))', None),
        # One that speaks of others only follows nothing here, whatever their state is.
        ('ALARM("other")', False),
        ('ALARM("root-login") OR ALARM("my.root")', False),
        ('ALARM("arn:aws:cloudwatch:eu-central-1:111122223333:alarm:root2")', False),
    ],
)
def test_a_composite_alarm_follows_those_that_it_names(rule: str, answer: Answer) -> None:
    arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:root"
    child = Alarm(name="root", arn=arn, actions_enabled=True, alarm_actions=[])
    parent = Alarm(name="health", actions_enabled=True, alarm_actions=[], alarm_rule=rule)
    assert parent.follows(child) is answer


# -- policies ---------------------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:111122223333:t"
OF_ALARMS = Sender(ALARMS, "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a")
OF_RULES = Sender(EVENTS, "arn:aws:events:eu-west-1:111122223333:rule/r")
DEFAULT = {
    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish"], "Resource": TOPIC,
    "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}},
}  # fmt: skip


DENY = {"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"}


def named(service: str, **more: Any) -> dict[str, Any]:
    principal = {"Service": service}
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sns:Publish",
        "Resource": "*",
        **more,
    }


@pytest.mark.parametrize(
    ("statement", "of_alarms", "of_rules"),
    [
        ([DEFAULT], True, False),
        ([named(EVENTS)], False, True),
        ([named(ALARMS), named(EVENTS)], True, True),
        ([named(EVENTS, Resource="arn:aws:sns:eu-west-1:111122223333:other")], False, False),
        ([named(EVENTS, Action="sns:Subscribe")], False, False),
        ([named(EVENTS, Condition={"ArnEquals": {"aws:SourceArn": OF_RULES.source}})], False, True),
        ([named(EVENTS, Condition={"ArnLike": {"aws:SourceArn": "arn:*:rule/x*"}})], False, False),
        ([named(EVENTS, Condition={"StringEquals": {"aws:SourceAccount": "4444"}})], False, False),
        ([named(EVENTS, Condition={"StringEquals": {"aws:SourceOrgID": "o-1"}})], False, None),
        ([DEFAULT, DENY], False, False),
        ([DEFAULT, {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], True, False),
        ([DEFAULT, {**DENY, "NotPrincipal": {"AWS": "x"}}], None, False),
    ],
)  # fmt: skip
def test_who_may_publish(
    statement: list[dict[str, Any]], of_alarms: Answer, of_rules: Answer
) -> None:
    policy = json.dumps({"Statement": statement})
    assert may_publish(policy, TOPIC, OF_ALARMS) is of_alarms
    assert may_publish(policy, TOPIC, OF_RULES) is of_rules


def test_a_key_must_be_read_and_written_with() -> None:
    half = named(ALARMS, Action="kms:Decrypt")
    whole = named(ALARMS, Action=["kms:Decrypt", "kms:GenerateDataKey*"])
    assert may_use_key(json.dumps({"Statement": [half]}), OF_ALARMS) is False
    assert may_use_key(json.dumps({"Statement": [whole]}), OF_ALARMS) is True
    assert may_use_key(json.dumps({"Statement": [whole]}), OF_RULES) is False


# -- ways -------------------------------------------------------------------------------------------------


def test_a_link_that_does_not_hold_counts_before_one_that_is_not_known() -> None:
    assert along(lambda: unclear("?"), lambda: stops("no")).why == ("no",)
    assert along(lambda: holds("a"), lambda: unclear("?")).answer is None
    assert along(lambda: holds("a"), lambda: holds("b")).why == ("a", "b")


def test_one_way_is_enough_and_each_place_is_needed() -> None:
    assert by_any([stops("x"), unclear("?"), holds("y")], stops("none")).why == ("y",)
    assert by_any([stops("x"), unclear("?")], stops("none")).answer is None
    assert by_any([], stops("none")).why == ("none",)
    assert by_all([holds("a"), unclear("?"), stops("x")]).answer is False
    assert by_all([holds("a"), unclear("?")]).answer is None
    assert by_all([holds("a"), holds("b")]).why == ("a", "b")


def test_verdicts() -> None:
    said = verdict({"a": holds("x", "doc"), "b": holds("x", "doc")}, ["b"])
    assert (said.status, said.on) == ("pass", ("doc",))
    assert said.message == "somebody is notified of all 1 events: x; not asked: b"
    assert verdict({"a": holds("x"), "b": unclear("?"), "c": stops("no")}).status == "fail"
    assert verdict({"a": holds("x"), "b": unclear("?")}).status == "inconclusive"
    assert verdict({"a": stops("no")}, ["a"]).status == "not_applicable"

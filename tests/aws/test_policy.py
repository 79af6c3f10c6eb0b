"""Reading policy documents: AWS's grammar, conditions, and who is let in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc2_collectors.aws.models.conditions import condition
from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.rights import grants_of, rights_of
from soc2_collectors.aws.models.trust import EVERYONE, open_to_everyone, outsiders, service
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope
from soc2_rules.aws.iam_roles import aws_trust_external_accounts

OWN = "999999999999"


def one(**values: Any) -> Statement:
    (found,) = statements(
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **values}}
    )
    return found


def strangers(*listed: dict[str, Any]) -> set[str]:
    full = [{"Effect": "Allow", "Action": "*", "Resource": "*", **values} for values in listed]
    found = outsiders(statements({"Statement": full}), OWN)
    return {*found.strangers, *found.unclear}


def test_one_value_or_a_list_and_text_or_object() -> None:
    single = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    many = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    assert statements(single) == statements(many) == statements(json.dumps(single))
    assert statements(None) == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        "",
        "[]",
        "{",
        '{"Statement": "x"}',
        {"Statement": [3]},
        {"Statement": [{}]},
        {"Statement": {"Effect": "Allow", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": ""}},
        {"Statement": {"Effect": "Permit", "Action": "*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "iam:*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principals": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "me"}},
        {"Statement": {"Effect": "Allow", "Action": [None], "Resource": "*"}},
        7,
    ],
)
def test_what_is_no_policy_is_not_read_as_an_empty_one(document: object) -> None:
    with pytest.raises(FactUnavailable):
        statements(document)


def test_the_policy_of_an_identity_names_resources() -> None:
    with pytest.raises(FactUnavailable):
        statements({"Statement": {"Effect": "Allow", "Action": "s3:*"}}, granting=True)
    with pytest.raises(FactUnavailable):
        statements({"Statement": []}, granting=True)
    # What Lambda answers once the last permission was removed:
    assert statements({"Version": "2012-10-17", "Id": "default", "Statement": []}) == []


@pytest.mark.parametrize(
    ("action", "asked", "covered"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:?etObject", "s3:GetObject", True),
        ("s3:[G]etObject", "s3:GetObject", False),
        ("*", "iam:CreateUser", True),
        ("ec2:*", "s3:GetObject", False),
    ],
)
def test_actions_match_as_aws_matches_them(action: str, asked: str, *, covered: bool) -> None:
    assert one(Action=action).covers(asked) is covered
    (other,) = statements({"Statement": {"Effect": "Allow", "NotAction": action, "Resource": "*"}})
    assert other.covers(asked) is not covered


@pytest.mark.parametrize(
    ("operator", "values", "present", "absent"),
    [
        # IAM user guide, "Condition operators": the key is "x".
        ("StringEquals", ["x"], True, False),
        ("stringequals", ["X"], False, False),
        ("StringEqualsIgnoreCase", ["X"], True, False),
        ("StringEquals", ["*"], False, False),
        ("StringEquals", ["${*}"], False, False),
        ("StringLike", ["?", "y"], True, False),
        ("StringNotEquals", ["y"], True, True),
        ("StringNotEquals", ["x", "y"], False, True),
        ("StringNotLike", ["*"], False, True),
        ("StringEqualsIfExists", ["y"], False, True),
        ("StringNotEqualsIfExists", ["x"], False, True),
        ("ForAllValues:StringEquals", ["y"], False, True),
        ("ForAnyValue:StringEquals", ["x", "y"], True, False),
        ("Null", ["true"], False, True),
        ("Null", ["false"], True, False),
        ("Bool", ["x"], True, False),
        ("StringEquals", ["${aws:PrincipalTag/team}"], None, False),
        ("StringRoughlyEquals", ["x"], None, None),
        ("NumericLessThan", ["3"], None, False),
    ],
)
def test_conditions_hold_as_aws_documents_it(
    operator: str, values: list[str], *, present: bool | None, absent: bool | None
) -> None:
    found = condition(operator, "aws:Key", tuple(values))
    assert found.holds("x") is present
    assert found.without_key() is absent


def test_arns_are_compared_part_by_part() -> None:
    like = condition("ArnLike", "k", ("arn:aws:iam::*:role/admin-*",))
    assert like.holds("arn:aws:iam::111122223333:role/admin-1")
    assert not like.holds("arn:aws:iam::111122223333:role/x/admin-1")
    assert condition("ArnNotEquals", "k", ("arn:aws:iam::1:role/a",)).holds("arn:aws:iam::1:role/b")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("logs.amazonaws.com", "logs"),
        ("logs.eu-west-1.amazonaws.com", "logs"),
        ("ec2.amazonaws.com.cn", "ec2"),
        ("states.us-gov-west-1.amazonaws.com", "states"),
        ("batchoperations.s3.amazonaws.com", "batchoperations.s3"),
        ("tasks.apprunner.amazonaws.com", "tasks.apprunner"),
        ("amazonaws.com", ""),
        ("evil.example.com", ""),
    ],
)
def test_services_are_known_in_every_region_and_partition(name: str, known: str) -> None:
    assert service(name) == known


@pytest.mark.parametrize(
    ("principal", "asked", "trusted"),
    [
        ("*", None, {EVERYONE}),
        ({"AWS": "*"}, None, {EVERYONE}),
        ({"Federated": "*"}, None, {EVERYONE}),
        ({"Federated": "arn:aws:iam::444455556666:saml-provider/x"}, None, {"444455556666"}),
        ({"Federated": "arn:aws:iam::999999999999:oidc-provider/x"}, None, set()),
        ({"Federated": "accounts.google.com"}, None, set()),
        ({"AWS": "444455556666"}, None, {"444455556666"}),
        ({"AWS": "arn:aws-cn:iam::444455556666:role/x"}, None, {"444455556666"}),
        ({"AWS": "arn:aws:iam::1:root"}, None, {"unknown principal arn:aws:iam::1:root"}),
        ({"AWS": "AIDAEXAMPLE0123456789"}, None, {"id AIDAEXAMPLE0123456789"}),
        ({"Somebody": "x"}, None, {"unknown principal x"}),
        ({"Service": "ec2.amazonaws.com"}, None, set()),
        ({"Service": "evil.example.com"}, None, {"unknown principal evil.example.com"}),
        ({"CanonicalUser": "79a5"}, None, {"canonical user 79a5"}),
        ("*", {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}, {"444455556666"}),
        ("*", {"StringEquals": {"AWS:principalaccount": "444455556666"}}, {"444455556666"}),
        ("*", {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}, set()),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {"o-1"}),
        (
            "*",
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}},
            {"444455556666"},
        ),
        # Who comes from a network, or has an id, is somebody:
        ("*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"everyone from vpce-1"}),
        ("*", {"StringEquals": {"aws:SourceVpc": "vpc-1"}}, {"everyone from vpc-1"}),
        (
            "*",
            {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            {"everyone from 203.0.113.0/24"},
        ),
        ("*", {"StringLike": {"aws:userid": "AROAEXAMPLE01:*"}}, {"id AROAEXAMPLE01"}),
        ("*", {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::b"}}, {"resource arn:aws:s3:::b"}),
        ("*", {"Bool": {"aws:PrincipalIsAWSService": "true"}}, set()),
        # The smaller of two sets counts:
        (
            {"AWS": "444455556666"},
            {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
            set(),
        ),
        # What keeps nobody out:
        ("*", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, {EVERYONE}),
        ("*", {"StringLike": {"aws:PrincipalAccount": "*"}}, {EVERYONE}),
        ("*", {"StringLike": {"aws:userid": "*:ann"}}, {EVERYONE}),
        ("*", {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {EVERYONE}),
        ("*", {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, {EVERYONE}),
        ("*", {"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": "::/0"}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": "2000::/3"}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": "somewhere"}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, {EVERYONE}),
        ("*", {"StringEquals": {"aws:username": "ann"}}, {EVERYONE}),
        ("*", {"StringEquals": {"aws:PrincipalTag/team": "web"}}, {EVERYONE}),
        ("*", {"Null": {"aws:PrincipalOrgID": "false"}}, {EVERYONE}),
        ("*", {"Bool": {"aws:SecureTransport": "true"}}, {EVERYONE}),
    ],
)
def test_who_is_let_in(principal: Any, asked: Any, trusted: set[str]) -> None:
    values = {"Principal": principal, **({"Condition": asked} if asked else {})}
    assert strangers(values) == trusted
    assert bool(open_to_everyone([one(**values)])) is (trusted == {EVERYONE})
    assert one(**values).public is (trusted == {EVERYONE})


def test_everyone_but_some_is_everyone() -> None:
    assert strangers({"NotPrincipal": {"AWS": "111122223333"}}) == {EVERYONE}
    assert strangers({"Effect": "Deny", "Principal": "*"}) == set()


PERIMETER = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("denial", "trusted"),
    [
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, {"o-1"}),
        ({"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, {"o-1"}),
        (
            {
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                }
            },
            {"o-1"},
        ),
        # Only who breaks both is denied, so either may come in:
        (
            {
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                    "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                }
            },
            {"o-1", "everyone from 203.0.113.0/24"},
        ),
        ({}, set()),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, {EVERYONE}),
        ({"Condition": {"StringNotLike": {"aws:PrincipalOrgID": "*"}}}, {EVERYONE}),
        # Strangers without the key are not denied:
        (
            {"Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}},
            {EVERYONE},
        ),
        (
            {
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                }
            },
            {EVERYONE},
        ),
        # What a service does for a stranger who asked it is not denied:
        (
            {
                "Condition": {
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
                    "BoolIfExists": {"aws:ViaAWSService": "false"},
                }
            },
            {EVERYONE},
        ),
        # Some of it is denied only:
        (
            {
                "Action": "s3:PutObject",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
            {EVERYONE},
        ),
        (
            {
                "Resource": "arn:aws:s3:::other/*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
            {EVERYONE},
        ),
        (
            {
                "Principal": {"AWS": "444455556666"},
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
            {EVERYONE},
        ),
    ],
)
def test_what_a_denial_takes_back(denial: dict[str, Any], trusted: set[str]) -> None:
    allowed = {"Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}
    assert strangers(allowed, {**PERIMETER, **denial}) == trusted


def test_denials_that_take_back_a_statement_part_by_part() -> None:
    allowed = {"Principal": "*", "Action": ["sns:Publish", "sns:Subscribe"]}
    outside = {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}
    publish = {**PERIMETER, **outside, "Action": "sns:Publish"}
    subscribe = {**PERIMETER, **outside, "Action": "sns:Subscribe"}
    assert strangers(allowed, publish, subscribe) == {"o-1"}
    assert strangers(allowed, publish) == {EVERYONE, "o-1"}
    full = [
        {"Effect": "Allow", "Action": "*", "Resource": "*", **one} for one in (allowed, publish)
    ]
    (left,) = open_to_everyone(statements({"Statement": full}))
    assert left.told == "sns:Subscribe"


@pytest.mark.parametrize(
    ("allowed", "but", "trusted"),
    [
        ("s3:PutObject", ["s3:Get*"], set()),
        ("s3:Put*", ["s3:Get*"], set()),
        ("s3:*", ["s3:GetObject"], {EVERYONE}),
        ("s3:GetObject", ["S3:GET*"], {EVERYONE}),
        ("s3:Get*", ["s3:GetObject"], {EVERYONE}),
        ("s3:*Object", ["s3:GetObject"], {EVERYONE}),
    ],
)
def test_a_denial_of_all_but_some_actions(allowed: str, but: list[str], trusted: set[str]) -> None:
    denial = {"Effect": "Deny", "Principal": "*", "NotAction": but, "Resource": "*"}
    full = [{"Effect": "Allow", "Principal": "*", "Action": allowed, "Resource": "*"}, denial]
    assert {*outsiders(statements({"Statement": full}), OWN).strangers} == trusted


def test_a_variable_in_a_denial_may_stand_for_anything() -> None:
    full = [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::d/x/1"},
        {"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": "arn:aws:s3:::d/${aws:username}/*"},
    ]  # fmt: skip
    assert outsiders(statements({"Statement": full}), OWN).everyone


@pytest.mark.parametrize(("own", "known"), [(OWN, ("",)), ("", ())])
def test_everyone_is_not_known_by_having_no_name(own: str, known: tuple[str, ...]) -> None:
    full = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    assert outsiders(statements({"Statement": full}), own, known).everyone


def test_everyone_but_some_is_denied() -> None:
    allowed = {"Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}
    denied = {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:role/x"}}
    assert strangers(allowed, denied) == {"444455556666"}


@pytest.mark.parametrize(
    ("values", "administrator"),
    [
        ({}, True),
        ({"Action": "*:*"}, True),
        ({"Action": "**", "Resource": "arn:aws:*"}, True),
        ({"Action": "iam:*"}, True),
        ({"Action": "s3:*"}, False),
        ({"Resource": "arn:aws:s3:::b"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, True),
        ({"Condition": {"StringEquals": {"aws:ResourceTag/x": "y"}}}, False),
        ({"Condition": {"Null": {"aws:ResourceTag/x": "true"}}}, True),
        ({"Condition": {"StringEquals": {"s3:prefix": "y"}}}, False),
        ({"Condition": {"StringEquals": {"aws:NobodyKnows": "y"}}}, None),
        ({"Condition": {"StringRoughlyEquals": {"aws:SourceIp": "y"}}}, None),
    ],
)
def test_what_makes_an_administrator(values: dict[str, Any], *, administrator: bool | None) -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **values}}
    assert rights_of(grants_of([statements(document)])).administrator is administrator


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_statement = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Action": st.sampled_from(["*", "iam:*", ["s3:Get*"]]) | _json,
        "NotAction": _json,
        "Resource": st.sampled_from(["*", "arn:aws:s3:::b"]) | _json,
        "Principal": st.sampled_from(["*", {"AWS": "444455556666"}]) | _json,
        "NotPrincipal": _json,
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "NotIpAddress", "Null", "ForAllValues:Bool", "Odd"]),
            st.dictionaries(
                st.sampled_from(["aws:SourceIp", "aws:PrincipalOrgID", "iam:PolicyARN", "x"]), _json
            ),
            max_size=2,
        ),
    },
)


@given(st.fixed_dictionaries({"Statement": st.lists(_statement, max_size=3) | _json}))
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        found = statements(document)
    except FactUnavailable:
        return
    assert isinstance(outsiders(found, OWN).strangers, tuple)
    assert rights_of(grants_of([found])).administrator in (True, False, None)


def test_an_external_id_that_anybody_has_is_none() -> None:
    asked = {"StringLike": {"sts:ExternalId": "*"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "sts:AssumeRole",
    }
    for pinned, status in (
        (asked, "fail"),
        ({"StringEquals": {"sts:ExternalId": "a1"}}, "pass"),
    ):
        document = {"Statement": {**statement, "Condition": pinned}}
        role = {
            "RoleName": "r",
            "Arn": "arn:aws:iam::111122223333:role/r",
            "AssumeRolePolicyDocument": document,
        }
        verdict = judge(
            aws_trust_external_accounts,
            canonical(role),
            now=datetime(2026, 1, 1, tzinfo=UTC),
            scope=Scope("aws", "111122223333"),
            thresholds={"known_accounts": (), "third_parties": ("444455556666",)},
        )
        assert verdict.status.value == status

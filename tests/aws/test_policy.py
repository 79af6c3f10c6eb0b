"""Reading policy documents: AWS's grammar, and who is let in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc2_collectors.aws.models.policy import EVERYONE, Statement, grants_everything, statements
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope
from soc2_rules.aws.iam_roles import aws_trust_external_accounts


def one(**values: Any) -> Statement:
    (found,) = statements(
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **values}}
    )
    return found


def test_one_value_or_a_list_and_text_or_object() -> None:
    single = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    many = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    assert statements(single) == statements(many) == statements(json.dumps(single))
    assert statements(None) == []


@pytest.mark.parametrize("document", [{}, "[]", "{", '{"Statement": "x"}', {"Statement": [3]}, 7])
def test_what_is_no_policy_is_not_read_as_an_empty_one(document: object) -> None:
    with pytest.raises(FactUnavailable):
        statements(document)


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
    ("principal", "condition", "trusted"),
    [
        ("*", None, {EVERYONE}),
        ({"AWS": "*"}, None, {EVERYONE}),
        ({"AWS": "444455556666"}, None, {"444455556666"}),
        (
            {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws-cn:sts::1:x"]},
            None,
            {"444455556666"},
        ),
        ({"Service": "ec2.amazonaws.com"}, None, set()),
        ({"CanonicalUser": "79a5"}, None, {"canonical user 79a5"}),
        ("*", {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}, {"444455556666"}),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {"o-1"}),
        (
            "*",
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}},
            {"444455556666"},
        ),
        ("*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, set()),
        ("*", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, set()),
        # What keeps nobody out:
        ("*", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, {EVERYONE}),
        ("*", {"StringLike": {"aws:PrincipalAccount": "*"}}, {EVERYONE}),
        ("*", {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, {EVERYONE}),
        ("*", {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, {EVERYONE}),
        ("*", {"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, {EVERYONE}),
        ("*", {"IpAddress": {"aws:SourceIp": "::/0"}}, {EVERYONE}),
        ("*", {"StringEquals": {"aws:username": "ann"}}, {EVERYONE}),
        ("*", {"Bool": {"aws:SecureTransport": "true"}}, {EVERYONE}),
    ],
)
def test_who_is_let_in(principal: Any, condition: Any, trusted: set[str]) -> None:
    statement = one(Principal=principal, **({"Condition": condition} if condition else {}))
    assert statement.trusted() == trusted
    assert statement.public is (trusted == {EVERYONE})


def test_everyone_but_some_is_everyone() -> None:
    assert one(NotPrincipal={"AWS": "111122223333"}).trusted() == {EVERYONE}
    assert one(Effect="Deny", Principal="*").trusted() == set()


@pytest.mark.parametrize(
    ("values", "everything"),
    [
        ({}, True),
        ({"Action": "*:*"}, True),
        ({"Action": "**", "Resource": "arn:aws:*"}, True),
        ({"Action": "iam:*"}, False),
        ({"Resource": "arn:aws:s3:::b"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, False),
    ],
)
def test_what_grants_everything(values: dict[str, Any], *, everything: bool) -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **values}}
    assert grants_everything(document) is everything


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_statement = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("Effect", "Action", "NotAction", "Resource", "Principal", "NotPrincipal", "Condition"),
        _json,
    ),
)


@given(st.fixed_dictionaries({"Statement": st.lists(_statement, max_size=3) | _json}))
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        found = statements(document)
    except FactUnavailable:
        return
    for statement in found:
        assert isinstance(statement.public, bool)
        assert isinstance(statement.trusted(), set)


def test_an_external_id_that_anybody_has_is_none() -> None:
    condition = {"StringLike": {"sts:ExternalId": "*"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "sts:AssumeRole",
    }
    for pinned, status in (
        (condition, "fail"),
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

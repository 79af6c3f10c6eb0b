"""Known ways to more rights: each path of the data file by itself, and what stops it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.models.escalation import PASS, PASS_ROLE, catalogue
from soc2_collectors.aws.models.policy import statements
from soc2_collectors.aws.models.rights import decide, grants_of, rights_of
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope
from soc2_rules.aws.iam_policies import aws_no_privilege_escalation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.aws.models.escalation import Path

PATHS = catalogue().paths
each_path = pytest.mark.parametrize("path", PATHS, ids=[path.id for path in PATHS])
ARN = "arn:aws:iam::111122223333:policy/p"
KINDS = ("own", "made", "boundary", "pass", "existing", "assume", "centre")


def verdict(*listed: dict[str, Any]) -> tuple[str, str]:
    """(status, message) of the rule for a policy of these statements."""
    version = {"IsDefaultVersion": True, "Document": {"Statement": list(listed)}}
    document = {"Arn": ARN, "AttachmentCount": 1, "PolicyVersionList": [version]}
    found = judge(
        aws_no_privilege_escalation,
        canonical(document),
        now=datetime(2026, 1, 1, tzinfo=UTC),
        scope=Scope("aws", "111122223333"),
        thresholds={"allowed_policies": ()},
    )
    return found.status.value, found.message


def allow(actions: Sequence[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def ways(*listed: dict[str, Any]) -> set[str]:
    grants = grants_of([statements({"Statement": list(listed)})], arn=ARN)
    return {path.id for path, answer in grants.paths(*KINDS) if answer}


def test_the_data_file_is_whole() -> None:
    assert len({path.id for path in PATHS}) == len(PATHS)
    assert {path.kind for path in PATHS} == set(KINDS)
    actions = [frozenset(path.actions) for path in PATHS]
    assert len(set(actions)) == len(actions)
    # A longer set that holds a shorter one would never be needed. What somebody makes has a name that the shorter
    # one's things of any name need not have.
    assert not [
        path.id
        for path in PATHS
        if path.kind != "made" and any(other < frozenset(path.actions) for other in actions)
    ]
    for path in PATHS:
        assert path.sources, path.id
        assert (PASS_ROLE in path.actions) is (path.kind == PASS), path.id
        assert bool(path.services) is (path.kind in ("pass", "existing")), path.id
        assert all(action.count(":") == 1 for action in path.actions), path.id
    assert set(catalogue().targets) <= catalogue().actions
    # What is done to things that are there, or to oneself, needs to say to what.
    lacking = [
        path.id
        for path in PATHS
        if path.kind in ("own", "boundary", "existing", "assume")
        and not set(path.actions) & set(catalogue().targets)
    ]
    assert lacking == []


@each_path
def test_just_these_actions_are_enough(path: Path) -> None:
    status, message = verdict(allow(path.actions))
    assert status == "fail"
    assert path.told in message
    assert ways(allow([action.upper() for action in path.actions])) >= {path.id}


@each_path
def test_each_of_its_actions_is_needed(path: Path) -> None:
    for action in path.actions:
        rest = [other for other in path.actions if other != action]
        if rest:
            assert path.id not in ways(allow(rest))


@each_path
def test_a_denial_of_one_action_stops_it(path: Path) -> None:
    for action in path.actions:
        denied = {"Effect": "Deny", "Action": action, "Resource": "*"}
        assert path.id not in ways(allow(path.actions), denied)
        unless_mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
        assert path.id in ways(allow(path.actions), {**denied, "Condition": unless_mfa})


@each_path
def test_actions_in_two_statements_count_together(path: Path) -> None:
    assert path.id in ways(*(allow([action]) for action in path.actions))


MAKING = [path for path in PATHS if path.kind == "made"]


@pytest.mark.parametrize("path", MAKING, ids=[path.id for path in MAKING])
def test_what_is_made_has_a_name_that_the_policy_lets_one_choose(path: Path) -> None:
    sort = path.actions[0].partition(":Create")[2].lower()
    own = f"arn:aws:iam::*:{sort}/ci-*"
    assert ways(allow(path.actions, own)) == {path.id}
    assert ways(*(allow([action], own) for action in path.actions)) == {path.id}
    # Something else may be changed than may be made.
    made, changed = allow(path.actions[:1], own), allow(path.actions[1:], f"{own[:-4]}app-*")
    assert ways(made, changed) == set()
    # Under one name only, it may be there already.
    assert ways(allow(path.actions, f"arn:aws:iam::*:{sort}/ci")) == set()
    limited = {
        "StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/limit"}
    }
    assert ways(allow(path.actions, own, Condition=limited)) == set()
    status, message = verdict(allow(path.actions, own))
    assert (status, path.told in message) == ("fail", True)


PASSING = [path for path in PATHS if path.kind == PASS]


@pytest.mark.parametrize("path", PASSING, ids=[path.id for path in PASSING])
def test_passing_to_the_service_that_is_used_counts(path: Path) -> None:
    others = [action for action in path.actions if action != PASS_ROLE]
    for service in path.services:
        to = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
        assert path.id in ways(allow([PASS_ROLE], Condition=to), allow(others))
        but = {"StringNotEquals": {"iam:PassedToService": "rds.amazonaws.com"}}
        assert path.id in ways(allow([PASS_ROLE], Condition=but), allow(others))
    elsewhere = {"StringEquals": {"iam:PassedToService": "rds.amazonaws.com"}}
    assert path.id not in ways(allow([PASS_ROLE], Condition=elsewhere), allow(others))
    named = allow([PASS_ROLE], "arn:aws:iam::111122223333:role/app")
    assert path.id not in ways(named, allow(others))
    # Whoever makes a thing says what it is called.
    assert path.id in ways(allow([PASS_ROLE]), allow(others, "arn:aws:x:::only-mine-*"))


TARGETED = sorted(catalogue().targets)


@pytest.mark.parametrize("action", TARGETED)
def test_any_thing_of_the_sort_is_any_in_one_region_too(action: str) -> None:
    for target in catalogue().targets[action]:
        place, _, rest = target.rpartition(":A:")
        service = place.split(":")[0]
        region = "eu-west-1" if place.endswith(":R") else ""
        sort = rest.partition("NAME")[0]
        any_of_it = f"arn:aws:{service}:{region}:111122223333:{sort}*"
        one_of_it = f"arn:aws:{service}:{region}:111122223333:{rest.replace('NAME', 'mine')}"
        grants = grants_of([statements({"Statement": [allow([action], any_of_it)]})], arn=ARN)
        assert grants.on_any(action, passed_to="ec2")
        grants = grants_of([statements({"Statement": [allow([action], one_of_it)]})], arn=ARN)
        assert not grants.on_any(action, passed_to="ec2")


# -- requests, as AWS's guide decides them -----------------------------------------------------------------


def grants(*listed: dict[str, Any], **more: Any) -> bool | None:
    made = grants_of([statements({"Statement": list(listed)})], arn=ARN, **more)
    return made.allows(made.request("s3:DeleteObject", "arn:aws:s3:::data/x"))


LIMIT = statements({"Statement": [allow(["s3:*", "cloudwatch:*"])]})
ALL = allow(["*"])
NONE = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::data/*"}


@pytest.mark.parametrize(
    ("listed", "ceilings", "allowed"),
    [
        # IAM user guide, "Policy evaluation logic": denied by default, allowed explicitly, an explicit denial wins.
        ([], (), False),
        ([ALL], (), True),
        ([ALL, NONE], (), False),
        ([NONE, ALL], (), False),
        ([allow(["s3:Get*"])], (), False),
        ([{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}], (), True),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::data/*"}], (), False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::logs/*"}], (), True),
        ([ALL, {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}], (), True),
        ([ALL, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}], (), False),
        # "Permissions boundaries": both must allow, and a boundary grants nothing itself.
        ([ALL], (tuple(LIMIT),), True),
        ([ALL], (tuple(statements({"Statement": [allow(["ec2:*"])]})),), False),
        ([allow(["ec2:*"])], (tuple(LIMIT),), False),
        ([ALL], (tuple(statements({"Statement": [ALL, NONE]})),), False),
        # Of a boundary that was not read nobody can tell, unless nothing is allowed anyway.
        ([ALL], (None,), None),
        ([ALL, NONE], (None,), False),
    ],
)
def test_requests_are_decided_as_aws_decides_them(
    listed: list[dict[str, Any]], ceilings: tuple[Any, ...], *, allowed: bool | None
) -> None:
    assert grants(*listed, ceilings=ceilings) is allowed


@pytest.mark.parametrize(
    ("limit", "administrator"),
    [
        (allow(["*"]), True),
        (allow(["s3:*", "ec2:*"]), False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, False),
        (allow(["iam:Put*"]), True),
    ],
)
def test_a_boundary_limits_an_administrator(limit: dict[str, Any], *, administrator: bool) -> None:
    made = grants_of(
        [statements({"Statement": [ALL]})],
        arn=ARN,
        ceilings=(tuple(statements({"Statement": [limit]})),),
    )
    assert rights_of(made).administrator is administrator


# -- a second opinion -----------------------------------------------------------------------------------------


def test_another_evaluator_says_the_same_of_aws_managed_policies() -> None:
    managed = pytest.importorskip("moto.iam.aws_managed_policies")
    control = pytest.importorskip("moto.iam.access_control")
    actions = sorted(catalogue().actions)
    asked = compared = 0
    for about in json.loads(managed.aws_managed_policies_data).values():
        document = about["Document"]
        listed = document["Statement"]
        listed = listed if isinstance(listed, list) else [listed]
        if any(set(one) & {"Condition", "NotResource"} for one in listed):
            continue
        ours = statements(document, granting=True)
        theirs = control.IAMPolicy({"policy_document": json.dumps(document)})
        compared += 1
        for action in actions[compared % 7 :: 7]:
            made = grants_of([ours]).request(action, "arn:aws:none:::thing")
            allowed = theirs.is_action_permitted(action, "arn:aws:none:::thing")
            if _case_matters(listed):
                continue
            asked += 1
            assert (decide(ours, made) is True) is (allowed.name == "PERMITTED"), action
    assert compared > 500
    assert asked > 5000


def _case_matters(listed: list[dict[str, Any]]) -> bool:
    """Whether actions are written in another case than AWS's own: the other evaluator compares letter by letter."""
    known = {action.lower(): action for action in catalogue().actions}
    for one in listed:
        for element in ("Action", "NotAction"):
            found = one.get(element) or []
            for action in [found] if isinstance(found, str) else found:
                if known.get(action.lower(), action) != action:
                    return True
    return False

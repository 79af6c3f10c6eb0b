"""Who administers an account: alone, with groups, under a boundary, and by way of roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Scope
from soc2_pac.testing import judge_document

if TYPE_CHECKING:
    from soc2_pac.model import Verdict

ACCOUNT = "111122223333"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
RULE = plugins.load().rules["aws-admin-users-approved"]
KINDS = ("aws.iam.group", "aws.iam.role", "aws.iam.policy", "aws.iam.aws_policy")


def statement(actions: object, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def inline(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}]


def role(name: str, trusts: object, *statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": trusts, "Action": "sts:AssumeRole"}
    return {
        "RoleName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "Path": "/",
        "AssumeRolePolicyDocument": {"Statement": [trust]},
        "AttachedManagedPolicies": [],
        "RolePolicyList": inline(*statements) if statements else [],
        **more,
    }


def policy(name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    version = {"IsDefaultVersion": True, "Document": {"Statement": list(statements)}}
    return {
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}",
        "AttachmentCount": 1,
        "PolicyVersionList": [version],
    }


def judged(
    *statements: dict[str, Any],
    given: dict[str, list[dict[str, Any]]] | None = None,
    without: str = "",
    **user: Any,
) -> Verdict:
    """What the rule says of a user with these statements in an inline policy."""
    document = {
        "UserName": "ann",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
        "GroupList": [],
        "AttachedManagedPolicies": [],
        "UserPolicyList": inline(*statements) if statements else [],
        **user,
    }
    joined = {kind: (given or {}).get(kind, []) for kind in KINDS if kind != without}
    return judge_document(RULE, document, joined, scope=Scope("aws", ACCOUNT))


def status(*statements: dict[str, Any], **more: Any) -> str:
    return judged(*statements, **more).status.value


ASSUME = statement("sts:AssumeRole")
GOD = statement("*")


def test_a_chain_of_roles_leads_to_everything() -> None:
    chain = [
        role("third", ROOT, GOD),
        role("second", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/first"}),
        role("first", ROOT, statement("s3:Get*")),
    ]
    chain[1]["RolePolicyList"] = inline(
        statement("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/third")
    )
    only_first = statement("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/first")
    # Who is named in the trust policy of a role of the account needs no right to ask: first becomes second.
    verdict = judged(only_first, given={"aws.iam.role": chain})
    assert verdict.status.value == "fail"
    assert "the role first, which administers" in verdict.message
    assert status(only_first, given={"aws.iam.role": chain[:1] + chain[2:]}) == "pass"


@pytest.mark.parametrize(
    ("trusts", "expected"),
    [
        (ROOT, "fail"),
        ({"AWS": ACCOUNT}, "fail"),
        ("*", "fail"),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "fail"),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}, "pass"),
        ({"AWS": "arn:aws:iam::444455556666:root"}, "pass"),
        ({"Service": "ec2.amazonaws.com"}, "pass"),
    ],
)
def test_whom_a_role_that_administers_lets_in(trusts: object, expected: str) -> None:
    assert status(ASSUME, given={"aws.iam.role": [role("god", trusts, GOD)]}) == expected


ROLE_RULE = plugins.load().rules["aws-aws-admin-policy-attached"]
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/nightly"


def of_role(
    trusts: object, *statements: dict[str, Any], deploy: dict[str, Any] | None = None
) -> str:
    """What is said of a role with these statements beside a role that administers and trusts these."""
    own = role("deploy", {"Service": "ec2.amazonaws.com"}, *statements, **(deploy or {}))
    own["Arn"] = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
    given: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS} | {
        "aws.iam.role": [own, role("god", trusts, GOD)],
        "aws.iam.policy": [policy("limit", statement("s3:*"))],
    }
    return judge_document(ROLE_RULE, own, given, scope=Scope("aws", ACCOUNT)).status.value


def test_a_trust_policy_may_name_a_session_of_a_role() -> None:
    assert of_role({"AWS": SESSION}) == "fail"
    assert of_role({"AWS": SESSION.replace("deploy", "deployer")}) == "pass"
    assert of_role({"AWS": SESSION.replace(ACCOUNT, "444455556666")}) == "pass"
    # The denial of one session leaves the others.
    god = role("god", ROOT, GOD)
    denial = {"Effect": "Deny", "Principal": {"AWS": SESSION}, "Action": "sts:AssumeRole"}
    god["AssumeRolePolicyDocument"]["Statement"].append(denial)
    assert status(ASSUME, given={"aws.iam.role": [god]}) == "fail"


def test_who_is_named_needs_no_right_and_no_denial() -> None:
    limit = {
        "PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/limit"}
    }
    named = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"}
    denial = {**ASSUME, "Effect": "Deny"}
    assert of_role(named) == "fail"
    assert of_role(named, denial) == "pass"
    assert of_role(named, deploy=limit) == "pass"
    assert of_role({"AWS": SESSION}, deploy=limit) == "fail"
    assert of_role({"AWS": SESSION}, denial) == "pass"
    assert of_role(ROOT) == "pass"


@pytest.mark.parametrize("everyone", ["*", {"AWS": "*"}])
def test_everyone_is_named_by_a_wildcard(everyone: object) -> None:
    god = role("god", everyone, GOD)
    assert status(given={"aws.iam.role": [god]}) == "fail"
    narrow = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/bob"}}
    god["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = narrow
    assert status(given={"aws.iam.role": [god]}) == "pass"


def tagged_god(trusts: object = ROOT) -> dict[str, Any]:
    """A role that administers, and lets in whoever has a tag."""
    god = role("god", trusts, GOD)
    tagged = {"StringEquals": {"aws:PrincipalTag/Team": "security"}}
    god["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = tagged
    return god


SECURITY = [{"Key": "team", "Value": "security"}]


@pytest.mark.parametrize(
    ("tags", "more", "expected"),
    [
        ([], [], "pass"),
        ([{"Key": "team", "Value": "web"}], [], "pass"),
        (SECURITY, [], "fail"),
        # Who may tag itself is whoever it likes to be.
        ([], [statement("iam:TagUser")], "inconclusive"),
        (SECURITY, [statement("iam:UntagUser")], "inconclusive"),
        ([], [statement("iam:TagUser", f"arn:aws:iam::{ACCOUNT}:user/bob")], "pass"),
        ([], [statement(["sts:GetFederationToken", "sts:TagSession"])], "inconclusive"),
        ([], [statement("sts:GetFederationToken")], "pass"),
    ],
)
def test_a_user_has_the_tags_that_a_trust_policy_asks_for(
    tags: list[dict[str, str]], more: list[dict[str, Any]], expected: str
) -> None:
    given = {"aws.iam.role": [tagged_god()]}
    assert status(ASSUME, *more, given=given, Tags=tags) == expected


def trusting(action: str) -> dict[str, Any]:
    """What a role trusts EC2 with."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": action}
    return {"AssumeRolePolicyDocument": {"Statement": [trust]}}


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [
        ({}, "pass"),
        ({"Tags": SECURITY}, "fail"),
        # Whoever takes the role on may bring a tag of the same key, which counts before the role's own.
        (trusting("sts:*"), "inconclusive"),
        ({"Tags": SECURITY, **trusting("sts:TagSession")}, "inconclusive"),
    ],
)
def test_the_sessions_of_a_role_have_its_tags(deploy: dict[str, Any], expected: str) -> None:
    own = role("deploy", {"Service": "ec2.amazonaws.com"}, ASSUME, **deploy)
    given: dict[str, Any] = {kind: [] for kind in KINDS} | {"aws.iam.role": [own, tagged_god()]}
    found = judge_document(ROLE_RULE, own, given, scope=Scope("aws", ACCOUNT))
    assert found.status.value == expected


def test_tags_of_the_role_leave_it_open() -> None:
    assert status(statement("s3:*"), given={"aws.iam.role": [tagged_god()]}) == "pass"
    asks = statement("sts:AssumeRole", Condition={"StringEquals": {"aws:ResourceTag/team": "web"}})
    assert status(asks, given={"aws.iam.role": [role("god", ROOT, GOD)]}) == "inconclusive"


def test_a_role_of_which_nobody_can_tell_leaves_who_may_have_it_open() -> None:
    ann = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}
    unread = [{"PolicyName": "x", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/x"}]
    first = role("first", ann, AttachedManagedPolicies=unread)
    verdict = judged(given={"aws.iam.role": [first]})
    assert verdict.status.value == "inconclusive"
    assert "the role first, of which it is not known" in verdict.message
    second = role("second", ann)
    first["AssumeRolePolicyDocument"] = role("", {"AWS": second["Arn"]})["AssumeRolePolicyDocument"]
    assert status(given={"aws.iam.role": [first, second]}) == "inconclusive"
    assert status(given={"aws.iam.role": [first]}) == "pass"


def test_a_trust_policy_that_cannot_be_read_leaves_it_open() -> None:
    god = role("god", ROOT, GOD)
    god["AssumeRolePolicyDocument"] = {"Statement": [{"Effect": "Perhaps"}]}
    assert status(given={"aws.iam.role": [god]}) == "inconclusive"
    god["RolePolicyList"] = inline(statement("s3:*"))
    assert status(given={"aws.iam.role": [god]}) == "pass"


def test_a_trust_policy_that_denies_is_heeded() -> None:
    god = role("god", ROOT, GOD)
    denial: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    god["AssumeRolePolicyDocument"]["Statement"].append(denial)
    assert status(ASSUME, given={"aws.iam.role": [god]}) == "pass"
    denial["Condition"] = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    assert status(ASSUME, given={"aws.iam.role": [god]}) == "fail"
    denial["Condition"] = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/bob"}}
    assert status(ASSUME, given={"aws.iam.role": [god]}) == "pass"


@pytest.mark.parametrize(
    ("actions", "service", "expected"),
    [
        ("lambda:UpdateFunctionCode", "lambda", "fail"),
        ("lambda:UpdateFunctionCode", "ec2", "pass"),
        ("ssm:SendCommand", "ec2", "fail"),
        (["iam:PassRole", "ec2:RunInstances"], "ec2", "fail"),
        (["iam:PassRole", "ec2:RunInstances"], "lambda", "pass"),
        ("ec2:RunInstances", "ec2", "pass"),
        ("s3:*", "ec2", "pass"),
    ],
)
def test_a_service_that_has_the_role_is_a_way_to_it(
    actions: object, service: str, expected: str
) -> None:
    god = role("god", {"Service": f"{service}.amazonaws.com"}, GOD)
    assert status(statement(actions), given={"aws.iam.role": [god]}) == expected
    reader = role("reader", {"Service": f"{service}.amazonaws.com"}, statement("s3:Get*"))
    assert status(statement(actions), given={"aws.iam.role": [reader]}) == "pass"


def test_only_the_roles_that_may_be_passed_count() -> None:
    god = role("god", {"Service": "ec2.amazonaws.com"}, GOD)
    run = statement("ec2:RunInstances")
    for name, expected in (("god", "fail"), ("app", "pass")):
        passing = statement("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{name}")
        assert status(run, passing, given={"aws.iam.role": [god]}) == expected


def test_a_boundary_holds_a_role_back_too() -> None:
    limit: dict[str, Any] = {
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/limit",
        }
    }
    god = role("god", ROOT, GOD, **limit)
    for allowed, expected in (("s3:*", "pass"), ("*", "fail"), ("iam:Delete*", "fail")):
        found = {
            "aws.iam.role": [god],
            "aws.iam.policy": [policy("limit", statement(allowed))],
        }
        assert status(ASSUME, given=found) == expected
    # One may take one's own boundary away, if both policy and boundary let one.
    free = policy("limit", statement("iam:DeleteUser*"))
    own = judged(GOD, given={"aws.iam.policy": [free]}, **limit)
    assert "may take its own permissions boundary away" in own.message
    mine = f"arn:aws:iam::{ACCOUNT}:user/bob"
    other = policy("limit", statement("iam:DeleteUserPermissionsBoundary", mine))
    assert status(GOD, given={"aws.iam.policy": [other]}, **limit) == "pass"


def on(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def test_whom_a_role_that_administers_lets_in_may_be_changed() -> None:
    strong = {"aws.iam.role": [role("admin", {"Service": "ec2.amazonaws.com"}, GOD)]}
    may = statement("iam:UpdateAssumeRolePolicy", on("admin"))
    found = judged(may, given=strong)
    assert found.status.value == "fail"
    assert "change whom the role admin lets in" in found.message
    assert status(statement("iam:UpdateAssumeRolePolicy", on("other")), given=strong) == "pass"
    tagged = statement(
        "iam:UpdateAssumeRolePolicy",
        on("admin"),
        Condition={"StringEquals": {"aws:ResourceTag/team": "web"}},
    )
    assert status(tagged, given=strong) == "inconclusive"


def test_a_role_that_may_be_given_every_right_and_used_is_a_way() -> None:
    weak = {"aws.iam.role": [role("app", {"Service": "lambda.amazonaws.com"})]}
    puts = statement("iam:PutRolePolicy", on("app*"))
    passes = statement("iam:PassRole", on("app"))
    assert status(puts, given=weak) == "pass"
    found = judged(puts, passes, statement("lambda:CreateFunction"), given=weak)
    assert found.status.value == "fail"
    assert "the role app, which it may give every right" in found.message
    assert status(puts, statement("iam:UpdateAssumeRolePolicy", on("app")), given=weak) == "fail"
    taken = {"aws.iam.role": [role("app", ROOT)]}
    assert status(puts, statement("sts:AssumeRole", on("app")), given=taken) == "fail"
    attaches = statement("iam:AttachRolePolicy", on("app"))
    assert status(attaches, statement("sts:AssumeRole", on("app")), given=taken) == "fail"
    readers = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    narrow = {**attaches, "Condition": readers}
    assert status(narrow, statement("sts:AssumeRole", on("app")), given=taken) == "pass"


def test_a_role_under_a_boundary_cannot_be_given_every_right() -> None:
    limited = role(
        "app", ROOT, PermissionsBoundary={"PermissionsBoundaryArn": "arn:aws:iam::1:policy/l"}
    )
    puts, takes = statement("iam:PutRolePolicy", on("app")), statement("sts:AssumeRole", on("app"))
    assert status(puts, takes, given={"aws.iam.role": [limited]}) == "pass"


def test_a_chain_through_a_role_that_raises_another() -> None:
    chain = [
        role(
            "deploy", ROOT, statement("iam:PutRolePolicy", on("app")), statement("sts:*", on("app"))
        ),
        role("app", ROOT),
    ]
    assert (
        status(statement("sts:AssumeRole", on("deploy")), given={"aws.iam.role": chain}) == "fail"
    )
    assert status(statement("sts:AssumeRole", on("app")), given={"aws.iam.role": chain}) == "pass"


def test_a_group_that_administers_may_be_joined() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:group/admins"
    group = {"GroupName": "admins", "Arn": arn, "AttachedManagedPolicies": []}
    strong = {"aws.iam.group": [{**group, "GroupPolicyList": inline(GOD)}]}
    weak = {"aws.iam.group": [{**group, "GroupPolicyList": []}]}
    assert (
        "may join the group admins"
        in judged(statement("iam:AddUserToGroup", arn), given=strong).message
    )
    assert status(statement("iam:AddUserToGroup", arn), given=strong) == "fail"
    assert status(statement("iam:AddUserToGroup", arn), given=weak) == "pass"


def test_rights_over_named_things_leave_it_open_where_roles_were_not_read() -> None:
    assert (
        status(statement("iam:PutRolePolicy", on("app")), without="aws.iam.role") == "inconclusive"
    )
    assert status(statement("s3:*"), without="aws.iam.policy") == "pass"


def test_tags_of_the_holder_are_not_its_own_choice() -> None:
    tagged = statement("*", Condition={"StringEquals": {"aws:PrincipalTag/admin": "true"}})
    assert status(tagged) == "pass"
    narrow = statement(["s3:*", "iam:PutUserPolicy"], Condition=tagged["Condition"])
    assert status(narrow, Tags=[{"Key": "Admin", "Value": "true"}]) == "fail"
    assert status(narrow, Tags=[{"Key": "Admin", "Value": "false"}]) == "pass"
    unless = {**tagged, "Condition": {"StringNotEquals": {"aws:PrincipalTag/admin": "false"}}}
    # It may tag itself as long as it has no such tag: what it has then nobody can tell.
    assert status(unless) == "inconclusive"
    assert status(unless, Tags=[{"Key": "admin", "Value": "false"}]) == "pass"


def test_policies_of_a_user_and_a_group_count_together() -> None:
    builders = {
        "GroupName": "builders",
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/builders",
        "AttachedManagedPolicies": [],
        "GroupPolicyList": inline(statement("lambda:CreateFunction")),
    }
    god = role("god", {"Service": "lambda.amazonaws.com"}, GOD)
    found = {"aws.iam.group": [builders], "aws.iam.role": [god]}
    assert status(statement("iam:PassRole"), given=found, GroupList=["builders"]) == "fail"
    assert status(statement("iam:PassRole"), given=found) == "pass"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_proven_stands_without_the_rest(kind: str) -> None:
    assert status(statement("iam:PutUserPolicy"), without=kind) == "fail"


def test_what_was_not_collected_leaves_it_open() -> None:
    assert status(ASSUME, without="aws.iam.role") == "inconclusive"
    # A role that was not read may name the user in its trust policy, who then needs no right of its own.
    assert status(statement("s3:Get*"), without="aws.iam.role") == "inconclusive"
    assert status(statement("s3:Get*"), without="aws.iam.policy") == "pass"
    attached = [{"PolicyName": "x", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/x"}]
    assert status(without="aws.iam.policy", AttachedManagedPolicies=attached) == "inconclusive"
    assert status(GroupList=["ghosts"]) == "inconclusive"


def test_tags_of_a_role_that_is_there_were_not_read() -> None:
    god = role("god", {"Service": "ec2.amazonaws.com"}, GOD)
    tagged = {"StringEquals": {"iam:ResourceTag/team": "web"}}
    passing = statement("iam:PassRole", Condition=tagged)
    run = statement("ec2:RunInstances")
    assert status(run, passing, given={"aws.iam.role": [god]}) == "inconclusive"
    assert status(run, passing) == "pass"


def test_conditions_that_nobody_knows_leave_it_open() -> None:
    god = role("god", {"Service": "ec2.amazonaws.com"}, GOD)
    odd = {"StringEquals": {"aws:NewlyInvented": "yes"}}
    verdict = judged(statement("ssm:SendCommand", Condition=odd), given={"aws.iam.role": [god]})
    assert verdict.status.value == "inconclusive"
    assert "ssm:SendCommand" in verdict.message

"""Who administers, as ``people list`` says it: by the mechanisms of the rules, account by account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.evaluate.people import People, read
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import Store, open_store

from ..store.helpers import look  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.records import Look

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE, TWO = Scope("aws", "111122223333"), Scope("aws", "444455556666")
OKTA, ENTRA = Scope("okta", "acme.okta.com"), Scope("azure", "tenant-1")
ADMINS = {
    "Arn": "arn:aws:iam::{}:group/admins",
    "GroupName": "admins",
    "GroupPolicyList": [],
    "AttachedManagedPolicies": [
        {
            "PolicyName": "AdministratorAccess",
            "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        }
    ],
}
REGISTRY = plugins.load()


def _user(scope: Scope, name: str, *groups: str) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:iam::{scope.account}:user/{name}",
        "UserName": name,
        "GroupList": list(groups),
        "AttachedManagedPolicies": [],
    }


def _aws(scope: Scope, *, without: str = "") -> list[Look]:
    """An account with one administrator by a group, and one user who is none."""
    users = [_user(scope, "ann", "admins"), _user(scope, "bob")]
    found: dict[str, Mapping[str, dict[str, Any]]] = {
        "aws.iam.user": {user["Arn"]: user for user in users},
        "aws.iam.group": {
            "admins": {**ADMINS, "Arn": f"arn:aws:iam::{scope.account}:group/admins"}
        },
        "aws.iam.role": {},
        "aws.iam.policy": {},
        "aws.iam.aws_policy": {},
        "aws.identity_center.user": {},
        "aws.identity_center.permission_set": {},
    }
    return [
        look(
            documents,
            at=NOW,
            scope=scope,
            kind=kind,
            status=CollectionStatus.DENIED if kind == without else CollectionStatus.COMPLETE,
        )
        for kind, documents in found.items()
    ]


def _read(looks: list[Look]) -> People:
    with open_store("sqlite://", create=True) as store:
        return _of(store, looks)


def _of(store: Store, looks: list[Look]) -> People:
    with store.run("collect", config=None, tool_version="test") as run_id:
        for item in looks:
            store.record(run_id, item)
    kinds = [collector.resource for collector in REGISTRY.collectors.values()]
    with store.reading() as connection:
        return read(connection, kinds, NOW, timedelta(days=7), REGISTRY.joined_identities)


def _privileged(found: People) -> dict[tuple[str, str], bool | None]:
    return {(o.account.system, o.account.login): o.account.privileged for o in found.graph.accounts}


def test_an_account_that_was_not_read_whole_makes_no_other_unknown() -> None:
    found = _read([*_aws(ONE), *_aws(TWO, without="aws.iam.role")])
    assert _privileged(found) == {
        ("aws:111122223333", "ann"): True,
        ("aws:111122223333", "bob"): False,
        ("aws:444455556666", "ann"): True,
        ("aws:444455556666", "bob"): None,
    }, "a role that nobody read may let somebody in; a group that administers does so all the same"
    (note,) = [note for note in found.notes if "aws.iam.role" in note]
    assert "aws:444455556666" in note


@pytest.mark.parametrize("kind", ["aws.iam.group", "aws.iam.role", "aws.iam.policy"])
def test_nobody_is_known_to_have_no_rights_by_half_of_what_gives_them(kind: str) -> None:
    looks = [item for item in _aws(ONE) if item.kind != kind]
    said = _privileged(_read(looks))
    assert said["aws:111122223333", "ann"] is (None if kind == "aws.iam.group" else True)
    if kind == "aws.iam.role":
        assert said["aws:111122223333", "bob"] is None


def test_identity_center_by_a_group() -> None:
    user = {"UserId": "u1", "UserName": "ann", "UserStatus": "ENABLED"}
    other = {"UserId": "u2", "UserName": "bob", "UserStatus": "ENABLED"}
    permission_set = {
        "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
        "DescribePermissionSet": {"Name": "Admin"},
        "ListManagedPoliciesInPermissionSet": [
            {
                "Name": "AdministratorAccess",
                "Arn": "arn:aws:iam::aws:policy/AdministratorAccess",
            }
        ],
        "GetPolicyVersion": {},
        "GetInlinePolicyForPermissionSet": "",
        "ListCustomerManagedPolicyReferencesInPermissionSet": [],
        "GetPermissionsBoundaryForPermissionSet": None,
        "ListAccountAssignments": [
            {"AccountId": "444455556666", "PrincipalType": "GROUP", "PrincipalId": "g1"}
        ],
        "ListGroupMemberships": {"g1": [{"MemberId": {"UserId": "u1"}}]},
    }
    rest = [item for item in _aws(ONE) if "identity_center" not in item.kind]
    center = [
        look({"u1": user, "u2": other}, at=NOW, scope=ONE, kind="aws.identity_center.user"),
        look(
            {"ps-1": permission_set}, at=NOW, scope=ONE, kind="aws.identity_center.permission_set"
        ),
    ]
    said = _privileged(_read([*rest, *center]))
    assert said["aws-identity-center:111122223333", "ann"] is True
    assert said["aws-identity-center:111122223333", "bob"] is False
    before = {key: v for key, v in permission_set.items() if key != "ListGroupMemberships"}
    older = look({"ps-1": before}, at=NOW, scope=ONE, kind="aws.identity_center.permission_set")
    found = _read([*rest, center[0], older])
    assert _privileged(found)["aws-identity-center:111122223333", "bob"] is None
    assert any("ListGroupMemberships" in note for note in found.notes), found.notes
    said = _privileged(_read([*rest, center[0]]))
    assert said["aws-identity-center:111122223333", "bob"] is None, "no set was collected"


def test_okta_and_entra_where_the_holders_are_known() -> None:
    users: dict[str, dict[str, Any]] = {
        name: {
            "id": name,
            "status": "ACTIVE",
            "profile": {"login": f"{name}@acme.example"},
            "created": "2025-01-01T00:00:00.000Z",
            "factors": [],
        }
        for name in ("ann", "bob")
    }
    entra: dict[str, dict[str, Any]] = {
        name: {
            "id": name,
            "userPrincipalName": f"{name}@acme.example",
            "accountEnabled": True,
            "createdDateTime": "2025-01-01T00:00:00Z",
            "userType": "Member",
        }
        for name in ("ann", "bob")
    }
    role = {
        "id": "r1", "principalId": "ann",
        "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10",
        "principal": {"id": "ann", "@odata.type": "#microsoft.graph.user"},
    }  # fmt: skip
    admin = {"id": "ann", "roles": [{"type": "SUPER_ADMIN", "status": "ACTIVE"}]}
    looks = [
        look(users, at=NOW, scope=OKTA, kind="okta.user"),
        look({"ann": admin}, at=NOW, scope=OKTA, kind="okta.admin"),
        look({}, at=NOW, scope=OKTA, kind="okta.group"),
        look(entra, at=NOW, scope=ENTRA, kind="azure.entra.user"),
        look({}, at=NOW, scope=ENTRA, kind="azure.entra.registration"),
        look({"r1": role}, at=NOW, scope=ENTRA, kind="azure.entra.role_assignment"),
        look({}, at=NOW, scope=ENTRA, kind="azure.entra.role_eligibility"),
    ]
    assert _privileged(_read(looks)) == {
        ("okta:acme.okta.com", "ann@acme.example"): True,
        ("okta:acme.okta.com", "bob@acme.example"): False,
        ("azure:tenant-1", "ann@acme.example"): True,
        ("azure:tenant-1", "bob@acme.example"): False,
    }
    fewer = [
        item for item in looks if item.kind not in ("okta.group", "azure.entra.role_assignment")
    ]
    said = _privileged(_read(fewer))
    assert said["okta:acme.okta.com", "bob@acme.example"] is None
    assert said["azure:tenant-1", "bob@acme.example"] is None


def test_the_command_lists_administrators_and_counts_who_may_be_one(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from soc2_pac.cli import main

    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, create=True) as store:
        _of(store, [*_aws(ONE), *_aws(TWO)])
    (tmp_path / "soc2-pac.toml").write_text(
        "[evidence]\nmax_age_days = 36500\nreason = 'r'\nowner = 'o'\ndate = 2026-01-05\n",
        encoding="utf-8",
    )

    def ask(*more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ending:
            main(["people", "list", "--privileged", *more, "--store", url])
        return int(ending.value.code or 0), *capsys.readouterr()

    code, out, err = ask("--format", "json")
    assert code == 0
    assert [(row["system"], row["login"]) for row in json.loads(out)] == [
        ("aws:111122223333", "ann"), ("aws:444455556666", "ann"),
    ]  # fmt: skip
    assert "not known whether they administer" not in err
    (tmp_path / "soc2-pac.toml").unlink()
    code, out, err = ask("--format", "json")
    assert json.loads(out) == []
    assert "of 4 more it is not known whether they administer" in err, "the looks are of January"
    assert ask("--conflicts")[0] == 2

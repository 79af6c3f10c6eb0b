"""Accounts of Entra in the graph: whose they are, what they may do, and what is not known of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.azure.models.entra import Registration, User
from soc2_collectors.azure.models.entra_roles import RoleAssignment, RoleEligibility
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.resources import view
from soc2_pac.store import open_store

from ..store.helpers import look  # noqa: TID252 - tests are no package
from .test_store import HR, LEAVERS, MFA, NOW, person, run, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_pac.records import Look
    from soc2_pac.store import Store

TENANT = Scope("azure", "7a5f0000-0000-4000-8000-000000000001")
SYSTEM = f"azure:{TENANT.account}"
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


def user(number: int, **values: Any) -> dict[str, Any]:
    name = f"p{number}@acme.example"
    return {
        "id": f"u-{number}",
        "userPrincipalName": name,
        "mail": name,
        "accountEnabled": True,
        "userType": "Member",
        **values,
    }


def registration(number: int, *, mfa: bool = True, capable: bool | None = True) -> dict[str, Any]:
    name = f"p{number}@acme.example"
    return {
        "id": f"u-{number}",
        "userPrincipalName": name,
        "isMfaRegistered": mfa,
        "isMfaCapable": mfa and capable,
        "methodsRegistered": [],
        "domain": {"id": "acme.example", "authenticationType": "Managed"},
    }


def role(number: int, definition: str = GLOBAL) -> dict[str, Any]:
    uid = f"u-{number}"
    return {
        "id": f"a-{number}",
        "principalId": uid,
        "roleDefinitionId": definition,
        "principal": {"id": uid, "@odata.type": "#microsoft.graph.user"},
    }


def looks(numbers: Sequence[int], **changes: dict[str, Any]) -> list[Look]:
    found = {
        "roster.person": (HR, {str(n): person(n) for n in numbers}),
        "roster.account": (HR, {}),
        "azure.entra.user": (TENANT, {f"u-{n}": user(n) for n in numbers}),
        "azure.entra.registration": (TENANT, {f"u-{n}": registration(n) for n in numbers}),
        "azure.entra.role_assignment": (TENANT, {}),
        "azure.entra.role_eligibility": (TENANT, {}),
    }
    for kind, documents in changes.items():
        name = kind.replace("__", ".")
        scope, before = found[name]
        found[name] = scope, {**before, **documents}
    return [
        look(documents, at=NOW, scope=scope, kind=kind)
        for kind, (scope, documents) in found.items()
    ]


def without(found: list[Look], kind: str) -> list[Look]:
    denied = look({}, at=NOW, scope=TENANT, kind=kind, status=CollectionStatus.DENIED, reason="no")
    return [*(item for item in found if item.kind != kind), denied]


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def judge(store: Store, found: list[Look]) -> None:
    run(store, found, NOW, "roster", "azure")


def test_accounts_with_a_factor(store: Store) -> None:
    judge(store, looks([1, 2], azure__entra__registration={"u-2": registration(2, mfa=False)}))
    assert said(store, MFA)["1"][0] == "pass"
    status, message = said(store, MFA)["2"]
    assert (status, SYSTEM in message) == ("fail", True)


@pytest.mark.parametrize(("capable", "expected"), [(False, "fail"), (None, "inconclusive")])
def test_a_factor_that_is_registered_and_may_not_be_used(
    store: Store, *, capable: bool | None, expected: str
) -> None:
    one = registration(1, capable=capable)
    judge(store, looks([1], azure__entra__registration={"u-1": one}))
    assert said(store, MFA)["1"][0] == expected


def test_somebody_who_left_and_whose_account_lives_on(store: Store) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    judge(store, looks([1, 2], roster__person={"1": gone}))
    status, message = said(store, LEAVERS)["1"]
    assert (status, f"p1@acme.example in {SYSTEM}" in message) == ("fail", True)


def test_somebody_who_left_and_whose_account_is_disabled(store: Store) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    closed = {"u-1": user(1, accountEnabled=False)}
    judge(store, looks([1, 2], roster__person={"1": gone}, azure__entra__user=closed))
    assert said(store, LEAVERS)["1"][0] == "pass"


def test_users_that_are_not_known_let_nobody_pass(store: Store) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    judge(store, without(looks([1, 2], roster__person={"1": gone}), "azure.entra.user"))
    assert said(store, LEAVERS)["1"][0] == "inconclusive"
    assert said(store, MFA)["2"][0] == "inconclusive"


def test_factors_that_are_not_known_hide_no_account(store: Store) -> None:
    gone = person(1, status="left", left_at="2025-12-01T00:00:00.000Z")
    closed = {"u-1": user(1, accountEnabled=False)}
    found = looks([1, 2], roster__person={"1": gone}, azure__entra__user=closed)
    judge(store, without(found, "azure.entra.registration"))
    assert said(store, LEAVERS)["1"][0] == "pass"
    assert said(store, MFA)["2"][0] == "inconclusive"


def test_a_report_of_somebody_who_is_gone_makes_no_account(store: Store) -> None:
    gone = person(3, status="left", left_at="2025-12-01T00:00:00.000Z")
    judge(
        store,
        looks(
            [1],
            roster__person={"3": gone},
            azure__entra__registration={"u-3": registration(3)},
            azure__entra__role_assignment={"a-3": role(3)},
        ),
    )
    assert said(store, LEAVERS)["3"][0] == "pass"


def _accounts(*views: Any) -> list[Any]:
    return [item for seen in views for item in seen.identities(TENANT)]


def test_what_views_say() -> None:
    (member,) = _accounts(view(User, json.dumps(user(1, employeeId="1001"))))
    assert (member.system, member.login, member.person) == (SYSTEM, "p1@acme.example", "1001")
    assert (member.active, member.privileged, member.mfa) == (True, None, None)
    guest = user(2, userType="Guest", userPrincipalName="x_y.example#EXT#@acme.onmicrosoft.com")
    (outside,) = _accounts(view(User, json.dumps(guest)))
    assert outside.mails == ("p2@acme.example",), "the name of a guest is no address"
    (factors,) = _accounts(view(Registration, json.dumps(registration(1))))
    assert factors.mfa is True
    (holder,) = _accounts(view(RoleAssignment, json.dumps(role(1))))
    assert (holder.privileged, holder.groups) == (True, ("Global Administrator",))
    (other,) = _accounts(view(RoleAssignment, json.dumps(role(1, "of-the-tenants-own"))))
    assert other.privileged is None, "what a role of one's own gives is not known"


def test_members_of_a_group_hold_its_role() -> None:
    body = {
        **role(9),
        "principal": {"id": "g", "@odata.type": "#microsoft.graph.group"},
        "members": [{"id": "u-1", "@odata.type": "#microsoft.graph.user"}, {"id": "u-2"}],
    }
    seen = _accounts(view(RoleAssignment, json.dumps(body)))
    assert [(one.uid, one.privileged) for one in seen] == [("u-1", True), ("u-2", True)]
    del body["members"]
    body["$gaps"] = {"members": {"status": "denied", "operation": "x", "reason": "no"}}
    assert _accounts(view(RoleAssignment, json.dumps(body))) == []
    program = {
        **role(9),
        "principal": {"id": "s", "@odata.type": "#microsoft.graph.servicePrincipal"},
    }
    assert _accounts(view(RoleAssignment, json.dumps(program))) == []


def test_who_may_join_a_group_may_have_its_role() -> None:
    def may_join(uid: str, sort: str, access: str = "member") -> dict[str, Any]:
        principal = {"id": uid, "@odata.type": f"#microsoft.graph.{sort}"}
        return {"accessId": access, "principalId": uid, "principal": principal}

    body = {
        **role(9),
        "principal": {"id": "g", "@odata.type": "#microsoft.graph.group"},
        "members": [{"id": "u-1", "@odata.type": "#microsoft.graph.user"}],
        "eligibleMembers": [
            may_join("u-1", "user"),
            may_join("u-2", "user"),
            may_join("u-3", "user", "owner"),
            may_join("s", "servicePrincipal"),
        ],
    }
    seen = view(RoleEligibility, json.dumps(body))
    assert ([one.uid for one in _accounts(seen)], seen.hides_holders) == (["u-1", "u-2"], False)
    body["eligibleMembers"].append(may_join("g2", "group"))
    nested = view(RoleEligibility, json.dumps(body))
    assert ([one.uid for one in _accounts(nested)], nested.hides_holders) == (["u-1", "u-2"], True)

"""Accounts of Google Workspace in the graph: whose they are, and what is not known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp.models.workspace import WorkspaceUser
from soc2_pac.canonical import canonical
from soc2_pac.identity import Account
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.resources import view
from soc2_pac.store import open_store

from ..store.helpers import look  # noqa: TID252 - tests are no package
from .test_store import HR, LEAVERS, MFA, NOW, person, run, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store

DIRECTORY = Scope("gcp", "organizations/123")


def user(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": f"g-{number}",
        "primaryEmail": f"p{number}@acme.example",
        "name": {"fullName": f"Person {number}"},
        "suspended": False,
        "archived": False,
        "isAdmin": False,
        "isDelegatedAdmin": False,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": True,
        "creationTime": "2025-01-10T09:00:00.000Z",
        "lastLoginTime": "2025-12-20T08:00:00.000Z",
        **values,
    }


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def judge(
    store: Store, people: dict[str, Any], users: dict[str, Any], status: CollectionStatus
) -> None:
    looks = [
        look(people, at=NOW, scope=HR, kind="roster.person"),
        look({}, at=NOW, scope=HR, kind="roster.account"),
        look(users, at=NOW, scope=DIRECTORY, kind="gcp.workspace.user", status=status),
    ]
    run(store, looks, NOW, "roster", "gcp")


def test_accounts_with_and_without_a_factor(store: Store) -> None:
    people = {"1": person(1), "2": person(2)}
    users = {"g-1": user(1), "g-2": user(2, isEnrolledIn2Sv=False)}
    judge(store, people, users, CollectionStatus.COMPLETE)
    assert said(store, MFA)["1"][0] == "pass"
    status, message = said(store, MFA)["2"]
    assert (status, "gcp:organizations/123" in message) == ("fail", True)


def test_a_leaver_whose_account_lives_on_and_one_whose_is_suspended(store: Store) -> None:
    left = {"status": "left", "left_at": "2025-12-01T00:00:00.000Z"}
    people = {"1": person(1, **left), "2": person(2, **left), "3": person(3)}
    users = {
        "g-1": user(1),
        "g-2": user(2, suspended=True, lastLoginTime="2025-11-20T08:00:00.000Z"),
        "g-3": user(3),
    }
    judge(store, people, users, CollectionStatus.COMPLETE)
    found = said(store, LEAVERS)
    assert found["1"][0] == "fail"
    assert found["2"][0] == "pass", found["2"]


def test_a_directory_that_may_not_be_read_lets_nobody_pass(store: Store) -> None:
    judge(store, {"1": person(1)}, {}, CollectionStatus.DENIED)
    assert said(store, MFA)["1"][0] == "inconclusive"


@pytest.mark.parametrize(
    ("values", "privileged"),
    [({}, False), ({"isAdmin": True}, True), ({"isDelegatedAdmin": True}, True)],
)
def test_what_an_account_says_of_itself(values: dict[str, Any], privileged: object) -> None:
    seen = view(WorkspaceUser, canonical(user(1, aliases=["p.one@acme.example"], **values)))
    (account,) = seen.identities(DIRECTORY)
    assert isinstance(account, Account)
    assert account.privileged is privileged
    assert account.mails == ("p1@acme.example", "p.one@acme.example")
    assert (account.system, account.active, account.mfa) == ("gcp:organizations/123", True, True)

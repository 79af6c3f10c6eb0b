"""What the accounts of Google Workspace say of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp.models.workspace import WorkspaceUser
from soc2_pac.identity import Account
from soc2_pac.resources import view

from .walk import WHOLE, look

if TYPE_CHECKING:
    from .conftest import Source


def account(gcp: Source, **said: Any) -> Account:
    users = gcp.emulator.state.answers["/admin/admin/directory/v1/users"]["users"]
    users[:] = [{**users[0], **said}]
    result = look(gcp, "gcp.workspace.user")
    assert result.spool is not None
    (record,) = result.spool.records()
    (found,) = view(WorkspaceUser, record.body).identities(WHOLE)
    assert isinstance(found, Account)
    return found


def test_an_account_of_workspace(gcp: Source) -> None:
    found = account(gcp)
    assert found.system == f"gcp:{WHOLE.boundary}"
    assert found.login == "ana.kovac@acme-robotics.example"
    assert found.login in found.mails
    assert (found.active, found.privileged, found.mfa) == (True, True, True)
    assert found.last_used is not None


@pytest.mark.parametrize(
    ("said", "name", "expected"),
    [
        ({"suspended": True}, "active", False),
        ({"archived": True}, "active", False),
        ({"isAdmin": False}, "privileged", False),
        ({"isAdmin": False, "isDelegatedAdmin": True}, "privileged", True),
        ({"isEnrolledIn2Sv": False}, "mfa", False),
        ({"isEnrolledIn2Sv": None, "isEnforcedIn2Sv": None}, "mfa", None),
        ({"lastLoginTime": "1970-01-01T00:00:00.000Z"}, "last_used", None),
    ],
)
def test_what_changes_an_account(
    gcp: Source, said: dict[str, Any], name: str, expected: object
) -> None:
    assert getattr(account(gcp, **said), name) == expected

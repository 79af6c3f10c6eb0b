"""Nobody counts silently as the other person who agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from soc2_pac.audit.approvals import rests_on
from soc2_pac.audit.reviewers import People
from soc2_pac.identity import IdentityGraph, Person
from soc2_pac.store.waivers import Waiver

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WAIVER = Waiver(
    waiver="w-1",
    rule="r",
    scope=None,
    resource=None,
    reason="r",
    owner="Ann Ray",
    added_at="2026-01-01",
    expires_at=None,
    revoked_at=None,
    revoked_because=None,
    revoked_by=None,
    approver="Dan Doe",
    pattern=None,
    os_user="ann",
    login=None,
)
ANN = Person("1", "Ann Ray", ("ann@acme.example",), active=True, left_at=None, source="roster:acme")
DAN = Person("2", "Dan Doe", (), active=True, left_at=None, source="roster:acme")


def people(*persons: Person) -> People:
    return People(IdentityGraph(persons), NOW)


def test_whose_word_it_is() -> None:
    word = "not proved: on the word of Ann Ray (user ann)"
    assert rests_on(WAIVER) == word
    assert rests_on(WAIVER, people()) == word
    assert rests_on(WAIVER, people(ANN, DAN)) == word
    proved = replace(WAIVER, login="oidc ann")
    # The login is the owner's: it says nothing of who approved.
    assert rests_on(proved) == "not proved: on the word of Ann Ray (signed in as oidc ann)"
    assert rests_on(replace(WAIVER, approver=None)) == "not proved: no approver was recorded"


@pytest.mark.parametrize(
    ("approver", "said"),
    [
        ("Don Doe", "nobody who works here is 'Don Doe'"),
        ("ann@acme.example", "owner and approver are the same person"),
        ("1", "owner and approver are the same person"),
    ],
)
def test_whom_the_roster_does_not_know_or_knows_as_the_owner(approver: str, said: str) -> None:
    found = rests_on(replace(WAIVER, approver=approver), people(ANN, DAN))
    assert found == f"not proved: {said}"


def test_who_left() -> None:
    left = msgspec.structs.replace(DAN, active=False, left_at=datetime(2026, 2, 1, tzinfo=UTC))
    found = rests_on(WAIVER, people(ANN, left))
    assert found.startswith("not proved: ")
    assert "left on 2026-02-01" in found

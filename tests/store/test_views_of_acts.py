"""The views of acts show what the code reads out of the same acts, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from soc2_pac.acts import Actor, attestations, controls
from soc2_pac.acts import reviews as acted
from soc2_pac.acts.attestations import Attestation
from soc2_pac.acts.controls import Control
from soc2_pac.acts.reviews import Decision, NotChecked, Removed, Started
from soc2_pac.store import Store, acts, open_store

from .helpers import T0

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.acts import Body

ANN, BOB = Actor("Ann", "ann"), Actor("Bob", "bob", "oidc bob")
HOUR = timedelta(hours=1)
CONTROL = Control(
    wording="Accès reviewed: 100 %",
    owner='Ann "Ännchen" Ray',
    frequency="quarterly",
    criteria=("CC6.2", "CC6.3"),
    rules=("aws-*",),
    attestations=("access-review",),
)
REVIEW = Started(
    systems=("github",),
    reviewers=(),
    by_manager=False,
    due="2026-02-01",
    partial=("github.team was never collected",),
    rows=3,
    accounts=2,
    privileged=1,
    unmatched=0,
    unread=0,
    removal_days=7,
    upto=1,
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


class Clock:
    """Records acts, an hour after each other."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now = T0

    def __call__(
        self, kind: str, subject: str, body: Body, by: Actor = ANN, content: bytes = b""
    ) -> str:
        file = acts.File.inside(content, "text/plain") if content else None
        with self._store.database.writing() as connection:
            act = acts.record(connection, kind, subject, body, by=by, file=file, now=self._now)
        self._now += HOUR
        return act.recorded_at


def rows(store: Store, view: str, order: str) -> list[dict[str, Any]]:
    with store.reading() as connection:
        found = connection.execute(sa.text(f"SELECT * FROM {view} ORDER BY {order}"))
        return [dict(row) for row in found.mappings()]


def test_controls_are_intervals(store: Store) -> None:
    act = Clock(store)
    first = act(controls.SET, "A", CONTROL)
    act(controls.SET, "B", CONTROL)
    second = act(controls.SET, "A", CONTROL, BOB)
    end = act(controls.RETIRED, "A", controls.Retired(reason="no more"))
    one, other, kept = rows(store, "v_controls", "control, valid_from")
    assert (one["valid_from"], one["valid_to"]) == (first, second)
    assert (other["valid_from"], other["valid_to"], other["login"]) == (second, end, "oidc bob")
    assert (kept["control"], kept["valid_to"], kept["set_by"]) == ("B", None, "Ann")
    assert (one["wording"], one["owner"]) == (CONTROL.wording, CONTROL.owner)
    assert (one["grace_days"], one["frequency"]) == (30, "quarterly")
    for name in ("criteria", "rules", "attestations", "populations"):
        assert json.loads(one[name]) == list(getattr(CONTROL, name))


def test_attestations_with_what_became_of_them(store: Store) -> None:
    act = Clock(store)
    said = Attestation(
        control="A",
        topic="access-review",
        covers_from="2026-01-01",
        covers_to="2026-01-31",
        valid_until="2026-12-31",
        file_name="q1.txt",
    )
    act(attestations.ADDED, "att-1", said, content=b"text")
    act(attestations.ADDED, "att-2", said, BOB, content=b"other")
    gone = act(attestations.REVOKED, "att-1", attestations.Revoked(reason="wrong"), BOB)
    one, other = rows(store, "v_attestations", "attestation")
    assert (one["revoked_at"], one["revoked_because"], one["revoked_by"]) == (gone, "wrong", "Bob")
    assert (other["revoked_at"], other["revoked_because"], other["note"]) == (None, None, "")
    assert (one["size"], one["media_type"], one["location"]) == (4, "text/plain", None)
    assert (one["handed_in_by"], one["os_user"], other["login"]) == ("Ann", "ann", "oidc bob")
    assert {one[key] for key in ("control", "topic", "covers_to")} == {
        "A", "access-review", "2026-01-31",
    }  # fmt: skip


def test_reviews_and_their_decisions(store: Store) -> None:
    act = Clock(store)
    act(acted.STARTED, "review-1", REVIEW, content=b"{}")
    act(acted.STARTED, "review-2", REVIEW)
    act(acted.CANCELLED, "review-2", acted.Cancelled(reason="by mistake"), BOB)

    def decide(**choices: str) -> str:
        made = tuple(Decision(row, word, "why", f"label {row}") for row, word in choices.items())  # type: ignore[arg-type]
        body = acted.Decided(reviewer="roster:acme/1", decisions=made)
        return act(acted.DECIDED, "review-1", body, content=repr(choices).encode())

    decide(a="revoke", b="keep")
    act(acted.REMOVAL, "review-1", acted.Removal(rows=(Removed("a", (4, 5), "2026-01-02"),)))
    again = decide(a="change", c="revoke")
    why = NotChecked("c", ("github:acme",), "sold", "CISO", "2026-01-03")
    act(acted.UNCHECKED, "review-1", acted.Unchecked(rows=(why,)))
    one, other = rows(store, "v_reviews", "review")
    assert (one["state"], one["decided"], one["grants"], one["due"]) == ("open", 3, 3, "2026-02-01")
    assert (other["state"], other["cancelled_because"], other["cancelled_by"]) == (
        "cancelled", "by mistake", "Bob",
    )  # fmt: skip
    assert json.loads(one["partial"]) == list(REVIEW.partial)

    def decisions() -> dict[tuple[str, str], dict[str, Any]]:
        found = rows(store, "v_review_decisions", "grant_row, decided_at")
        return {(row["grant_row"], row["decision"]): row for row in found}

    found = decisions()
    assert {key: row["counts"] for key, row in found.items()} == {
        ("a", "revoke"): 0,
        ("a", "change"): 1,
        ("b", "keep"): 1,
        ("c", "revoke"): 1,
    }
    assert found["a", "change"]["gone_by"] is None, "what was decided anew must be proved anew"
    assert found["a", "revoke"]["gone_by"] is None, "it does not count any more"
    assert found["b", "keep"]["remove_by"] is None
    assert (found["c", "revoke"]["not_checked"], found["a", "change"]["not_checked"]) == (
        "sold", None,
    )  # fmt: skip
    with store.reading() as connection:
        review = acted.reviews(acts.listed(connection))["review-1"]
    made = review.decided["c"]
    assert found["c", "revoke"]["decided_at"] == again
    until = found["c", "revoke"]["remove_by"]
    assert until == f"{review.remove_by(made):%Y-%m-%dT%H:%M:%S}.000Z"
    act(acted.REMOVAL, "review-1", acted.Removal(rows=(Removed("a", (9,), "2026-01-05"),)))
    act(acted.UNCHECKED, "review-1", acted.Unchecked(rows=()))
    closed = act(acted.CLOSED, "review-1", acted.Closed(kept=1, revoked=1, changed=1), BOB)
    found = decisions()
    assert found["a", "change"]["gone_by"] == "2026-01-05"
    assert json.loads(found["a", "change"]["gone_collections"]) == [9]
    assert found["c", "revoke"]["not_checked"] is None, "it is looked for again"
    (one, _) = rows(store, "v_reviews", "review")
    assert (one["state"], one["closed_at"], one["closed_by"]) == ("closed", closed, "Bob")
    assert store.verify().problems == []

"""What the people of acme-robotics did in soc2-pac itself: a waiver, and a review of who has access to GitHub."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING

from soc2_demo.github_words import LOGIN
from soc2_demo.history import HAPPENED
from soc2_pac import api
from soc2_pac.acts import Actor
from soc2_pac.audit import review_files, reviews
from soc2_pac.audit.reviewers import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from soc2_pac.store import Store

REVIEW = "review-1"
WAIVED = "github-saml-sso-enforced"
_MOVED = ("marek-zielinski", "robot-firmware")
"""Whose grant on what is revoked."""
_REVIEWER, _DEPUTY = "Ana Kovac", "David Lindqvist"


def accept_missing_sso(work: api.Workspace, store: Store, end: datetime) -> None:
    """Accept a failure for some time."""
    del work
    store.add_waiver(
        rule=WAIVED,
        scope=f"github:{LOGIN}",
        reason="single sign-on comes with the new contract",
        owner="David Lindqvist",
        approver="Ana Kovac",
        by=Actor.here("David Lindqvist"),
        expires_at=end - timedelta(days=HAPPENED["waiver"].ends),
    )


def start_review(work: api.Workspace, store: Store, end: datetime) -> None:
    """Freeze who has what in GitHub."""
    reviews.start(
        store,
        api.reviewing(work.config, work.registry),
        systems=["github"],
        by=Actor.here("Fatima Haddad"),
        given=[Line(1, "*", "*", "*", "*", _REVIEWER, _DEPUTY)],
        due=end - timedelta(days=70),
        partial=True,
    )


def decide_review(work: api.Workspace, store: Store, end: datetime) -> None:
    """Decide on every grant, and close the review."""
    known = api.reviewing(work.config, work.registry)
    at = end - timedelta(days=75)
    with store.reading() as connection:
        review = reviews.one(connection, REVIEW)
        frozen = reviews.population(connection, review).rows
    revoked = 0
    for reviewer in review.reviewers:
        rows = review_files.exported(review, reviews.rows_of(review, frozen, reviewer.id), at)
        for row in rows:
            moved = row["account"].startswith(_MOVED[0]) and _MOVED[1] in row["on"]
            revoked += moved
            row["decision"], row["reason"] = ("revoke", "changed teams") if moved else ("keep", "")
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        handed = review_files.HandedIn(f"{reviewer.name}.csv", stream.getvalue().encode(), rows)
        reviews.decide(store, known, handed, by=Actor.here(reviewer.name))
    if not revoked:
        msg = f"{REVIEW} holds no grant of {_MOVED[0]} on {_MOVED[1]}"
        raise LookupError(msg)
    reviews.close(store, REVIEW, by=Actor.here("Fatima Haddad"))


BEFORE: Mapping[int, Callable[[api.Workspace, Store, datetime], None]] = {75: decide_review}
"""What is done before the run of a day, in days before the end."""
AFTER: Mapping[int, Callable[[api.Workspace, Store, datetime], None]] = {
    120: accept_missing_sso,
    88: start_review,
}
"""And after it."""

"""Access reviews, with their decisions and with the proofs that what was revoked is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.company.events import said_by
from soc2_collectors.company.models.review import Review
from soc2_pac.acts import reviews as acts
from soc2_pac.model import Document, utc_text, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.company.client import Company


@collects(Review, calls=["READ reviews"], per="organization", cost="0: the store")
def reviews(company: Company) -> Iterator[Document]:
    """Reviews by id."""
    for one in acts.reviews(company.acts("READ reviews")).values():
        yield Document(one.id, one.id, _body(one), utc_time(one.started.recorded_at))


def _body(one: acts.Review) -> dict[str, object]:
    said = one.said
    given: dict[str, int] = {}
    for reviewer in said.reviewers:
        now = one.reviewer_of(reviewer.id)
        given[now.id] = given.get(now.id, 0) + reviewer.rows
    made: dict[str, int] = {}
    for decision in one.decided.values():
        # What somebody decided before another took over counts with who has the rows now.
        now_there = one.now_reviewing(decision.reviewer)
        made[now_there] = made.get(now_there, 0) + 1
    return {
        "id": one.id,
        "state": one.state,
        "systems": list(said.systems),
        "started_at": one.started.recorded_at,
        "started_by": said_by(one.started),
        "population": one.started.attachment,
        "by_manager": said.by_manager,
        "due": said.due,
        "closed_at": one.closed.recorded_at if one.closed else None,
        "closed_by": said_by(one.closed) if one.closed else None,
        "cancelled": one.cancelled
        and {
            "at": one.cancelled.recorded_at,
            "by": said_by(one.cancelled),
            "reason": one.cancelled.said(acts.Cancelled).reason,
        },
        "partial": list(said.partial),
        "rows": said.rows,
        "accounts": said.accounts,
        "privileged": said.privileged,
        "unmatched": said.unmatched,
        "members_not_read": said.unread,
        "open_rows": one.open_rows,
        "proved": sum(made.act.by.login is not None for made in one.decided.values()),
        "own": sorted(m.decision.label for m in one.decided.values() if m.decision.own),
        "reviewers": [
            {
                "id": reviewer.id,
                "name": reviewer.name,
                "rows": given.get(reviewer.id, 0),
                "decided": made.get(reviewer.id, 0),
            }
            for reviewer in one.reviewers
        ],
        "revocations": [] if one.cancelled else _revocations(one),
    }


def _revocations(one: acts.Review) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row, made in sorted(one.to_remove.items()):
        proof = one.removed.get(row)
        unchecked = one.not_checked.get(row)
        found.append(
            {
                "row": row,
                "label": made.decision.label,
                "decision": made.decision.decision,
                "reason": made.decision.reason,
                "reviewer": made.reviewer,
                "decided_at": made.act.recorded_at,
                "decided_by": said_by(made.act),
                "remove_by": utc_text(one.remove_by(made)),
                "proof": proof
                and {"collections": list(proof[0].collections), "seen_at": proof[0].seen_at},
                "not_checked": unchecked
                and {
                    "scopes": list(unchecked.scopes),
                    "reason": unchecked.reason,
                    "owner": unchecked.owner,
                    "retired_at": unchecked.retired_at,
                },
            }
        )
    return found

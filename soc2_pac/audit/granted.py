"""Privileged grants of a stretch of time, each with what access reviews decided on it: what rules judge."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac.audit import reviews
from soc2_pac.audit.history import History
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.hookspecs import HistoryEvent, HistoryEvents
from soc2_pac.model import utc_text
from soc2_pac.store import queries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts.reviews import Review
    from soc2_pac.audit.review_files import Row
    from soc2_pac.audit.reviews import Known

KIND = "privileged-grants"
_OVERLAP = timedelta(days=2)
"""Later readings begin so long before the last one ended: who administers may not have been known just then."""


def granted(
    connection: Connection,
    known: Known,
    start: datetime,
    end: datetime,
    since: datetime | None = None,
    kept: str = "",
) -> HistoryEvents:
    """Accounts that came to administer their system, with the decisions of reviews; see the population.

    Args:
        connection: to read from.
        known: how the store is read.
        start: of the time that is asked for, UTC.
        end: of it.
        since: until when an earlier reading went; the history is gone through from shortly before it, and what is
            older is taken from the documents that are kept. ``None``: from ``start``.
        kept: the kind of these documents.
    """
    begin = start if since is None else max(start, since - _OVERLAP)
    history = History(connection, known, AuditPeriod(begin, end))
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    if since is not None:
        for row in queries.documents_of(connection, kept):
            document = json.loads(row.body) if row.body else {}
            if document.get("at", "") >= utc_text(start):
                found[row.uid] = (row.name, document)
    for one in history.events(KIND):
        document = {**one.document, "at": one.dated.at}
        # How a period cuts it is of no meaning to a document that is kept.
        del document["in_period"]
        found[one.uid] = (one.name, document)
    decided = [
        (review, reviews.population(connection, review).rows)
        for review in reviews.all_reviews(connection).values()
        if review.cancelled is None
    ]
    events = [
        HistoryEvent(
            uid,
            name,
            {
                **document,
                "reviews": [
                    said for review, rows in decided for said in _decisions(review, rows, document)
                ],
            },
        )
        for uid, (name, document) in sorted(found.items())
    ]
    return HistoryEvents(tuple(events), tuple(history.reasons(KIND, end - known.max_age)))


def _decisions(
    review: Review, rows: tuple[Row, ...], document: dict[str, Any]
) -> list[dict[str, Any]]:
    """What a review decided, after the grant, on what makes the account administer the system."""
    mine = {document["account"].lower(), document["login"].lower()}
    found = []
    for row in rows:
        made = review.decided.get(row.id)
        names = {name.lower() for name in (row.account, row.login) if name}
        here = document["system"] in (row.home or row.system, row.system)
        if made is None or not here or names.isdisjoint(mine):
            continue
        if not row.privileged or made.act.recorded_at < document["happened_after"]:
            continue
        found.append(
            {
                "review": review.id,
                "row": row.id,
                "label": made.decision.label,
                "decision": made.decision.decision,
                "reason": made.decision.reason,
                "reviewer": made.reviewer,
                "decided_at": made.act.recorded_at,
                "decided_by": made.act.by.claimed_name,
                "proved_by": made.act.by.login,
            }
        )
    return sorted(found, key=lambda one: (one["decided_at"], one["row"]))

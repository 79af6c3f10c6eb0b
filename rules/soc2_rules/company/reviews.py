"""Access reviews: they end in time, nobody decided alone on their own access, and what was revoked is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.company.models.review import Review, Revocation
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SHOWN = 5
_CANCELLED = "it was cancelled: nothing rests on it"


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.MEDIUM)
def company_review_finished(
    review: Review, now: datetime, *, max_days: int = 30, period_days: int = 365
) -> Verdict:
    """Access reviews are decided and closed by their day.

    The day is the one that was set at the start; without one a review has ``max_days``. One that was closed too
    late fails for ``period_days`` more. What a review covers is not asked here.

    Why: a review that nobody ends has taken nothing away, and blocks the next one.
    Fix: see ``soc2-pac review status`` for who has not decided yet; have somebody else review in the place of
        who is away (``soc2-pac review assign``), then ``soc2-pac review close``.
    """
    if review.state == "cancelled":
        return not_applicable(_CANCELLED)
    end = review.ends or review.started_at + timedelta(days=max_days)
    if review.state == "closed":
        if review.closed_at is None:
            return inconclusive("it is closed, and nothing says since when")
        if review.open_rows:
            return failed(
                f"it was closed with {review.open_rows} of {review.rows} grants not decided"
            )
        closed = f"closed on {review.closed_at:%Y-%m-%d}"
        forgotten = review.closed_at + timedelta(days=period_days)
        if review.closed_at >= end and now < forgotten:
            return failed(f"{closed}, and was to be by {end:%Y-%m-%d}", until=forgotten)
        return passed(f"all {review.rows} grants decided, {closed}")
    waiting = [
        f"{one.name} ({one.rows - one.decided})"
        for one in review.reviewers
        if one.decided < one.rows
    ]
    who = f", waiting for {', '.join(waiting[:_SHOWN])}" if waiting else ""
    if now < end:
        return passed(f"open until {end:%Y-%m-%d}{who}", until=end)
    return failed(
        f"was to be closed by {end:%Y-%m-%d}; {review.open_rows} grants are not decided{who}"
    )


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.HIGH)
def company_review_removals(review: Review, now: datetime, *, period_days: int = 365) -> Verdict:
    """What a review revoked or changed is gone in time, as a later complete collection proves.

    Until when is frozen with the review (``[reviews] removal_days``). That a grant is gone is taken from the
    systems, never from anybody's word. What was gone too late fails for ``period_days`` more. What only scopes
    showed that were retired since cannot be checked: it is named with the reason, and is neither gone nor overdue.

    Why: a decision that nobody carries out leaves the access where it was.
    Fix: take the access away in the system that grants it, then ``soc2-pac run``; ``soc2-pac review status``
        lists what is overdue.
    """
    if review.state == "cancelled":
        return not_applicable(_CANCELLED)
    if not review.revocations:
        return not_applicable("nothing was revoked or changed")
    unproved = [one for one in review.revocations if one.proof is None or not one.proof.collections]
    waiting = [one for one in unproved if one.retired is None]
    unchecked = _unchecked(unproved)
    overdue = [one for one in waiting if one.remove_by <= now]
    if overdue:
        first = min(one.remove_by for one in overdue)
        named = "; ".join(one.label for one in overdue[:_SHOWN])
        more = f" and {len(overdue) - _SHOWN} more" if len(overdue) > _SHOWN else ""
        return failed(f"not proved to be gone, due since {first:%Y-%m-%d}: {named}{more}")
    late = [(one.proof.seen_at, one) for one in review.revocations if one.late and one.proof]
    if late:
        forgotten = max(seen for seen, _ in late) + timedelta(days=period_days)
        if now < forgotten:
            named = "; ".join(one.label for _, one in late[:_SHOWN])
            return failed(f"proved to be gone only after its day: {named}", until=forgotten)
    gone = len(review.revocations) - len(unproved)
    if waiting:
        due = min(one.remove_by for one in waiting)
        return passed(f"{gone} gone, {len(waiting)} due by {due:%Y-%m-%d}{unchecked}", until=due)
    if not gone:
        return not_applicable(f"none of them can be checked{unchecked}")
    if unchecked:
        return passed(f"{gone} gone, by later complete collections{unchecked}")
    return passed(f"all {gone} grants that were to go are gone, by later complete collections")


def _unchecked(found: list[Revocation]) -> str:
    """``; not checked: LABEL (SCOPE was retired: REASON, OWNER)``; nothing where all can be checked."""
    said = [
        f"{one.label} ({', '.join(why.scopes)} retired: {why.reason}, {why.owner})"
        for one in found
        if (why := one.retired) is not None
    ]
    if not said:
        return ""
    more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return f"; not checked: {'; '.join(said[:_SHOWN])}{more}"


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.HIGH)
def company_review_independent(review: Review) -> Verdict:
    """Nobody decided alone on access of their own.

    Whose an account is was frozen at the start. Who decided is who they said they are; what proved it stands
    with each decision.

    Why: who reviews their own rights finds them needed.
    Fix: cancel the review and start it again with a deputy for each reviewer.
    """
    if review.state == "cancelled":
        return not_applicable(_CANCELLED)
    if review.own:
        return failed(f"decided by who has it: {'; '.join(review.own[:_SHOWN])}")
    decided = review.rows - review.open_rows
    if not decided:
        return not_applicable("nothing is decided yet")
    proof = f"a login proved who decided in {review.proved} of them"
    if not review.proved:
        proof = "who decided is proved for none: the names are those that people gave"
    return passed(f"none of {decided} decisions is on access of the reviewer's own; {proof}")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.MEDIUM)
def company_review_complete(review: Review) -> Verdict:
    """Reviews rest on complete collections of all that says who has what.

    Why: access that the list did not show was reviewed by nobody.
    Fix: see what the review says was missing, grant the permission (``soc2-pac doctor``), collect, and review
        again without ``--partial``.
    """
    if review.state == "cancelled":
        return not_applicable(_CANCELLED)
    if review.partial:
        more = f" and {len(review.partial) - _SHOWN} more" if len(review.partial) > _SHOWN else ""
        return failed(f"partial: {'; '.join(review.partial[:_SHOWN])}{more}")
    return passed(f"{review.rows} grants, from complete collections")

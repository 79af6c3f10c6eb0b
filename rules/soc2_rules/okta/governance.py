"""Whether access was reviewed, by the campaigns of Okta Identity Governance."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.governance import APPROVE, KEPT_DAYS, REVOKE, UNREVIEWED, Campaign
from soc2_collectors.okta.models.times import days_after
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.undecided import undecided

_SETTLED = "SUCCESS"
_DECIDED = {APPROVE, REVOKE}


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    needs=[Campaign],
    empty=inconclusive(
        "there is no campaign: access may be reviewed elsewhere, which Okta cannot show"
    ),
)
def okta_access_reviews(
    campaign: Campaign,
    now: datetime,
    evidence: Evidence,
    *,
    grace_days: int = 7,
    look_back_days: int = KEPT_DAYS,
) -> Verdict:
    """Access review campaigns end on time, with every item decided and every revocation carried out.

    ``grace_days`` is what a campaign may end late, and a revocation take. Campaigns that were due longer
    than ``look_back_days`` ago are not asked. Of a recurring campaign each occurrence is one of its own; the plan
    behind them stays scheduled, and is not asked where an occurrence came of it.

    Why: a review that nobody finished, or whose decisions nobody carried out, takes no access away.
    Fix: Identity Governance, Access Certifications: have the reviewers finish, and carry out what was
        to be done by hand.
    """
    due = days_after(campaign.end_date, grace_days)
    said = f"{campaign.name}, due {campaign.end_date:%Y-%m-%d}"
    end = days_after(campaign.end_date, look_back_days)
    if now >= end:
        return not_applicable(f"{said}, is history")
    if campaign.status in ("SCHEDULED", "LAUNCHING"):
        if now < due:
            return not_applicable(f"{said}, has not begun", until=due)
        begun = [
            one
            for one in evidence.index(Campaign, "recurring_campaign_id").get(campaign.id, ())
            if one.start_date >= campaign.start_date
        ]
        if begun:
            return not_applicable(
                f"{said}, is the plan of campaigns that recur, such as {begun[-1].name}, due "
                f"{begun[-1].end_date:%Y-%m-%d}",
                on=begun[-1:],
            )
        return failed(f"{said}, never began ({campaign.status})", until=end)
    if campaign.status == "ACTIVE":
        if now < due:
            return not_applicable(f"{said}, is under way", until=due)
        return failed(f"{said}, has not ended", until=end)
    if campaign.status == "ERROR":
        return failed(f"{said}, ended in an error", until=end)
    if campaign.status == "DELETED":
        return not_applicable(f"{said}, is deleted", until=end)
    if campaign.status != "COMPLETED":
        return inconclusive(
            f"{said}, has a status that is not known here: {campaign.status}", until=end
        )
    try:
        return _decided(campaign, said, due if now < due else None, end)
    except FactUnavailable as error:
        return undecided(str(error), [error], until=end)


def _decided(campaign: Campaign, said: str, due: datetime | None, end: datetime) -> Verdict:
    """Of a campaign that ended; ``due``: until when revocations may still be carried out."""
    reviews = campaign.reviews
    if not reviews:
        return inconclusive(f"{said}, shows no reviews", until=end)
    open_items = sum(review.decision == UNREVIEWED for review in reviews)
    if open_items:
        return failed(f"{said}, left {open_items} of {len(reviews)} items undecided", until=end)
    odd = {review.decision for review in reviews} - _DECIDED
    if odd:
        return inconclusive(
            f"{said}, has decisions that are not known here: {', '.join(sorted(odd))}",
            until=end,
        )
    revoked = [review for review in reviews if review.decision == REVOKE]
    waiting = sum(review.remediation_status != _SETTLED for review in revoked)
    if not waiting:
        return passed(
            f"{said}: {len(reviews)} items decided, {len(revoked)} revoked and carried out",
            until=end,
        )
    if due is not None:
        return not_applicable(f"{said}: {waiting} revocations are being carried out", until=due)
    return failed(
        f"{said}: {waiting} of {len(revoked)} revocations are not shown to be carried out",
        until=end,
    )

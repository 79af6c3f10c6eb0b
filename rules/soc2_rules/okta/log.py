"""Changes of how the org is administered and signed in to, one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from soc2_collectors.okta.models.log import LogEvent
from soc2_collectors.okta.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_FIRST = timezone(timedelta(hours=14))
"""Where a day begins first."""


@rule(
    criteria=["CC6.2", "CC6.3", "CC7.2", "CC8.1"],
    severity=Severity.MEDIUM,
    empty=not_applicable("the log shows no change of settings, roles or apps in the period"),
)
def okta_admin_changes_reviewed(
    event: LogEvent,
    now: datetime,
    *,
    pipelines: tuple[str, ...] = (),
    reviewed_until: str = "",
    review_days: int = 30,
) -> Verdict:
    """Changes of settings, policies, roles, apps and tokens come by a pipeline, or were reviewed.

    Which types of events are such changes is chosen by Okta's catalogue of event types; one that the
    catalogue did not have counts. Okta keeps no record of a review, so it is stated here: ``reviewed_until``
    is the date (``2026-06-30``, no day to come) up to which somebody went through the listed changes;
    ``pipelines`` names the actors (id or login, or the name of an app) whose changes were reviewed before they
    were made. A single change can be accepted by a waiver.

    Why: whoever changes a sign-in policy or hands out a role can undo every other control, and the
        log alone stops nobody.
    Fix: go through the listed changes with somebody who did not make them, compare them with the
        tickets, and set ``reviewed_until``; better, make changes by code that is reviewed.
    """
    if not event.changes_administration:
        return not_applicable(f"{event.event_type} changes no setting, policy, role, app or token")
    said = (
        f"{event.actor.called}: {event.event_type} of {event.objects} on {event.published:%Y-%m-%d}"
    )
    if event.refused:
        return not_applicable(f"{said} was not carried out")
    if event.by_okta_itself:
        return not_applicable(f"{said}, by Okta itself")
    if event.actor.is_one_of(pipelines):
        return passed(f"{said}, by a pipeline")
    if reviewed_until:
        try:
            day = date.fromisoformat(reviewed_until)
        except ValueError:
            return inconclusive(f"reviewed_until is no date: {reviewed_until}")
        begins = datetime.combine(day, time.min, tzinfo=_FIRST)
        if now < begins:
            return inconclusive(
                f"{said}; reviewed_until is {reviewed_until}, which has not come yet", until=begins
            )
        end = datetime.combine(day, time.max, tzinfo=UTC)
        if event.published <= end:
            return passed(f"{said}, reviewed by {reviewed_until}")
    due = days_after(event.published, review_days)
    if now < due:
        return not_applicable(f"{said}, to be reviewed by {due:%Y-%m-%d}", until=due)
    return failed(f"{said}, not reviewed by {due:%Y-%m-%d}")

"""CloudTrail: each region lists the trails that record it, and keeps its own events for 90 days."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.arns import parsed
from soc2_collectors.aws.models.cloudtrail import ConsoleChange, Trail
from soc2_pac import clock
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_WINDOW = timedelta(days=7)
"""How far back changes are looked for: so long may pass between two runs without one being missed."""
_EVENTS_PER_PAGE = 50
_MOST_PAGES = 400
"""Where a look ends: 20,000 events, and more than three minutes at AWS's two requests a second."""
_CONSOLE_AGENTS = ("console.amazonaws.com", "S3Console/", "AWSConsole/")
"""How events from before 2021 show that they come from the console."""
_KEPT = (
    "eventID",
    "eventTime",
    "eventSource",
    "eventName",
    "eventType",
    "awsRegion",
    "errorCode",
    "sessionCredentialFromConsole",
)
"""Parameters and answers may hold secrets, and addresses say where a person was: they stay where they are."""


@collects(
    Trail,
    calls=[
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
    ],
    per="region",
    cost="1 + 2 N",
)
def trails(aws: Aws) -> Iterator[Document]:
    """Every trail that records this region, shadows included.

    Without shadows AWS leaves out the organization's trail in its member accounts, and a trail whose home
    is a region that nobody configured here: accounts that are recorded would look as if they were not.
    What the organization's trail records is told to its owner alone: others are not asked, for AWS answers
    them that there is no such trail.
    """
    for trail in aws.items("cloudtrail", "describe_trails", "trailList", includeShadowTrails=True):
        arn = trail["TrailARN"]
        body = {**trail, "GetTrailStatus": aws.fact("cloudtrail", "get_trail_status", Name=arn)}
        if parsed(arn).account == aws.account:
            body["GetEventSelectors"] = aws.fact("cloudtrail", "get_event_selectors", TrailName=arn)
        yield Document(arn, trail["Name"], body)


@collects(
    ConsoleChange,
    calls=["cloudtrail:LookupEvents"],
    per="region",
    cost="pages of 50 writing events, 400 pages at most",
)
def console_changes(aws: Aws) -> Iterator[Document]:
    """Writing events of console sessions in the last week, the newest first.

    AWS can be asked for writing events, not for those of the console: the rest is read and left out. Where
    there are too many to read, those that were found stand, and the look counts as incomplete.
    """
    now = clock.now()
    pages = aws.pages(
        "cloudtrail",
        "lookup_events",
        ["Events"],
        LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        StartTime=now - _WINDOW,
        EndTime=now,
    )
    for number, page in enumerate(pages):
        if number >= _MOST_PAGES:
            msg = (
                f"more than {_MOST_PAGES * _EVENTS_PER_PAGE:,} writing events within "
                f"{_WINDOW.days} days: the older ones were not read"
            )
            raise Unexpected(msg, operation="cloudtrail:LookupEvents")
        for event in page.get("Events") or ():
            said = _record(event)
            if _of_console(said):
                action = f"{str(said.get('eventSource')).partition('.')[0]}:{said.get('eventName')}"
                yield Document(event["EventId"], action, _kept(said, event))


def _record(event: dict[str, Any]) -> dict[str, Any]:
    """The event in full, which comes as text. Raises Unexpected where it does not."""
    try:
        said = json.loads(event["CloudTrailEvent"])
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the event {event.get('EventId')} has no readable record"
        raise Unexpected(msg, operation="cloudtrail:LookupEvents") from error
    if not isinstance(said, dict):
        msg = f"the record of the event {event.get('EventId')} is no object"
        raise Unexpected(msg, operation="cloudtrail:LookupEvents")
    return said


def _of_console(said: dict[str, Any]) -> bool:
    """Whether somebody called an API in the console; signing in is no change."""
    if said.get("eventType") == "AwsConsoleSignIn":
        return False
    agent = str(said.get("userAgent") or "")
    return str(said.get("sessionCredentialFromConsole")).lower() == "true" or any(
        part in agent for part in _CONSOLE_AGENTS
    )


def _kept(said: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    body = {key: said[key] for key in _KEPT if key in said}
    identity = said.get("userIdentity")
    if isinstance(identity, dict):
        body["userIdentity"] = {
            key: identity[key] for key in ("type", "arn", "sessionContext") if key in identity
        }
    return {**body, "resources": list(event.get("Resources") or ())}

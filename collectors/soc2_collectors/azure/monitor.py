"""Collects alerts on the activity log, action groups, and where the activity log goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import MALFORMED, document
from soc2_collectors.azure.models.monitor import (
    ActionGroup,
    ActivityLogAlert,
    ActivityLogSetting,
    HumanChange,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_EVENTS = (
    "/subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values"
)
_WINDOW = timedelta(days=7)
_KEPT = (
    "id",
    "eventDataId",
    "correlationId",
    "caller",
    "operationName",
    "category",
    "status",
    "eventTimestamp",
    "resourceId",
)
"""Claims and requests stay where they are: they hold addresses of persons, and at times secrets."""
_SETTINGS = "/subscriptions/{subscriptionId}/providers/Microsoft.Insights/diagnosticSettings"


@collects(
    ActivityLogAlert,
    calls=["RESOURCEGRAPH microsoft.insights/activitylogalerts"],
    per="subscription",
    cost="pages of 1000",
)
def alerts(azure: Azure) -> Iterator[Document]:
    """Alerts on the activity log, enabled or not."""
    for alert in azure.graph_query(
        "resources | where type =~ 'microsoft.insights/activitylogalerts'"
    ):
        yield document(alert)


@collects(
    ActionGroup,
    calls=["RESOURCEGRAPH microsoft.insights/actiongroups"],
    per="subscription",
    cost="pages of 1000",
)
def action_groups(azure: Azure) -> Iterator[Document]:
    """Action groups."""
    for group in azure.graph_query("resources | where type =~ 'microsoft.insights/actiongroups'"):
        yield document(group)


@collects(ActivityLogSetting, calls=[f"GET {_SETTINGS}"], per="subscription", cost="1")
def settings(azure: Azure) -> Iterator[Document]:
    """Where the activity log of the subscription goes; Resource Graph does not know."""
    for setting in azure.items(_SETTINGS, api_version="2021-05-01-preview"):
        yield document(setting)


@collects(
    HumanChange,
    calls=[f"GET {_EVENTS}"],
    per="subscription",
    cost="pages of about 200 events of a week",
)
def human_changes(azure: Azure) -> Iterator[Document]:
    """What persons changed in the last week, by the portal or by a command line.

    The activity log can be asked for a time, not for a sort of callers: the rest is read and left out.
    """
    now = datetime.now(UTC)
    when = f"{now - _WINDOW:%Y-%m-%dT%H:%M:%SZ}", f"{now:%Y-%m-%dT%H:%M:%SZ}"
    for event in azure.items(
        _EVENTS,
        api_version="2015-04-01",
        filter=f"eventTimestamp ge '{when[0]}' and eventTimestamp le '{when[1]}'",
        select=",".join(_KEPT),
    ):
        if MALFORMED in event:
            yield document(event)
        elif _by_a_person(event.get("caller")) and _changed(event):
            yield document(
                {key: event[key] for key in _KEPT if key in event}, name="operationName.value"
            )


def _by_a_person(caller: object) -> bool:
    """Whether a person called. A program is named by its id; who is not named may be a person."""
    return caller in (None, "") or "@" in str(caller)


def _changed(event: dict[str, Any]) -> bool:
    """Whether it is the end of a change that succeeded. What does not say counts as one."""

    def word(key: str) -> str:
        said = event.get(key)
        return str(said.get("value", "")).lower() if isinstance(said, dict) else ""

    return word("category") in ("", "administrative") and word("status") in ("", "succeeded")

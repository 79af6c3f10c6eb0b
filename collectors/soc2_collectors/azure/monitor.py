"""Collects alerts on the activity log, action groups, and where the activity log goes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.monitor import (
    ActionGroup,
    ActivityLogAlert,
    ActivityLogSetting,
    AlertProcessingRule,
    HumanChange,
)
from soc2_collectors.exchange.records import MALFORMED
from soc2_pac import clock
from soc2_pac.errors import Unexpected
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
_PROCESSING = "/subscriptions/{subscriptionId}/providers/Microsoft.AlertsManagement/actionRules"
_PROCESSING_API = "2021-08-08"
"""The first version in which a rule says what it takes away or adds; before, it was called a suppression."""
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


@collects(AlertProcessingRule, calls=[f"GET {_PROCESSING}"], per="subscription", cost="pages")
def processing_rules(azure: Azure) -> Iterator[Document]:
    """Rules that keep alerts from calling anybody, or have them call others.

    Not by Resource Graph, which does not say in which version it shows them.
    """
    for rule in azure.items(_PROCESSING, api_version=_PROCESSING_API):
        yield document(rule)


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

    The activity log can be asked for a time, not for a sort of callers: the rest is read and left out. Where
    it leaves out who called, it did not give what was asked for.
    """
    now = clock.now()
    when = f"{now - _WINDOW:%Y-%m-%dT%H:%M:%SZ}", f"{now:%Y-%m-%dT%H:%M:%SZ}"
    named, unnamed = 0, list[dict[str, Any]]()
    for event in azure.items(
        _EVENTS,
        api_version="2015-04-01",
        filter=f"eventTimestamp ge '{when[0]}' and eventTimestamp le '{when[1]}'",
        select=",".join(_KEPT),
    ):
        if MALFORMED in event:
            yield document(event)
        elif not _changed(event):
            continue
        elif not event.get("caller"):
            unnamed.append(event)
        else:
            named += 1
            if "@" in str(event["caller"]):
                yield _kept(event)
    if unnamed and not named:
        msg = f"the activity log does not say who made any of {len(unnamed)} changes"
        raise Unexpected(msg, operation=f"GET {_EVENTS}")
    for event in unnamed:
        yield _kept(event)


def _kept(event: dict[str, Any]) -> Document:
    return document({key: event[key] for key in _KEPT if key in event}, name="operationName.value")


def _changed(event: dict[str, Any]) -> bool:
    """Whether it is the end of a change that succeeded. What does not say counts as one."""

    def word(key: str) -> str:
        said = event.get(key)
        return str(said.get("value", "")).lower() if isinstance(said, dict) else ""

    return word("category") in ("", "administrative") and word("status") in ("", "succeeded")

"""Collects alerts on the activity log, action groups, and where the activity log goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.monitor import ActionGroup, ActivityLogAlert, ActivityLogSetting
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

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

"""Alerts on the activity log: is anybody notified when these changes happen?

A change counts as alerted where an enabled alert watches the whole subscription, its conditions hold for a
sample of the event, and an action group that is on notifies somebody. Conditions are evaluated on a sample,
not compared with a text: an alert on every change of a resource type sees the change as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.azure.models.arm import last_part, same, subscription_of
from soc2_collectors.azure.models.monitor import ActionGroup, ActivityLogAlert
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")


def _events(*operations: str) -> dict[str, list[dict[str, str]]]:
    """What Azure writes of an operation that succeeded; an alert on its beginning sees it as well."""
    return {
        operation: [
            {
                "category": "Administrative",
                "operationname": operation,
                "resourcetype": operation.rpartition("/")[0],
                "resourceprovider": operation.partition("/")[0],
                "status": status,
                "level": "Informational",
            }
            for status in ("Started", "Accepted", "Succeeded")
        ]
        for operation in operations
    }


_NETWORK = _events(
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/networkSecurityGroups/securityRules/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/publicIPAddresses/delete",
)
_POLICY = _events(
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
)
_SQL = _events(
    "Microsoft.Sql/servers/firewallRules/write", "Microsoft.Sql/servers/firewallRules/delete"
)
_SOLUTIONS = {
    name: [*samples, *({**sample, "category": "Security"} for sample in samples)]
    for name, samples in _events(
        "Microsoft.Security/securitySolutions/write", "Microsoft.Security/securitySolutions/delete"
    ).items()
}
_HEALTH = {
    "service incidents": [
        {"category": "ServiceHealth", "properties.incidenttype": "Incident", "status": "Active"}
    ]
}


class _Heard(NamedTuple):
    """Of the action groups that an alert calls."""

    by: list[ActionGroup]
    """Those that notify somebody."""
    unsure: list[str]
    """Why nobody can tell of others."""


def _heard(alert: ActivityLogAlert, subscription: str, evidence: Evidence) -> _Heard:
    """Which action groups of an alert notify somebody."""
    found = _Heard([], [])
    for number in alert.group_ids:
        inside = subscription_of(number) in ("", subscription)
        known = evidence.here(ActionGroup) if inside else evidence.everywhere(ActionGroup)
        group = next((one for one in known if same(one.id, number)), None)
        if group is None:
            if not inside:
                found.unsure.append(
                    f"the action group {last_part(number)} of another subscription was not collected"
                )
        else:
            try:
                if group.heard:
                    found.by.append(group)
            except FactUnavailable as error:
                found.unsure.append(str(error))
    return found


def _judged(
    subscription: Subscription, evidence: Evidence, events: Mapping[str, list[dict[str, str]]]
) -> Verdict:
    number = subscription.subscription_id.casefold()
    alerts = [
        (alert, _heard(alert, number, evidence))
        for alert in evidence.here(ActivityLogAlert)
        if alert.properties.enabled and alert.covers(subscription.path)
    ]
    missing, unsure = [], []
    on: list[ActivityLogAlert | ActionGroup] = []
    for name, samples in events.items():
        seeing = [one for one in alerts if any(one[0].sees(sample) for sample in samples)]
        sure = next(((alert, heard) for alert, heard in seeing if heard.by), None)
        if sure is not None:
            on += [sure[0], *sure[1].by]
        elif doubts := [reason for _, heard in seeing for reason in heard.unsure]:
            unsure += doubts
        else:
            missing.append(name)
    if missing:
        return failed(f"nobody is notified of {', '.join(missing)}")
    if unsure:
        return inconclusive(f"whether somebody is notified cannot be told: {listed(unsure)}")
    by = listed({one.name for one in on if isinstance(one, ActivityLogAlert)})
    rests = list({id(one): one for one in on}.values())
    return passed(f"notified of {', '.join(events)}; by {by}", on=rests)


@rule(
    criteria=["CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[ActivityLogAlert, ActionGroup],
    known_as=[
        "prowler:monitor_alert_create_update_nsg",
        "prowler:monitor_alert_delete_nsg",
        "prowler:monitor_alert_create_update_public_ip_address_rule",
        "prowler:monitor_alert_delete_public_ip_address_rule",
        "powerpipe:monitor_log_alert_create_update_nsg",
        "powerpipe:monitor_log_alert_delete_nsg",
        "powerpipe:monitor_log_alert_create_update_public_ip_address",
        "powerpipe:monitor_log_alert_delete_public_ip_address",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_network_changes(subscription: Subscription, evidence: Evidence) -> Verdict:
    """Somebody is notified of changes to network security groups, their rules, and public addresses.

    A rule that is added to a group by itself is an operation of its own (``securityRules/write``), which an
    alert on ``networkSecurityGroups/write`` does not see.

    Why: a port that is opened by mistake, or on purpose, is best seen on the same day.
    Fix: az monitor activity-log alert create --name NAME --resource-group GROUP --scope /subscriptions/ID
        --action-group ACTION_GROUP_ID --condition category=Administrative and
        operationName=Microsoft.Network/networkSecurityGroups/write; one for each operation.
    """
    return _judged(subscription, evidence, _NETWORK)


@rule(
    criteria=["CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[ActivityLogAlert, ActionGroup],
    known_as=[
        "prowler:monitor_alert_create_policy_assignment",
        "prowler:monitor_alert_delete_policy_assignment",
        "powerpipe:monitor_log_alert_create_policy_assignment",
        "powerpipe:monitor_log_alert_delete_policy_assignment",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_policy_changes(subscription: Subscription, evidence: Evidence) -> Verdict:
    """Somebody is notified when Azure policies are assigned, or assignments are deleted.

    Why: a policy that is taken away leaves everything open that it kept closed.
    Fix: az monitor activity-log alert create --name NAME --resource-group GROUP --scope /subscriptions/ID
        --action-group ACTION_GROUP_ID --condition category=Administrative and
        operationName=Microsoft.Authorization/policyAssignments/delete; one for write as well.
    """
    return _judged(subscription, evidence, _POLICY)


@rule(
    criteria=["CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[ActivityLogAlert, ActionGroup],
    known_as=[
        "prowler:monitor_alert_create_update_security_solution",
        "prowler:monitor_alert_delete_security_solution",
        "prowler:monitor_alert_service_health_exists",
        "powerpipe:monitor_log_alert_create_update_security_solution",
        "powerpipe:monitor_log_alert_delete_security_solution",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_security_solution(subscription: Subscription, evidence: Evidence) -> Verdict:
    """Somebody is notified of changes to security solutions, and of incidents of Azure's services.

    An alert on incidents of some services or regions alone does not count.

    Why: who breaks in switches off what watches; and an outage of Azure's must not be news from customers.
    Fix: az monitor activity-log alert create --name NAME --resource-group GROUP --scope /subscriptions/ID
        --action-group ACTION_GROUP_ID --condition category=Security and
        operationName=Microsoft.Security/securitySolutions/write; one for delete, and one with the condition
        category=ServiceHealth.
    """
    return _judged(subscription, evidence, {**_SOLUTIONS, **_HEALTH})


@rule(
    criteria=["CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[ActivityLogAlert, ActionGroup],
    known_as=[
        "prowler:monitor_alert_create_update_sqlserver_fr",
        "prowler:monitor_alert_delete_sqlserver_fr",
        "powerpipe:monitor_log_alert_create_update_sql_servers_firewall_rule",
        "powerpipe:monitor_log_alert_delete_sql_servers_firewall_rule",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_sql_fw_changes(subscription: Subscription, evidence: Evidence) -> Verdict:
    """Somebody is notified of changes to the IPv4 firewall rules of SQL servers.

    Why: one rule is enough to put a database on the internet.
    Fix: az monitor activity-log alert create --name NAME --resource-group GROUP --scope /subscriptions/ID
        --action-group ACTION_GROUP_ID --condition category=Administrative and
        operationName=Microsoft.Sql/servers/firewallRules/write; one for delete as well.
    """
    return _judged(subscription, evidence, _SQL)


@rule(
    criteria=["CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ActionGroup],
    empty=failed("there is no alert on the activity log"),
)
def azure_alert_receivers(alert: ActivityLogAlert, evidence: Evidence) -> Verdict:
    """Alerts on the activity log call an action group that is on and has receivers.

    A receiver of a mail or a text message that opted out does not count. Rules that suppress notifications
    are not looked at.

    Why: an alert that nobody hears is worse than none: everybody believes that there is one.
    Fix: az monitor action-group update --name GROUP --resource-group RESOURCE_GROUP --add-action email
        NAME ADDRESS; az monitor activity-log alert action-group add --name ALERT --resource-group
        RESOURCE_GROUP --action-group ACTION_GROUP_ID.
    """
    if not alert.properties.enabled:
        return not_applicable("the alert is off")
    if not alert.group_ids:
        return failed("calls no action group")
    heard = _heard(alert, subscription_of(alert.id), evidence)
    if heard.by:
        return passed(f"notifies by {listed(one.name for one in heard.by)}", on=heard.by)
    if heard.unsure:
        return inconclusive("; ".join(heard.unsure))
    return failed("its action groups are off, deleted, or have no receivers")

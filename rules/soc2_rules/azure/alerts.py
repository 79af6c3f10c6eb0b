"""Alerts on the activity log: is anybody told when these changes happen?

A change counts as alerted where an enabled alert watches the whole subscription, its conditions hold for a
sample of the event, and an action group that is on calls somebody. Conditions are evaluated on a sample, not
compared with a text: an alert on every change of a resource type sees the change as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.models.arm import subscription_of
from soc2_collectors.azure.models.monitor import ActionGroup, ActivityLogAlert
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

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
    "service health": [
        {"category": "ServiceHealth", "properties.incidenttype": kind, "status": "Active"}
        for kind in ("Incident", "Security")
    ]
}


def _heard(alert: ActivityLogAlert, subscription: str, evidence: Evidence) -> bool:
    """Whether an action group of an alert calls somebody."""
    here = {group.id.casefold(): group for group in evidence.here(ActionGroup)}
    for number in alert.group_ids:
        if subscription_of(number) in ("", subscription):
            if number in here and here[number].heard:
                return True
        elif any(
            one.heard for one in evidence.everywhere(ActionGroup) if one.id.casefold() == number
        ):
            return True
    return False


def _judged(
    subscription: Subscription, evidence: Evidence, events: Mapping[str, list[dict[str, str]]]
) -> Verdict:
    alerts = [
        alert
        for alert in evidence.here(ActivityLogAlert)
        if alert.properties.enabled and alert.covers(subscription.path)
    ]
    number = subscription.subscription_id.casefold()
    missing = [
        name
        for name, samples in events.items()
        if not any(
            any(alert.sees(sample) for sample in samples) and _heard(alert, number, evidence)
            for alert in alerts
        )
    ]
    if missing:
        return failed(f"nobody is told of {', '.join(missing)}")
    return passed(f"somebody is told of {', '.join(events)}")


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
    """Somebody is told of changes to network security groups and public addresses.

    Why: a port that is opened by mistake, or on purpose, is best seen on the same day.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Network/networkSecurityGroups/write --action-group GROUP; one for each.
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
    """Somebody is told when policies are assigned or taken away.

    Why: a policy that is taken away leaves everything open that it kept closed.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Authorization/policyAssignments/delete --action-group GROUP; write, too.
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
    """Somebody is told of changes to security solutions, and of the health of Azure's services.

    Why: who breaks in switches off what watches; and an outage of Azure's must not be news from customers.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Security and
        operationName=Microsoft.Security/securitySolutions/write --action-group GROUP; delete, and one for
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
    """Somebody is told of changes to the firewall rules of SQL servers.

    Why: one rule is enough to put a database on the internet.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Sql/servers/firewallRules/write --action-group GROUP; delete, too.
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

    Why: an alert that nobody hears is worse than none: everybody believes that there is one.
    Fix: az monitor action-group create --action email NAME ADDRESS; az monitor activity-log alert
        action-group add --name ALERT --action-group GROUP.
    """
    if not alert.properties.enabled:
        return not_applicable("the alert is off")
    if not alert.group_ids:
        return failed("calls no action group")
    if _heard(alert, subscription_of(alert.id), evidence):
        return passed("an action group of it calls somebody")
    return failed("its action groups are off, gone, or have no receivers")

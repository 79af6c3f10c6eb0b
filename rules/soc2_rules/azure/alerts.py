"""Alerts on the activity log: is anybody notified when these changes happen?

A change counts where :mod:`soc2_rules.mechanisms.notified_azure` finds a way from the event to an action
group that calls somebody. Conditions are evaluated on samples of the event, not compared with a text: an
alert on every change of a resource type sees the change as well; one that asks for what is not the same in
every such event (who called, say, or in which resource group) leaves some of them out.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.models.monitor import ActivityLogAlert, Fired
from soc2_collectors.azure.models.subscription import Subscription
from soc2_collectors.samples import Sample, Varies
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import notified
from soc2_rules.mechanisms.notified_azure import GROUP_NEEDS, NEEDS, Event, reached_by
from soc2_rules.mechanisms.notified_azure import notified as way
from soc2_rules.mechanisms.undecided import undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")
_VARIES = {
    "caller": Varies(examples=("anna@acme.example", "0e1d2c3b-4a59-4687-9870-a1b2c3d4e5f6")),
    "resourcegroup": Varies(examples=("one-of-many", "another-of-many")),
    "resourceid": Varies(examples=("/subscriptions/0/resourcegroups/one-of-many/providers/one",)),
    "substatus": Varies(examples=("Created (HTTP Status Code: 201)", "")),
}


def _written(operation: str, category: str, status: str, level: str) -> dict[str, Any]:
    return {
        "category": category,
        "operationname": operation,
        "resourcetype": operation.rpartition("/")[0],
        "resourceprovider": operation.partition("/")[0],
        "status": status,
        "level": level,
        **_VARIES,
    }


def _changes(*operations: str, maybe: Sequence[str] = ()) -> dict[str, Event]:
    """What Azure writes of operations that succeed: an event at the beginning, one at the end.

    Of some it writes another one in between, and of some one of the level Verbose.

    Args:
        operations: ``Microsoft.Network/networkSecurityGroups/write``.
        maybe: categories under which they may stand besides Administrative.
    """
    return {
        operation: Event(
            written=tuple(
                _written(operation, "Administrative", status, "Informational")
                for status in ("Started", "Succeeded")
            ),
            at_times=tuple(
                _written(operation, category, status, level)
                for category in ("Administrative", *maybe)
                for status in ("Started", "Accepted", "Succeeded")
                for level in ("Informational", "Verbose")
            ),
        )
        for operation in operations
    }


_NETWORK = _changes(
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/networkSecurityGroups/securityRules/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/publicIPAddresses/delete",
)
_POLICY = _changes(
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
)
_SQL = _changes(
    "Microsoft.Sql/servers/firewallRules/write", "Microsoft.Sql/servers/firewallRules/delete"
)
_SOLUTIONS = _changes(
    "Microsoft.Security/securitySolutions/write",
    "Microsoft.Security/securitySolutions/delete",
    # Microsoft's built-in policy looks for alerts on the category Security; the schema of the activity log
    # has every operation on a resource under Administrative.
    maybe=("Security",),
)
_HEALTH_SAMPLE = {
    "category": "ServiceHealth",
    "operationname": "Microsoft.ServiceHealth/incident/action",
    "properties.incidenttype": "Incident",
    "status": "Active",
}
_HEALTH = {"service health": Event(written=(_HEALTH_SAMPLE,), rules=False)}


def _judged(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    events: Mapping[str, Event],
    reaches_people: Sequence[str],
    not_needed: Sequence[str] = (),
) -> Verdict:
    ways = {
        name: way(subscription, event, evidence, now, reaches_people)
        for name, event in events.items()
    }
    return notified.verdict(ways, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
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
def azure_alert_network_changes(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified of changes to network security groups, their rules, and public addresses.

    ``not_needed`` names operations, as the messages do, that nobody wants to be notified of.
    ``reaches_people`` takes patterns for names of action groups that pass on to people what they are sent: a
    logic app, a function or the holders of a role that are not named are not taken for a person.

    Why: a port that is opened by mistake, or on purpose, is best seen on the same day.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and resourceType=Microsoft.Network/networkSecurityGroups --action-group GROUP; one for each type.
    """
    return _judged(subscription, evidence, now, _NETWORK, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:monitor_alert_create_policy_assignment",
        "prowler:monitor_alert_delete_policy_assignment",
        "powerpipe:monitor_log_alert_create_policy_assignment",
        "powerpipe:monitor_log_alert_delete_policy_assignment",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_policy_changes(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when policies are assigned or taken away.

    In a subscription, that is: what happens at management groups stands in activity logs of their own. For
    ``not_needed`` and ``reaches_people`` see azure-alert-network-changes.

    Why: a policy that is taken away leaves everything open that it kept closed.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Authorization/policyAssignments/delete --action-group GROUP; write, too.
    """
    return _judged(subscription, evidence, now, _POLICY, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:monitor_alert_create_update_security_solution",
        "prowler:monitor_alert_delete_security_solution",
        "prowler:monitor_alert_service_health_exists",
        "powerpipe:monitor_log_alert_create_update_security_solution",
        "powerpipe:monitor_log_alert_delete_security_solution",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_security_solution(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified of changes to security solutions, and of the health of Azure's services.

    For ``not_needed`` and ``reaches_people`` see azure-alert-network-changes.

    Why: who breaks in switches off what watches; and an outage of Azure's must not be news from customers.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Security/securitySolutions/write --action-group GROUP; delete, and one for
        category=ServiceHealth.
    """
    return _judged(
        subscription, evidence, now, {**_SOLUTIONS, **_HEALTH}, reaches_people, not_needed
    )


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:monitor_alert_create_update_sqlserver_fr",
        "prowler:monitor_alert_delete_sqlserver_fr",
        "powerpipe:monitor_log_alert_create_update_sql_servers_firewall_rule",
        "powerpipe:monitor_log_alert_delete_sql_servers_firewall_rule",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_alert_sql_fw_changes(
    subscription: Subscription,
    evidence: Evidence,
    now: datetime,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified of changes to the firewall rules of SQL servers.

    Rules for IPv6 addresses are of a type of their own (``ipv6FirewallRules``), and not asked about. For
    ``not_needed`` and ``reaches_people`` see azure-alert-network-changes.

    Why: one rule is enough to put a database on the internet.
    Fix: az monitor activity-log alert create --scope /subscriptions/ID --condition category=Administrative
        and operationName=Microsoft.Sql/servers/firewallRules/write --action-group GROUP; delete, too.
    """
    return _judged(subscription, evidence, now, _SQL, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=GROUP_NEEDS,
    empty=failed("there is no alert on the activity log"),
)
def azure_alert_receivers(
    alert: ActivityLogAlert,
    evidence: Evidence,
    now: datetime,
    *,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Alerts on the activity log call an action group that is on and calls somebody.

    For ``reaches_people`` see azure-alert-network-changes. A processing rule that keeps a part of what an
    alert watches from calling anybody does not count here.

    Why: an alert that nobody hears is worse than none: everybody believes that there is one.
    Fix: az monitor action-group create --action email NAME ADDRESS; az monitor activity-log alert
        action-group add --name ALERT --action-group GROUP.
    """
    if not alert.properties.enabled:
        return not_applicable("the alert is off")
    places = tuple("/" + one.strip("/").casefold() for one in alert.properties.scopes)
    health_only = alert.sees(Sample({"category": "Administrative"})) is False and (
        alert.sees(Sample({"category": "ServiceHealth"})) is not False
    )
    found = reached_by(
        alert, evidence, now, reaches_people, fired=None if health_only else Fired(alert, places)
    )
    if found.answer:
        return passed(f"calls {' > '.join(found.why)}", until=found.until, on=found.on)
    why = "; ".join(found.why)
    if found.answer is None:
        return undecided(why, found.missing, until=found.until)
    return failed(why, until=found.until)

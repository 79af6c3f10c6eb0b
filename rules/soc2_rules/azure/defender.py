"""Defender for Cloud: which plans are on, who is notified, and whether alerts are closed in time."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.arm import chosen, days_after, last_part, same
from soc2_collectors.azure.models.containers import Cluster, Registry
from soc2_collectors.azure.models.security import (
    IMAGES,
    Assessment,
    DefenderPlan,
    DefenderSetting,
    SecurityAlert,
    SecurityContact,
)
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")
_OPEN = ("Active", "InProgress")
_CLOSED = ("Resolved", "Dismissed")
_SEVERITIES = ("High", "Medium", "Low", "Informational")
_IMAGE_SCAN = "ContainerRegistriesVulnerabilityAssessments"


def _plans(evidence: Evidence, wanted: tuple[str, ...]) -> Verdict:
    """Whether these plans are on, for every resource."""
    names = {name.casefold() for name in wanted}
    there = {
        plan.name.casefold(): plan
        for plan in evidence.here(DefenderPlan)
        if plan.name.casefold() in names
    }
    weak: list[str] = []
    doubts: list[str] = []
    for name in wanted:
        plan = there.get(name.casefold())
        try:
            weakness = plan.weakness if plan else "off"
        except FactUnavailable as error:
            doubts.append(f"{name}: {error}")
        else:
            weak += [f"{name} is {weakness}"] if weakness else []
    if weak:
        return failed(f"plans that do not watch everything: {listed(weak)}", on=there.values())
    if doubts:
        return inconclusive("; ".join(doubts), on=there.values())
    labels = ", ".join(there[name.casefold()].label for name in wanted)
    return passed(f"plans that are on: {labels}", on=there.values())


@rule(
    criteria=["CC7.1", "CC7.2", "CC6.8"],
    severity=Severity.HIGH,
    needs=[DefenderPlan],
    known_as=[
        "prowler:defender_ensure_defender_for_server_is_on",
        "prowler:defender_ensure_defender_for_app_services_is_on",
        "prowler:defender_ensure_defender_for_storage_is_on",
        "prowler:defender_ensure_defender_for_keyvault_is_on",
        "prowler:defender_ensure_defender_for_arm_is_on",
        "powerpipe:securitycenter_azure_defender_on_for_server",
        "powerpipe:securitycenter_azure_defender_on_for_storage",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_defender_servers_core(
    subscription: Subscription,  # noqa: ARG001 - what the verdict is said of
    evidence: Evidence,
    *,
    plans: tuple[str, ...] = (
        "VirtualMachines",
        "AppServices",
        "StorageAccounts",
        "KeyVaults",
        "Arm",
    ),
) -> Verdict:
    """Defender for Cloud watches servers, apps, storage, key vaults and Resource Manager.

    A plan counts that is on for the subscription and for each of its resources.

    Why: without it nobody sees a stolen key at work, or a machine that mines coins.
    Fix: az security pricing create --name VirtualMachines --tier Standard; and so on for each plan.
    """
    return _plans(evidence, plans)


@rule(
    criteria=["CC7.1", "CC7.2", "CC6.8"],
    severity=Severity.HIGH,
    needs=[DefenderPlan],
    known_as=[
        "prowler:defender_ensure_defender_for_databases_is_on",
        "prowler:defender_ensure_defender_for_azure_sql_databases_is_on",
        "prowler:defender_ensure_defender_for_sql_servers_is_on",
        "prowler:defender_ensure_defender_for_os_relational_databases_is_on",
        "prowler:defender_ensure_defender_for_cosmosdb_is_on",
        "powerpipe:securitycenter_azure_defender_on_for_sqldb",
        "powerpipe:securitycenter_azure_defender_on_for_database",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_defender_data(
    subscription: Subscription,  # noqa: ARG001 - what the verdict is said of
    evidence: Evidence,
    *,
    plans: tuple[str, ...] = (
        "SqlServers",
        "SqlServerVirtualMachines",
        "OpenSourceRelationalDatabases",
        "CosmosDbs",
    ),
) -> Verdict:
    """Defender for Cloud watches databases.

    A plan counts that is on for the subscription and for each of its resources.

    Why: injections and guessed passwords show in the queries, and nowhere else.
    Fix: az security pricing create --name SqlServers --tier Standard; and so on for each plan.
    """
    return _plans(evidence, plans)


@rule(
    criteria=["CC7.1", "CC7.2", "CC6.8"],
    severity=Severity.HIGH,
    needs=[DefenderPlan, Assessment, Registry, Cluster],
    known_as=[
        "prowler:defender_ensure_defender_for_containers_is_on",
        "prowler:defender_container_images_scan_enabled",
        "prowler:defender_container_images_resolved_vulnerabilities",
        "powerpipe:securitycenter_azure_defender_on_for_containers",
        "powerpipe:container_registry_vulnerabilities_remediated",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_defender_containers(subscription: Subscription, evidence: Evidence) -> Verdict:  # noqa: ARG001
    """Defender for Cloud watches containers, images are scanned, and what it finds is resolved.

    Images are judged by the recommendations on images, which Microsoft replaces by one for each finding since
    2026: of a registry or a cluster without one that was assessed, the answer is not known.

    Why: an image carries its holes into every place where it runs.
    Fix: az security pricing create --name Containers --tier Standard --extensions
        name=ContainerRegistriesVulnerabilityAssessments isEnabled=True; rebuild images that have findings.
    """
    plan = next((one for one in evidence.here(DefenderPlan) if same(one.name, "Containers")), None)
    if plan is None or (weakness := plan.weakness):
        return failed(f"the plan Containers is {weakness if plan else 'off'}")
    extensions = plan.properties.extensions
    if extensions is None:
        return inconclusive("Azure does not say whether images are scanned")
    if not any(same(one.name, _IMAGE_SCAN) and one.on for one in extensions):
        return failed("images in registries are not scanned", on=[plan])
    assessed = [one for one in evidence.here(Assessment) if one.name.casefold() in IMAGES]
    bad = [one for one in assessed if one.unhealthy]
    if bad:
        names = listed({last_part(one.resource_id) for one in bad})
        return failed(f"images with findings: {names}", on=bad)
    seen = [one.resource_id for one in assessed if one.healthy]
    unseen = [
        one.name
        for one in (*evidence.here(Registry), *evidence.here(Cluster))
        if not any(f"{where}/".startswith(f"{one.id.casefold()}/") for where in seen)
    ]
    if unseen:
        return inconclusive(
            f"registries and clusters of which no image has been assessed: {listed(unseen)}",
            on=assessed,
        )
    return passed("watched, and no image has findings", on=[plan, *assessed])


@rule(
    criteria=["CC7.3", "CC7.4", "CC6.8", "CC7.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:defender_additional_email_configured_with_a_security_contact",
        "prowler:defender_ensure_notify_emails_to_owners",
        "prowler:defender_ensure_notify_alerts_severity_is_high",
        "powerpipe:securitycenter_additional_email_configured",
        "powerpipe:securitycenter_notify_alerts_configured",
    ],
    empty=failed("there is no security contact"),
)
def azure_security_contacts(contact: SecurityContact, *, owners: bool = True) -> Verdict:
    """Defender for Cloud mails alerts to a security contact, and to the owners of the subscription.

    ``owners``: whether owners must be notified as well.

    Why: an alert that waits in a portal is read after the damage.
    Fix: az security contact create --name default --emails security@example.com --notifications-by-role
        '{"state": "On", "roles": ["Owner"]}' --alert-notifications '{"state": "On", "minimalSeverity":
        "High"}'.
    """
    settings = contact.properties
    if not (settings.emails or "").strip(" ;,"):
        return failed("no e-mail address")
    if settings.alerts_from is None:
        return failed("alerts are not mailed")
    by_role = settings.notifications_by_role
    on = by_role is not None and chosen(
        by_role.state or "Off", "notificationsByRole.state", good=("On",), bad=("Off",)
    )
    if owners and not (on and by_role and any(same(role, "Owner") for role in by_role.roles or ())):
        return failed("owners are not notified")
    who = "the contact and owners" if owners else "the contact"
    return passed(f"alerts are mailed to {who}, from {settings.alerts_from} on")


@rule(criteria=["CC7.3", "CC7.4"], severity=Severity.HIGH)
def azure_alerts_sla(
    alert: SecurityAlert,
    now: datetime,
    *,
    severities: tuple[str, ...] = ("High",),
    max_days: int = 7,
) -> Verdict:
    """Alerts of Defender for Cloud with high severity are closed in time.

    Azure does not say when an alert was closed, nor by whom: what is still open after ``max_days`` fails.

    Why: an alert that stays open is an incident that nobody handles.
    Fix: az security alert update --location LOCATION --name ALERT --status resolve, or dismiss, after it was
        looked into.
    """
    said = alert.properties
    others = [one for one in _SEVERITIES if not any(same(one, asked) for asked in severities)]
    if not chosen(said.severity, "severity", good=severities, bad=others):
        return not_applicable(f"the severity is {said.severity}")
    due = days_after(said.time_generated_utc, max_days)
    raised = f"raised on {said.time_generated_utc:%Y-%m-%d}"
    if chosen(said.status, "status", good=_CLOSED, bad=_OPEN):
        return passed(f"{raised}, {said.status}")
    if now >= due:
        return failed(f"{raised}, {said.status}, due {due:%Y-%m-%d}")
    return passed(f"{raised}, {said.status}, due {due:%Y-%m-%d}", until=due)


@rule(
    criteria=["CC7.1", "CC6.8", "CC7.2"],
    severity=Severity.LOW,
    needs=[DefenderSetting],
    known_as=[
        "prowler:defender_ensure_mcas_is_enabled",
        "powerpipe:securitycenter_mcas_integration",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_defender_integrations(
    subscription: Subscription,  # noqa: ARG001 - what the verdict is said of
    evidence: Evidence,
    *,
    integrations: tuple[str, ...] = ("MCAS",),
) -> Verdict:
    """Defender for Cloud is integrated with the services that the company's policy names.

    ``integrations``: ``MCAS`` (Defender for Cloud Apps), ``WDATP`` (Endpoint), ``Sentinel``.

    Why: what one of them sees alone is often no alert; together it is.
    Fix: az security setting update --name MCAS --setting-kind DataExportSettings --enabled true.
    """
    on = {
        one.name.casefold(): one for one in evidence.here(DefenderSetting) if one.properties.enabled
    }
    off = [name for name in integrations if name.casefold() not in on]
    if off:
        return failed(f"not integrated: {', '.join(off)}")
    return passed(
        f"integrated: {', '.join(integrations)}", on=[on[name.casefold()] for name in integrations]
    )

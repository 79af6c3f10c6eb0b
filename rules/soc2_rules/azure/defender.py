"""Defender for Cloud: which plans are on, who is told, and whether alerts are closed in time."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.arm import days_after, last_part, same
from soc2_collectors.azure.models.containers import Registry
from soc2_collectors.azure.models.security import (
    IMAGES,
    Assessment,
    DefenderPlan,
    DefenderSetting,
    SecurityAlert,
    SecurityContact,
)
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")
_OPEN = frozenset({"active", "inprogress"})
_IMAGE_SCAN = "ContainerRegistriesVulnerabilityAssessments"


def _off(evidence: Evidence, wanted: tuple[str, ...]) -> list[str]:
    """Of these plans, those that are off or not there."""
    on = {plan.name.casefold() for plan in evidence.here(DefenderPlan) if plan.on}
    return [name for name in wanted if name.casefold() not in on]


def _plans(evidence: Evidence, wanted: tuple[str, ...]) -> Verdict:
    off = _off(evidence, wanted)
    if off:
        return failed(f"plans that are off: {', '.join(off)}")
    return passed(f"plans that are on: {', '.join(wanted)}")


@rule(
    criteria=["CC7.1", "CC6.8"],
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

    Why: without it nobody sees a stolen key at work, or a machine that mines coins.
    Fix: az security pricing create --name VirtualMachines --tier Standard; and so on for each plan.
    """
    return _plans(evidence, plans)


@rule(
    criteria=["CC7.1", "CC6.8"],
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

    Why: injections and guessed passwords show in the queries, and nowhere else.
    Fix: az security pricing create --name SqlServers --tier Standard; and so on for each plan.
    """
    return _plans(evidence, plans)


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    needs=[DefenderPlan, Assessment, Registry],
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
    2026: where none of them is there, and a registry is, the answer is not known.

    Why: an image carries its holes into every place where it runs.
    Fix: az security pricing create --name Containers --tier Standard --extensions
        name=ContainerRegistriesVulnerabilityAssessments isEnabled=True; rebuild images that have findings.
    """
    plans = {plan.name.casefold(): plan for plan in evidence.here(DefenderPlan)}
    plan = plans.get("containers")
    if plan is None or not plan.on:
        return failed("the plan Containers is off")
    extensions = plan.properties.extensions
    if extensions is None:
        return inconclusive("Azure does not say whether images are scanned")
    if not any(same(one.name, _IMAGE_SCAN) and one.on for one in extensions):
        return failed("images in registries are not scanned")
    assessed = [one for one in evidence.here(Assessment) if one.name.casefold() in IMAGES]
    found = {last_part(one.resource_id) for one in assessed if one.unhealthy}
    if found:
        return failed(f"images with findings: {listed(found)}")
    if not assessed and evidence.here(Registry):
        return inconclusive("there are registries, and no image of them has been assessed")
    return passed("watched, and no image has findings")


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

    ``owners``: whether owners must be told as well.

    Why: an alert that waits in a portal is read after the damage.
    Fix: az security contact create --name default --emails security@example.com --alert-notifications
        severity=High --notifications-by-role with the role Owner.
    """
    settings = contact.properties
    if not (settings.emails or "").strip(" ;,"):
        return failed("no e-mail address")
    if settings.alerts_from is None:
        return failed("alerts are not mailed")
    by_role = settings.notifications_by_role
    told = by_role is not None and same(by_role.state, "On")
    if owners and not (
        told and by_role and any(same(role, "Owner") for role in by_role.roles or ())
    ):
        return failed("owners are not told")
    return passed(f"alerts are mailed from {settings.alerts_from} on")


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
    Fix: az security alert update --status resolve, or dismiss, after it was looked into.
    """
    said = alert.properties
    if not any(same(said.severity, one) for one in severities):
        return not_applicable(f"the severity is {said.severity}")
    due = days_after(said.time_generated_utc, max_days)
    raised = f"raised on {said.time_generated_utc:%Y-%m-%d}"
    if said.status.casefold() not in _OPEN:
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
    on = {one.name.casefold() for one in evidence.here(DefenderSetting) if one.properties.enabled}
    off = [name for name in integrations if name.casefold() not in on]
    if off:
        return failed(f"not integrated: {', '.join(off)}")
    return passed(f"integrated: {', '.join(integrations)}")

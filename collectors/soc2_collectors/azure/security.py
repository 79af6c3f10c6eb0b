"""Collects what Defender for Cloud is set to, found and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.security import (
    READ,
    Assessment,
    DefenderPlan,
    DefenderSetting,
    JitPolicy,
    SecurityAlert,
    SecurityContact,
    VaSetting,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_SECURITY = "/subscriptions/{subscriptionId}/providers/Microsoft.Security"
_ALERTS = f"{_SECURITY}/alerts"
_CONTACTS = f"{_SECURITY}/securityContacts"
_JIT = f"{_SECURITY}/jitNetworkAccessPolicies"
_PRICINGS = f"{_SECURITY}/pricings"
_SETTINGS = f"{_SECURITY}/settings"
_VA = f"{_SECURITY}/serverVulnerabilityAssessmentsSettings"


@collects(DefenderPlan, calls=[f"GET {_PRICINGS}"], per="subscription", cost="1")
def plans(azure: Azure) -> Iterator[Document]:
    """Plans, on or off."""
    for plan in azure.items(_PRICINGS, api_version="2024-01-01"):
        yield document(plan)


@collects(
    Assessment,
    calls=["RESOURCEGRAPH microsoft.security/assessments"],
    per="subscription",
    cost="pages of 1000",
)
def assessments(azure: Azure) -> Iterator[Document]:
    """Assessments of the recommendations that rules read."""
    keys = ", ".join(f"'{key}'" for key in sorted(READ))
    for assessment in azure.graph_query(
        "securityresources | where type =~ 'microsoft.security/assessments'"
        f" | where name in~ ({keys})"
    ):
        yield document(assessment)


@collects(DefenderSetting, calls=[f"GET {_SETTINGS}"], per="subscription", cost="1")
def settings(azure: Azure) -> Iterator[Document]:
    """Integrations."""
    for setting in azure.items(_SETTINGS, api_version="2022-05-01"):
        yield document(setting)


@collects(SecurityContact, calls=[f"GET {_CONTACTS}"], per="subscription", cost="1")
def contacts(azure: Azure) -> Iterator[Document]:
    """Who is told."""
    for contact in azure.items(_CONTACTS, api_version="2023-12-01-preview"):
        yield document(contact)


@collects(VaSetting, calls=[f"GET {_VA}"], per="subscription", cost="1")
def scanners(azure: Azure) -> Iterator[Document]:
    """The scanner that machines get."""
    for setting in azure.items(_VA, api_version="2023-05-01"):
        yield document(setting)


@collects(JitPolicy, calls=[f"GET {_JIT}"], per="subscription", cost="pages")
def jit_policies(azure: Azure) -> Iterator[Document]:
    """Policies of just-in-time access."""
    for policy in azure.items(_JIT, api_version="2020-01-01"):
        yield document(policy)


@collects(SecurityAlert, calls=[f"GET {_ALERTS}"], per="subscription", cost="pages")
def alerts(azure: Azure) -> Iterator[Document]:
    """Alerts that Defender for Cloud still keeps."""
    for alert in azure.items(_ALERTS, api_version="2022-01-01"):
        yield document(alert)

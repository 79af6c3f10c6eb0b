"""Collects the tenant of Entra, its people, and the settings that hold for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.entra import (
    AuthenticationMethodsPolicy,
    AuthorizationPolicy,
    DeviceRegistration,
    Registration,
    SignInActivity,
    Tenant,
    User,
)
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_ORGANIZATION = "/organization"
_GROUP_SETTINGS = "/groupSettings"
_USERS = "/users"
_REGISTRATIONS = "/reports/authenticationMethods/userRegistrationDetails"
_DOMAINS = "/domains"
_AUTHORIZATION = "/policies/authorizationPolicy"
_CONSENT_REQUESTS = "/policies/adminConsentRequestPolicy"
_METHODS = "/policies/authenticationMethodsPolicy"
_DEVICES = "/policies/deviceRegistrationPolicy"
_USER = (
    "id,userPrincipalName,displayName,mail,accountEnabled,userType,department,employeeId,createdDateTime,"
    "onPremisesSyncEnabled,externalUserState"
)
_ACTIVITY = "id,userPrincipalName,signInActivity"
_ACTIVITY_PAGE = 500
"""The most that Graph gives of a page with the sign-in activity."""


@collects(
    Tenant,
    calls=[f"GRAPH GET {_ORGANIZATION}", f"GRAPH GET {_GROUP_SETTINGS}"],
    per="tenant",
    cost="2",
)
def tenant(azure: Azure) -> Iterator[Document]:
    """The directory, its licences, and the settings of groups and passwords."""
    for record in azure.graph_items(_ORGANIZATION, top=None):
        settings = azure.graph_list_fact(_GROUP_SETTINGS, top=None)
        yield document(record, name="displayName", body={"groupSettings": settings})


@collects(User, calls=[f"GRAPH GET {_USERS}"], per="tenant", cost="pages of 999")
def users(azure: Azure) -> Iterator[Document]:
    """Members and guests, the disabled ones included."""
    for record in azure.graph_items(_USERS, select=_USER):
        yield document(record, name="userPrincipalName")


@collects(
    Registration,
    calls=[f"GRAPH GET {_REGISTRATIONS}", f"GRAPH GET {_DOMAINS}"],
    per="tenant",
    cost="pages + 1",
)
def registrations(azure: Azure) -> Iterator[Document]:
    """Which methods people have registered, and the domain by which they sign in; Entra ID P1.

    Where that is federated, another identity provider may ask for a second factor that is not registered here.
    """

    def domains() -> dict[str, Any]:
        listing = azure.graph_items(_DOMAINS, top=None, select="id,authenticationType")
        return {str(one.get("id")).casefold(): one for one in listing}

    def domain(name: str) -> Fact:
        suffix = name.rpartition("@")[2].casefold()
        return Fact(f"GRAPH GET {_DOMAINS}", lambda: azure.once("domains", domains).get(suffix))

    for record in azure.graph_items(_REGISTRATIONS, top=None):
        further = {"domain": domain(str(record.get("userPrincipalName")))}
        yield document(record, name="userPrincipalName", body=further)


@collects(SignInActivity, calls=[f"GRAPH GET {_USERS}"], per="tenant", cost="pages of 500")
def sign_in_activities(azure: Azure) -> Iterator[Document]:
    """When people last signed in; Entra ID P1, and the permission AuditLog.Read.All besides.

    Apart from the users themselves, whose listing would fail with it where the licence is missing.
    """
    for record in azure.graph_items(_USERS, top=_ACTIVITY_PAGE, select=_ACTIVITY):
        yield document(record, name="userPrincipalName")


@collects(
    AuthorizationPolicy,
    calls=[f"GRAPH GET {_AUTHORIZATION}", f"GRAPH GET {_CONSENT_REQUESTS}"],
    per="tenant",
    cost="2",
)
def authorization_policy(azure: Azure) -> Iterator[Document]:
    """What users may do of themselves, and whether they can ask for consent."""
    requests = azure.graph_fact(_CONSENT_REQUESTS, absent=())
    yield document(
        azure.graph_ask(_AUTHORIZATION),
        name="displayName",
        body={"adminConsentRequestPolicy": requests},
    )


@collects(AuthenticationMethodsPolicy, calls=[f"GRAPH GET {_METHODS}"], per="tenant", cost="1")
def authentication_methods_policy(azure: Azure) -> Iterator[Document]:
    """Which methods may be used to sign in."""
    yield document(azure.graph_ask(_METHODS), name="displayName")


@collects(DeviceRegistration, calls=[f"GRAPH GET {_DEVICES}"], per="tenant", cost="1")
def device_registration(azure: Azure) -> Iterator[Document]:
    """What it takes to join a device."""
    yield document(azure.graph_ask(_DEVICES), name="displayName")

"""acme-robotics' directory: its people in Entra, conditional access, roles, apps and settings.

The people are those of the emulated Okta org. What is wrong on purpose is listed in :data:`PLANTED`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_demo.azure_words import PRODUCTION, SANDBOX, TENANT, azure_id
from soc2_demo.company import Planted
from soc2_demo.okta_words import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_demo.azure import Tenant

PLANTED: tuple[Planted, ...] = (
    Planted("azure-all-users-mfa", "zoe.fischer@acme-robotics.example", "no second factor"),
    Planted(
        "azure-vm-login-mfa",
        "zoe.fischer@acme-robotics.example",
        "operates machines by a password",
    ),
    Planted("azure-inactive-users", "dina.solberg@acme-robotics.example", "115 days without"),
    Planted(
        "azure-disabled-users-no-roles", "william.adeyemi@acme-robotics.example", "an admin still"
    ),
    Planted("azure-legacy-auth-blocked", "Acme Robotics", "device codes: the policy only reports"),
    Planted("azure-guests-controlled", "Authorization Policy", "anybody invites guests"),
    Planted("azure-weak-methods-off", "Authentication Methods Policy", "text messages are on"),
    Planted("azure-app-credentials", "Warehouse sync", "a secret of ten years"),
    Planted("azure-privileged-apps", "HR import", "a secret opens the tenant"),
    Planted("azure-device-join-mfa", "Device Registration Policy", "a password joins a device"),
)
"""Every fault that was put in on purpose here."""

DOMAIN = "acme-robotics.example"
GLASS = ("glass-1", "glass-2")
_GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
_USER_ADMIN = "fe930be7-5e62-47db-91af-98c3a49a38b1"
_SECURITY = "194ae4cb-b126-40b2-bd5b-6091b380977d"
_ACCESS = "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"
_GRAPH_APP = "00000003-0000-0000-c000-000000000000"
_ROLE_MANAGEMENT = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
_GLASS_GROUP = azure_id("group:break-glass")
_SECURITY_GROUP = azure_id("group:security-team")
_CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_P2 = "eec0eb4f-6444-4f95-aba0-50c24d67f998"


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def user_id(login: str) -> str:
    """The object id of somebody."""
    return azure_id(f"user:{login}")


def _people(now: datetime) -> list[dict[str, Any]]:
    found = []
    for person in PEOPLE:
        if person.login.startswith("svc-"):
            continue
        found.append(
            _user(
                person.login,
                person.mail,
                now - timedelta(days=person.hired),
                enabled=person.status not in ("SUSPENDED", "DEPROVISIONED"),
                department=person.department,
            )
        )
    for name in GLASS:
        login = f"{name}@acme-robotics.onmicrosoft.com"
        found.append(_user(name, login, now - timedelta(days=900), mail=None))
    guest = _user(
        "guest-pixel",
        "kai_pixel.example#EXT#@acme-robotics.onmicrosoft.com",
        now - timedelta(days=60),
        mail="kai@pixel.example",
    )
    return [*found, {**guest, "userType": "Guest", "externalUserState": "Accepted"}]


def _user(
    login: str,
    principal: str,
    created: datetime,
    *,
    enabled: bool = True,
    department: str | None = None,
    mail: str | None = "",
) -> dict[str, Any]:
    return {
        "id": user_id(login),
        "userPrincipalName": principal,
        "displayName": login.replace("-", " ").title(),
        "mail": principal if mail == "" else mail,
        "accountEnabled": enabled,
        "userType": "Member",
        "department": department,
        "employeeId": None,
        "createdDateTime": _text(created),
        "onPremisesSyncEnabled": None,
        "externalUserState": None,
    }


def _reference(login: str, principal: str) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": user_id(login),
        "displayName": login,
        "userPrincipalName": principal,
    }


def _group(number: str, name: str) -> dict[str, Any]:
    return {"id": number, "displayName": name, "visibility": None}


def _policy(name: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    conditions = {
        "users": {
            "includeUsers": ["All"], "excludeUsers": [], "includeGroups": [],
            "excludeGroups": [_GLASS_GROUP], "includeRoles": [], "excludeRoles": [],
            "includeGuestsOrExternalUsers": None, "excludeGuestsOrExternalUsers": None,
        },
        "applications": {
            "includeApplications": ["All"], "excludeApplications": [], "includeUserActions": [],
            "includeAuthenticationContextClassReferences": [], "applicationFilter": None,
        },
        "clientAppTypes": ["all"],
        "platforms": None, "locations": None, "devices": None, "clientApplications": None,
        "authenticationFlows": None, "insiderRiskLevels": None,
        "userRiskLevels": [], "signInRiskLevels": [], "servicePrincipalRiskLevels": [],
        **changes.pop("conditions", {}),
    }  # fmt: skip
    return {
        "id": azure_id(f"policy:{name}"),
        "displayName": name,
        "state": "enabled",
        "conditions": conditions,
        "grantControls": _grant("mfa"),
        "sessionControls": None,
        "createdDateTime": "2024-03-01T08:00:00Z",
        "modifiedDateTime": None,
        "templateId": None,
        **changes,
    }


def _grant(*controls: str, operator: str = "OR") -> dict[str, Any]:
    return {
        "operator": operator,
        "builtInControls": list(controls),
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        "authenticationStrength": None,
    }


def _policies() -> list[dict[str, Any]]:
    return [
        _policy("Second factor for everybody"),
        _policy(
            "No old clients",
            conditions={"clientAppTypes": ["exchangeActiveSync", "other"]},
            grantControls=_grant("block"),
        ),
        _policy(
            "No device codes",
            state="enabledForReportingButNotEnforced",
            conditions={"authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
            grantControls=_grant("block"),
        ),
        _policy("Risky sign-ins", conditions={"signInRiskLevels": ["high"]}),
        _policy(
            "Risky users",
            conditions={"userRiskLevels": ["high"]},
            grantControls=_grant("mfa", "passwordChange", operator="AND"),
        ),
        _policy(
            "Not from there",
            conditions={
                "locations": {
                    "includeLocations": [azure_id("location:embargo")],
                    "excludeLocations": [],
                }
            },
            grantControls=_grant("block"),
        ),
    ]


def people(state: Tenant, now: datetime) -> None:
    """The directory, who is in it, their factors and their last sign-ins."""
    last = {p.mail: p.signed_in for p in PEOPLE}
    users = _people(now)
    activity, factors = [], []
    for user in users:
        days = last.get(user["userPrincipalName"], 3)
        seen = None if days is None else _text(now - timedelta(days=days))
        activity.append(
            {
                "id": user["id"],
                "userPrincipalName": user["userPrincipalName"],
                "signInActivity": {
                    "lastSignInDateTime": seen,
                    "lastSignInRequestId": azure_id(f"request:{now}"),
                    "lastNonInteractiveSignInDateTime": None,
                    "lastSuccessfulSignInDateTime": seen,
                },
            }
        )
        methods = ["microsoftAuthenticatorPush"]
        if user["userPrincipalName"].startswith("glass"):
            methods = ["fido2SecurityKey"]
        if user["userPrincipalName"].startswith("zoe."):
            methods = []
        factors.append(
            {
                "id": user["id"],
                "userPrincipalName": user["userPrincipalName"],
                "userType": user["userType"].lower(),
                "isMfaRegistered": bool(methods),
                "isMfaCapable": bool(methods),
                "methodsRegistered": methods,
                "lastUpdatedDateTime": _text(now),
            }
        )
    state.answers["/v1.0/organization"] = [
        {
            "id": TENANT,
            "displayName": "Acme Robotics",
            "assignedPlans": [
                {
                    "service": "AADPremiumService",
                    "servicePlanId": _P2,
                    "capabilityStatus": "Enabled",
                }
            ],
        }
    ]
    state.answers["/v1.0/groupSettings"] = [
        {
            "id": azure_id("setting:passwords"),
            "displayName": "Password Rule Settings",
            "templateId": "5cf42378-d67d-4f36-ba46-e8b86229381d",
            "values": [
                {"name": "EnableBannedPasswordCheck", "value": "True"},
                {"name": "BannedPasswordList", "value": "acme\trobotics"},
                {"name": "LockoutThreshold", "value": "10"},
                {"name": "LockoutDurationInSeconds", "value": "60"},
            ],
        },
        {
            "id": azure_id("setting:groups"),
            "displayName": "Group.Unified",
            "templateId": "62375ab9-6b52-47ed-826b-58e47e0e304b",
            "values": [{"name": "EnableGroupCreation", "value": "false"}],
        },
    ]
    state.answers["/v1.0/domains"] = [
        {"id": name, "authenticationType": "Managed"}
        for name in sorted({user["userPrincipalName"].rpartition("@")[2] for user in users})
    ]
    state.answers["/v1.0/users"] = users
    state.answers["/v1.0/users?$select=id,userPrincipalName,signInActivity"] = activity
    state.answers["/v1.0/reports/authenticationMethods/userRegistrationDetails"] = factors


def access(state: Tenant, now: datetime) -> None:  # noqa: ARG001 - as every area
    """Conditional access and the settings of the tenant."""
    glass = [_reference(name, f"{name}@acme-robotics.onmicrosoft.com") for name in GLASS]
    policies = "/v1.0/policies"
    state.answers.update(
        {
            "/v1.0/identity/conditionalAccess/policies": _policies(),
            "/v1.0/identity/conditionalAccess/namedLocations": [
                {
                    "@odata.type": "#microsoft.graph.ipNamedLocation",
                    "id": azure_id("location:office"),
                    "displayName": "Office",
                    "isTrusted": True,
                    "ipRanges": [
                        {
                            "@odata.type": "#microsoft.graph.iPv4CidrRange",
                            "cidrAddress": "203.0.113.0/24",
                        }
                    ],
                },
                {
                    "@odata.type": "#microsoft.graph.countryNamedLocation",
                    "id": azure_id("location:embargo"),
                    "displayName": "Embargo",
                    "countriesAndRegions": ["KP"],
                    "includeUnknownCountriesAndRegions": False,
                },
            ],
            f"/v1.0/groups/{_GLASS_GROUP}": _group(_GLASS_GROUP, "Break glass"),
            f"/v1.0/groups/{_GLASS_GROUP}/transitiveMembers": glass,
            f"{policies}/identitySecurityDefaultsEnforcementPolicy": {
                "id": "00000000-0000-0000-0000-000000000005",
                "displayName": "Security Defaults",
                "isEnabled": False,
            },
            f"{policies}/authorizationPolicy": {
                "id": "authorizationPolicy",
                "displayName": "Authorization Policy",
                "allowInvitesFrom": "everyone",
                "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
                "defaultUserRolePermissions": {
                    "allowedToCreateApps": False,
                    "allowedToCreateSecurityGroups": False,
                    "allowedToCreateTenants": False,
                    "permissionGrantPoliciesAssigned": [
                        "ManagePermissionGrantsForSelf.microsoft-user-default-low"
                    ],
                },
            },
            f"{policies}/adminConsentRequestPolicy": {"isEnabled": True, "version": 1},
            f"{policies}/authenticationMethodsPolicy": {
                "id": "authenticationMethodsPolicy",
                "displayName": "Authentication Methods Policy",
                "policyMigrationState": "migrationComplete",
                "authenticationMethodConfigurations": [
                    {"id": "Fido2", "state": "enabled"},
                    {"id": "MicrosoftAuthenticator", "state": "enabled"},
                    {"id": "Sms", "state": "enabled"},
                    {"id": "Voice", "state": "disabled"},
                    {"id": "Email", "state": "disabled"},
                ],
            },
            f"{policies}/deviceRegistrationPolicy": {
                "id": "deviceRegistrationPolicy",
                "displayName": "Device Registration Policy",
                "userDeviceQuota": 50,
                "multiFactorAuthConfiguration": "notRequired",
            },
        }
    )


def roles(state: Tenant, now: datetime) -> None:
    """Who holds roles, how, and what is reviewed."""
    holders = [
        (_GLOBAL, _reference(name, f"{name}@acme-robotics.onmicrosoft.com")) for name in GLASS
    ]
    will = _reference("william-adeyemi", f"william.adeyemi@{DOMAIN}")
    holders.append((_USER_ADMIN, will))
    team = {
        "@odata.type": "#microsoft.graph.group",
        "id": _SECURITY_GROUP,
        "displayName": "Security team",
    }
    holders.append((_SECURITY, team))
    assignments = [
        {
            "id": azure_id(f"assignment:{role}:{one['id']}"),
            "principalId": one["id"],
            "roleDefinitionId": role,
            "directoryScopeId": "/",
            "principal": one,
        }
        for role, one in holders
    ]
    management = "/v1.0/roleManagement/directory"
    state.answers[f"{management}/roleAssignments"] = assignments
    state.answers[f"{management}/roleAssignmentScheduleInstances"] = [
        {
            **one,
            "assignmentType": "Assigned",
            "memberType": "Direct",
            "startDateTime": _text(now - timedelta(days=400)),
            "endDateTime": None,
        }
        for one in assignments
    ]
    state.answers[f"{management}/roleEligibilityScheduleInstances"] = [
        {
            "id": azure_id("eligible:security-team"),
            "principalId": team["id"],
            "roleDefinitionId": _ACCESS,
            "directoryScopeId": "/",
            "memberType": "Direct",
            "startDateTime": _text(now - timedelta(days=200)),
            "endDateTime": None,
            "principal": team,
        }
    ]
    state.answers[f"/v1.0/groups/{_SECURITY_GROUP}/transitiveMembers"] = [
        _reference("ana-kovac", f"ana.kovac@{DOMAIN}")
    ]
    joining = "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
    state.answers[joining] = []
    state.answers["/v1.0/policies/roleManagementPolicyAssignments"] = [
        {
            "id": f"DirectoryRole_{TENANT}_{azure_id(role)}_{role}",
            "scopeId": "/",
            "scopeType": "DirectoryRole",
            "roleDefinitionId": role,
            "policy": {
                "id": f"DirectoryRole_{TENANT}_{azure_id(role)}",
                "rules": [
                    {
                        "id": "Approval_EndUser_Assignment",
                        "setting": {"isApprovalRequired": role == _GLOBAL},
                    }
                ],
            },
        }
        for role in (_GLOBAL, _USER_ADMIN, _SECURITY, _ACCESS)
    ]
    _reviews(state, now)


def _reviews(state: Tenant, now: datetime) -> None:
    """Who holds roles, and which guests there are: both were asked last month."""
    definitions = "/v1.0/identityGovernance/accessReviews/definitions"
    roles = "/roleManagement/directory/roleDefinitions"
    asked: dict[str, dict[str, Any]] = {
        "Administrators": {
            "scope": {
                "@odata.type": "#microsoft.graph.principalResourceMembershipsScope",
                "principalScopes": [{"query": "/users", "queryType": "MicrosoftGraph"}],
                "resourceScopes": [
                    {"query": f"{roles}/{role}", "queryType": "MicrosoftGraph"}
                    for role in (_GLOBAL, _USER_ADMIN, _SECURITY, _ACCESS)
                ],
            },
            "instanceEnumerationScope": None,
        },
        "Guests": {
            "scope": {
                "@odata.type": "#microsoft.graph.accessReviewQueryScope",
                "query": "./members/microsoft.graph.user/?$count=true&$filter=(userType eq 'Guest')",
                "queryType": "MicrosoftGraph",
            },
            "instanceEnumerationScope": {
                "query": "/groups?$filter=(groupTypes/any(c:c+eq+'Unified'))",
                "queryType": "MicrosoftGraph",
            },
        },
    }
    recurrence = {
        "pattern": {"type": "absoluteMonthly", "interval": 3},
        "range": {
            "type": "noEnd",
            "startDate": f"{now - timedelta(days=400):%Y-%m-%d}",
            "endDate": None,
            "numberOfOccurrences": 0,
        },
    }
    about_whom = {"Administrators": GLASS[0], "Guests": "guest-pixel"}
    state.answers[definitions] = []
    for name, about in asked.items():
        review, last = azure_id(f"review:{name}"), azure_id(f"round:{name}")
        state.answers[definitions].append(
            {
                "id": review,
                "displayName": name,
                "status": "InProgress",
                **about,
                "settings": {"recurrence": recurrence},
            }
        )
        state.answers[f"{definitions}/{review}/instances"] = [
            {
                "id": last,
                "status": "Applied",
                "startDateTime": _text(now - timedelta(days=40)),
                "endDateTime": _text(now - timedelta(days=26)),
            }
        ]
        state.answers[f"{definitions}/{review}/instances/{last}/decisions"] = [
            {
                "id": azure_id(f"decision:{name}"),
                "decision": "Approve",
                "reviewedBy": {"id": user_id("ana-kovac"), "displayName": "ana-kovac"},
                "reviewedDateTime": _text(now - timedelta(days=27)),
                "principal": {"id": user_id(about_whom[name])},
                "applyResult": "New",
            }
        ]


def apps(state: Tenant, now: datetime) -> None:
    """Apps with their secrets, and what they may do."""
    own_apps = [_app("Warehouse sync", now, days=3650), _app("HR import", now, days=180)]
    state.answers["/v1.0/applications"] = own_apps
    state.answers["/v1.0/applications?$expand=federatedIdentityCredentials"] = [
        {"id": one["id"], "federatedIdentityCredentials": []} for one in own_apps
    ]
    graph = {
        "id": azure_id("sp:graph"),
        "appId": _GRAPH_APP,
        "displayName": "Microsoft Graph",
        "appRoles": [
            {"id": _ROLE_MANAGEMENT, "value": "RoleManagement.ReadWrite.Directory"},
            {"id": azure_id("role:user-read"), "value": "User.Read.All"},
        ],
    }
    own: list[dict[str, Any]] = [
        {
            "id": azure_id(f"sp:{name}"),
            "appId": azure_id(f"app:{name}"),
            "displayName": name,
            "accountEnabled": True,
            "servicePrincipalType": "Application",
            "appOwnerOrganizationId": TENANT,
            "passwordCredentials": [],
            "keyCredentials": [],
            "owners": [],
        }
        for name in ("Warehouse sync", "HR import")
    ]
    principals = "/v1.0/servicePrincipals"
    state.answers[principals] = own
    state.answers[f"{principals}?$filter=appId eq '{_GRAPH_APP}'"] = [graph]
    state.answers["/v1.0/oauth2PermissionGrants"] = [
        {
            "id": "grant-of-the-warehouse",
            "clientId": azure_id("sp:Warehouse sync"),
            "consentType": "Principal",
            "principalId": user_id("ana-kovac"),
            "resourceId": graph["id"],
            "scope": "openid User.Read",
        }
    ]
    state.answers[f"{principals}/{graph['id']}/appRoleAssignedTo"] = [
        {
            "id": f"permission-{name}",
            "appRoleId": role,
            "principalId": azure_id(f"sp:{name}"),
            "principalType": "ServicePrincipal",
            "principalDisplayName": name,
            "resourceId": graph["id"],
        }
        for name, role in (
            ("HR import", _ROLE_MANAGEMENT),
            ("Warehouse sync", azure_id("role:user-read")),
        )
    ]


def _app(name: str, now: datetime, *, days: int) -> dict[str, Any]:
    start = now - timedelta(days=30)
    return {
        "id": azure_id(f"application:{name}"),
        "appId": azure_id(f"app:{name}"),
        "displayName": name,
        "createdDateTime": _text(start),
        "signInAudience": "AzureADMyOrg",
        "passwordCredentials": [
            {
                "keyId": azure_id(f"key:{name}"),
                "displayName": "pipeline",
                "startDateTime": _text(start),
                "endDateTime": _text(start + timedelta(days=days)),
                "hint": "abc",
                "secretText": None,
            }
        ],
        "keyCredentials": [],
        "owners": [],
    }


def subscriptions(state: Tenant, now: datetime) -> None:  # noqa: ARG001 - as every area
    """Who may do what on the subscriptions: the operators of the machines, by a group."""
    number = azure_id("group:machine-operators")
    state.answers[f"/v1.0/groups/{number}"] = _group(number, "Machine operators")
    state.answers[f"/v1.0/groups/{number}/transitiveMembers"] = [
        _reference(login, f"{login.replace('-', '.')}@{DOMAIN}")
        for login in ("ben-osei", "zoe-fischer")
    ]
    for one in (PRODUCTION, SANDBOX):
        authorization = f"/subscriptions/{one}/providers/Microsoft.Authorization"
        held = {
            "id": f"{authorization}/roleAssignments/{azure_id(f'operators:{one}')}",
            "name": azure_id(f"operators:{one}"),
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": f"{authorization}/roleDefinitions/{_CONTRIBUTOR}",
                "principalId": number,
                "principalType": "Group",
                "scope": f"/subscriptions/{one}",
                "condition": None,
            },
        }
        state.answers.setdefault(f"{authorization}/roleAssignments", []).append(held)
        state.answers[f"{authorization}/roleEligibilityScheduleInstances"] = []


AREAS: tuple[Callable[[Tenant, datetime], None], ...] = (
    people,
    access,
    roles,
    apps,
    subscriptions,
)
"""What this module adds to the tenant."""

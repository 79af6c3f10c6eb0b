"""Who may do what in acme-robotics' Okta: factors, roles, groups, tokens, apps, reviews and the log.

It builds upon the people of :mod:`soc2_demo.okta_company`. What is wrong on purpose is listed in
:data:`PLANTED`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from soc2_demo.company import Planted
from soc2_demo.okta_words import HOST, PEOPLE, Person, ago, okta_id, user

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_SERVICE = "svc-hr-sync"
_SIGN_IN = ("ACTIVE", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY")


def _number(login: str) -> str:
    return okta_id("00u", login)


PLANTED: tuple[Planted, ...] = (
    Planted(
        "okta-users-without-mfa",
        "zoe.fischer@acme-robotics.example",
        "nothing but a security question",
    ),
    Planted(
        "okta-deprovisioned-in-sla",
        "erik.holm@acme-robotics.example",
        "left 135 days ago by the roster, and his user lives on",
    ),
    Planted("okta-admin-inactive", _number("william-adeyemi"), "suspended, and still an admin"),
    Planted("okta-admin-role-least-privilege", _number(_SERVICE), "a service account runs it all"),
    Planted("okta-admin-role-least-privilege", _number("bianca-moretti"), "a role by no group"),
    Planted("okta-api-token-owner", "HR import", "a super administrator's token"),
    Planted("okta-api-token-network", "HR import", "it works from anywhere"),
    Planted("okta-api-token-stale", "old dashboards", "made two years ago"),
    Planted("okta-app-provisioning", "Payroll", "nobody tells it who left"),
    Planted("okta-app-assignment-by-group", "Wiki", "everyone has it"),
    Planted("okta-app-assignment-by-group", "AWS IAM Identity Center", "two people one by one"),
    Planted("okta-app-sso-federated", "Bank portal", "a password that Okta types in"),
    Planted("okta-service-app-super-admin", "Automation", "a program that may do everything"),
    Planted("okta-inbound-idps", "Pixel Agency", "anybody of the agency becomes anybody here"),
    Planted("okta-access-reviews", "Production access, last quarter", "an item was left undecided"),
    Planted("okta-admin-changes-reviewed", "Update policy rule", "nobody looked at the change"),
)
"""Every fault that was put in on purpose here."""


def factors(now: datetime) -> dict[str, Any]:
    """What everybody who can sign in has enrolled."""
    return {
        f"/api/v1/users/{person.id}/factors": [
            _factor(person, sort, now) for sort in _factors(person)
        ]
        for person in PEOPLE
        if person.status in _SIGN_IN
    }


def _factors(person: Person) -> tuple[str, ...]:
    if person.login == "zoe-fischer":
        return ("question", "email")
    if person.department in ("Security", "IT") or person.login in ("ana-kovac", "david-lindqvist"):
        return ("webauthn", "signed_nonce")
    if person.department == "Sales":
        return ("sms",)
    return ("push", "token:software:totp")


def _factor(person: Person, sort: str, now: datetime) -> dict[str, Any]:
    return {
        "id": okta_id("ufs", person.login + sort),
        "factorType": sort,
        "provider": "FIDO" if sort == "webauthn" else "OKTA",
        "vendorName": "FIDO" if sort == "webauthn" else "OKTA",
        "status": "ACTIVE",
        "created": ago(now, person.hired - 1),
        "lastUpdated": ago(now, person.hired - 1),
        "profile": {"credentialId": person.mail},
    }


# -- roles and groups -------------------------------------------------------------------------------------

_LABELS = {
    "SUPER_ADMIN": "Super Administrator",
    "HELP_DESK_ADMIN": "Help Desk Administrator",
    "APP_ADMIN": "Application Administrator",
    "READ_ONLY_ADMIN": "Read-only Administrator",
}
_ADMINS = {
    "adam-lund": ("SUPER_ADMIN", "USER"),
    "fatima-haddad": ("SUPER_ADMIN", "USER"),
    _SERVICE: ("SUPER_ADMIN", "USER"),
    "bianca-moretti": ("HELP_DESK_ADMIN", "USER"),
    "william-adeyemi": ("APP_ADMIN", "GROUP"),
    "nadia-rahman": ("CUSTOM", "USER"),
}
_READER = okta_id("cr0", "Evidence reader")
_GROUPS = {
    "Everyone": ("BUILT_IN", ()),
    "Engineering": ("OKTA_GROUP", ()),
    "Finance": ("OKTA_GROUP", ()),
    "Sales": ("OKTA_GROUP", ()),
    "Support": ("OKTA_GROUP", ()),
    "Okta administrators": ("OKTA_GROUP", ("ana-kovac", "david-lindqvist")),
}
"""Name to type, and who becomes super administrator by it."""


def roles(now: datetime) -> dict[str, Any]:
    """Administrators, custom roles, and groups."""
    answers: dict[str, Any] = {
        "/api/v1/iam/assignees/users": {
            "value": [
                {"id": _number(login), "orn": f"orn:okta:directory:{HOST}:users:{_number(login)}"}
                for login in _ADMINS
            ],
            "_links": {},
        },
        "/api/v1/iam/roles": {
            "roles": [
                {
                    "id": _READER,
                    "label": "Evidence reader",
                    "description": "Reads what auditors ask for",
                    "created": ago(now, 200),
                    "lastUpdated": ago(now, 200),
                }
            ],
            "_links": {},
        },
        f"/api/v1/iam/roles/{_READER}/permissions": {
            "permissions": [
                {"label": label, "created": ago(now, 200), "conditions": None}
                for label in ("okta.users.read", "okta.groups.read", "okta.iam.read")
            ]
        },
    }
    for login, (sort, how) in _ADMINS.items():
        answers[f"/api/v1/users/{_number(login)}/roles"] = [_role(login, sort, how, now)]
    return {**answers, **_groups(now)}


def _role(owner: str, sort: str, how: str, now: datetime) -> dict[str, Any]:
    return {
        "id": okta_id("ra1", owner + sort),
        "label": _LABELS.get(sort, "Evidence reader"),
        "type": sort,
        "status": "ACTIVE",
        "created": ago(now, 300),
        "lastUpdated": ago(now, 300),
        "assignmentType": how,
        **({"role": _READER, "resource-set": okta_id("iam", "all")} if sort == "CUSTOM" else {}),
    }


def _groups(now: datetime) -> dict[str, Any]:
    people = {person.login: person for person in PEOPLE}
    listed, answers = [], {}
    for name, (sort, admins) in _GROUPS.items():
        number = okta_id("00g", name)
        inside = [p for p in PEOPLE if name in ("Everyone", p.department)]
        listed.append(
            {
                "id": number,
                "created": ago(now, 2000),
                "lastUpdated": ago(now, 400),
                "lastMembershipUpdated": ago(now, 3),
                "objectClass": ["okta:user_group"],
                "type": sort,
                "profile": {"name": name, "description": None},
                "_embedded": {
                    "stats": {
                        "usersCount": len(admins) or len(inside),
                        "appsCount": 1,
                        "groupPushMappingsCount": 0,
                        "hasAdminPrivilege": bool(admins),
                    }
                },
            }
        )
        if admins:
            given = [_role(name, "SUPER_ADMIN", "GROUP", now)]
            answers[f"/api/v1/groups/{number}/roles"] = given
            for one in admins:
                answers[f"/api/v1/users/{_number(one)}/roles"] = given
        members = [people[one] for one in admins] or inside
        answers[f"/api/v1/groups/{number}/users"] = [user(one, now) for one in members]
    return {"/api/v1/groups": listed, **answers}


# -- tokens -----------------------------------------------------------------------------------------------


def tokens(now: datetime) -> dict[str, Any]:
    """API tokens."""
    zone = {"connection": "ZONE", "include": [okta_id("nzo", "office")], "exclude": []}
    anywhere = {"connection": "ANYWHERE"}
    return {
        "/api/v1/api-tokens": [
            _token("HR import", "adam-lund", 150, 1, anywhere, now),
            _token("old dashboards", "bianca-moretti", 730, 2, zone, now),
            _token("ticket export", "bianca-moretti", 90, 1, zone, now),
        ]
    }


def _token(
    name: str, owner: str, made: float, used: float, network: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "id": okta_id("00T", name),
        "name": name,
        "userId": _number(owner),
        "clientName": "Okta API",
        "tokenWindow": "P30D",
        "network": network,
        "expiresAt": ago(now, used - 30),
        "created": ago(now, made),
        "lastUpdated": ago(now, used),
    }


# -- apps -------------------------------------------------------------------------------------------------

_PUSHES = ["PUSH_NEW_USERS", "PUSH_PROFILE_UPDATES", "PUSH_USER_DEACTIVATION"]
_APPS: tuple[tuple[str, str, str, list[str], tuple[str, ...], tuple[str, ...]], ...] = (
    ("saasure", "Okta Admin Console", "OPENID_CONNECT", [], (), ()),
    ("okta_enduser", "Okta Dashboard", "OPENID_CONNECT", [], (), ()),
    ("githubcloud", "GitHub", "SAML_2_0", _PUSHES, ("Engineering",), ()),
    ("zendesk", "Helpdesk", "SAML_2_0", _PUSHES, ("Support", "Sales"), ()),
    (
        "amazon_aws_sso",
        "AWS IAM Identity Center",
        "SAML_2_0",
        _PUSHES,
        ("Engineering",),
        ("ana-kovac", "fatima-haddad"),
    ),
    ("adp_workforce", "Payroll", "SAML_2_0", [], ("Finance",), ()),
    ("confluence", "Wiki", "OPENID_CONNECT", _PUSHES, ("Everyone",), ()),
    ("template_swa", "Bank portal", "BROWSER_PLUGIN", [], ("Finance",), ()),
    ("bookmark", "Cafeteria", "BOOKMARK", [], ("Everyone",), ()),
    ("oidc_client", "Automation", "OPENID_CONNECT", [], (), ()),
    ("oidc_client", "soc2 evidence", "OPENID_CONNECT", [], (), ()),
)
"""Key, label, way to sign in, provisioning, groups, single people. ``oidc_client`` are service apps."""
_CLIENT_ROLES = {"Automation": "SUPER_ADMIN", "soc2 evidence": "READ_ONLY_ADMIN"}
ACCESS_POLICIES = {"saasure": okta_id("rst", "Okta Admin Console")}
"""Key of an app to the id of its sign-in policy; the others share :data:`ANY_APP`."""
ANY_APP = okta_id("rst", "Any two factors")


def apps(now: datetime) -> dict[str, Any]:
    """Apps and their assignments."""
    listed, answers = [], {}
    for key, label, mode, features, by_group, single in _APPS:
        number = okta_id("0oa", label)
        listed.append(_app(key, label, mode, features, now))
        if label in _CLIENT_ROLES:
            role = _role(label, _CLIENT_ROLES[label], "CLIENT", now)
            answers[f"/oauth2/v1/clients/{number}/roles"] = [role]
        answers[f"/api/v1/apps/{number}/groups"] = [
            {"id": okta_id("00g", name), "priority": rank, "lastUpdated": ago(now, 300)}
            for rank, name in enumerate(by_group)
        ]
        by_groups = [p.login for p in PEOPLE if p.department in by_group]
        answers[f"/api/v1/apps/{number}/users"] = [
            {
                "id": _number(login),
                "scope": "USER" if login in single else "GROUP",
                "status": "ACTIVE",
                "created": ago(now, 100),
                "credentials": {"userName": login},
            }
            for login in sorted({*single, *by_groups})
        ]
    return {"/api/v1/apps": listed, **answers}


def _app(key: str, label: str, mode: str, features: list[str], now: datetime) -> dict[str, Any]:
    number = okta_id("0oa", label)
    policy = ACCESS_POLICIES.get(key, ANY_APP)
    oauth = {"application_type": "service" if key == "oidc_client" else "web"}
    return {
        "id": number,
        "orn": f"orn:okta:idp:{okta_id('00o', HOST)}:apps:{key}:{number}",
        "name": key,
        "label": label,
        "status": "ACTIVE",
        "created": ago(now, 900),
        "lastUpdated": ago(now, 200),
        "accessibility": {"selfService": False},
        "visibility": {"autoSubmitToolbar": False, "hide": {"iOS": False, "web": False}},
        "features": features,
        "signOnMode": mode,
        "credentials": {"userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"}},
        "settings": {"app": {}, **({"oauthClient": oauth} if mode == "OPENID_CONNECT" else {})},
        "_links": {"accessPolicy": {"href": f"https://{HOST}/api/v1/policies/{policy}"}},
    }


# -- whom the org believes, and what was reviewed -----------------------------------------------------------


def identity_providers(now: datetime) -> dict[str, Any]:
    """One agency whose people work here too."""
    return {
        "/api/v1/idps": [
            {
                "id": okta_id("0oa", "Pixel Agency"),
                "type": "SAML2",
                "name": "Pixel Agency",
                "status": "ACTIVE",
                "created": ago(now, 420),
                "lastUpdated": ago(now, 420),
                "protocol": {"type": "SAML2"},
                "policy": {
                    "provisioning": {
                        "action": "DISABLED",
                        "profileMaster": False,
                        "groups": {"action": "NONE"},
                        "conditions": {
                            "deprovisioned": {"action": "NONE"},
                            "suspended": {"action": "NONE"},
                        },
                    },
                    "accountLink": {"action": "AUTO", "filter": None},
                    "subject": {"filter": None, "matchType": "USERNAME"},
                },
            }
        ]
    }


def governance(now: datetime) -> dict[str, Any]:
    """Two quarterly reviews of access, and one that is under way."""
    campaigns = {
        "Production access, last quarter": ("COMPLETED", 60),
        "Finance systems, last quarter": ("COMPLETED", 55),
        "Production access": ("ACTIVE", -7),
    }
    answers: dict[str, Any] = {
        "/governance/api/v1/campaigns": {
            "data": [
                {
                    "id": okta_id("ici", name),
                    "name": name,
                    "status": status,
                    "scheduleType": "ONE_OFF",
                    "reviewerType": "MANAGER",
                    "startDate": ago(now, ends + 14),
                    "endDate": ago(now, ends),
                    "created": ago(now, ends + 20),
                    "createdBy": _number("fatima-haddad"),
                    "lastUpdated": ago(now, max(ends, 0)),
                    "lastUpdatedBy": _number("fatima-haddad"),
                    "recurringCampaignId": None,
                }
                for name, (status, ends) in campaigns.items()
            ],
            "_links": {},
        }
    }
    for name, (status, ends) in campaigns.items():
        number = okta_id("ici", name)
        decisions = [("APPROVE", "NONE"), ("REVOKE", "SUCCESS"), ("APPROVE", "NONE")]
        if name == "Production access, last quarter" or status == "ACTIVE":
            decisions.append(("UNREVIEWED", None))  # type: ignore[arg-type]
        answers[f'/governance/api/v1/reviews?filter=campaignId eq "{number}"'] = {
            "data": [
                {
                    "id": okta_id("icr", f"{name}{rank}"),
                    "campaignId": number,
                    "resourceId": okta_id("0oa", "AWS IAM Identity Center"),
                    "decision": decision,
                    "decided": None if decision == "UNREVIEWED" else ago(now, ends + 5),
                    "remediationStatus": remediation,
                    "reviewerType": "USER",
                }
                for rank, (decision, remediation) in enumerate(decisions)
            ],
            "_links": {},
        }
    return answers


# -- the log ------------------------------------------------------------------------------------------------


def log(now: datetime) -> dict[str, Any]:
    """Who changed the org lately, and who lost access."""
    events = [
        _event(now, 80, "policy.rule.update", "Update policy rule", "adam-lund", "Default Rule"),
        _event(now, 50, "user.account.privilege.grant", "Grant user privilege", "fatima-haddad",
               "William Adeyemi"),
        _event(now, 10, "application.lifecycle.create", "Create application", "adam-lund", "Wiki"),
    ]  # fmt: skip
    events += [
        _event(
            now,
            person.changed,
            "user.lifecycle.suspend"
            if person.status == "SUSPENDED"
            else "user.lifecycle.deactivate",
            f"{'Suspend' if person.status == 'SUSPENDED' else 'Deactivate'} Okta user",
            "rosa-ibanez",
            person.login,
            person.id,
        )
        for person in PEOPLE
        if person.status in ("SUSPENDED", "DEPROVISIONED") and (person.changed or 99) < 90  # noqa: PLR2004
    ]
    return {"/api/v1/logs": sorted(events, key=lambda event: event["published"])}


def _event(
    now: datetime,
    days: float | None,
    sort: str,
    message: str,
    actor: str,
    target: str,
    user_id: str = "",
) -> dict[str, Any]:
    people = {person.login: person for person in PEOPLE}
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{HOST}/{sort}/{target}")),
        "published": ago(now, days),
        "eventType": sort,
        "version": "0",
        "severity": "INFO",
        "displayMessage": message,
        "actor": {
            "id": _number(actor),
            "type": "User",
            "alternateId": people[actor].mail,
            "displayName": actor.replace("-", " ").title(),
            "detailEntry": None,
        },
        "client": {"ipAddress": "198.51.100.7", "device": "Computer"},
        "outcome": {"result": "SUCCESS", "reason": None},
        "target": [
            {
                "id": user_id or okta_id("0pr", target),
                "type": "User" if user_id else "Object",
                "alternateId": people[target].mail if user_id else "unknown",
                "displayName": target,
                "detailEntry": None,
            }
        ],
    }


AREAS: tuple[Callable[[datetime], dict[str, Any]], ...] = (
    factors,
    roles,
    tokens,
    apps,
    identity_providers,
    governance,
    log,
)
"""Every area of this part."""

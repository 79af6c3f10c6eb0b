"""How acme-robotics' Okta is set: policies, authenticators, zones, devices, detection and the org itself.

It builds upon the groups and apps of :mod:`soc2_demo.okta_access`. What is wrong on purpose is listed in
:data:`PLANTED`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.company import Planted
from soc2_demo.okta_words import HOST, ago, okta_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_ORG = "Acme Robotics"

PLANTED: tuple[Planted, ...] = (
    Planted("okta-global-session-mfa", "Contractors", "a password alone opens a session"),
    Planted("okta-session-lifetime", "Contractors", "a session without an end"),
    Planted("okta-no-persistent-cookie", "Contractors", "cookies that outlive the browser"),
    Planted("okta-app-policy-zone", "Any two factors", "it is the same from anywhere"),
    Planted("okta-mfa-enrollment-required", "Contractors", "nothing strong must be enrolled"),
    Planted("okta-password-length", "Warehouse", "eight characters are enough"),
    Planted("okta-password-complexity", "Warehouse", "no symbol"),
    Planted("okta-lockout", "Warehouse", "nobody is told"),
    Planted("okta-recovery-strong", "Warehouse", "a text message gives a new password"),
    Planted("okta-weak-authenticators-off", "Phone", "text messages serve to sign in"),
    Planted("okta-okta-verify-hardening", "Okta Verify", "no number in push prompts"),
    Planted("okta-block-anonymizers", _ORG, "the zone that blocks them is off"),
    Planted("okta-threatinsight-block", "ThreatInsight", "it only writes down what it sees"),
    Planted("okta-trusted-origins", "Developers", "a site without TLS"),
    Planted("okta-device-assurance", "Windows", "disks need not be encrypted"),
    Planted("okta-admin-session-idle", _ORG, "administrators stay signed in for two hours"),
    Planted("okta-dashboard-phishing-resistant", _ORG, "a code or a push opens the dashboard"),
)
"""Every fault that was put in on purpose here."""

_ANYWHERE = {"connection": "ANYWHERE"}
_OFFICE = okta_id("nzo", "office")


# -- policies ---------------------------------------------------------------------------------------------


def sign_on_policies(now: datetime) -> dict[str, Any]:
    """Global session policies; that of contractors was made in a hurry."""
    session = {
        "maxSessionIdleMinutes": 120,
        "maxSessionLifetimeMinutes": 720,
        "usePersistentCookie": False,
    }
    loose = {**session, "maxSessionLifetimeMinutes": 0, "usePersistentCookie": True}
    new_device = {"behaviors": [okta_id("bhv", "New Device")]}
    default = [
        _rule("Unusual device", 1, {"risk": new_device}, signon=_signon(session)),
        _rule("Default Rule", 2, {"network": _ANYWHERE}, system=True, signon=_signon(session)),
    ]
    away = {"network": {"connection": "ZONE", "exclude": [_OFFICE]}}
    contractors = [_rule("Away", 1, away, signon={**_signon(loose), "requireFactor": False})]
    return _policies(
        "OKTA_SIGN_ON",
        now,
        ("Contractors", {"rules": contractors}),
        ("Default Policy", {"rules": default, "system": True}),
    )


def access_policies(now: datetime) -> dict[str, Any]:
    """App sign-in policies; the ids are those that the apps name."""
    resistant = {"possession": {"required": True, "phishingResistant": "REQUIRED"}}
    macs = {"device": {"registered": True, "assurance": {"include": [okta_id("dae", "macOS")]}}}
    refuse = {"appSignOn": {"access": "DENY"}}
    inside = {"network": {"connection": "ZONE", "include": [_OFFICE]}}
    admins = [
        _rule("Admins", 0, {**inside, **macs}, appSignOn=_app_sign_on(resistant)),
        {**_rule("Catch-all Rule", 99, None, system=True), "actions": refuse},
    ]
    anybody = [_rule("Catch-all Rule", 99, None, system=True, appSignOn=_app_sign_on())]
    return _policies(
        "ACCESS_POLICY",
        now,
        ("Okta Admin Console", {"rules": admins}),
        ("Any two factors", {"rules": anybody, "system": True}),
    )


def enrollment_policies(now: datetime) -> dict[str, Any]:
    """Who must enrol what."""

    def settings(verify: str) -> dict[str, Any]:
        asked = {"okta_verify": verify, "webauthn": "OPTIONAL", "okta_password": "REQUIRED"}
        listed = [{"key": key, "enroll": {"self": how}} for key, how in asked.items()]
        return {"type": "AUTHENTICATORS", "authenticators": listed}

    rules = [_rule("Default Rule", 1, {"network": _ANYWHERE}, enroll={"self": "CHALLENGE"})]
    return _policies(
        "MFA_ENROLL",
        now,
        ("Contractors", {"rules": rules, "settings": settings("OPTIONAL")}),
        ("Default Policy", {"rules": rules, "settings": settings("REQUIRED"), "system": True}),
    )


def password_policies(now: datetime) -> dict[str, Any]:
    """Password policies; the warehouse complained about long ones."""
    return _policies(
        "PASSWORD",
        now,
        ("Warehouse", {"rules": [_reset("sms")], "settings": _passwords(8, 0, [])}),
        (
            "Default Policy",
            {
                "rules": [_reset("push", "email")],
                "settings": _passwords(14, 1, ["EMAIL"]),
                "system": True,
            },
        ),
    )


def _passwords(length: int, symbol: int, told: list[str]) -> dict[str, Any]:
    return {
        "password": {
            "complexity": {
                "minLength": length,
                "minLowerCase": 1,
                "minUpperCase": 1,
                "minNumber": 1,
                "minSymbol": symbol,
                "excludeUsername": True,
                "dictionary": {"common": {"exclude": True}},
                "excludeAttributes": ["firstName", "lastName"],
            },
            "age": {
                "maxAgeDays": 0,
                "expireWarnDays": 0,
                "minAgeMinutes": 1440,
                "historyCount": 10,
            },
            "lockout": {
                "maxAttempts": 10,
                "autoUnlockMinutes": 60,
                "userLockoutNotificationChannels": told,
                "showLockoutFailures": False,
            },
        },
        "recovery": {"factors": {"okta_email": {"status": "ACTIVE"}}},
        "delegation": {"options": {"skipUnlock": False}},
    }


def _reset(*methods: str) -> dict[str, Any]:
    requirement = {"primary": {"methods": list(methods)}, "stepUp": {"required": False}}
    return _rule(
        "Default Rule",
        1,
        {"network": _ANYWHERE},
        passwordChange={"access": "ALLOW"},
        selfServicePasswordReset={"access": "ALLOW", "requirement": requirement},
        selfServiceUnlock={"access": "DENY"},
    )


def _signon(session: dict[str, Any]) -> dict[str, Any]:
    return {
        "access": "ALLOW",
        "requireFactor": True,
        "factorPromptMode": "ALWAYS",
        "primaryFactor": "PASSWORD_IDP",
        "rememberDeviceByDefault": False,
        "session": session,
    }


def _app_sign_on(*constraints: dict[str, Any]) -> dict[str, Any]:
    method = {
        "factorMode": "2FA",
        "type": "ASSURANCE",
        "reauthenticateIn": "PT12H",
        "constraints": list(constraints),
    }
    return {"access": "ALLOW", "verificationMethod": method}


def _rule(
    name: str,
    priority: int,
    conditions: dict[str, Any] | None,
    *,
    system: bool = False,
    **actions: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    return {
        "id": okta_id("0pr", f"{name}{priority}{sorted(actions)}"),
        "name": name,
        "status": "ACTIVE",
        "priority": priority,
        "system": system,
        "conditions": conditions,
        "actions": actions,
    }


def _policies(sort: str, now: datetime, *policies: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The listing of one type, and each policy's rules."""
    listed, answers = [], {}
    # The ids of app sign-in policies are named by the apps.
    prefix, kept = ("rst", "") if sort == "ACCESS_POLICY" else ("00p", sort)
    for priority, (name, said) in enumerate(policies, 1):
        number = okta_id(prefix, kept + name)
        address = f"/api/v1/policies/{number}"
        people = {"people": {"groups": {"include": [okta_id("00g", name)]}}}
        listed.append(
            {
                "type": sort,
                "id": number,
                "status": "ACTIVE",
                "name": name,
                "description": None,
                "priority": priority,
                "system": said.get("system", False),
                "conditions": None if sort == "ACCESS_POLICY" or said.get("system") else people,
                "created": ago(now, 800),
                "lastUpdated": ago(now, 120),
                **{key: value for key, value in said.items() if key == "settings"},
                "_links": {"self": {"href": f"https://{HOST}{address}"}},
            }
        )
        answers[f"{address}/rules"] = said["rules"]
    return {f"/api/v1/policies?type={sort}": listed, **answers}


# -- what people prove who they are with ---------------------------------------------------------------------


def authenticators(now: datetime) -> dict[str, Any]:
    """Authenticators and their methods."""
    verify = {
        "compliance": {"fips": "OPTIONAL"},
        "channelBinding": {"style": "NUMBER_CHALLENGE", "required": "NEVER"},
        "userVerification": "REQUIRED",
    }
    known: tuple[tuple[str, str, str, dict[str, Any] | None, tuple[str, ...]], ...] = (
        ("okta_email", "email", "Email", {"allowedFor": "recovery"}, ("email",)),
        ("okta_password", "password", "Password", None, ("password",)),
        ("okta_verify", "app", "Okta Verify", verify, ("push", "signed_nonce", "totp")),
        ("phone_number", "phone", "Phone", {"allowedFor": "any"}, ("sms",)),
        ("webauthn", "security_key", "Security Key or Biometric", None, ("webauthn",)),
    )
    listed, answers = [], {}
    for key, sort, name, settings, methods in known:
        number = okta_id("aut", key)
        listed.append(
            {
                "type": sort,
                "id": number,
                "key": key,
                "status": "ACTIVE",
                "name": name,
                "created": ago(now, 900),
                "lastUpdated": ago(now, 300),
                **({} if settings is None else {"settings": settings}),
            }
        )
        answers[f"/api/v1/authenticators/{number}/methods"] = [
            {"type": method, "status": "ACTIVE"} for method in methods
        ]
    return {"/api/v1/authenticators": listed, **answers}


# -- networks and devices -----------------------------------------------------------------------------------


def networks(now: datetime) -> dict[str, Any]:
    """Zones, ThreatInsight and trusted origins."""
    dated = {"status": "ACTIVE", "created": ago(now, 900), "lastUpdated": ago(now, 300)}
    address = [{"type": "CIDR", "value": "192.0.2.0/27"}]
    nowhere: dict[str, Any] = {"include": [], "exclude": []}
    scopes = [{"type": "CORS"}, {"type": "REDIRECT"}]
    return {
        "/api/v1/zones": [
            {
                "type": "IP",
                "id": _OFFICE,
                "name": "Office",
                "usage": "POLICY",
                "system": False,
                "gateways": address,
                "proxies": None,
                **dated,
            },
            {
                "type": "IP",
                "id": okta_id("nzo", "blocked"),
                "name": "BlockedIpZone",
                "usage": "BLOCKLIST",
                "system": True,
                "gateways": None,
                "proxies": None,
                **dated,
            },
            {
                "type": "DYNAMIC_V2",
                "id": okta_id("nzo", "anonymizers"),
                "name": "DefaultEnhancedDynamicZone",
                "usage": "BLOCKLIST",
                "system": True,
                "locations": nowhere,
                "asns": nowhere,
                "ipServiceCategories": {"include": ["ALL_ANONYMIZERS"], "exclude": []},
                **dated,
                "status": "INACTIVE",
            },
        ],
        "/api/v1/threats/configuration": {
            "action": "audit",
            "excludeZones": [],
            "created": ago(now, 900),
            "lastUpdated": ago(now, 900),
        },
        "/api/v1/trustedOrigins": [
            {"id": okta_id("tos", name), "name": name, "origin": origin, "scopes": scopes, **dated}
            for name, origin in (
                ("Customer portal", "https://portal.acme-robotics.example"),
                ("Developers", "http://localhost:8080"),
            )
        ],
    }


def devices(now: datetime) -> dict[str, Any]:
    """What a Mac and a Windows machine must have."""
    mac = {
        "id": okta_id("dae", "macOS"),
        "name": "macOS",
        "platform": "MACOS",
        "osVersion": {"minimum": "14.6.1"},
        "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
        "screenLockType": {"include": ["PASSCODE", "BIOMETRIC"]},
        "secureHardwarePresent": True,
        "createdDate": ago(now, 400),
        "lastUpdate": ago(now, 60),
    }
    windows = {
        **{key: value for key, value in mac.items() if key != "diskEncryptionType"},
        "id": okta_id("dae", "Windows"),
        "name": "Windows",
        "platform": "WINDOWS",
        "osVersion": {"minimum": "10.0.22631.3880"},
    }
    return {"/api/v1/device-assurances": [mac, windows]}


# -- detection ----------------------------------------------------------------------------------------------


def detection(now: datetime) -> dict[str, Any]:
    """Behavior rules, the stream of the System Log, and a hook."""
    dated = {"status": "ACTIVE", "created": ago(now, 500), "lastUpdated": ago(now, 500)}
    return {
        "/api/v1/behaviors": [
            {
                "id": okta_id("bhv", name),
                "name": name,
                "type": sort,
                "settings": settings,
                "status": "ACTIVE",
                "created": f"{ago(now, 500):.10} 08:00:00.0",
                "lastUpdated": f"{ago(now, 500):.10} 08:00:00.0",
            }
            for name, sort, settings in (
                ("New Device", "ANOMALOUS_DEVICE", {"maxEventsUsedForEvaluation": 20}),
                ("Velocity", "VELOCITY", {"velocityKph": 805}),
                ("New City", "ANOMALOUS_LOCATION", {"radiusKilometers": 20.0}),
            )
        ],
        "/api/v1/logStreams": [
            {
                "id": okta_id("0oa", "log stream"),
                "type": "aws_eventbridge",
                "name": "To EventBridge",
                "settings": {
                    "accountId": "111122223333",
                    "eventSourceName": "okta",
                    "region": "eu-north-1",
                },
                **dated,
            }
        ],
        "/api/v1/eventHooks": [
            {
                "id": okta_id("who", "leavers"),
                "name": "Leavers",
                "verificationStatus": "VERIFIED",
                "events": {
                    "type": "EVENT_TYPE",
                    "items": ["user.lifecycle.deactivate"],
                    "filter": None,
                },
                "channel": {
                    "type": "HTTP",
                    "version": "1.0.0",
                    "config": {
                        "uri": "https://hooks.acme-robotics.example/okta",
                        "headers": [{"key": "X-Team", "value": "people"}],
                        "method": "POST",
                        "authScheme": {"type": "HEADER", "key": "authorization"},
                    },
                },
                **dated,
            }
        ],
    }


# -- the org ------------------------------------------------------------------------------------------------


def settings(now: datetime) -> dict[str, Any]:  # noqa: ARG001 - as every area
    """Support access, the Admin Console's sessions, and brands; one has a page of its own."""
    brands = [
        {"id": okta_id("bnd", name), "name": name, "isDefault": default}
        for name, default in (("acme-robotics", True), ("Customer portal", False))
    ]
    return {
        "/api/v1/org/privacy/oktaSupport": {"support": "DISABLED", "expiration": None},
        "/api/v1/org/privacy/oktaSupport/cases": [
            {
                "caseNumber": "1000002",
                "subject": "Restriction of addresses",
                "impersonation": {"status": "REQUESTED", "expiration": None},
                "selfAssigned": {"status": "NOT_REQUIRED"},
            }
        ],
        "/api/v1/first-party-app-settings/admin-console": {
            "sessionIdleTimeoutMinutes": 120,
            "sessionMaxLifetimeMinutes": 720,
        },
        "/api/v1/brands": brands,
        f"/api/v1/brands/{okta_id('bnd', 'Customer portal')}/pages/sign-in/customized": {
            "pageContent": "<html><body><p>For customers of Acme Robotics.</p></body></html>",
            "widgetVersion": "^7",
        },
    }


AREAS: tuple[Callable[[datetime], dict[str, Any]], ...] = (
    sign_on_policies,
    access_policies,
    enrollment_policies,
    password_policies,
    authenticators,
    networks,
    devices,
    detection,
    settings,
)
"""Every area of this part."""

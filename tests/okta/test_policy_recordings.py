"""Answers that Okta gave or documents, read by collectors and views over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.okta.authenticators import authenticators
from soc2_collectors.okta.detection import behavior_rules, event_hooks, log_streams
from soc2_collectors.okta.devices import device_assurances
from soc2_collectors.okta.models.policy import AccessPolicy, PasswordPolicy, SignOnPolicy
from soc2_collectors.okta.network import threat_insight, trusted_origins, zones
from soc2_collectors.okta.organization import brands, organizations
from soc2_collectors.okta.policies import (
    access_policies,
    enrollment_policies,
    password_policies,
    sign_on_policies,
)
from soc2_pac.canonical import canonical
from soc2_pac.resources import view

from .test_policy_kinds import LISTINGS, views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from soc2_pac.resources import Collector

    from .conftest import Source

ONE_BY_ONE = {
    zones: "zones",
    trusted_origins: "trustedOrigins",
    device_assurances: "device-assurances",
    behavior_rules: "behaviors",
    log_streams: "logStreams",
    event_hooks: "eventHooks",
    authenticators: "authenticators",
    brands: "brands",
}
"""Collectors of which each recorded record, listed or asked for by its id, can stand in the listing."""
POLICIES = {
    sign_on_policies: ("okta_sign_on_policy", "okta_sign_on"),
    access_policies: ("access_policy", "access"),
    enrollment_policies: ("mfa_enroll", "mfa_enroll"),
    password_policies: ("password", "password"),
}
RULES: dict[str, type[Any]] = {
    "SIGN_ON": SignOnPolicy,
    "ACCESS_POLICY": AccessPolicy,
    "PASSWORD": PasswordPolicy,
}


def answers(folder: Path, *patterns: str) -> list[Any]:
    """What stands in the files: the body where a whole exchange is kept."""
    found = []
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            body = json.loads(path.read_text(encoding="utf-8"))
            whole = isinstance(body, dict) and "request" in body and "body" in body
            found.append(body["body"] if whole else body)
    return found


def records(recordings: Path, name: str) -> list[dict[str, Any]]:
    """Every record of a listing, those asked for by their id too, each once."""
    found = answers(
        recordings / "cassettes", f"api__v1__{name}.200.*.json", f"api__v1__{name}__id.200.*.json"
    )
    found += answers(
        recordings / "openapi-examples",
        f"api__v1__{name}.*.json",
        *(f"api__v1__{name}__{key}.*.json" for key in _keys(name)),
    )
    flat = [one for body in found for one in (body if isinstance(body, list) else [body])]
    return [{**one, "id": f"{one['id']}-{number}"} for number, one in enumerate(flat)]


def _keys(name: str) -> list[str]:
    singular = {
        "zones": "zoneId", "trustedOrigins": "trustedOriginId", "behaviors": "behaviorId",
        "device-assurances": "deviceAssuranceId", "logStreams": "logStreamId",
        "eventHooks": "eventHookId", "authenticators": "authenticatorId", "brands": "brandId",
    }  # fmt: skip
    return [singular[name]]


@pytest.mark.parametrize("collector", ONE_BY_ONE, ids=lambda c: c.kind)
def test_every_record_is_read(
    okta: Source, recordings: Callable[[str], Path], collector: Collector
) -> None:
    listed = records(recordings("okta"), ONE_BY_ONE[collector])
    assert listed
    okta.emulator.state.answers[LISTINGS[collector]] = listed
    assert len(views(okta, collector)) == len(listed)


@pytest.mark.parametrize("collector", POLICIES, ids=lambda c: c.kind)
def test_documented_policies_with_their_rules(
    okta: Source, recordings: Callable[[str], Path], collector: Collector
) -> None:
    folder = recordings("okta") / "openapi-examples"
    policy, rules = POLICIES[collector]
    listed = [
        {**one, "id": f"{one['id']}-{number}"}
        for number, one in enumerate(
            [
                *answers(folder, f"api__v1__policies__policyId.{policy}*.json"),
                *(
                    each
                    for page in answers(folder, f"api__v1__policies.{policy}*.json")
                    for each in page
                ),
            ]
        )
    ]
    (said,) = answers(folder, f"api__v1__policies__policyId__rules.{rules}.json")
    okta.emulator.state.answers[LISTINGS[collector]] = listed
    for one in listed:
        okta.emulator.state.answers[f"/api/v1/policies/{one['id']}/rules"] = said
    seen = views(okta, collector)
    assert len(seen) == len(listed) >= 2
    assert all(one.rules for one in seen.values())


def test_recorded_session_policies(okta: Source, recordings: Callable[[str], Path]) -> None:
    folder = recordings("okta") / "cassettes"
    (listed,) = answers(folder, "api__v1__policies@type=OKTA_SIGN_ON.200.*.json")
    (said,) = answers(folder, "api__v1__policies__id__rules.200.*.json")
    okta.emulator.state.answers[LISTINGS[sign_on_policies]] = listed
    for one in listed:
        okta.emulator.state.answers[f"/api/v1/policies/{one['id']}/rules"] = said
    for seen in views(okta, sign_on_policies).values():
        (entry,) = seen.entries
        assert entry.actions.signon.require_factor is False
        assert entry.actions.signon.session.max_session_idle_minutes == 720


def test_every_recorded_rule_is_read(recordings: Callable[[str], Path]) -> None:
    found = answers(recordings("okta") / "cassettes", "api__v1__policies__id__rules__id.200.*.json")
    found += answers(
        recordings("okta") / "openapi-examples", "api__v1__policies__policyId__rules__ruleId.*.json"
    )
    known = [one for one in found if one.get("type") in RULES]
    assert len(known) >= 15
    settings = {"password": PASSWORD_SETTINGS}
    for one in known:
        # Okta's example of a session policy's rule stands under "DenyRule" too: actions tell them apart.
        kind = RULES["ACCESS_POLICY" if "appSignOn" in one["actions"] else one["type"]]
        body = {"id": "p", "name": "p", "status": "ACTIVE", "settings": settings, "rules": [one]}
        (read,) = view(kind, canonical(body)).rules
        assert read.name == one["name"]


def test_what_recorded_rules_say(recordings: Callable[[str], Path]) -> None:
    folder = recordings("okta") / "openapi-examples"
    names = ("2FADisablePostAuthKmsi", "2FAEnablePostAuthKmsi")
    for name in names:
        (one,) = answers(folder, f"*rules__ruleId.AuthPolicyRule{name}.json")
        body = {"id": "p", "name": "p", "status": "ACTIVE", "rules": [one]}
        (read,) = view(AccessPolicy, canonical(body)).entries
        assert (read.two_factors, read.resists_phishing) == (True, False)
    (one,) = answers(folder, "*rules__ruleId.CloudRule.json")
    body = {"id": "p", "name": "p", "status": "ACTIVE", "rules": [one]}
    (entry,) = view(SignOnPolicy, canonical(body)).entries
    assert entry.zones == ("00u7yq5goxNFTiMjW1d7",)
    assert entry.actions.signon.require_factor


def test_recorded_methods(okta: Source, recordings: Callable[[str], Path]) -> None:
    said = answers(
        recordings("okta") / "cassettes", "api__v1__authenticators__id__methods.200.*.json"
    )
    said += answers(
        recordings("okta") / "openapi-examples",
        "api__v1__authenticators__authenticatorId__methods.*.json",
    )
    listed = [
        {"id": f"aut{n}", "key": "k", "name": "n", "status": "ACTIVE"} for n in range(len(said))
    ]
    okta.emulator.state.answers[LISTINGS[authenticators]] = listed
    for one, methods in zip(listed, said, strict=True):
        okta.emulator.state.answers[f"/api/v1/authenticators/{one['id']}/methods"] = methods
    seen = [one.active_methods for one in views(okta, authenticators).values()]
    assert len(seen) == len(said) >= 6
    assert {"sms"} in seen
    assert {"webauthn"} in seen


def test_recorded_settings_of_the_org(okta: Source, recordings: Callable[[str], Path]) -> None:
    folder = recordings("okta")
    paths = {
        "/api/v1/org": "api__v1__org.[0-9e]*.json",
        "/api/v1/org/privacy/oktaSupport": "api__v1__org__privacy__oktaSupport.*.json",
        "/.well-known/okta-organization": ".well-known__okta-organization.*.json",
        "/api/v1/first-party-app-settings/admin-console": "api__v1__first-party-app-settings__*.json",
        "/api/v1/threats/configuration": "api__v1__threats__configuration.*.json",
    }
    said = {
        path: answers(folder / "cassettes", pattern) + answers(folder / "openapi-examples", pattern)
        for path, pattern in paths.items()
    }
    assert all(said.values())
    for number in range(max(map(len, said.values()))):
        for path, known in said.items():
            okta.emulator.state.answers[path] = known[number % len(known)]
        (organization,) = views(okta, organizations).values()
        assert organization.well_known.pipeline in ("idx", "v1")
        assert organization.support.support in ("ENABLED", "DISABLED")
        assert organization.admin_console.session_idle_timeout_minutes == 15
        (threat,) = views(okta, threat_insight).values()
        assert threat.action == "none"


def test_recorded_sign_in_pages(okta: Source, recordings: Callable[[str], Path]) -> None:
    (page,) = answers(
        recordings("okta") / "cassettes",
        "api__v1__brands__id__pages__sign-in__customized.200.*.json",
    )
    number = okta.emulator.state.answers[LISTINGS[brands]][0]["id"]
    okta.emulator.state.answers[f"/api/v1/brands/{number}/pages/sign-in/customized"] = page
    assert "Custom Sign-In" in views(okta, brands)[number].sign_in_page.page_content


PASSWORD_SETTINGS = {
    "complexity": {
        "minLength": 8, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1, "minSymbol": 1,
    },
    "age": {"maxAgeDays": 0, "minAgeMinutes": 0, "historyCount": 4},
    "lockout": {"maxAttempts": 10},
}  # fmt: skip

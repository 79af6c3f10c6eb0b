"""How Okta takes policies: by priority, the first rule that matches, and what each way demands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.detection import EventHook, LogStream
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import (
    AccessPolicy,
    AccessRule,
    PasswordPolicy,
    Rule,
    SignOnPolicy,
    VerificationMethod,
    before,
    effective,
)
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status, Verdict
from soc2_pac.testing import judge_document
from soc2_rules.okta.access import okta_dashboard_mfa
from soc2_rules.okta.authenticators import okta_mfa_enrollment_required
from soc2_rules.okta.detection import okta_log_streaming
from soc2_rules.okta.organization import okta_support_access_off

if TYPE_CHECKING:
    from soc2_pac.rules import Rule as Declared

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ANYWHERE = {"network": {"connection": "ANYWHERE"}}
OFFICE = {"network": {"connection": "ZONE", "include": ["nzo1"]}}


def rule(name: str, priority: int | None = 1, **said: Any) -> Rule:
    body = {"name": name, "status": "ACTIVE", "priority": priority, **said}
    return msgspec.convert(body, Rule)


def names(*rules: Rule) -> list[str]:
    return [one.name for one in effective(rules)]


# -- which rules can decide ----------------------------------------------------------------------------


def test_rules_are_taken_by_priority_and_okta_s_own_last() -> None:
    own = rule("catch-all", 0, system=True, conditions=None)
    assert names(own, rule("b", 2, conditions=OFFICE), rule("a", 1, conditions=OFFICE)) == [
        "a",
        "b",
        "catch-all",
    ]


def test_inactive_rules_do_not_count_and_hide_nothing() -> None:
    off = rule("off", 1, status="INACTIVE", conditions=None)
    assert names(off, rule("on", 2)) == ["on"]


def test_a_status_that_is_not_known_counts_and_hides_nothing() -> None:
    odd = rule("odd", 1, status="DRAFT", conditions=None)
    assert names(odd, rule("on", 2)) == ["odd", "on"]


def test_what_stands_behind_a_rule_that_always_matches_decides_nothing() -> None:
    everybody = rule("everybody", 1, conditions=ANYWHERE)
    assert names(rule("never", 2), everybody, rule("catch-all", 99, system=True)) == ["everybody"]


def test_where_the_order_is_not_known_nothing_is_hidden() -> None:
    assert names(rule("a", None, conditions=None), rule("b", 2)) == ["a", "b"]


ALWAYS = {"name": "All", "status": "ACTIVE", "priority": 1, "conditions": ANYWHERE}
SIGNS_ON = {"signon": {"access": "ALLOW"}}
STAFF = {"people": {"groups": {"include": ["00g1"]}}}
SOME = {"people": {"groups": {"include": ["00g7"]}}}


def signs_on(number: str, **said: Any) -> SignOnPolicy:
    body = {
        "id": number,
        "name": number,
        "status": "ACTIVE",
        "priority": 1,
        "system": False,
        "conditions": STAFF,
        "rules": [{**ALWAYS, "actions": SIGNS_ON}],
        **said,
    }
    return msgspec.convert(body, SignOnPolicy)


def first(policy: SignOnPolicy, *others: SignOnPolicy) -> str | None:
    found = before(policy, [policy, *others], lambda: frozenset({"00g1"}))
    return found.name if found else None


def test_a_policy_for_everyone_leaves_nothing_to_those_behind_it() -> None:
    own = signs_on("default", priority=9, system=True)
    assert first(own, signs_on("staff")) == "staff"
    assert first(signs_on("some", priority=2, conditions=SOME), signs_on("staff")) == "staff"
    assert first(signs_on("some", priority=2, conditions=SOME), signs_on("x", conditions=SOME))


@pytest.mark.parametrize(
    "said",
    [
        {"priority": 3},
        {"priority": None},
        {"system": True, "priority": 0},
        {"status": "INACTIVE"},
        {"status": "DRAFT"},
        {"conditions": {"people": {"groups": {"include": ["00g8"]}}}},
        {"conditions": {"people": {"groups": {"include": ["00g1"], "exclude": ["00g7"]}}}},
        {"conditions": {"people": {"groups": {"include": ["00g1"]}, "users": {"exclude": ["u"]}}}},
        {"conditions": {**STAFF, "network": {"connection": "ZONE"}}},
        {"conditions": None},
        {"rules": [{**ALWAYS, "actions": SIGNS_ON, "conditions": OFFICE}]},
        {"rules": [{**ALWAYS, "actions": SIGNS_ON, "status": "INACTIVE"}]},
        {"rules": []},
    ],
)
def test_a_policy_that_may_let_somebody_through_hides_none(said: dict[str, Any]) -> None:
    assert first(signs_on("some", priority=2, conditions=SOME), signs_on("other", **said)) is None


def test_a_policy_hides_those_of_its_own_directory_alone() -> None:
    def kept(number: str, provider: str, priority: int) -> PasswordPolicy:
        age = {"maxAgeDays": 0, "minAgeMinutes": 0, "historyCount": 0}
        complexity = {"minLength": 8} | dict.fromkeys(
            ("minLowerCase", "minUpperCase", "minNumber", "minSymbol"), 0
        )
        demands = {"complexity": complexity, "age": age, "lockout": {"maxAttempts": 0}}
        body = {
            "id": number,
            "name": number,
            "status": "ACTIVE",
            "priority": priority,
            "conditions": {**STAFF, "authProvider": {"provider": provider}},
            "settings": {"password": demands},
            "rules": [{**ALWAYS, "actions": {}}],
        }
        return msgspec.convert(body, PasswordPolicy)

    last = kept("last", "OKTA", 3)
    assert before(last, [kept("ad", "ACTIVE_DIRECTORY", 1), last], frozenset) is None
    found = before(last, [kept("okta", "OKTA", 2), last], frozenset)
    assert found is not None
    assert found.name == "okta"


@pytest.mark.parametrize(
    "conditions",
    [
        None,
        {},
        ANYWHERE,
        {
            "people": {"users": {"include": [], "exclude": []}, "groups": {"include": []}},
            "network": {"connection": "ANYWHERE"},
            "authContext": {"authType": "ANY"},
            "risk": {"behaviors": []},
            "riskScore": {"level": "ANY"},
            "identityProvider": {"provider": "ANY"},
            "userType": {"include": [], "exclude": []},
            "device": None,
        },
    ],
)
def test_conditions_that_are_none(conditions: Any) -> None:
    assert rule("one", conditions=conditions).unconditional


@pytest.mark.parametrize(
    "conditions",
    [
        OFFICE,
        {"people": {"groups": {"include": ["00g1"]}}},
        {"people": {"users": {"exclude": ["00u1"]}}},
        {"authContext": {"authType": "RADIUS"}},
        {"risk": {"behaviors": ["bhv1"]}},
        {"riskScore": {"level": "HIGH"}},
        {"elCondition": {"condition": "user.profile.x == 1"}},
        {"device": {"registered": False}},
        {"platform": {"include": [{"type": "ANY", "os": {"type": "ANY"}}]}},
        {"something": {"that": "does not exist yet"}},
        {"something": 0},
    ],
)
def test_conditions_that_may_not_be_met(conditions: Any) -> None:
    assert not rule("one", conditions=conditions).unconditional


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["ANY", "ZONE", "nzo1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["network", "connection", "include", "exclude", "risk", "behaviors", "device",
                 "assurance", "elCondition", "condition", "riskScore", "level"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.none(), st.dictionaries(st.sampled_from(["network", "risk", "device"]), JSON)))
def test_whatever_the_conditions_hold_they_are_read(conditions: Any) -> None:
    one = rule("one", conditions=conditions)
    read = [one.zones, one.behaviors, one.assurances, one.expression, one.risk_level]
    assert one.unconditional in (True, False)
    if any(read):
        assert not one.unconditional


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["ACTIVE", "INACTIVE", "DRAFT"]),
            st.booleans(),
            st.sampled_from([None, ANYWHERE, OFFICE]),
        ),
        max_size=6,
    )
)
def test_the_first_that_matches_a_sign_in_is_among_those_that_can_decide(
    drawn: list[tuple[int, str, bool, Any]],
) -> None:
    rules = [
        rule(str(n), priority, status=status, system=system, conditions=conditions)
        for n, (priority, status, system, conditions) in enumerate(drawn)
    ]
    taken = effective(rules)
    order = sorted(rules, key=lambda r: (r.system, r.priority or 0))
    for inside in (True, False):
        matching = [
            one
            for one in order
            if one.status == "ACTIVE" and (one.conditions in (None, ANYWHERE) or inside)
        ]
        assert not matching or matching[0] in taken


# -- what a way in demands -----------------------------------------------------------------------------


def method(**said: Any) -> VerificationMethod:
    return msgspec.json.decode(json.dumps(said), type=VerificationMethod)


def assurance(mode: str, *constraints: dict[str, Any]) -> VerificationMethod:
    return method(type="ASSURANCE", factorMode=mode, constraints=list(constraints))


def chain(*steps: list[dict[str, str]]) -> dict[str, Any]:
    first, *rest = steps
    return {"authenticationMethods": first, **({"next": [chain(*rest)]} if rest else {})}


PASSWORD = {"key": "okta_password", "method": "password"}
QUESTION = {"key": "security_question", "method": "security_question"}
PUSH = {"key": "okta_verify", "method": "push"}
PASSKEY = {"key": "webauthn", "method": "webauthn"}
VERIFIED = {"key": "okta_verify", "method": "signed_nonce", "userVerification": "REQUIRED"}
CODE = {"key": "tac", "method": "tac"}
POSSESSION = {"required": True}


@pytest.mark.parametrize(
    ("asked", "two"),
    [
        (assurance("2FA"), True),
        (assurance("1FA"), False),
        (assurance("1FA", {"possession": {**POSSESSION, "userVerification": "REQUIRED"}}), True),
        (
            assurance("1FA", {"possession": {"required": False, "userVerification": "REQUIRED"}}),
            False,
        ),
        (
            assurance(
                "1FA",
                {"possession": {**POSSESSION, "userVerification": "REQUIRED"}},
                {"knowledge": {"required": True, "types": ["password"]}},
            ),
            False,
        ),
        (assurance("3FA"), None),
        (method(type="ASSURANCE"), None),
        (method(type="ID_PROOFING", id="idp1"), None),
        (method(type="SOMETHING_NEW", factorMode="2FA"), None),
        (method(type="AUTH_METHOD_CHAIN"), None),
        (method(type="AUTH_METHOD_CHAIN", chains=[]), None),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [PUSH])]), True),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD])]), False),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSKEY])]), False),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([VERIFIED])]), True),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [QUESTION])]), False),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [CODE])]), None),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD, PUSH], [PASSKEY])]), None),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([]), chain([PASSWORD], [PUSH])]), None),
        (
            method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [PUSH]), chain([PUSH])]),
            False,
        ),
    ],
)
def test_two_factors(asked: VerificationMethod, *, two: bool | None) -> None:
    assert asked.two_factors is two


@pytest.mark.parametrize(
    ("asked", "resists"),
    [
        (assurance("2FA"), False),
        (assurance("2FA", {"possession": {"phishingResistant": "REQUIRED"}}), True),
        (
            assurance("2FA", {"possession": {"required": False, "phishingResistant": "REQUIRED"}}),
            None,
        ),
        (assurance("2FA", {"possession": {"phishingResistant": "OPTIONAL"}}), False),
        (assurance("2FA", {"knowledge": {"required": True}}), False),
        (assurance("1FA", {"possession": {"methods": ["webauthn", "cert"]}}), True),
        (assurance("1FA", {"possession": {"methods": ["webauthn", "push"]}}), False),
        (assurance("1FA", {"possession": {"authenticationMethods": [PASSKEY]}}), True),
        (assurance("1FA", {"possession": {"authenticationMethods": PASSKEY}}), True),
        (assurance("1FA", {"possession": {"authenticationMethods": [PASSKEY, PUSH]}}), False),
        (
            assurance("2FA", {"possession": {"phishingResistant": "REQUIRED"}}, {"knowledge": {}}),
            False,
        ),
        (method(type="ID_PROOFING"), None),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [PASSKEY])]), True),
        (method(type="AUTH_METHOD_CHAIN", chains=[chain([PASSWORD], [PASSKEY, PUSH])]), False),
        (method(type="AUTH_METHOD_CHAIN", chains=[]), None),
    ],
)
def test_phishing_resistance(asked: VerificationMethod, *, resists: bool | None) -> None:
    assert asked.resists_phishing is resists


def test_a_constraint_that_is_no_list_is_read() -> None:
    asked = method(
        type="ASSURANCE",
        factorMode="2FA",
        constraints={"possession": {"phishingResistant": "REQUIRED"}},
    )
    assert asked.resists_phishing is True


def test_a_rule_that_does_not_say_what_it_demands() -> None:
    said = {"name": "odd", "status": "ACTIVE", "actions": {"appSignOn": {"access": "ALLOW"}}}
    one = msgspec.convert(said, AccessRule)
    assert (one.allows, one.two_factors, one.resists_phishing) == (True, None, None)


# -- verdicts that the clock changes -----------------------------------------------------------------

GRANTED = {
    "id": "00o1",
    "oktaSupport": {"support": "ENABLED", "expiration": "2026-06-10T00:00:00Z"},
    "cases": [],
}
ENROLL = {
    "id": "00p3", "name": "Default", "status": "ACTIVE",
    "settings": {
        "authenticators": [
            {
                "key": "okta_verify",
                "enroll": {
                    "self": "REQUIRED",
                    "gracePeriod": {"type": "BY_DATE_TIME", "expiry": "2026-06-08T00:00:00.000Z"},
                },
            }
        ]
    },
    "rules": [{"name": "r", "status": "ACTIVE", "priority": 1, "actions": {"enroll": {"self": "LOGIN"}}}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("judged", "document", "until_then"),
    [
        (okta_support_access_off, GRANTED, Status.FAIL),
        (okta_mfa_enrollment_required, ENROLL, Status.FAIL),
    ],
)
def test_a_verdict_says_until_when_it_holds(
    judged: Declared, document: dict[str, Any], until_then: Status
) -> None:
    def at(moment: datetime) -> Verdict:
        given = {"okta.enrollment_policy": [document], "okta.group": []}
        return judge_document(judged, document, given, now=moment)

    first = at(NOW)
    turn = datetime(2026, 6, 8, tzinfo=UTC)
    assert (first.status, first.until) == (until_then, turn)
    assert at(turn - timedelta(seconds=1)) == first
    assert (at(turn).status, at(turn).until) == (Status.PASS, None)
    assert at(turn) == at(turn + timedelta(days=300))


# -- what no case can say: a threshold that changes the reason alone ----------------------------------------

ORG = {"id": "00o1"}
HOOK = {
    "id": "who1", "name": "To SIEM", "status": "ACTIVE", "verificationStatus": "VERIFIED",
    "events": {"type": "EVENT_TYPE", "items": ["user.session.start"], "filter": None},
}  # fmt: skip
FILTER = {
    "type": "EVENT_TYPE",
    "items": ["user.session.start"],
    "filter": {"type": "EXPRESSION_LANGUAGE"},
}


@pytest.mark.parametrize(
    ("hook", "wanted", "status"),
    [
        (HOOK, ["user.session.start"], Status.PASS),
        (HOOK, ["policy.rule.update"], Status.FAIL),
        ({**HOOK, "verificationStatus": "UNVERIFIED"}, ["user.session.start"], Status.FAIL),
        ({**HOOK, "status": "INACTIVE"}, ["user.session.start"], Status.FAIL),
        ({**HOOK, "events": FILTER}, ["user.session.start"], Status.FAIL),
        (HOOK, [], Status.FAIL),
    ],
)
def test_hooks_stand_in_for_a_stream_only_for_all_they_are_asked(
    hook: dict[str, Any], wanted: list[str], status: Status
) -> None:
    scope = Scope("okta", "acme.okta.com")
    documents = {LogStream.kind: [], EventHook.kind: [canonical(hook)]}
    evidence = JoinedEvidence(okta_log_streaming, GivenDocuments(scope, documents)).at(scope)
    verdict = judge(
        okta_log_streaming, canonical(ORG), now=NOW, scope=scope, evidence=evidence,
        thresholds=okta_log_streaming.settle({"hook_events": wanted}),
    )  # fmt: skip
    assert verdict.status is status
    assert Organization.kind == okta_log_streaming.kind


def test_a_security_key_alone_is_one_factor_though_it_resists_phishing() -> None:
    scope = Scope("okta", "acme.okta.com")
    link = {"accessPolicy": {"href": "https://acme.okta.com/api/v1/policies/rst1"}}
    app = {
        "id": "0oa1", "name": "okta_enduser", "label": "Okta Dashboard", "status": "ACTIVE",
        "signOnMode": "OPENID_CONNECT", "features": [], "_links": link,
    }  # fmt: skip
    asked = {
        "type": "ASSURANCE",
        "factorMode": "1FA",
        "constraints": [{"possession": {"methods": ["webauthn"]}}],
    }
    sign_on = {"appSignOn": {"access": "ALLOW", "verificationMethod": asked}}
    catch_all = {"name": "Catch-all", "status": "ACTIVE", "priority": 99, "actions": sign_on}
    policy = {"id": "rst1", "name": "Keys", "status": "ACTIVE", "rules": [catch_all]}
    documents = {App.kind: [canonical(app)], AccessPolicy.kind: [canonical(policy)]}
    evidence = JoinedEvidence(okta_dashboard_mfa, GivenDocuments(scope, documents)).at(scope)
    verdict = judge(
        okta_dashboard_mfa, canonical({**ORG, "okta-organization": {"pipeline": "idx"}}), now=NOW,
        scope=scope, evidence=evidence,
        thresholds=okta_dashboard_mfa.settle({}),
    )  # fmt: skip
    assert verdict.status is Status.FAIL
    assert "one factor" in verdict.message

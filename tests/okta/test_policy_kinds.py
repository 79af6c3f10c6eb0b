"""Kinds of policies, authenticators, networks, devices and the org, over HTTP from the emulated org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.okta.authenticators import authenticators
from soc2_collectors.okta.detection import behavior_rules, event_hooks, log_streams
from soc2_collectors.okta.devices import device_assurances
from soc2_collectors.okta.network import threat_insight, trusted_origins, zones
from soc2_collectors.okta.organization import brands, organizations
from soc2_collectors.okta.permissions import NEEDS, OPEN, permissions
from soc2_collectors.okta.policies import (
    access_policies,
    enrollment_policies,
    password_policies,
    sign_on_policies,
)
from soc2_demo.okta import Refusal
from soc2_demo.okta_words import okta_id
from soc2_pac.canonical import canonical
from soc2_pac.collect import redact
from soc2_pac.errors import Denied, FactUnavailable, NotEnabled, ProviderError
from soc2_pac.model import Fact
from soc2_pac.resources import GAPS, view

if TYPE_CHECKING:
    from soc2_pac.resources import Collector

    from .conftest import Source

LISTINGS = {
    sign_on_policies: "/api/v1/policies?type=OKTA_SIGN_ON",
    access_policies: "/api/v1/policies?type=ACCESS_POLICY",
    enrollment_policies: "/api/v1/policies?type=MFA_ENROLL",
    password_policies: "/api/v1/policies?type=PASSWORD",
    authenticators: "/api/v1/authenticators",
    zones: "/api/v1/zones",
    trusted_origins: "/api/v1/trustedOrigins",
    device_assurances: "/api/v1/device-assurances",
    behavior_rules: "/api/v1/behaviors",
    log_streams: "/api/v1/logStreams",
    event_hooks: "/api/v1/eventHooks",
    brands: "/api/v1/brands",
}
SINGLE = {threat_insight: "/api/v1/threats/configuration", organizations: "/api/v1/org"}
ALL = {**LISTINGS, **SINGLE}
POLICIES = (sign_on_policies, access_policies, enrollment_policies, password_policies)
each = pytest.mark.parametrize("collector", ALL, ids=lambda c: c.kind)
each_listing = pytest.mark.parametrize("collector", LISTINGS, ids=lambda c: c.kind)
each_policy = pytest.mark.parametrize("collector", POLICIES, ids=lambda c: c.kind)


def bodies(okta: Source, collector: Collector) -> dict[str, dict[str, Any]]:
    """Documents by uid, every fact read; one that was refused is a gap."""
    found = {}
    for document in collector.documents(okta.client(*collector.calls)):
        body: dict[str, Any] = {}
        for key, value in document.body.items():
            try:
                body[key] = value.call() if isinstance(value, Fact) else value
            except ProviderError as error:
                gap = {"status": "denied", "reason": str(error), "permission": error.permission}
                body.setdefault(GAPS, {})[key] = gap
        assert document.uid not in found
        found[document.uid] = {**body, "$name": document.name}
    return found


def views(okta: Source, collector: Collector) -> dict[str, Any]:
    """Typed views by uid."""
    found = bodies(okta, collector)
    return {uid: view(collector.resource, canonical(body)) for uid, body in found.items()}


@each
def test_every_record_becomes_a_document_that_its_view_reads(
    okta: Source, collector: Collector
) -> None:
    listed = okta.emulator.state.answers[ALL[collector]]
    assert len(views(okta, collector)) == (len(listed) if isinstance(listed, list) else 1) > 0


@each
def test_uids_are_the_same_in_each_look(okta: Source, collector: Collector) -> None:
    assert list(bodies(okta, collector)) == list(bodies(okta, collector))


@each
def test_what_is_refused_is_not_empty(okta: Source, collector: Collector) -> None:
    okta.emulator.state.answers[ALL[collector]] = Refusal(403)
    with pytest.raises(Denied) as raised:
        bodies(okta, collector)
    call = f"GET {ALL[collector].partition('?')[0]}"
    assert NEEDS[call].scope in str(raised.value.permission)


@each
def test_what_is_not_found_is_not_empty(okta: Source, collector: Collector) -> None:
    okta.emulator.state.answers[ALL[collector]] = Refusal(404)
    with pytest.raises(ProviderError):
        bodies(okta, collector)


@each_listing
def test_a_malformed_record_spoils_no_other(okta: Source, collector: Collector) -> None:
    listed = okta.emulator.state.answers[LISTINGS[collector]]
    good = len(listed)
    listed[1:1] = [{"label": "no id"}, "no object at all", None]
    found = bodies(okta, collector)
    odd = {uid: body for uid, body in found.items() if uid.startswith("malformed:")}
    assert (len(found), len(odd)) == (good + 3, 3)
    for body in odd.values():
        with pytest.raises(FactUnavailable):
            view(collector.resource, canonical(body))


@each_listing
def test_every_page_is_read(okta: Source, collector: Collector) -> None:
    listed = okta.emulator.state.answers[LISTINGS[collector]]
    listed += [{"id": f"id{number}", "name": f"n{number}"} for number in range(450)]
    asked = collector.documents(okta.client(*collector.calls))
    assert len({document.uid for document in asked}) == len(listed)


@each_listing
def test_a_listing_that_is_an_object_is_no_empty_listing(
    okta: Source, collector: Collector
) -> None:
    okta.emulator.state.answers[LISTINGS[collector]] = {"message": "no list"}
    with pytest.raises(ProviderError):
        bodies(okta, collector)


# -- facts ----------------------------------------------------------------------------------------------


@each_policy
@pytest.mark.parametrize("status", [403, 404])
def test_rules_that_are_refused_are_a_gap_of_that_policy(
    okta: Source, collector: Collector, status: int
) -> None:
    first, second, *_ = okta.emulator.state.answers[LISTINGS[collector]]
    okta.emulator.state.answers[f"/api/v1/policies/{first['id']}/rules"] = Refusal(status)
    seen = views(okta, collector)
    assert seen[second["id"]].rules
    with pytest.raises(FactUnavailable, match="rules could not be read"):
        _ = seen[first["id"]].rules


@each_policy
def test_a_malformed_rule_is_inconclusive_for_that_policy_alone(
    okta: Source, collector: Collector
) -> None:
    first, second, *_ = okta.emulator.state.answers[LISTINGS[collector]]
    okta.emulator.state.answers[f"/api/v1/policies/{first['id']}/rules"] = [None]
    found = bodies(okta, collector)
    with pytest.raises(FactUnavailable):
        view(collector.resource, canonical(found[first["id"]]))
    assert view(collector.resource, canonical(found[second["id"]]))


def test_policies_are_asked_for_by_type(okta: Source) -> None:
    bodies(okta, password_policies)
    listings = [path for _, path in okta.emulator.requests if path.startswith("/api/v1/policies?")]
    assert listings == ["/api/v1/policies?type=PASSWORD"]


def test_a_type_that_the_classic_engine_lacks_is_not_empty(okta: Source) -> None:
    okta.emulator.state.answers[LISTINGS[access_policies]] = Refusal(
        401, "E0000015", "You do not have permission to access the feature you are requesting"
    )
    with pytest.raises(NotEnabled):
        bodies(okta, access_policies)


def test_methods_that_come_as_one_object(okta: Source) -> None:
    number = okta_id("aut", "webauthn")
    okta.emulator.state.answers[f"/api/v1/authenticators/{number}/methods"] = {
        "type": "webauthn",
        "status": "ACTIVE",
    }
    assert views(okta, authenticators)[number].active_methods == {"webauthn"}


def test_methods_that_are_refused_are_a_gap(okta: Source) -> None:
    number = okta_id("aut", "phone_number")
    okta.emulator.state.answers[f"/api/v1/authenticators/{number}/methods"] = Refusal(403)
    with pytest.raises(FactUnavailable, match=r"okta\.authenticators\.read"):
        _ = views(okta, authenticators)[number].active_methods


def test_a_page_that_nobody_changed_is_none(okta: Source) -> None:
    seen = {brand.name: brand.sign_in_page for brand in views(okta, brands).values()}
    assert seen["acme-robotics"] is None
    assert "customers" in seen["Customer portal"].page_content


def test_a_page_that_is_refused_is_a_gap(okta: Source) -> None:
    number = okta_id("bnd", "Customer portal")
    address = f"/api/v1/brands/{number}/pages/sign-in/customized"
    okta.emulator.state.answers[address] = Refusal(403)
    with pytest.raises(FactUnavailable):
        _ = views(okta, brands)[number].sign_in_page


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/.well-known/okta-organization", "well_known"),
        ("/api/v1/org/privacy/oktaSupport", "support"),
        ("/api/v1/first-party-app-settings/admin-console", "admin_console"),
    ],
)
@pytest.mark.parametrize("status", [403, 404])
def test_a_setting_of_the_org_that_is_refused_is_a_gap_of_its_own(
    okta: Source, path: str, field: str, status: int
) -> None:
    okta.emulator.state.answers[path] = Refusal(status)
    (organization,) = views(okta, organizations).values()
    with pytest.raises(FactUnavailable):
        getattr(organization, field)
    others = {"well_known", "support", "admin_console"} - {field}
    assert all(getattr(organization, other) for other in others)


def test_credentials_of_hooks_and_streams_are_not_kept(okta: Source) -> None:
    hook = okta.emulator.state.answers["/api/v1/eventHooks"][0]
    hook["channel"]["config"]["headers"] = [{"key": "X-Key", "value": "wherefore-art-thou"}]
    hook["channel"]["config"]["authScheme"]["value"] = "romeo-romeo"
    stream = okta.emulator.state.answers["/api/v1/logStreams"][0]
    stream["settings"]["token"] = "but-soft-what-light"
    for collector in (event_hooks, log_streams):
        for body in bodies(okta, collector).values():
            kept = canonical(redact.redact_paths(body, collector.resource.secret))
            for secret in (b"wherefore", b"romeo", b"but-soft"):
                assert secret not in kept


def test_every_call_says_what_it_needs() -> None:
    declared = {call for collector in ALL for call in collector.calls}
    assert declared <= {*NEEDS, *OPEN}


def test_what_anybody_may_ask_needs_no_grant() -> None:
    text = permissions(organizations.calls, "text")
    assert "okta.orgs.read" in text
    assert "well-known" not in text
    assert "plugins" not in text

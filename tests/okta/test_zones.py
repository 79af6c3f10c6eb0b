"""What network zones hold, and which names an inbound provider may say."""

from __future__ import annotations

from typing import Any

import pytest

from soc2_collectors.okta.models.detection import EventHook
from soc2_collectors.okta.models.identity_provider import NameTemplate, Subject
from soc2_collectors.okta.models.network import NetworkZone, held
from soc2_collectors.okta.models.policy import certain, duration
from soc2_pac.canonical import canonical
from soc2_pac.resources import view

from .test_policy_evaluation import ANYWHERE, OFFICE, rule

ZONE = {"id": "nzo1", "name": "One", "type": "IP", "status": "ACTIVE", "usage": "POLICY"}


def zone(**said: Any) -> NetworkZone:
    return view(NetworkZone, canonical({**ZONE, **said}))


def addresses(*values: str) -> list[dict[str, str]]:
    return [{"type": "RANGE" if "-" in v else "CIDR", "value": v} for v in values]


@pytest.mark.parametrize(
    ("said", "narrows"),
    [
        ({"gateways": addresses("198.51.100.0/24")}, True),
        ({"gateways": addresses("8.8.8.8-8.8.8.9"), "proxies": addresses("10.0.0.1/32")}, True),
        ({"gateways": None, "proxies": None}, False),
        ({"gateways": addresses("0.0.0.0/0")}, False),
        (
            {"gateways": addresses("0.0.0.0-127.255.255.255"), "proxies": addresses("128.0.0.0/1")},
            False,
        ),
        ({"gateways": addresses("::/0")}, False),
        ({"gateways": [{"type": "CIDR"}]}, None),
        ({"gateways": addresses("198.51.100.0/24"), "status": "INACTIVE"}, False),
        ({"gateways": addresses("198.51.100.0/24"), "status": "PAUSED"}, None),
        ({"type": "DYNAMIC", "locations": [{"country": "SE"}]}, True),
        ({"type": "DYNAMIC", "locations": None, "asns": [], "proxyType": None}, None),
        (
            {"type": "DYNAMIC_V2", "locations": {"include": [], "exclude": [{"country": "SE"}]}},
            None,
        ),
        ({"type": "DYNAMIC_V3"}, None),
    ],
)
def test_whether_a_zone_tells_addresses_from_the_rest(
    said: dict[str, Any], *, narrows: bool | None
) -> None:
    assert zone(**said).narrows is narrows


def test_zones_are_taken_together() -> None:
    halves = [zone(gateways=addresses("0.0.0.0/1")), zone(gateways=addresses("128.0.0.0/1"))]
    assert held(halves).is_open() is True
    assert held([zone(gateways=addresses("198.51.100.0/24"))]).is_open() is False


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (None, False),
        ("", False),
        (".*", False),
        ("^.+$", False),
        (r"\S+@.*\.com", False),
        (r"^.*|\S+@agency\.example$", False),
        (r"^(?!eve).*$", False),
        (r"(\S+@agency\.example)", True),
        (r"^[^@]+@agency\.example$", True),
        (r"\S+@(?:acme|agency)\.example", True),
        (r"(\S+@a\.example|\S+@b\.example)", True),
        (r"\S+@acme\.example|x", None),
        (r"(\S+@a\.example|x.*)", None),
        (r"\w+@agency\.\w+", None),
        (r"[a-z]+@[a-z]+\.example", None),
        ("svc-.*", None),
        ("(", None),
        (r"(a+)+$", None),
    ],
)
def test_whether_a_pattern_names_a_domain(pattern: str | None, *, expected: bool | None) -> None:
    as_it_comes = NameTemplate("idpuser.email")
    subject = Subject(user_name_template=as_it_comes, filter=pattern)
    assert subject.names_a_domain is expected


def test_a_name_that_is_made_proves_no_domain() -> None:
    made = NameTemplate("idpuser.login + '@agency.example'")
    for template in (None, made, NameTemplate(None)):
        subject = Subject(user_name_template=template, filter=r"\S+@agency\.example")
        assert subject.names_a_domain is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("PT2H", 120), ("P30D", 43200), ("PT0S", 0), ("P1DT30M", 1470), ("P2W", 20160),
     ("P1M", None), ("P", None), ("PT", None), ("two hours", None), (None, None)],
)  # fmt: skip
def test_lengths_of_time(text: str | None, minutes: int | None) -> None:
    found = duration(text)
    assert (found.total_seconds() / 60 if found is not None else None) == minutes


def test_a_rule_decides_for_certain_only_behind_none_that_may_match_all() -> None:
    first, all_of_it = rule("first", 1, conditions=OFFICE), rule("all", 2, conditions=ANYWHERE)
    behind, odd = rule("behind", 3, conditions=OFFICE), rule("odd", 0, status="DRAFT")
    assert [one.name for one in certain([behind, all_of_it, first])] == ["all", "first"]
    assert [one.name for one in certain([odd, first])] == ["first"]
    unordered = rule("unordered", None, conditions=None)
    assert [one.name for one in certain([unordered, first])] == ["unordered"]
    assert certain([rule("draft", 0, status="DRAFT", conditions=None), first]) == []


def test_a_filter_of_a_hook_narrows_the_events_that_it_names() -> None:
    def hook(found: dict[str, Any] | None) -> EventHook:
        events = {"items": ["user.account.lock", "zone.delete"], "filter": found}
        body = {
            "id": "who1",
            "name": "To SIEM",
            "status": "ACTIVE",
            "verificationStatus": "VERIFIED",
        }
        return view(EventHook, canonical({**body, "events": events}))

    assert hook(None).events.whole == {"user.account.lock", "zone.delete"}
    empty = {"type": "EXPRESSION_LANGUAGE", "eventFilterMap": []}
    assert hook(empty).events.whole == {"user.account.lock", "zone.delete"}
    assert hook({**empty, "eventFilterMap": [{"event": "zone.delete"}]}).events.whole == {
        "user.account.lock"
    }
    assert hook({"type": "EXPRESSION_LANGUAGE"}).events.whole == set()

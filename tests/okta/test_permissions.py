"""What a service app must be granted: generated from what the collectors declare."""

from __future__ import annotations

import json
import re

import pytest

from soc2_collectors.okta.permissions import NEEDS, OPEN, permissions
from soc2_pac import plugins
from soc2_pac.errors import UsageError

COLLECTORS = {k: c for k, c in plugins.load().collectors.items() if k.startswith("okta.")}


def test_every_call_says_what_it_needs() -> None:
    declared = {call for collector in COLLECTORS.values() for call in collector.calls}
    assert declared - set(OPEN) == set(NEEDS)


def test_calls_are_sorted_and_read() -> None:
    assert list(NEEDS) == sorted(NEEDS)
    assert all(re.fullmatch(r"GET /[\w./{}-]+", call) for call in NEEDS)


def test_scopes_only_read() -> None:
    assert all(re.fullmatch(r"okta\.[A-Za-z.]+\.read", need.scope) for need in NEEDS.values())


def test_permissions_are_those_of_the_declared_calls() -> None:
    text = permissions(["GET /api/v1/zones", "GET /api/v1/users"], "text")
    assert "okta.networkZones.read" in text
    assert "okta.users.read" in text
    assert "okta.groups.read" not in text
    assert "Read-only Administrator" in text
    assert "GET /api/v1/zones" in text
    assert "plugins" not in text


def test_calls_of_plugins_are_listed() -> None:
    text = permissions(["GET /api/v1/things"], "text")
    assert "GET /api/v1/things" in text
    assert "plugin_scopes" in text


def test_permissions_as_json() -> None:
    said = json.loads(permissions(["GET /api/v1/zones", "GET /api/v1/things"], "json"))
    assert said == {
        "scopes": ["okta.networkZones.read"], "role": "READ_ONLY_ADMIN", "further": [],
    }  # fmt: skip
    (further,) = json.loads(permissions(["GET /api/v1/iam/roles"], "json"))["further"]
    assert further in permissions(["GET /api/v1/iam/roles"], "text")
    with pytest.raises(UsageError):
        permissions([], "terraform")


def test_what_anybody_may_ask_needs_nothing() -> None:
    assert "okta-organization" not in permissions(OPEN, "text")

"""Every kind, collected from the emulated company by the engine's own unit of work."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.github import GithubProvider
from soc2_collectors.github.permissions import NEEDS, permissions
from soc2_pac.canonical import canonical
from soc2_pac.errors import Denied, NotEnabled, UsageError
from soc2_pac.model import Fact, Gap
from soc2_pac.resources import GAPS, Collector, view

if TYPE_CHECKING:
    from .conftest import Source

COLLECTORS = {
    found.kind: found
    for module in GithubProvider().modules
    for found in vars(importlib.import_module(module)).values()
    if isinstance(found, Collector)
}

SAML = {"id": "SIP_1", "issuer": "https://idp.example", "ssoUrl": "https://idp.example/login"}
IDENTITY = {
    "guid": "g-1",
    "samlIdentity": {"nameId": "a@example"},
    "user": {"id": "U", "login": "a"},
}


def documents(github: Source, kind: str) -> dict[str, Any]:
    """Typed views by name, every fact read."""
    collector = COLLECTORS[kind]
    found = {}
    for document in collector.documents(github.client(*collector.calls)):
        body: dict[str, Any] = {}
        for key, value in document.body.items():
            if isinstance(value, Gap):
                body.setdefault(GAPS, {})[key] = {"status": "denied", "reason": value.reason}
            else:
                body[key] = value.call() if isinstance(value, Fact) else value
        found[document.name] = view(collector.resource, canonical(body))
    return found


@pytest.mark.parametrize("kind", sorted(COLLECTORS))
def test_every_kind_has_documents_that_its_view_reads(github: Source, kind: str) -> None:
    github.emulator.state.saml = SAML
    github.emulator.state.external_identities = [IDENTITY]
    assert documents(github, kind)


@pytest.mark.parametrize("kind", sorted(COLLECTORS))
def test_a_listing_that_is_refused_is_no_empty_listing(github: Source, kind: str) -> None:
    github.emulator.faults.add("/", status=403, body='{"message": "no"}')
    collector = COLLECTORS[kind]
    with pytest.raises(Denied):
        list(collector.documents(github.client(*collector.calls)))


@pytest.mark.parametrize("kind", sorted(COLLECTORS))
def test_uids_are_unique_and_stable(github: Source, kind: str) -> None:
    github.emulator.state.saml = SAML
    github.emulator.state.external_identities = [IDENTITY]
    collector = COLLECTORS[kind]
    looks = [
        [d.uid for d in collector.documents(github.client(*collector.calls))] for _ in range(2)
    ]
    assert looks[0] == looks[1]
    assert len(set(looks[0])) == len(looks[0])


def test_hidden_settings_are_gaps_and_no_passes(github: Source) -> None:
    del github.emulator.state.rest["/orgs/acme-robotics"]["two_factor_requirement_enabled"]
    (organization,) = documents(github, "github.organization").values()
    assert "two_factor_requirement_enabled" in organization.gaps


def test_no_identity_provider_is_not_an_empty_listing(github: Source) -> None:
    github.emulator.state.saml = None
    with pytest.raises(NotEnabled):
        documents(github, "github.external_identity")


def test_more_reviews_than_a_page_are_all_read(github: Source) -> None:
    pull = github.emulator.state.pull_requests["api"][0]
    review = {
        "state": "COMMENTED", "submittedAt": pull["mergedAt"], "authorAssociation": "MEMBER",
        "author": {"__typename": "User", "login": "x"}, "commit": None,
    }  # fmt: skip
    pull["reviews"]["nodes"] = [{**review, "id": f"R_{n}"} for n in range(170)]
    found = documents(github, "github.pull_request")[f"acme-robotics/api#{pull['number']}"]
    assert len(found.reviews.nodes) == 170


def test_pull_requests_come_in_pages_not_one_by_one(github: Source) -> None:
    documents(github, "github.pull_request")
    changed = [r for r in github.emulator.requests if "MergedPullRequests" in r[1]]
    assert len(github.emulator.requests) == len(changed) + 1


def test_what_moves_all_the_time_is_volatile() -> None:
    repository = COLLECTORS["github.repository"].resource
    assert {"pushed_at", "size", "stargazers_count", "updated_at"} <= set(repository.volatile)


def test_every_call_says_what_it_needs() -> None:
    declared = {call for collector in COLLECTORS.values() for call in collector.calls}
    assert declared == set(NEEDS)


def test_permissions_are_read_only_and_of_the_declared_calls() -> None:
    text = permissions(["GET /orgs/{org}/teams"], "text")
    assert "members: read" in text
    assert "administration" not in text
    apart = permissions(
        [
            "GET /enterprises/{enterprise}/audit-log/streams",
            "GET /orgs/{org}/personal-access-tokens",
        ],
        "text",
    )
    assert "read:audit_log" in apart.partition("takes a classic token only")[2]
    assert "answers to Apps only" in apart
    granted = json.loads(permissions(sorted(NEEDS), "json"))["default_permissions"]
    assert set(granted.values()) == {"read"}
    with pytest.raises(UsageError):
        permissions([], "terraform")
